//! The operators of a [`Graph`](super::Graph): ATen's, with their attributes resolved.
//!
//! Every attribute is final: dims are non-negative, shapes and sizes are numbers, paddings are explicit. What torch spells in many ways
//! (`view`, `reshape`, `flatten`, `squeeze`) is one operator here. dtype promotion has been made explicit by [`Op::Cast`] before an
//! arithmetic node, so the inputs of elementwise operators have one dtype; broadcasting has not: operators broadcast.

use super::number;
use crate::dtype::DType;
use serde::{Deserialize, Serialize};

/// A Python number as an operator's argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
}

impl Scalar {
    /// As a float, as Python's `float(x)`.
    #[expect(clippy::cast_precision_loss, reason = "Python's float(int) rounds too")]
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Bool(b) => f64::from(u8::from(b)),
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }
}

/// One tensor in, one out, element by element, same shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the torch function of the same name")]
pub enum Unary {
    Abs,
    Neg,
    Exp,
    Exp2,
    Expm1,
    Log,
    Log2,
    Log10,
    Log1p,
    Sqrt,
    Rsqrt,
    Square,
    Reciprocal,
    Sign,
    Floor,
    Ceil,
    Round,
    Trunc,
    Frac,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Sigmoid,
    Erf,
    Erfinv,
    Relu,
    Silu,
    LogicalNot,
    BitwiseNot,
    Isnan,
    Isinf,
    Isfinite,
}

/// Activations with parameters; same shape.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is torch.nn.functional's function of the same name and arguments")]
pub enum Activation {
    LeakyRelu {
        #[serde(with = "number")]
        negative_slope: f64,
    },
    Elu {
        #[serde(with = "number")]
        alpha: f64,
        #[serde(with = "number")]
        scale: f64,
        #[serde(with = "number")]
        input_scale: f64,
    },
    Celu {
        #[serde(with = "number")]
        alpha: f64,
    },
    Gelu {
        tanh: bool,
    },
    Mish,
    Hardswish,
    Hardsigmoid,
    Softsign,
    Logsigmoid,
    Tanhshrink,
    Hardtanh {
        #[serde(with = "number")]
        min: f64,
        #[serde(with = "number")]
        max: f64,
    },
    Softplus {
        #[serde(with = "number")]
        beta: f64,
        #[serde(with = "number")]
        threshold: f64,
    },
    Hardshrink {
        #[serde(with = "number")]
        lambd: f64,
    },
    Softshrink {
        #[serde(with = "number")]
        lambd: f64,
    },
    Threshold {
        #[serde(with = "number")]
        threshold: f64,
        #[serde(with = "number")]
        value: f64,
    },
}

/// Two broadcast tensors of one dtype.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the torch function of the same name")]
pub enum Binary {
    /// `Div` is true division; its inputs are floating point.
    Add,
    Sub,
    Mul,
    Div,
    FloorDivide,
    TruncDivide,
    Remainder,
    Fmod,
    Pow,
    Maximum,
    Minimum,
    Atan2,
    LogicalAnd,
    LogicalOr,
    LogicalXor,
    BitwiseAnd,
    BitwiseOr,
    BitwiseXor,
    ShiftLeft,
    ShiftRight,
}

/// Comparisons; the result is bool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "torch.eq and its five relatives")]
pub enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Reductions over dims.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the torch function of the same name")]
pub enum Reduce {
    Sum,
    Mean,
    Prod,
    Amax,
    Amin,
    Any,
    All,
    /// `torch.var`
    Var {
        #[serde(with = "number")]
        correction: f64,
    },
    /// `torch.logsumexp`
    LogSumExp,
    /// `torch.linalg.vector_norm`; `p` may be infinite or 0
    Norm {
        #[serde(with = "number")]
        p: f64,
    },
}

/// Running reductions along one dim; same shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "torch.cumsum and its relatives")]
pub enum Cumulate {
    Sum,
    Prod,
    Max,
    Min,
}

/// `F.pad`'s modes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of F.pad")]
pub enum PadMode {
    Constant(Scalar),
    Reflect,
    Replicate,
    Circular,
}

/// Reductions of `scatter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of torch.scatter_reduce")]
pub enum ScatterReduce {
    Replace,
    Add,
    Multiply,
    Amax,
    Amin,
}

/// `F.interpolate`'s modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of F.interpolate")]
pub enum InterpolateMode {
    Nearest,
    NearestExact,
    Linear,
    Bicubic,
}

/// What `grid_sample` puts outside the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names of F.grid_sample")]
pub enum GridPadding {
    Zeros,
    Border,
    Reflection,
}

/// Where random numbers come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "torch's samplers")]
pub enum Distribution {
    Uniform {
        #[serde(with = "number")]
        low: f64,
        #[serde(with = "number")]
        high: f64,
    },
    Normal {
        #[serde(with = "number")]
        mean: f64,
        #[serde(with = "number")]
        std: f64,
    },
    /// integers, `high` excluded
    Randint {
        low: i64,
        high: i64,
    },
    Permutation,
}

