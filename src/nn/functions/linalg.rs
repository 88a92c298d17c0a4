//! Products of matrices: linear, matmul and its special cases, einsum, tensordot, bilinear.

use crate::error::{Error, Result};
use crate::graph::ValueId;
use crate::graph::op::{Binary, Op, Reduce, Scalar};
use crate::nn::bound::{number, size};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node::{self, operand};
use crate::nn::value::Value;
use std::collections::HashMap;

functions! {
    f "linear": "(input, weight, bias=None)" => linear;
    f "bilinear": "(input1, input2, weight, bias=None)" => bilinear;
    t "bilinear": "(input1, input2, weight, bias=None)" => bilinear;
    tml "matmul": "(input, other)" => |h, b| product(h, b.id("input")?, b.id("other")?);
    m "__matmul__": "(input, other)" => |h, b| product(h, b.id("input")?, b.id("other")?);
    m "__rmatmul__": "(input, other)" => |h, b| product(h, b.id("other")?, b.id("input")?);
    tm "mm": "(input, mat2)" => |h, b| ranked(h, b, "input", "mat2", 2, 2);
    tm "bmm": "(input, mat2)" => |h, b| ranked(h, b, "input", "mat2", 3, 3);
    tm "mv": "(input, vec)" => |h, b| ranked(h, b, "input", "vec", 2, 1);
    tm "dot vdot": "(input, other)" => |h, b| ranked(h, b, "input", "other", 1, 1);
    tm "inner": "(input, other)" => inner;
    tm "outer ger": "(input, vec2)" => outer;
    tmi "addmm": "(input, mat1, mat2, *, beta=1, alpha=1)" => |h, b| added(h, b, "mat1", "mat2", 2, 2);
    tmi "addmv": "(input, mat, vec, *, beta=1, alpha=1)" => |h, b| added(h, b, "mat", "vec", 2, 1);
    tmi "baddbmm": "(input, batch1, batch2, *, beta=1, alpha=1)" => |h, b| added(h, b, "batch1", "batch2", 3, 3);
    t "einsum": "(equation, *operands)" => einsum;
    t "tensordot": "(a, b, dims=2)" => tensordot;
}

fn linear(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, weight) = (b.id("input")?, b.id("weight")?);
    let bias = b.id_or_none("bias")?;
    if node::rank(host, weight) == 1 {
        // (in) instead of (1, in), and no output dim
        let y = node::op(host, Op::Matmul, &[x, weight])?;
        return match bias {
            Some(bias) => node::binary(host, Binary::Add, y, bias).map(Value::tensor),
            None => Ok(Value::tensor(y)),
        };
    }
    let inputs: Vec<_> = [x, weight].into_iter().chain(bias).collect();
    node::op(host, Op::Linear, &inputs).map(Value::tensor)
}

fn product(host: &mut dyn Host, x: ValueId, y: ValueId) -> Result<Value> {
    matmul(host, x, y).map(Value::tensor)
}

/// `x @ y`, of one dtype: torch does not promote in matrix products.
pub(super) fn matmul(host: &mut dyn Host, x: ValueId, y: ValueId) -> Result<ValueId> {
    let (a, b) = (node::dtype(host, x), node::dtype(host, y));
    if a != b {
        let (a, b) = (a.scalar_type(), b.scalar_type());
        return Err(Error::mismatch(format!("expected m1 and m2 to have the same dtype, but got: {a} != {b}")));
    }
    if node::rank(host, x) == 0 || node::rank(host, y) == 0 {
        let (x, y) = (node::rank(host, x), node::rank(host, y));
        return Err(Error::mismatch(format!(
            "both arguments to matmul need to be at least 1D, but they are {x}D and {y}D"
        )));
    }
    node::op(host, Op::Matmul, &[x, y])
}

/// A product of operands with fixed ranks.
fn ranked(host: &mut dyn Host, b: &Bound<'_>, x: &str, y: &str, first: usize, second: usize) -> Result<Value> {
    let (left, right) = (b.id(x)?, b.id(y)?);
    check_rank(host, b.name(), "self", left, first)?;
    check_rank(host, b.name(), y, right, second)?;
    if first == 3 {
        let (l, r) = (node::shape(host, left), node::shape(host, right));
        if l.first() != r.first() {
            return Err(Error::mismatch(format!(
                "Expected size for first two dimensions of batch2 tensor to be: [{}, {}] but got: [{}, {}].",
                l.first().unwrap_or(&0),
                l.get(2).unwrap_or(&0),
                r.first().unwrap_or(&0),
                r.get(1).unwrap_or(&0)
            )));
        }
    }
    product(host, left, right)
}

