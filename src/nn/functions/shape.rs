//! Shapes: views, permutations, expansion, and the pieces of a tensor.

use crate::error::{Error, Result};
use crate::graph::op::Op;
use crate::nn::alias;
use crate::nn::bound::{int, size};
use crate::nn::function::Bound;
use crate::nn::host::Host;
use crate::nn::node;
use crate::nn::value::{Tensor, Value};

fn made(result: Result<Tensor>) -> Result<Value> {
    result.map(Value::Tensor)
}

/// A reshape with one size left open by -1.
pub(in crate::nn) fn reshape(host: &mut dyn Host, x: &Tensor, sizes: &[i64]) -> Result<Tensor> {
    let from = node::shape(host, x.value());
    let shape = open_size(sizes, from.iter().product())?;
    alias::view(host, x, Op::Reshape { shape })
}

fn open_size(sizes: &[i64], numel: usize) -> Result<Vec<usize>> {
    let invalid = || Error::mismatch(format!("shape '{sizes:?}' is invalid for input of size {numel}"));
    if sizes.iter().filter(|s| **s == -1).count() > 1 {
        return Err(Error::mismatch("only one dimension can be inferred"));
    }
    if let Some(bad) = sizes.iter().find(|s| **s < -1) {
        return Err(Error::mismatch(format!("invalid shape dimension {bad}")));
    }
    let known = sizes.iter().filter(|s| **s != -1).try_fold(1usize, |n, s| n.checked_mul(usize::try_from(*s).ok()?));
    let known = known.ok_or_else(invalid)?;
    if sizes.contains(&-1) {
        if known == 0 {
            return Err(Error::mismatch(format!(
                "cannot reshape tensor of 0 elements into shape {sizes:?} because the unspecified dimension size -1 can be any value and is ambiguous"
            )));
        }
        if !numel.is_multiple_of(known) {
            return Err(invalid());
        }
    } else if known != numel {
        return Err(invalid());
    }
    sizes.iter().map(|s| if *s == -1 { Ok(numel / known.max(1)) } else { size(*s) }).collect()
}

fn view(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let sizes = b.ints(if b.name() == "view" { "size" } else { "shape" })?;
    made(reshape(host, x, &sizes))
}

fn view_dtype(_: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    Err(Error::unsupported(format!("{}(dtype): reinterpreting a tensor's bytes", b.name())))
}

fn view_as(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let other = b.id("other")?;
    let sizes: Vec<i64> = node::shape(host, other).into_iter().map(int).collect();
    made(reshape(host, b.tensor("input")?, &sizes))
}

/// `flatten` with dims from either end.
pub(in crate::nn) fn flatten(host: &mut dyn Host, x: &Tensor, start: i64, end: i64) -> Result<Tensor> {
    let shape = node::shape(host, x.value());
    let (start, end) = (node::dim(start, shape.len())?, node::dim(end, shape.len())?);
    if start > end {
        return Err(Error::mismatch("flatten() has invalid args: start_dim cannot come after end_dim"));
    }
    let middle = shape.iter().skip(start).take(end + 1 - start).product();
    let head = shape.iter().take(start).copied();
    let to = head.chain([middle]).chain(shape.iter().skip(end + 1).copied()).collect();
    alias::view(host, x, Op::Reshape { shape: to })
}

/// `unflatten`.
pub(in crate::nn) fn unflatten(host: &mut dyn Host, x: &Tensor, dim: i64, sizes: &[i64]) -> Result<Tensor> {
    let shape = node::shape(host, x.value());
    let dim = node::dim(dim, shape.len())?;
    let old = shape.get(dim).copied().unwrap_or(1);
    let parts = open_size(sizes, old).map_err(|_| {
        Error::mismatch(format!(
            "unflatten: Provided sizes {sizes:?} don't multiply up to the size of dim {dim} ({old}) in the input tensor"
        ))
    })?;
    let head = shape.iter().take(dim).copied();
    let to = head.chain(parts).chain(shape.iter().skip(dim + 1).copied()).collect();
    alias::view(host, x, Op::Reshape { shape: to })
}

