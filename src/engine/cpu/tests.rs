//! The kernels give what burn's give.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails says where")]

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
    let cases: [Case; 8] = [
        (&[2, 3, 9, 11], &[7, 3, 3, 3], &[1, 1], &[1, 1], &[1, 1], 1),
        (&[1, 4, 8, 8], &[6, 4, 1, 1], &[1, 1], &[0, 0], &[1, 1], 1),
        (&[1, 4, 13, 7], &[6, 4, 5, 3], &[2, 3], &[2, 0], &[1, 2], 1),
        (&[2, 6, 10, 10], &[9, 2, 3, 3], &[1, 1], &[1, 1], &[1, 1], 3),
        (&[1, 40, 12, 12], &[12, 40, 3, 3], &[1, 1], &[1, 1], &[1, 1], 1),
        (&[1, 1, 5, 5], &[1, 1, 5, 5], &[1, 1], &[0, 0], &[1, 1], 1),
        (&[2, 3, 40], &[5, 3, 4], &[2], &[3], &[1], 1),
        (&[1, 2, 33, 33], &[3, 2, 2, 2], &[1, 1], &[0, 0], &[3, 3], 1),
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