fn check_rank(host: &mut dyn Host, function: &str, name: &str, id: ValueId, rank: usize) -> Result<()> {
    let got = node::rank(host, id);
    if got == rank {
        return Ok(());
    }
    Err(Error::mismatch(match (function, rank) {
        ("dot" | "vdot", _) => format!("1D tensors expected, but got {got}D and other tensors"),
        ("bmm" | "baddbmm", _) => format!("batch{} must be a 3D tensor", if name == "self" { 1 } else { 2 }),
        (_, 2) => format!("{name} must be a matrix"),
        _ => format!("{name} must be a vector"),
    }))
}

fn inner(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = (b.id("input")?, b.id("other")?);
    if node::rank(host, x) == 0 || node::rank(host, y) == 0 {
        return node::binary(host, Binary::Mul, x, y).map(Value::tensor);
    }
    let (a, c): (Vec<u32>, Vec<u32>) = {
        let (rx, ry) = (letters(node::rank(host, x)), letters(node::rank(host, y)));
        let a: Vec<u32> = (0..rx).collect();
        let mut c: Vec<u32> = (rx..rx + ry).collect();
        if let (Some(last), Some(shared)) = (c.last_mut(), a.last()) {
            *last = *shared;
        }
        (a, c)
    };
    let shared = a.last().copied();
    let out: Vec<u32> = a.iter().chain(&c).copied().filter(|l| Some(*l) != shared).collect();
    let x = Labelled { id: x, labels: a };
    let y = Labelled { id: y, labels: c };
    contract(host, x, y, &out).and_then(|r| arranged(host, r, &out))
}

fn letters(rank: usize) -> u32 {
    u32::try_from(rank).unwrap_or(u32::MAX)
}

fn outer(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = (b.id("input")?, b.id("vec2")?);
    for (name, id) in [("self", x), ("vec2", y)] {
        let rank = node::rank(host, id);
        if rank != 1 {
            return Err(Error::mismatch(format!("outer: Expected 1-D argument {name}, but got {rank}-D")));
        }
    }
    let rows = node::extent(host, x, 0);
    let x = node::reshape(host, x, vec![rows, 1])?;
    node::binary(host, Binary::Mul, x, y).map(Value::tensor)
}

/// `beta * input + alpha * (x @ y)`
fn added(host: &mut dyn Host, b: &Bound<'_>, x: &str, y: &str, first: usize, second: usize) -> Result<Value> {
    let Value::Tensor(made) = ranked(host, b, x, y, first, second)? else { return Ok(Value::None) };
    let mut scaled = |id: ValueId, factor: Scalar| match factor {
        Scalar::Int(1) => Ok(id),
        factor => {
            let factor = operand(b.name(), &number(factor))?;
            node::binary(host, Binary::Mul, id, factor)
        }
    };
    let made = scaled(made.value(), b.scalar("alpha")?)?;
    let beta = b.scalar("beta")?;
    // torch does not look at the input then: NaN does not pass
    if beta.as_f64() == 0.0 {
        return Ok(Value::tensor(made));
    }
    let input = scaled(b.id("input")?, beta)?;
    node::binary(host, Binary::Add, input, made).map(Value::tensor)
}

/// `y[o] = x1 @ weight[o] @ x2 + bias[o]`
fn bilinear(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y, weight) = (b.id("input1")?, b.id("input2")?, b.id("weight")?);
    let lead = node::shape(host, x);
    let lead = lead.get(..lead.len().saturating_sub(1)).unwrap_or_default().to_vec();
    let rows: usize = lead.iter().product();
    let flat = |host: &mut dyn Host, id: ValueId| {
        let width = node::shape(host, id).last().copied().unwrap_or(1);
        node::reshape(host, id, vec![rows, width])
    };
    let (x, y) = (flat(host, x)?, flat(host, y)?);
    let outputs = node::extent(host, weight, 0);
    let labelled = |id, labels: &[u32]| Labelled { id, labels: labels.to_vec() };
    // n: rows, o: outputs, i and j: the two inputs
    let (n, o, i, j) = (0, 1, 2, 3);
    let half = contract(host, labelled(x, &[n, i]), labelled(weight, &[o, i, j]), &[n, o, j])?;
    let made = contract(host, half, labelled(y, &[n, j]), &[n, o])?;
    let made = permuted(host, made, &[n, o])?;
    let made = node::reshape(host, made, [lead, vec![outputs]].concat())?;
    match b.id_or_none("bias")? {
        Some(bias) => node::binary(host, Binary::Add, made, bias).map(Value::tensor),
        None => Ok(Value::tensor(made)),
    }
}

