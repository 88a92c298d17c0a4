//! `torch.nn.modules.rnn`: RNN, LSTM and GRU, unrolled over the sequence that they are given.

use super::attribute::{self, Init, fan_bound};
use super::cell::weight;
use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{DropoutKind, Op, Scalar};
use crate::nn::bound;
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::module::{Class, Module};
use crate::nn::node;
use crate::nn::packed::Packed;
use crate::nn::recurrence::{self, Mode, State, Weights};
use crate::nn::value::{ModuleId, Value};

/// Real layers stay far below.
const MOST_LAYERS: usize = 4096;

/// The classes.
pub const CLASSES: &[Class] = &[
    Class {
        name: "torch.nn.modules.rnn.RNNBase",
        aliases: &[],
        signature: "(mode, input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0, device=None, dtype=None)",
        init: |host, id, bound| {
            let mode = bound.str("mode")?.to_owned();
            init(host, id, bound, &mode)
        },
        forward_signature: "(input, hx=None)",
        forward,
        setstate,
    },
    Class {
        name: "torch.nn.modules.rnn.RNN",
        aliases: &[],
        signature: "(input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True, batch_first=False, dropout=0.0, bidirectional=False, device=None, dtype=None)",
        init: |host, id, bound| {
            let nonlinearity = bound.str("nonlinearity")?.to_owned();
            attribute::set(host, id, "nonlinearity", bound.value("nonlinearity").clone())?;
            match nonlinearity.as_str() {
                "tanh" => init(host, id, bound, "RNN_TANH"),
                "relu" => init(host, id, bound, "RNN_RELU"),
                other => Err(value_error(format!("Unknown nonlinearity '{other}'. Select from 'tanh' or 'relu'."))),
            }
        },
        forward_signature: "(input, hx=None)",
        forward,
        setstate,
    },
    Class {
        name: "torch.nn.modules.rnn.LSTM",
        aliases: &[],
        signature: "(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0, device=None, dtype=None)",
        init: |host, id, bound| init(host, id, bound, "LSTM"),
        forward_signature: "(input, hx=None)",
        forward,
        setstate,
    },
    Class {
        name: "torch.nn.modules.rnn.GRU",
        aliases: &[],
        signature: "(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, device=None, dtype=None)",
        init: |host, id, bound| init(host, id, bound, "GRU"),
        forward_signature: "(input, hx=None)",
        forward,
        setstate,
    },
];

fn value_error(message: impl Into<String>) -> Error {
    Error::mismatch(message).code("value_error")
}

fn suffix(layer: usize, reverse: bool) -> String {
    format!("_l{layer}{}", if reverse { "_reverse" } else { "" })
}

/// `RNNBase.__init__`
fn init(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>, name: &str) -> Result<()> {
    let mode = recurrence::mode(name)?;
    let proj_size = if bound.has("proj_size") { bound.int("proj_size")? } else { 0 };
    for name in ["input_size", "hidden_size", "num_layers", "bias", "batch_first", "bidirectional"] {
        attribute::set(host, id, name, bound.value(name).clone())?;
    }
    attribute::set(host, id, "mode", Value::Str(name.into()))?;
    attribute::set(host, id, "dropout", Value::Float(bound.float("dropout")?))?;
    attribute::set(host, id, "proj_size", Value::Int(proj_size))?;
    check(bound, proj_size)?;
    let (hidden, layers) = (bound.size("hidden_size")?, bound.size("num_layers")?);
    let (shown, rows) = (
        match bound::size(proj_size)? {
            0 => hidden,
            size => size,
        },
        mode.gates().saturating_mul(hidden),
    );
    let (dtype, fill) = (attribute::dtype(host, bound)?, Init::Uniform(fan_bound(hidden)));
    let directions: &[bool] = if bound.bool("bidirectional")? { &[false, true] } else { &[false] };
    let mut all = Vec::new();
    for layer in 0..layers {
        let inputs = if layer == 0 { bound.size("input_size")? } else { shown.saturating_mul(directions.len()) };
        for reverse in directions {
            let mut shapes = vec![("weight_ih", vec![rows, inputs]), ("weight_hh", vec![rows, shown])];
            if bound.bool("bias")? {
                shapes.extend([("bias_ih", vec![rows]), ("bias_hh", vec![rows])]);
            }
            if proj_size > 0 {
                shapes.push(("weight_hr", vec![shown, hidden]));
            }
            let mut names = Vec::new();
            for (kind, shape) in shapes {
                let name = format!("{kind}{}", suffix(layer, *reverse));
                attribute::parameter(host, id, &name, &shape, dtype, fill)?;
                names.push(Value::Str(name.as_str().into()));
            }
            all.push(names);
        }
    }
    let flat: Vec<Value> = all.iter().flatten().cloned().collect();
    attribute::set(host, id, "_flat_weights_names", Value::List(flat))?;
    // what user code initialises layer by layer
    let mut tensors = Vec::new();
    for names in &all {
        let of_names = names.iter().map(|name| match name {
            Value::Str(name) => attribute::tensor(host, id, name),
            _ => Value::None,
        });
        tensors.push(Value::List(of_names.collect()));
    }
    attribute::set(host, id, "all_weights", Value::List(tensors))?;
    attribute::set(host, id, "_all_weights", Value::List(all.into_iter().map(Value::List).collect()))
}

