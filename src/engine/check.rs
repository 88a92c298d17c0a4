//! A device's own test: one small graph for each family of kernels, run there and on the CPU. A GPU whose shaders do not compile
//! answers with what its memory held, so a device is not used before this agrees.

use super::device::Device;
use super::op::{self, Context};
use super::value::Value;
use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::graph::infer;
use crate::graph::op::{Activation, Binary, Conv, Cumulate, Op, Pool, Reduce, Scalar, Unary};

/// Runs every family on the device and on the CPU; the error names the first operator that differs.
pub async fn device(device: &Device) -> Result<()> {
    let cpu = Device::cpu();
    for (op, shapes) in families() {
        let inputs: Vec<TensorData> = shapes.iter().enumerate().map(|(i, s)| waves(s, i)).collect::<Result<_>>()?;
        let (ours, theirs) = (run(device, &op, &inputs).await?, run(&cpu, &op, &inputs).await?);
        for (a, b) in ours.iter().zip(&theirs) {
            if !close(a, b) {
                return Err(Error::device(op.name()));
            }
        }
    }
    Ok(())
}

fn families() -> Vec<(Op, Vec<Vec<usize>>)> {
    let conv = |dims: usize, groups, transposed| {
        Op::Conv(Conv {
            stride: vec![1; dims],
            padding: vec![1; dims],
            dilation: vec![1; dims],
            groups,
            transposed,
            output_padding: vec![0; dims],
        })
    };
    let pool = || Pool {
        kernel_size: vec![2, 2],
        stride: vec![2, 2],
        padding: vec![0, 0],
        dilation: vec![1, 1],
        ceil_mode: false,
    };
    let reduce = |op| Op::Reduce { op, dims: vec![1], keepdim: false };
    vec![
        (Op::Binary(Binary::Add), vec![vec![5, 7], vec![7]]),
        (Op::Binary(Binary::Mul), vec![vec![5, 7], vec![5, 1]]),
        (Op::Binary(Binary::Maximum), vec![vec![5, 7], vec![5, 7]]),
        (Op::BinaryScalar { op: Binary::Pow, scalar: Scalar::Float(3.0), reverse: false }, vec![vec![33]]),
        (Op::Unary(Unary::Exp), vec![vec![33]]),
        (Op::Unary(Unary::Erf), vec![vec![33]]),
        (Op::Unary(Unary::Tanh), vec![vec![33]]),
        (Op::Unary(Unary::Sigmoid), vec![vec![33]]),
        (Op::Unary(Unary::Relu), vec![vec![33]]),
        (Op::Activation(Activation::Gelu { tanh: false }), vec![vec![33]]),
        (Op::CompareScalar { op: crate::graph::op::Compare::Gt, scalar: Scalar::Float(0.0) }, vec![vec![33]]),
        (Op::Permute { dims: vec![1, 0] }, vec![vec![5, 7]]),
        (Op::Cat { dim: 1 }, vec![vec![5, 7], vec![5, 2]]),
        (Op::Slice { dim: 1, start: 1, end: 6, step: 2 }, vec![vec![5, 7]]),
        (Op::Tril { diagonal: 0 }, vec![vec![5, 7]]),
        (reduce(Reduce::Sum), vec![vec![9, 65]]),
        (reduce(Reduce::Mean), vec![vec![9, 65, 3]]),
        (reduce(Reduce::Amax), vec![vec![9, 65]]),
        (Op::ArgMax { dim: 1, keepdim: false }, vec![vec![9, 65]]),
        (Op::Cumulate { op: Cumulate::Sum, dim: 1 }, vec![vec![4, 33]]),
        (Op::Softmax { dim: 1 }, vec![vec![9, 65]]),
        (Op::LogSoftmax { dim: 1 }, vec![vec![9, 65]]),
        (Op::Matmul, vec![vec![33, 20], vec![20, 17]]),
        (Op::Matmul, vec![vec![2, 9, 20], vec![2, 20, 17]]),
        (Op::Linear, vec![vec![1, 65], vec![10, 65], vec![10]]),
        (Op::Linear, vec![vec![33, 65], vec![10, 65], vec![10]]),
        (conv(1, 1, false), vec![vec![2, 3, 9], vec![4, 3, 3], vec![4]]),
        (conv(2, 1, false), vec![vec![2, 3, 9, 8], vec![4, 3, 3, 3], vec![4]]),
        (conv(2, 4, false), vec![vec![2, 4, 9, 8], vec![4, 1, 3, 3], vec![4]]),
        (conv(2, 1, true), vec![vec![1, 4, 5, 6], vec![4, 3, 3, 3], vec![3]]),
        (conv(3, 1, false), vec![vec![1, 2, 4, 5, 6], vec![3, 2, 3, 3, 3], vec![3]]),
        (Op::MaxPool { pool: pool(), indices: false }, vec![vec![2, 3, 8, 6]]),
        (Op::AvgPool { pool: pool(), count_include_pad: true, divisor_override: None }, vec![vec![2, 3, 8, 6]]),
        (Op::AdaptiveAvgPool { output_size: vec![3, 2] }, vec![vec![2, 3, 8, 6]]),
        (Op::BatchNormEval { eps: 1e-5 }, vec![vec![2, 3, 8, 6], vec![3], vec![3]]),
        (Op::LayerNorm { dims: 1, eps: 1e-5 }, vec![vec![9, 65], vec![65], vec![65]]),
        (Op::GroupNorm { groups: 2, eps: 1e-5 }, vec![vec![2, 4, 5, 3], vec![4], vec![4]]),
    ]
}

/// Smooth numbers, the last operands of a norm positive enough.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a few hundred elements, as float32")]
fn waves(shape: &[usize], which: usize) -> Result<TensorData> {
    let count: usize = shape.iter().product();
    let offset = if which == 2 { 1.5 } else { 0.0 };
    let value = |i: usize| ((i as f64).mul_add(0.731, which as f64).sin() + offset) as f32;
    TensorData::new(DType::Float32, shape.to_vec(), (0..count).flat_map(|i| value(i).to_le_bytes()).collect())
}

async fn run(device: &Device, op: &Op, inputs: &[TensorData]) -> Result<Vec<TensorData>> {
    let infos: Vec<Info> = inputs.iter().map(|d| Info { shape: d.shape.clone(), dtype: d.dtype }).collect();
    let want = infer::infer(op, &infos.iter().collect::<Vec<_>>())?;
    let values = inputs.iter().map(|d| Value::upload(device, d)).collect::<Result<_>>()?;
    let context = Context::new(device);
    let mut read = Vec::new();
    for value in op::run(op, values, &want.iter().collect::<Vec<_>>(), &context).await? {
        read.push(value.read().await?);
    }
    context.settle().await?;
    Ok(read)
}

fn close(a: &TensorData, b: &TensorData) -> bool {
    if a.dtype != DType::Float32 {
        return a == b;
    }
    let mut pairs = a.bytes.as_chunks().0.iter().zip(b.bytes.as_chunks().0);
    let near = |(a, b): (&[u8; 4], &[u8; 4])| {
        let (a, b) = (f32::from_le_bytes(*a), f32::from_le_bytes(*b));
        (a - b).abs() <= 2e-3 * (1.0 + b.abs())
    };
    a.shape == b.shape && pairs.all(near)
}

#[cfg(test)]
mod tests {
    use super::{Device, device};

    #[test]
    fn the_cpu_agrees_with_itself() {
        assert_eq!(pollster::block_on(device(&Device::cpu())), Ok(()));
    }
}
