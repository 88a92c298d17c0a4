//! A checkpoint to be written: Python objects, and the storages of their tensors, in the shapes that torch's own `__reduce_ex__` gives them
//! (`torch/_tensor.py`, `torch/nn/parameter.py`, `torch/nn/modules/module.py`).

use crate::checkpoint::storage::StorageId;
use crate::data::TensorData;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use crate::pickle::build::{Builder, unsigned};
use crate::pickle::object::{NodeId, Object};
use crate::source::LocalFuture;

/// A storage of a [`Draft`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DraftStorage(pub(super) usize);

impl DraftStorage {
    /// The storage with this number, in the order in which the draft got them.
    pub fn numbered(number: usize) -> Self {
        Self(number)
    }
}

/// Gives a storage's values when it is their turn to be written.
pub type Later<'a> = Box<dyn Fn() -> LocalFuture<'a, Result<TensorData>> + 'a>;

/// Where a storage's bytes come from.
pub enum Content<'a> {
    /// here they are, little-endian
    Bytes(Vec<u8>),
    /// asked for when they are written, so that one storage is in memory at a time
    Later(Later<'a>),
    /// a storage of the opened file, copied
    File(StorageId),
}

pub(super) struct Stored<'a> {
    pub dtype: Option<DType>,
    pub nbytes: u64,
    pub location: String,
    pub content: Content<'a>,
}

/// How a tensor looks at its storage; in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strided {
    /// element type
    pub dtype: DType,
    /// the first element's place
    pub offset: u64,
    /// sizes
    pub shape: Vec<u64>,
    /// steps
    pub stride: Vec<u64>,
    /// `requires_grad`
    pub requires_grad: bool,
    /// torch's lazy views
    pub conj: bool,
    /// torch's lazy views
    pub neg: bool,
}

/// Strides of a contiguous tensor, as torch gives them: a dim of size 0 counts as 1.
pub fn contiguous_stride(shape: &[u64]) -> Vec<u64> {
    let mut step = 1u64;
    let mut stride: Vec<u64> = shape
        .iter()
        .rev()
        .map(|&size| {
            let here = step;
            step = step.saturating_mul(size.max(1));
            here
        })
        .collect();
    stride.reverse();
    stride
}

/// The typed storage class of a dtype; those that came later have none and lie in UntypedStorages.
pub fn storage_class(dtype: DType) -> Option<&'static str> {
    Some(match dtype {
        DType::Float64 => "DoubleStorage",
        DType::Float32 => "FloatStorage",
        DType::Float16 => "HalfStorage",
        DType::BFloat16 => "BFloat16Storage",
        DType::Int64 => "LongStorage",
        DType::Int32 => "IntStorage",
        DType::Int16 => "ShortStorage",
        DType::Int8 => "CharStorage",
        DType::UInt8 => "ByteStorage",
        DType::Bool => "BoolStorage",
        DType::Complex128 => "ComplexDoubleStorage",
        DType::Complex64 => "ComplexFloatStorage",
        DType::QInt8 => "QInt8Storage",
        DType::QUInt8 => "QUInt8Storage",
        DType::QInt32 => "QInt32Storage",
        DType::QUInt4x2 => "QUInt4x2Storage",
        DType::QUInt2x4 => "QUInt2x4Storage",
        _ => return None,
    })
}

/// Objects and storages of a file to be written.
#[derive(Default)]
pub struct Draft<'a> {
    /// the Python objects; a storage is a [`Object::Persistent`] of its number
    pub objects: Builder,
    pub(super) storages: Vec<Stored<'a>>,
}

impl<'a> Draft<'a> {
    /// A storage; `dtype` is that of the tensors in it.
    pub fn storage(&mut self, dtype: DType, nbytes: u64, location: &str, content: Content<'a>) -> DraftStorage {
        self.untyped(storage_class(dtype).map(|_| dtype), nbytes, location, content)
    }

    pub(super) fn untyped(
        &mut self,
        dtype: Option<DType>,
        nbytes: u64,
        location: &str,
        content: Content<'a>,
    ) -> DraftStorage {
        self.storages.push(Stored { dtype, nbytes, location: location.to_owned(), content });
        DraftStorage(self.storages.len() - 1)
    }

    /// The object that stands for a storage in tensors.
    pub(super) fn persistent(&mut self, storage: DraftStorage) -> Object {
        let number = self.objects.add(unsigned(storage.0 as u64));
        Object::Persistent(number)
    }