/// A tensor whose dims have names.
struct Labelled {
    id: ValueId,
    labels: Vec<u32>,
}

/// A dim that `...` stands for has a label from here on, counted from the right.
const ELLIPSIS: u32 = 1 << 24;

fn einsum(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let equation = b.str("equation")?.replace(' ', "");
    let operands = b.tensors("operands")?;
    let (inputs, output) = match equation.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (equation.as_str(), None),
    };
    let terms: Vec<&str> = inputs.split(',').collect();
    if terms.len() != operands.len() {
        let text = if terms.len() > operands.len() { "fewer" } else { "more" };
        return Err(Error::mismatch(format!("einsum(): {text} operands were provided than specified in the equation")));
    }
    let mut labelled = Vec::new();
    for (term, operand) in terms.iter().zip(&operands) {
        let rank = node::rank(host, operand.value());
        labelled.push(Labelled { id: operand.value(), labels: labels(term, Some(rank))? });
    }
    let output = match output {
        Some(output) => {
            let wide =
                labelled.iter().flat_map(|l| &l.labels).filter(|l| **l >= ELLIPSIS).map(|l| l - ELLIPSIS + 1).max();
            let rank = output.replace("...", "").len() + wide.unwrap_or(0) as usize;
            labels(output, output.contains("...").then_some(rank))?
        }
        None => implicit(&labelled),
    };
    let known: Vec<u32> = labelled.iter().flat_map(|l| l.labels.iter().copied()).collect();
    if let Some(unknown) = output.iter().find(|l| !known.contains(l)) {
        let letter = char::from_u32(*unknown).unwrap_or('?');
        return Err(Error::mismatch(format!(
            "einsum(): output subscript {letter} does not appear in the equation for any input operand"
        )));
    }
    if let Some((label, ..)) = twin(&output) {
        let letter = char::from_u32(label).unwrap_or('?');
        return Err(Error::mismatch(format!(
            "einsum(): output subscript {letter} appears more than once in the output"
        )));
    }
    let labelled = labelled.into_iter().map(|l| diagonals(host, l)).collect::<Result<Vec<_>>>()?;
    let mut rest = labelled.into_iter();
    let first = rest.next().ok_or_else(|| Error::mismatch("einsum(): must provide at least one operand"))?;
    let rest: Vec<Labelled> = rest.collect();
    let mut result = first;
    for at in 0..rest.len() {
        let later: Vec<u32> =
            rest.iter().skip(at + 1).flat_map(|l| l.labels.iter().copied()).chain(output.iter().copied()).collect();
        let Some(next) = rest.get(at) else { break };
        let next = Labelled { id: next.id, labels: next.labels.clone() };
        result = contract(host, result, next, &later)?;
    }
    let result = summed(host, result, &output)?;
    arranged(host, result, &output)
}

/// Letters of a term; the dims of `...` where the rank is known.
fn labels(term: &str, rank: Option<usize>) -> Result<Vec<u32>> {
    let (before, after) = match term.split_once("...") {
        Some((before, after)) => (before, Some(after)),
        None => (term, None),
    };
    let letters = |text: &str| -> Result<Vec<u32>> {
        let letter = |c: char| {
            c.is_ascii_alphabetic().then_some(u32::from(c)).ok_or_else(|| {
                Error::mismatch(format!(
                    "einsum(): invalid subscript given at index of '{c}', subscripts must be in [a-zA-Z]"
                ))
            })
        };
        text.chars().map(letter).collect()
    };
    let (mut all, after_letters) = (letters(before)?, letters(after.unwrap_or_default())?);
    let named = all.len() + after_letters.len();
    if after.is_some() {
        let wide = rank.unwrap_or(named).checked_sub(named).ok_or_else(|| few(term))?;
        all.extend((0..letters_of(wide)).rev().map(|place| ELLIPSIS + place));
    } else if rank.is_some_and(|rank| rank != named) {
        return Err(few(term));
    }
    all.extend(after_letters);
    Ok(all)
}

