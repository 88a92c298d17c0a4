//! nn.Module's protocol, the lenient module level, and errors with their lines, on modules that need no torch function.

use super::Interpreter;
use super::object::Object;
use super::program::Program;
use crate::error::Error;
use crate::nn::function::Args;
use crate::nn::host::Host;
use crate::nn::value::{ModuleId, Value};
use std::rc::{Rc, Weak};

const SOURCE: &str = r#"import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision import transforms
from torch.utils.data import DataLoader, Dataset

WIDTH = 4
data = DataLoader(transforms.ToTensor(), batch_size=WIDTH)
table = dict(a=1)
table["b"] = 2
table.update(c=3)

class Samples(Dataset):
    pass

class Add(nn.Module):
    """Adds a number."""
    def __init__(self, amount: int = 1):
        super().__init__()
        self.amount = amount

    def forward(self, x):
        return x + self.amount

class Net(nn.Module):
    def __init__(self, depth=2, *, extra=None):
        super(Net, self).__init__()
        self.first = Add(table["c"])
        self.rest = [Add(i) for i in range(depth)]
        self.seen = []
        if extra: self.extra = transforms.Compose([])

    @property
    def width(self):
        return WIDTH

    def forward(self, x, scale=1, *, check=False):
        x = self.first(x)
        for layer in self.rest:
            x = layer(x)
        self.seen.append(x)
        with torch.no_grad():
            x = x * scale
        return x, len(self.seen), self.width

class Unready(nn.Module):
    def __init__(self):
        self.inner = Add()

class Empty(nn.Module):
    pass

def train(model):
    optimizer = torch.optim.Adam(model.parameters())

model = Net()
train(model)

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
"#;

fn interpreter() -> Interpreter {
    Interpreter::new(Some(Program::parse(SOURCE, "model.py").unwrap()))
}

fn call(interpreter: &mut Interpreter, module: ModuleId, x: i64, keyword: &[(&str, Value)]) -> Result<Value, Error> {
    let keyword = keyword.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    interpreter.call_module(module, Args { positional: vec![Value::Int(x)], keyword })
}

