//! Convolutions and transposed convolutions over one to three spatial dims: ATen's checks, in ATen's order.

use super::super::Info;
use super::super::op::Conv;
use super::operand::{attributes, c_type, count, joined, like, size, size_at};
use crate::error::{Error, Result};

/// `F.convNd` and `F.conv_transposeNd`.
pub fn conv(conv: &Conv, inputs: &[&Info]) -> Result<Info> {
    let (x, weight, bias) = match inputs {
        [x, weight] => (*x, *weight, None),
        [x, weight, bias] => (*x, *weight, Some(*bias)),
        _ => return Err(count(inputs, 2, 3)),
    };
    let spatial = conv.stride.len();
    if !(1..=3).contains(&spatial) {
        return Err(Error::mismatch(format!("a convolution over {spatial} dimensions")));
    }
    attributes(
        spatial,
        &[
            ("stride", &conv.stride),
            ("padding", &conv.padding),
            ("dilation", &conv.dilation),
            ("output_padding", &conv.output_padding),
        ],
    )?;
    let name = if conv.transposed { format!("conv_transpose{spatial}d") } else { format!("conv{spatial}d") };
    if x.shape.len() != spatial + 2 {
        return Err(Error::mismatch(format!(
            "Expected {}D (unbatched) or {}D (batched) input to {name}, but got input of size: {:?}",
            spatial + 1,
            spatial + 2,
            x.shape
        )));
    }
    if weight.shape.len() < 3 {
        return Err(Error::mismatch("weight should have at least three dimensions"));
    }
    attributes(weight.shape.len() - 2, &[("stride", &conv.stride)])?;
    dtypes(x, weight, bias)?;
    if conv.groups == 0 {
        return Err(Error::mismatch("non-positive groups is not supported"));
    }
    if conv.stride.contains(&0) {
        return Err(Error::mismatch("non-positive stride is not supported"));
    }
    if conv.dilation.contains(&0) {
        return Err(Error::mismatch(match conv.dilation.as_slice() {
            [one] => format!("dilation should be greater than zero, but got [1, {one}]"),
            more => format!("dilation should be greater than zero, but got {more:?}"),
        }));
    }
    channels(conv, x, weight, bias)?;
    let kernel = weight.shape.get(2..).unwrap_or(&[]);
    let image = x.shape.get(2..).unwrap_or(&[]);
    let mut shape = vec![size_at(&x.shape, 0)];
    if conv.transposed {
        shape.push(size_at(&weight.shape, 1).saturating_mul(conv.groups));
        shape.extend(transposed(conv, image, kernel)?);
    } else {
        shape.push(size_at(&weight.shape, 0));
        shape.extend(forward(conv, image, kernel)?);
    }
    Ok(like(x, shape))
}

fn dtypes(x: &Info, weight: &Info, bias: Option<&Info>) -> Result<()> {
    match bias {
        Some(bias) if bias.dtype != x.dtype => Err(Error::mismatch(format!(
            "Input type ({}) and bias type ({}) should be the same",
            c_type(x.dtype),
            c_type(bias.dtype)
        ))),
        _ if x.dtype != weight.dtype => Err(Error::mismatch(format!(
            "expected scalar type {} but found {}",
            x.dtype.scalar_type(),
            weight.dtype.scalar_type()
        ))),
        _ => Ok(()),
    }
}