fn squeeze(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let mut to = node::shape(host, x.value());
    match b.ints_or_none("dim")? {
        None => to.retain(|s| *s != 1),
        Some(dims) => {
            let rank = to.len();
            let mut dims = dims.iter().map(|d| node::dim(*d, rank)).collect::<Result<Vec<_>>>()?;
            dims.sort_unstable_by(|a, b| b.cmp(a));
            for d in dims {
                if to.get(d) == Some(&1) {
                    to.remove(d);
                }
            }
        }
    }
    made(alias::view(host, x, Op::Reshape { shape: to }))
}

/// `unsqueeze`: a dim from either end of the result.
pub(in crate::nn) fn unsqueeze(host: &mut dyn Host, x: &Tensor, dim: i64) -> Result<Tensor> {
    let mut to = node::shape(host, x.value());
    let at = node::dim(dim, to.len() + 1)?;
    to.insert(at, 1);
    alias::view(host, x, Op::Reshape { shape: to })
}

/// `permute` with dims from either end.
pub(in crate::nn) fn permute(host: &mut dyn Host, x: &Tensor, dims: &[i64]) -> Result<Tensor> {
    let rank = node::rank(host, x.value());
    if dims.len() != rank {
        return Err(Error::mismatch(format!(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering of dimensions i.e. input.dim() = {rank} is not equal to len(dims) = {}",
            dims.len()
        )));
    }
    let dims = dims.iter().map(|d| node::dim(*d, rank)).collect::<Result<Vec<_>>>()?;
    let mut seen = dims.clone();
    seen.sort_unstable();
    seen.dedup();
    if seen.len() != rank {
        return Err(Error::mismatch("permute(): duplicate dims are not allowed."));
    }
    alias::view(host, x, Op::Permute { dims })
}

/// `transpose`.
pub(in crate::nn) fn transpose(host: &mut dyn Host, x: &Tensor, a: i64, b: i64) -> Result<Tensor> {
    let rank = node::rank(host, x.value());
    let (a, b) = (node::dim(a, rank)?, node::dim(b, rank)?);
    let mut dims: Vec<usize> = (0..rank).collect();
    if rank > 0 {
        dims.swap(a, b);
    }
    alias::view(host, x, Op::Permute { dims })
}

/// `x.t()`
pub(super) fn t(host: &mut dyn Host, x: &Tensor) -> Result<Tensor> {
    match node::rank(host, x.value()) {
        0 | 1 => Ok(x.clone()),
        2 => transpose(host, x, 0, 1),
        rank => Err(Error::mismatch(format!("t() expects a tensor with <= 2 dimensions, but self is {rank}D"))),
    }
}

/// Dims moved one by one, the others in order.
fn movedim(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let rank = node::rank(host, x.value());
    let resolve = |name| b.ints(name)?.iter().map(|d| node::dim(*d, rank)).collect::<Result<Vec<_>>>();
    let (from, to) = (resolve("source")?, resolve("destination")?);
    if from.len() != to.len() {
        return Err(Error::mismatch(format!(
            "movedim: Invalid source or destination dims: source ({from:?} dims) should contain the same number of dims as destination ({to:?} dims)"
        )));
    }
    let mut rest = (0..rank).filter(|d| !from.contains(d));
    let place = |d| match to.iter().position(|t| *t == d) {
        Some(at) => from.get(at).copied(),
        None => rest.next(),
    };
    let dims: Vec<i64> = (0..rank).filter_map(place).map(int).collect();
    made(permute(host, x, &dims))
}

