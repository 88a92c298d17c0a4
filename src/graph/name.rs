//! The operators' names, as ATen's schemas spell them: `aten.conv2d`.

use super::op::{
    Activation, Binary, Compare, Cumulate, Distribution, DropoutKind, InterpolateMode, Op, RecurrentMode, Reduce,
    ScatterReduce, Unary,
};

impl Op {
    /// `aten.conv2d`, `aten.add`, ...; operators with one schema for each number of spatial dims take theirs from the attributes.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Full { .. } => "aten.full",
            Self::Arange { .. } => "aten.arange",
            Self::Linspace { .. } => "aten.linspace",
            Self::Eye { .. } => "aten.eye",
            Self::Random { distribution, .. } => match distribution {
                Distribution::Uniform { .. } => "aten.uniform",
                Distribution::Normal { .. } => "aten.normal",
                Distribution::Randint { .. } => "aten.randint",
                Distribution::Permutation => "aten.randperm",
            },
            Self::Bernoulli => "aten.bernoulli",
            Self::Unary(op) => unary(*op),
            Self::Activation(op) => activation(*op),
            Self::Prelu => "aten.prelu",
            Self::Binary(op) | Self::BinaryScalar { op, .. } => binary(*op),
            Self::Compare(op) | Self::CompareScalar { op, .. } => match op {
                Compare::Eq => "aten.eq",
                Compare::Ne => "aten.ne",
                Compare::Lt => "aten.lt",
                Compare::Le => "aten.le",
                Compare::Gt => "aten.gt",
                Compare::Ge => "aten.ge",
            },
            Self::Where => "aten.where",
            Self::Clamp { .. } => "aten.clamp",
            Self::Cast { .. } => "aten.to",
            Self::MaskedFill { .. } => "aten.masked_fill",
            Self::Detach => "aten.detach",
            Self::Dropout { kind, .. } => match kind {
                DropoutKind::Element => "aten.dropout",
                DropoutKind::Feature => "aten.feature_dropout",
                DropoutKind::Alpha => "aten.alpha_dropout",
                DropoutKind::FeatureAlpha => "aten.feature_alpha_dropout",
            },
            Self::Reshape { .. } => "aten.reshape",
            Self::Permute { .. } => "aten.permute",
            Self::Expand { .. } => "aten.expand",
            Self::Slice { .. } => "aten.slice",
            Self::SliceScatter { .. } => "aten.slice_scatter",
            Self::Cat { .. } => "aten.cat",
            Self::Flip { .. } => "aten.flip",
            Self::Repeat { .. } => "aten.repeat",
            Self::IndexSelect { .. } => "aten.index_select",
            Self::Gather { .. } => "aten.gather",
            Self::Scatter { reduce, .. } => match reduce {
                ScatterReduce::Replace => "aten.scatter",
                ScatterReduce::Add => "aten.scatter_add",
                ScatterReduce::Multiply | ScatterReduce::Amax | ScatterReduce::Amin => "aten.scatter_reduce",
            },
            Self::Index { .. } => "aten.index",
            Self::IndexPut { .. } => "aten.index_put",
            Self::Pad { .. } => "aten.pad",
            Self::Tril { .. } => "aten.tril",
            Self::Triu { .. } => "aten.triu",
            Self::UnfoldDim { .. } => "aten.unfold",
            Self::Im2col { .. } => "aten.im2col",
            Self::Col2im { .. } => "aten.col2im",
            Self::Reduce { op, .. } => match op {
                Reduce::Sum => "aten.sum",
                Reduce::Mean => "aten.mean",
                Reduce::Prod => "aten.prod",
                Reduce::Amax => "aten.amax",
                Reduce::Amin => "aten.amin",
                Reduce::Any => "aten.any",
                Reduce::All => "aten.all",
                Reduce::Var { .. } => "aten.var",
                Reduce::LogSumExp => "aten.logsumexp",
                Reduce::Norm { .. } => "aten.linalg_vector_norm",
            },
            Self::ArgMax { .. } => "aten.argmax",
            Self::ArgMin { .. } => "aten.argmin",
            Self::Cumulate { op, .. } => match op {
                Cumulate::Sum => "aten.cumsum",
                Cumulate::Prod => "aten.cumprod",
                Cumulate::Max => "aten.cummax",
                Cumulate::Min => "aten.cummin",
            },
            Self::TopK { .. } => "aten.topk",
            Self::Softmax { .. } => "aten.softmax",
            Self::LogSoftmax { .. } => "aten.log_softmax",
            Self::Matmul => "aten.matmul",
            Self::Linear => "aten.linear",
            Self::Recurrent(recurrence) => match recurrence.mode {
                RecurrentMode::Tanh => "aten.rnn_tanh",
                RecurrentMode::Relu => "aten.rnn_relu",
                RecurrentMode::Lstm => "aten.lstm",
                RecurrentMode::Gru => "aten.gru",
            },
            Self::Conv(conv) if conv.transposed => {
                by_dims(conv.stride.len(), ["aten.conv_transpose1d", "aten.conv_transpose2d", "aten.conv_transpose3d"])
            }
            Self::Conv(conv) => by_dims(conv.stride.len(), ["aten.conv1d", "aten.conv2d", "aten.conv3d"]),
            Self::MaxPool { pool, .. } => {
                by_dims(pool.kernel_size.len(), ["aten.max_pool1d", "aten.max_pool2d", "aten.max_pool3d"])
            }
            Self::AvgPool { pool, .. } => {
                by_dims(pool.kernel_size.len(), ["aten.avg_pool1d", "aten.avg_pool2d", "aten.avg_pool3d"])
            }
            Self::AdaptiveAvgPool { output_size } => by_dims(
                output_size.len(),
                ["aten.adaptive_avg_pool1d", "aten.adaptive_avg_pool2d", "aten.adaptive_avg_pool3d"],
            ),
            Self::AdaptiveMaxPool { output_size, .. } => by_dims(
                output_size.len(),
                ["aten.adaptive_max_pool1d", "aten.adaptive_max_pool2d", "aten.adaptive_max_pool3d"],
            ),
            Self::BatchNormEval { .. } | Self::BatchNormTrain { .. } => "aten.batch_norm",
            Self::LayerNorm { .. } => "aten.layer_norm",
            Self::RmsNorm { .. } => "aten.rms_norm",
            Self::GroupNorm { .. } => "aten.group_norm",
            Self::Embedding { .. } => "aten.embedding",
            Self::Interpolate { mode, size, .. } => match mode {
                InterpolateMode::Nearest => by_dims(
                    size.len(),
                    ["aten.upsample_nearest1d", "aten.upsample_nearest2d", "aten.upsample_nearest3d"],
                ),
                InterpolateMode::NearestExact => by_dims(
                    size.len(),
                    [
                        "aten._upsample_nearest_exact1d",
                        "aten._upsample_nearest_exact2d",
                        "aten._upsample_nearest_exact3d",
                    ],
                ),
                InterpolateMode::Linear => by_dims(
                    size.len(),
                    ["aten.upsample_linear1d", "aten.upsample_bilinear2d", "aten.upsample_trilinear3d"],
                ),
                InterpolateMode::Bicubic => "aten.upsample_bicubic2d",
            },
            Self::GridSample { .. } => "aten.grid_sampler",
        }
    }
}