/// ATen's `check_shape_forward`.
fn channels(conv: &Conv, x: &Info, weight: &Info, bias: Option<&Info>) -> Result<()> {
    let groups = conv.groups;
    let (first, channels) = (size_at(&weight.shape, 0), size_at(&x.shape, 1));
    if first < groups {
        return Err(Error::mismatch(format!(
            "Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size {:?} instead",
            weight.shape
        )));
    }
    if !first.is_multiple_of(groups) {
        return Err(Error::mismatch(format!(
            "Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size [{:?}] instead",
            weight.shape
        )));
    }
    let (wanted, made) = if conv.transposed {
        (first, size_at(&weight.shape, 1).saturating_mul(groups))
    } else {
        (size_at(&weight.shape, 1).saturating_mul(groups), first)
    };
    if channels != wanted {
        let given = if conv.transposed { format!("transposed={}", 1) } else { format!("groups={groups}") };
        return Err(Error::mismatch(format!(
            "Given {given}, weight of size {:?}, expected input{:?} to have {wanted} channels, but got {channels} channels instead",
            weight.shape, x.shape
        )));
    }
    match bias {
        Some(bias) if bias.shape != [made] => Err(Error::mismatch(format!(
            "Given {}weight of size {:?}, expected bias to be 1-dimensional with {made} elements, but got bias of size {:?} instead",
            if conv.transposed { "transposed=1, " } else { "" },
            weight.shape,
            bias.shape
        ))),
        _ => Ok(()),
    }
}

fn forward(conv: &Conv, image: &[usize], kernel: &[usize]) -> Result<Vec<usize>> {
    let mut sizes = Vec::new();
    let (mut padded, mut spans) = (Vec::new(), Vec::new());
    for (have, ((kernel, stride), (padding, dilation))) in
        image.iter().zip(kernel.iter().zip(&conv.stride).zip(conv.padding.iter().zip(&conv.dilation)))
    {
        let have = *have as i64 + 2 * *padding as i64;
        let span = *dilation as i64 * (*kernel as i64 - 1) + 1;
        padded.push(size(have));
        spans.push(size(span));
        sizes.push(size((have - span).div_euclid((*stride).max(1) as i64) + 1));
    }
    if padded.iter().zip(&spans).any(|(have, span)| have < span) {
        return Err(Error::mismatch(format!(
            "Calculated padded input size per channel: ({}). Kernel size: ({}). Kernel size can't be greater than actual input size",
            joined(&padded, " x "),
            joined(&spans, " x ")
        )));
    }
    Ok(sizes)
}

fn transposed(conv: &Conv, image: &[usize], kernel: &[usize]) -> Result<Vec<usize>> {
    let mut sizes = Vec::new();
    for (at, have) in image.iter().enumerate() {
        let of = |list: &[usize]| size_at(list, at) as i64;
        let (stride, dilation, extra) = (of(&conv.stride), of(&conv.dilation), of(&conv.output_padding));
        if extra >= stride && extra >= dilation {
            return Err(output_padding(conv));
        }
        sizes.push((*have as i64 - 1) * stride - 2 * of(&conv.padding) + dilation * (of(kernel) - 1) + extra + 1);
    }
    if sizes.iter().any(|n| *n < 1) {
        // One spatial dim is computed as two.
        let added = if image.len() == 1 { "1 x " } else { "" };
        let calculated = sizes.iter().map(i64::to_string).collect::<Vec<_>>().join(" x ");
        return Err(Error::mismatch(format!(
            "Given input size per channel: ({added}{}). Calculated output size per channel: ({added}{calculated}). Output size is too small",
            joined(image, " x ")
        )));
    }
    Ok(sizes.into_iter().map(size).collect())
}

fn output_padding(conv: &Conv) -> Error {
    let dims = ["depth", "height", "width"];
    let lists =
        [("output_padding", &conv.output_padding, 0), ("stride", &conv.stride, 1), ("dilation", &conv.dilation, 1)];
    let mut told = Vec::new();
    for (name, list, added) in lists {
        // One spatial dim is computed as two.
        let list: Vec<usize> =
            if list.len() == 1 { [added].iter().chain(list).copied().collect() } else { list.clone() };
        let names = dims.iter().skip(dims.len().saturating_sub(list.len()));
        told.extend(names.zip(&list).map(|(dim, n)| format!("{name}_{dim}: {n}")));
    }
    Error::mismatch(format!(
        "output padding must be smaller than either stride or dilation, but got {}",
        told.join(" ")
    ))
}
