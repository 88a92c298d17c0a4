//! torch's names: its packages, classes, functions, constants, and tensors' attributes and methods.

use super::class::{Class, ClassKind};
use super::inert;
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
    "torch.nn.utils.stateless",
    "torch.func",
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
    "torch.distributions.kl",
    "torch.distributions.multivariate_normal",
    "torch.distributions.transforms",
    "torch.distributions.transformed_distribution",
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

static IS_PARAMETRIZED: Native = Native {
    name: "is_parametrized",
    run: |me, arguments| {
        let [module, tensor] = arguments.bind("is_parametrized", ["module", "tensor_name"], 1)?;
        let Some(Object::Module(id)) = module else { return Ok(Object::Bool(false)) };
        let name = tensor.map(|name| me.text(&name)).transpose()?;
        let computed = me.trace.modules.get(id).map(|module| &module.reparametrized);
        let found =
            computed.is_some_and(|all| all.iter().any(|one| name.as_ref().is_none_or(|name| one.name == *name)));
        Ok(Object::Bool(found))
    },
};
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
            ("torch.autograd", "grad" | "backward" | "functional")
            | (
                "torch.func",
                "grad" | "grad_and_value" | "jacrev" | "jacfwd" | "hessian" | "vjp" | "jvp" | "linearize",
            ) => {
                return Err(Raised::unsupported(format!("{full}: derivatives inside a network")));
            }
            ("torch.func", "vmap" | "functional_call" | "stack_module_state")
            | ("torch.nn.utils.stateless", "functional_call") => {
                return self.composed(name);
            }
            ("torch.sparse", "mm") => return self.composed("spmm"),
            ("torch.utils.checkpoint", "checkpoint_sequential") => return self.composed(name),
            ("torch.nn.utils.parametrize", "cached") => return Ok(Some(Object::Inert(Rc::from(full)))),
            ("torch.nn.utils.parametrize", "is_parametrized") => return Ok(Some(Object::Native(&IS_PARAMETRIZED))),
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
        if inert::holds(&full) {
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
            // torch.svd gives V, and torch.linalg.svd its transpose
            true if full == "torch.linalg.svd" => self.composed("_linalg_svd"),
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
            if let Some(handle) = self.register_hook(function.name, &arguments)? {
                return Ok(handle);
            }
            return Err(Raised::unsupported(format!("hooks ({})", function.name)));
        }
        let mut arguments = arguments;
        self.registering(function, &mut arguments)?;
        if let Some(result) = self.of_complex_dtype(function, &arguments)? {
            return Ok(result);
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
        let kind = if class == "Parameter" { LeafKind::Parameter } else { LeafKind::Buffer };
        let data = arguments
            .positional
            .first()
            .or_else(|| arguments.keyword.iter().find(|(key, _)| &**key == "data").map(|(_, data)| data));
        if let Some(data) = data.cloned()
            && let Some(leaf) = self.complex_leaf(&data, kind, kind == LeafKind::Parameter)?
        {
            return self.seen(leaf);
        }
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
