//! The operators: one `match` in front, a file for each family behind it.

mod activation;
mod bounds;
pub(super) mod broadcast;
pub(super) mod cast;
mod compare;
mod convolution;
mod create;
mod cumulate;
mod elementwise;
mod empty;
mod grid;
mod index;
mod interpolate;
mod linear;
mod norm;
mod pad;
mod pool;
mod random;
pub(super) mod recurrent;
pub(super) mod reduce;
mod shape;
mod sort;
mod window;

use super::device::Device;
use super::tensor::{Place, Tensor};
use super::value::{Value, narrow};
use crate::data::numel;
use crate::error::{Error, Result};
use crate::graph::Info;
use crate::graph::op::{Op, RecurrentMode};
use std::cell::RefCell;
use std::vec::IntoIter;

/// What a run carries from node to node.
pub struct Context<'a> {
    device: &'a Device,
    /// Conditions that a GPU has computed and nobody has looked at: true means the message is the run's error.
    doubts: RefCell<Vec<(Tensor, Error)>>,
}

impl<'a> Context<'a> {
    /// For one run.
    pub fn new(device: &'a Device) -> Self {
        Self { device, doubts: RefCell::default() }
    }

    /// Where it runs.
    pub fn device(&self) -> &Device {
        self.device
    }

    fn place(&self) -> &Place {
        self.device.place()
    }

    /// Says what to report if any element of `wrong` is true. The CPU looks now: its kernels would panic on such operands. A GPU's
    /// kernels stay inside their buffers, so one look at the end of the run does.
    async fn doubt(&self, wrong: Tensor, error: Error) -> Result<()> {
        let count = wrong.numel();
        let any = wrong.reshape(&[count]).any_dim(0);
        if !self.place().facts.gpu {
            return settle(any, error).await;
        }
        self.doubts.borrow_mut().push((any, error));
        Ok(())
    }

    /// Looks at what was put off.
    pub async fn settle(&self) -> Result<()> {
        let doubts = std::mem::take(&mut *self.doubts.borrow_mut());
        let Some(all) = Tensor::cat(doubts.iter().map(|(t, _)| t.clone()).collect(), 0) else { return Ok(()) };
        let flags = all.read().await.map_err(Error::device)?;
        let failed = flags.iter::<bool>().zip(doubts).find(|(wrong, _)| *wrong);
        failed.map_or(Ok(()), |(_, (_, error))| Err(error))
    }
}

async fn settle(any: Tensor, error: Error) -> Result<()> {
    let flags = any.read().await.map_err(Error::device)?;
    if flags.iter::<bool>().any(|wrong| wrong) { Err(error) } else { Ok(()) }
}

/// A node's operands, taken one after the other.
struct Operands(IntoIter<Value>);

impl Operands {
    fn one(&mut self) -> Result<Value> {
        self.0.next().ok_or_else(|| Error::mismatch("an operand is missing"))
    }

    fn tensor(&mut self) -> Result<Tensor> {
        self.one().map(Value::into_tensor)
    }

    fn maybe(&mut self) -> Option<Tensor> {
        self.0.next().map(Value::into_tensor)
    }

    fn rest(self) -> Vec<Value> {
        self.0.collect()
    }
}

/// Runs one operator; `want` is what its results are to be.
pub async fn run(op: &Op, args: Vec<Value>, want: &[&Info], cx: &Context<'_>) -> Result<Vec<Value>> {
    for info in want {
        let elements =
            numel(&info.shape).ok_or_else(|| Error::too_large("a shape", format!("{:?}", info.shape), "2^32"))?;
        cx.device.admit(elements.saturating_mul(info.dtype.size().min(4)))?;
    }
    let first = want.first().copied().ok_or_else(|| Error::mismatch("an operator without results"))?;
    if want.iter().all(|info| info.shape.contains(&0)) {
        let none = |i: &&Info| Value::without_elements(cx.place(), i.dtype, i.shape.clone());
        return want.iter().map(none).collect();
    }
    if args.iter().any(|a| a.numel() == 0) {
        return Ok(vec![Value::computed(empty::run(op, args, first, cx)?, first.dtype, &first.shape)?]);
    }
    bounds::check(op, &args, cx).await?;
    let known = bounds::of(op, &args);
    let mut results = Vec::with_capacity(want.len());
    for (tensor, info) in compute(op, Operands(args.into_iter()), first, cx).await?.into_iter().zip(want) {
        let tensor = match narrow(info.dtype).filter(|_| !moves(op)) {
            Some(narrow) => cast::round(tensor, narrow),
            None => tensor,
        };
        results.push(cast::wrap(Value::computed(tensor, info.dtype, &info.shape)?, op)?.with_bounds(known));
    }
    if results.len() == want.len() { Ok(results) } else { Err(Error::unsupported(op.name())) }
}

