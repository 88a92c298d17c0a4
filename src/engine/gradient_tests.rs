//! Gradients against torch's: every operator on the numbers that `tests/oracle/gradients.py` wrote.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot read its cases has failed")]

use super::device::{Choice, Device};
use super::program::{Program, Weights};
use super::tests::{Caught, Number, Tensor, data, difference, floats};
use super::value::Value;
use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::builder::Builder;
use crate::graph::op::{Binary, Conv, Op, Pool, Reduce};
use crate::graph::{Info, LeafKind, Structure, ValueId};
use crate::source::Quiet;
use serde::Deserialize;

type Known = Vec<(Op, Vec<Tensor>, Vec<Tensor>)>;
type Gradients = Vec<Option<Vec<Number>>>;

#[derive(Deserialize)]
#[serde(untagged)]
enum Case {
    Here(Op, Vec<Tensor>, Gradients),
    There(usize, Gradients),
}

/// The operator, and a loss of all its differentiable results; floats are leaves.
#[expect(clippy::cast_precision_loss, reason = "a place among a few hundred")]
fn graph(op: &Op, inputs: &[TensorData], wide: DType) -> Result<(Program, Vec<ValueId>, ValueId)> {
    let mut b = Builder::default();
    let mut leaves = Vec::new();
    let mut ids = Vec::new();
    for d in inputs {
        let info = Info { shape: d.shape.clone(), dtype: d.dtype };
        let leaf = b.leaf(info, LeafKind::Parameter, true, None);
        leaves.push(leaf);
        ids.push(leaf);
    }
    let mut results = b.push(op.clone(), &ids)?;
    if matches!(op, Op::BatchNormTrain { .. }) {
        results.truncate(1);
    }
    let mut loss = None;
    for id in results {
        let Info { shape, dtype } = b.info(id).clone();
        if !dtype.is_float() {
            continue;
        }
        let count: usize = shape.iter().product();
        let weights = (0..count).map(|i| (0.7 * i as f64 + 0.3).cos());
        let weights = TensorData::new(DType::Float64, vec![count], weights.flat_map(f64::to_le_bytes).collect())?;
        let weights = b.constant(weights.to(wide)?);
        let flat = b.push1(Op::Reshape { shape: vec![count] }, &[id])?;
        let flat = b.push1(Op::Cast { dtype: wide }, &[flat])?;
        let product = b.push1(Op::Binary(Binary::Mul), &[flat, weights])?;
        let sum = b.push1(Op::Reduce { op: Reduce::Sum, dims: vec![0], keepdim: false }, &[product])?;
        loss = Some(match loss {
            None => sum,
            Some(before) => b.push1(Op::Binary(Binary::Add), &[before, sum])?,
        });
    }
    let loss = loss.ok_or_else(|| Error::mismatch("no floating result"))?;
    Ok((Program::new(b.finish(Structure::Value(loss)))?, leaves, loss))
}

async fn run(device: &Device, op: &Op, inputs: &[TensorData]) -> Result<Vec<Option<TensorData>>> {
    let wide = if device.kind() == "cpu" { DType::Float64 } else { DType::Float32 };
    let (program, leaves, loss) = graph(op, inputs, wide)?;
    let mut weights = Weights::default();
    for (&leaf, data) in leaves.iter().zip(inputs) {
        weights.insert(leaf, Value::upload(device, data)?);
    }
    let back = program.run_backward(device, &weights, Vec::new(), &leaves, loss, &Quiet).await?;
    let mut all = Vec::new();
    for leaf in leaves {
        all.push(match back.gradients.iter().find(|(id, _)| *id == leaf) {
            Some((_, gradient)) => Some(gradient.read().await?),
            None => None,
        });
    }
    Ok(all)
}

/// WGSL lets a GPU assume that there are no infinities and NaNs: where torch has one, anything goes.
fn open_outside_numbers(got: &TensorData, want: &mut TensorData) {
    let size = want.dtype.size();
    for (index, _) in floats(want).iter().enumerate().filter(|(_, number)| !number.is_finite()) {
        let at = index * size..(index + 1) * size;
        want.bytes[at.clone()].copy_from_slice(&got.bytes[at]);
    }
}

/// What differs from torch: a gradient that torch has and we have not is a difference, unless it is zero.
fn differences(
    inputs: &[TensorData],
    got: &[Option<TensorData>],
    want: &Gradients,
    loose: f64,
    gpu: bool,
) -> Vec<String> {
    let mut differ = Vec::new();
    for (position, ((input, got), want)) in inputs.iter().zip(got).zip(want).enumerate() {
        let Some(want) = want else { continue };
        let mut want = data(&(input.shape.clone(), input.dtype, want.clone()));
        if let (true, Some(got)) = (gpu, got) {
            open_outside_numbers(got, &mut want);
        }
        let text = match got {
            // torch computes with float16 in between, as it does in the way there.
            Some(got) if got.dtype == DType::Float16 => difference(got, &want, 2.0 * loose),
            Some(got) => difference(got, &want, loose),
            None if want.bytes.iter().all(|b| *b == 0) => None,
            None => Some("there is none".to_owned()),
        };
        differ.extend(text.map(|text| format!("input {position}: {text}")));
    }
    differ
}

