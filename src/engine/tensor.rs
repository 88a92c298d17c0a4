//! burn's tensors without their const rank: the only file (with `kernel.rs`, its second half) that names burn's backend functions.
//!
//! burn's public `Tensor<D>` carries its rank in the type. With burn's `extension` feature the tensor below it, `DispatchTensor`,
//! is open: it has no rank in the type, knows its device at run time, records gradients when its device does, and the functions of
//! burn's backend traits take it as it is. They check little: callers keep shapes right. A tensor here has rank 1 or more.

use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn::backend::{Dispatch, DispatchDevice, DispatchTensor, Shape, TensorMetadata};
use burn::tensor::{BoolDType, DType, FloatDType, IndexingUpdateOp, IntDType, Slice, TensorData};

pub use burn::backend::Scalar;

/// What burn tells apart: its three kinds of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// floating point
    Float,
    /// signed and unsigned integers
    Int,
    /// truth values
    Bool,
}

/// What a device stores, carried by each of its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// A GPU has neither 64-bit elements nor reads that do not wait.
    pub gpu: bool,
    /// how burn stores bools there
    pub bools: BoolDType,
}

/// A burn device and what it stores.
#[derive(Clone, Debug)]
pub struct Place {
    pub(super) device: DispatchDevice,
    pub(super) facts: Facts,
}

/// A rank-free burn tensor.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub(super) inner: DispatchTensor,
    pub(super) facts: Facts,
}

/// Which way two elements combine that are written to one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    Replace,
    Add,
    Multiply,
    Min,
    Max,
}

impl Update {
    fn burn(self) -> IndexingUpdateOp {
        match self {
            Self::Replace => IndexingUpdateOp::Assign,
            Self::Add => IndexingUpdateOp::Add,
            Self::Multiply => IndexingUpdateOp::Mul,
            Self::Min => IndexingUpdateOp::Min,
            Self::Max => IndexingUpdateOp::Max,
        }
    }
}

/// Host numbers on their way to a device.
#[derive(Clone, Debug)]
pub enum Host {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    I32(Vec<i32>),
    I16(Vec<i16>),
    I8(Vec<i8>),
    U64(Vec<u64>),
    U32(Vec<u32>),
    U16(Vec<u16>),
    U8(Vec<u8>),
    Bool(Vec<bool>),
}

/// Calls one of three backend functions by the tensor's kind.
macro_rules! by_kind {
    ($t:expr, $float:ident, $int:ident, $bool:ident $(, $arg:expr)*) => {{
        let t = $t;
        let facts = t.facts;
        let inner = match t.kind() {
            Kind::Float => Dispatch::$float(t.inner $(, $arg)*),
            Kind::Int => Dispatch::$int(t.inner $(, $arg)*),
            Kind::Bool => Dispatch::$bool(t.inner $(, $arg)*),
        };
        Tensor { inner, facts }
    }};
}

/// Calls one of two backend functions by the tensor's kind; bools have become integers.
macro_rules! by_number {
    ($t:expr, $float:ident, $int:ident $(, $arg:expr)*) => {{
        let t = $t.numeric();
        let facts = t.facts;
        let inner = match t.kind() {
            Kind::Float => Dispatch::$float(t.inner $(, $arg)*),
            _ => Dispatch::$int(t.inner $(, $arg)*),
        };
        Tensor { inner, facts }
    }};
}

pub(super) use by_number;

