//! `torch.nn.Module`'s methods and the protocols of the containers, as functions that take the module first.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::{Info, LeafKind};
use crate::nn::bound::int;
use crate::nn::function::{Args, Bound};
use crate::nn::host::Host;
use crate::nn::module::{Module, as_buffer, as_parameter};
use crate::nn::modules::attribute::module;
use crate::nn::value::{ModuleId, Tensor, Value};
use crate::nn::{node, reparametrize, walk};

functions! {
    u "Module.register_buffer": "(self, name, tensor, persistent=True)" => register_buffer;
    u "Module.register_parameter": "(self, name, param)" => register_parameter;
    u "Module.register_module Module.add_module": "(self, name, module)" => |h, b| add(h, b.module("self")?, b.str("name")?, b.value("module"));
    u "Module.children": "(self)" => |h, b| children(h, b, false);
    u "Module.named_children": "(self)" => |h, b| children(h, b, true);
    u "Module.modules": "(self)" => |h, b| modules(h, b, false);
    u "Module.named_modules": "(self, memo=None, prefix='', remove_duplicate=True)" => |h, b| modules(h, b, true);
    u "Module.parameters": "(self, recurse=True)" => |h, b| tensors(h, b, true, false);
    u "Module.named_parameters": "(self, prefix='', recurse=True, remove_duplicate=True)" => |h, b| tensors(h, b, true, true);
    u "Module.buffers": "(self, recurse=True)" => |h, b| tensors(h, b, false, false);
    u "Module.named_buffers": "(self, prefix='', recurse=True, remove_duplicate=True)" => |h, b| tensors(h, b, false, true);
    u "Module.state_dict": "(self, *args, destination=None, prefix='', keep_vars=False)" => state_dict;
    u "Module.train": "(self, mode=True)" => |h, b| mode(h, b, b.bool("mode")?);
    u "Module.eval": "(self)" => |h, b| mode(h, b, false);
    u "Module.requires_grad_": "(self, requires_grad=True)" => requires_grad;
    u "Module.zero_grad": "(self, set_to_none=True)" => |_, _| Ok(Value::None);
    u "Module.to": "(self, *args, **kwargs)" => to;
    u "Module.cuda Module.cpu Module.xpu Module.share_memory": "(self, device=None)" => |_, b| Ok(b.value("self").clone());
    u "BatchNorm1d._check_input_dim BatchNorm2d._check_input_dim BatchNorm3d._check_input_dim InstanceNorm1d._check_input_dim InstanceNorm2d._check_input_dim InstanceNorm3d._check_input_dim": "(self, input)" => |_, _| Ok(Value::None);
    u "Module.half": "(self)" => |h, b| convert(h, b, DType::Float16);
    u "Module.double": "(self)" => |h, b| convert(h, b, DType::Float64);
    u "Module.bfloat16": "(self)" => |h, b| convert(h, b, DType::BFloat16);
    u "Module.float": "(self)" => |h, b| convert(h, b, DType::Float32);
    u "utils.weight_norm": "(module, name='weight', dim=0)" => |h, b| reparametrize::weight_norm(h, b, false);
    u "utils.spectral_norm": "(module, name='weight', n_power_iterations=1, eps=1e-12, dim=None)" => |h, b| reparametrize::spectral_norm(h, b, false);
    u "utils.parametrizations.weight_norm": "(module, name='weight', dim=0)" => |h, b| reparametrize::weight_norm(h, b, true);
    u "utils.parametrizations.spectral_norm": "(module, name='weight', n_power_iterations=1, eps=1e-12, dim=None)" => |h, b| reparametrize::spectral_norm(h, b, true);
    u "utils.parametrize.register_parametrization": "(module, tensor_name, parametrization, *, unsafe=False)" => reparametrize::register;
    u "Module.apply": "(self, fn)" => apply;
    u "Module.get_submodule": "(self, target)" => |h, b| submodule(h, b.module("self")?, b.str("target")?).map(Value::Module);
    u "Module.get_parameter Module.get_buffer": "(self, target)" => registered;
    u "Module._get_name": "(self)" => |h, b| Ok(Value::Str(module(h, b.module("self")?)?.class.short().into()));
    u "Module.extra_repr": "(self)" => |_, _| Ok(Value::Str("".into()));
    u "Module.load_state_dict": "(self, state_dict, strict=True, assign=False)" => |_, _| Err(Error::unsupported("load_state_dict inside the source").hint("weights come from the opened checkpoint; leave the call out"));
    // these two are the evaluator's own: it calls them (python/hooks.rs)
    u "Module.register_forward_hook Module.register_forward_pre_hook": "(self, hook, *, prepend=False, with_kwargs=False, always_call=False)" => |_, b| Err(Error::unsupported(format!("Module.{}", b.name())));
    u "Module.register_full_backward_hook Module.register_full_backward_pre_hook Module.register_backward_hook Module.register_load_state_dict_post_hook Module.register_state_dict_pre_hook": "(self, *args, **kwargs)" => |_, b| Err(Error::unsupported(format!("Module.{}", b.name())));
    u "Sequential.__len__ ModuleList.__len__ ModuleDict.__len__": "(self)" => |h, b| Ok(Value::Int(int(module(h, b.module("self")?)?.children.len())));
    u "Sequential.__iter__ ModuleList.__iter__ Module.__values__ ModuleDict.values": "(self)" => |h, b| Ok(Value::List(values(h, b)?));
    u "Sequential.__getitem__ ModuleList.__getitem__": "(self, idx)" => item;
    u "Sequential.__setitem__ ModuleList.__setitem__": "(self, idx, module)" => set_item;
    u "Sequential.__delitem__ ModuleList.__delitem__": "(self, idx)" => |h, b| remove(h, b).map(|_| Value::None);
    u "Sequential.pop ModuleList.pop": "(self, idx)" => remove;
    u "Sequential.append ModuleList.append": "(self, module)" => |h, b| extend(h, b, vec![b.value("module").clone()]);
    u "Sequential.extend": "(self, sequential)" => |h, b| { let more = members(h, b.value("sequential"))?; extend(h, b, more) };
    u "ModuleList.extend ModuleList.__iadd__": "(self, modules)" => |h, b| { let more = members(h, b.value("modules"))?; extend(h, b, more) };
    u "Sequential.insert ModuleList.insert": "(self, index, module)" => insert;
    u "ModuleDict.__getitem__": "(self, key)" => |h, b| child(h, b.module("self")?, b.str("key")?);
    u "ModuleDict.__setitem__": "(self, key, module)" => |h, b| add(h, b.module("self")?, b.str("key")?, b.value("module"));
    u "ModuleDict.__delitem__ ModuleDict.pop": "(self, key)" => |h, b| { let (id, key) = (b.module("self")?, b.str("key")?); let found = child(h, id, key)?; module(h, id)?.children.shift_remove(key); Ok(found) };
    u "ModuleDict.__contains__": "(self, key)" => |h, b| { let key = b.str("key")?; Ok(Value::Bool(module(h, b.module("self")?)?.children.contains_key(key))) };
    u "ModuleDict.__iter__ ModuleDict.keys": "(self)" => |h, b| Ok(Value::List(keys(module(h, b.module("self")?)?.children.keys())));
    u "ModuleDict.items": "(self)" => |h, b| children(h, b, true);
    u "ModuleDict.update": "(self, modules)" => update;
    u "ModuleDict.clear": "(self)" => |h, b| { module(h, b.module("self")?)?.children.clear(); Ok(Value::None) };
    u "ParameterList.__len__ ParameterDict.__len__": "(self)" => |h, b| Ok(Value::Int(int(module(h, b.module("self")?)?.parameters.len())));
    u "ParameterList.__iter__ ParameterDict.values": "(self)" => |h, b| Ok(Value::List(own(module(h, b.module("self")?)?)));
    u "ParameterList.__getitem__": "(self, idx)" => parameter_item;
    u "ParameterList.append": "(self, value)" => |h, b| extend_parameters(h, b, &[b.value("value").clone()]);
    u "ParameterList.extend ParameterList.__iadd__": "(self, values)" => |h, b| extend_parameters(h, b, &b.value("values").items().unwrap_or_default());
    u "ParameterDict.__getitem__": "(self, key)" => |h, b| { let key = b.str("key")?; let found = module(h, b.module("self")?)?.parameters.get(key).cloned(); found.map(optional).ok_or_else(|| key_error(key)) };
    u "ParameterDict.__setitem__": "(self, key, value)" => |h, b| set_parameter(h, b.module("self")?, b.str("key")?, b.value("value"));
    u "ParameterDict.__contains__": "(self, key)" => |h, b| { let key = b.str("key")?; Ok(Value::Bool(module(h, b.module("self")?)?.parameters.contains_key(key))) };
    u "ParameterDict.__iter__ ParameterDict.keys": "(self)" => |h, b| Ok(Value::List(keys(module(h, b.module("self")?)?.parameters.keys())));
    u "ParameterDict.items": "(self)" => |h, b| Ok(Value::List(module(h, b.module("self")?)?.parameters.iter().map(|(name, tensor)| pair(name, optional(tensor.clone()))).collect()));
}

