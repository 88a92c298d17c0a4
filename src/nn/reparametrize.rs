//! Weights that are computed from others whenever they are used: `weight_norm`, `spectral_norm` and `torch.nn.utils.parametrize`.
//!
//! The older functions of `torch.nn.utils` keep `weight_g` beside the weight; `torch.nn.utils.parametrizations` keeps the originals
//! in a list under `parametrizations`. Both leave the computed weight as a plain attribute, where `forward` finds it.

use super::bound::{int, size};
use super::function::{Args, Bound};
use super::host::Host;
use super::module::{self, ClassRef, Module, as_parameter};
use super::modules::attribute::{call, module, training};
use super::node;
use super::value::{ModuleId, Tensor, Value};
use crate::error::{Error, Result};
use crate::graph::op::Op;
use crate::graph::{LeafKind, ValueId};

/// A computed weight of a module.
#[derive(Clone, Debug, PartialEq)]
pub struct Reparametrized {
    /// `weight`
    pub name: String,
    /// what it is computed by
    pub rule: Rule,
    /// the originals lie in `module.parametrizations.weight`, not in the module itself
    pub listed: bool,
}

/// How a weight is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// `g * v / ||v||`, the norm taken over all dims but one, or over all
    WeightNorm {
        /// the dim that keeps its own norms
        dim: Option<usize>,
    },
    /// the weight over its largest singular value, as `u` and `v` tell it
    SpectralNorm {
        /// the dim that is the matrix's rows
        dim: usize,
        /// power iterations for each forward in train mode
        iterations: i64,
        /// added to norms
        eps: f64,
    },
    /// the modules of the list, one after the other
    Chain,
}

/// `weight_norm(module, name='weight', dim=0)`
pub fn weight_norm(host: &mut dyn Host, b: &Bound<'_>, listed: bool) -> Result<Value> {
    let (id, name) = (b.module("module")?, b.str("name")?);
    let v = take(host, id, name)?;
    let rank = node::rank(host, v.value());
    let dim = b.int_or_none("dim")?.filter(|d| *d != -1).map(|d| node::dim(d, rank)).transpose()?;
    let init = first(host, &v);
    let norm = norm_except(host, init, dim)?;
    let g = as_parameter(host, &norm, true);
    let (holder, g_name, v_name) = if listed {
        let list = list(host, id, name)?;
        let rule = plain(host, "torch.nn.Identity")?;
        module(host, list)?.children.insert("0".to_owned(), Some(rule));
        (list, "original0".to_owned(), "original1".to_owned())
    } else {
        (id, format!("{name}_g"), format!("{name}_v"))
    };
    let parameters = &mut module(host, holder)?.parameters;
    parameters.insert(g_name, Some(g));
    parameters.insert(v_name, Some(v));
    done(host, id, Reparametrized { name: name.to_owned(), rule: Rule::WeightNorm { dim }, listed })
}

/// `spectral_norm(module, name='weight', n_power_iterations=1, eps=1e-12, dim=None)`
pub fn spectral_norm(host: &mut dyn Host, b: &Bound<'_>, listed: bool) -> Result<Value> {
    let (id, name) = (b.module("module")?, b.str("name")?);
    let weight = take(host, id, name)?;
    let transposed = module(host, id)?.class.short().starts_with("ConvTranspose");
    let shape = node::shape(host, weight.value());
    let dim = node::dim(b.int_or_none("dim")?.unwrap_or(i64::from(transposed)), shape.len())?;
    let eps = b.float("eps")?;
    let rows = shape.get(dim).copied().unwrap_or(1);
    let columns = shape.iter().product::<usize>() / rows.max(1);
    let (holder, weight_name) =
        if listed { (list(host, id, name)?, "original".to_owned()) } else { (id, format!("{name}_orig")) };
    module(host, holder)?.parameters.insert(weight_name, Some(weight));
    let (vectors, u, v) = if listed {
        let rule = plain(host, "torch.nn.Identity")?;
        module(host, holder)?.children.insert("0".to_owned(), Some(rule));
        (rule, "_u".to_owned(), "_v".to_owned())
    } else {
        (id, format!("{name}_u"), format!("{name}_v"))
    };
    // A vector is only normalised.
    if !listed || shape.len() > 1 {
        for (name, length) in [(u, rows), (v, columns)] {
            let vector = unit(host, length, eps)?;
            module(host, vectors)?.buffers.insert(name, Some(vector));
        }
    }
    let rule = Rule::SpectralNorm { dim, iterations: b.int("n_power_iterations")?, eps };
    done(host, id, Reparametrized { name: name.to_owned(), rule, listed })
}

