//! The passes on a small network: what stays, what moves, what goes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test whose graph is not as it was built has failed"
)]

use super::fuse::fold_batch_norm;
use super::hoist::hoist;
use super::liveness::last_use;
use super::prune::prune;
use crate::dtype::DType;
use crate::graph::builder::Builder;
use crate::graph::op::{Conv, Distribution, Op, Scalar, Unary};
use crate::graph::{Graph, Info, LeafKind, Structure, ValueId};

fn float(shape: &[usize]) -> Info {
    Info { shape: shape.to_vec(), dtype: DType::Float32 }
}

fn conv(transposed: bool, groups: usize) -> Op {
    let ones = || vec![1, 1];
    let none = || vec![0, 0];
    Op::Conv(Conv { stride: ones(), padding: ones(), dilation: ones(), groups, transposed, output_padding: none() })
}

/// conv, batch norm, relu; with a node that nobody needs and a weight that is made.
fn network(transposed: bool, groups: usize, bias: bool) -> Graph {
    let mut b = Builder::default();
    let x = b.input("x", float(&[1, 4, 8, 8]));
    let shape = if transposed { vec![4, 6 / groups, 3, 3] } else { vec![6, 4 / groups, 3, 3] };
    let distribution = Distribution::Uniform { low: -0.1, high: 0.1 };
    let init = b.push1(Op::Random { distribution, shape: shape.clone(), dtype: DType::Float32 }, &[]).unwrap();
    let weight = b.leaf(float(&shape), LeafKind::Parameter, true, Some(init));
    let mut inputs = vec![x, weight];
    if bias {
        inputs.push(b.leaf(float(&[6]), LeafKind::Parameter, true, None));
    }
    b.enter("conv1".to_owned());
    b.at_line(Some(12));
    let y = b.push1(conv(transposed, groups), &inputs).unwrap();
    b.enter("bn1".to_owned());
    b.at_line(None);
    let mut norm = vec![y];
    for kind in [LeafKind::Buffer, LeafKind::Buffer, LeafKind::Parameter, LeafKind::Parameter] {
        norm.push(b.leaf(float(&[6]), kind, true, None));
    }
    let z = b.push1(Op::BatchNormEval { eps: 1e-5 }, &norm).unwrap();
    b.enter(String::new());
    b.push1(Op::Unary(Unary::Exp), &[z]).unwrap();
    let out = b.push1(Op::Unary(Unary::Relu), &[z]).unwrap();
    b.finish(Structure::Tuple(vec![Structure::Value(out), Structure::None]))
}

fn names(nodes: &[crate::graph::Node]) -> Vec<&'static str> {
    nodes.iter().map(|node| node.op.name()).collect()
}

#[test]
fn dead_nodes_go_and_initial_values_stay_only_for_leaves_that_need_them() {
    let mut graph = network(false, 1, true);
    let leaves = graph.leaves.len();
    prune(&mut graph, |_| false);
    assert_eq!(names(&graph.nodes), ["aten.uniform", "aten.conv2d", "aten.batch_norm", "aten.relu"]);
    prune(&mut graph, |_| true);
    assert_eq!(names(&graph.nodes), ["aten.conv2d", "aten.batch_norm", "aten.relu"]);
    assert_eq!(graph.leaves.len(), leaves);
    graph.validate().unwrap();
}

#[test]
fn batch_norm_folds_and_its_arithmetic_leaves_the_run() {
    for (transposed, groups, bias) in [(false, 1, true), (false, 2, false), (true, 1, false), (true, 2, true)] {
        let mut graph = network(transposed, groups, bias);
        prune(&mut graph, |_| true);
        fold_batch_norm(&mut graph).unwrap();
        graph.validate().unwrap();
        let output = graph.output.clone();
        let prepared = hoist(graph);
        let layer = if transposed { "aten.conv_transpose2d" } else { "aten.conv2d" };
        assert_eq!(names(&prepared.body.nodes), [layer, "aten.relu"], "{transposed} {groups} {bias}");
        assert_eq!(prepared.kept.len(), 2, "the new weight and the new bias");
        assert_eq!(prepared.body.output, output);
        let freed: Vec<ValueId> = last_use(&prepared.body).concat();
        assert!(prepared.kept.iter().all(|id| !freed.contains(id)), "what is cached outlives the run");
    }
}

