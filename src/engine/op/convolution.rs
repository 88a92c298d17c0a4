//! Convolutions, plain and transposed, over one to three spatial dims.

use super::broadcast::channels;
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
    let result =
        if conv.transposed { x.conv_transpose(weight, bias, &geometry) } else { plain(x, weight, bias, &geometry) };
    result.ok_or_else(|| Error::unsupported(format!("aten.convolution over {} dims", conv.stride.len())))
}

/// By the CPU's own kernels where they can, else by burn's.
fn plain(x: Tensor, weight: Tensor, bias: Option<Tensor>, geometry: &Geometry) -> Option<Tensor> {
    let (tracks_x, tracks_weight) = (x.tracked(), weight.tracked());
    if !tracks_x && !tracks_weight && !bias.as_ref().is_some_and(Tensor::tracked) {
        let ours = cpu::convolution(&x, &weight, bias.as_ref(), geometry);
        return ours.or_else(|| x.conv(weight, bias, geometry));
    }
    let (image, kernel) = (x.clone().detach(), weight.clone().detach());
    let Some(value) = cpu::convolution(&image, &kernel, None, geometry) else { return x.conv(weight, bias, geometry) };
    let rule = geometry.clone();
    let y = Tensor::with_rule(value, [&x, &weight], move |gradient| {
        // A gradient that nobody asked for is not computed.
        let skipped = || Some(gradient.clone());
        let of_x = if tracks_x { cpu::input_gradient(&kernel, &gradient, &image.shape(), &rule) } else { skipped() };
        let of_weight =
            if tracks_weight { cpu::weight_gradient(&image, &gradient, &kernel.shape(), &rule) } else { skipped() };
        // Rules get gradients in order, so the shapes that these kernels convolved are the only question, and they are the same.
        [of_x, of_weight].map(|g| g.unwrap_or_else(|| unreachable!("the convolution itself ran by these kernels")))
    });
    let rank = y.rank();
    Some(match bias {
        Some(bias) => y.add(channels(bias, rank)),
        None => y,
    })
}