fn expand_to(host: &mut dyn Host, x: &Tensor, sizes: &[i64]) -> Result<Tensor> {
    let from = node::shape(host, x.value());
    let lead = sizes.len().checked_sub(from.len()).ok_or_else(|| {
        Error::mismatch(format!(
            "expand(torch.FloatTensor{{{from:?}}}, size={sizes:?}): the number of sizes provided ({}) must be greater or equal to the number of dimensions in the tensor ({})",
            sizes.len(),
            from.len()
        ))
    })?;
    let mut shape = Vec::with_capacity(sizes.len());
    for (at, wanted) in sizes.iter().enumerate() {
        let own = at.checked_sub(lead).and_then(|d| from.get(d).copied());
        shape.push(match (wanted, own) {
            (-1, Some(own)) => own,
            (-1, None) => {
                return Err(Error::mismatch(format!(
                    "expand(torch.FloatTensor{{{from:?}}}, size={sizes:?}): the expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {at}"
                )));
            }
            (wanted, Some(own)) if own != 1 && int(own) != *wanted => {
                return Err(Error::mismatch(format!(
                    "The expanded size of the tensor ({wanted}) must match the existing size ({own}) at non-singleton dimension {at}.  Target sizes: {sizes:?}.  Tensor sizes: {from:?}"
                )));
            }
            (wanted, _) => size(*wanted)?,
        });
    }
    alias::view(host, x, Op::Expand { shape })
}

fn expand_as(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let other = b.id("other")?;
    let sizes: Vec<i64> = node::shape(host, other).into_iter().map(int).collect();
    made(expand_to(host, b.tensor("input")?, &sizes))
}

/// The shape that all broadcast to.
pub(in crate::nn) fn broadcast_shape(shapes: &[Vec<usize>]) -> Result<Vec<usize>> {
    let rank = shapes.iter().map(Vec::len).max().unwrap_or(0);
    let mut shape = vec![1; rank];
    for one in shapes {
        for (slot, size) in shape.iter_mut().rev().zip(one.iter().rev()) {
            if *slot != *size && *slot != 1 && *size != 1 {
                return Err(Error::mismatch("Shape mismatch: objects cannot be broadcast to a single shape"));
            }
            if *slot == 1 {
                *slot = *size;
            }
        }
    }
    Ok(shape)
}

fn broadcast_tensors(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let tensors = b.tensors("tensors")?;
    let shapes: Vec<_> = tensors.iter().map(|t| node::shape(host, t.value())).collect();
    let shape = broadcast_shape(&shapes)?;
    let expand = |t: &Tensor| alias::view(host, t, Op::Expand { shape: shape.clone() }).map(Value::Tensor);
    tensors.iter().map(expand).collect::<Result<_>>().map(Value::Tuple)
}

/// `x.repeat(2, 3)`: as many factors as dims, or more.
fn repeat(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let tiles = b.name() == "tile";
    let mut repeats = b.sizes(if tiles { "dims" } else { "repeats" })?;
    let mut shape = node::shape(host, x);
    if tiles {
        while repeats.len() < shape.len() {
            repeats.insert(0, 1);
        }
    }
    if repeats.len() < shape.len() {
        return Err(Error::mismatch(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor",
        ));
    }
    while shape.len() < repeats.len() {
        shape.insert(0, 1);
    }
    let x = node::reshape(host, x, shape)?;
    node::op(host, Op::Repeat { repeats }, &[x]).map(Value::tensor)
}

/// Each element `repeats` times, beside itself.
fn repeat_interleave(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut x = b.id("input")?;
    if matches!(b.value("repeats"), Value::Tensor(_)) {
        return Err(Error::unsupported(
            "torch.repeat_interleave with a tensor of repeats: the shape of its result depends on values",
        ));
    }
    let repeats = b.size("repeats")?;
    let mut shape = node::shape(host, x);
    let dim = match b.int_or_none("dim")? {
        Some(d) => node::dim(d, shape.len())?,
        None => {
            shape = vec![shape.iter().product()];
            x = node::reshape(host, x, shape.clone())?;
            0
        }
    };
    let (mut apart, mut joined) = (shape.clone(), shape.clone());
    apart.insert(dim + 1, 1);
    let x = node::reshape(host, x, apart.clone())?;
    if let (Some(slot), Some(whole)) = (apart.get_mut(dim + 1), joined.get_mut(dim)) {
        *slot = repeats;
        *whole = whole.saturating_mul(repeats);
    }
    let x = node::expand(host, x, apart)?;
    node::reshape(host, x, joined).map(Value::tensor)
}