/// `register_parametrization(module, tensor_name, parametrization)`
pub fn register(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (id, name, rule) = (b.module("module")?, b.str("tensor_name")?, b.module("parametrization")?);
    if let Some(old) = module(host, id)?.reparametrized.iter().find(|r| r.name == name) {
        if old.rule != Rule::Chain {
            return Err(Error::unsupported("a parametrization upon weight_norm or spectral_norm"));
        }
        let list = holder(host, id, name, true)?;
        let children = &mut module(host, list)?.children;
        let place = children.len().to_string();
        children.insert(place, Some(rule));
        refresh(host, id)?;
        return Ok(Value::Module(id));
    }
    let original = take(host, id, name)?;
    let list = list(host, id, name)?;
    let module = module(host, list)?;
    module.parameters.insert("original".to_owned(), Some(original));
    module.children.insert("0".to_owned(), Some(rule));
    done(host, id, Reparametrized { name: name.to_owned(), rule: Rule::Chain, listed: true })
}

/// Computes every such weight of a module anew, in the graph that is being built now.
pub fn refresh(host: &mut dyn Host, id: ModuleId) -> Result<()> {
    let rules = match host.trace().modules.get(id) {
        Some(module) if !module.reparametrized.is_empty() => module.reparametrized.clone(),
        _ => return Ok(()),
    };
    for rule in rules {
        let value = compute(host, id, &rule)?;
        module(host, id)?.attributes.insert(rule.name, value);
    }
    Ok(())
}

fn compute(host: &mut dyn Host, id: ModuleId, made: &Reparametrized) -> Result<Value> {
    let name = &made.name;
    let holder = holder(host, id, name, made.listed)?;
    let named = |plain: &str, listed: &str| {
        if made.listed { listed.to_owned() } else { format!("{name}{plain}") }
    };
    match &made.rule {
        Rule::WeightNorm { dim } => {
            let g = tensor(host, holder, &named("_g", "original0"))?;
            let v = tensor(host, holder, &named("_v", "original1"))?;
            let norm = norm_except(host, v.value(), *dim)?;
            let scale = call(host, "torch.div", vec![Value::Tensor(g), Value::Tensor(norm)], &[])?;
            call(host, "torch.mul", vec![Value::Tensor(v), scale], &[])
        }
        Rule::SpectralNorm { dim, iterations, eps } => {
            let weight = tensor(host, holder, &named("_orig", "original"))?;
            let vectors = match made.listed {
                true => module(host, holder)?.children.get("0").copied().flatten().unwrap_or(holder),
                false => holder,
            };
            if made.listed && node::rank(host, weight.value()) < 2 {
                return normalize(host, Value::Tensor(weight), *eps);
            }
            let u = tensor(host, vectors, &named("_u", "_u"))?;
            let v = tensor(host, vectors, &named("_v", "_v"))?;
            let matrix = matrix(host, weight.value(), *dim)?;
            if training(host, id) {
                for _ in 0..*iterations {
                    iterate(host, matrix, (&u, &v), *eps)?;
                }
            }
            let (u, v) = (Value::tensor(u.value()), Value::tensor(v.value()));
            let image = call(host, "torch.mv", vec![Value::tensor(matrix), v], &[])?;
            let sigma = call(host, "torch.dot", vec![u, image], &[])?;
            call(host, "torch.div", vec![Value::Tensor(weight), sigma], &[])
        }
        Rule::Chain => {
            let mut value = Value::Tensor(tensor(host, holder, "original")?);
            let rules: Vec<_> = module(host, holder)?.children.values().copied().flatten().collect();
            for rule in rules {
                value = host.call_module(rule, Args::positional(vec![value]))?;
            }
            Ok(value)
        }
    }
}

/// One power iteration, written into the buffers.
fn iterate(host: &mut dyn Host, matrix: ValueId, (u, v): (&Tensor, &Tensor), eps: f64) -> Result<()> {
    let detached = node::op(host, Op::Detach, &[matrix])?;
    let turned = call(host, "torch.t", vec![Value::tensor(detached)], &[])?;
    for (matrix, from, to) in [(turned, u, v), (Value::tensor(detached), v, u)] {
        let image = call(host, "torch.mv", vec![matrix, Value::tensor(from.value())], &[])?;
        let image = normalize(host, image, eps)?;
        call(host, "torch.Tensor.copy_", vec![Value::Tensor(to.clone()), image], &[])?;
    }
    Ok(())
}

/// The weight as the matrix whose rows are one dim.
fn matrix(host: &mut dyn Host, weight: ValueId, dim: usize) -> Result<ValueId> {
    let shape = node::shape(host, weight);
    let rows = shape.get(dim).copied().unwrap_or(1);
    let mut value = Value::tensor(weight);
    if dim != 0 {
        value = call(host, "torch.movedim", vec![value, Value::Int(int(dim)), Value::Int(0)], &[])?;
    }
    let columns = shape.iter().product::<usize>() / rows.max(1);
    match value {
        Value::Tensor(moved) => node::reshape(host, moved.value(), vec![rows, columns]),
        _ => Ok(weight),
    }
}

