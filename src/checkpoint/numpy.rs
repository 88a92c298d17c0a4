//! NumPy's scalars and arrays inside pickles: `multiarray.scalar` and `multiarray._reconstruct`, as values.

use super::python::{bytes, items, text};
use super::rebuild::{global, sizes};
use crate::pickle::object::{Arena, Instance, NodeId, Object};
use half::f16;
use serde_json::{Value, json};

/// A NumPy dtype: `f8` in little- or big-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dtype {
    code: String,
    big_endian: bool,
}

impl Dtype {
    /// NumPy's array-protocol code: `<f8`, `|b1`.
    pub fn code(&self) -> String {
        let order = match (self.code.get(1..), self.big_endian) {
            (Some("1"), _) => '|',
            (_, true) => '>',
            _ => '<',
        };
        format!("{order}{}", self.code)
    }

    /// NumPy's name: `float64`.
    pub fn name(&self) -> String {
        let Some((kind, size)) = self.code.split_at_checked(1) else { return self.code.clone() };
        let bits = size.parse::<u32>().ok().and_then(|n| n.checked_mul(8));
        match (kind, bits) {
            ("b", _) => "bool".into(),
            ("f", Some(bits)) => format!("float{bits}"),
            ("i", Some(bits)) => format!("int{bits}"),
            ("u", Some(bits)) => format!("uint{bits}"),
            ("c", Some(bits)) => format!("complex{bits}"),
            ("U", _) => format!("<U{size}"),
            _ => self.code.clone(),
        }
    }
}

/// What a NumPy object holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Numpy {
    /// `numpy.float64(0.5)`
    Scalar(Dtype, Value),
    /// `numpy.ndarray`
    Array {
        /// element type
        dtype: Dtype,
        /// sizes
        shape: Vec<u64>,
        /// little-endian elements in the file's order
        bytes: Vec<u8>,
        /// column-major
        fortran: bool,
    },
    /// `numpy.dtype`
    Dtype(Dtype),
}

fn dtype(arena: &Arena, id: NodeId) -> Option<Dtype> {
    let Object::Instance(made) = arena.get(id) else { return None };
    let (module, name) = global(arena, made.callable)?;
    if module != "numpy" && !module.starts_with("numpy.") || !name.to_lowercase().contains("dtype") {
        return None;
    }
    let code = text(arena, *items(arena, made.args).first()?)?.trim_start_matches(['<', '=', '|', '>']);
    let order = made.states.first().and_then(|s| text(arena, *items(arena, *s).get(1)?));
    Some(Dtype { code: code.to_owned(), big_endian: order == Some(">") })
}

/// Reads an instance that NumPy made; `None` when it is another's.
pub fn value(arena: &Arena, instance: &Instance) -> Option<Numpy> {
    let (module, name) = global(arena, instance.callable)?;
    let args = items(arena, instance.args);
    match (module, name) {
        ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => {
            let dtype = dtype(arena, *args.first()?)?;
            let value = scalar(&dtype, &bytes(arena, *args.get(1)?)?)?;
            Some(Numpy::Scalar(dtype, value))
        }
        ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
            let state = items(arena, *instance.states.first()?);
            let shape = sizes(arena, *state.get(1)?)?;
            let dtype = dtype(arena, *state.get(2)?)?;
            let fortran = *arena.get(*state.get(3)?) == Object::Bool(true);
            let mut bytes = bytes(arena, *state.get(4)?)?;
            let dtype = native(dtype, &mut bytes);
            Some(Numpy::Array { dtype, shape, bytes, fortran })
        }
        ("numpy", "dtype") => {
            let code = text(arena, *args.first()?)?.to_owned();
            Some(Numpy::Dtype(Dtype { code, big_endian: false }))
        }
        _ => None,
    }
}

/// Elements in little-endian order: NumPy too turns what it unpickles to the machine's own.
fn native(dtype: Dtype, bytes: &mut [u8]) -> Dtype {
    let size = dtype.code.get(1..).and_then(|n| n.parse::<usize>().ok());
    let unit = match (dtype.code.get(..1), size) {
        (Some("c"), Some(size)) => size / 2,
        (Some("U"), _) => 4,
        (Some("f" | "i" | "u"), Some(size)) => size,
        _ => return dtype,
    };
    if !dtype.big_endian || unit == 0 {
        return dtype;
    }
    for number in bytes.chunks_exact_mut(unit) {
        number.reverse();
    }
    Dtype { big_endian: false, ..dtype }
}

/// One element as JSON; ints beyond 2^53 as text.
pub fn scalar(dtype: &Dtype, raw: &[u8]) -> Option<Value> {
    let mut raw = raw.to_vec();
    if dtype.big_endian {
        raw.reverse();
    }
    let int = |v: i128| if v.unsigned_abs() > 1 << 53 { json!(v.to_string()) } else { json!(i64::try_from(v).ok()) };
    let kind = dtype.code.get(..1)?;
    Some(match (kind, raw.as_slice()) {
        ("b", [b]) => json!(*b != 0),
        ("f", &[a, b]) => float(f16::from_le_bytes([a, b]).to_f64()),
        ("f", r) if r.len() == 4 => float(f32::from_le_bytes(r.try_into().ok()?).into()),
        ("f", r) if r.len() == 8 => float(f64::from_le_bytes(r.try_into().ok()?)),
        ("i", r) if r.len() <= 8 => {
            let negative = r.last().is_some_and(|b| *b >= 0x80);
            let mut wide = [if negative { 0xff } else { 0 }; 16];
            wide.get_mut(..r.len())?.copy_from_slice(r);
            int(i128::from_le_bytes(wide))
        }
        ("u", r) if r.len() <= 8 => {
            let mut wide = [0; 16];
            wide.get_mut(..r.len())?.copy_from_slice(r);
            int(i128::from_le_bytes(wide))
        }
        ("U", r) => {
            let chars = r.chunks_exact(4).filter_map(|c| char::from_u32(u32::from_le_bytes(c.try_into().ok()?)));
            json!(chars.collect::<String>().trim_end_matches('\0'))
        }
        _ => return None,
    })
}

/// A float as JSON: NaN and the infinities as Python spells them.
pub fn float(value: f64) -> Value {
    if value.is_finite() {
        json!(value)
    } else if value.is_nan() {
        json!("nan")
    } else {
        json!(if value > 0.0 { "inf" } else { "-inf" })
    }
}

/// An array's bytes in row-major order; column-major ones are put in order.
pub fn row_major(shape: &[u64], bytes: &[u8], fortran: bool) -> Option<Vec<u8>> {
    if !fortran || shape.len() < 2 {
        return Some(bytes.to_vec());
    }
    let numel = usize::try_from(shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d))?).ok()?;
    let size = bytes.len().checked_div(numel)?;
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = vec![0u64; shape.len()];
    for _ in 0..numel {
        let mut at = 0u64;
        for (&size, &i) in shape.iter().zip(&index).rev() {
            at = at.checked_mul(size)?.checked_add(i)?;
        }
        let at = usize::try_from(at).ok()?.checked_mul(size)?;
        out.extend_from_slice(bytes.get(at..at.checked_add(size)?)?);
        for (i, &size) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < size {
                break;
            }
            *i = 0;
        }
    }
    Some(out)
}
