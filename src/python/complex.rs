//! Complex tensors, where they meet what is written in Rust: parameters and buffers, dtypes of new tensors, literals.
//!
//! A complex tensor is an object of `composed/complex.py`, two real tensors. Graphs and engines know real ones alone: a complex parameter
//! or buffer is one leaf of the pairs (`torch.view_as_real`), which files, optimizers and gradients take as torch takes it.

use super::object::{Instance, Object};
use super::raised::Outcome;
use super::{Arguments, Interpreter};
use crate::graph::LeafKind;
use crate::nn::function::Function;
use crate::nn::value::Tensor;
use std::rc::Rc;

/// The attribute in which a complex tensor keeps the leaf that it is.
const PAIRS: &str = "_pairs";

impl Interpreter {
    /// A complex number of Python's.
    pub(super) fn complex_number(&mut self, real: f64, imag: f64) -> Outcome<Object> {
        self.call_composed("_complex_number", vec![Object::Float(real), Object::Float(imag)])
    }

    fn call_composed(&mut self, name: &str, arguments: Vec<Object>) -> Outcome<Object> {
        let function = self.composed(name)?.unwrap_or_default();
        self.call_object(&function, Arguments::of(arguments))
    }

    /// A tensor as it is seen: a leaf of pairs is a complex tensor.
    pub(super) fn seen(&mut self, tensor: Tensor) -> Outcome<Object> {
        let complex = self.trace.graph.leaf_mut(tensor.value()).is_some_and(|leaf| leaf.complex);
        if !complex {
            return Ok(Object::Tensor(tensor));
        }
        let whole = self.call_composed("view_as_complex", vec![Object::Tensor(tensor.clone())])?;
        if let Object::Instance(instance) = &whole {
            instance.attributes.0.borrow_mut().insert(PAIRS.to_owned(), Object::Tensor(tensor));
        }
        Ok(whole)
    }

    /// The leaf that a complex tensor is, made of it where it is none yet; `None` where the object is no complex tensor.
    pub(super) fn complex_leaf(&mut self, object: &Object, kind: LeafKind, grad: bool) -> Outcome<Option<Tensor>> {
        let Object::Instance(instance) = object else { return Ok(None) };
        if !is_complex(instance) {
            return Ok(None);
        }
        if let Some(pairs) = pairs(instance) {
            return Ok(Some(pairs));
        }
        let Object::Tensor(pairs) = self.call_composed("view_as_real", vec![object.clone()])? else { return Ok(None) };
        let info = self.trace.graph.info(pairs.value()).clone();
        let leaf = self.trace.graph.leaf(info, kind, grad, Some(pairs.value()));
        if let Some(leaf) = self.trace.graph.leaf_mut(leaf) {
            leaf.complex = true;
        }
        Ok(Some(Tensor::new(leaf)))
    }

    /// The arguments of a function that registers a tensor with a module: complex ones as leaves.
    pub(super) fn registering(&mut self, function: &Function, arguments: &mut Arguments) -> Outcome<()> {
        if !function.name.ends_with("Module.register_buffer") {
            return Ok(());
        }
        let keyword = arguments.keyword.iter_mut().map(|(_, value)| value);
        for value in arguments.positional.iter_mut().chain(keyword) {
            if let Some(leaf) = self.complex_leaf(&value.clone(), LeafKind::Buffer, false)? {
                *value = Object::Tensor(leaf);
            }
        }
        Ok(())
    }

    /// A function of torch that is asked for a complex dtype: both parts are made, or the imaginary one is zero. `None` where no complex
    /// dtype is among the arguments.
    pub(super) fn of_complex_dtype(
        &mut self,
        function: &'static Function,
        arguments: &Arguments,
    ) -> Outcome<Option<Object>> {
        let mut real = arguments.clone();
        let mut found = false;
        let keyword = real.keyword.iter_mut().map(|(_, value)| value);
        for value in real.positional.iter_mut().chain(keyword) {
            if let Object::Dtype(dtype) = value
                && let Some(part) = dtype.real_part()
            {
                *value = Object::Dtype(part);
                found = true;
            }
        }
        if !found {
            return Ok(None);
        }
        let imag = match function.name.rsplit('.').next() {
            Some("rand" | "randn" | "rand_like" | "randn_like") => self.call_torch(function, real.clone())?,
            _ => Object::Float(0.0),
        };
        let real = self.call_torch(function, real)?;
        self.call_composed("_of_parts", vec![real, imag]).map(Some)
    }
}

/// Whether an object is a complex tensor.
fn is_complex(instance: &Instance) -> bool {
    instance.class.lookup("takes_functions_of_torch").is_some()
}

/// The leaf that a complex tensor is.
pub fn pairs(instance: &Rc<Instance>) -> Option<Tensor> {
    match instance.attributes.0.borrow().get(PAIRS) {
        Some(Object::Tensor(tensor)) if is_complex(instance) => Some(tensor.clone()),
        _ => None,
    }
}