    /// A tensor's object, a call of `torch._utils._rebuild_tensor_v2` or `_v3`.
    pub fn strided_object(&mut self, storage: DraftStorage, view: &Strided) -> Object {
        let persistent = self.persistent(storage);
        let persistent = self.objects.add(persistent);
        let objects = &mut self.objects;
        let offset = objects.add(unsigned(view.offset));
        let (shape, stride) = (objects.ints(&view.shape), objects.ints(&view.stride));
        let requires_grad = objects.bool(view.requires_grad);
        let hooks = objects.ordered_dict(Vec::new());
        let mut args = vec![persistent, offset, shape, stride, requires_grad, objects.instance(hooks)];
        let typed = storage_class(view.dtype).is_some();
        if !typed {
            args.push(objects.global("torch", view.dtype.name()));
        }
        let flags: Vec<(&str, NodeId)> = [("conj", view.conj), ("neg", view.neg)]
            .into_iter()
            .filter(|(_, on)| *on)
            .map(|(name, on)| (name, objects.bool(on)))
            .collect();
        if !flags.is_empty() {
            args.push(objects.named_dict(&flags));
        }
        let name = if typed { "_rebuild_tensor_v2" } else { "_rebuild_tensor_v3" };
        Object::Instance(Box::new(objects.call("torch._utils", name, args)))
    }

    /// An `nn.Parameter`'s object over a tensor.
    pub fn parameter_object(&mut self, data: NodeId, requires_grad: bool) -> Object {
        let objects = &mut self.objects;
        let requires_grad = objects.bool(requires_grad);
        let hooks = objects.ordered_dict(Vec::new());
        let args = vec![data, requires_grad, objects.instance(hooks)];
        Object::Instance(Box::new(objects.call("torch._utils", "_rebuild_parameter", args)))
    }

    /// A tensor that is a view of a storage.
    pub fn strided(&mut self, storage: DraftStorage, view: &Strided) -> NodeId {
        let object = self.strided_object(storage, view);
        self.objects.add(object)
    }

    /// A contiguous tensor with a storage of its own. Unsupported for dtypes that need more than bytes.
    pub fn tensor(&mut self, data: TensorData) -> Result<NodeId> {
        let TensorData { dtype, shape, bytes } = TensorData::new(data.dtype, data.shape, data.bytes)?;
        self.tensor_of(dtype, &shape, Content::Bytes(bytes))
    }

    /// A contiguous tensor whose values come from elsewhere.
    pub fn tensor_of(&mut self, dtype: DType, shape: &[usize], content: Content<'a>) -> Result<NodeId> {
        if dtype.category() == Category::Quantized {
            return Err(Error::unsupported(format!(
                "a quantized tensor (torch.{}) without its quantizer",
                dtype.name()
            )));
        }
        let shape: Vec<u64> = shape.iter().map(|&d| d as u64).collect();
        let nbytes = shape.iter().try_fold(dtype.size() as u64, |n, &d| n.checked_mul(d));
        let nbytes = nbytes.ok_or_else(|| Error::too_large("the tensor", format!("{shape:?}"), u64::MAX))?;
        let storage = self.storage(dtype, nbytes, "cpu", content);
        let stride = contiguous_stride(&shape);
        let view = Strided { dtype, offset: 0, shape, stride, requires_grad: false, conj: false, neg: false };
        Ok(self.strided(storage, &view))
    }

    /// What `nn.Module.state_dict()` returns: an OrderedDict from names to tensors, with `_metadata` from every module's name to its
    /// version. An attribute's name is one object in Python, a name with a prefix a new one.
    pub fn state_dict(&mut self, tensors: &[(&str, NodeId)], versions: &[(&str, i64)]) -> NodeId {
        let objects = &mut self.objects;
        let items = tensors.iter().map(|&(name, tensor)| {
            let key = if name.contains('.') { objects.text(name) } else { objects.name(name) };
            (key, tensor)
        });
        let items = items.collect();
        let mut state_dict = objects.ordered_dict(items);
        let versions = versions.iter().map(|&(prefix, version)| {
            let version = objects.int(version);
            (objects.text(prefix), objects.named_dict(&[("version", version)]))
        });
        let versions = versions.collect();
        let metadata = objects.ordered_dict(versions);
        let metadata = objects.instance(metadata);
        state_dict.states.push(objects.named_dict(&[("_metadata", metadata)]));
        objects.instance(state_dict)
    }
}
