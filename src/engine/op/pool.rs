//! Pools: maximum with and without positions, mean, and the adaptive ones. The result's size comes from the graph, so a window that
//! `ceil_mode` lets run over the edge is padded for, and the mean's divisors are torch's.

use super::broadcast::floats;
use super::pad::constant;
use super::window::{Windows, gather, positions};
use crate::engine::kernel::Window2d;
use crate::engine::tensor::{Kind, Scalar, Tensor};
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::graph::op::{Pool, Scalar as Number};
use burn::tensor::FloatDType;

/// One dim of a pool.
#[derive(Clone, Copy)]
struct Axis {
    size: usize,
    out: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
    /// rows to add at the end: more than `padding` where the last window hangs over, less where no window reaches
    after: i64,
}

fn axes(x: &Tensor, pool: &Pool, want: &Info) -> Result<Vec<Axis>> {
    let dims = pool.kernel_size.len();
    let outs = want.shape.get(2..).unwrap_or_default();
    let lists = [&pool.stride, &pool.padding, &pool.dilation];
    if outs.len() != dims || lists.iter().any(|l| l.len() != dims) || x.rank() != dims + 2 {
        return Err(Error::mismatch("a pool's arguments and its input have different numbers of dims"));
    }
    let mut axes = Vec::with_capacity(dims);
    for (d, (((&kernel, &stride), (&padding, &dilation)), &out)) in
        pool.kernel_size.iter().zip(&pool.stride).zip(pool.padding.iter().zip(&pool.dilation)).zip(outs).enumerate()
    {
        if kernel == 0 || stride == 0 || dilation == 0 {
            return Err(Error::mismatch("kernel size, stride and dilation should be greater than zero"));
        }
        let size = x.size(d + 2);
        let signed = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let reach = signed(out.saturating_sub(1) * stride + dilation * (kernel - 1) + 1);
        axes.push(Axis { size, out, kernel, stride, padding, dilation, after: reach - signed(size) - signed(padding) });
    }
    Ok(axes)
}

/// Whether symmetric padding and floor mode give the same windows.
fn plain(axes: &[Axis]) -> bool {
    axes.iter().all(|a| i64::try_from(a.padding).is_ok_and(|p| a.after <= p) && a.padding <= a.kernel / 2)
}

fn padded(x: Tensor, axes: &[Axis], value: f64) -> Result<Tensor> {
    let mut pads = vec![(0, 0), (0, 0)];
    pads.extend(axes.iter().map(|a| (i64::try_from(a.padding).unwrap_or(0), a.after)));
    constant(x, &pads, Number::Float(value))
}

/// `F.max_pool1d/2d/3d`.
pub fn max_pool(x: Tensor, pool: &Pool, indices: bool, want: &Info) -> Result<Vec<Tensor>> {
    let axes = axes(&x, pool, want)?;
    let dtype = x.dtype();
    // Integers have no kernel; float64 holds what a pool of integers can meet, float32 on a GPU what pixels are.
    let x = if x.kind() == Kind::Float { x } else { x.clone().to_float(wide(&x)) };
    if indices || x.numel() == 0 {
        return with_positions(x, &axes);
    }
    let direct = plain(&axes);
    let x = if direct { x } else { padded(x, &axes, f64::NEG_INFINITY)? };
    let y = separable(x, &axes, direct, |x, window| x.max_pool2d(window));
    let y = y.ok_or_else(|| Error::unsupported(format!("aten.max_pool over {} dims", axes.len())))?;
    Ok(vec![crate::engine::value::convert(y, dtype)])
}

fn wide(x: &Tensor) -> FloatDType {
    if x.facts.gpu { FloatDType::F32 } else { FloatDType::F64 }
}

/// Runs a two-dimensional pool over one, two or three dims: the third is pooled by itself.
fn separable(x: Tensor, axes: &[Axis], direct: bool, pool: impl Fn(Tensor, &Window2d) -> Tensor) -> Option<Tensor> {
    let one = Axis { size: 1, out: 1, kernel: 1, stride: 1, padding: 0, dilation: 1, after: 0 };
    let window = |a: Axis, b: Axis| Window2d {
        kernel: [a.kernel, b.kernel],
        stride: [a.stride, b.stride],
        padding: if direct { [a.padding, b.padding] } else { [0, 0] },
        dilation: [a.dilation, b.dilation],
    };
    let (n, c) = (x.size(0), x.size(1));
    match *axes {
        [a] => {
            let width = x.size(2);
            let y = pool(x.reshape(&[n, c, 1, width]), &window(one, a));
            Some(trim(y, &[one, a]).reshape(&[n, c, a.out]))
        }
        [a, b] => Some(trim(pool(x, &window(a, b)), &[a, b])),
        [a, b, d] => {
            let [depth, h, w] = [x.size(2), x.size(3), x.size(4)];
            let planes = trim(pool(x.reshape(&[n, c * depth, h, w]), &window(b, d)), &[b, d]);
            let columns = planes.reshape(&[n, c, depth, b.out * d.out]);
            Some(
                trim(pool(columns, &window(a, one)), &[a, Axis { out: b.out * d.out, ..one }])
                    .reshape(&[n, c, a.out, b.out, d.out]),
            )
        }
        _ => None,
    }
}

/// Windows beyond the graph's size are dropped.
fn trim(x: Tensor, axes: &[Axis; 2]) -> Tensor {
    let [a, b] = axes;
    x.slice(2, 0, a.out, 1).slice(3, 0, b.out, 1)
}

