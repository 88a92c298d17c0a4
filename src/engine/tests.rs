//! The engine against torch: every operator on the numbers that `tests/oracle/ops.py` wrote.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot read its cases has failed")]

use super::device::{Choice, Device};
use super::program::{Program, Weights};
use super::value::Value;
use crate::data::TensorData;
use crate::dtype::DType;
use crate::error::{Error, Kind, Result};
use crate::graph::builder::Builder;
use crate::graph::op::{Binary, Distribution, DropoutKind, Op, Scalar};
use crate::graph::{Info, LeafKind, Structure};
use crate::source::Quiet;
use half::{bf16, f16};
use serde::Deserialize;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;

/// A number of a case: JSON has no infinities.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
    Word(Word),
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    Nan,
    Inf,
    #[serde(rename = "-inf")]
    MinusInf,
}

impl Number {
    #[expect(clippy::cast_precision_loss, reason = "only called for floats")]
    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
            Self::Word(Word::Nan) => f64::NAN,
            Self::Word(Word::Inf) => f64::INFINITY,
            Self::Word(Word::MinusInf) => f64::NEG_INFINITY,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the integers of cases are exact")]
    fn int(self) -> i64 {
        match self {
            Self::Int(i) => i,
            other => other.float() as i64,
        }
    }
}

pub(super) type Tensor = (Vec<usize>, DType, Vec<Number>);

#[expect(clippy::cast_possible_truncation, reason = "the dtype is narrow")]
pub(super) fn data((shape, dtype, numbers): &Tensor) -> TensorData {
    let bytes = numbers
        .iter()
        .flat_map(|n| match dtype {
            DType::Float64 => n.float().to_le_bytes().to_vec(),
            DType::Float32 => (n.float() as f32).to_le_bytes().to_vec(),
            DType::Float16 => f16::from_f64(n.float()).to_le_bytes().to_vec(),
            DType::BFloat16 => bf16::from_f64(n.float()).to_le_bytes().to_vec(),
            other => n.int().to_le_bytes().into_iter().take(other.size()).collect(),
        })
        .collect();
    TensorData::new(*dtype, shape.clone(), bytes).unwrap()
}

pub(super) fn floats(data: &TensorData) -> Vec<f64> {
    let chunks = data.bytes.chunks(data.dtype.size());
    match data.dtype {
        DType::Float64 => chunks.map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect(),
        DType::Float32 => chunks.map(|c| f32::from_le_bytes(c.try_into().unwrap()).into()).collect(),
        DType::Float16 => chunks.map(|c| f16::from_le_bytes(c.try_into().unwrap()).into()).collect(),
        _ => chunks.map(|c| bf16::from_le_bytes(c.try_into().unwrap()).into()).collect(),
    }
}

/// Where two tensors differ by more than rounding, in words.
pub(super) fn difference(got: &TensorData, want: &TensorData, loose: f64) -> Option<String> {
    if (got.dtype, &got.shape) != (want.dtype, &want.shape) {
        return Some(format!("{:?} {} for {:?} {}", got.shape, got.dtype.name(), want.shape, want.dtype.name()));
    }
    if !want.dtype.is_float() {
        return (got.bytes != want.bytes).then(|| format!("{:?}\n  for {:?}", got.bytes, want.bytes));
    }
    let tolerance = loose
        * match want.dtype {
            // A GPU computes it as float32.
            DType::Float64 if loose == 1.0 => 1e-9,
            DType::Float64 => 2e-5,
            DType::Float32 => 2e-5,
            DType::Float16 => 4e-3,
            _ => 1.6e-2,
        };
    let pairs = floats(got).into_iter().zip(floats(want));
    let wrong =
        |(g, w): &(f64, f64)| !(g == w || (g.is_nan() && w.is_nan()) || (g - w).abs() <= tolerance * (0.5 + w.abs()));
    pairs.enumerate().find(|(_, p)| wrong(p)).map(|(i, (g, w))| format!("[{i}] = {g:?} for {w:?}"))
}

/// Runs one operator as a graph of one node.
async fn run(device: &Device, op: Op, inputs: &[TensorData]) -> Result<Vec<TensorData>> {
    let mut builder = Builder::default();
    let info = |d: &TensorData| Info { shape: d.shape.clone(), dtype: d.dtype };
    let ids: Vec<_> = inputs.iter().map(|d| builder.input("x", info(d))).collect();
    let results = builder.push(op, &ids)?;
    let program =
        Program::new(builder.finish(Structure::Tuple(results.iter().map(|id| Structure::Value(*id)).collect())))?;
    let values = inputs.iter().map(|d| Value::upload(device, d)).collect::<Result<_>>()?;
    let outputs = program.run(device, &Weights::default(), values, &Quiet).await?;
    let mut read = Vec::new();
    for id in results {
        read.push(outputs.get(id).unwrap().read().await?);
    }
    Ok(read)
}

