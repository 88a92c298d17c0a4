//! Every operator's results and refusals against what torch 2.15 said (`tests/oracle/infer.py`).
#![expect(clippy::unwrap_used, reason = "a test that cannot read its cases has failed")]

use super::{MAX_ELEMENTS, infer};
use crate::dtype::DType;
use crate::error::Kind;
use crate::graph::Info;
use crate::graph::op::{Op, Scalar};
use serde::Deserialize;

type Sizes = (Vec<usize>, DType);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Ok(Vec<Sizes>),
    Error(String),
}

/// torch computes one spatial dim by way of two and names kernels of its CPU: here the verdict is the same, the words are of the dims given.
const SPOKEN_BY_CPU_KERNELS: &[&str] =
    &["aten.max_pool1d", "aten.max_pool3d", "aten.avg_pool1d", "aten.avg_pool3d", "aten.adaptive_"];

fn info((shape, dtype): &Sizes) -> Info {
    Info { shape: shape.clone(), dtype: *dtype }
}

#[test]
fn torch_says_the_same() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../../tests/oracle/infer.json")).unwrap();
    assert!(cases.len() > 1500, "{} cases", cases.len());
    let mut differ = Vec::new();
    for case in &cases {
        let (op, inputs, said): (Op, Vec<Sizes>, Said) = serde_json::from_value(case.clone()).unwrap();
        let again: Op = serde_json::from_value(serde_json::to_value(&op).unwrap()).unwrap();
        assert_eq!(again, op, "the operator's JSON is the same operator again");
        let inputs: Vec<Info> = inputs.iter().map(info).collect();
        let ours = infer(&op, &inputs.iter().collect::<Vec<_>>());
        let theirs = match said {
            Said::Ok(results) => Ok(results.iter().map(info).collect::<Vec<_>>()),
            Said::Error(message) => Err(message),
        };
        let ours = ours.map_err(|e| e.message);
        if ours.is_err() && theirs.is_err() && SPOKEN_BY_CPU_KERNELS.iter().any(|name| op.name().starts_with(name)) {
            continue;
        }
        if ours != theirs {
            differ.push(format!("{case}\n    ours  {ours:?}\n    torch {theirs:?}"));
        }
    }
    assert!(differ.is_empty(), "{} of {} differ:\n{}", differ.len(), cases.len(), differ.join("\n"));
}

#[test]
fn values_are_bounded_before_anything_is_multiplied() {
    let full = |shape: Vec<usize>| infer(&Op::Full { shape, value: Scalar::Int(0), dtype: DType::Int64 }, &[]);
    assert!(full(vec![MAX_ELEMENTS]).is_ok());
    for shape in [vec![MAX_ELEMENTS, 2], vec![usize::MAX, usize::MAX], vec![0, usize::MAX, 2], vec![1; 65]] {
        assert_eq!(full(shape.clone()).map_err(|e| e.kind), Err(Kind::TooLarge), "{shape:?}");
    }
    let x = Info { shape: vec![2, 3], dtype: DType::Float32 };
    let huge = Op::Pad { pads: vec![(i64::MAX, i64::MAX); 2], mode: crate::graph::op::PadMode::Reflect };
    assert_eq!(infer(&huge, &[&x]).map_err(|e| e.kind), Err(Kind::TooLarge));
    assert_eq!(infer(&Op::Repeat { repeats: vec![usize::MAX; 2] }, &[&x]).map_err(|e| e.kind), Err(Kind::TooLarge));
    assert_eq!(
        infer(&Op::Matmul, &[&x]).map_err(|e| e.message),
        Err("the operator takes 2 operands, got 1".to_owned())
    );
}

/// Every place of a number in a JSON value.
fn numbers(value: &serde_json::Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut pending = vec![(String::new(), value)];
    while let Some((path, value)) = pending.pop() {
        match value {
            serde_json::Value::Number(_) => found.push(path),
            serde_json::Value::Array(items) => {
                pending.extend(items.iter().enumerate().map(|(at, item)| (format!("{path}/{at}"), item)));
            }
            serde_json::Value::Object(fields) => {
                pending.extend(fields.iter().map(|(name, field)| (format!("{path}/{name}"), field)));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_number_in_an_operator_or_a_shape_panics() {
    let cases: Vec<serde_json::Value> = serde_json::from_str(include_str!("../../../tests/oracle/infer.json")).unwrap();
    let mut inferred = 0;
    // Each number of each case by itself, then all at once.
    for case in &cases {
        let asked = serde_json::json!([case[0], case[1]]);
        let places = numbers(&asked);
        for wild in [0i64, 1, -1, 3, 1 << 31, (1 << 31) - 1, i64::MAX, i64::MIN] {
            let mut all = asked.clone();
            for place in &places {
                let mut one = asked.clone();
                *one.pointer_mut(place).unwrap() = wild.into();
                *all.pointer_mut(place).unwrap() = wild.into();
                inferred += usize::from(tried(one));
            }
            inferred += usize::from(tried(all));
        }
    }
    assert!(inferred > 10_000, "{inferred}");
}

fn tried(asked: serde_json::Value) -> bool {
    let Ok((op, inputs)) = serde_json::from_value::<(Op, Vec<Sizes>)>(asked) else { return false };
    let inputs: Vec<Info> = inputs.iter().map(info).collect();
    let inputs: Vec<&Info> = inputs.iter().collect();
    let _ = infer(&op, &inputs);
    let _ = infer(&op, inputs.get(1..).unwrap_or_default());
    true
}
