//! Elements of every real dtype as numbers, and `tensor.to(dtype)` on the host.
//!
//! Floats round to nearest, ties to even, as torch's CPU conversions; integers wrap as C's casts do. Complex, quantised and packed
//! dtypes are refused by name.

use crate::data::TensorData;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use half::{bf16, f16};

/// A number of any real dtype, without loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// bool and integers
    Int(i128),
    /// floating point
    Float(f64),
}

impl Number {
    /// As a float; integers beyond 2^53 round.
    #[expect(clippy::cast_precision_loss, reason = "Python's float(int) rounds too")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(n) => n as f64,
            Self::Float(f) => f,
        }
    }

    /// As an integer: floats are truncated, NaN is 0.
    #[expect(clippy::cast_possible_truncation, reason = "truncation towards zero is what the conversion means")]
    pub fn as_int(self) -> i128 {
        match self {
            Self::Int(n) => n,
            Self::Float(f) => f as i128,
        }
    }
}

/// Layout of a float8 dtype: exponent bits, mantissa bits, bias, and what its special codes mean.
struct Float8 {
    mantissa: u32,
    bias: i32,
    /// infinities and NaNs as IEEE has them
    ieee: bool,
    /// the only NaN is negative zero's code
    fnuz: bool,
}

fn float8(dtype: DType) -> Option<Float8> {
    Some(match dtype {
        DType::Float8E5M2 => Float8 { mantissa: 2, bias: 15, ieee: true, fnuz: false },
        DType::Float8E4M3FN => Float8 { mantissa: 3, bias: 7, ieee: false, fnuz: false },
        DType::Float8E5M2FNUZ => Float8 { mantissa: 2, bias: 16, ieee: false, fnuz: true },
        DType::Float8E4M3FNUZ => Float8 { mantissa: 3, bias: 8, ieee: false, fnuz: true },
        _ => return None,
    })
}

impl Float8 {
    fn decode(&self, code: u8) -> f64 {
        let sign = if code & 0x80 == 0 { 1.0 } else { -1.0 };
        let exponent = i32::from((code & 0x7f) >> self.mantissa);
        let fraction = f64::from(code & ((1 << self.mantissa) - 1));
        let exponents = (1i32 << (7 - self.mantissa)) - 1;
        if self.fnuz && code == 0x80 || !self.fnuz && !self.ieee && code & 0x7f == 0x7f {
            return f64::NAN;
        }
        if self.ieee && exponent == exponents {
            return if fraction == 0.0 { sign * f64::INFINITY } else { f64::NAN };
        }
        let scale = f64::from(1u32 << self.mantissa);
        let (significand, power) = if exponent == 0 {
            (fraction / scale, 1 - self.bias)
        } else {
            (1.0 + fraction / scale, exponent - self.bias)
        };
        sign * significand * 2f64.powi(power)
    }

    /// The nearest code, by the 128 magnitudes in order; beyond the largest it is infinity, the largest or NaN, as torch's conversions give.
    fn encode(&self, x: f64) -> u8 {
        let sign = if x.is_sign_negative() { 0x80 } else { 0 };
        let nan = if self.fnuz { 0x80 } else { sign | 0x7f };
        if x.is_nan() {
            return nan;
        }
        // Magnitudes grow with their codes; the last finite one depends on the special codes.
        let last: u8 = match (self.ieee, self.fnuz) {
            (true, _) => 0x7b,
            (_, true) => 0x7f,
            _ => 0x7e,
        };
        let magnitude = x.abs();
        let (mut low, mut high) = (0u8, last);
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            if self.decode(middle) <= magnitude { low = middle } else { high = middle - 1 }
        }
        let below = self.decode(low);
        // One step past the last finite value tells where rounding overflows.
        let above = if low == last { below + (below - self.decode(last - 1)) } else { self.decode(low + 1) };
        let up = match (magnitude - below).partial_cmp(&(above - magnitude)) {
            Some(std::cmp::Ordering::Less) => false,
            Some(std::cmp::Ordering::Equal) => low & 1 == 1,
            _ => true,
        };
        let code = if up { low + 1 } else { low };
        if code > last {
            return match (self.ieee, self.fnuz) {
                (true, _) => sign | 0x7c,
                // torch 2.15 saturates e4m3fn.
                (_, false) => sign | last,
                _ => nan,
            };
        }
        if code == 0 && self.fnuz { 0 } else { sign | code }
    }
}

