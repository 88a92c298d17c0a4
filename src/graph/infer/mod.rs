//! Shape and dtype of every operator's results, and torch's errors where operands do not fit.
//!
//! One family of operators per file. Elementwise operands have one dtype by contract (a cast stands before them), so a mixture is refused
//! here. Where torch itself computes integers in the default dtype (`torch.exp` of ints), the result is float32.

mod activation;
mod binary;
mod conv;
mod creation;
mod image;
mod index;
mod linalg;
mod norm;
mod operand;
mod pad;
mod pool;
mod recurrent;
mod reduce;
mod shape;
mod unary;
mod window;

#[cfg(test)]
mod tests;

use super::Info;
use super::op::Op;
use crate::dtype::Category;
use crate::error::{Error, Result};
use operand::one;

/// Elements of one value. WebGPU's buffers end below it, and 32-bit index arithmetic in kernels does.
pub const MAX_ELEMENTS: usize = 1 << 31;

/// torch's own limit on dims.
pub const MAX_DIMS: usize = 64;

/// Shapes and dtypes of the results, in the operator's order.
///
/// Mismatch where torch raises, in its words; TooLarge where a value would have over [`MAX_ELEMENTS`]; Unsupported for complex, quantised and
/// packed operands.
pub fn infer(op: &Op, inputs: &[&Info]) -> Result<Vec<Info>> {
    for input in inputs {
        bounded(input)?;
        if input.dtype.category() > Category::Float {
            return Err(Error::unsupported(format!("{} of torch.{}", op.name(), input.dtype.name())));
        }
    }
    let results = dispatch(op, inputs)?;
    results.iter().try_for_each(bounded)?;
    Ok(results)
}

