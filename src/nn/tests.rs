//! Binding, promotion and aliasing under a host that knows torch's classes only. torch 2.15 gave the messages.

use super::function::{Args, call, lookup};
use super::functions;
use super::host::{Host, Trace};
use super::module::{self, ClassRef};
use super::signature::{Kind, parse};
use super::value::{ModuleId, Tensor, Value};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Info, op::Op};

#[derive(Default)]
struct Alone(Trace);

impl Host for Alone {
    fn trace(&mut self) -> &mut Trace {
        &mut self.0
    }

    fn call_module(&mut self, id: ModuleId, args: Args) -> Result<Value> {
        match self.0.modules.get(id).map(|m| m.class.clone()) {
            Some(ClassRef::Torch(class)) => module::forward(self, id, class, args),
            _ => Err(Error::unsupported("a class that is not torch's")),
        }
    }

    fn copy_module(&mut self, _: ModuleId) -> Result<ModuleId> {
        Err(Error::unsupported("copying a module"))
    }

    fn call(&mut self, callable: &Value, args: Args) -> Result<Value> {
        match callable {
            Value::Function(function) => call(self, function, args),
            _ => Err(Error::unsupported("a function that is not torch's")),
        }
    }
}

impl Alone {
    fn input(&mut self, shape: &[usize], dtype: DType) -> Value {
        Value::Tensor(Tensor::new(self.0.graph.input("x", Info { shape: shape.to_vec(), dtype })))
    }

    fn run(&mut self, name: &str, positional: Vec<Value>, keyword: &[(&str, Value)]) -> Result<Value> {
        let keyword = keyword.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        call(self, lookup(name).unwrap(), Args { positional, keyword })
    }

    fn info(&self, value: &Value) -> Info {
        let Value::Tensor(tensor) = value else { panic!("{value:?} is no tensor") };
        self.0.graph.info(tensor.value()).clone()
    }
}

fn message(result: Result<Value>) -> String {
    result.unwrap_err().message
}

#[test]
fn every_signature_is_python() {
    for function in functions::table().values() {
        for overload in function.overloads {
            let signature = parse(overload.signature);
            let mut optional = false;
            for parameter in &signature.parameters {
                let named = parameter.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                assert!(named, "{}: {:?}", function.name, parameter.name);
                if parameter.kind == Kind::Positional {
                    assert!(parameter.default.is_some() || !optional, "{}: {}", function.name, overload.signature);
                    optional |= parameter.default.is_some();
                }
            }
        }
    }
}

#[test]
fn arguments_are_refused_in_torchs_words() {
    let mut host = Alone::default();
    let x = host.input(&[2, 3], DType::Float32);
    let name = "torch.nn.functional.relu";
    let surplus = host.run(name, vec![x.clone()], &[("foo", Value::Int(1))]);
    assert_eq!(message(surplus), "relu() got an unexpected keyword argument 'foo'");
    assert_eq!(message(host.run(name, vec![], &[])), "relu() missing 1 required positional argument: 'input'");
    let number = host.run("torch.nn.functional.linear", vec![Value::Int(1), x.clone()], &[]);
    assert_eq!(message(number), "linear(): argument 'input' (position 1) must be Tensor, not int");
    let twice = host.run(name, vec![x.clone()], &[("input", x.clone())]);
    assert_eq!(message(twice), "relu() got multiple values for argument 'input'");
    let far = host.run("torch.Tensor.sum", vec![x, Value::Int(2)], &[]);
    assert_eq!(message(far), "Dimension out of range (expected to be in range of [-2, 1], but got 2)");
}

#[test]
fn dtypes_promote_by_category() {
    let mut host = Alone::default();
    let ints = host.input(&[3], DType::Int32);
    let half = host.input(&[3], DType::Float16);
    let single = host.input(&[], DType::Float64);
    for (x, y, want) in [
        (ints.clone(), Value::Int(2), DType::Int32),
        (ints.clone(), Value::Float(2.0), DType::Float32),
        (ints.clone(), half.clone(), DType::Float16),
        (half, single.clone(), DType::Float16),
        (ints.clone(), single, DType::Float64),
        (ints.clone(), Value::Bool(true), DType::Int32),
    ] {
        let sum = host.run("torch.Tensor.__add__", vec![x, y], &[]).unwrap();
        assert_eq!(host.info(&sum).dtype, want);
    }
    let quotient = host.run("torch.Tensor.__truediv__", vec![ints, Value::Int(2)], &[]).unwrap();
    assert_eq!(host.info(&quotient).dtype, DType::Float32);
}

#[test]
fn writes_go_through_views_both_ways() {
    let mut host = Alone::default();
    let x = host.input(&[2, 3], DType::Float32);
    let base = host.run("torch.mul", vec![x, Value::Int(2)], &[]).unwrap();
    let row = host.run("torch.Tensor.__getitem__", vec![base.clone(), Value::Int(0)], &[]).unwrap();
    let (Value::Tensor(base_object), Value::Tensor(row_object)) = (&base, &row) else { panic!("tensors") };
    let (whole, part) = (base_object.value(), row_object.value());
    host.run("torch.Tensor.zero_", vec![row.clone()], &[]).unwrap();
    assert_ne!(base_object.value(), whole);
    let written = host
        .0
        .graph
        .graph()
        .nodes
        .iter()
        .any(|node| matches!(node.op, Op::SliceScatter { dim: 0, start: 0, end: 1, .. }));
    assert!(written, "the base has the row's new values");
    let seen = row_object.value();
    assert_ne!(seen, part);
    host.run("torch.Tensor.add_", vec![base.clone(), Value::Int(1)], &[]).unwrap();
    assert_ne!(row_object.value(), seen);
    let wide = host.run("torch.Tensor.add_", vec![row, base], &[]);
    assert_eq!(message(wide), "output with shape [3] doesn't match the broadcast shape [2, 3]");
}

#[test]
fn constructors_write_to_first_values() {
    let mut host = Alone::default();
    let linear = module::class("torch.nn.Linear").unwrap();
    let id = module::construct(&mut host, linear, Args::positional(vec![Value::Int(3), Value::Int(2)])).unwrap();
    let weight = host.0.modules.get(id).unwrap().parameters.get("weight").cloned().flatten().unwrap();
    let (leaf, before) = (weight.value(), host.0.graph.leaf_mut(weight.value()).unwrap().init);
    host.run("torch.nn.init.zeros_", vec![Value::Tensor(weight.clone())], &[]).unwrap();
    assert_eq!(weight.value(), leaf);
    assert_ne!(host.0.graph.leaf_mut(leaf).unwrap().init, before);
}

#[test]
fn constants_are_worked_out_while_tracing() {
    let mut host = Alone::default();
    let ends = vec![Value::Int(0), Value::Float(0.5), Value::Int(3)];
    let line = host.run("torch.linspace", ends, &[]).unwrap();
    let numbers = host.run("torch.Tensor.tolist", vec![line], &[]).unwrap();
    assert_eq!(format!("{numbers:?}"), "List([Float(0.0), Float(0.25), Float(0.5)])");
    let x = host.input(&[], DType::Float32);
    assert_eq!(host.run("torch.Tensor.item", vec![x], &[]).unwrap_err().code, "data_dependent");
}