#[test]
fn a_layer_that_others_see_is_not_folded() {
    let mut graph = network(false, 1, true);
    let seen = graph.nodes[1].outputs[0];
    graph.output = Some(Structure::List(vec![graph.output.clone().unwrap(), Structure::Value(seen)]));
    let before = graph.clone();
    fold_batch_norm(&mut graph).unwrap();
    assert_eq!(graph, before);
}

#[test]
fn random_numbers_are_new_in_each_run() {
    let mut b = Builder::default();
    let w = b.leaf(float(&[3]), LeafKind::Parameter, true, None);
    let noise = Op::Random {
        distribution: Distribution::Normal { mean: 0.0, std: 1.0 },
        shape: vec![3],
        dtype: DType::Float32,
    };
    let noise = b.push1(noise, &[]).unwrap();
    let fixed = b.push1(Op::Unary(Unary::Exp), &[w]).unwrap();
    let sum = b.push1(Op::Binary(crate::graph::op::Binary::Add), &[noise, fixed]).unwrap();
    let prepared = hoist(b.finish(Structure::Value(sum)));
    assert_eq!(names(&prepared.prelude), ["aten.exp"]);
    assert_eq!(prepared.kept, [fixed]);
    assert_eq!(names(&prepared.body.nodes), ["aten.normal", "aten.add"]);
}

#[test]
fn first_values_are_made_apart_from_the_run() {
    let mut graph = network(false, 1, true);
    prune(&mut graph, |_| false);
    let prepared = hoist(graph);
    assert_eq!(names(&prepared.init), ["aten.uniform"]);
    assert_eq!(prepared.prelude, []);
    assert_eq!(names(&prepared.body.nodes), ["aten.conv2d", "aten.batch_norm", "aten.relu"]);
}

#[test]
fn values_go_after_their_last_use_and_results_stay() {
    let mut graph = network(false, 1, true);
    prune(&mut graph, |_| true);
    let frees = last_use(&graph);
    let ids: Vec<Vec<ValueId>> =
        vec![vec![graph.inputs[0].value], graph.nodes[0].outputs.clone(), graph.nodes[1].outputs.clone()];
    assert_eq!(frees, ids);
}

#[test]
fn a_graph_is_the_same_after_json_and_a_broken_one_is_refused() {
    let mut graph = network(false, 2, true);
    graph.nodes[0].op = Op::Random {
        distribution: Distribution::Uniform { low: f64::NEG_INFINITY, high: f64::INFINITY },
        shape: vec![6, 2, 3, 3],
        dtype: DType::Float32,
    };
    graph.output =
        Some(Structure::List(vec![Structure::Scalar(Scalar::Float(f64::INFINITY)), graph.output.clone().unwrap()]));
    let text = graph.to_json().unwrap();
    assert_eq!(Graph::from_json(&text), Ok(graph.clone()));
    let refused = |change: &dyn Fn(&mut Graph)| {
        let mut graph = graph.clone();
        change(&mut graph);
        graph.validate().unwrap_err().to_string()
    };
    assert!(refused(&|g| g.nodes[1].inputs[0] = ValueId(999)).contains("the graph has no value v999"));
    assert!(refused(&|g| g.nodes.swap(1, 2)).contains("is used before it is made"));
    assert!(refused(&|g| g.nodes[2].outputs[0] = g.nodes[1].outputs[0]).contains("is made twice"));
    let id = graph.nodes[1].outputs[0].0 as usize;
    assert!(refused(&|g| g.values[id].shape = vec![1, 6, 8, 9]).contains("node 1 (aten.conv2d)"));
    assert!(refused(&|g| g.values[0].shape = vec![usize::MAX; 3]).contains("the limit is"));
    assert!(Graph::from_json("{").is_err());
}

#[test]
fn people_read_one_line_for_each_node() {
    let graph = network(false, 1, true);
    let text = graph.to_string();
    let line = text.lines().find(|line| line.contains("conv2d")).unwrap();
    assert!(line.starts_with("v4: float32[1, 6, 8, 8] = aten.conv2d(v0, v2, v3) "), "{line}");
    assert!(line.contains(" stride=[1, 1] ") && line.ends_with("  # conv1 line 12"), "{line}");
    assert!(text.ends_with("return (v11, None)\n"), "{text}");
}

#[test]
fn multiply_adds_are_counted_by_scope() {
    let graph = network(false, 1, true);
    let by_scope = graph.mult_adds_by_scope();
    assert_eq!(by_scope.get("conv1"), Some(&(64 * (6 * 4 * 9 + 6))));
    assert_eq!(by_scope.get("bn1"), Some(&12));
}
