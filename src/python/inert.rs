//! Names without effect on what a network computes: type hints, decorators, settings, and the context managers of torch's grad mode.

use super::object::Object;
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use crate::dtype::DType;
use crate::nn::function::lookup;
use std::rc::Rc;

/// torch's.
const INERT: &[&str] = &[
    "torch.no_grad",
    "torch.enable_grad",
    "torch.inference_mode",
    "torch.set_grad_enabled",
    "torch.autocast",
    "torch.autograd.no_grad",
    "torch.autograd.profiler",
    "torch.autograd.Variable",
    "torch.cuda.amp.autocast",
    "torch.amp.autocast",
    "torch.jit",
    "torch.compile",
    "torch.compiler",
    "torch.backends",
    "torch.types",
    "torch.fx.wrap",
    "torch.manual_seed",
    "torch.set_printoptions",
    "torch.set_default_device",
    "torch.set_default_dtype",
    "torch.set_default_tensor_type",
    "torch.get_default_dtype",
    "torch.cuda.manual_seed",
    "torch.cuda.manual_seed_all",
    "torch.cuda.empty_cache",
    "torch.set_float32_matmul_precision",
    "torch.use_deterministic_algorithms",
    "torch.Generator",
    "torch.random.manual_seed",
    "torch._assert",
    "torch._C._log_api_usage_once",
    "torch.LongTensor",
    "torch.BoolTensor",
    "torch.nn.attention.sdpa_kernel",
    "torch.autograd.set_detect_anomaly",
    "torch.set_num_threads",
    "torch.overrides",
    "torch.layout",
    "torch.strided",
    "torch.contiguous_format",
    "torch.preserve_format",
    "torch.channels_last",
    "torch.channels_last_3d",
    "torch.memory_format",
];

/// Whether a name of torch is without effect, by itself or with the package that it is in.
pub fn holds(full: &str) -> bool {
    let within = |inert: &str| full.strip_prefix(inert).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    INERT.iter().any(|inert| within(inert))
}

/// What `torch.set_default_dtype` and `torch.set_default_tensor_type` are given: a dtype, a tensor type or its name.
fn default_dtype(given: &Object) -> Outcome<DType> {
    let dtype = match given {
        Object::Dtype(dtype) => Some(*dtype),
        Object::Str(name) => DType::of_tensor_type(name),
        Object::Torch(function) => DType::of_tensor_type(function.name),
        Object::Inert(name) => DType::of_tensor_type(name),
        _ => None,
    };
    dtype
        .filter(|dtype| dtype.is_float())
        .ok_or_else(|| Raised::type_error("only floating-point types are supported as the default type"))
}

impl Interpreter {
    /// Calling something without effect: decorators give back what they decorate.
    pub fn call_inert(&mut self, name: &str, arguments: Arguments) -> Outcome<Object> {
        let last = name.rsplit('.').next().unwrap_or(name);
        let first = arguments.positional.first();
        match (last, first) {
            ("cast", _) if name.starts_with("typing") => {
                return Ok(arguments.positional.get(1).cloned().unwrap_or_default());
            }
            ("NamedTuple", Some(_)) if name.starts_with("typing") => return self.named_tuple_of(arguments),
            ("NewType", _) => return Ok(arguments.positional.get(1).cloned().unwrap_or_default()),
            ("set_grad_enabled", Some(flag)) => {
                let flag = flag.clone();
                let enabled = self.truth(&flag)?;
                self.trace.grad_enabled = enabled;
                return Ok(Object::Inert(Rc::from(if enabled { "torch.enable_grad" } else { "torch.no_grad" })));
            }
            ("set_default_dtype" | "set_default_tensor_type", Some(dtype)) => {
                self.trace.default_dtype = default_dtype(dtype)?;
                return Ok(Object::None);
            }
            ("get_default_dtype", _) => return Ok(Object::Dtype(self.trace.default_dtype)),
            ("LongTensor" | "BoolTensor", Some(_)) if name.starts_with("torch.") => {
                let dtype = if last == "LongTensor" { DType::Int64 } else { DType::Bool };
                if let (Some(function), Some(data)) = (lookup("torch.tensor"), first) {
                    let keyword = vec![(Rc::from("dtype"), Object::Dtype(dtype))];
                    return self.call_torch(function, Arguments { positional: vec![data.clone()], keyword });
                }
            }
            ("_assert", Some(condition)) => {
                let condition = condition.clone();
                if !self.truth(&condition)? {
                    let text = arguments.positional.get(1).cloned().unwrap_or_else(|| Object::str(""));
                    return Err(Raised::assertion(self.text(&text)?));
                }
                return Ok(Object::None);
            }
            (
                _,
                Some(
                    only @ (Object::Function(_)
                    | Object::Class(_)
                    | Object::Module(_)
                    | Object::Bound(_)
                    | Object::Static(_)
                    | Object::ClassMethod(_)
                    | Object::Property(_)),
                ),
            ) if arguments.positional.len() == 1 && !last.starts_with("TypeVar") => return Ok(only.clone()),
            _ => {}
        }
        Ok(Object::Inert(Rc::from(name)))
    }

    /// `with torch.no_grad():`
    pub fn enter_torch(&mut self, manager: &Object) {
        self.grad_modes.push(self.trace.grad_enabled);
        if let Object::Inert(name) = manager {
            match name.rsplit('.').next() {
                Some("no_grad" | "inference_mode") => self.trace.grad_enabled = false,
                Some("enable_grad") => self.trace.grad_enabled = true,
                _ => {}
            }
        }
    }

    /// The end of `with torch.no_grad():`
    pub fn exit_torch(&mut self, _manager: &Object) {
        if let Some(mode) = self.grad_modes.pop() {
            self.trace.grad_enabled = mode;
        }
    }
}
