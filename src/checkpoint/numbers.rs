//! Elements of any dtype as f64: what statistics and pictures of a tensor are made of. Complex elements give their absolute value.
//! Quantised and packed dtypes have no numbers of their own and are refused.

use crate::convert;
use crate::dtype::{Category, DType};
use crate::error::{Error, Result};
use half::{bf16, f16};

/// Bytes of one number: a complex element is two.
pub fn unit(dtype: DType) -> usize {
    if dtype.category() == Category::Complex { dtype.size() / 2 } else { dtype.size() }
}

/// Refuses the dtypes that have no numbers.
pub fn check(dtype: DType) -> Result<()> {
    match dtype.category() {
        Category::Quantized | Category::Packed => {
            Err(Error::unsupported(format!("torch.{} elements are no numbers by themselves", dtype.name())))
        }
        _ => Ok(()),
    }
}

/// Appends the elements of `bytes`, little-endian, to `out`.
pub fn decode(dtype: DType, bytes: &[u8], out: &mut Vec<f64>) -> Result<()> {
    check(dtype)?;
    macro_rules! numbers {
        ($type:ty, $size:literal, $f:expr) => {{
            let (elements, _) = bytes.as_chunks::<$size>();
            out.extend(elements.iter().map(|b| $f(<$type>::from_le_bytes(*b))));
        }};
    }
    macro_rules! bytewise {
        ($f:expr) => {
            out.extend(bytes.iter().map(|b| $f(*b)))
        };
    }
    match dtype {
        DType::Float64 => numbers!(f64, 8, |x| x),
        DType::Float32 => numbers!(f32, 4, f64::from),
        DType::Float16 => numbers!(f16, 2, f16::to_f64),
        DType::BFloat16 => numbers!(bf16, 2, bf16::to_f64),
        DType::Int64 => numbers!(i64, 8, |x| x as f64),
        DType::Int32 => numbers!(i32, 4, f64::from),
        DType::Int16 => numbers!(i16, 2, f64::from),
        DType::UInt16 => numbers!(u16, 2, f64::from),
        DType::UInt32 => numbers!(u32, 4, f64::from),
        DType::UInt64 => numbers!(u64, 8, |x| x as f64),
        DType::Int8 => bytewise!(|b: u8| f64::from(i8::from_le_bytes([b]))),
        DType::UInt8 => bytewise!(f64::from),
        DType::Bool => bytewise!(|b| if b == 0 { 0.0 } else { 1.0 }),
        DType::Float8E5M2
        | DType::Float8E4M3FN
        | DType::Float8E5M2FNUZ
        | DType::Float8E4M3FNUZ
        | DType::Float8E8M0FNU => {
            bytewise!(|b| convert::decode(dtype, &[b]).map_or(f64::NAN, convert::Number::as_f64))
        }
        DType::Complex64 => pairs(bytes, DType::Float32, out)?,
        DType::Complex128 => pairs(bytes, DType::Float64, out)?,
        DType::Complex32 => pairs(bytes, DType::Float16, out)?,
        DType::BComplex32 => pairs(bytes, DType::BFloat16, out)?,
        _ => return check(dtype),
    }
    Ok(())
}

/// Absolute values of complex elements.
fn pairs(bytes: &[u8], part: DType, out: &mut Vec<f64>) -> Result<()> {
    let mut parts = Vec::with_capacity(bytes.len() / part.size());
    decode(part, bytes, &mut parts)?;
    let (pairs, _) = parts.as_chunks::<2>();
    out.extend(pairs.iter().map(|[re, im]| re.hypot(*im)));
    Ok(())
}