/// `x[.., start:start + length, ..]`
pub(super) fn narrow(host: &mut dyn Host, x: &Tensor, dim: usize, start: usize, length: usize) -> Result<Tensor> {
    alias::view(host, x, Op::Slice { dim, start, end: start + length, step: 1 })
}

fn narrow_call(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let shape = node::shape(host, x.value());
    let dim = node::dim(b.int("dim")?, shape.len())?;
    let extent = shape.get(dim).copied().unwrap_or(1);
    let (mut start, length) = (b.int("start")?, b.size("length")?);
    if start < 0 {
        start += int(extent);
    }
    let start = usize::try_from(start).ok().filter(|s| s.checked_add(length).is_some_and(|end| end <= extent));
    match start {
        Some(start) => made(narrow(host, x, dim, start, length)),
        None => Err(Error::mismatch(format!(
            "start ({}) + length ({length}) exceeds dimension size ({extent}).",
            b.int("start")?
        ))),
    }
}

/// One index of a dim, which goes.
pub(super) fn select(host: &mut dyn Host, x: &Tensor, dim: usize, index: i64) -> Result<Tensor> {
    let mut shape = node::shape(host, x.value());
    let extent = shape.get(dim).copied().unwrap_or(1);
    let at = if index < 0 { index + int(extent) } else { index };
    let Some(at) = usize::try_from(at).ok().filter(|a| *a < extent) else {
        return Err(Error::mismatch(format!("index {index} is out of bounds for dimension {dim} with size {extent}"))
            .code("index_error"));
    };
    let kept = narrow(host, x, dim, at, 1)?;
    shape.remove(dim);
    alias::view(host, &kept, Op::Reshape { shape })
}

fn select_call(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let rank = node::rank(host, x.value());
    if rank == 0 {
        return Err(Error::mismatch("select() cannot be applied to a 0-dim tensor.").code("index_error"));
    }
    let dim = node::dim(b.int("dim")?, rank)?;
    made(select(host, x, dim, b.int("index")?))
}

fn unbind(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let shape = node::shape(host, x.value());
    let dim = node::dim(b.int("dim")?, shape.len())?;
    let Some(extent) = shape.get(dim) else {
        return Err(Error::mismatch(format!(
            "{}() of a 0-d tensor",
            if b.name() == "__iter__" { "iteration over" } else { "unbind" }
        ))
        .code("type_error"));
    };
    (0..*extent).map(|i| select(host, x, dim, int(i)).map(Value::Tensor)).collect::<Result<_>>().map(Value::Tuple)
}

/// Pieces of these lengths.
fn pieces(host: &mut dyn Host, x: &Tensor, dim: usize, lengths: &[usize]) -> Result<Value> {
    let mut start = 0;
    let mut found = Vec::with_capacity(lengths.len());
    for length in lengths {
        found.push(Value::Tensor(narrow(host, x, dim, start, *length)?));
        start += length;
    }
    Ok(Value::Tuple(found))
}

/// Pieces of one size, or of the sizes that the argument `by` lists.
fn split(host: &mut dyn Host, b: &Bound<'_>, by: &str) -> Result<Value> {
    let x = b.tensor(if b.name() == "split" && by != "split_size" { "tensor" } else { "input" })?;
    let shape = node::shape(host, x.value());
    let dim = node::dim(b.int("dim")?, shape.len())?;
    let extent = shape.get(dim).copied().unwrap_or(1);
    let lengths = match b.value(by) {
        Value::Int(one) => {
            let one = size(*one)?;
            if one == 0 && extent > 0 {
                return Err(Error::mismatch(format!(
                    "split_size can only be 0 if dimension size is 0, but got dimension size of {extent}"
                )));
            }
            chunks_of(extent, one)
        }
        _ => b.sizes(by)?,
    };
    if lengths.iter().sum::<usize>() != extent {
        return Err(Error::mismatch(format!(
            "split_with_sizes expects split_sizes to sum exactly to {extent} (input tensor's size at dimension {dim}), but got split_sizes={lengths:?}"
        )));
    }
    pieces(host, x, dim, &lengths)
}