/// A future whose panic is a result, so that one case does not hide the others.
pub(super) struct Caught<'a, T>(pub(super) Pin<Box<dyn Future<Output = T> + 'a>>);

impl<T> Future for Caught<'_, T> {
    type Output = std::result::Result<T, ()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx)));
        polled.map_or(std::task::Poll::Ready(Err(())), |p| p.map(Ok))
    }
}

/// All cases on a device: what differs.
async fn compare_all(device: &Device, loose: f64) -> (usize, Vec<String>) {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../tests/oracle/ops.json")).unwrap();
    let mut differ = Vec::new();
    let count = cases.len();
    for case in cases {
        let (op, inputs, results): (Op, Vec<Tensor>, Vec<Tensor>) = serde_json::from_value(case).unwrap();
        let label = format!(
            "{} {:?}",
            serde_json::to_string(&op).unwrap(),
            inputs.iter().map(|i| (&i.0, i.1.name())).collect::<Vec<_>>()
        );
        let inputs: Vec<TensorData> = inputs.iter().map(data).collect();
        match Caught(Box::pin(run(device, op, &inputs))).await.unwrap_or_else(|()| Err(Error::device("a panic"))) {
            // torch blends uint8 in fixed point; here it is refused.
            Err(error) if error.message == "interpolating integers" => {}
            Err(error) => differ.push(format!("{label}: {error}")),
            Ok(got) => {
                let each = got.iter().zip(&results).map(|(g, w)| difference(g, &data(w), loose));
                differ.extend(each.flatten().map(|d| format!("{label}: {d}")));
            }
        }
    }
    (count, differ)
}

#[test]
fn every_operator_computes_what_torch_does() {
    let (count, differ) = pollster::block_on(compare_all(&Device::cpu(), 1.0));
    assert!(count > 1500, "{count} cases");
    assert!(differ.is_empty(), "{} of {count} differ:\n{}", differ.len(), differ.join("\n"));
}