fn key_error(key: &str) -> Error {
    Error::mismatch(format!("KeyError: '{key}'"))
}

fn pair(name: &str, value: Value) -> Value {
    Value::Tuple(vec![Value::Str(name.into()), value])
}

fn keys<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Value> {
    names.map(|name| Value::Str(name.as_str().into())).collect()
}

fn optional(tensor: Option<Tensor>) -> Value {
    tensor.map_or(Value::None, Value::Tensor)
}

fn own(module: &Module) -> Vec<Value> {
    module.parameters.values().cloned().map(optional).collect()
}

/// Parameters and buffers of floating point become leaves of another dtype; what holds them stays.
fn convert(host: &mut dyn Host, b: &Bound<'_>, dtype: DType) -> Result<Value> {
    for tensor in walk::tensors(&host.trace().modules, b.module("self")?) {
        let value = tensor.value();
        let info = node::info(host, value);
        let Some(leaf) = host.trace().graph.leaf_mut(value) else { continue };
        if !info.dtype.is_float() || info.dtype == dtype {
            continue;
        }
        let (kind, requires_grad, init) = (leaf.kind, leaf.requires_grad, leaf.init);
        let init = init.map(|init| node::cast(host, init, dtype)).transpose()?;
        let graph = &mut host.trace().graph;
        tensor.set(graph.leaf(Info { shape: info.shape, dtype }, kind, requires_grad, init));
    }
    Ok(b.value("self").clone())
}