fn dispatch(op: &Op, inputs: &[&Info]) -> Result<Vec<Info>> {
    let one_of = |result: Result<Info>| result.map(|info| vec![info]);
    match op {
        Op::Full { .. } | Op::Arange { .. } | Op::Linspace { .. } | Op::Eye { .. } | Op::Random { .. } => {
            one_of(creation::create(op, inputs))
        }
        Op::Bernoulli => one_of(creation::bernoulli(one(inputs)?)),

        Op::Unary(unary) => one_of(unary::unary(*unary, one(inputs)?)),
        Op::Activation(activation) => one_of(activation::activation(*activation, one(inputs)?)),
        Op::Prelu => one_of(activation::prelu(inputs)),
        Op::Dropout { p, kind } => one_of(activation::dropout(*p, *kind, one(inputs)?)),
        Op::Binary(binary) => one_of(binary::binary(*binary, inputs)),
        Op::BinaryScalar { op, scalar, reverse } => one_of(binary::with_scalar(*op, *scalar, *reverse, one(inputs)?)),
        Op::Compare(_) => one_of(binary::compare(inputs)),
        Op::CompareScalar { .. } => one_of(binary::compare_scalar(one(inputs)?)),
        Op::Where => one_of(binary::choose(inputs)),
        Op::Clamp { min, max } => one_of(binary::clamp(*min, *max, one(inputs)?)),
        Op::MaskedFill { .. } => one_of(binary::masked_fill(inputs)),
        Op::Cast { dtype } => one_of(unary::cast(*dtype, one(inputs)?)),
        Op::Detach => one_of(one(inputs).cloned()),

        Op::Reshape { shape } => one_of(shape::reshape(shape, one(inputs)?)),
        Op::Permute { dims } => one_of(shape::permute(dims, one(inputs)?)),
        Op::Expand { shape } => one_of(shape::expand(shape, one(inputs)?)),
        Op::Slice { dim, start, end, step } => one_of(shape::slice(*dim, (*start, *end, *step), one(inputs)?)),
        Op::SliceScatter { dim, start, end, step } => one_of(shape::slice_scatter(*dim, (*start, *end, *step), inputs)),
        Op::Cat { dim } => one_of(shape::cat(*dim, inputs)),
        Op::Flip { dims } => one_of(shape::flip(dims, one(inputs)?)),
        Op::Repeat { repeats } => one_of(shape::repeat(repeats, one(inputs)?)),
        Op::Tril { .. } => one_of(shape::triangle("tril", one(inputs)?)),
        Op::Triu { .. } => one_of(shape::triangle("triu", one(inputs)?)),
        Op::IndexSelect { dim } => one_of(index::index_select(*dim, inputs)),
        Op::Gather { dim } => one_of(index::gather(*dim, inputs)),
        Op::Scatter { dim, .. } => one_of(index::scatter(*dim, inputs)),
        Op::Index { dims } => one_of(index::index(dims, inputs)),
        Op::IndexPut { dims, .. } => one_of(index::index_put(dims, inputs)),
        Op::Embedding { padding_idx } => one_of(index::embedding(*padding_idx, inputs)),
        Op::Pad { pads, mode } => one_of(pad::pad(pads, *mode, one(inputs)?)),
        Op::UnfoldDim { dim, size, step } => one_of(window::unfold_dim(*dim, *size, *step, one(inputs)?)),
        Op::Im2col { kernel_size, dilation, padding, stride } => {
            one_of(window::im2col(&window::Blocks { kernel_size, dilation, padding, stride }, one(inputs)?))
        }
        Op::Col2im { output_size, kernel_size, dilation, padding, stride } => one_of(window::col2im(
            output_size,
            &window::Blocks { kernel_size, dilation, padding, stride },
            one(inputs)?,
        )),

        Op::Reduce { op, dims, keepdim } => one_of(reduce::reduce(*op, dims, *keepdim, one(inputs)?)),
        Op::ArgMax { dim, keepdim } => one_of(reduce::arg("argmax", *dim, *keepdim, one(inputs)?)),
        Op::ArgMin { dim, keepdim } => one_of(reduce::arg("argmin", *dim, *keepdim, one(inputs)?)),
        Op::Cumulate { op, dim } => one_of(reduce::cumulate(*op, *dim, one(inputs)?)),
        Op::TopK { dim, k, .. } => reduce::topk(*dim, *k, one(inputs)?),
        Op::Softmax { dim } => one_of(reduce::softmax("softmax", *dim, one(inputs)?)),
        Op::LogSoftmax { dim } => one_of(reduce::softmax("log_softmax", *dim, one(inputs)?)),

        Op::Matmul => one_of(linalg::matmul(inputs)),
        Op::Linear => one_of(linalg::linear(inputs)),
        Op::Recurrent(recurrence) => recurrent::recurrent(*recurrence, inputs),
        Op::Conv(conv) => one_of(conv::conv(conv, inputs)),
        Op::MaxPool { pool, indices } => pool::max_pool(pool, *indices, one(inputs)?),
        Op::AvgPool { pool, divisor_override, .. } => one_of(pool::avg_pool(pool, *divisor_override, one(inputs)?)),
        Op::AdaptiveAvgPool { output_size } => one_of(pool::adaptive("avg", output_size, one(inputs)?)),
        Op::AdaptiveMaxPool { output_size, indices } => pool::adaptive_max(output_size, *indices, one(inputs)?),
        Op::BatchNormEval { .. } => one_of(norm::batch_norm_eval(inputs)),
        Op::BatchNormTrain { .. } => norm::batch_norm_train(inputs),
        Op::LayerNorm { dims, .. } => one_of(norm::layer_norm(*dims, inputs)),
        Op::RmsNorm { dims, .. } => one_of(norm::rms_norm(*dims, inputs)),
        Op::GroupNorm { groups, .. } => one_of(norm::group_norm(*groups, inputs)),
        Op::Interpolate { mode, size, align_corners, scales } => {
            one_of(image::interpolate(*mode, size, *align_corners, scales.as_deref(), one(inputs)?))
        }
        Op::GridSample { .. } => one_of(image::grid_sample(inputs)),
    }
}

/// Every dim counts as one at least, so that a zero among them hides no number that cannot be multiplied.
fn bounded(info: &Info) -> Result<()> {
    if info.shape.len() > MAX_DIMS {
        return Err(Error::too_large("the number of a tensor's dimensions", info.shape.len(), MAX_DIMS));
    }
    let elements = info.shape.iter().try_fold(1usize, |n, size| n.checked_mul((*size).max(1)));
    match elements {
        Some(n) if n <= MAX_ELEMENTS => Ok(()),
        Some(n) => Err(Error::too_large(format!("the number of elements of {:?}", info.shape), n, MAX_ELEMENTS)),
        None => Err(Error::too_large(
            format!("the number of elements of {:?}", info.shape),
            "beyond counting",
            MAX_ELEMENTS,
        )),
    }
}
