//! Running reductions along a dim.

use super::Context;
use crate::engine::tensor::Tensor;
use crate::engine::value::{convert, stored};
use crate::error::Result;
use crate::graph::Info;
use crate::graph::op::Cumulate;

/// `torch.cumsum` and its relatives; integers add up in the result's type.
pub fn run(op: Cumulate, x: Tensor, dim: usize, want: &Info, cx: &Context<'_>) -> Result<Tensor> {
    let x = convert(x, stored(want.dtype, cx.place())?).numeric();
    Ok(match op {
        Cumulate::Sum => x.cumsum(dim),
        Cumulate::Prod => x.cumprod(dim),
        Cumulate::Max => x.cummax(dim),
        Cumulate::Min => x.cummin(dim),
    })
}