/// torch's refusals of a name for a parameter, buffer or child.
fn check_name(kind: &str, name: &str) -> Result<()> {
    if name.contains('.') {
        return Err(Error::mismatch(format!("KeyError: '{kind} name can\\'t contain \".\"'")));
    }
    if name.is_empty() {
        return Err(Error::mismatch(format!("KeyError: '{kind} name can\\'t be empty string \"\"'")));
    }
    Ok(())
}

fn register_buffer(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (id, name) = (b.module("self")?, b.str("name")?);
    check_name("buffer", name)?;
    let tensor = match b.value("tensor") {
        Value::None => None,
        Value::Tensor(tensor) => Some(as_buffer(host, tensor)),
        other => {
            return Err(Error::mismatch(format!(
                "TypeError: cannot assign '{}' object to buffer '{name}' (torch Tensor or None required)",
                other.type_name()
            )));
        }
    };
    let persistent = b.bool("persistent")?;
    let module = module(host, id)?;
    module.buffers.insert(name.to_owned(), tensor);
    if persistent {
        module.non_persistent.shift_remove(name);
    } else {
        module.non_persistent.insert(name.to_owned());
    }
    Ok(Value::None)
}

fn register_parameter(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (id, name) = (b.module("self")?, b.str("name")?);
    check_name("parameter", name)?;
    set_parameter(host, id, name, b.value("param"))
}

fn set_parameter(host: &mut dyn Host, id: ModuleId, name: &str, value: &Value) -> Result<Value> {
    let tensor = match value {
        Value::None => None,
        Value::Tensor(tensor) => {
            let requires_grad = host.trace().graph.leaf_mut(tensor.value()).is_none_or(|leaf| leaf.requires_grad);
            Some(as_parameter(host, tensor, requires_grad))
        }
        other => {
            return Err(Error::mismatch(format!(
                "TypeError: cannot assign '{}' object to parameter '{name}' (torch.nn.Parameter or None required)",
                other.type_name()
            )));
        }
    };
    module(host, id)?.parameters.insert(name.to_owned(), tensor);
    Ok(Value::None)
}