impl Place {
    /// Copies host numbers to the device. The shape has rank 1 or more and as many elements.
    pub fn upload(&self, host: Host, shape: &[usize]) -> Tensor {
        let (d, s) = (&self.device, shape.to_vec());
        let inner = match host {
            Host::F64(v) => Dispatch::float_from_data(TensorData::new(v, s), d),
            Host::F32(v) => Dispatch::float_from_data(TensorData::new(v, s), d),
            Host::I64(v) => Dispatch::int_from_data(TensorData::new(v, s), d),
            Host::I32(v) => Dispatch::int_from_data(TensorData::new(v, s), d),
            Host::I16(v) => Dispatch::int_from_data(TensorData::new(v, s), d),
            Host::I8(v) => Dispatch::int_from_data(TensorData::new(v, s), d),
            Host::U64(v) => Dispatch::int_from_data(TensorData::new(v, s), d),
            Host::U32(v) => Dispatch::int_from_data(TensorData::new(v, s), d),
            Host::U16(v) => Dispatch::int_from_data(TensorData::new(v, s), d),
            Host::U8(v) => Dispatch::int_from_data(TensorData::new(v, s), d),
            Host::Bool(v) => {
                let data = TensorData::new(v, s).convert_dtype(DType::Bool(self.facts.bools));
                Dispatch::bool_from_data(data, d)
            }
        };
        Tensor { inner, facts: self.facts }
    }

    /// A float tensor over burn's data, whose memory it takes on the CPU.
    pub fn wrap(&self, data: TensorData) -> Tensor {
        Tensor { inner: Dispatch::float_from_data(data, &self.device), facts: self.facts }
    }

    /// Index numbers in the device's own integer type.
    pub fn indices(&self, values: &[usize]) -> Tensor {
        let wide = values.iter().map(|&v| i64::try_from(v).unwrap_or(i64::MAX));
        let host = if self.facts.gpu {
            Host::I32(wide.map(|v| i32::try_from(v).unwrap_or(i32::MAX)).collect())
        } else {
            Host::I64(wide.collect())
        };
        self.upload(host, &[values.len()])
    }

    /// A tensor of one number.
    pub fn full(&self, shape: &[usize], value: Scalar, dtype: DType) -> Tensor {
        let (d, s) = (&self.device, Shape::from(shape.to_vec()));
        let inner = match dtype {
            t if t.is_float() => Dispatch::float_full(s, value, d, t.into()),
            t if t.is_bool() => match value.elem::<bool>() {
                true => Dispatch::bool_ones(s, d, self.facts.bools),
                false => Dispatch::bool_zeros(s, d, self.facts.bools),
            },
            t => Dispatch::int_full(s, value, d, t.into()),
        };
        Tensor { inner, facts: self.facts }
    }
}

impl Tensor {
    /// Where it lives. What is made there is no part of any gradient.
    pub fn place(&self) -> Place {
        Place { device: self.inner.device().inner(), facts: self.facts }
    }

    /// burn's element type.
    pub fn dtype(&self) -> DType {
        self.inner.dtype()
    }

    /// Sizes.
    pub fn shape(&self) -> Vec<usize> {
        self.inner.shape().to_vec()
    }

    /// Number of dims.
    pub fn rank(&self) -> usize {
        self.inner.shape().num_dims()
    }

    /// The size of a dim; 1 for one that is not there.
    pub fn size(&self, dim: usize) -> usize {
        self.inner.shape().get(dim).copied().unwrap_or(1)
    }

    /// Elements.
    pub fn numel(&self) -> usize {
        self.inner.shape().num_elements()
    }

    /// Which of burn's kinds.
    pub fn kind(&self) -> Kind {
        match self.dtype() {
            DType::Bool(_) => Kind::Bool,
            t if t.is_float() => Kind::Float,
            _ => Kind::Int,
        }
    }

    /// Reads the elements back; waits for the device.
    pub async fn read(self) -> Result<TensorData, String> {
        let kind = self.kind();
        let inner = self.detach().inner;
        match kind {
            Kind::Float => Dispatch::float_into_data(inner).await,
            Kind::Int => Dispatch::int_into_data(inner).await,
            Kind::Bool => Dispatch::bool_into_data(inner).await,
        }
        .map_err(|e| format!("{e:?}"))
    }

    /// The integer type that the device indexes with.
    pub fn index_dtype(&self) -> IntDType {
        if self.facts.gpu { IntDType::I32 } else { IntDType::I64 }
    }

