//! torch's rebuild functions (`torch/_utils.py`, `torch/_tensor.py`, `torch/nn/parameter.py`) as data: which nodes of a pickle are tensors.

use super::globals::modern;
use super::storage::{StorageId, class_dtype};
use super::tensor::{Layout, MAX_DIMS, Tensor, TensorId};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::pickle::object::{Arena, Instance, NodeId, Object};
use std::collections::HashMap;
use std::rc::Rc;

/// The code of an error for a storage class that is not torch's.
const UNKNOWN_CLASS: &str = "storage_class";

/// A storage as a persistent id names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageName {
    /// the key
    pub key: String,
    /// element type of a typed storage
    pub dtype: Option<DType>,
    /// `cpu`, `cuda:0`, ...
    pub location: String,
    /// bytes
    pub nbytes: u64,
    /// the bytes themselves, where the pickle holds them
    pub data: Option<Rc<[u8]>>,
}

/// Finds, or enters, the storage that a persistent id names.
pub type FindStorage<'a> = &'a mut dyn FnMut(StorageName) -> Result<StorageId>;

/// The tensors of a pickle.
#[derive(Clone, Debug, Default)]
pub struct Tensors {
    /// by [`TensorId`]
    pub list: Vec<Tensor>,
    /// which nodes are tensors
    pub by_node: HashMap<NodeId, TensorId>,
}

/// Module and name of a global, with Python 2's and torch's old module names mapped.
pub fn global(arena: &Arena, id: NodeId) -> Option<(&str, &str)> {
    match arena.get(id) {
        Object::Global { module, name } => Some((modern(module), name)),
        // Legacy files wrap the class of a module: ('module', cls, source_file, source); tar files: (cls, source_file, source).
        Object::Persistent(inner) => match arena.get(*inner) {
            Object::Tuple(items) => {
                global(arena, *items.iter().take(2).find(|i| matches!(arena.get(**i), Object::Global { .. }))?)
            }
            _ => None,
        },
        _ => None,
    }
}

/// An int that fits.
pub fn int(arena: &Arena, id: NodeId) -> Option<i64> {
    match arena.get(id) {
        Object::Int(n) => Some(*n),
        Object::Bool(b) => Some(i64::from(*b)),
        _ => None,
    }
}

/// A sequence of non-negative ints: a tuple, a list, or a torch.Size.
pub fn sizes(arena: &Arena, id: NodeId) -> Option<Vec<u64>> {
    let items = match arena.get(id) {
        Object::Tuple(items) | Object::List(items) => items,
        Object::Instance(instance) if global(arena, instance.callable) == Some(("torch", "Size")) => {
            let Object::Tuple(args) = arena.get(instance.args) else { return None };
            let (Object::Tuple(items) | Object::List(items)) = arena.get(*args.first()?) else { return None };
            items
        }
        _ => return None,
    };
    // A pickle can repeat one short tuple; the limit keeps what we copy in proportion.
    (items.len() <= MAX_DIMS).then_some(())?;
    items.iter().map(|&i| u64::try_from(int(arena, i)?).ok()).collect()
}

/// Finds every tensor of the pickle. A tensor that does not fit its storage refuses the file, as torch does.
pub fn tensors(arena: &Arena, record: &str, find: FindStorage<'_>) -> Result<Tensors> {
    tensors_beside(Tensors::default(), arena, record, find)
}

/// The same, where some nodes are known to be tensors already: tar files describe them outside the pickle.
pub fn tensors_beside(mut found: Tensors, arena: &Arena, record: &str, find: FindStorage<'_>) -> Result<Tensors> {
    let mut nested = HashMap::new();
    for id in arena.ids() {
        let Object::Instance(instance) = arena.get(id) else { continue };
        let Some((module, name)) = global(arena, instance.callable) else { continue };
        let Object::Tuple(args) = arena.get(instance.args) else { continue };
        let located = |e: Error| e.at(format!("{record}+0x{:x}", arena.offset(id)));
        let tensor = Rebuild { arena, found: &found, find, nested: &mut nested }
            .call(module, name, args, instance)
            .map_err(located)?;
        if let Some(tensor) = tensor {
            let index = u32::try_from(found.list.len()).unwrap_or(u32::MAX);
            found.list.push(tensor);
            found.by_node.insert(id, TensorId(index));
        }
    }
    Ok(found)
}