/// The number that an element's little-endian bytes hold; `None` for dtypes that are no real numbers.
pub fn decode(dtype: DType, bytes: &[u8]) -> Option<Number> {
    use Number::{Float, Int};
    Some(match dtype {
        DType::Float64 => Float(f64::from_le_bytes(bytes.try_into().ok()?)),
        DType::Float32 => Float(f64::from(f32::from_le_bytes(bytes.try_into().ok()?))),
        DType::Float16 => Float(f16::from_le_bytes(bytes.try_into().ok()?).to_f64()),
        DType::BFloat16 => Float(bf16::from_le_bytes(bytes.try_into().ok()?).to_f64()),
        DType::Float8E8M0FNU => Float(match bytes.first()? {
            255 => f64::NAN,
            code => 2f64.powi(i32::from(*code) - 127),
        }),
        DType::Int64 => Int(i64::from_le_bytes(bytes.try_into().ok()?).into()),
        DType::Int32 => Int(i32::from_le_bytes(bytes.try_into().ok()?).into()),
        DType::Int16 => Int(i16::from_le_bytes(bytes.try_into().ok()?).into()),
        DType::Int8 => Int(i8::from_le_bytes(bytes.try_into().ok()?).into()),
        DType::UInt8 => Int((*bytes.first()?).into()),
        DType::UInt16 => Int(u16::from_le_bytes(bytes.try_into().ok()?).into()),
        DType::UInt32 => Int(u32::from_le_bytes(bytes.try_into().ok()?).into()),
        DType::UInt64 => Int(u64::from_le_bytes(bytes.try_into().ok()?).into()),
        DType::Bool => Int(i128::from(*bytes.first()? != 0)),
        _ => Float(float8(dtype)?.decode(*bytes.first()?)),
    })
}

/// Appends an element; false for dtypes that are no real numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "integers wrap, as torch's conversions do")]
pub fn encode(dtype: DType, number: Number, out: &mut Vec<u8>) -> bool {
    match dtype {
        DType::Float64 => out.extend(number.as_f64().to_le_bytes()),
        DType::Float32 => out.extend((number.as_f64() as f32).to_le_bytes()),
        // torch converts to half types by way of float32.
        DType::Float16 => out.extend(f16::from_f32(number.as_f64() as f32).to_le_bytes()),
        DType::BFloat16 => out.extend(bf16::from_f32(number.as_f64() as f32).to_le_bytes()),
        DType::Int64 | DType::UInt64 => out.extend((number.as_int() as i64).to_le_bytes()),
        DType::Int32 | DType::UInt32 => out.extend((number.as_int() as i32).to_le_bytes()),
        DType::Int16 | DType::UInt16 => out.extend((number.as_int() as i16).to_le_bytes()),
        DType::Int8 | DType::UInt8 => out.push(number.as_int() as u8),
        DType::Bool => out.push(u8::from(match number {
            Number::Int(n) => n != 0,
            Number::Float(f) => f != 0.0,
        })),
        _ => match float8(dtype) {
            Some(layout) => out.push(layout.encode(number.as_f64())),
            None => return false,
        },
    }
    true
}

impl TensorData {
    /// `tensor.to(dtype)`.
    pub fn to(&self, dtype: DType) -> Result<Self> {
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        let refused =
            || Error::unsupported(format!("conversion of torch.{} to torch.{}", self.dtype.name(), dtype.name()));
        let mut bytes = Vec::with_capacity(self.numel().saturating_mul(dtype.size()));
        for element in self.bytes.chunks_exact(self.dtype.size()) {
            let number = decode(self.dtype, element).ok_or_else(refused)?;
            if !encode(dtype, number, &mut bytes) {
                return Err(refused());
            }
        }
        Self::new(dtype, self.shape.clone(), bytes)
    }

    /// Every element as a float, in row-major order.
    pub fn to_f64(&self) -> Result<Vec<f64>> {
        self.numbers().map(|numbers| numbers.map(Number::as_f64).collect())
    }

    /// Every element, in row-major order.
    pub fn numbers(&self) -> Result<impl Iterator<Item = Number>> {
        if self.dtype.category() > Category::Float || self.dtype == DType::Float4E2M1FNx2 {
            return Err(Error::unsupported(format!("torch.{} has no real numbers", self.dtype.name())));
        }
        let dtype = self.dtype;
        Ok(self.bytes.chunks_exact(dtype.size()).filter_map(move |element| decode(dtype, element)))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says where")]
mod tests {
    use super::*;

    #[test]
    fn float8_codes_survive_a_round_trip() {
        for dtype in [DType::Float8E5M2, DType::Float8E4M3FN, DType::Float8E5M2FNUZ, DType::Float8E4M3FNUZ] {
            for code in 0..=255u8 {
                let Some(number) = decode(dtype, &[code]) else { panic!("{dtype:?}") };
                let mut out = Vec::new();
                assert!(encode(dtype, number, &mut out));
                if !number.as_f64().is_nan() {
                    assert_eq!(out, [code], "{dtype:?} {number:?}");
                }
            }
        }
    }

    #[test]
    fn conversions_are_torchs() {
        // torch.tensor([1.5, -2.7, 449., 1e9, 300.7]).to(dtype)
        let data = [1.5f32, -2.7, 449.0, 1e9, 300.7].iter().flat_map(|f| f.to_le_bytes()).collect();
        let data = TensorData::new(DType::Float32, vec![5], data).unwrap();
        assert_eq!(data.to(DType::Int32).unwrap().to_f64().unwrap(), [1.0, -2.0, 449.0, 1e9, 300.0]);
        let fp8 = data.to(DType::Float8E4M3FN).unwrap().to_f64().unwrap();
        assert_eq!(fp8[..3], [1.5, -2.75, 448.0]);
        assert_eq!(fp8[3], 448.0);
        assert_eq!(data.to(DType::Float16).unwrap().to_f64().unwrap()[3], f64::INFINITY);
    }
}
