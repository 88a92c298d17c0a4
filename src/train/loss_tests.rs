//! Losses against torch's: value, gradients and words, on the numbers that `tests/oracle/losses.py` wrote.
#![expect(clippy::unwrap_used, reason = "a test that cannot read its cases has failed")]

use super::step::StepGraph;
use crate::data::TensorData;
use crate::dtype::DType;
use crate::engine::device::Device;
use crate::engine::program::Weights;
use crate::engine::value::Value;
use crate::error::Result;
use crate::graph::Info;
use crate::network::Network;
use crate::network::loss::{LossInput, LossSpec, Step};
use crate::network::trace::{Argument, Call};
use crate::source::Quiet;
use serde::Deserialize;

const SOURCE: &str = "
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, *shapes):
        super().__init__()
        self.values = nn.ParameterList([nn.Parameter(torch.zeros(shape)) for shape in shapes])

    def forward(self, x):
        return tuple(value for value in self.values)
";

#[derive(Deserialize)]
struct Case {
    name: String,
    kwargs: serde_json::Map<String, serde_json::Value>,
    inputs: Vec<(Vec<usize>, Vec<f64>)>,
    targets: Vec<(Vec<usize>, DType, Vec<f64>)>,
    loss: Option<f64>,
    gradients: Option<Vec<Vec<f64>>>,
    error: Option<String>,
}

#[expect(clippy::cast_possible_truncation, reason = "the numbers of cases are float32s and small integers")]
fn tensor(shape: &[usize], dtype: DType, data: &[f64]) -> TensorData {
    let bytes = match dtype {
        DType::Int64 => data.iter().flat_map(|v| (*v as i64).to_le_bytes()).collect(),
        _ => data.iter().flat_map(|v| (*v as f32).to_le_bytes()).collect(),
    };
    TensorData::new(dtype, shape.to_vec(), bytes).unwrap()
}

/// The loss and its gradients.
async fn run(case: &Case) -> Result<(f64, Vec<Vec<f64>>)> {
    let shapes: Vec<String> = case.inputs.iter().map(|(shape, _)| format!("{shape:?}")).collect();
    let (mut network, _) = Network::from_source(SOURCE, Some(&format!("Net({})", shapes.join(", "))), &[], None, true)?;
    let on = (0..case.inputs.len()).map(|i| LossInput { path: vec![Step::Index(i)], reshape: None }).collect();
    let criterion = network.criterion(&LossSpec { name: case.name.clone(), kwargs: case.kwargs.clone(), on })?;
    let call = Call {
        positional: vec![Argument::Tensor(Info { shape: vec![1], dtype: DType::Float32 })],
        keyword: Vec::new(),
    };
    let infos: Vec<Info> =
        case.targets.iter().map(|(shape, dtype, _)| Info { shape: shape.clone(), dtype: *dtype }).collect();
    let traced = network.trace_loss(&call, &criterion, &infos)?;
    let device = Device::cpu();
    let mut weights = Weights::default();
    let leaves: Vec<_> = network.leaves().iter().map(|leaf| leaf.value).collect();
    for (leaf, (shape, data)) in leaves.iter().zip(&case.inputs) {
        weights.insert(*leaf, Value::upload(&device, &tensor(shape, DType::Float32, data))?);
    }
    let mut inputs = vec![Value::upload(&device, &tensor(&[1], DType::Float32, &[0.0]))?];
    for (shape, dtype, data) in &case.targets {
        inputs.push(Value::upload(&device, &tensor(shape, *dtype, data))?);
    }
    let mut graph = StepGraph::new(traced.graph, traced.loss, |leaf| leaves.contains(&leaf))?;
    let (outputs, gradients) = graph.backward(&device, &weights, inputs, &leaves, &Quiet).await?;
    let loss = outputs.get(traced.loss).unwrap().read().await?.to_f64()?;
    let mut all = Vec::new();
    for leaf in leaves {
        all.push(gradients.get(leaf).unwrap().read().await?.to_f64()?);
    }
    Ok((*loss.first().unwrap(), all))
}

fn close(got: f64, want: f64) -> bool {
    (got - want).abs() <= 2e-6 + 1e-5 * want.abs()
}

#[test]
fn every_loss_is_torchs() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/oracle/losses.json")).unwrap();
    assert!(cases.len() > 100);
    let mut differ = Vec::new();
    for case in cases {
        let label =
            format!("{} {:?} {:?}", case.name, case.kwargs, case.inputs.iter().map(|i| &i.0).collect::<Vec<_>>());
        match (pollster::block_on(run(&case)), &case.error) {
            (Err(error), Some(want)) if error.message == *want => {}
            (Err(error), Some(want)) => differ.push(format!("{label}: {error:?} for {want:?}")),
            (Ok(_), Some(want)) => differ.push(format!("{label}: no error for {want:?}")),
            (Err(error), None) => differ.push(format!("{label}: {error:?}")),
            (Ok((loss, gradients)), None) => {
                let want = case.loss.unwrap();
                if !close(loss, want) {
                    differ.push(format!("{label}: {loss} for {want}"));
                }
                for (i, (got, want)) in gradients.iter().zip(case.gradients.unwrap()).enumerate() {
                    if got.len() != want.len() || !got.iter().zip(&want).all(|(g, w)| close(*g, *w)) {
                        differ.push(format!("{label}: gradient {i} {got:?}\n  for {want:?}"));
                    }
                }
            }
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}