async fn compare_all(device: &Device, loose: f64) -> (usize, Vec<String>) {
    let known: Known = serde_json::from_str(include_str!("../../tests/oracle/ops.json")).unwrap();
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/oracle/gradients.json")).unwrap();
    let (count, mut differ) = (cases.len(), Vec::new());
    for case in cases {
        let (op, inputs, want) = match case {
            Case::Here(op, inputs, want) => (op, inputs, want),
            Case::There(place, want) => (known[place].0.clone(), known[place].1.clone(), want),
        };
        let label = format!(
            "{} {:?}",
            serde_json::to_string(&op).unwrap(),
            inputs.iter().map(|i| (&i.0, i.1.name())).collect::<Vec<_>>()
        );
        let inputs: Vec<TensorData> = inputs.iter().map(data).collect();
        let gpu = device.kind() != "cpu";
        // A GPU keeps halves as float32: a gradient is not rounded on its way back through them.
        let halves = gpu && matches!(op, Op::Cast { dtype: DType::Float16 | DType::BFloat16 });
        let loose = if halves { 10.0 * loose } else { loose };
        match Caught(Box::pin(run(device, &op, &inputs))).await.unwrap_or_else(|()| Err(Error::device("a panic"))) {
            Err(error) => differ.push(format!("{label}: {error}")),
            Ok(got) => {
                differ.extend(differences(&inputs, &got, &want, loose, gpu).iter().map(|d| format!("{label}: {d}")));
            }
        }
    }
    (count, differ)
}

#[test]
fn every_operator_has_torchs_gradient() {
    let (count, differ) = pollster::block_on(compare_all(&Device::cpu(), 1.0));
    assert!(count > 1000, "{count} cases");
    assert!(differ.is_empty(), "{} of {count} differ:\n{}", differ.len(), differ.join("\n"));
}

/// The gradients of an image and of the operator's other inputs when the loss takes its result backwards, or its own numbers backwards.
async fn against_the_grain(op: &Op, inputs: &[TensorData], result: &[usize], flip_result: bool) -> Vec<Vec<u8>> {
    let mut b = Builder::default();
    let leaves: Vec<ValueId> = inputs
        .iter()
        .map(|d| b.leaf(Info { shape: d.shape.clone(), dtype: d.dtype }, LeafKind::Parameter, true, None))
        .collect();
    let flip = Op::Flip { dims: vec![2, 3] };
    let mut y = b.push(op.clone(), &leaves).unwrap()[0];
    let count: usize = result.iter().product();
    let numbers = (0..count).flat_map(|i| f32::to_le_bytes((i * 7 % 5) as f32 - 2.0)).collect();
    let mut weights = b.constant(TensorData::new(DType::Float32, result.to_vec(), numbers).unwrap());
    *(if flip_result { &mut y } else { &mut weights }) =
        b.push1(flip, &[if flip_result { y } else { weights }]).unwrap();
    let product = b.push1(Op::Binary(Binary::Mul), &[y, weights]).unwrap();
    let loss = b.push1(Op::Reduce { op: Reduce::Sum, dims: vec![0, 1, 2, 3], keepdim: false }, &[product]).unwrap();
    let program = Program::new(b.finish(Structure::Value(loss))).unwrap();
    let device = Device::cpu();
    let mut held = Weights::default();
    for (&leaf, data) in leaves.iter().zip(inputs) {
        held.insert(leaf, Value::upload(&device, data).unwrap());
    }
    let back = program.run_backward(&device, &held, Vec::new(), &leaves, loss, &Quiet).await.unwrap();
    let mut all = Vec::new();
    for (_, gradient) in back.gradients {
        all.push(gradient.read().await.unwrap().bytes);
    }
    all
}

/// The gradient of a flip reads memory backwards, which the CPU's own kernels do not.
#[test]
fn gradients_that_read_memory_backwards_are_right() {
    let tensor = |shape: &[usize]| {
        let count: usize = shape.iter().product();
        let numbers = (0..count).flat_map(|i| f32::to_le_bytes((i * 11 % 13) as f32 * 0.25 - 1.0)).collect();
        TensorData::new(DType::Float32, shape.to_vec(), numbers).unwrap()
    };
    let two = |n| vec![n, n];
    let conv = |groups| {
        Op::Conv(Conv {
            stride: two(1),
            padding: two(1),
            dilation: two(1),
            groups,
            transposed: false,
            output_padding: two(0),
        })
    };
    let pool = Pool { kernel_size: two(2), stride: two(2), padding: two(0), dilation: two(1), ceil_mode: false };
    let image = || tensor(&[2, 4, 6, 6]);
    let cases = [
        (conv(1), vec![image(), tensor(&[3, 4, 3, 3])], [2, 3, 6, 6]),
        (conv(4), vec![image(), tensor(&[4, 1, 3, 3])], [2, 4, 6, 6]),
        (Op::MaxPool { pool, indices: false }, vec![image()], [2, 4, 3, 3]),
    ];
    for (op, inputs, result) in cases {
        let backwards = pollster::block_on(against_the_grain(&op, &inputs, &result, true));
        let forwards = pollster::block_on(against_the_grain(&op, &inputs, &result, false));
        assert_eq!(backwards.len(), inputs.len(), "{op:?}");
        assert_eq!(backwards, forwards, "{op:?}");
    }
}

/// Natively WebGPU is a feature and wants a driver; without them there is nothing to compare.
#[test]
fn webgpu_has_torchs_gradients() {
    pollster::block_on(async {
        let (device, why_not) = Device::open(Choice::WebGpu).await.unwrap();
        if device.kind() == "cpu" {
            assert!(why_not.is_some(), "a fallback says why");
            return;
        }
        let (count, differ) = compare_all(&device, 10.0).await;
        assert!(differ.is_empty(), "{} of {count} differ:\n{}", differ.len(), differ.join("\n"));
    });
}