/// No schema has more than three spatial dims; what an unchecked graph says beyond reads as the last.
fn by_dims(spatial: usize, [one, two, three]: [&'static str; 3]) -> &'static str {
    match spatial {
        0 | 1 => one,
        2 => two,
        _ => three,
    }
}

fn unary(op: Unary) -> &'static str {
    match op {
        Unary::Abs => "aten.abs",
        Unary::Neg => "aten.neg",
        Unary::Exp => "aten.exp",
        Unary::Exp2 => "aten.exp2",
        Unary::Expm1 => "aten.expm1",
        Unary::Log => "aten.log",
        Unary::Log2 => "aten.log2",
        Unary::Log10 => "aten.log10",
        Unary::Log1p => "aten.log1p",
        Unary::Sqrt => "aten.sqrt",
        Unary::Rsqrt => "aten.rsqrt",
        Unary::Square => "aten.square",
        Unary::Reciprocal => "aten.reciprocal",
        Unary::Sign => "aten.sign",
        Unary::Floor => "aten.floor",
        Unary::Ceil => "aten.ceil",
        Unary::Round => "aten.round",
        Unary::Trunc => "aten.trunc",
        Unary::Frac => "aten.frac",
        Unary::Sin => "aten.sin",
        Unary::Cos => "aten.cos",
        Unary::Tan => "aten.tan",
        Unary::Asin => "aten.asin",
        Unary::Acos => "aten.acos",
        Unary::Atan => "aten.atan",
        Unary::Sinh => "aten.sinh",
        Unary::Cosh => "aten.cosh",
        Unary::Tanh => "aten.tanh",
        Unary::Asinh => "aten.asinh",
        Unary::Acosh => "aten.acosh",
        Unary::Atanh => "aten.atanh",
        Unary::Sigmoid => "aten.sigmoid",
        Unary::Erf => "aten.erf",
        Unary::Erfinv => "aten.erfinv",
        Unary::Relu => "aten.relu",
        Unary::Silu => "aten.silu",
        Unary::LogicalNot => "aten.logical_not",
        Unary::BitwiseNot => "aten.bitwise_not",
        Unary::Isnan => "aten.isnan",
        Unary::Isinf => "aten.isinf",
        Unary::Isfinite => "aten.isfinite",
    }
}

fn activation(op: Activation) -> &'static str {
    match op {
        Activation::LeakyRelu { .. } => "aten.leaky_relu",
        Activation::Elu { .. } => "aten.elu",
        Activation::Celu { .. } => "aten.celu",
        Activation::Gelu { .. } => "aten.gelu",
        Activation::Mish => "aten.mish",
        Activation::Hardswish => "aten.hardswish",
        Activation::Hardsigmoid => "aten.hardsigmoid",
        Activation::Softsign => "aten.softsign",
        Activation::Logsigmoid => "aten.log_sigmoid",
        Activation::Tanhshrink => "aten.tanhshrink",
        Activation::Hardtanh { .. } => "aten.hardtanh",
        Activation::Softplus { .. } => "aten.softplus",
        Activation::Hardshrink { .. } => "aten.hardshrink",
        Activation::Softshrink { .. } => "aten.softshrink",
        Activation::Threshold { .. } => "aten.threshold",
    }
}

fn binary(op: Binary) -> &'static str {
    match op {
        Binary::Add => "aten.add",
        Binary::Sub => "aten.sub",
        Binary::Mul => "aten.mul",
        Binary::Div => "aten.div",
        Binary::FloorDivide => "aten.floor_divide",
        Binary::TruncDivide => "aten.trunc_divide",
        Binary::Remainder => "aten.remainder",
        Binary::Fmod => "aten.fmod",
        Binary::Pow => "aten.pow",
        Binary::Maximum => "aten.maximum",
        Binary::Minimum => "aten.minimum",
        Binary::Atan2 => "aten.atan2",
        Binary::LogicalAnd => "aten.logical_and",
        Binary::LogicalOr => "aten.logical_or",
        Binary::LogicalXor => "aten.logical_xor",
        Binary::BitwiseAnd => "aten.bitwise_and",
        Binary::BitwiseOr => "aten.bitwise_or",
        Binary::BitwiseXor => "aten.bitwise_xor",
        Binary::ShiftLeft => "aten.bitwise_left_shift",
        Binary::ShiftRight => "aten.bitwise_right_shift",
    }
}
