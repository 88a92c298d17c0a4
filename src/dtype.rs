//! torch's dtypes: names, element sizes, categories and promotion (`c10/core/ScalarType.h`, `torch.promote_types`).

use serde::{Deserialize, Serialize};

macro_rules! dtypes {
    ($($variant:ident = $name:literal, $size:literal, $category:ident;)*) => {
        /// A torch dtype. `name` gives it without the `torch.` prefix.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum DType {
            $(#[doc = concat!("`torch.", $name, "`")] #[serde(rename = $name)] $variant,)*
        }

        impl DType {
            /// Every dtype, in the order of the table.
            pub const ALL: &'static [DType] = &[$(DType::$variant),*];

            /// The name without `torch.`: `float32`, `int64`, ...
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Bytes of one element.
            pub const fn size(self) -> usize {
                match self { $(Self::$variant => $size),* }
            }

            /// Which of torch's categories it belongs to.
            pub const fn category(self) -> Category {
                match self { $(Self::$variant => Category::$category),* }
            }
        }
    };
}

dtypes! {
    Float64 = "float64", 8, Float;
    Float32 = "float32", 4, Float;
    Float16 = "float16", 2, Float;
    BFloat16 = "bfloat16", 2, Float;
    Float8E5M2 = "float8_e5m2", 1, Float;
    Float8E4M3FN = "float8_e4m3fn", 1, Float;
    Float8E5M2FNUZ = "float8_e5m2fnuz", 1, Float;
    Float8E4M3FNUZ = "float8_e4m3fnuz", 1, Float;
    Float8E8M0FNU = "float8_e8m0fnu", 1, Float;
    Float4E2M1FNx2 = "float4_e2m1fn_x2", 1, Packed;
    Int64 = "int64", 8, Int;
    Int32 = "int32", 4, Int;
    Int16 = "int16", 2, Int;
    Int8 = "int8", 1, Int;
    UInt8 = "uint8", 1, Int;
    UInt16 = "uint16", 2, Int;
    UInt32 = "uint32", 4, Int;
    UInt64 = "uint64", 8, Int;
    Bool = "bool", 1, Bool;
    Complex32 = "complex32", 4, Complex;
    Complex64 = "complex64", 8, Complex;
    Complex128 = "complex128", 16, Complex;
    BComplex32 = "bcomplex32", 4, Complex;
    QInt8 = "qint8", 1, Quantized;
    QUInt8 = "quint8", 1, Quantized;
    QInt32 = "qint32", 4, Quantized;
    QUInt4x2 = "quint4x2", 1, Quantized;
    QUInt2x4 = "quint2x4", 1, Quantized;
    Bits8 = "bits8", 1, Packed;
    Bits16 = "bits16", 2, Packed;
    Bits1x8 = "bits1x8", 1, Packed;
    Bits2x4 = "bits2x4", 1, Packed;
    Bits4x2 = "bits4x2", 1, Packed;
}

/// torch's categories for promotion, lowest first, and the two that do not promote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// `torch.bool`
    Bool,
    /// signed and unsigned integers
    Int,
    /// floating point
    Float,
    /// complex
    Complex,
    /// quantised: values have a scale beside them
    Quantized,
    /// opaque or packed bits
    Packed,
}

impl DType {
    /// The dtype of a complex dtype's parts.
    pub const fn real_part(self) -> Option<Self> {
        match self {
            Self::Complex128 => Some(Self::Float64),
            Self::Complex64 => Some(Self::Float32),
            Self::Complex32 => Some(Self::Float16),
            Self::BComplex32 => Some(Self::BFloat16),
            _ => None,
        }
    }

    /// The complex dtype of two such parts.
    pub const fn complex(self) -> Option<Self> {
        match self {
            Self::Float64 => Some(Self::Complex128),
            Self::Float32 => Some(Self::Complex64),
            Self::Float16 => Some(Self::Complex32),
            Self::BFloat16 => Some(Self::BComplex32),
            _ => None,
        }
    }