/// Natively WebGPU is a feature and wants a driver; without them there is nothing to compare.
#[test]
fn webgpu_computes_what_torch_does() {
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

fn vector(values: &[f32]) -> TensorData {
    TensorData::new(DType::Float32, vec![values.len()], values.iter().flat_map(|v| v.to_le_bytes()).collect()).unwrap()
}

#[test]
fn leaves_come_from_weights_or_from_their_init() {
    let mut b = Builder::default();
    let info = Info { shape: vec![2], dtype: DType::Float32 };
    let x = b.input("x", info.clone());
    let three = b.push1(Op::Full { shape: vec![2], value: Scalar::Float(3.0), dtype: DType::Float32 }, &[]).unwrap();
    let leaf = b.leaf(info, LeafKind::Parameter, true, Some(three));
    let y = b.push1(Op::Binary(Binary::Mul), &[x, leaf]).unwrap();
    let program = Program::new(b.finish(Structure::Value(y))).unwrap();
    let device = Device::cpu();
    pollster::block_on(async {
        let mut weights = Weights::default();
        for (expected, weight) in [(vector(&[3.0, 6.0]), None), (vector(&[5.0, 14.0]), Some(vector(&[5.0, 7.0])))] {
            if let Some(weight) = weight {
                weights.insert(leaf, Value::upload(&device, &weight).unwrap());
            }
            let x = Value::upload(&device, &vector(&[1.0, 2.0])).unwrap();
            let outputs = program.run(&device, &weights, vec![x], &Quiet).await.unwrap();
            assert_eq!(outputs.get(y).unwrap().read().await.unwrap(), expected);
        }
    });
}

#[test]
fn operands_that_would_break_a_kernel_are_refused() {
    let int = |v: &[i64]| {
        TensorData::new(DType::Int64, vec![v.len()], v.iter().flat_map(|i| i.to_le_bytes()).collect()).unwrap()
    };
    let device = Device::cpu();
    let weight = TensorData::new(DType::Float32, vec![2, 1], vec![0; 8]).unwrap();
    pollster::block_on(async {
        for index in [-1, 2, i64::MIN, i64::MAX] {
            let error = run(&device, Op::Embedding { padding_idx: None }, &[int(&[0, index]), weight.clone()]).await;
            assert_eq!(error.map_err(|e| e.code), Err("index_out_of_range"));
            let error = run(&device, Op::Index { dims: vec![0] }, &[weight.clone(), int(&[index])]).await;
            assert_eq!(error.is_err(), index != -1, "{index}");
        }
        let error = run(&device, Op::Binary(Binary::FloorDivide), &[int(&[1, 2]), int(&[1, 0])]).await;
        assert_eq!(error.map_err(|e| e.kind), Err(Kind::Mismatch));
    });
}

#[test]
fn random_numbers_follow_their_distribution_and_seed() {
    let device = Device::cpu();
    let draw = |distribution, dtype, n: usize| {
        device.seed(7);
        let op = Op::Random { distribution, shape: vec![n], dtype };
        pollster::block_on(run(&device, op, &[])).unwrap().remove(0)
    };
    let normal = draw(Distribution::Normal { mean: 1.0, std: 2.0 }, DType::Float32, 4000);
    assert_eq!(normal, draw(Distribution::Normal { mean: 1.0, std: 2.0 }, DType::Float32, 4000), "a seed repeats");
    let mean = floats(&normal).iter().sum::<f64>() / 4000.0;
    let var = floats(&normal).iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 4000.0;
    assert!((mean - 1.0).abs() < 0.2 && (var - 4.0).abs() < 0.5, "{mean} {var}");
    let uniform = floats(&draw(Distribution::Uniform { low: -1.0, high: 3.0 }, DType::Float64, 4000));
    assert!(uniform.iter().all(|v| (-1.0..3.0).contains(v)));
    let order = draw(Distribution::Permutation, DType::Int64, 50);
    let mut order: Vec<_> = order.bytes.chunks(8).map(|c| i64::from_le_bytes(c.try_into().unwrap())).collect();
    order.sort_unstable();
    assert_eq!(order, (0..50).collect::<Vec<_>>());
    device.seed(3);
    let ones = TensorData::new(DType::Float32, vec![10, 10, 10], [0, 0, 128, 63].repeat(1000)).unwrap();
    let op = |kind| Op::Dropout { p: 0.25, kind };
    let kept =
        floats(&pollster::block_on(run(&device, op(DropoutKind::Element), std::slice::from_ref(&ones))).unwrap()[0]);
    let zeros = kept.iter().filter(|v| **v == 0.0).count();
    assert!((200..300).contains(&zeros) && kept.iter().all(|v| *v == 0.0 || (*v - 4.0 / 3.0).abs() < 1e-6), "{zeros}");
    let planes = floats(&pollster::block_on(run(&device, op(DropoutKind::Feature), &[ones])).unwrap()[0]);
    assert!(planes.chunks(10).all(|c| c.iter().all(|v| v == &c[0])), "a channel is dropped as a whole");
}

/// `cargo test -p torchtab --lib engine::tests::times -- --ignored --nocapture`
#[test]
#[ignore = "prints how long kernels take"]
fn times() {
    let device = Device::cpu();
    let numbers = |shape: &[usize]| {
        let count: usize = shape.iter().product();
        let bytes = (0..count).flat_map(|i| ((i % 17) as f32 * 0.1 - 0.8).to_le_bytes()).collect();
        TensorData::new(DType::Float32, shape.to_vec(), bytes).unwrap()
    };
    let conv = Op::Conv(crate::graph::op::Conv {
        stride: vec![1; 2],
        padding: vec![1; 2],
        dilation: vec![1; 2],
        groups: 1,
        transposed: false,
        output_padding: vec![0; 2],
    });
    let cases: [(&str, Op, Vec<Vec<usize>>); 4] = [
        ("matmul 512x512x512", Op::Matmul, vec![vec![512, 512]; 2]),
        ("linear 512x512x512", Op::Linear, vec![vec![512, 512], vec![512, 512], vec![512]]),
        ("linear 1x784x512", Op::Linear, vec![vec![1, 784], vec![512, 784], vec![512]]),
        ("conv 64->64 3x3 on 56x56", conv, vec![vec![1, 64, 56, 56], vec![64, 64, 3, 3], vec![64]]),
    ];
    for (label, op, shapes) in cases {
        let mut builder = Builder::default();
        let info = |shape: &Vec<usize>| Info { shape: shape.clone(), dtype: DType::Float32 };
        let ids: Vec<_> = shapes.iter().map(|s| builder.input("x", info(s))).collect();
        let y = builder.push1(op, &ids).unwrap();
        let program = Program::new(builder.finish(Structure::Value(y))).unwrap();
        let values: Vec<Value> = shapes.iter().map(|s| Value::upload(&device, &numbers(s)).unwrap()).collect();
        let mut best = f64::INFINITY;
        for _ in 0..10 {
            let start = std::time::Instant::now();
            pollster::block_on(program.run(&device, &Weights::default(), values.clone(), &Quiet)).unwrap();
            best = best.min(start.elapsed().as_secs_f64() * 1e3);
        }
        println!("{label}: {best:.2} ms");
    }
}