fn normalize(host: &mut dyn Host, value: Value, eps: f64) -> Result<Value> {
    call(host, "torch.nn.functional.normalize", vec![value], &[("dim", Value::Int(0)), ("eps", Value::Float(eps))])
}

/// A random buffer of length one.
fn unit(host: &mut dyn Host, length: usize, eps: f64) -> Result<Tensor> {
    let length = size(int(length))?;
    let random = call(host, "torch.randn", vec![Value::Int(int(length))], &[])?;
    let Value::Tensor(vector) = normalize(host, random, eps)? else { return Err(Error::mismatch("no vector")) };
    let graph = &mut host.trace().graph;
    let info = graph.info(vector.value()).clone();
    Ok(Tensor::new(graph.leaf(info, LeafKind::Buffer, false, Some(vector.value()))))
}

/// `torch.norm_except_dim(v, 2, dim)`
fn norm_except(host: &mut dyn Host, v: ValueId, dim: Option<usize>) -> Result<Tensor> {
    let rank = node::rank(host, v);
    let keyword = match dim {
        Some(dim) => {
            let others = (0..rank).filter(|d| *d != dim).map(|d| Value::Int(int(d))).collect();
            vec![("dim", Value::Tuple(others)), ("keepdim", Value::Bool(true))]
        }
        None => Vec::new(),
    };
    // A vector whose only dim is kept: no dim is left to sum over.
    let result = match dim {
        Some(_) if rank == 1 => call(host, "torch.abs", vec![Value::tensor(v)], &[])?,
        _ => call(host, "torch.norm", vec![Value::tensor(v)], &keyword)?,
    };
    match result {
        Value::Tensor(norm) => Ok(norm),
        other => Err(Error::mismatch(format!("a norm that is {}", other.type_name()))),
    }
}

/// What the constructor gave a parameter.
fn first(host: &mut dyn Host, tensor: &Tensor) -> ValueId {
    let value = tensor.value();
    host.trace().graph.leaf_mut(value).and_then(|leaf| leaf.init).unwrap_or(value)
}

/// `module._parameters.pop(name)`
fn take(host: &mut dyn Host, id: ModuleId, name: &str) -> Result<Tensor> {
    let module = module(host, id)?;
    if module.reparametrized.iter().any(|r| r.name == name) {
        return Err(Error::unsupported(format!("two parametrizations of one parameter {name}")));
    }
    module.parameters.shift_remove(name).flatten().ok_or_else(|| {
        Error::mismatch(format!("Module '{}' has no parameter or buffer '{name}'", module.class.short()))
            .code("value_error")
    })
}

fn tensor(host: &mut dyn Host, id: ModuleId, name: &str) -> Result<Tensor> {
    let module = module(host, id)?;
    let found = module.parameters.get(name).or_else(|| module.buffers.get(name)).cloned().flatten();
    found.ok_or_else(|| Error::mismatch(format!("'{}' object has no attribute '{name}'", module.class.short())))
}

/// Where the originals lie.
fn holder(host: &mut dyn Host, id: ModuleId, name: &str, listed: bool) -> Result<ModuleId> {
    if !listed {
        return Ok(id);
    }
    let all = module(host, id)?.children.get("parametrizations").copied().flatten();
    let all = all.ok_or_else(|| Error::mismatch("a module without its parametrizations"))?;
    let list = module(host, all)?.children.get(name).copied().flatten();
    list.ok_or_else(|| Error::mismatch("a module without its parametrizations"))
}

/// `module.parametrizations[name]`, made.
fn list(host: &mut dyn Host, id: ModuleId, name: &str) -> Result<ModuleId> {
    let all = match module(host, id)?.children.get("parametrizations").copied().flatten() {
        Some(all) => all,
        None => {
            let all = plain(host, "torch.nn.ModuleDict")?;
            module(host, id)?.children.insert("parametrizations".to_owned(), Some(all));
            all
        }
    };
    let list = plain(host, "torch.nn.ModuleList")?;
    module(host, all)?.children.insert(name.to_owned(), Some(list));
    Ok(list)
}

/// An empty module of torch's.
fn plain(host: &mut dyn Host, class: &str) -> Result<ModuleId> {
    let class = module::class(class).ok_or_else(|| Error::unsupported(class))?;
    Ok(host.trace().modules.add(Module::new(ClassRef::Torch(class), true)))
}

fn done(host: &mut dyn Host, id: ModuleId, made: Reparametrized) -> Result<Value> {
    module(host, id)?.reparametrized.push(made);
    refresh(host, id)?;
    Ok(Value::Module(id))
}
