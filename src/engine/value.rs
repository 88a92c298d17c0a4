//! A tensor on a device: torch's dtype and shape over a burn tensor, and the way there and back.
//!
//! A device need not have torch's dtype. float16 and bfloat16 are kept as float32 whose values are rounded after each operator, as
//! torch's CPU kernels do; a GPU keeps float64 as float32 and every integer as int32, and refuses integers that do not fit. Complex,
//! quantised and float8 numbers are refused.

use super::device::Device;
use super::tensor::{Host, Kind, Place, Scalar, Tensor};
use crate::data::{TensorData, numel};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use burn::tensor::{DType as Stored, FloatDType, IntDType};
use half::{bf16, f16};
use std::collections::HashMap;

/// A tensor that any operator takes and gives. Cloning shares the elements.
#[derive(Clone, Debug)]
pub struct Value {
    dtype: DType,
    shape: Vec<usize>,
    /// Has rank 1 or more: a 0-d value is stored as `[1]`, and so is one without elements.
    tensor: Tensor,
    /// smallest and largest element of an integer tensor, where they are known: an index that needs no check
    bounds: Option<(i64, i64)>,
}

/// What a device stores for one of torch's dtypes.
pub(super) fn stored(dtype: DType, place: &Place) -> Result<Stored> {
    let gpu = place.facts.gpu;
    Ok(match dtype {
        DType::Float64 if !gpu => Stored::F64,
        DType::Float64 | DType::Float32 | DType::Float16 | DType::BFloat16 => Stored::F32,
        DType::Bool => Stored::Bool(place.facts.bools),
        t if t.is_int() && gpu => Stored::I32,
        DType::Int64 => Stored::I64,
        DType::Int32 => Stored::I32,
        DType::Int16 => Stored::I16,
        DType::Int8 => Stored::I8,
        DType::UInt64 => Stored::U64,
        DType::UInt32 => Stored::U32,
        DType::UInt16 => Stored::U16,
        DType::UInt8 => Stored::U8,
        other => return Err(Error::unsupported(format!("computing with torch.{}", other.name()))),
    })
}

/// The narrow floating type whose values a float32 tensor is rounded to.
pub(super) fn narrow(dtype: DType) -> Option<FloatDType> {
    match dtype {
        DType::Float16 => Some(FloatDType::F16),
        DType::BFloat16 => Some(FloatDType::BF16),
        _ => None,
    }
}

/// A shape as burn is told it: rank 1 or more, at least one element.
pub(super) fn physical(shape: &[usize]) -> Vec<usize> {
    if shape.is_empty() || shape.contains(&0) { vec![1] } else { shape.to_vec() }
}

impl Value {
    /// Copies a tensor to the device.
    pub fn upload(device: &Device, data: &TensorData) -> Result<Self> {
        let place = device.place();
        let stored = stored(data.dtype, place)?;
        let count = numel(&data.shape).filter(|n| n.checked_mul(data.dtype.size()) == Some(data.bytes.len()));
        match count {
            None => return Err(Error::mismatch(format!("{} bytes are no tensor {:?}", data.bytes.len(), data.shape))),
            Some(0) => return Self::without_elements(place, data.dtype, data.shape.clone()),
            Some(n) => device.admit(n.saturating_mul(stored.size()))?,
        }
        let (host, bounds) = if data.dtype.is_int() { integers(data, stored)? } else { (others(data, stored), None) };
        let tensor = place.upload(host, &physical(&data.shape));
        Ok(Self { dtype: data.dtype, shape: data.shape.clone(), tensor, bounds })
    }