fn ints(value: &Value) -> Vec<i64> {
    match value {
        Value::Tuple(items) => items.iter().map(|i| if let Value::Int(i) = i { *i } else { -1 }).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn modules_construct_and_run() {
    let mut me = interpreter();
    let net = me.construct("Net(3)").unwrap();
    assert_eq!(ints(&call(&mut me, net, 10, &[]).unwrap()), [16, 1, 4]);
    assert_eq!(ints(&call(&mut me, net, 10, &[("scale", Value::Int(2))]).unwrap()), [32, 2, 4]);
    let children: Vec<String> = me.trace().modules.get(net).unwrap().children.keys().cloned().collect();
    assert_eq!(children, ["first"], "modules in a plain list are no children");
}

#[test]
fn a_name_of_the_module_level_is_evaluated_when_it_is_asked_for() {
    let mut me = interpreter();
    let before = me.trace().modules.get(ModuleId(0)).is_some();
    assert!(!before, "model = Net() waits");
    let model = me.construct("model").unwrap();
    assert_eq!(ints(&call(&mut me, model, 0, &[]).unwrap()), [4, 1, 4]);
}

#[test]
fn the_interface_is_told() {
    let mut me = interpreter();
    let classes = me.classes();
    let names: Vec<&str> = classes.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["Add", "Net", "Unready", "Empty"]);
    let net = &classes[1];
    assert!(net.is_module);
    assert_eq!(net.line, 26);
    assert_eq!(net.parameters[0].default.as_deref(), Some("2"));
    assert!(net.parameters[1].keyword_only);
    let id = me.construct("Net()").unwrap();
    let forward: Vec<String> = me.forward_parameters(id).into_iter().map(|p| p.name).collect();
    assert_eq!(forward, ["x", "scale", "check"]);
    let bare = me.instantiate_user("Add").unwrap();
    me.trace().modules.get_mut(bare).unwrap().attributes.insert("amount".to_owned(), Value::Int(5));
    assert!(matches!(call(&mut me, bare, 1, &[]), Ok(Value::Int(6))));
}

#[test]
fn errors_speak_as_python_and_tell_the_line() {
    let mut me = interpreter();
    let failing = |me: &mut Interpreter, text: &str| me.construct(text).unwrap_err();
    let error = failing(&mut me, "Net(extra=1)");
    assert!(error.message.contains("'transforms' comes from line 5"), "{error}");
    assert_eq!(error.location.as_deref(), Some("model.py:32"));
    assert!(error.hint.as_ref().unwrap().contains("transforms"), "{error}");
    let error = failing(&mut me, "Unready()");
    assert_eq!(error.message, "AttributeError: cannot assign module before Module.__init__() call");
    assert_eq!(error.location.as_deref(), Some("model.py:49"));
    assert_eq!(failing(&mut me, "Net().nope").message, "AttributeError: 'Net' object has no attribute 'nope'");
    assert_eq!(failing(&mut me, "nn.Foo()").message, "AttributeError: module 'torch.nn' has no attribute 'Foo'");
    assert_eq!(
        failing(&mut me, "Net(1, 2)").message,
        "TypeError: Net.__init__() takes from 1 to 2 positional arguments but 3 were given"
    );
    assert_eq!(failing(&mut me, "Nett()").message, "NameError: name 'Nett' is not defined");
    let empty = me.construct("Empty()").unwrap();
    let error = call(&mut me, empty, 1, &[]).unwrap_err();
    assert!(error.message.contains("is missing the required \"forward\" function"), "{error}");
    let add = me.construct("Add('a')").unwrap();
    let error = call(&mut me, add, 1, &[]).unwrap_err();
    assert_eq!(error.message, "TypeError: unsupported operand type(s) for +: 'int' and 'str'");
    assert_eq!(error.location.as_deref(), Some("model.py:24"));
    assert!(error.hint.as_ref().unwrap().contains("return x + self.amount\n           ^^^^^^^^^^^^^^^"), "{error}");
}

#[test]
fn syntax_errors_have_a_line() {
    let error = Program::parse("class Net(nn.Module):\n    def f(self:\n        pass\n", "model.py").unwrap_err();
    assert!(error.location.as_ref().unwrap().starts_with("model.py:2"), "{error}");
    assert_eq!(error.message, "SyntaxError: '(' was never closed");
    let error = Program::parse("x = (1, 2]\n", "model.py").unwrap_err();
    assert!(error.message.contains("closing parenthesis ']' does not match opening parenthesis '('"), "{error}");
    let error = Program::parse("if True\n    x = 1\n", "model.py").unwrap_err();
    assert_eq!(error.message, "SyntaxError: expected ':'");
}

const TORCH: &str = r#"import copy
import math
import torch
from torch import nn, Tensor
from torch.nn import functional as F

class Block(nn.Sequential):
    def __init__(self, cin, cout):
        super().__init__(nn.Linear(cin, cout), nn.ReLU())

class Head(nn.Linear):
    def forward(self, x):
        return F.softmax(super().forward(x), dim=-1)

class Net(nn.Module):
    def __init__(self, width=4, depth=2):
        super().__init__()
        self.blocks = nn.ModuleList([Block(width, width) for _ in range(depth)])
        self.twins = nn.ModuleList(copy.deepcopy(self.blocks[0]) for _ in range(2))
        self.scale = nn.Parameter(torch.ones(width) * math.sqrt(2))
        self.register_buffer("mask", torch.tril(torch.ones(width, width)))
        self.head = Head(width, 3)
        self.head.weight = self.head.weight
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.zeros_(m.bias)

    def forward(self, x: Tensor, mask=None) -> Tensor:
        assert x.shape[-1] == self.scale.size(0), f"expected {self.scale.size(0)}"
        for block in self.blocks:
            x = x + block(x)
        for twin in self.twins[1:]:
            x = twin(x)
        x = (x * self.scale) @ self.mask
        x[:, 0] = 0
        return {"out": self.head(x), "n": len(self.blocks)}
"#;

#[test]
fn torch_modules_trace() {
    let mut me = Interpreter::new(Some(Program::parse(TORCH, "model.py").unwrap()));
    let net = me.construct("Net(depth=3)").unwrap();
    let info = crate::graph::Info { shape: vec![2, 4], dtype: crate::dtype::DType::Float32 };
    let x = me.trace().graph.input("x", info);
    let x = Value::Tensor(crate::nn::value::Tensor::new(x));
    let result = me.call_module(net, Args { positional: vec![x], keyword: Vec::new() });
    let Ok(Value::Dict(entries)) = &result else { panic!("{result:?}") };
    let (_, Value::Tensor(out)) = &entries[0] else { panic!("{entries:?}") };
    assert_eq!(me.trace().graph.info(out.value()).shape, [2, 3]);
    let graph = me.trace().graph.graph().clone();
    let scopes: Vec<&str> = graph.nodes.iter().map(|n| n.scope.as_str()).collect();
    assert!(scopes.contains(&"blocks.2.0") && scopes.contains(&"twins.1.0") && scopes.contains(&"head"), "{scopes:?}");
    assert!(graph.nodes.iter().any(|n| n.scope == "head" && n.line == Some(13)), "lines of the user's source");
    let bad = crate::graph::Info { shape: vec![2, 5], dtype: crate::dtype::DType::Float32 };
    let x = me.trace().graph.input("x", bad);
    let x = Value::Tensor(crate::nn::value::Tensor::new(x));
    let error = me.call_module(net, Args { positional: vec![x], keyword: Vec::new() }).unwrap_err();
    assert_eq!(error.message, "AssertionError: expected 4");
    assert_eq!(error.location.as_deref(), Some("model.py:29"));
}

/// Functions that hold the scope which holds them, in each way that Python has.
const CYCLES: &str = r#"
import torch
from torch import nn


def counter(limit):
    def count(n):
        return n if n == limit else count(n + 1)
    return count


def named(function):
    def wrapper(*args):
        return function(*args)
    return wrapper


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.count = counter(3)
        self.steps = [lambda x: x + i for i in range(2)]

    @named
    def forward(self, x):
        return self.steps[0](torch.trace(x)) * self.count(0)
"#;

#[test]
fn a_dropped_interpreter_leaves_no_scope() {
    let mut me = Interpreter::new(Some(Program::parse(CYCLES, "model.py").unwrap()));
    let net = me.construct("Net()").unwrap();
    let info = crate::graph::Info { shape: vec![2, 2], dtype: crate::dtype::DType::Float32 };
    let x = Value::Tensor(crate::nn::value::Tensor::new(me.trace().graph.input("x", info)));
    me.call_module(net, Args { positional: vec![x], keyword: Vec::new() }).unwrap();
    let mut scopes: Vec<_> = me.outliving.scopes().map(|scope| Rc::downgrade(&scope)).collect();
    let methods = me.classes.iter().flat_map(|class| class.dict.0.borrow().values().cloned().collect::<Vec<_>>());
    scopes.extend(methods.filter_map(|method| match method {
        Object::Function(function) => Some(Rc::downgrade(&function.env)),
        _ => None,
    }));
    scopes.extend([&me.globals].into_iter().chain(&me.composed).map(Rc::downgrade));
    assert!(scopes.len() >= 5 && scopes.iter().all(|scope| scope.strong_count() > 0), "{}", scopes.len());
    drop(me);
    let left: Vec<_> = scopes.iter().filter_map(Weak::upgrade).map(|env| env.qualname.clone()).collect();
    assert!(left.is_empty(), "{left:?}");
}
