//! Convolutions, plain and transposed, over one to three spatial dims.

use crate::engine::cpu;
use crate::engine::kernel::Geometry;
use crate::engine::tensor::Tensor;
use crate::error::{Error, Result};
use crate::graph::op::Conv;

/// `F.conv1d/2d/3d` and `F.conv_transpose1d/2d/3d`.
pub fn conv(x: Tensor, weight: Tensor, bias: Option<Tensor>, conv: &Conv) -> Result<Tensor> {
    let geometry = Geometry {
        stride: conv.stride.clone(),
        padding: conv.padding.clone(),
        dilation: conv.dilation.clone(),
        output_padding: conv.output_padding.clone(),
        groups: conv.groups,
    };
    if geometry.groups == 0 || geometry.stride.contains(&0) || geometry.dilation.contains(&0) {
        return Err(Error::mismatch("non-positive stride, dilation or groups is not supported"));
    }
    let result = if conv.transposed {
        x.conv_transpose(weight, bias, &geometry)
    } else {
        let ours = cpu::convolution(&x, &weight, bias.as_ref(), &geometry);
        ours.or_else(|| x.conv(weight, bias, &geometry))
    };
    result.ok_or_else(|| Error::unsupported(format!("aten.convolution over {} dims", conv.stride.len())))
}