fn check(bound: &Bound<'_>, proj_size: i64) -> Result<()> {
    let dropout = bound.float("dropout")?;
    if !(0.0..=1.0).contains(&dropout) || matches!(bound.value("dropout"), Value::Bool(_)) {
        return Err(value_error(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed",
        ));
    }
    for name in ["bias", "batch_first"] {
        if !matches!(bound.value(name), Value::Bool(_)) {
            let got = bound.value(name).type_name();
            return Err(Error::mismatch(format!("{name} should be of type bool, got: {got}")).code("type_error"));
        }
    }
    for name in ["input_size", "hidden_size", "num_layers"] {
        if bound.int(name)? <= 0 {
            return Err(value_error(format!("{name} must be greater than zero")));
        }
    }
    let layers = bound.size("num_layers")?;
    if layers > MOST_LAYERS {
        return Err(Error::too_large("num_layers", layers, MOST_LAYERS));
    }
    if proj_size < 0 {
        return Err(value_error("proj_size should be a positive integer or zero to disable projections"));
    }
    if proj_size >= bound.int("hidden_size")? {
        return Err(value_error("proj_size has to be smaller than hidden_size"));
    }
    Ok(())
}

/// A layer's settings, read from its attributes.
#[derive(Clone, Copy, Debug)]
struct Layer {
    mode: Mode,
    input: usize,
    hidden: usize,
    /// `proj_size`, or `hidden`
    shown: usize,
    layers: usize,
    directions: usize,
    batch_first: bool,
    dropout: f64,
}

fn settings(host: &mut dyn Host, id: ModuleId) -> Result<Layer> {
    let mode = match attribute::get(host, id, "mode") {
        Value::Str(name) => recurrence::mode(&name)?,
        other => {
            return Err(Error::mismatch(format!("attribute 'mode' is {}, and a str is needed", other.type_name())));
        }
    };
    let mut size = |name: &str| bound::size(attribute::int(host, id, name)?);
    let (input, hidden, layers) = (size("input_size")?, size("hidden_size")?, size("num_layers")?);
    let projection = match attribute::get(host, id, "proj_size") {
        Value::Int(size) => bound::size(size)?,
        _ => 0,
    };
    let dropout = match attribute::get(host, id, "dropout") {
        Value::Float(p) => p,
        Value::Int(1..) => 1.0,
        _ => 0.0,
    };
    Ok(Layer {
        mode,
        input,
        hidden,
        shown: if projection == 0 { hidden } else { projection },
        layers,
        directions: if attribute::flag(host, id, "bidirectional") { 2 } else { 1 },
        batch_first: attribute::flag(host, id, "batch_first"),
        dropout: if attribute::training(host, id) { dropout } else { 0.0 },
    })
}

fn forward(host: &mut dyn Host, id: ModuleId, bound: &Bound<'_>) -> Result<Value> {
    let layer = settings(host, id)?;
    let packed = Packed::of(bound.value("input"));
    let given = match packed {
        Some(packed) => packed.padded,
        None => bound.id("input")?,
    };
    let (x, batched) = time_first(host, &layer, given, packed.is_some())?;
    check_input(host, id, &layer, x)?;
    let start = states(host, &layer, bound, x, batched)?;
    recurrence::check_steps(node::extent(host, x, 0), layer.layers, layer.directions)?;
    let running = packed.map(|p| p.running(host)).transpose()?.flatten();
    let (output, hidden, cells) = run(host, id, &layer, x, &start, running)?;

    let hidden = last(host, &hidden, batched)?;
    let last = match layer.mode {
        Mode::Lstm => Value::Tuple(vec![hidden, last(host, &cells, batched)?]),
        _ => hidden,
    };
    let output = match packed {
        Some(packed) => Packed { padded: output, ..packed }.value(),
        None => Value::tensor(as_given(host, &layer, output, batched)?),
    };
    Ok(Value::Tuple(vec![output, last]))
}

