//! The kernels give what burn's give.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test that fails says where"
)]

use super::*;
use crate::data::TensorData;
use crate::dtype::DType as Torch;
use crate::engine::device::Device;
use crate::engine::kernel::Geometry;
use crate::engine::value::Value;

fn tensor(shape: &[usize], seed: u32) -> Tensor {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 32768.0 - 1.0
    };
    let bytes = (0..shape.iter().product()).flat_map(|_| next().to_le_bytes()).collect();
    let data = TensorData::new(Torch::Float32, shape.to_vec(), bytes).unwrap();
    Value::upload(&Device::cpu(), &data).unwrap().into_tensor()
}

fn gap(ours: Tensor, burn: Tensor) -> f32 {
    assert_eq!(ours.shape(), burn.shape());
    let read = |t: Tensor| pollster::block_on(t.read()).unwrap().iter::<f32>().collect::<Vec<_>>();
    read(ours).iter().zip(read(burn)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn products_equal_burns() {
    for (m, k, n) in [(1, 1, 1), (3, 7, 9), (4, 300, 17), (5, 8, 8), (6, 257, 5), (64, 520, 33), (7, 3, 1030)] {
        let (x, y) = (tensor(&[m, k], 1), tensor(&[k, n], 2));
        assert!(gap(matmul(&x, &y).unwrap(), x.clone().matmul(y.clone())) < 1e-3, "{m} {k} {n}");
        // Views: both transposed.
        let (u, v) = (tensor(&[k, m], 3).swap_dims(0, 1), tensor(&[n, k], 4).swap_dims(0, 1));
        assert!(gap(matmul(&u, &v).unwrap(), u.clone().matmul(v.clone())) < 1e-3, "{m} {k} {n} transposed");
        let (w, b) = (tensor(&[n, k], 5), tensor(&[n], 6));
        let expected = x.clone().matmul(w.clone().swap_dims(0, 1)).add(b.clone().reshape(&[1, n]));
        assert!(gap(linear(&x, &w, Some(&b)).unwrap(), expected) < 1e-3, "{m} {k} {n} linear");
    }
}

#[test]
fn batches_broadcast() {
    let (x, y) = (tensor(&[2, 1, 6, 10], 1), tensor(&[1, 3, 10, 9], 2));
    assert!(gap(matmul(&x, &y).unwrap(), x.clone().matmul(y.clone())) < 1e-4);
    let (x, y) = (tensor(&[2, 5, 3, 8], 1).swap_dims(1, 2), tensor(&[2, 5, 3, 8], 2).permute(&[0, 2, 3, 1]));
    assert!(gap(matmul(&x, &y).unwrap(), x.clone().matmul(y.clone())) < 1e-4);
}

#[test]
fn convolutions_equal_burns() {
    // input, weight, stride, padding, dilation, groups
    type Case = (&'static [usize], &'static [usize], &'static [usize], &'static [usize], &'static [usize], usize);
    let cases: [Case; 13] = [
        (&[2, 3, 9, 11], &[7, 3, 3, 3], &[1, 1], &[1, 1], &[1, 1], 1),
        (&[1, 4, 8, 8], &[6, 4, 1, 1], &[1, 1], &[0, 0], &[1, 1], 1),
        (&[1, 4, 13, 7], &[6, 4, 5, 3], &[2, 3], &[2, 0], &[1, 2], 1),
        (&[2, 6, 10, 10], &[9, 2, 3, 3], &[1, 1], &[1, 1], &[1, 1], 3),
        (&[1, 40, 12, 12], &[12, 40, 3, 3], &[1, 1], &[1, 1], &[1, 1], 1),
        (&[1, 1, 5, 5], &[1, 1, 5, 5], &[1, 1], &[0, 0], &[1, 1], 1),
        (&[2, 3, 40], &[5, 3, 4], &[2], &[3], &[1], 1),
        (&[1, 2, 33, 33], &[3, 2, 2, 2], &[1, 1], &[0, 0], &[3, 3], 1),
        (&[2, 5, 9, 11], &[5, 1, 3, 3], &[1, 1], &[1, 1], &[1, 1], 5),
        (&[1, 4, 13, 8], &[8, 1, 3, 3], &[2, 2], &[1, 1], &[1, 1], 4),
        (&[2, 3, 21, 17], &[6, 1, 5, 2], &[3, 2], &[4, 1], &[2, 3], 3),
        (&[1, 3, 7, 7], &[3, 1, 7, 7], &[1, 1], &[3, 3], &[1, 1], 3),
        (&[2, 4, 40], &[4, 1, 4], &[3], &[2], &[2], 4),
    ];
    for (x, w, stride, padding, dilation, groups) in cases {
        let (input, weight, bias) = (tensor(x, 1), tensor(w, 2), tensor(&w[..1], 3));
        let geometry = Geometry {
            stride: stride.to_vec(),
            padding: padding.to_vec(),
            dilation: dilation.to_vec(),
            output_padding: vec![0; stride.len()],
            groups,
        };
        let ours = convolution(&input, &weight, Some(&bias), &geometry).unwrap();
        let burn = input.conv(weight, Some(bias), &geometry).unwrap();
        assert!(gap(ours, burn) < 1e-3, "{x:?} {w:?}");
    }
}

/// Numbers of all sizes, and those that are none.
fn numbers() -> Vec<f32> {
    let spread = (-2000..=2000).map(|i| i as f32 * 0.05);
    let tiny = (-30..=30).map(|i| (i as f32 * 0.37).sin() * 10f32.powi(i % 12 - 8));
    let odd = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, -3e38, 3e38];
    spread.chain(tiny).chain(odd).collect()
}

#[test]
fn functions_are_as_exact_as_a_float_is() {
    type Function = (&'static str, fn(&Tensor) -> Option<Tensor>, fn(f64) -> f64);
    // The error function by its series and by its continued fraction, in double.
    fn erf(x: f64) -> f64 {
        if x.abs() > 2.5 {
            let tail = (1..=60).rev().fold(0.0, |sum, n| f64::from(n) / 2.0 / (x.abs() + sum));
            return (1.0 - (-x * x).exp() / std::f64::consts::PI.sqrt() / (x.abs() + tail)).copysign(x);
        }
        let (mut term, mut sum) = (x, x);
        for n in 1..80 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }
    let functions: [Function; 7] = [
        ("exp", exp, f64::exp),
        ("tanh", tanh, f64::tanh),
        ("sigmoid", sigmoid, |x| 1.0 / (1.0 + (-x).exp())),
        ("silu", silu, |x| x / (1.0 + (-x).exp())),
        ("relu", relu, |x| if x < 0.0 { 0.0 } else { x }),
        ("erf", super::erf, erf),
        ("gelu", gelu, |x| x * 0.5 * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2))),
    ];
    let values = numbers();
    let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let data = TensorData::new(Torch::Float32, vec![values.len()], bytes).unwrap();
    let x = Value::upload(&Device::cpu(), &data).unwrap().into_tensor();
    for (name, ours, exact) in functions {
        let got: Vec<f32> = pollster::block_on(ours(&x).unwrap().read()).unwrap().iter().collect();
        for (&x, &y) in values.iter().zip(&got) {
            let want = exact(f64::from(x)) as f32;
            let near = f64::from((y - want).abs()) <= 4e-7 * f64::from(want.abs().max(x.abs().min(1.0))) + 1e-38;
            assert!(y == want || y.is_nan() && want.is_nan() || near, "{name}({x}) = {y}, not {want}");
        }
    }
}

#[test]
fn rows_sum_to_one() {
    let x = tensor(&[5, 37], 7).mul_scalar(burn::backend::Scalar::Float(40.0));
    let burn = |t: Tensor, log: bool| {
        let shifted = t.clone().sub(t.max_dim(1).expand(&[5, 37]));
        let sum = shifted.clone().exp().sum_dim(1).expand(&[5, 37]);
        if log { shifted.sub(sum.log()) } else { shifted.exp().div(sum) }
    };
    assert!(gap(softmax(&x, 1).unwrap(), burn(x.clone(), false)) < 1e-6);
    assert!(gap(log_softmax(&x, 1).unwrap(), burn(x.clone(), true)) < 1e-5);
    assert!(softmax(&x, 0).is_none(), "another dim is burn's");
}

#[test]
fn pools_equal_burns() {
    use crate::engine::kernel::Window2d;
    type Case = ([usize; 4], [usize; 2], [usize; 2], [usize; 2], [usize; 2]);
    let cases: [Case; 4] = [
        ([2, 3, 8, 9], [2, 2], [2, 2], [0, 0], [1, 1]),
        ([1, 4, 13, 7], [3, 3], [2, 2], [1, 1], [1, 1]),
        ([2, 1, 11, 12], [3, 2], [1, 3], [1, 0], [2, 2]),
        ([1, 2, 1, 20], [1, 4], [1, 4], [0, 2], [1, 1]),
    ];
    for (shape, kernel, stride, padding, dilation) in cases {
        let window = Window2d { kernel, stride, padding, dilation };
        let x = tensor(&shape, 3);
        let Pooled { values, places } = max_pool(&x, &window).unwrap();
        let (expected, at) = x.clone().max_pool2d_with_indices(&window);
        assert!(gap(values, expected) == 0.0, "{shape:?}");
        let at: Vec<i64> = pollster::block_on(at.read()).unwrap().iter().collect();
        assert_eq!(places.iter().map(|p| i64::from(*p)).collect::<Vec<_>>(), at, "{shape:?}");
    }
}
