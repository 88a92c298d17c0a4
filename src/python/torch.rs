//! torch's names: its packages, classes, functions, constants, and tensors' attributes and methods.

use super::class::{Class, ClassKind};
use super::iterate::Iter;
use super::library::limits;
use super::object::{Bound, Native, Object, Shallow};
use super::raised::{Outcome, Raised};
use super::{Arguments, Interpreter};
use crate::data::TensorData;
use crate::dtype::{Category, DType};
use crate::graph::LeafKind;
use crate::nn::function::{self, Function, lookup};
use crate::nn::module;
use crate::nn::value::Value;
use std::cell::RefCell;
use std::rc::Rc;

/// Packages that hold names of torch.
const PACKAGES: &[&str] = &[
    "torch.nn",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.modules",
    "torch.nn.parameter",
    "torch.nn.utils",
    "torch.nn.utils.rnn",
    "torch.nn.utils.parametrizations",
    "torch.nn.utils.parametrize",
    "torch.nn.utils.weight_norm",
    "torch.nn.utils.spectral_norm",
    "torch.nn.attention",
    "torch.fft",
    "torch.linalg",
    "torch.special",
    "torch.utils",
    "torch.autograd",
    "torch.autograd.function",
    "torch.distributions",
    "torch.distributions.normal",
    "torch.distributions.categorical",
    "torch.sparse",
    "torch.cuda",
    "torch.types",
    "torch.functional",
    "torch.random",
    "torch.amp",
    "torch.cuda.amp",
    "torch.jit",
    "torch.utils.checkpoint",
    "torch.backends",
    "torch.compiler",
    "torch.fx",
    "torch.version",
    "torch.ops",
];

/// Without effect on what a network computes: type hints, decorators, context managers, settings.
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