fn with_positions(x: Tensor, axes: &[Axis]) -> Result<Vec<Tensor>> {
    if let ([a, b], true, false) = (axes, plain(axes), x.facts.gpu) {
        let window = Window2d {
            kernel: [a.kernel, b.kernel],
            stride: [a.stride, b.stride],
            padding: [a.padding, b.padding],
            dilation: [a.dilation, b.dilation],
        };
        let (y, at) = x.max_pool2d_with_indices(&window);
        return Ok(vec![trim(y, &[*a, *b]), trim(at, &[*a, *b])]);
    }
    let windows: Vec<Windows> = axes.iter().map(|a| Windows::sliding(a.out, a.kernel, a.stride, a.dilation)).collect();
    let [sizes, padding]: [Vec<usize>; 2] =
        [axes.iter().map(|a| a.size).collect(), axes.iter().map(|a| a.padding).collect()];
    let places = positions(&windows, &sizes, &padding);
    let x = padded(x, axes, f64::NEG_INFINITY)?;
    Ok(largest(gather(x, &windows), &places))
}

/// The largest of each window, the first of equals, and the position it stands for.
fn largest(windows: Tensor, places: &[usize]) -> Vec<Tensor> {
    let shape = windows.shape();
    let (last, dim) = (shape.last().copied().unwrap_or(1), shape.len() - 1);
    let at = windows.clone().argmax(dim);
    let values = windows.gather(dim, at.clone());
    let rows = places.len() / last.max(1);
    let batch = values.numel() / rows.max(1);
    let table = values.place().indices(places).reshape(&[1, rows, last]).expand(&[batch, rows, last]);
    let found = table.gather(2, at.reshape(&[batch, rows, 1]));
    vec![values, found]
}

/// `F.avg_pool1d/2d/3d`.
#[expect(clippy::cast_precision_loss, reason = "counts of a window's cells")]
pub fn avg_pool(
    x: Tensor,
    pool: &Pool,
    count_include_pad: bool,
    divisor_override: Option<usize>,
    want: &Info,
) -> Result<Tensor> {
    let axes = axes(&x, pool, want)?;
    let x = if x.kind() == Kind::Float { x } else { x.clone().to_float(wide(&x)) };
    let direct = plain(&axes);
    let dims = axes.len();
    let refused = || Error::unsupported(format!("aten.avg_pool over {dims} dims"));
    let x = if direct { x } else { padded(x, &axes, 0.0)? };
    let mean = separable(x, &axes, direct, |x, window| x.avg_pool2d(window, true)).ok_or_else(refused)?;
    let cells: usize = axes.iter().map(|a| a.kernel).product();
    if let Some(divisor) = divisor_override {
        return Ok(mean.mul_scalar(Scalar::Float(cells as f64 / divisor as f64)));
    }
    let counts: Vec<Vec<usize>> = axes.iter().map(|a| counted(a, count_include_pad)).collect();
    if counts.iter().zip(&axes).all(|(c, a)| c.iter().all(|n| *n == a.kernel)) {
        return Ok(mean);
    }
    // The kernel divided by all cells; torch divides by those that it counts.
    let mut factors = vec![cells as f64];
    for dim in &counts {
        factors = factors.iter().flat_map(|f| dim.iter().map(move |n| f / *n as f64)).collect();
    }
    let mut shape = vec![1, 1];
    shape.extend(axes.iter().map(|a| a.out));
    let factors = floats(&mean.place(), factors, &shape, &mean);
    Ok(mean.mul(factors))
}

/// How many rows each window counts: those inside, and those of the padding if it counts, but none beyond it.
fn counted(a: &Axis, count_include_pad: bool) -> Vec<usize> {
    let (low, high) = if count_include_pad { (0, a.size + 2 * a.padding) } else { (a.padding, a.size + a.padding) };
    let rows = |o: usize| (o * a.stride).max(low)..(o * a.stride + a.kernel).min(high);
    (0..a.out).map(|o| rows(o).len().max(1)).collect()
}

/// `F.adaptive_avg_pool1d/2d/3d`.
pub fn adaptive_avg_pool(x: Tensor, output_size: &[usize]) -> Result<Tensor> {
    let all = output_size.iter().all(|n| *n == 1);
    if all && x.rank() == output_size.len() + 2 {
        let [n, c] = [x.size(0), x.size(1)];
        let cells = x.numel() / (n * c).max(1);
        return Ok(x.reshape(&[n, c, cells]).mean_dim(2));
    }
    let dims = output_size.len();
    x.adaptive_avg_pool(output_size)
        .ok_or_else(|| Error::unsupported(format!("aten.adaptive_avg_pool over {dims} dims")))
}

/// `F.adaptive_max_pool1d/2d/3d`.
pub fn adaptive_max_pool(x: Tensor, output_size: &[usize], indices: bool) -> Result<Vec<Tensor>> {
    if x.rank() != output_size.len() + 2 {
        return Err(Error::mismatch("adaptive_max_pool: the output size has another number of dims than the input"));
    }
    let sizes: Vec<usize> = (0..output_size.len()).map(|d| x.size(d + 2)).collect();
    let windows: Vec<Windows> = sizes.iter().zip(output_size).map(|(&n, &o)| Windows::adaptive(n, o)).collect();
    if indices {
        let places = positions(&windows, &sizes, &vec![0; sizes.len()]);
        return Ok(largest(gather(x, &windows), &places));
    }
    let windows = gather(x, &windows);
    let last = windows.rank() - 1;
    Ok(vec![windows.max_dim(last)])
}