/// The input as (time, batch, features), and whether it had a batch.
fn time_first(host: &mut dyn Host, layer: &Layer, x: ValueId, packed: bool) -> Result<(ValueId, bool)> {
    let shape = node::shape(host, x);
    match shape.as_slice() {
        [_, _, _] if layer.batch_first && !packed => {
            Ok((node::op(host, Op::Permute { dims: vec![1, 0, 2] }, &[x])?, true))
        }
        [_, _, _] => Ok((x, true)),
        [steps, features] if !packed => Ok((node::reshape(host, x, vec![*steps, 1, *features])?, false)),
        other => {
            let (class, tensor) = match layer.mode {
                Mode::Tanh | Mode::Relu => ("RNN", " tensor"),
                Mode::Lstm => ("LSTM", ""),
                Mode::Gru => ("GRU", ""),
            };
            let rank = other.len();
            Err(value_error(format!("{class}: Expected input to be 2D or 3D, got {rank}D{tensor} instead")))
        }
    }
}

/// The output in the input's layout.
fn as_given(host: &mut dyn Host, layer: &Layer, output: ValueId, batched: bool) -> Result<ValueId> {
    match node::shape(host, output).as_slice() {
        [steps, _, features] if !batched => node::reshape(host, output, vec![*steps, *features]),
        _ if layer.batch_first => node::op(host, Op::Permute { dims: vec![1, 0, 2] }, &[output]),
        _ => Ok(output),
    }
}

fn check_input(host: &mut dyn Host, id: ModuleId, layer: &Layer, x: ValueId) -> Result<()> {
    let (have, want) = (node::dtype(host, x), weight(host, id, "weight_ih_l0")?);
    let want = node::dtype(host, want);
    if have != want {
        let (have, want) = (have.name(), want.name());
        return Err(value_error(format!(
            "RNN input dtype (torch.{have}) does not match weight dtype (torch.{want}). Convert input: input.to(torch.{want}), or convert model: model.to(torch.{have})"
        )));
    }
    let features = node::extent(host, x, 2);
    if features != layer.input {
        return Err(Error::mismatch(format!(
            "input.size(-1) must be equal to input_size. Expected {}, got {features}",
            layer.input
        )));
    }
    if node::extent(host, x, 0) == 0 {
        return Err(Error::mismatch("Expected sequence length to be larger than 0 in RNN"));
    }
    Ok(())
}

/// The first states of every layer and direction, from `hx` or zeros.
fn states(host: &mut dyn Host, layer: &Layer, bound: &Bound<'_>, x: ValueId, batched: bool) -> Result<Vec<State>> {
    let (batch, count) = (node::extent(host, x, 1), layer.layers.saturating_mul(layer.directions));
    let given = match (layer.mode, bound.value("hx")) {
        (_, Value::None) => {
            let dtype = node::dtype(host, x);
            let hidden = node::full(host, vec![batch, layer.shown], Scalar::Float(0.0), dtype)?;
            let cell = match layer.mode {
                Mode::Lstm if layer.shown == layer.hidden => Some(hidden),
                Mode::Lstm => Some(node::full(host, vec![batch, layer.hidden], Scalar::Float(0.0), dtype)?),
                _ => None,
            };
            // the first layer without weights ends the run, however many a file claims
            return Ok(vec![State { hidden, cell }; count.min(2 * MOST_LAYERS)]);
        }
        (Mode::Lstm, pair) => match pair.items().as_deref() {
            Some([Value::Tensor(h), Value::Tensor(c)]) => vec![(h.value(), layer.shown), (c.value(), layer.hidden)],
            _ => return Err(bound.wrong("hx", "tuple of two Tensors")),
        },
        _ => vec![(bound.id("hx")?, layer.shown)],
    };
    let want = if batched { 3 } else { 2 };
    let ranks: Vec<_> = given.iter().map(|(id, _)| node::rank(host, *id)).collect();
    if ranks.iter().any(|rank| *rank != want) {
        let kind = if batched { "batched 3-D" } else { "unbatched 2-D" };
        return Err(Error::mismatch(match ranks.as_slice() {
            [h, c] => format!("For {kind} input, hx and cx should also be {want}-D but got ({h}-D, {c}-D) tensors"),
            other => {
                format!("For {kind} input, hx should also be {want}-D but got {}-D tensor", other.first().unwrap_or(&0))
            }
        }));
    }
    let mut parts = Vec::new();
    for (at, (id, size)) in given.into_iter().enumerate() {
        let shape = node::shape(host, id);
        let got = if batched {
            shape
        } else {
            shape.iter().copied().take(1).chain([1]).chain(shape.iter().copied().skip(1)).collect()
        };
        if got != [count, batch, size] {
            let name = match (layer.mode, at) {
                (Mode::Lstm, 0) => "hidden[0] size",
                (Mode::Lstm, _) => "hidden[1] size",
                _ => "hidden size",
            };
            return Err(Error::mismatch(format!("Expected {name} ({count}, {batch}, {size}), got {got:?}")));
        }
        parts.push(node::reshape(host, id, got)?);
    }
    let mut states = Vec::new();
    for at in 0..count {
        let hidden = parts.first().map(|h| recurrence::select(host, *h, at)).transpose()?;
        let cell = parts.get(1).map(|c| recurrence::select(host, *c, at)).transpose()?;
        states.extend(hidden.map(|hidden| State { hidden, cell }));
    }
    Ok(states)
}