struct Rebuild<'a, 'b> {
    arena: &'a Arena,
    found: &'a Tensors,
    find: FindStorage<'b>,
    nested: &'a mut HashMap<NodeId, StorageName>,
}

impl Rebuild<'_, '_> {
    /// The tensor that `module.name(*args)` makes; `None` when it makes none.
    fn call(&mut self, module: &str, name: &str, args: &[NodeId], instance: &Instance) -> Result<Option<Tensor>> {
        let arg = |i: usize| args.get(i).copied();
        match (module, name) {
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3") => {
                self.strided(args, name == "_rebuild_tensor_v3").map(Some)
            }
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                Ok(self.parameter(arg(0), arg(1)))
            }
            ("torch.nn.parameter", "Parameter" | "Buffer" | "UninitializedParameter") => {
                // 0.1 to 0.3: BUILD (requires_grad, volatile, hooks)
                let state = instance.states.first().and_then(|s| match self.arena.get(*s) {
                    Object::Tuple(items) => items.first().copied(),
                    _ => None,
                });
                Ok(self.parameter(arg(0), arg(1).or(state)))
            }
            ("torch._tensor", "_rebuild_from_type_v2" | "_rebuild_from_type") => {
                let Some((inner, inner_args)) = arg(0).and_then(|f| global(self.arena, f)).zip(arg(2)) else {
                    return Ok(None);
                };
                let Object::Tuple(inner_args) = self.arena.get(inner_args) else { return Ok(None) };
                // One level is all that torch writes; a nested one stays an object.
                if inner.1.starts_with("_rebuild_from_type") {
                    return Ok(None);
                }
                self.call(inner.0, inner.1, inner_args, instance)
            }
            ("torch._utils", "_rebuild_qtensor") => self.quantized(args).map(Some),
            ("torch._utils", "_rebuild_sparse_tensor" | "_rebuild_sparse_csr_tensor") => self.sparse(args).map(Some),
            ("torch._utils", "_rebuild_meta_tensor_no_storage") => {
                Ok(Some(self.absent(arg(0), arg(1), arg(2), "a tensor on torch.device('meta') has no data")))
            }
            ("torch._utils", "_rebuild_wrapper_subclass") => {
                Ok(Some(self.absent(arg(1), arg(2), arg(3), "a tensor subclass without data of its own")))
            }
            ("torch._utils", "_rebuild_nested_tensor") => Ok(Some(self.absent(None, None, None, "a nested tensor"))),
            _ => Ok(None),
        }
    }

    fn parameter(&self, data: Option<NodeId>, requires_grad: Option<NodeId>) -> Option<Tensor> {
        let id = self.found.by_node.get(&data?)?;
        let tensor = self.found.list.get(id.0 as usize)?;
        let requires_grad = requires_grad.is_none_or(|r| *self.arena.get(r) != Object::Bool(false));
        Some(Tensor { parameter: true, requires_grad, ..tensor.clone() })
    }

    fn strided(&mut self, args: &[NodeId], dtype_in_args: bool) -> Result<Tensor> {
        let broken = |what: &str| Error::malformed(format!("_rebuild_tensor: {what}"));
        let arg = |i: usize| args.get(i).copied();
        let (name, view_offset) = match self.storage(arg(0).ok_or_else(|| broken("no storage"))?) {
            // A storage class that torch 2.15 does not have: the tensor is listed, and the rest of the file loads.
            Err(error) if error.code == UNKNOWN_CLASS => {
                return Ok(self.absent(None, arg(2), arg(3), &format!("a tensor with {}", error.message)));
            }
            found => found?,
        };
        let offset = arg(1).and_then(|o| int(self.arena, o)).and_then(|o| u64::try_from(o).ok());
        let shape =
            arg(2).and_then(|s| sizes(self.arena, s)).ok_or_else(|| broken("sizes must be non-negative ints"))?;
        let stride =
            arg(3).and_then(|s| sizes(self.arena, s)).ok_or_else(|| broken("strides must be non-negative ints"))?;
        let dtype = if dtype_in_args { arg(6).and_then(|d| self.dtype(d)) } else { name.dtype };
        let dtype = dtype.ok_or_else(|| Error::unsupported("a tensor over an UntypedStorage without a dtype"))?;
        let metadata = arg(if dtype_in_args { 7 } else { 6 });
        let nbytes = name.nbytes;
        let device = name.location.clone();
        let packed =
            (dtype.category() >= crate::dtype::Category::Quantized).then(|| format!("torch.{} values", dtype.name()));
        let tensor = Tensor {
            parameter: false,
            dtype,
            shape,
            stride,
            storage_offset: offset
                .and_then(|o| o.checked_add(view_offset))
                .ok_or_else(|| broken("the storage offset must be a non-negative int"))?,
            storage: Some((self.find)(name)?),
            requires_grad: arg(4).is_some_and(|r| *self.arena.get(r) == Object::Bool(true)),
            layout: Layout::Strided,
            unloadable: if device == "meta" {
                Some("a tensor on torch.device('meta') has no data".into())
            } else {
                packed
            },
            device,
            conj: self.flag(metadata, "conj"),
            neg: self.flag(metadata, "neg"),
        };
        tensor.check(nbytes)?;
        Ok(tensor)
    }

    /// The storage of a tensor, and the offset that a view of it adds.
    fn storage(&mut self, id: NodeId) -> Result<(StorageName, u64)> {
        if let Object::Instance(made) = self.arena.get(id)
            && global(self.arena, made.callable) == Some(("torch.storage", "_load_from_bytes"))
            && let Object::Tuple(args) = self.arena.get(made.args)
            && let Some(bytes) = args.first()
        {
            // The same bytes object can be met a million times.
            if let Some(known) = self.nested.get(bytes) {
                return Ok((known.clone(), 0));
            }
            let name = super::nested::storage(self.arena, *bytes)?;
            self.nested.insert(*bytes, name.clone());
            return Ok((name, 0));
        }
        storage_name(self.arena, id)
    }

    fn dtype(&self, id: NodeId) -> Option<DType> {
        global(self.arena, id).filter(|(module, _)| *module == "torch").and_then(|(_, name)| DType::from_name(name))
    }

    fn flag(&self, metadata: Option<NodeId>, key: &str) -> bool {
        let Some(Object::Dict(items)) = metadata.map(|m| self.arena.get(m)) else { return false };
        let is = |id: NodeId| matches!(self.arena.get(id), Object::Str(s) if s == key);
        items.iter().any(|(k, v)| is(*k) && *self.arena.get(*v) == Object::Bool(true))
    }

    fn quantized(&mut self, args: &[NodeId]) -> Result<Tensor> {
        let mut tensor = self.strided(args, false)?;
        tensor.requires_grad = args.get(5).is_some_and(|r| *self.arena.get(*r) == Object::Bool(true));
        tensor.unloadable = Some(format!("a quantized tensor (torch.{})", tensor.dtype.name()));
        Ok(tensor)
    }

    fn sparse(&mut self, args: &[NodeId]) -> Result<Tensor> {
        let layout = args.first().and_then(|l| match self.arena.get(*l) {
            Object::Instance(made) => match self.arena.get(made.args) {
                Object::Tuple(items) => items.first().map(|i| self.arena.get(*i)),
                _ => None,
            },
            _ => None,
        });
        let layout = match layout {
            Some(Object::Str(name)) => match name.as_str() {
                "torch.sparse_csr" => "torch.sparse_csr",
                "torch.sparse_csc" => "torch.sparse_csc",
                "torch.sparse_bsr" => "torch.sparse_bsr",
                "torch.sparse_bsc" => "torch.sparse_bsc",
                _ => "torch.sparse_coo",
            },
            _ => "torch.sparse_coo",
        };
        let parts = match args.get(1).map(|a| self.arena.get(*a)) {
            Some(Object::Tuple(parts)) => parts.as_slice(),
            _ => return Err(Error::malformed("_rebuild_sparse_tensor: no indices and values")),
        };
        let (values, size) = if layout == "torch.sparse_coo" { (1, 2) } else { (2, 3) };
        let values =
            parts.get(values).and_then(|v| self.found.by_node.get(v)).and_then(|t| self.found.list.get(t.0 as usize));
        let shape = parts.get(size).and_then(|s| sizes(self.arena, *s));
        let (Some(values), Some(shape)) = (values, shape) else {
            return Err(Error::malformed("_rebuild_sparse_tensor: broken indices, values or size"));
        };
        Ok(Tensor {
            shape,
            stride: Vec::new(),
            storage_offset: 0,
            storage: None,
            layout: Layout::Sparse(layout),
            unloadable: Some(format!("a sparse tensor ({layout})")),
            ..values.clone()
        })
    }

    fn absent(&self, dtype: Option<NodeId>, shape: Option<NodeId>, stride: Option<NodeId>, why: &str) -> Tensor {
        Tensor {
            parameter: false,
            dtype: dtype.and_then(|d| self.dtype(d)).unwrap_or(DType::Float32),
            shape: shape.and_then(|s| sizes(self.arena, s)).unwrap_or_default(),
            stride: stride.and_then(|s| sizes(self.arena, s)).unwrap_or_default(),
            storage_offset: 0,
            storage: None,
            requires_grad: false,
            layout: Layout::Strided,
            device: "meta".into(),
            conj: false,
            neg: false,
            unloadable: Some(why.into()),
        }
    }
}