fn add(host: &mut dyn Host, id: ModuleId, name: &str, child: &Value) -> Result<Value> {
    check_name("module", name)?;
    let child = match child {
        Value::None => None,
        Value::Module(child) => Some(*child),
        other => return Err(Error::mismatch(format!("TypeError: {} is not a Module subclass", other.type_name()))),
    };
    module(host, id)?.children.insert(name.to_owned(), child);
    Ok(Value::None)
}

fn children(host: &mut dyn Host, b: &Bound<'_>, named: bool) -> Result<Value> {
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for (name, child) in &module(host, b.module("self")?)?.children {
        let Some(child) = child else { continue };
        if seen.contains(child) {
            continue;
        }
        seen.push(*child);
        found.push(if named { pair(name, Value::Module(*child)) } else { Value::Module(*child) });
    }
    Ok(Value::List(found))
}

fn modules(host: &mut dyn Host, b: &Bound<'_>, named: bool) -> Result<Value> {
    let root = b.module("self")?;
    let (prefix, distinct) = match named {
        true => (b.str("prefix")?, b.bool("remove_duplicate")?),
        false => ("", true),
    };
    let mut seen = std::collections::HashSet::new();
    let paths = walk::paths(&host.trace().modules, root).into_iter();
    let found = paths.filter(|(_, id)| seen.insert(*id) || !distinct).map(|(path, id)| {
        let path = if path.is_empty() { prefix.to_owned() } else { walk::join(prefix, &path) };
        if named { pair(&path, Value::Module(id)) } else { Value::Module(id) }
    });
    Ok(Value::List(found.collect()))
}

/// Parameters or buffers, each object once.
fn tensors(host: &mut dyn Host, b: &Bound<'_>, parameters: bool, named: bool) -> Result<Value> {
    let root = b.module("self")?;
    let prefix = if named { b.str("prefix")? } else { "" };
    let distinct = !named || b.bool("remove_duplicate")?;
    let modules = &host.trace().modules;
    let paths = if b.bool("recurse")? { walk::paths(modules, root) } else { vec![(String::new(), root)] };
    let mut seen: std::collections::HashSet<crate::graph::ValueId> = std::collections::HashSet::new();
    let mut found = Vec::new();
    for (path, id) in paths {
        let Some(module) = modules.get(id) else { continue };
        let table = if parameters { &module.parameters } else { &module.buffers };
        for (name, tensor) in table {
            let Some(tensor) = tensor else { continue };
            if !seen.insert(tensor.value()) && distinct {
                continue;
            }
            let tensor = Value::Tensor(tensor.clone());
            let path = walk::join(&walk::join(prefix, &path), name);
            found.push(if named { pair(path.trim_start_matches('.'), tensor) } else { tensor });
        }
    }
    Ok(Value::List(found))
}

fn state_dict(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let root = b.module("self")?;
    let prefix = b.str("prefix")?;
    let modules = &host.trace().modules;
    let mut items = Vec::new();
    for (path, id) in walk::paths(modules, root) {
        let Some(module) = modules.get(id) else { continue };
        let buffers = module.buffers.iter().filter(|(name, _)| !module.non_persistent.contains(*name));
        for (name, tensor) in module.parameters.iter().chain(buffers) {
            if let Some(tensor) = tensor {
                let key = format!("{prefix}{}", walk::join(&path, name));
                items.push((Value::Str(key.into()), Value::Tensor(tensor.clone())));
            }
        }
    }
    Ok(Value::Dict(items))
}

fn mode(host: &mut dyn Host, b: &Bound<'_>, mode: bool) -> Result<Value> {
    walk::train(&mut host.trace().modules, b.module("self")?, mode);
    Ok(b.value("self").clone())
}

fn requires_grad(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let requires_grad = b.bool("requires_grad")?;
    let trace = host.trace();
    for tensor in walk::tensors(&trace.modules, b.module("self")?) {
        if let Some(leaf) = trace.graph.leaf_mut(tensor.value()).filter(|l| l.kind == LeafKind::Parameter) {
            leaf.requires_grad = requires_grad;
        }
    }
    Ok(b.value("self").clone())
}