/// The first label that comes twice, and where.
fn twin(labels: &[u32]) -> Option<(u32, usize, usize)> {
    labels.iter().enumerate().find_map(|(at, label)| {
        let later = labels.iter().skip(at + 1).position(|other| other == label)?;
        Some((*label, at, at + 1 + later))
    })
}

/// A label twice in one operand means the diagonal of its two dims.
fn diagonals(host: &mut dyn Host, mut x: Labelled) -> Result<Labelled> {
    while let Some((label, first, second)) = twin(&x.labels) {
        let shape = node::shape(host, x.id);
        let size = shape.get(first).copied().unwrap_or(1);
        if shape.get(second) != Some(&size) {
            let (letter, other) = (char::from_u32(label).unwrap_or('?'), shape.get(second).copied().unwrap_or(1));
            return Err(Error::mismatch(format!(
                "einsum(): subscript {letter} is repeated for operand 0 but the sizes don't match, {other} != {size}"
            )));
        }
        let lead: Vec<usize> = (0..shape.len()).filter(|d| *d != first && *d != second).collect();
        let sizes: Vec<usize> = lead.iter().filter_map(|d| shape.get(*d).copied()).collect();
        let labels = lead.iter().filter_map(|d| x.labels.get(*d).copied()).chain([label]).collect();
        let (dim, square) = (lead.len(), size.saturating_mul(size));
        let dims = lead.into_iter().chain([first, second]).collect();
        let id = node::op(host, Op::Permute { dims }, &[x.id])?;
        let id = node::reshape(host, id, sizes.into_iter().chain([square]).collect())?;
        let id = node::op(host, Op::Slice { dim, start: 0, end: square, step: size + 1 }, &[id])?;
        x = Labelled { id, labels };
    }
    Ok(x)
}

fn letters_of(rank: usize) -> u32 {
    u32::try_from(rank).unwrap_or(0)
}

fn few(term: &str) -> Error {
    Error::mismatch(format!(
        "einsum(): the number of subscripts in the equation ({term}) does not match the number of dimensions of the operand"
    ))
}

/// Without `->`: ellipsis dims, then letters that come once, in alphabetical order.
fn implicit(operands: &[Labelled]) -> Vec<u32> {
    let mut counts: HashMap<u32, usize> = HashMap::new();
    operands.iter().flat_map(|l| &l.labels).for_each(|label| *counts.entry(*label).or_default() += 1);
    let all = || operands.iter().flat_map(|l| l.labels.iter().copied());
    let mut wide: Vec<u32> = all().filter(|l| *l >= ELLIPSIS).collect();
    wide.sort_unstable_by(|a, b| b.cmp(a));
    wide.dedup();
    let mut single: Vec<u32> = all().filter(|l| *l < ELLIPSIS && counts.get(l) == Some(&1)).collect();
    single.sort_unstable();
    wide.into_iter().chain(single).collect()
}

/// Sums the dims that nobody needs any more.
fn summed(host: &mut dyn Host, x: Labelled, keep: &[u32]) -> Result<Labelled> {
    let dims: Vec<usize> =
        (0..x.labels.len()).filter(|at| !x.labels.get(*at).is_some_and(|l| keep.contains(l))).collect();
    if dims.is_empty() {
        return Ok(x);
    }
    let labels = x.labels.iter().copied().filter(|l| keep.contains(l)).collect();
    Ok(Labelled { id: node::reduce(host, Reduce::Sum, x.id, dims, false)?, labels })
}