    /// Reads the elements back in torch's dtype. Waits for the device.
    pub async fn read(&self) -> Result<TensorData> {
        if self.numel() == 0 {
            return TensorData::new(self.dtype, self.shape.clone(), Vec::new());
        }
        let data = self.tensor.clone().read().await.map_err(Error::device)?;
        let bytes: Vec<u8> = match self.dtype {
            // As the device has them: whole, since what is read element by element takes as long as a small network runs.
            DType::Float32 if data.dtype() == Stored::F32 => f32s(data.bytes()),
            DType::Float64 => data.iter::<f64>().flat_map(f64::to_le_bytes).collect(),
            DType::Float32 => data.iter::<f32>().flat_map(f32::to_le_bytes).collect(),
            DType::Float16 => data.iter::<f32>().flat_map(|v| f16::from_f32(v).to_le_bytes()).collect(),
            DType::BFloat16 => data.iter::<f32>().flat_map(|v| bf16::from_f32(v).to_le_bytes()).collect(),
            DType::Bool => data.iter::<bool>().map(u8::from).collect(),
            DType::UInt64 => data.iter::<u64>().flat_map(u64::to_le_bytes).collect(),
            other => {
                // Two's complement: the low bytes are the narrower integer.
                data.iter::<i64>().flat_map(|v| v.to_le_bytes().into_iter().take(other.size())).collect()
            }
        };
        TensorData::new(self.dtype, self.shape.clone(), bytes)
    }

    /// The same values on another device.
    pub async fn to(&self, device: &Device) -> Result<Self> {
        Self::upload(device, &self.read().await?)
    }

    /// The same for each of a table.
    pub async fn all_to(values: &HashMap<ValueId, Self>, device: &Device) -> Result<HashMap<ValueId, Self>> {
        let mut moved = HashMap::new();
        #[expect(clippy::iter_over_hash_type, reason = "each goes by itself, in whatever order")]
        for (leaf, value) in values {
            moved.insert(*leaf, value.to(device).await?);
        }
        Ok(moved)
    }

    /// torch's dtype.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// torch's shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Elements.
    pub fn numel(&self) -> usize {
        self.shape.iter().product()
    }

    /// A tensor with no elements.
    pub(super) fn without_elements(place: &Place, dtype: DType, shape: Vec<usize>) -> Result<Self> {
        let tensor = place.full(&[1], Scalar::Int(0), stored(dtype, place)?);
        Ok(Self { dtype, shape, tensor, bounds: None })
    }

    /// What a kernel computed, as torch's dtype and shape.
    pub(super) fn computed(tensor: Tensor, dtype: DType, shape: &[usize]) -> Result<Self> {
        if numel(shape) != Some(tensor.numel()) {
            return Err(Error::mismatch(format!("computed shape {:?} where {shape:?} is expected", tensor.shape())));
        }
        let wanted = stored(dtype, &tensor.place())?;
        let tensor = convert(tensor, wanted).reshape(&physical(shape));
        Ok(Self { dtype, shape: shape.to_vec(), tensor, bounds: None })
    }

    /// The same dtype and shape over what `compute` makes of the elements: as many, of the same stored type.
    pub(super) fn with_tensor(self, compute: impl FnOnce(Tensor) -> Tensor) -> Self {
        let Self { dtype, shape, tensor, .. } = self;
        Self { dtype, shape, tensor: compute(tensor), bounds: None }
    }

    /// Its elements in the host's memory, without a copy where nobody else holds them; `None` on a GPU.
    pub(super) fn into_host(self) -> Option<OnHost> {
        let Self { dtype, shape, tensor, .. } = self;
        let place = tensor.place();
        let data = tensor.read_now()?;
        Some(OnHost { dtype, shape, place, data })
    }

    /// The burn tensor, of rank 1 or more.
    pub(super) fn into_tensor(self) -> Tensor {
        self.tensor
    }

    /// The burn tensor, of rank 1 or more.
    pub(super) fn tensor(&self) -> &Tensor {
        &self.tensor
    }

    pub(super) fn bounds(&self) -> Option<(i64, i64)> {
        self.bounds
    }

    pub(super) fn with_bounds(mut self, bounds: Option<(i64, i64)>) -> Self {
        self.bounds = bounds;
        self
    }
}

/// A tensor of the CPU whose elements are at hand.
pub(super) struct OnHost {
    dtype: DType,
    shape: Vec<usize>,
    place: Place,
    data: burn::tensor::TensorData,
}

impl OnHost {
    /// The elements; `None` unless they are float32.
    pub fn elements(&self) -> Option<&[f32]> {
        self.data.as_slice().ok()
    }

    /// The elements, to be changed; `None` unless they are float32.
    pub fn elements_mut(&mut self) -> Option<&mut [f32]> {
        self.data.as_mut_slice().ok()
    }