fn chunks_of(extent: usize, one: usize) -> Vec<usize> {
    if extent == 0 || one == 0 {
        return vec![0];
    }
    (0..extent.div_ceil(one)).map(|i| one.min(extent - i * one)).collect()
}

fn chunk(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let shape = node::shape(host, x.value());
    let dim = node::dim(b.int("dim")?, shape.len())?;
    let extent = shape.get(dim).copied().unwrap_or(1);
    let Some(chunks) = usize::try_from(b.int("chunks")?).ok().filter(|c| *c > 0) else {
        return Err(Error::mismatch(format!("chunk expects `chunks` to be greater than 0, got: {}", b.int("chunks")?)));
    };
    pieces(host, x, dim, &chunks_of(extent, extent.div_ceil(chunks)))
}

/// Sections that differ by at most one, or borders.
fn tensor_split(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let shape = node::shape(host, x.value());
    let dim = node::dim(b.int("dim")?, shape.len())?;
    let extent = shape.get(dim).copied().unwrap_or(1);
    let lengths: Vec<usize> = match b.value("indices_or_sections") {
        Value::Int(n) => {
            let n = size(*n)?.max(1);
            (0..n).map(|i| extent / n + usize::from(i < extent % n)).collect()
        }
        _ => {
            let mut start = 0;
            let mut lengths = Vec::new();
            for border in b.sizes("indices_or_sections")?.into_iter().chain([extent]) {
                let border = border.clamp(start, extent);
                lengths.push(border - start);
                start = border;
            }
            lengths
        }
    };
    pieces(host, x, dim, &lengths)
}

fn flip(host: &mut dyn Host, b: &Bound<'_>, fixed: Option<i64>) -> Result<Value> {
    let x = b.id("input")?;
    let rank = node::rank(host, x);
    let given = match fixed {
        Some(dim) => vec![dim],
        None => b.ints("dims")?,
    };
    let dims = if given.is_empty() { Vec::new() } else { node::dims(Some(&given), rank)? };
    node::op(host, Op::Flip { dims }, &[x]).map(Value::tensor)
}

/// Two slices change places, for each dim; without dims, over all elements.
fn roll(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let mut x = b.id("input")?;
    let shape = node::shape(host, x);
    let shifts = b.ints("shifts")?;
    let dims = if b.has("dims") { b.ints("dims")? } else { Vec::new() };
    if dims.is_empty() {
        let flat = node::reshape(host, x, vec![shape.iter().product()])?;
        let rolled = roll_one(host, flat, 0, shifts.first().copied().unwrap_or(0))?;
        return node::reshape(host, rolled, shape).map(Value::tensor);
    }
    if shifts.len() != dims.len() {
        return Err(Error::mismatch(format!(
            "shifts and dimensions must align. shifts: {}, dims:{}",
            shifts.len(),
            dims.len()
        )));
    }
    for (shift, d) in shifts.iter().zip(&dims) {
        x = roll_one(host, x, node::dim(*d, shape.len())?, *shift)?;
    }
    Ok(Value::tensor(x))
}

fn roll_one(host: &mut dyn Host, x: crate::graph::ValueId, dim: usize, shift: i64) -> Result<crate::graph::ValueId> {
    let extent = node::extent(host, x, dim);
    let start = usize::try_from(shift.rem_euclid(int(extent).max(1))).unwrap_or(0);
    if start == 0 {
        return Ok(x);
    }
    let cut = extent - start;
    let head = node::op(host, Op::Slice { dim, start: 0, end: cut, step: 1 }, &[x])?;
    let tail = node::op(host, Op::Slice { dim, start: cut, end: extent, step: 1 }, &[x])?;
    node::op(host, Op::Cat { dim }, &[tail, head])
}