/// Abstract classes between torch.nn's classes and nn.Module, with what inherits from them.
const ABSTRACT: &[(&str, &[&str])] = &[
    ("_ConvNd", &["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]),
    ("_ConvTransposeNd", &["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]),
    (
        "_NormBase",
        &[
            "BatchNorm1d",
            "BatchNorm2d",
            "BatchNorm3d",
            "SyncBatchNorm",
            "InstanceNorm1d",
            "InstanceNorm2d",
            "InstanceNorm3d",
        ],
    ),
    ("_BatchNorm", &["BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"]),
    ("_InstanceNorm", &["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]),
    ("_DropoutNd", &["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]),
    ("_MaxPoolNd", &["MaxPool1d", "MaxPool2d", "MaxPool3d"]),
    ("_AvgPoolNd", &["AvgPool1d", "AvgPool2d", "AvgPool3d"]),
    ("_AdaptiveAvgPoolNd", &["AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"]),
    ("_AdaptiveMaxPoolNd", &["AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"]),
    ("RNNBase", &["RNN", "LSTM", "GRU"]),
    ("RNNCellBase", &["RNNCell", "LSTMCell", "GRUCell"]),
    (
        "_Loss",
        &[
            "L1Loss",
            "MSELoss",
            "NLLLoss",
            "CrossEntropyLoss",
            "BCELoss",
            "BCEWithLogitsLoss",
            "SmoothL1Loss",
            "HuberLoss",
            "KLDivLoss",
        ],
    ),
];

/// Classes of torch.nn that inherit from another concrete one.
const CONCRETE: &[(&str, &str)] = &[
    ("ReLU6", "Hardtanh"),
    ("Softmax2d", "Module"),
    ("NonDynamicallyQuantizableLinear", "Linear"),
    ("UpsamplingNearest2d", "Upsample"),
    ("UpsamplingBilinear2d", "Upsample"),
];

/// A method of a torch.nn class, by the class's short name.
pub fn class_method(class: &str, name: &str) -> Option<&'static Function> {
    lookup(&format!("torch.nn.{class}.{name}"))
}

/// Whether tensors have this method here.
pub fn has_tensor_method(name: &str) -> bool {
    lookup(&format!("torch.Tensor.{name}")).is_some()
}

static IS_AVAILABLE: Native = Native { name: "is_available", run: |_, _| Ok(Object::Bool(false)) };
static DEVICE_COUNT: Native = Native { name: "device_count", run: |_, _| Ok(Object::Int(0)) };
static IDENTITY: Native =
    Native { name: "identity", run: |_, arguments| Ok(arguments.positional.into_iter().next().unwrap_or_default()) };
static IS_TENSOR: Native = Native {
    name: "is_tensor",
    run: |_, arguments| Ok(Object::Bool(matches!(arguments.positional.first(), Some(Object::Tensor(_))))),
};
/// `torch.utils.checkpoint.checkpoint(f, *args, use_reentrant=...)` calls `f(*args)`
static CHECKPOINT: Native = Native {
    name: "checkpoint",
    run: |me, mut arguments| {
        for name in ["use_reentrant", "preserve_rng_state", "context_fn", "determinism_check", "debug"] {
            arguments.take(name);
        }
        if arguments.positional.is_empty() {
            return Err(Raised::type_error("checkpoint() missing 1 required positional argument: 'function'"));
        }
        let function = arguments.positional.remove(0);
        me.call_object(&function, arguments)
    },
};

impl Interpreter {
    /// A class of torch.nn.
    pub fn torch_class(&self, torch: &'static module::Class) -> Rc<Class> {
        if let Some(class) = self.torch_classes.borrow().get(torch.name) {
            return class.clone();
        }
        let name = torch.name.rsplit('.').next().unwrap_or(torch.name);
        let parent = CONCRETE
            .iter()
            .find(|(child, _)| *child == name)
            .and_then(|(_, parent)| module::class(&format!("torch.nn.{parent}")));
        let base = match parent {
            Some(parent) if !std::ptr::eq(parent, torch) => self.torch_class(parent),
            _ => ABSTRACT
                .iter()
                .filter(|(_, children)| children.contains(&name))
                .fold(self.module_base(), |base, (between, _)| self.abstract_class(between, &base)),
        };
        let class = derived(name, torch.name, ClassKind::Torch(torch), &base);
        self.torch_classes.borrow_mut().insert(torch.name.to_owned(), class.clone());
        class
    }

    /// `torch.nn.Module` itself.
    pub fn module_base(&self) -> Rc<Class> {
        let object = self.builtin_class("object").unwrap_or_else(|| self.object_class.clone());
        self.torch_classes
            .borrow_mut()
            .entry("Module".to_owned())
            .or_insert_with(|| derived("Module", "torch.nn.modules.module.Module", ClassKind::Module, &object))
            .clone()
    }

    fn abstract_class(&self, name: &str, base: &Rc<Class>) -> Rc<Class> {
        self.torch_classes
            .borrow_mut()
            .entry(name.to_owned())
            .or_insert_with(|| derived(name, &format!("torch.nn.modules.{name}"), ClassKind::Module, base))
            .clone()
    }

    /// `torch.x`, `torch.nn.functional.x`; `None` where torch has no such name.
    pub fn torch_name(&mut self, package: &str, name: &str) -> Outcome<Option<Object>> {
        let full = format!("{package}.{name}");
        if PACKAGES.contains(&full.as_str()) && !(name == "weight_norm" || name == "spectral_norm") {
            return Ok(Some(Object::Package(Rc::from(full))));
        }
        if package == "torch" || package == "torch.types" {
            if let Some(dtype) = DType::from_name(name) {
                return Ok(Some(Object::Dtype(dtype)));
            }
            let constant = match name {
                "Tensor" | "Size" | "dtype" | "device" => self.builtin_class(name).map(Object::Class),
                "inf" => Some(Object::Float(f64::INFINITY)),
                "nan" => Some(Object::Float(f64::NAN)),
                "pi" => Some(Object::Float(std::f64::consts::PI)),
                "e" => Some(Object::Float(std::f64::consts::E)),
                "newaxis" => Some(Object::None),
                "__version__" => Some(Object::str("2.15.0")),
                "FloatTensor" | "is_tensor" if name == "is_tensor" => Some(Object::Native(&IS_TENSOR)),
                _ => None,
            };
            if constant.is_some() {
                return Ok(constant);
            }
        }
        match (package, name) {
            ("torch.nn" | "torch.nn.modules" | "torch.nn.modules.module", "Module")
            | ("torch.jit", "ScriptModule" | "RecursiveScriptModule") => {
                return Ok(Some(Object::Class(self.module_base())));
            }
            (_, "Parameter" | "Buffer") if package.starts_with("torch.nn") => {
                return Ok(self.builtin_class(name).map(Object::Class));
            }
            (_, "UninitializedParameter" | "UninitializedBuffer") => return Err(Raised::unsupported(full)),
            ("torch.cuda", "is_available") | ("torch.backends.mps", "is_available") => {
                return Ok(Some(Object::Native(&IS_AVAILABLE)));
            }
            ("torch.cuda", "device_count") => return Ok(Some(Object::Native(&DEVICE_COUNT))),
            ("torch.jit", "annotate") => return Ok(Some(Object::Inert(Rc::from("typing.cast")))),
            ("torch.jit", "is_scripting" | "is_tracing") | ("torch.compiler", "is_compiling") => {
                return Ok(Some(Object::Native(&IS_AVAILABLE)));
            }
            // every module of torch's imports torch: `torch.sparse.torch.eye` is an old spelling
            ("torch.sparse" | "torch.nn" | "torch.nn.functional" | "torch.utils", "torch") => {
                return Ok(Some(Object::Package(Rc::from("torch"))));
            }
            ("torch", "finfo") => return Ok(Some(Object::Native(&limits::FINFO))),
            ("torch", "iinfo") => return Ok(Some(Object::Native(&limits::IINFO))),
            ("torch.autograd", "Variable") => return Ok(Some(Object::Native(&IDENTITY))),
            ("torch.utils.checkpoint", "checkpoint") => return Ok(Some(Object::Native(&CHECKPOINT))),
            ("torch.nn.modules", _) if name.chars().all(|c| c.is_ascii_lowercase()) => {
                return Ok(Some(Object::Package(Rc::from(full))));
            }
            _ => {}
        }
        if let Some(function) = lookup(&full) {
            return Ok(Some(Object::Torch(function)));
        }
        if package.starts_with("torch.nn") {
            if let Some((between, children)) = ABSTRACT.iter().find(|(between, _)| *between == name) {
                // building a child builds its parents in order
                for child in *children {
                    if let Some(torch) = module::class(&format!("torch.nn.{child}")) {
                        self.torch_class(torch);
                    }
                }
                let base = self.module_base();
                return Ok(Some(Object::Class(self.abstract_class(between, &base))));
            }
            let found = module::class(&full).or_else(|| {
                // torch.nn.modules.conv.Conv2d and torch.nn.modules.Conv2d are torch.nn.Conv2d
                package.strip_prefix("torch.nn.modules").and_then(|_| module::class(&format!("torch.nn.{name}")))
            });
            if let Some(torch) = found {
                return Ok(Some(Object::Class(self.torch_class(torch))));
            }
        }
        if INERT.iter().any(|inert| {
            full == *inert
                || full.starts_with(inert) && full.get(inert.len()..).is_some_and(|rest| rest.starts_with('.'))
        }) {
            return Ok(Some(Object::Inert(Rc::from(full))));
        }
        if package == "torch"
            && (name == "optim" || name == "distributed" || name == "hub" || name == "onnx" || name == "profiler")
            || full == "torch.utils.data"
            || full == "torch.utils.tensorboard"
        {
            return Ok(Some(Object::Missing(Rc::from(format!("{full} is not part of a network, and is not here")))));
        }
        match known(package, name) {
            true => self.composed(name)?.map_or_else(|| Err(Raised::unsupported(full)), |found| Ok(Some(found))),
            false => Ok(None),
        }
    }

    /// `tensor.name`.
    pub fn tensor_attribute(&mut self, object: &Object, name: &str) -> Outcome<Option<Object>> {
        let Object::Tensor(tensor) = object else { return Ok(None) };
        if name == "data" || name == "grad_fn" {
            return Ok(Some(if name == "data" { object.clone() } else { Object::None }));
        }
        self.at_line();
        if let Some(function) = lookup(&format!("torch.Tensor.{name}")) {
            return Ok(Some(Bound::object(object.clone(), Object::Torch(function))));
        }
        match function::tensor_attribute(self, tensor, name) {
            Ok(Some(value)) => return Ok(Some(self.object_of(value))),
            Ok(None) => {}
            Err(error) => return Err(error.into()),
        }
        if !known("torch.Tensor", name) {
            return Ok(None);
        }
        match self.composed(name)? {
            Some(function) => Ok(Some(Bound::object(object.clone(), function))),
            None => Err(Raised::unsupported(format!("torch.Tensor.{name}"))),
        }
    }

    /// `tensor.name = value`: `.data` and `.requires_grad`. Marks that authors leave for their training code (`p.no_decay = True`, a
    /// misspelt `pe.require_grad = False`) change nothing here, and are not kept.
    pub fn set_tensor_attribute(&mut self, object: &Object, name: &str, value: Object) -> Outcome<()> {
        let Object::Tensor(tensor) = object else { return Ok(()) };
        match (name, &value) {
            ("requires_grad", Object::Bool(flag)) => {
                if let Some(leaf) = self.trace.graph.leaf_mut(tensor.value()) {
                    leaf.requires_grad = *flag;
                }
                Ok(())
            }
            ("data", Object::Tensor(_)) => self.tensor_method(object, "copy_", Arguments::of(vec![value])).map(drop),
            ("grad", _) => Ok(()),
            _ if !known("torch.Tensor", name) && !matches!(name, "shape" | "dtype" | "device" | "T") => Ok(()),
            _ => Err(Raised::unsupported(format!("setting the attribute '{name}' of a tensor"))),
        }
    }

    /// `tensor.name(...)`.
    pub fn tensor_method(&mut self, object: &Object, name: &str, arguments: Arguments) -> Outcome<Object> {
        match lookup(&format!("torch.Tensor.{name}")) {
            Some(function) => self.call_torch(function, arguments.prepend(object.clone())),
            None => Err(Raised::unsupported(format!("torch.Tensor.{name}"))),
        }
    }

    /// A call of a function of torch.
    pub fn call_torch(&mut self, function: &'static Function, arguments: Arguments) -> Outcome<Object> {
        self.step(8)?;
        if function.name.contains("register_") && function.name.ends_with("_hook") {
            return Err(Raised::unsupported(format!("hooks ({})", function.name)));
        }
        if let Some(result) = self.given_to_its_own(function, &arguments)? {
            return Ok(result);
        }
        let arguments = self.nn_arguments(arguments)?;
        self.at_line();
        let value = function::call(self, function, arguments)?;
        match value {
            Value::List(items) if gives_iterator(function.name) => {
                let items = items.into_iter().map(|item| self.object_of(item)).collect();
                Ok(Object::iterator(Iter::Items(Shallow(items), 0)))
            }
            value => Ok(self.object_of(value)),
        }
    }

    /// A function of torch whose argument is an object that has torch's functions as its methods: a complex tensor.
    fn given_to_its_own(&mut self, function: &Function, arguments: &Arguments) -> Outcome<Option<Object>> {
        let own = |object: &&Object| matches!(object, Object::Instance(instance) if instance.class.lookup("takes_functions_of_torch").is_some());
        let name = function.name.rsplit('.').next().unwrap_or(function.name);
        for (at, argument) in arguments.positional.iter().enumerate() {
            let found = match argument {
                Object::List(list) => list.0.0.borrow().iter().find(own).cloned(),
                Object::Tuple(tuple) => tuple.items.0.iter().find(own).cloned(),
                other => Some(other).filter(own).cloned(),
            };
            let Some(found) = found else { continue };
            let listed = !own(&argument);
            let Object::Instance(instance) = &found else { continue };
            let whole = matches!(instance.class.lookup(name), Some(Object::Static(_)));
            if !whole && (listed || at > 0) {
                return Err(Raised::unsupported(format!("{} of complex tensors", function.name)));
            }
            let method = self.attribute(&found, name)?;
            if matches!(method, Object::Tensor(_)) {
                return Ok(Some(method));
            }
            let mut rest = arguments.clone();
            if !whole {
                rest.positional.remove(0);
            }
            return self.call_object(&method, rest).map(Some);
        }
        Ok(None)
    }

    /// `bool(tensor)`.
    pub fn tensor_truth(&mut self, object: &Object) -> Outcome<bool> {
        if has_tensor_method("__bool__") {
            let value = self.tensor_method(object, "__bool__", Arguments::default())?;
            if !matches!(value, Object::Tensor(_)) {
                return self.truth(&value);
            }
        }
        let item = self.tensor_item(object)?;
        self.truth(&item)
    }

    /// `tensor.item()`, where its value is known while the network is traced.
    pub fn tensor_item(&mut self, object: &Object) -> Outcome<Object> {
        let Object::Tensor(tensor) = object else { return Ok(object.clone()) };
        if has_tensor_method("item") {
            return self.tensor_method(object, "item", Arguments::default());
        }
        match self.trace.graph.literal(tensor.value()).and_then(scalar) {
            Some(item) => Ok(item),
            None => Err(Raised::unsupported(
                "a Python value of a tensor that is computed from the input (control flow on data)",
            )),
        }
    }

    /// `nn.Parameter(tensor, requires_grad=True)` and `nn.Buffer(tensor, persistent=True)`.
    pub fn make_leaf(&mut self, class: &str, arguments: Arguments) -> Outcome<Object> {
        if let Some(function) =
            lookup(&format!("torch.nn.{class}")).or_else(|| lookup(&format!("torch.nn.parameter.{class}")))
        {
            return self.call_torch(function, arguments);
        }
        let (second, kind) = if class == "Parameter" {
            ("requires_grad", LeafKind::Parameter)
        } else {
            ("persistent", LeafKind::Buffer)
        };
        let [data, flag] = arguments.bind(class, ["data", second], 1)?;
        let flag = flag.map_or(Ok(true), |flag| self.truth(&flag))?;
        let Some(Object::Tensor(tensor)) = data else {
            let name = data.map_or_else(|| "NoneType".to_owned(), |data| self.type_name(&data));
            return Err(Raised::type_error(format!("as_subclass(): expected a Tensor, not {name}")));
        };
        let info = self.trace.graph.info(tensor.value()).clone();
        let grad = kind == LeafKind::Parameter && flag;
        let value = self.trace.graph.leaf(info, kind, grad, Some(tensor.value()));
        Ok(Object::Tensor(crate::nn::value::Tensor::new(value)))
    }

    /// Calling something without effect: decorators give back what they decorate.
    pub fn call_inert(&mut self, name: &str, arguments: Arguments) -> Outcome<Object> {
        let last = name.rsplit('.').next().unwrap_or(name);
        let first = arguments.positional.first();
        match (last, first) {
            ("cast", _) if name.starts_with("typing") => {
                return Ok(arguments.positional.get(1).cloned().unwrap_or_default());
            }
            ("NewType", _) => return Ok(arguments.positional.get(1).cloned().unwrap_or_default()),
            ("set_grad_enabled", Some(flag)) => {
                let flag = flag.clone();
                let enabled = self.truth(&flag)?;
                self.trace.grad_enabled = enabled;
                return Ok(Object::Inert(Rc::from(if enabled { "torch.enable_grad" } else { "torch.no_grad" })));
            }
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

/// torch's generators over modules and tensors: `next(self.parameters())`.
fn gives_iterator(name: &str) -> bool {
    let Some(method) = name.strip_prefix("torch.nn.Module.") else { return false };
    matches!(method.trim_start_matches("named_"), "children" | "modules" | "parameters" | "buffers")
}

fn derived(name: &str, qualname: &str, kind: ClassKind, base: &Rc<Class>) -> Rc<Class> {
    Rc::new(Class {
        name: Rc::from(name),
        qualname: qualname.to_owned(),
        kind,
        bases: vec![base.clone()],
        ancestors: std::iter::once(base.clone()).chain(base.ancestors.iter().cloned()).collect(),
        dict: Shallow(RefCell::default()),
        line: None,
    })
}

/// The Python number of a literal of one element.
fn scalar(data: &TensorData) -> Option<Object> {
    if data.numel() != 1 {
        return None;
    }
    let bytes = data.bytes.as_slice();
    Some(match data.dtype {
        DType::Float64 => Object::Float(f64::from_le_bytes(bytes.try_into().ok()?)),
        DType::Float32 => Object::Float(f64::from(f32::from_le_bytes(bytes.try_into().ok()?))),
        DType::Int64 => Object::Int(i64::from_le_bytes(bytes.try_into().ok()?)),
        DType::Int32 => Object::Int(i64::from(i32::from_le_bytes(bytes.try_into().ok()?))),
        dtype if dtype.category() == Category::Bool => Object::Bool(bytes.first()? != &0),
        _ => return None,
    })
}

/// Whether torch has a name: such a one is refused as not done here, not as a typing mistake.
fn known(package: &str, name: &str) -> bool {
    let section = NAMES.split("\n\n").find_map(|section| {
        let (head, names) = section.split_once('\n')?;
        (head == package).then_some(names)
    });
    section.is_some_and(|names| names.split_whitespace().any(|known| known == name))
}

/// The public names of torch 2.15, written by `tests/oracle/torch_names.py`.
const NAMES: &str = include_str!("torch_names.txt");
