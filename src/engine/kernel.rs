//! Arithmetic, reductions and network kernels of burn on rank-free tensors: the second half of `tensor.rs`.

use super::cpu::{self, Pooled};
use super::tensor::{Kind, Scalar, Tensor, by_number};
use burn::backend::Dispatch;
use burn::backend::ops::{ActivationOps, BoolTensorOps, FloatTensorOps, IntTensorOps, ModuleOps};
use burn::backend::ops::{ConvOptions, ConvTransposeOptions};
use burn::tensor::FloatDType;

macro_rules! float_unary {
    ($($name:ident $burn:ident $doc:literal;)*) => {
        impl Tensor {
            $(#[doc = $doc] pub fn $name(self) -> Self {
                Self { inner: Dispatch::$burn(self.inner), facts: self.facts }
            })*
        }
    };
}

float_unary! {
    log float_log "ln x";
    log1p float_log1p "ln (1 + x)";
    sqrt float_sqrt "square root";
    recip float_recip "1 / x";
    floor float_floor "largest integer below";
    ceil float_ceil "smallest integer above";
    round float_round "nearest integer, halves to even";
    trunc float_trunc "integer part";
    sin float_sin "sine";
    cos float_cos "cosine";
    tan float_tan "tangent";
    asin float_asin "arc sine";
    acos float_acos "arc cosine";
    atan float_atan "arc tangent";
    sinh float_sinh "hyperbolic sine";
    cosh float_cosh "hyperbolic cosine";
    asinh float_asinh "inverse hyperbolic sine";
    acosh float_acosh "inverse hyperbolic cosine";
    atanh float_atanh "inverse hyperbolic tangent";
}

/// Functions that the CPU has kernels of our own for.
macro_rules! own_unary {
    ($($name:ident $burn:ident $doc:literal;)*) => {
        impl Tensor {
            $(#[doc = $doc] pub fn $name(self) -> Self {
                cpu::$name(&self).unwrap_or_else(|| Self { inner: Dispatch::$burn(self.inner), facts: self.facts })
            })*
        }
    };
}

own_unary! {
    exp float_exp "e^x";
    tanh float_tanh "hyperbolic tangent";
    erf float_erf "error function";
    relu relu "max (x, 0), NaN stays";
    sigmoid sigmoid "1 / (1 + e^-x)";
    gelu gelu "x times the normal distribution's mass below x";
}

macro_rules! number_unary {
    ($($name:ident $float:ident $int:ident $doc:literal;)*) => {
        impl Tensor {
            $(#[doc = $doc] pub fn $name(self) -> Self { by_number!(self, $float, $int) })*
        }
    };
}

number_unary! {
    neg float_neg int_neg "-x";
    abs float_abs int_abs "|x|";
    sign float_sign int_sign "-1, 0 or 1";
}

macro_rules! number_binary {
    ($($name:ident $scalar:ident $float:ident $int:ident $fs:ident $is:ident $doc:literal;)*) => {
        impl Tensor {
            $(#[doc = $doc] pub fn $name(self, other: Self) -> Self {
                let other = other.numeric();
                by_number!(self, $float, $int, other.inner)
            }
            #[doc = $doc] pub fn $scalar(self, other: Scalar) -> Self { by_number!(self, $fs, $is, other) })*
        }
    };
}

number_binary! {
    add add_scalar float_add int_add float_add_scalar int_add_scalar "x + y";
    sub sub_scalar float_sub int_sub float_sub_scalar int_sub_scalar "x - y";
    mul mul_scalar float_mul int_mul float_mul_scalar int_mul_scalar "x y";
    div quotient float_div int_div float_div_scalar int_div_scalar "x / y; integers are truncated";
    remainder remainder_scalar float_remainder int_remainder float_remainder_scalar int_remainder_scalar "Python's x % y";
}

macro_rules! int_binary {
    ($($name:ident $int:ident $doc:literal;)*) => {
        impl Tensor {
            $(#[doc = $doc] pub fn $name(self, other: Self) -> Self {
                let (t, other) = (self.numeric(), other.numeric());
                Self { inner: Dispatch::$int(t.inner, other.inner), facts: t.facts }
            })*
        }
    };
}

