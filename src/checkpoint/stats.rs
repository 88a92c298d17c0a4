//! Statistics of one tensor of any size, in two passes over its bytes: count, extremes, mean, deviation, special values, histogram.

use super::Checkpoint;
use super::numbers;
use super::tensor::TensorId;
use crate::error::{Error, Result};
use crate::source::{Phase, Progress};
use serde::Serialize;

/// Bins that a histogram may have.
pub const MAX_BINS: usize = 4096;
/// Elements that are added up plainly before the sum is carried on with its rounding error.
const RUN: usize = 512;

/// Counts of the finite values in bins of equal width.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// the first bin's lower end
    pub low: f64,
    /// the last bin's upper end, which belongs to it
    pub high: f64,
    /// elements of each bin
    pub counts: Vec<u64>,
}

/// Statistics; minimum, maximum, mean, std and histogram are of the finite values. Complex elements count by their absolute value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stats {
    /// elements
    pub count: u64,
    /// smallest finite value; NaN when there is none
    pub min: f64,
    /// largest finite value
    pub max: f64,
    /// NaN when there is no finite value
    pub mean: f64,
    /// `torch.std`: with Bessel's correction, NaN for less than two values
    pub std: f64,
    /// elements equal to zero
    pub zeros: u64,
    /// NaNs
    pub nan: u64,
    /// infinities of both signs
    pub inf: u64,
    /// where the values lie
    pub histogram: Histogram,
}

/// A sum that carries the rounding error of its additions (Neumaier).
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    total: f64,
    error: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        let next = self.total + value;
        self.error +=
            if self.total.abs() >= value.abs() { (self.total - next) + value } else { (value - next) + self.total };
        self.total = next;
    }

    fn value(self) -> f64 {
        if self.total.is_finite() { self.total + self.error } else { self.total }
    }
}

struct First {
    seen: u64,
    finite: u64,
    min: f64,
    max: f64,
    sum: Sum,
    zeros: u64,
    nan: u64,
    inf: u64,
}

impl First {
    fn add(&mut self, values: &[f64]) {
        self.seen += values.len() as u64;
        for run in values.chunks(RUN) {
            let mut total = 0.0;
            for &x in run {
                if x.is_finite() {
                    self.finite += 1;
                    self.min = self.min.min(x);
                    self.max = self.max.max(x);
                    self.zeros += u64::from(x == 0.0);
                    total += x;
                } else if x.is_nan() {
                    self.nan += 1;
                } else {
                    self.inf += 1;
                }
            }
            self.sum.add(total);
        }
    }
}

impl Checkpoint {
    /// Statistics of a tensor with a histogram of `bins` bins. Unsupported for quantised, sparse and meta tensors.
    pub async fn stats(&self, id: TensorId, bins: usize, progress: &dyn Progress) -> Result<Stats> {
        let bins = bins.max(1);
        if bins > MAX_BINS {
            return Err(Error::too_large("the number of bins", bins, MAX_BINS));
        }
        let tensor = self.tensor(id)?;
        numbers::check(tensor.dtype)?;
        let dtype = tensor.dtype;
        let total = tensor.nbytes().unwrap_or(0).saturating_mul(2);
        let mut done = 0u64;
        let mut values = Vec::new();
        let mut step = |bytes: &[u8], values: &mut Vec<f64>| {
            done += bytes.len() as u64;
            progress.report(Phase { phase: "tensors", done: done.min(total), total, detail: None })?;
            values.clear();
            numbers::decode(dtype, bytes, values)
        };

        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut first = First { seen: 0, finite: 0, min, max, sum: Sum::default(), zeros: 0, nan: 0, inf: 0 };
        let times = self
            .stream(id, &mut |bytes| {
                step(bytes, &mut values)?;
                first.add(&values);
                Ok(())
            })
            .await?;
        if first.finite == 0 {
            let histogram = Histogram { low: f64::NAN, high: f64::NAN, counts: vec![0; bins] };
            let (nan, count) = (f64::NAN, tensor.numel().unwrap_or(0));
            let (nans, inf) = (first.nan.saturating_mul(times), first.inf.saturating_mul(times));
            return Ok(Stats { count, min: nan, max: nan, mean: nan, std: nan, zeros: 0, nan: nans, inf, histogram });
        }

        let mean = first.sum.value() / first.finite as f64;
        let (low, high) =
            if first.min < first.max { (first.min, first.max) } else { (first.min - 0.5, first.max + 0.5) };
        // Halved first: the width of ±1.7e308 is no f64.
        let scale = bins as f64 / 2.0 / (high / 2.0 - low / 2.0).max(f64::MIN_POSITIVE);
        let mut counts = vec![0u64; bins];
        let mut squares = Sum::default();
        self.stream(id, &mut |bytes| {
            step(bytes, &mut values)?;
            for run in values.chunks(RUN) {
                let mut total = 0.0;
                for &x in run.iter().filter(|x| x.is_finite()) {
                    total += (x - mean) * (x - mean);
                    let bin = bin((x / 2.0 - low / 2.0) * 2.0 * scale, bins);
                    if let Some(count) = counts.get_mut(bin) {
                        *count += 1;
                    }
                }
                squares.add(total);
            }
            Ok(())
        })
        .await?;
        let finite = first.finite.saturating_mul(times);
        let variance = squares.value() * times as f64 / (finite as f64 - 1.0);
        for count in &mut counts {
            *count = count.saturating_mul(times);
        }
        Ok(Stats {
            count: tensor.numel().unwrap_or(0),
            min: first.min,
            max: first.max,
            mean,
            std: if finite < 2 { f64::NAN } else { variance.sqrt() },
            zeros: first.zeros.saturating_mul(times),
            nan: first.nan.saturating_mul(times),
            inf: first.inf.saturating_mul(times),
            histogram: Histogram { low, high, counts },
        })
    }
}

/// The bin of a place between 0 and `bins`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates, and the bins are few")]
fn bin(place: f64, bins: usize) -> usize {
    (place as usize).min(bins - 1)
}