/// Which elements dropout drops together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropoutKind {
    /// `F.dropout`: each element by itself
    Element,
    /// `F.dropout1d/2d/3d`: whole channels
    Feature,
    /// `F.alpha_dropout`
    Alpha,
    /// `F.feature_alpha_dropout`
    FeatureAlpha,
}

/// `RNNBase.mode`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecurrentMode {
    /// `RNN_TANH`
    Tanh,
    /// `RNN_RELU`
    Relu,
    /// `LSTM`
    Lstm,
    /// `GRU`
    Gru,
}

impl RecurrentMode {
    /// Gates: rows of the weights over `hidden_size`.
    pub fn gates(self) -> usize {
        match self {
            Self::Tanh | Self::Relu => 1,
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }
}

/// One direction of a recurrent layer, and which of its operands are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// how a step goes
    pub mode: RecurrentMode,
    /// from the last step to the first
    pub reverse: bool,
    /// `bias_hh` of a GRU; the other modes have it in the gates
    pub bias: bool,
    /// `weight_hr`
    pub projection: bool,
    /// which sequences of the batch still run
    pub masked: bool,
}

/// Geometry of a convolution; one entry for each spatial dim (1 to 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "torch.nn.ConvNd's arguments")]
pub struct Conv {
    pub stride: Vec<usize>,
    /// zeros added on both sides; asymmetric 'same' padding is an explicit [`Op::Pad`] before
    pub padding: Vec<usize>,
    pub dilation: Vec<usize>,
    pub groups: usize,
    pub transposed: bool,
    pub output_padding: Vec<usize>,
}

/// Geometry of a pooling window; one entry for each spatial dim (1 to 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "torch.nn.MaxPoolNd's and AvgPoolNd's arguments")]
pub struct Pool {
    pub kernel_size: Vec<usize>,
    pub stride: Vec<usize>,
    pub padding: Vec<usize>,
    pub dilation: Vec<usize>,
    pub ceil_mode: bool,
}

/// An operator. Inputs are listed in brackets, `?` marks an optional one (given as fewer inputs at the end, or by a flag).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "attributes carry the names of torch's arguments")]
pub enum Op {
    // ---- creation: []
    /// `torch.full`
    Full { shape: Vec<usize>, value: Scalar, dtype: DType },
    /// `torch.arange`, with the length worked out
    Arange { start: Scalar, step: Scalar, len: usize, dtype: DType },
    /// `torch.linspace`
    Linspace { start: f64, end: f64, steps: usize, dtype: DType },
    /// `torch.eye`
    Eye { n: usize, m: usize, dtype: DType },
    /// `torch.rand` and its relatives
    Random { distribution: Distribution, shape: Vec<usize>, dtype: DType },
    /// `torch.bernoulli`: [probabilities]
    Bernoulli,

    // ---- elementwise
    /// [x]
    Unary(Unary),
    /// [x]
    Activation(Activation),
    /// `F.prelu`: [x, weight]
    Prelu,
    /// [x, y], broadcast
    Binary(Binary),
    /// [x] with a number: `x op s`, or `s op x` when `reverse`
    BinaryScalar { op: Binary, scalar: Scalar, reverse: bool },
    /// [x, y], broadcast
    Compare(Compare),
    /// [x]
    CompareScalar { op: Compare, scalar: Scalar },
    /// `torch.where`: [condition, x, y], broadcast
    Where,
    /// `torch.clamp` with numbers: [x]
    Clamp { min: Option<Scalar>, max: Option<Scalar> },
    /// `tensor.to(dtype)`: [x]
    Cast { dtype: DType },
    /// `torch.masked_fill`: [x, mask], broadcast to x
    MaskedFill { value: Scalar },
    /// `tensor.detach()`: [x]
    Detach,
    /// `F.dropout` in train mode: [x]
    Dropout { p: f64, kind: DropoutKind },

