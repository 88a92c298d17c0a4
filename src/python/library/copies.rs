//! `copy.copy` and `copy.deepcopy`, of modules too: a copied parameter is a new leaf.

use crate::nn::value::{ModuleId, Tensor, Value};
use crate::python::object::{Dict, DictKind, Instance, List, Native, Object, Shallow, Tuple};
use crate::python::raised::Outcome;
use crate::python::{Arguments, Interpreter};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// `copy`'s functions.
pub static TABLE: &[Native] = &[
    Native {
        name: "copy",
        run: |me, a| {
            let [x] = a.exactly("copy")?;
            copy(me, &x)
        },
    },
    Native {
        name: "deepcopy",
        run: |me, a| {
            let [x, _] = a.bind("deepcopy", ["x", "memo"], 1)?;
            me.deep_copy(&x.unwrap_or_default(), &mut Memo::default())
        },
    },
];

/// What was copied: by address, module and graph value.
#[derive(Debug, Default)]
pub struct Memo {
    objects: HashMap<usize, (Object, Object)>,
    modules: HashMap<ModuleId, ModuleId>,
    tensors: HashMap<usize, (Tensor, Tensor)>,
}

fn copy(me: &mut Interpreter, object: &Object) -> Outcome<Object> {
    Ok(match object {
        Object::List(list) => Object::list(list.0.0.borrow().clone()),
        Object::Dict(_) | Object::Set(_) => {
            let method = me.attribute(object, "copy")?;
            me.call_object(&method, Arguments::default())?
        }
        Object::Instance(instance) => Object::Instance(Rc::new(Instance {
            class: instance.class.clone(),
            attributes: Shallow(RefCell::new(instance.attributes.0.borrow().clone())),
            payload: RefCell::new({
                let payload = instance.payload.borrow().clone();
                copy(me, &payload)?
            }),
        })),
        Object::Module(id) => match me.trace.modules.get(*id).cloned() {
            Some(module) => {
                let class = me.module_classes.get(id).cloned();
                let new = me.trace.modules.add(module);
                me.adopt(new, class);
                Object::Module(new)
            }
            None => object.clone(),
        },
        other => other.clone(),
    })
}

impl Interpreter {
    /// Notes the class of a copied module.
    fn adopt(&mut self, id: ModuleId, class: Option<Rc<crate::python::class::Class>>) {
        if let Some(class) = class {
            self.module_classes.insert(id, class);
        }
        self.initialised.insert(id);
    }

    /// `copy.deepcopy(object)`.
    pub fn deep_copy(&mut self, object: &Object, memo: &mut Memo) -> Outcome<Object> {
        self.step(1)?;
        if let Some(address) = object.address()
            && let Some((_, copied)) = memo.objects.get(&address)
        {
            return Ok(copied.clone());
        }
        self.deeper(|me| me.deep_copy_inner(object, memo))
    }

    fn remember(object: &Object, copied: &Object, memo: &mut Memo) {
        if let Some(address) = object.address() {
            // the original is kept alive, so that its address stays its own
            memo.objects.insert(address, (object.clone(), copied.clone()));
        }
    }