/// `tensor.unfold`, a window along a dim.
fn unfold(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.id("input")?;
    let rank = node::rank(host, x);
    let dim = node::dim(b.int("dimension")?, rank)?;
    let (size, step) = (b.size("size")?, b.size("step")?);
    let extent = node::extent(host, x, dim);
    if size > extent {
        return Err(Error::mismatch(format!(
            "maximum size for tensor at dimension {dim} is {extent} but size is {size}"
        )));
    }
    if step == 0 {
        return Err(Error::mismatch("step is 0 but must be > 0"));
    }
    node::op(host, Op::UnfoldDim { dim, size, step }, &[x]).map(Value::tensor)
}

fn diagonal(host: &mut dyn Host, b: &Bound<'_>) -> Result<Value> {
    let x = b.tensor("input")?;
    let shape = node::shape(host, x.value());
    let (a, c) = (node::dim(b.int("dim1")?, shape.len())?, node::dim(b.int("dim2")?, shape.len())?);
    if a == c {
        return Err(Error::mismatch(format!("diagonal dimensions cannot be identical {a}, {c}")));
    }
    let rest: Vec<usize> = (0..shape.len()).filter(|d| *d != a && *d != c).collect();
    let order: Vec<usize> = rest.iter().copied().chain([a, c]).collect();
    let (n, m) = (node::extent(host, x.value(), a), node::extent(host, x.value(), c));
    let offset = b.int("offset")?;
    let (row, column) = if offset < 0 { (size(-offset)?, 0) } else { (0, size(offset)?) };
    let length = n.saturating_sub(row).min(m.saturating_sub(column));
    let flat: Vec<usize> = rest.iter().filter_map(|d| shape.get(*d).copied()).chain([n * m]).collect();
    let strides = alias::stride(host, x);
    let stride = |dim: usize| strides.get(dim).copied().unwrap_or(1);
    let along = |step: i64| rest.iter().map(|d| stride(*d)).chain([step]).collect::<Vec<_>>();
    let x = alias::view(host, x, Op::Permute { dims: order })?;
    let x = alias::view_with(host, &x, Op::Reshape { shape: flat }, along(stride(c)))?;
    let start = (row * m + column).min(n * m);
    let end = if length == 0 { start } else { start + (length - 1) * (m + 1) + 1 };
    let op = Op::Slice { dim: rest.len(), start, end, step: m + 1 };
    made(alias::view_with(host, &x, op, along(stride(a) + stride(c))))
}

/// `unsqueeze_` and its relatives: the object itself takes another shape.
fn restride(host: &mut dyn Host, b: &Bound<'_>, made: Result<Value>) -> Result<Value> {
    let x = b.tensor("input")?;
    if x.view().is_some() || host.trace().graph.leaf_mut(x.value()).is_some() {
        return Err(Error::unsupported(format!("Tensor.{}() on a view, parameter or buffer", b.name())));
    }
    if let Value::Tensor(made) = made? {
        x.set(made.value());
    }
    Ok(Value::Tensor(x.clone()))
}