    // ---- shape
    /// `reshape`, `view`, `flatten`, `squeeze`, `unsqueeze`: [x]
    Reshape { shape: Vec<usize> },
    /// `permute`, `transpose`, `t`: [x]
    Permute { dims: Vec<usize> },
    /// `expand`, to a final shape of the same or a higher rank: [x]
    Expand { shape: Vec<usize> },
    /// `x[..., start:end:step, ...]` with `0 <= start <= end <= size`, `step >= 1`: [x]
    Slice { dim: usize, start: usize, end: usize, step: usize },
    /// `torch.slice_scatter`: [x, source]
    SliceScatter { dim: usize, start: usize, end: usize, step: usize },
    /// `torch.cat`: [x, ...]
    Cat { dim: usize },
    /// `torch.flip`: [x]
    Flip { dims: Vec<usize> },
    /// `x.repeat` after expansion to the rank of `repeats`: [x]
    Repeat { repeats: Vec<usize> },
    /// `torch.index_select`: [x, index 1-d]
    IndexSelect { dim: usize },
    /// `torch.gather`: [x, index]
    Gather { dim: usize },
    /// `torch.scatter`, `scatter_add`, `scatter_reduce`: [x, index, source]
    Scatter { dim: usize, reduce: ScatterReduce },
    /// `x[indices]`: `dims[i]` is indexed by input `i + 1`; integer tensors, broadcast together; the result's place as in torch: [x, index, ...]
    Index { dims: Vec<usize> },
    /// `x[indices] = source` or `+=`: [x, source, index, ...]
    IndexPut { dims: Vec<usize>, accumulate: bool },
    /// `F.pad`; `pads[d]` is (before, after) for each dim of x, negative crops: [x]
    Pad { pads: Vec<(i64, i64)>, mode: PadMode },
    /// `torch.tril`: [x]
    Tril { diagonal: i64 },
    /// `torch.triu`: [x]
    Triu { diagonal: i64 },
    /// `Tensor.unfold`: windows of `size` every `step` along `dim`, as a new last dim: [x]
    UnfoldDim { dim: usize, size: usize, step: usize },
    /// `F.unfold` (im2col): [x (N, C, H, W)]
    Im2col { kernel_size: Vec<usize>, dilation: Vec<usize>, padding: Vec<usize>, stride: Vec<usize> },
    /// `F.fold`: [x (N, C·k, L)]
    Col2im {
        output_size: Vec<usize>,
        kernel_size: Vec<usize>,
        dilation: Vec<usize>,
        padding: Vec<usize>,
        stride: Vec<usize>,
    },

    /// RNN, LSTM or GRU over (time, batch, gates), where the input's projection is done. Hidden states have as many features as `weight_hh` has
    /// columns; a sequence that has ended keeps its state: [gates, weight_hh, h (batch, features), c of an LSTM, bias_hh?, weight_hr?,
    /// running (time, batch, 1)?]. Results: every h (time, batch, features), the last h, the last c of an LSTM.
    Recurrent(Recurrence),

    // ---- reductions
    /// [x]; `dims` sorted, empty means none (a 0-d input)
    Reduce { op: Reduce, dims: Vec<usize>, keepdim: bool },
    /// `torch.argmax`: [x] -> int64
    ArgMax { dim: usize, keepdim: bool },
    /// `torch.argmin`: [x] -> int64
    ArgMin { dim: usize, keepdim: bool },
    /// [x]
    Cumulate { op: Cumulate, dim: usize },
    /// `torch.topk`, `torch.sort`: [x] -> [values, indices int64]; `k` is the length kept
    TopK { dim: usize, k: usize, largest: bool },
    /// `F.softmax`: [x]
    Softmax { dim: usize },
    /// `F.log_softmax`: [x]
    LogSoftmax { dim: usize },

    // ---- linear algebra
    /// `torch.matmul` with its broadcasting, both of rank 1 or more: [x, y]
    Matmul,
    /// `F.linear`: [x (*, in), weight (out, in), bias? (out)]
    Linear,

    // ---- networks
    /// `F.conv1d/2d/3d`, `F.conv_transpose1d/2d/3d`: [x (N, C, *), weight, bias?]
    Conv(Conv),
    /// `F.max_pool1d/2d/3d`: [x (N, C, *)] -> [values] or, when `indices`, [values, int64 flat positions in the plane]
    MaxPool { pool: Pool, indices: bool },
    /// `F.avg_pool1d/2d/3d` (dilation is 1): [x (N, C, *)]
    AvgPool { pool: Pool, count_include_pad: bool, divisor_override: Option<usize> },
    /// `F.adaptive_avg_pool1d/2d/3d`: [x (N, C, *)]
    AdaptiveAvgPool { output_size: Vec<usize> },
    /// `F.adaptive_max_pool1d/2d/3d`: [x (N, C, *)] -> [values] or [values, indices]
    AdaptiveMaxPool { output_size: Vec<usize>, indices: bool },
    /// `F.batch_norm` with running statistics: [x (N, C, *), running_mean, running_var, weight?, bias?] (both or none)
    BatchNormEval { eps: f64 },
    /// `F.batch_norm` with batch statistics: [x, weight?, bias?] -> [y, batch mean (C), batch variance, unbiased (C)]
    BatchNormTrain { eps: f64 },
    /// `F.layer_norm` over the last `dims` dims: [x, weight?, bias?]; `bias` tells whether the last input is one
    LayerNorm { dims: usize, eps: f64 },
    /// `F.rms_norm` over the last `dims` dims: [x, weight?]
    RmsNorm { dims: usize, eps: f64 },
    /// `F.group_norm`, and `F.instance_norm` with groups = channels: [x (N, C, *), weight?, bias?]
    GroupNorm { groups: usize, eps: f64 },
    /// `F.embedding`: [index int, weight (V, D)]
    Embedding { padding_idx: Option<usize> },
    /// `F.interpolate` to a size: [x (N, C, *)]; `scales` are torch's own when `recompute_scale_factor` is off
    Interpolate { mode: InterpolateMode, size: Vec<usize>, align_corners: bool, scales: Option<Vec<f64>> },
    /// `F.grid_sample`: [x (N, C, H, W), grid (N, H', W', 2)]
    GridSample { nearest: bool, padding: GridPadding, align_corners: bool },
}
