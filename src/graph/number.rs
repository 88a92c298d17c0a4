//! Floats in JSON, which has no infinities: what is not finite stands as `"inf"`, `"-inf"` or `"nan"`.
//!
//! JavaScript knows one kind of number. A [`Scalar`] must come back from it as what it was, so floats without a fraction and ints beyond
//! 2^53 stand as text: `"1.0"`, `"9223372036854775807"`.

use super::op::Scalar;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Whole numbers up to here are exact in a double: 2^53.
const MAX_EXACT: u64 = 1 << 53;

/// For `#[serde(with = ...)]`.
pub fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    match *number {
        f64::INFINITY => serializer.serialize_str("inf"),
        f64::NEG_INFINITY => serializer.serialize_str("-inf"),
        n if n.is_nan() => serializer.serialize_str("nan"),
        n => serializer.serialize_f64(n),
    }
}

/// For `#[serde(with = ...)]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    deserializer.deserialize_any(Number).map(Scalar::as_f64)
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Int(i) if i.unsigned_abs() > MAX_EXACT => serializer.collect_str(i),
            Self::Int(i) => serializer.serialize_i64(*i),
            Self::Float(f) if f.is_finite() && f.fract() == 0.0 => serializer.collect_str(&format_args!("{f:?}")),
            Self::Float(f) => serialize(f, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Number)
    }
}

struct Number;

impl de::Visitor<'_> for Number {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a bool, \"inf\", \"-inf\" or \"nan\"")
    }

    fn visit_bool<E: de::Error>(self, b: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(b))
    }

    fn visit_i64<E: de::Error>(self, i: i64) -> Result<Scalar, E> {
        Ok(Scalar::Int(i))
    }

    fn visit_u64<E: de::Error>(self, u: u64) -> Result<Scalar, E> {
        i64::try_from(u).map(Scalar::Int).map_err(|_| E::custom("int too large to convert to int64"))
    }

    fn visit_f64<E: de::Error>(self, f: f64) -> Result<Scalar, E> {
        Ok(Scalar::Float(f))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Scalar, E> {
        match name {
            "inf" => Ok(Scalar::Float(f64::INFINITY)),
            "-inf" => Ok(Scalar::Float(f64::NEG_INFINITY)),
            "nan" => Ok(Scalar::Float(f64::NAN)),
            _ => {
                let int = name.parse().map(Scalar::Int).ok();
                let number = int.or_else(|| name.parse().map(Scalar::Float).ok());
                number.ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }
        }
    }
}