int_binary! {
    bit_and bitwise_and "x & y";
    bit_or bitwise_or "x | y";
    bit_xor bitwise_xor "x ^ y";
    shift_left bitwise_left_shift "x << y";
    shift_right bitwise_right_shift "x >> y";
}

macro_rules! compare {
    ($($name:ident $scalar:ident $float:ident $int:ident $fs:ident $is:ident $doc:literal;)*) => {
        impl Tensor {
            $(#[doc = $doc] pub fn $name(self, other: Self) -> Self {
                let (bools, other) = (self.facts.bools, other.detach().numeric());
                by_number!(self.detach(), $float, $int, other.inner, bools)
            }
            #[doc = $doc] pub fn $scalar(self, other: Scalar) -> Self {
                let bools = self.facts.bools;
                by_number!(self.detach(), $fs, $is, other, bools)
            })*
        }
    };
}

compare! {
    eq eq_scalar float_equal int_equal float_equal_elem int_equal_elem "x == y";
    ne ne_scalar float_not_equal int_not_equal float_not_equal_elem int_not_equal_elem "x != y";
    lt lt_scalar float_lower int_lower float_lower_elem int_lower_elem "x < y";
    le le_scalar float_lower_equal int_lower_equal float_lower_equal_elem int_lower_equal_elem "x <= y";
    gt gt_scalar float_greater int_greater float_greater_elem int_greater_elem "x > y";
    ge ge_scalar float_greater_equal int_greater_equal float_greater_equal_elem int_greater_equal_elem "x >= y";
}