/// `('storage', class, key, location, numel[, (view_key, offset, size)])`, and the offset that the view adds.
pub fn storage_name(arena: &Arena, id: NodeId) -> Result<(StorageName, u64)> {
    let broken = |what: &str| Error::malformed(format!("persistent id of a storage: {what}"));
    let Object::Persistent(inner) = arena.get(id) else { return Err(broken("not a persistent id")) };
    let Object::Tuple(items) = arena.get(*inner) else { return Err(broken("not a tuple")) };
    let item = |i: usize| items.get(i).copied();
    let text = |i: usize| match item(i).map(|n| arena.get(n)) {
        Some(Object::Str(s)) => Some(s.clone()),
        Some(Object::Int(n)) => Some(n.to_string()),
        _ => None,
    };
    if text(0).as_deref() != Some("storage") {
        return Err(broken("it does not begin with 'storage'"));
    }
    let (_, class) = item(1).and_then(|c| global(arena, c)).ok_or_else(|| broken("no storage class"))?;
    let dtype = class_dtype(class)
        .ok_or_else(|| Error::unsupported(format!("storage class torch.{class}")).code(UNKNOWN_CLASS))?;
    let numel = item(4).and_then(|n| int(arena, n)).and_then(|n| u64::try_from(n).ok());
    let numel = numel.ok_or_else(|| broken("numel must be a non-negative int"))?;
    let nbytes = numel.checked_mul(dtype.map_or(1, DType::size) as u64).ok_or_else(|| broken("numel overflows"))?;
    let key = text(2).ok_or_else(|| broken("no key"))?;
    let location = text(3).unwrap_or_else(|| "cpu".into());
    let view = match item(5).map(|v| arena.get(v)) {
        Some(Object::Tuple(view)) => {
            let offset = view.get(1).and_then(|o| int(arena, *o)).and_then(|o| u64::try_from(o).ok());
            offset.ok_or_else(|| broken("a view's offset must be a non-negative int"))?
        }
        _ => 0,
    };
    Ok((StorageName { key, dtype, location, nbytes, data: None }, view))
}