/// All layers: the last one's output (time, batch, features), and the last states.
fn run(
    host: &mut dyn Host,
    id: ModuleId,
    layer: &Layer,
    x: ValueId,
    start: &[State],
    running: Option<ValueId>,
) -> Result<(ValueId, Vec<ValueId>, Vec<ValueId>)> {
    let (mut x, mut hidden, mut cells) = (x, Vec::new(), Vec::new());
    let mut start = start.iter().copied();
    for nth in 0..layer.layers {
        if nth > 0 {
            x = dropout(host, layer.dropout, x)?;
        }
        let mut outputs = Vec::new();
        for reverse in [false, true].into_iter().take(layer.directions) {
            let weights = weights(host, id, layer, nth, reverse)?;
            let state = start.next().ok_or_else(|| Error::mismatch("the state has too few layers"))?;
            let (output, state) = recurrence::unroll(host, layer.mode, &weights, x, state, reverse, running)?;
            outputs.push(output);
            hidden.push(state.hidden);
            cells.extend(state.cell);
        }
        x = match outputs.as_slice() {
            [only] => *only,
            both => node::op(host, Op::Cat { dim: 2 }, both)?,
        };
    }
    Ok((x, hidden, cells))
}

fn weights(host: &mut dyn Host, id: ModuleId, layer: &Layer, nth: usize, reverse: bool) -> Result<Weights> {
    let suffix = suffix(nth, reverse);
    let bias = [
        attribute::tensor(host, id, &format!("bias_ih{suffix}")),
        attribute::tensor(host, id, &format!("bias_hh{suffix}")),
    ];
    Ok(Weights {
        input: weight(host, id, &format!("weight_ih{suffix}"))?,
        hidden: weight(host, id, &format!("weight_hh{suffix}"))?,
        bias: match &bias {
            [Value::Tensor(input), Value::Tensor(hidden)] => Some((input.value(), hidden.value())),
            _ => None,
        },
        projection: if layer.shown == layer.hidden {
            None
        } else {
            Some(weight(host, id, &format!("weight_hr{suffix}"))?)
        },
    })
}

fn dropout(host: &mut dyn Host, p: f64, x: ValueId) -> Result<ValueId> {
    if p <= 0.0 {
        return Ok(x);
    }
    if p >= 1.0 {
        return node::binary(host, crate::graph::op::Binary::Mul, x, 0.0);
    }
    node::op(host, Op::Dropout { p, kind: DropoutKind::Element }, &[x])
}

/// The last states of all layers and directions, (layers · directions, batch, hidden).
fn last(host: &mut dyn Host, states: &[ValueId], batched: bool) -> Result<Value> {
    let mut all = recurrence::stack(host, states)?;
    if !batched {
        let shape = node::shape(host, all);
        let shape = shape.iter().copied().take(1).chain(shape.iter().copied().skip(2)).collect();
        all = node::reshape(host, all, shape)?;
    }
    Ok(Value::tensor(all))
}

/// `proj_size` came with 1.8.
fn setstate(module: &mut Module) {
    module.attributes.entry("proj_size".into()).or_insert(Value::Int(0));
}