/// Devices mean nothing here; a dtype is converted to.
fn to(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut given = b.value("args").items().unwrap_or_default();
    if let Value::Dict(named) = b.value("kwargs") {
        given.extend(named.iter().map(|(_, value)| value.clone()));
    }
    match given.iter().find_map(|v| if let Value::Dtype(dtype) = v { Some(*dtype) } else { None }) {
        Some(dtype) if dtype.is_float() => convert(host, b, dtype),
        Some(dtype) => Err(crate::nn::signature::type_error(format!(
            "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.{}",
            dtype.name()
        ))),
        None => Ok(b.value("self").clone()),
    }
}

/// Children first, then the module itself.
fn apply(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    fn each(host: &mut dyn Host, id: ModuleId, function: &Value, depth: usize) -> Result<()> {
        if depth > 200 {
            return Err(Error::too_large("the depth of modules", depth, 200));
        }
        let children: Vec<ModuleId> = module(host, id)?.children.values().copied().flatten().collect();
        for child in children {
            each(host, child, function, depth + 1)?;
        }
        host.call(function, Args { positional: vec![Value::Module(id)], keyword: Vec::new() }).map(|_| ())
    }
    each(host, b.module("self")?, b.value("fn"), 0)?;
    Ok(b.value("self").clone())
}

fn submodule(host: &mut dyn Host, root: ModuleId, target: &str) -> Result<ModuleId> {
    let mut here = root;
    for name in target.split('.').filter(|n| !n.is_empty()) {
        let module = module(host, here)?;
        here = module.children.get(name).copied().flatten().ok_or_else(|| {
            Error::mismatch(format!("AttributeError: {} has no attribute `{name}`", module.class.short()))
        })?;
    }
    Ok(here)
}

fn registered(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let target = b.str("target")?;
    let (path, name) = target.rsplit_once('.').unwrap_or(("", target));
    let id = submodule(host, b.module("self")?, path)?;
    let module = module(host, id)?;
    let found = module.parameters.get(name).or_else(|| module.buffers.get(name)).cloned().flatten();
    found
        .map(Value::Tensor)
        .ok_or_else(|| Error::mismatch(format!("AttributeError: {} has no attribute `{name}`", module.class.short())))
}

fn values(host: &mut dyn Host, b: &Bound<'_>) -> Result<Vec<Value>> {
    let children = module(host, b.module("self")?)?.children.values();
    Ok(children.map(|child| child.map_or(Value::None, Value::Module)).collect())
}

/// The modules of a list, a tuple or another container.
fn members(host: &mut dyn Host, value: &Value) -> Result<Vec<Value>> {
    match value {
        Value::Module(id) => {
            Ok(module(host, *id)?.children.values().map(|c| c.map_or(Value::None, Value::Module)).collect())
        }
        other => other.items().ok_or_else(|| {
            Error::mismatch(format!(
                "TypeError: ModuleList.extend should be called with an iterable, but got {}",
                other.type_name()
            ))
        }),
    }
}

fn extend(host: &mut dyn Host, b: &Bound<'_>, more: Vec<Value>) -> Result<Value> {
    let id = b.module("self")?;
    for child in more {
        let name = module(host, id)?.children.len().to_string();
        add(host, id, &name, &child)?;
    }
    Ok(b.value("self").clone())
}

/// A place in a container, from either end.
fn place(len: usize, index: i64) -> Result<usize> {
    let size = int(len);
    let at = if index < 0 { index.saturating_add(size) } else { index };
    let found = usize::try_from(at).ok().filter(|at| *at < len);
    found.ok_or_else(|| Error::mismatch(format!("IndexError: index {index} is out of range")))
}

/// A child, or a new container with those of a slice.
fn item(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let id = b.module("self")?;
    let module = module(host, id)?;
    if let Value::Slice(start, stop, step) = b.value("idx") {
        let (class, training) = (module.class.clone(), module.training);
        let names = slice(module.children.len(), *start, *stop, step.unwrap_or(1))?;
        let sequential = class.short() == "Sequential";
        let mut picked = Module::new(class, training);
        for (at, from) in names.into_iter().enumerate() {
            if let Some((name, child)) = module.children.get_index(from) {
                // Sequential keeps the names of a slice, ModuleList numbers anew.
                let name = if sequential { name.clone() } else { at.to_string() };
                picked.children.insert(name, *child);
            }
        }
        return Ok(Value::Module(host.trace().modules.add(picked)));
    }
    let at = place(module.children.len(), b.int("idx")?)?;
    Ok(module.children.get_index(at).and_then(|(_, child)| *child).map_or(Value::None, Value::Module))
}