    /// The tensor again, over the same memory.
    pub fn into_value(self) -> Value {
        Value { dtype: self.dtype, shape: self.shape, tensor: self.place.wrap(self.data), bounds: None }
    }
}

/// Changes a burn tensor's element type; floats are truncated to integers through the widest, as C's casts through int64 do.
pub(super) fn convert(tensor: Tensor, to: Stored) -> Tensor {
    match to {
        Stored::Bool(_) => tensor.to_bool(),
        t if t.is_float() => tensor.to_float(FloatDType::from(t)),
        t if tensor.kind() == Kind::Float && !tensor.facts.gpu => {
            tensor.to_int(IntDType::I64).to_int(IntDType::from(t))
        }
        t => tensor.to_int(IntDType::from(t)),
    }
}

fn each<const N: usize, T>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks::<N>().0.iter().map(|c| read(*c)).collect()
}

/// A machine's float32s as little-endian bytes.
fn f32s(native: &[u8]) -> Vec<u8> {
    if cfg!(target_endian = "little") {
        return native.to_vec();
    }
    each(native, f32::from_ne_bytes).into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Floats and bools for the device.
#[expect(clippy::cast_possible_truncation, reason = "a GPU has no float64")]
fn others(data: &TensorData, stored: Stored) -> Host {
    let bytes = &data.bytes;
    match (data.dtype, stored) {
        (DType::Float64, Stored::F64) => Host::F64(each(bytes, f64::from_le_bytes)),
        (DType::Float64, _) => Host::F32(each(bytes, |b| f64::from_le_bytes(b) as f32)),
        (DType::Float16, _) => Host::F32(each(bytes, |b| f16::from_le_bytes(b).to_f32())),
        (DType::BFloat16, _) => Host::F32(each(bytes, |b| bf16::from_le_bytes(b).to_f32())),
        (DType::Bool, _) => Host::Bool(bytes.iter().map(|&b| b != 0).collect()),
        _ => Host::F32(each(bytes, f32::from_le_bytes)),
    }
}

/// Integers for the device, and their bounds.
fn integers(data: &TensorData, stored: Stored) -> Result<(Host, Option<(i64, i64)>)> {
    let bytes = &data.bytes;
    let wide: Vec<i64> = match data.dtype {
        DType::Int64 => each(bytes, i64::from_le_bytes),
        DType::Int32 => each(bytes, |b| i64::from(i32::from_le_bytes(b))),
        DType::Int16 => each(bytes, |b| i64::from(i16::from_le_bytes(b))),
        DType::Int8 => each(bytes, |b| i64::from(i8::from_le_bytes(b))),
        DType::UInt32 => each(bytes, |b| i64::from(u32::from_le_bytes(b))),
        DType::UInt16 => each(bytes, |b| i64::from(u16::from_le_bytes(b))),
        DType::UInt8 => each(bytes, |b: [u8; 1]| i64::from(b[0])),
        _ if stored == Stored::U64 => return Ok((Host::U64(each(bytes, u64::from_le_bytes)), None)),
        _ => each(bytes, |b| i64::try_from(u64::from_le_bytes(b)).unwrap_or(i64::MAX)),
    };
    let bounds = wide.iter().min().copied().zip(wide.iter().max().copied());
    Ok((integers_as(wide, stored)?, bounds))
}

/// Integers in a device's type; refuses those that do not fit.
pub(super) fn integers_as(wide: Vec<i64>, stored: Stored) -> Result<Host> {
    fn fit<T: TryFrom<i64>>(wide: Vec<i64>) -> Result<Vec<T>> {
        let to = |v| T::try_from(v).map_err(|_| Error::unsupported(format!("the integer {v} on this device")));
        wide.into_iter().map(to).collect()
    }
    Ok(match stored {
        Stored::I32 => Host::I32(fit(wide)?),
        Stored::I16 => Host::I16(fit(wide)?),
        Stored::I8 => Host::I8(fit(wide)?),
        Stored::U64 => Host::U64(fit(wide)?),
        Stored::U32 => Host::U32(fit(wide)?),
        Stored::U16 => Host::U16(fit(wide)?),
        Stored::U8 => Host::U8(fit(wide)?),
        _ => Host::I64(wide),
    })
}