/// The product of two, summed over labels that are not in `keep`: one batched matrix product.
fn contract(host: &mut dyn Host, x: Labelled, y: Labelled, keep: &[u32]) -> Result<Labelled> {
    let needed_by = |other: &Labelled| [keep, &other.labels].concat();
    let (for_x, for_y) = (needed_by(&y), needed_by(&x));
    let (x, y) = (summed(host, x, &for_x)?, summed(host, y, &for_y)?);
    let shared: Vec<u32> = x.labels.iter().copied().filter(|l| y.labels.contains(l)).collect();
    let (batch, inner): (Vec<u32>, Vec<u32>) = shared.iter().partition(|l| keep.contains(l));
    let left: Vec<u32> = x.labels.iter().copied().filter(|l| !shared.contains(l)).collect();
    let right: Vec<u32> = y.labels.iter().copied().filter(|l| !shared.contains(l)).collect();
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    for operand in [&x, &y] {
        for (label, size) in operand.labels.iter().zip(node::shape(host, operand.id)) {
            let known = sizes.entry(*label).or_insert(size);
            if *known == 1 {
                *known = size;
            } else if size != 1 && *known != size {
                let letter = char::from_u32(*label).unwrap_or('.');
                return Err(Error::mismatch(format!(
                    "einsum(): subscript {letter} has size {size} for operand 1 which does not broadcast with previously seen size {known}"
                )));
            }
        }
    }
    let extent = |labels: &[u32]| labels.iter().filter_map(|l| sizes.get(l)).product::<usize>();
    let matrix = |host: &mut dyn Host, operand: Labelled, order: [&[u32]; 3]| {
        let all = order.concat();
        let id = permuted(host, operand, &all)?;
        // dims of size 1 broadcast
        let full = all.iter().filter_map(|l| sizes.get(l).copied()).collect();
        let id = node::expand(host, id, full)?;
        node::reshape(host, id, order.iter().map(|labels| extent(labels)).collect())
    };
    let a = matrix(host, x, [&batch, &left, &inner])?;
    let b = matrix(host, y, [&batch, &inner, &right])?;
    let made = node::op(host, Op::Matmul, &[a, b])?;
    let labels = [batch, left, right].concat();
    let shape = labels.iter().filter_map(|l| sizes.get(l).copied()).collect();
    Ok(Labelled { id: node::reshape(host, made, shape)?, labels })
}

/// The dims in this order.
fn permuted(host: &mut dyn Host, x: Labelled, order: &[u32]) -> Result<ValueId> {
    let dims: Vec<usize> = order.iter().filter_map(|l| x.labels.iter().position(|own| own == l)).collect();
    if dims.iter().enumerate().all(|(at, dim)| at == *dim) {
        return Ok(x.id);
    }
    node::op(host, Op::Permute { dims }, &[x.id])
}

fn arranged(host: &mut dyn Host, x: Labelled, order: &[u32]) -> Result<Value> {
    permuted(host, x, order).map(Value::tensor)
}

fn tensordot(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let (x, y) = (b.id("a")?, b.id("b")?);
    let (rx, ry) = (node::rank(host, x), node::rank(host, y));
    let (first, second) = match b.value("dims") {
        Value::Int(n) => {
            let n = size(*n)?;
            if n > rx || n > ry {
                return Err(Error::mismatch(format!("tensordot expects dims <= the number of dims of both, got {n}")));
            }
            ((rx - n..rx).collect::<Vec<_>>(), (0..n).collect::<Vec<_>>())
        }
        pair => {
            let pair = pair.items().unwrap_or_default();
            let dims = |at: usize, rank: usize| -> Result<Vec<usize>> {
                let items = match pair.get(at) {
                    Some(one @ Value::Int(_)) => vec![one.clone()],
                    Some(many) => many.items().unwrap_or_default(),
                    None => return Err(b.wrong("dims", "an int or a pair of lists of ints")),
                };
                items
                    .iter()
                    .map(|i| if let Value::Int(i) = i { node::dim(*i, rank) } else { Err(b.wrong("dims", "ints")) })
                    .collect()
            };
            (dims(0, rx)?, dims(1, ry)?)
        }
    };
    if first.len() != second.len() {
        return Err(Error::mismatch("both dimension lists should have same length"));
    }
    let left: Vec<u32> = (0..letters(rx)).collect();
    let mut right: Vec<u32> = (letters(rx)..letters(rx + ry)).collect();
    for (a, c) in first.iter().zip(&second) {
        if let (Some(label), Some(slot)) = (left.get(*a), right.get_mut(*c)) {
            *slot = *label;
        }
    }
    let shared = |l: &u32| left.contains(l) && right.contains(l);
    let out: Vec<u32> = left.iter().chain(&right).copied().filter(|l| !shared(l)).collect();
    let made =
        contract(host, Labelled { id: x, labels: left.clone() }, Labelled { id: y, labels: right.clone() }, &out)?;
    arranged(host, made, &out)
}
