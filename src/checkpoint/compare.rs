//! Two checkpoints side by side, tensor by tensor, in windows: what is in one only, what has another shape or dtype, how far values differ.

use super::Checkpoint;
use super::listing::Entry;
use super::numbers;
use crate::dtype::DType;
use crate::error::Result;
use crate::source::{Phase, Progress};
use indexmap::IndexMap;
use serde::Serialize;

/// Elements that are compared together.
const CHUNK: u64 = 1 << 20;

/// How far values are from others of the same shape. A NaN in both places is no change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Change {
    /// the 2-norm of the first values
    pub norm: f64,
    /// the 2-norm of the change
    pub change: f64,
    /// the largest change of an element
    pub largest: f64,
    /// the cosine of the angle between both; 1 for equal directions
    pub cosine: f64,
    /// the share of elements that changed
    pub changed: f64,
}

/// Sums over pairs of elements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes {
    count: u64,
    changed: u64,
    norm: f64,
    length: f64,
    change: f64,
    dot: f64,
    largest: f64,
}

impl Changes {
    /// Counts elements, pair by pair.
    pub fn add(&mut self, before: &[f64], now: &[f64]) {
        self.count += before.len().min(now.len()) as u64;
        for (a, b) in before.iter().zip(now) {
            if a != b && !(a.is_nan() && b.is_nan()) {
                let step = b - a;
                self.changed += 1;
                self.change += step * step;
                // `max` would pass over a NaN.
                self.largest = if step.is_nan() { step } else { self.largest.max(step.abs()) };
            }
            self.norm += a * a;
            self.length += b * b;
            self.dot += a * b;
        }
    }

    /// What came of it.
    #[expect(clippy::cast_precision_loss, reason = "counts of elements")]
    pub fn finish(&self) -> Change {
        let both = f64::sqrt(self.norm * self.length);
        Change {
            norm: self.norm.sqrt(),
            change: self.change.sqrt(),
            largest: self.largest,
            cosine: if both > 0.0 { self.dot / both } else { 1.0 },
            changed: self.changed as f64 / self.count.max(1) as f64,
        }
    }
}

/// What a comparison found of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// equal values, shape and dtype
    Same,
    /// other values
    Changed,
    /// in the first file alone
    OnlyHere,
    /// in the second file alone
    OnlyThere,
    /// another shape
    Shape,
    /// another dtype; the values are compared as numbers
    Dtype,
    /// quantised, sparse or without bytes in one of the files
    Unreadable,
}

/// One name of either file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    /// the name in both, without the prefix that a wrapper left
    pub name: String,
    /// what was found
    pub status: Status,
    /// in the first file
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<Side>,
    /// in the second file
    #[serde(skip_serializing_if = "Option::is_none")]
    pub there: Option<Side>,
    /// how far the second file's values are from the first's, where both can be compared
    #[serde(flatten)]
    pub measured: Option<Change>,
}

/// A tensor of one of the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// sizes
    pub shape: Vec<u64>,
    /// element type
    pub dtype: DType,
}

impl Checkpoint {
    /// Compares every tensor with the other file's of the same name, in this file's order, then what the other has alone. Prefixes that
    /// DataParallel and torch.compile left are passed over.
    pub async fn compare(&self, other: &Self, progress: &dyn Progress) -> Result<Vec<Compared>> {
        let (here, mut there) = (self.by_plain_name(), other.by_plain_name());
        let total = here.iter().filter(|(name, _)| there.contains_key(*name)).map(|(_, entry)| entry.bytes).sum();
        let (mut done, mut rows) = (0u64, Vec::with_capacity(here.len()));
        for (name, entry) in here {
            let theirs = there.shift_remove(&name);
            let shared = theirs.is_some();
            let detail = Some(name.clone());
            let mut each = |bytes: u64| {
                progress.report(Phase {
                    phase: "tensors",
                    done: done.saturating_add(bytes),
                    total,
                    detail: detail.clone(),
                })
            };
            rows.push(self.compared(name, entry, other, theirs, &mut each).await?);
            done = done.saturating_add(if shared { entry.bytes } else { 0 });
        }
        let alone = |(name, entry)| Compared {
            name,
            status: Status::OnlyThere,
            here: None,
            there: Some(side(entry)),
            measured: None,
        };
        rows.extend(there.into_iter().map(alone));
        Ok(rows)
    }

    async fn compared(
        &self,
        name: String,
        entry: &Entry,
        other: &Self,
        theirs: Option<&Entry>,
        each: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<Compared> {
        let here = Some(side(entry));
        let Some(theirs) = theirs else {
            return Ok(Compared { name, status: Status::OnlyHere, here, there: None, measured: None });
        };
        let there = Some(side(theirs));
        let unreadable = |e: &Entry| e.unloadable.is_some() || numbers::check(e.dtype).is_err();
        if entry.shape != theirs.shape || unreadable(entry) || unreadable(theirs) {
            let status = if entry.shape == theirs.shape { Status::Unreadable } else { Status::Shape };
            return Ok(Compared { name, status, here, there, measured: None });
        }
        let (mut before, mut now, mut changes) = (Vec::new(), Vec::new(), Changes::default());
        let numel = self.tensor(entry.tensor)?.numel().unwrap_or(0);
        let mut at = 0;
        while at < numel {
            each(at.saturating_mul(entry.dtype.size() as u64))?;
            let next = numel.min(at + CHUNK);
            let (a, b) =
                (self.read_window(entry.tensor, at..next).await?, other.read_window(theirs.tensor, at..next).await?);
            before.clear();
            now.clear();
            numbers::decode(a.dtype, &a.bytes, &mut before)?;
            numbers::decode(b.dtype, &b.bytes, &mut now)?;
            changes.add(&before, &now);
            at = next;
        }
        let change = changes.finish();
        let status = match (entry.dtype == theirs.dtype, change.changed > 0.0) {
            (false, _) => Status::Dtype,
            (true, true) => Status::Changed,
            (true, false) => Status::Same,
        };
        Ok(Compared { name, status, here, there, measured: Some(change) })
    }

    /// The entries by name, a wrapper's prefix taken off where no other tensor has the name that is left.
    fn by_plain_name(&self) -> IndexMap<String, &Entry> {
        let prefix = self.state_dicts().first().and_then(|found| found.prefix).unwrap_or("");
        let mut names = IndexMap::with_capacity(self.entries().len());
        for entry in self.entries() {
            let plain = entry.name.strip_prefix(prefix).unwrap_or(&entry.name);
            let taken = plain != entry.name && self.named(plain).is_ok();
            names.insert(if taken { entry.name.clone() } else { plain.to_owned() }, entry);
        }
        names
    }
}

fn side(entry: &Entry) -> Side {
    Side { shape: entry.shape.clone(), dtype: entry.dtype }
}

#[cfg(test)]
mod tests {
    use super::Changes;

    #[test]
    fn changes_are_measured() {
        let mut changes = Changes::default();
        changes.add(&[3.0, 4.0], &[3.0, 4.0]);
        changes.add(&[0.0, 0.0], &[0.0, 5.0]);
        let found = changes.finish();
        assert_eq!((found.norm, found.change, found.largest, found.changed), (5.0, 5.0, 5.0, 0.25));
        assert!((found.cosine - 0.5f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_nan_that_stays_is_no_change() {
        let mut changes = Changes::default();
        changes.add(&[f64::NAN, 1.0], &[f64::NAN, 1.0]);
        assert_eq!(changes.finish().changed, 0.0);
        changes.add(&[1.0], &[f64::NAN]);
        assert!(changes.finish().largest.is_nan());
    }
}