    fn deep_copy_inner(&mut self, object: &Object, memo: &mut Memo) -> Outcome<Object> {
        match object {
            Object::List(list) => {
                let new = Rc::new(List::default());
                Self::remember(object, &Object::List(new.clone()), memo);
                let items = list.0.0.borrow().clone();
                for item in &items {
                    let item = self.deep_copy(item, memo)?;
                    new.0.0.borrow_mut().push(item);
                }
                Ok(Object::List(new))
            }
            Object::Dict(dict) => {
                let kind = match &dict.kind {
                    DictKind::Plain => DictKind::Plain,
                    DictKind::Ordered => DictKind::Ordered,
                    DictKind::Counter => DictKind::Counter,
                    DictKind::Default(factory) => DictKind::Default(factory.clone()),
                };
                let new = Object::Dict(Rc::new(Dict { kind, entries: Shallow::default() }));
                Self::remember(object, &new, memo);
                for (key, value) in self.mapping(object)? {
                    let (key, value) = (self.deep_copy(&key, memo)?, self.deep_copy(&value, memo)?);
                    self.set_item(&new, &key, value)?;
                }
                Ok(new)
            }
            Object::Set(set) => {
                let items: Vec<_> = set.items.0.borrow().values().cloned().collect();
                self.set_of(items, set.frozen)
            }
            Object::Tuple(tuple) => {
                let mut items = Vec::new();
                for item in &tuple.items.0 {
                    items.push(self.deep_copy(item, memo)?);
                }
                Ok(Object::Tuple(Rc::new(Tuple { kind: tuple.kind.clone(), items: Shallow(items) })))
            }
            Object::Instance(instance) => {
                if let Some(method) = instance.class.lookup("__deepcopy__") {
                    return self.call_object(&method, Arguments::of(vec![object.clone(), Object::dict()]));
                }
                if self.is_enum(&instance.class) {
                    return Ok(object.clone());
                }
                let payload = instance.payload.borrow().clone();
                let payload = self.deep_copy(&payload, memo)?;
                let new = Rc::new(Instance {
                    class: instance.class.clone(),
                    attributes: Shallow::default(),
                    payload: RefCell::new(payload),
                });
                Self::remember(object, &Object::Instance(new.clone()), memo);
                let attributes = instance.attributes.0.borrow().clone();
                for (name, value) in attributes {
                    let value = self.deep_copy(&value, memo)?;
                    new.attributes.0.borrow_mut().insert(name, value);
                }
                Ok(Object::Instance(new))
            }
            Object::Bound(bound) => {
                let receiver = self.deep_copy(&bound.receiver(), memo)?;
                Ok(crate::python::object::Bound::object(receiver, bound.function()))
            }
            Object::Tensor(tensor) => Ok(Object::Tensor(self.copy_tensor(tensor, memo))),
            Object::Module(id) => self.copy_module(*id, memo).map(Object::Module),
            other => Ok(other.clone()),
        }
    }

    /// A parameter or buffer becomes a leaf of its own with the same initial value; other tensors are values, which do not change.
    fn copy_tensor(&mut self, tensor: &Tensor, memo: &mut Memo) -> Tensor {
        if let Some((_, copied)) = memo.tensors.get(&tensor.address()) {
            return copied.clone();
        }
        let value = tensor.value();
        let graph = &mut self.trace.graph;
        let leaf = graph.graph().leaves.iter().find(|leaf| leaf.value == value).cloned();
        let copied = match leaf {
            Some(leaf) => {
                let info = graph.info(value).clone();
                let copied = graph.leaf(info, leaf.kind, leaf.requires_grad, leaf.init);
                if let Some(copied) = graph.leaf_mut(copied) {
                    copied.complex = leaf.complex;
                }
                Tensor::new(copied)
            }
            None => Tensor::new(value),
        };
        memo.tensors.insert(tensor.address(), (tensor.clone(), copied.clone()));
        copied
    }

    fn copy_module(&mut self, id: ModuleId, memo: &mut Memo) -> Outcome<ModuleId> {
        if let Some(copied) = memo.modules.get(&id) {
            return Ok(*copied);
        }
        let Some(mut module) = self.trace.modules.get(id).cloned() else { return Ok(id) };
        self.step(16)?;
        let class = self.module_classes.get(&id).cloned();
        let new = self.trace.modules.add(module.clone());
        self.adopt(new, class);
        memo.modules.insert(id, new);
        for tensor in module.parameters.values_mut().chain(module.buffers.values_mut()).flatten() {
            *tensor = self.copy_tensor(tensor, memo);
        }
        for child in module.children.values_mut().flatten() {
            *child = self.deeper(|me| me.copy_module(*child, memo))?;
        }
        for value in module.attributes.values_mut() {
            let copied = match value {
                Value::Host(any) => any.downcast_ref::<Object>().cloned(),
                Value::Tensor(tensor) => Some(Object::Tensor(tensor.clone())),
                Value::Module(child) => Some(Object::Module(*child)),
                _ => None,
            };
            if let Some(object) = copied {
                let object = self.deep_copy(&object, memo)?;
                *value = self.attribute_value(object);
            }
        }
        if let Some(mut hooks) = self.hooks.get(&id).cloned() {
            for hook in &mut hooks {
                hook.function = self.deep_copy(&hook.function.clone(), memo)?;
            }
            self.hooks.insert(new, hooks);
        }
        if let Some(slot) = self.trace.modules.get_mut(new) {
            *slot = module;
        }
        Ok(new)
    }
}