/// Python's slice of a range.
fn slice(len: usize, start: Option<i64>, stop: Option<i64>, step: i64) -> Result<Vec<usize>> {
    if step == 0 {
        return Err(Error::mismatch("ValueError: slice step cannot be zero"));
    }
    let size = int(len);
    let (low, high) = if step > 0 { (0, size) } else { (-1, size - 1) };
    let bound = |given: Option<i64>, default: i64| match given {
        None => default,
        Some(i) if i < 0 => i.saturating_add(size).clamp(low, high),
        Some(i) => i.clamp(low, high),
    };
    let (mut at, end) = match step > 0 {
        true => (bound(start, low), bound(stop, high)),
        false => (bound(start, high), bound(stop, low)),
    };
    let mut places = Vec::new();
    while (step > 0 && at < end) || (step < 0 && at > end) {
        places.extend(usize::try_from(at));
        at = at.saturating_add(step);
    }
    Ok(places)
}

fn set_item(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let id = b.module("self")?;
    let module = module(host, id)?;
    let at = place(module.children.len(), b.int("idx")?)?;
    let name = module.children.get_index(at).map(|(name, _)| name.clone()).unwrap_or_default();
    add(host, id, &name, b.value("module"))
}

fn remove(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let module = module(host, b.module("self")?)?;
    let at = place(module.children.len(), b.int("idx")?)?;
    let removed = module.children.shift_remove_index(at).and_then(|(_, child)| child);
    renumber(module);
    Ok(removed.map_or(Value::None, Value::Module))
}

fn insert(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let id = b.module("self")?;
    let len = int(module(host, id)?.children.len());
    let index = b.int("index")?;
    let at = if index < 0 { index.saturating_add(len) } else { index }.clamp(0, len);
    let Value::Module(child) = b.value("module") else { return Err(b.wrong("module", "Module")) };
    let module = module(host, id)?;
    let mut all: Vec<_> = std::mem::take(&mut module.children).into_values().collect();
    all.insert(usize::try_from(at).unwrap_or(0), Some(*child));
    module.children = all.into_iter().enumerate().map(|(at, child)| (at.to_string(), child)).collect();
    Ok(b.value("self").clone())
}

/// Names 0, 1, ... after a removal, as torch's containers keep them.
fn renumber(module: &mut Module) {
    let numbered = module.children.keys().all(|name| name.parse::<usize>().is_ok());
    if numbered {
        let all: Vec<_> = std::mem::take(&mut module.children).into_values().collect();
        module.children = all.into_iter().enumerate().map(|(at, child)| (at.to_string(), child)).collect();
    }
}

fn child(host: &mut dyn Host, id: ModuleId, key: &str) -> Result<Value> {
    let found = module(host, id)?.children.get(key).copied();
    found.map(|child| child.map_or(Value::None, Value::Module)).ok_or_else(|| key_error(key))
}

fn update(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let id = b.module("self")?;
    let items: Vec<(Value, Value)> = match b.value("modules") {
        Value::Dict(items) => items.clone(),
        other => {
            let pairs = other.items().unwrap_or_default();
            pairs.iter().filter_map(|p| <[Value; 2]>::try_from(p.items()?).ok()).map(|[k, v]| (k, v)).collect()
        }
    };
    for (key, value) in &items {
        let Value::Str(key) = key else {
            return Err(Error::mismatch(format!("TypeError: module name should be a string. Got {}", key.type_name())));
        };
        add(host, id, key, value)?;
    }
    Ok(Value::None)
}

fn parameter_item(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let module = module(host, b.module("self")?)?;
    let at = place(module.parameters.len(), b.int("idx")?)?;
    Ok(module.parameters.get_index(at).map_or(Value::None, |(_, tensor)| optional(tensor.clone())))
}

fn extend_parameters(host: &mut dyn Host, b: &Bound<'_>, more: &[Value]) -> Result<Value> {
    let id = b.module("self")?;
    for value in more {
        let name = module(host, id)?.parameters.len().to_string();
        set_parameter(host, id, &name, value)?;
    }
    Ok(b.value("self").clone())
}