functions! {
    m "squeeze_": "(input, dim=None)" => |h, b| { let y = squeeze(h, b); restride(h, b, y) };
    m "unsqueeze_": "(input, dim)" => |h, b| { let y = made(unsqueeze(h, b.tensor("input")?, b.int("dim")?)); restride(h, b, y) };
    m "transpose_ swapaxes_": "(input, dim0, dim1)" => |h, b| { let y = made(transpose(h, b.tensor("input")?, b.int("dim0")?, b.int("dim1")?)); restride(h, b, y) };
    m "t_": "(input)" => |h, b| { let y = made(t(h, b.tensor("input")?)); restride(h, b, y) };
    m "view": "(input, dtype: dtype)" => view_dtype, "(input, *size)" => view;
    m "reshape": "(input, *shape)" => view;
    t "reshape": "(input, shape)" => view;
    m "view_as reshape_as": "(input, other)" => view_as;
    tm "flatten": "(input, start_dim=0, end_dim=-1)" => |h, b| made(flatten(h, b.tensor("input")?, b.int("start_dim")?, b.int("end_dim")?));
    tm "ravel": "(input)" => |h, b| made(flatten(h, b.tensor("input")?, 0, -1));
    tm "unflatten": "(input, dim, sizes)" => |h, b| made(unflatten(h, b.tensor("input")?, b.int("dim")?, &b.ints("sizes")?));
    tm "squeeze": "(input, dim=None)" => squeeze;
    tm "unsqueeze": "(input, dim)" => |h, b| made(unsqueeze(h, b.tensor("input")?, b.int("dim")?));
    m "permute": "(input, *dims)" => |h, b| made(permute(h, b.tensor("input")?, &b.ints("dims")?));
    t "permute": "(input, dims)" => |h, b| made(permute(h, b.tensor("input")?, &b.ints("dims")?));
    tm "transpose swapdims": "(input, dim0, dim1)" => |h, b| made(transpose(h, b.tensor("input")?, b.int("dim0")?, b.int("dim1")?));
    tm "swapaxes": "(input, axis0, axis1)" => |h, b| made(transpose(h, b.tensor("input")?, b.int("axis0")?, b.int("axis1")?));
    tm "t": "(input)" => |h, b| made(t(h, b.tensor("input")?));
    tm "movedim moveaxis": "(input, source, destination)" => movedim;
    tm "adjoint": "(input)" => |h, b| made(transpose(h, b.tensor("input")?, -2, -1));
    m "expand": "(input, *size, implicit=False)" => |h, b| made(expand_to(h, b.tensor("input")?, &b.ints("size")?));
    t "broadcast_to": "(input, size)" => |h, b| made(expand_to(h, b.tensor("input")?, &b.ints("size")?));
    m "broadcast_to": "(input, *size)" => |h, b| made(expand_to(h, b.tensor("input")?, &b.ints("size")?));
    m "expand_as": "(input, other)" => expand_as;
    t "broadcast_tensors": "(*tensors)" => broadcast_tensors;
    m "repeat": "(input, *repeats)" => repeat;
    m "tile": "(input, *dims)" => repeat;
    t "tile": "(input, dims)" => repeat;
    tm "repeat_interleave": "(input, repeats, dim=None, *, output_size=None)" => repeat_interleave;
    tm "narrow": "(input, dim, start, length)" => narrow_call;
    tm "select": "(input, dim, index)" => select_call;
    tm "unbind": "(input, dim=0)" => unbind;
    m "__iter__": "(input, dim=0)" => unbind;
    t "split": "(tensor, split_size_or_sections, dim=0)" => |h, b| split(h, b, "split_size_or_sections");
    m "split": "(input, split_size, dim=0)" => |h, b| split(h, b, "split_size");
    tm "split_with_sizes": "(input, split_sizes, dim=0)" => |h, b| split(h, b, "split_sizes");
    tm "chunk": "(input, chunks, dim=0)" => chunk;
    tm "tensor_split": "(input, indices_or_sections, dim=0)" => tensor_split;
    t "flip": "(input, dims)" => |h, b| flip(h, b, None);
    m "flip": "(input, *dims)" => |h, b| flip(h, b, None);
    tm "fliplr": "(input)" => |h, b| flip(h, b, Some(1));
    tm "flipud": "(input)" => |h, b| flip(h, b, Some(0));
    tm "roll": "(input, shifts, dims=None)" => roll;
    m "unfold": "(input, dimension, size, step)" => unfold;
    tm "diagonal": "(input, offset=0, dim1=0, dim2=1)" => diagonal;
}