/// Whether an operator only moves elements: rounded ones stay rounded.
fn moves(op: &Op) -> bool {
    matches!(
        op,
        Op::Reshape { .. }
            | Op::Permute { .. }
            | Op::Expand { .. }
            | Op::Slice { .. }
            | Op::SliceScatter { .. }
            | Op::Cat { .. }
            | Op::Flip { .. }
            | Op::Repeat { .. }
            | Op::IndexSelect { .. }
            | Op::Gather { .. }
            | Op::Index { .. }
            | Op::UnfoldDim { .. }
            | Op::Im2col { .. }
            | Op::Detach
            | Op::Where
            | Op::MaxPool { .. }
            | Op::AdaptiveMaxPool { .. }
            | Op::Embedding { .. }
            | Op::TopK { .. }
            | Op::Tril { .. }
            | Op::Triu { .. }
    )
}

async fn compute(op: &Op, mut a: Operands, want: &Info, cx: &Context<'_>) -> Result<Vec<Tensor>> {
    let one = match op {
        Op::Full { value, .. } => create::full(*value, want, cx)?,
        Op::Arange { start, step, len, .. } => create::arange(*start, *step, *len, want, cx)?,
        Op::Linspace { start, end, steps, .. } => create::linspace(*start, *end, *steps, want, cx)?,
        Op::Eye { n, m, .. } => create::eye(*n, *m, want, cx)?,
        Op::Random { distribution, .. } => random::random(*distribution, want, cx)?,
        Op::Bernoulli => random::bernoulli(a.tensor()?, cx)?,

        Op::Unary(unary) => elementwise::unary(*unary, a.one()?, want, cx)?,
        Op::Activation(activation) => activation::run(*activation, a.tensor()?, want, cx)?,
        Op::Prelu => activation::prelu(a.one()?, a.one()?),
        Op::Binary(binary) => elementwise::binary(*binary, a.one()?, a.one()?, want)?,
        Op::BinaryScalar { op, scalar, reverse } => {
            elementwise::with_scalar(*op, a.one()?, *scalar, *reverse, want, cx)?
        }
        Op::Compare(compare) => compare::run(*compare, a.one()?, a.one()?, want),
        Op::CompareScalar { op, scalar } => compare::with_scalar(*op, a.tensor()?, *scalar),
        Op::Where => compare::pick(a.one()?, a.one()?, a.one()?, want)?,
        Op::Clamp { min, max } => elementwise::clamp(a.tensor()?, *min, *max, want, cx)?,
        Op::Cast { .. } => a.tensor()?,
        Op::MaskedFill { value } => compare::masked_fill(a.one()?, a.one()?, *value),
        Op::Detach => a.tensor()?.detach(),
        Op::Dropout { p, kind } => random::dropout(a.one()?, *p, *kind, cx)?,

        Op::Reshape { .. } => a.tensor()?,
        Op::Permute { dims } => shape::permute(a.tensor()?, dims),
        Op::Expand { .. } => shape::expand(a.one()?, want),
        Op::Slice { dim, start, end, step } => a.tensor()?.slice(*dim, *start, *end, *step),
        Op::SliceScatter { dim, start, end, step } => a.tensor()?.slice_assign(*dim, *start, *end, *step, a.tensor()?),
        Op::Cat { dim } => shape::cat(a.rest(), *dim)?,
        Op::Flip { dims } => a.tensor()?.flip(dims),
        Op::Repeat { repeats } => shape::repeat(a.one()?, repeats),
        Op::IndexSelect { dim } => a.tensor()?.select(*dim, a.tensor()?),
        Op::Gather { dim } => index::gather(*dim, a.one()?, a.one()?),
        Op::Scatter { dim, reduce } => index::scatter(*dim, *reduce, a.one()?, a.one()?, a.one()?)?,
        Op::Index { dims } => index::index(a.one()?, dims, a.rest(), cx)?,
        Op::IndexPut { dims, accumulate } => index::index_put(a.one()?, a.one()?, dims, *accumulate, a.rest(), cx)?,
        Op::Pad { pads, mode } => pad::pad(a.tensor()?, pads, *mode)?,
        Op::Tril { diagonal } => shape::triangle(a.tensor()?, |row, column| column - row <= *diagonal, cx),
        Op::Triu { diagonal } => shape::triangle(a.tensor()?, |row, column| column - row >= *diagonal, cx),
        Op::UnfoldDim { dim, size, step } => a.tensor()?.unfold(*dim, *size, *step),
        Op::Im2col { kernel_size, dilation, padding, stride } => {
            window::im2col(a.tensor()?, kernel_size, dilation, padding, stride, want)?
        }
        Op::Col2im { output_size, kernel_size, dilation, padding, stride } => {
            window::col2im(a.tensor()?, output_size, kernel_size, dilation, padding, stride, want)?
        }

        Op::Reduce { op, dims, .. } => reduce::reduce(*op, a.one()?, dims, want, cx)?,
        Op::ArgMax { dim, .. } => a.tensor()?.argmax(*dim),
        Op::ArgMin { dim, .. } => a.tensor()?.argmin(*dim),
        Op::Cumulate { op, dim } => cumulate::run(*op, a.tensor()?, *dim, want, cx)?,
        Op::TopK { dim, k, largest } => return sort::top_k(a.one()?, *dim, *k, *largest, cx).await,
        Op::Softmax { dim } => cast::to(a.tensor()?, want, cx)?.softmax(*dim),
        Op::LogSoftmax { dim } => cast::to(a.tensor()?, want, cx)?.log_softmax(*dim),

        Op::Matmul => linear::matmul(a.one()?, a.one()?)?,
        Op::Linear => linear::linear(a.tensor()?, a.tensor()?, a.maybe()),
        Op::Recurrent(recurrence) => {
            let (gates, weight, hidden) = (a.tensor()?, a.tensor()?, a.tensor()?);
            let mut next = |there: bool| if there { a.maybe() } else { None };
            let cell = next(recurrence.mode == RecurrentMode::Lstm);
            let (bias, projection) = (next(recurrence.bias), next(recurrence.projection));
            let running = next(recurrence.masked);
            let operands = recurrent::Operands { gates, weight, hidden, cell, bias, projection, running };
            return recurrent::run(*recurrence, operands, narrow(want.dtype));
        }

        Op::Conv(conv) => convolution::conv(a.tensor()?, a.tensor()?, a.maybe(), conv)?,
        Op::MaxPool { pool, indices } => return pool::max_pool(a.tensor()?, pool, *indices, want),
        Op::AvgPool { pool, count_include_pad, divisor_override } => {
            pool::avg_pool(a.tensor()?, pool, *count_include_pad, *divisor_override, want)?
        }
        Op::AdaptiveAvgPool { output_size } => pool::adaptive_avg_pool(a.tensor()?, output_size)?,
        Op::AdaptiveMaxPool { output_size, indices } => {
            return pool::adaptive_max_pool(a.tensor()?, output_size, *indices);
        }
        Op::BatchNormEval { eps } => {
            norm::batch_eval(a.tensor()?, a.tensor()?, a.tensor()?, a.maybe(), a.maybe(), *eps)
        }
        Op::BatchNormTrain { eps } => return Ok(norm::batch_train(a.tensor()?, a.maybe(), a.maybe(), *eps)),
        Op::LayerNorm { dims, eps } => norm::layer(a.tensor()?, *dims, a.maybe(), a.maybe(), *eps),
        Op::RmsNorm { dims, eps } => norm::rms(a.tensor()?, *dims, a.maybe(), *eps),
        Op::GroupNorm { groups, eps } => norm::group(a.tensor()?, *groups, a.maybe(), a.maybe(), *eps)?,
        Op::Embedding { padding_idx } => index::embedding(a.tensor()?, a.tensor()?, *padding_idx),
        Op::Interpolate { mode, size, align_corners, scales } => {
            interpolate::run(a.tensor()?, *mode, size, *align_corners, scales.as_deref())?
        }
        Op::GridSample { nearest, padding, align_corners } => {
            grid::sample(a.tensor()?, a.tensor()?, *nearest, *padding, *align_corners)?
        }
    };
    Ok(vec![one])
}