macro_rules! along {
    ($($name:ident $float:ident $int:ident $doc:literal;)*) => {
        impl Tensor {
            $(#[doc = $doc] pub fn $name(self, dim: usize) -> Self { by_number!(self, $float, $int, dim) })*
        }
    };
}

along! {
    sum_dim float_sum_dim int_sum_dim "sum along a dim, which stays with size 1";
    prod_dim float_prod_dim int_prod_dim "product along a dim, which stays with size 1";
    max_dim float_max_dim int_max_dim "largest along a dim, which stays with size 1; NaN wins";
    min_dim float_min_dim int_min_dim "smallest along a dim, which stays with size 1; NaN wins";
    cumsum float_cumsum int_cumsum "running sum";
    cumprod float_cumprod int_cumprod "running product";
    cummax float_cummax int_cummax "running maximum";
    cummin float_cummin int_cummin "running minimum";
}

impl Tensor {
    /// x / y; integers are truncated. burn's own gradient rounds the divisor to float32.
    pub fn div_scalar(self, other: Scalar) -> Self {
        if !self.tracked() {
            return self.quotient(other);
        }
        let value = self.clone().detach().quotient(other);
        Self::with_rule(value, [&self], move |gradient| [gradient.quotient(other)])
    }

    /// The mean along a dim of floats, which stays with size 1.
    pub fn mean_dim(self, dim: usize) -> Self {
        Self { inner: Dispatch::float_mean_dim(self.inner, dim), facts: self.facts }
    }

    /// Whether any is true along a dim, which stays with size 1.
    pub fn any_dim(self, dim: usize) -> Self {
        let t = self.to_bool();
        Self { inner: Dispatch::bool_any_dim(t.inner, dim), facts: t.facts }
    }

    /// Whether all are true along a dim, which stays with size 1.
    pub fn all_dim(self, dim: usize) -> Self {
        let t = self.to_bool();
        Self { inner: Dispatch::bool_all_dim(t.inner, dim), facts: t.facts }
    }

    /// Where the first largest is along a dim, which stays with size 1.
    pub fn argmax(self, dim: usize) -> Self {
        let t = self.detach().numeric();
        let dtype = t.index_dtype();
        let inner = match t.kind() {
            Kind::Float => Dispatch::float_argmax(t.inner, dim, dtype),
            _ => Dispatch::int_argmax(t.inner, dim),
        };
        Self { inner, facts: t.facts }.to_int(dtype)
    }

    /// Where the first smallest is along a dim, which stays with size 1.
    pub fn argmin(self, dim: usize) -> Self {
        let t = self.detach().numeric();
        let dtype = t.index_dtype();
        let inner = match t.kind() {
            Kind::Float => Dispatch::float_argmin(t.inner, dim, dtype),
            _ => Dispatch::int_argmin(t.inner, dim),
        };
        Self { inner, facts: t.facts }.to_int(dtype)
    }

    /// At least `min`; NaN stays.
    pub fn clamp_min(self, min: Scalar) -> Self {
        by_number!(self, float_clamp_min, int_clamp_min, min)
    }

    /// At most `max`; NaN stays.
    pub fn clamp_max(self, max: Scalar) -> Self {
        by_number!(self, float_clamp_max, int_clamp_max, max)
    }

    /// Floats to the power of floats.
    pub fn powf(self, exponent: Self) -> Self {
        Self { inner: Dispatch::float_powf(self.inner, exponent.inner), facts: self.facts }
    }

    /// The angle of (x = `other`, y = `self`).
    pub fn atan2(self, other: Self) -> Self {
        Self { inner: Dispatch::float_atan2(self.inner, other.inner), facts: self.facts }
    }

    /// Whether a float is NaN.
    #[expect(
        clippy::wrong_self_convention,
        reason = "burn\'s tensors are given up, so that their memory can be reused"
    )]
    pub fn is_nan(self) -> Self {
        let facts = self.facts;
        Self { inner: Dispatch::float_is_nan(self.detach().inner, facts.bools), facts }
    }

    /// Whether a float is infinite.
    #[expect(
        clippy::wrong_self_convention,
        reason = "burn\'s tensors are given up, so that their memory can be reused"
    )]
    pub fn is_inf(self) -> Self {
        let facts = self.facts;
        Self { inner: Dispatch::float_is_inf(self.detach().inner, facts.bools), facts }
    }

    /// Bool negation.
    pub fn not(self) -> Self {
        let t = self.to_bool();
        Self { inner: Dispatch::bool_not(t.inner), facts: t.facts }
    }

    /// Bool conjunction.
    pub fn and(self, other: Self) -> Self {
        let (t, other) = (self.to_bool(), other.to_bool());
        Self { inner: Dispatch::bool_and(t.inner, other.inner), facts: t.facts }
    }

    /// Bool disjunction.
    pub fn or(self, other: Self) -> Self {
        let (t, other) = (self.to_bool(), other.to_bool());
        Self { inner: Dispatch::bool_or(t.inner, other.inner), facts: t.facts }
    }

    /// Bool difference.
    pub fn xor(self, other: Self) -> Self {
        let (t, other) = (self.to_bool(), other.to_bool());
        Self { inner: Dispatch::bool_not_equal(t.inner, other.inner), facts: t.facts }
    }

    /// Every bit of an integer turned.
    pub fn bit_not(self) -> Self {
        Self { inner: Dispatch::bitwise_not(self.inner), facts: self.facts }
    }

    /// Softmax of floats along a dim.
    pub fn softmax(self, dim: usize) -> Self {
        let burn = |x: Self| Self { inner: Dispatch::softmax(x.inner, dim), facts: x.facts };
        let run = |x: Self| cpu::softmax(&x, dim).unwrap_or_else(|| burn(x));
        if !self.tracked() {
            return run(self);
        }
        let y = run(self.clone().detach());
        Self::with_rule(y.clone(), [&self], move |gradient| {
            let own = gradient.mul(y.clone());
            let sum = own.clone().sum_dim(dim);
            [own.sub(y.clone().mul(sum))]
        })
    }

    /// Logarithm of the softmax along a dim.
    pub fn log_softmax(self, dim: usize) -> Self {
        let burn = |x: Self| Self { inner: Dispatch::log_softmax(x.inner, dim), facts: x.facts };
        let run = |x: Self| cpu::log_softmax(&x, dim).unwrap_or_else(|| burn(x));
        if !self.tracked() {
            return run(self);
        }
        let y = run(self.clone().detach());
        Self::with_rule(y.clone(), [&self], move |gradient| {
            let sum = gradient.clone().sum_dim(dim);
            [gradient.sub(y.clone().exp().mul(sum))]
        })
    }

    /// Matrix product of the last two dims; batch dims broadcast, ranks are equal.
    pub fn matmul(self, other: Self) -> Self {
        let (t, other) = (self.numeric(), other.numeric());
        by_number!(t, float_matmul, int_matmul, other.inner)
    }

    /// (x - mean) / sqrt(var + eps) · gamma + beta over the last dim of (rows, columns).
    pub fn layer_norm(self, gamma: Self, beta: Option<Self>, eps: f64) -> Self {
        let run = |x: Self, gamma: Self, beta: Option<Self>| Self {
            inner: Dispatch::layer_norm(x.inner, gamma.inner, beta.map(|b| b.inner), eps),
            facts: x.facts,
        };
        if !self.tracked() && !gamma.tracked() && !beta.as_ref().is_some_and(Self::tracked) {
            return run(self, gamma, beta);
        }
        let (x, scale) = (self.clone().detach(), gamma.clone().detach());
        let value = run(x.clone(), scale.clone(), beta.clone().map(Self::detach));
        let columns = gamma.numel();
        let beta = beta.unwrap_or_else(|| scale.place().full(&[columns], Scalar::Float(0.0), scale.dtype()));
        Self::with_rule(value, [&self, &gamma, &beta], move |gradient| {
            let centred = x.clone().sub(x.clone().mean_dim(1));
            let variance = centred.clone().mul(centred.clone()).mean_dim(1);
            let rate = variance.add_scalar(Scalar::Float(eps)).sqrt().recip();
            let normal = centred.mul(rate.clone());
            let by_scale = gradient.clone().mul(normal.clone()).sum_dim(0).reshape(&[columns]);
            let by_offset = gradient.clone().sum_dim(0).reshape(&[columns]);
            let scaled = gradient.mul(scale.clone().reshape(&[1, columns]));
            let along = normal.clone().mul(scaled.clone().mul(normal).mean_dim(1));
            let by_x = scaled.clone().sub(scaled.mean_dim(1)).sub(along).mul(rate);
            [by_x, by_scale, by_offset]
        })
    }

    /// Normalises (N, C, *) by its own statistics: result, mean (C), biased variance (C).
    pub fn batch_norm_train(self, gamma: Self, beta: Self, eps: f64) -> (Self, Self, Self) {
        let facts = self.facts;
        let r = Dispatch::batch_norm_train(self.inner, gamma.inner, beta.inner, eps);
        (Self { inner: r.output, facts }, Self { inner: r.mean, facts }, Self { inner: r.variance, facts })
    }

    /// Rounds to the nearest float16 or bfloat16, as float32 again; the device has the narrow type.
    pub fn through(self, narrow: FloatDType) -> Self {
        self.to_float(narrow).to_float(FloatDType::F32)
    }

    /// A convolution over as many spatial dims as `stride` has: 1, 2 or 3.
    pub fn conv(self, weight: Self, bias: Option<Self>, geometry: &Geometry) -> Option<Self> {
        let (facts, g, b) = (self.facts, geometry, bias.map(|b| b.inner));
        let inner = match g.stride.len() {
            1 => Dispatch::conv1d(self.inner, weight.inner, b, g.options()?),
            2 => Dispatch::conv2d(self.inner, weight.inner, b, g.options()?),
            3 => Dispatch::conv3d(self.inner, weight.inner, b, g.options()?),
            _ => return None,
        };
        Some(Self { inner, facts })
    }

    /// A transposed convolution over 1, 2 or 3 spatial dims.
    pub fn conv_transpose(self, weight: Self, bias: Option<Self>, geometry: &Geometry) -> Option<Self> {
        let (facts, g, b) = (self.facts, geometry, bias.map(|b| b.inner));
        let inner = match g.stride.len() {
            1 => Dispatch::conv_transpose1d(self.inner, weight.inner, b, g.transposed()?),
            2 => Dispatch::conv_transpose2d(self.inner, weight.inner, b, g.transposed()?),
            3 => Dispatch::conv_transpose3d(self.inner, weight.inner, b, g.transposed()?),
            _ => return None,
        };
        Some(Self { inner, facts })
    }

    /// Largest in windows of (N, C, H, W); floor mode.
    pub fn max_pool2d(self, window: &Window2d) -> Self {
        let w = *window;
        if let Some(Pooled { values, places }) = cpu::max_pool(&self.clone().detach(), window) {
            let shape = self.shape();
            return Self::with_rule(values, [&self], move |gradient| {
                let ours = cpu::max_pool_gradient(&gradient, &places, &shape);
                [ours.unwrap_or_else(|| unreachable!("the pool itself ran by this kernel"))]
            });
        }
        let inner = Dispatch::max_pool2d(self.inner, w.kernel, w.stride, w.padding, w.dilation, false);
        Self { inner, facts: self.facts }
    }

    /// Largest in windows of (N, C, H, W), and where it was in the plane; floor mode.
    pub fn max_pool2d_with_indices(self, window: &Window2d) -> (Self, Self) {
        let (w, facts, dtype) = (*window, self.facts, self.index_dtype());
        let r = Dispatch::max_pool2d_with_indices(self.inner, w.kernel, w.stride, w.padding, w.dilation, false, dtype);
        (Self { inner: r.output, facts }, Self { inner: r.indices, facts })
    }

    /// Mean of windows of (N, C, H, W); floor mode.
    pub fn avg_pool2d(self, window: &Window2d, count_include_pad: bool) -> Self {
        let w = *window;
        let inner = Dispatch::avg_pool2d(self.inner, w.kernel, w.stride, w.padding, count_include_pad, false);
        Self { inner, facts: self.facts }
    }

    /// Mean over a grid of cells that covers the spatial dims (1 to 3 of them).
    pub fn adaptive_avg_pool(self, output_size: &[usize]) -> Option<Self> {
        let facts = self.facts;
        let inner = match *output_size {
            [a] => Dispatch::adaptive_avg_pool1d(self.inner, a),
            [a, b] => Dispatch::adaptive_avg_pool2d(self.inner, [a, b]),
            [a, b, c] => Dispatch::adaptive_avg_pool3d(self.inner, [a, b, c]),
            _ => return None,
        };
        Some(Self { inner, facts })
    }
}

/// Geometry of a convolution; one entry for each spatial dim.
#[derive(Clone, Debug)]
pub struct Geometry {
    pub stride: Vec<usize>,
    pub padding: Vec<usize>,
    pub dilation: Vec<usize>,
    pub output_padding: Vec<usize>,
    pub groups: usize,
}

impl Geometry {
    fn options<const N: usize>(&self) -> Option<ConvOptions<N>> {
        let [s, p, d] = [&self.stride, &self.padding, &self.dilation].map(|v| v.as_slice().try_into().ok());
        Some(ConvOptions::new(s?, p?, d?, self.groups))
    }

    fn transposed<const N: usize>(&self) -> Option<ConvTransposeOptions<N>> {
        let [s, p, o, d] =
            [&self.stride, &self.padding, &self.output_padding, &self.dilation].map(|v| v.as_slice().try_into().ok());
        Some(ConvTransposeOptions::new(s?, p?, o?, d?, self.groups))
    }
}

/// A pooling window over two dims.
#[derive(Clone, Copy, Debug)]
pub struct Window2d {
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
}