    /// By name, with or without `torch.`, torch's aliases (`float`, `long`, ...) included.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix("torch.").unwrap_or(name);
        let name = match name {
            "float" => "float32",
            "double" => "float64",
            "half" => "float16",
            "long" => "int64",
            "int" => "int32",
            "short" => "int16",
            "chalf" => "complex32",
            "cfloat" => "complex64",
            "cdouble" => "complex128",
            other => other,
        };
        Self::ALL.iter().copied().find(|dtype| dtype.name() == name)
    }

    /// The dtype of `torch.FloatTensor`, `torch.cuda.LongTensor`.
    pub fn of_tensor_type(name: &str) -> Option<Self> {
        let short = name.trim_start_matches("torch.").trim_start_matches("cuda.").trim_end_matches("Tensor");
        Self::ALL.iter().find(|d| (**d).scalar_type() == short).copied()
    }

    /// c10's name, as in `"add" not implemented for 'Long'`.
    pub fn scalar_type(self) -> &'static str {
        match self {
            Self::Float64 => "Double",
            Self::Float32 => "Float",
            Self::Float16 => "Half",
            Self::BFloat16 => "BFloat16",
            Self::Int64 => "Long",
            Self::Int32 => "Int",
            Self::Int16 => "Short",
            Self::Int8 => "Char",
            Self::UInt8 => "Byte",
            Self::UInt16 => "UInt16",
            Self::UInt32 => "UInt32",
            Self::UInt64 => "UInt64",
            Self::Bool => "Bool",
            Self::Complex32 => "ComplexHalf",
            Self::Complex64 => "ComplexFloat",
            Self::Complex128 => "ComplexDouble",
            Self::Float8E5M2 => "Float8_e5m2",
            Self::Float8E4M3FN => "Float8_e4m3fn",
            Self::Float8E5M2FNUZ => "Float8_e5m2fnuz",
            Self::Float8E4M3FNUZ => "Float8_e4m3fnuz",
            Self::Float8E8M0FNU => "Float8_e8m0fnu",
            other => other.name(),
        }
    }

    /// `torch.is_floating_point`.
    pub fn is_float(self) -> bool {
        self.category() == Category::Float
    }

    /// Integers, not bool.
    pub fn is_int(self) -> bool {
        self.category() == Category::Int
    }

    /// `torch.promote_types`: the dtype that both convert to. `None` where torch raises (float8 with another, quantised).
    pub fn promote(self, other: Self) -> Option<Self> {
        use DType::*;
        if self == other {
            return Some(self);
        }
        let (low, high) = if self.category() <= other.category() { (self, other) } else { (other, self) };
        if high.category() > Category::Complex {
            return None;
        }
        match (low.category(), high.category()) {
            (Category::Bool, _) => Some(high),
            (Category::Int, Category::Int) => promote_ints(low, high),
            (Category::Int, _) => Some(high),
            (Category::Float, Category::Float) => match (low, high) {
                (Float64, _) | (_, Float64) if low.size() > 1 && high.size() > 1 => Some(Float64),
                (Float16 | BFloat16 | Float32, Float16 | BFloat16 | Float32) => Some(Float32),
                // torch: "Promotion for Float8 Types is not supported"
                _ => None,
            },
            (Category::Float, Category::Complex) => Some(match (low, high) {
                (Float64, _) | (_, Complex128) => Complex128,
                (Float32 | BFloat16, _) | (_, Complex64) => Complex64,
                _ => Complex32,
            }),
            (Category::Complex, Category::Complex) => {
                Some(if low == Complex128 || high == Complex128 { Complex128 } else { Complex64 })
            }
            _ => None,
        }
    }
}

/// uint8 with a signed int gives the wider signed; uint16, uint32 and uint64 do not promote with other ints in torch.
fn promote_ints(a: DType, b: DType) -> Option<DType> {
    use DType::*;
    let wide_unsigned = |d| matches!(d, UInt16 | UInt32 | UInt64);
    if wide_unsigned(a) || wide_unsigned(b) {
        return None;
    }
    match (a, b) {
        (UInt8, Int8) | (Int8, UInt8) => Some(Int16),
        (UInt8, x) | (x, UInt8) => Some(x),
        _ => Some(if a.size() >= b.size() { a } else { b }),
    }
}