    /// The elements of a float tensor of the CPU, which does not wait; `None` for others.
    pub fn read_now(self) -> Option<TensorData> {
        if self.facts.gpu || self.kind() != Kind::Float {
            return None;
        }
        let mut reading = std::pin::pin!(Dispatch::float_into_data(self.inner));
        match reading.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
            std::task::Poll::Ready(data) => data.ok(),
            std::task::Poll::Pending => None,
        }
    }

    /// Bools as integers; other kinds as they are.
    pub fn numeric(self) -> Self {
        match self.kind() {
            Kind::Bool => {
                let dtype = self.index_dtype();
                self.to_int(dtype)
            }
            _ => self,
        }
    }

    /// To a floating type.
    #[expect(
        clippy::wrong_self_convention,
        reason = "burn\'s tensors are given up, so that their memory can be reused"
    )]
    pub fn to_float(self, dtype: FloatDType) -> Self {
        let facts = self.facts;
        let inner = match self.kind() {
            Kind::Float if self.dtype() == DType::from(dtype) => self.inner,
            Kind::Float => Dispatch::float_cast(self.inner, dtype),
            Kind::Int => Dispatch::int_into_float(self.inner, dtype),
            Kind::Bool => Dispatch::bool_into_float(self.inner, dtype),
        };
        Self { inner, facts }
    }

    /// To an integer type; floats are truncated.
    #[expect(
        clippy::wrong_self_convention,
        reason = "burn\'s tensors are given up, so that their memory can be reused"
    )]
    pub fn to_int(self, dtype: IntDType) -> Self {
        let facts = self.facts;
        let inner = match self.kind() {
            Kind::Float => Dispatch::float_into_int(self.detach().inner, dtype),
            Kind::Int if self.dtype() == DType::from(dtype) => self.inner,
            Kind::Int => Dispatch::int_cast(self.inner, dtype),
            Kind::Bool => Dispatch::bool_into_int(self.inner, dtype),
        };
        Self { inner, facts }
    }

    /// `x != 0`.
    #[expect(
        clippy::wrong_self_convention,
        reason = "burn\'s tensors are given up, so that their memory can be reused"
    )]
    pub fn to_bool(self) -> Self {
        match self.kind() {
            Kind::Bool => self,
            _ => self.ne_scalar(Scalar::Int(0)),
        }
    }

    /// Another shape of as many elements.
    pub fn reshape(self, shape: &[usize]) -> Self {
        if self.shape() == shape {
            return self;
        }
        by_kind!(self, float_reshape, int_reshape, bool_reshape, Shape::from(shape.to_vec()))
    }

    /// Dims in another order.
    pub fn permute(self, dims: &[usize]) -> Self {
        by_kind!(self, float_permute, int_permute, bool_permute, dims)
    }

    /// Exchanges two dims.
    pub fn swap_dims(self, a: usize, b: usize) -> Self {
        by_kind!(self, float_swap_dims, int_swap_dims, bool_swap_dims, a, b)
    }

    /// Repeats dims of size 1 without copying; missing leading dims are added.
    pub fn expand(self, shape: &[usize]) -> Self {
        let own = self.shape();
        if own == shape {
            return self;
        }
        let mut padded = vec![1; shape.len().saturating_sub(own.len())];
        padded.extend(own);
        let t = self.reshape(&padded);
        by_kind!(t, float_expand, int_expand, bool_expand, Shape::from(shape.to_vec()))
    }

    /// Every `step`th of `start..end` along a dim.
    pub fn slice(self, dim: usize, start: usize, end: usize, step: usize) -> Self {
        if start == 0 && end == self.size(dim) && step == 1 {
            return self;
        }
        let slices = slices(self.rank(), dim, start, end, step);
        by_kind!(self, float_slice, int_slice, bool_slice, &slices)
    }

    /// `self` with `value` written over every `step`th of `start..end` along a dim.
    pub fn slice_assign(self, dim: usize, start: usize, end: usize, step: usize, value: Self) -> Self {
        let slices = slices(self.rank(), dim, start, end, step);
        by_kind!(self, float_slice_assign, int_slice_assign, bool_slice_assign, &slices, value.inner)
    }

    /// `self` with `value` written over a box that starts at `offset`.
    pub fn box_assign(self, offset: &[usize], value: Self) -> Self {
        let slices: Vec<Slice> =
            offset.iter().zip(value.shape()).map(|(&o, n)| Slice::new(signed(o), Some(signed(o + n)), 1)).collect();
        by_kind!(self, float_slice_assign, int_slice_assign, bool_slice_assign, &slices, value.inner)
    }

    /// Reverses dims.
    pub fn flip(self, dims: &[usize]) -> Self {
        by_kind!(self, float_flip, int_flip, bool_flip, dims)
    }

    /// `times` copies one after the other along a dim.
    pub fn repeat_dim(self, dim: usize, times: usize) -> Self {
        by_kind!(self, float_repeat_dim, int_repeat_dim, bool_repeat_dim, dim, times)
    }

    /// Joins tensors of one kind along a dim.
    pub fn cat(tensors: Vec<Self>, dim: usize) -> Option<Self> {
        let (kind, facts) = tensors.first().map(|t| (t.kind(), t.facts))?;
        let inner: Vec<_> = tensors.into_iter().map(|t| t.inner).collect();
        let inner = match kind {
            Kind::Float => Dispatch::float_cat(inner, dim),
            Kind::Int => Dispatch::int_cat(inner, dim),
            Kind::Bool => Dispatch::bool_cat(inner, dim),
        };
        Some(Self { inner, facts })
    }

    /// Rows of a dim by a list of positions.
    pub fn select(self, dim: usize, indices: Self) -> Self {
        if self.kind() == Kind::Bool {
            // burn-dispatch 0.22.1 panics on selecting and gathering bools.
            return self.numeric().select(dim, indices).to_bool();
        }
        by_kind!(self, float_select, int_select, bool_select, dim, indices.inner)
    }

    /// Adds rows of `value` to the rows of `self` that `indices` lists.
    pub fn select_add(self, dim: usize, indices: Self, value: Self) -> Self {
        let add = Update::Add.burn();
        by_number!(self, float_select_assign, int_select_assign, dim, indices.inner, value.inner, add)
    }

    /// Elements along a dim by positions; `indices` has the result's shape and the other dims of `self`.
    pub fn gather(self, dim: usize, indices: Self) -> Self {
        let facts = self.facts;
        let inner = match self.kind() {
            Kind::Float => Dispatch::float_gather(dim, self.inner, indices.inner),
            Kind::Int => Dispatch::int_gather(dim, self.inner, indices.inner),
            Kind::Bool => return self.numeric().gather(dim, indices).to_bool(),
        };
        Self { inner, facts }
    }

    /// Writes `value` to positions along a dim; numbers only.
    pub fn scatter(self, dim: usize, indices: Self, value: Self, update: Update) -> Self {
        let t = self.numeric();
        let (facts, how) = (t.facts, update.burn());
        let inner = match t.kind() {
            Kind::Float => Dispatch::float_scatter(dim, t.inner, indices.inner, value.inner, how),
            _ => Dispatch::int_scatter(dim, t.inner, indices.inner, value.numeric().inner, how),
        };
        Self { inner, facts }
    }

    /// `value` where `mask`, else `self`; all of one shape.
    pub fn mask_where(self, mask: Self, value: Self) -> Self {
        by_kind!(self, float_mask_where, int_mask_where, bool_mask_where, mask.inner, value.inner)
    }

    /// A number where `mask`, else `self`; both of one shape.
    pub fn mask_fill(self, mask: Self, value: Scalar) -> Self {
        by_kind!(self, float_mask_fill, int_mask_fill, bool_mask_fill, mask.inner, value)
    }

    /// Windows of `size` every `step` along a dim, as a new last dim.
    pub fn unfold(self, dim: usize, size: usize, step: usize) -> Self {
        by_kind!(self, float_unfold, int_unfold, bool_unfold, dim, size, step)
    }
}

fn slices(rank: usize, dim: usize, start: usize, end: usize, step: usize) -> Vec<Slice> {
    (0..rank)
        .map(|d| if d == dim { Slice::new(signed(start), Some(signed(end)), signed(step)) } else { Slice::full() })
        .collect()
}

fn signed(n: usize) -> isize {
    isize::try_from(n).unwrap_or(isize::MAX)
}
