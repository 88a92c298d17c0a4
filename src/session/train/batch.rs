//! Data for training: tensors whose first dim counts samples, their order in an epoch, and the split of validation samples.

use crate::data::{TensorData, numel};
use crate::error::{Error, Result};
use crate::session::input::{Input, Inputs};

/// Inputs and targets; the first dim of every tensor counts samples. Inputs that are no tensors are the same for every batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// forward's arguments
    pub inputs: Inputs,
    /// what the loss takes besides
    pub targets: Vec<TensorData>,
}

impl Dataset {
    /// How many samples there are.
    ///
    /// # Errors
    /// Mismatch when tensors disagree, or there is none.
    pub fn samples(&self) -> Result<usize> {
        let mut count = None;
        let inputs = self.inputs.tensors().into_iter().map(|t| ("an input", t));
        for (what, tensor) in inputs.chain(self.targets.iter().map(|t| ("a target", t))) {
            let rows = *tensor.shape.first().ok_or_else(|| {
                Error::mismatch(format!("{what} is 0-d: its first dim is to count samples")).code("data").at("data")
            })?;
            match count {
                None => count = Some(rows),
                Some(other) if other == rows => {}
                Some(other) => {
                    let text = format!("{what} has {rows} samples, and {other} came before");
                    return Err(Error::mismatch(text).code("data").at("data"));
                }
            }
        }
        count.filter(|n| *n > 0).ok_or_else(|| Error::mismatch("there are no samples").code("data").at("data"))
    }

    /// Some samples, in the order of `rows`.
    pub fn rows(&self, rows: &[usize]) -> Result<Self> {
        let all = |inputs: &[Input]| inputs.iter().map(|i| input_rows(i, rows)).collect::<Result<Vec<_>>>();
        let keyword = self.inputs.keyword.iter().map(|(name, i)| Ok((name.clone(), input_rows(i, rows)?)));
        Ok(Self {
            inputs: Inputs { positional: all(&self.inputs.positional)?, keyword: keyword.collect::<Result<_>>()? },
            targets: self.targets.iter().map(|t| tensor_rows(t, rows)).collect::<Result<_>>()?,
        })
    }

    /// The class of each sample, where the first target gives one.
    pub fn labels(&self) -> Option<Vec<i64>> {
        let target = self.targets.first().filter(|t| t.dtype.is_int() && t.shape.len() == 1)?;
        integers(target)
    }
}

/// Integers of any width.
#[expect(clippy::cast_possible_truncation, reason = "integers below 2^53 are exact; labels are far smaller")]
pub fn integers(data: &TensorData) -> Option<Vec<i64>> {
    Some(data.to_f64().ok()?.into_iter().map(|v| v as i64).collect())
}

fn input_rows(input: &Input, rows: &[usize]) -> Result<Input> {
    let all = |items: &[Input]| items.iter().map(|i| input_rows(i, rows)).collect::<Result<Vec<_>>>();
    Ok(match input {
        Input::Tensor(data) => Input::Tensor(tensor_rows(data, rows)?),
        Input::Tuple(items) => Input::Tuple(all(items)?),
        Input::List(items) => Input::List(all(items)?),
        Input::Dict(items) => {
            Input::Dict(items.iter().map(|(k, i)| Ok((k.clone(), input_rows(i, rows)?))).collect::<Result<_>>()?)
        }
        other => other.clone(),
    })
}

fn tensor_rows(data: &TensorData, rows: &[usize]) -> Result<TensorData> {
    let size = data.shape.get(1..).and_then(numel).unwrap_or(0).saturating_mul(data.dtype.size());
    let mut bytes = Vec::with_capacity(rows.len().saturating_mul(size));
    for &row in rows {
        let start = row.saturating_mul(size);
        let slice = data.bytes.get(start..start.saturating_add(size));
        bytes.extend_from_slice(slice.ok_or_else(|| Error::mismatch(format!("there is no sample {row}")).at("data"))?);
    }
    let mut shape = data.shape.clone();
    if let Some(first) = shape.first_mut() {
        *first = rows.len();
    }
    TensorData::new(data.dtype, shape, bytes)
}

/// Random numbers of the host, for orders (SplitMix64).
#[derive(Clone, Debug)]
pub struct Shuffler(u64);

impl Shuffler {
    /// Equal seeds give equal orders.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % (n.max(1) as u64)).unwrap_or(0)
    }

    /// Every order is as likely (Fisher and Yates).
    pub fn shuffle(&mut self, items: &mut [usize]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i + 1);
            items.swap(i, j);
        }
    }
}

/// Samples to train on and samples to validate with: `share` of each class where there are classes. Each part keeps one sample of a class
/// that has two.
pub fn split(count: usize, labels: Option<&[i64]>, share: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut classes: Vec<(i64, Vec<usize>)> = Vec::new();
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|i| labels.and_then(|l| l.get(*i)).copied().unwrap_or(0));
    for i in order {
        let label = labels.and_then(|l| l.get(i)).copied().unwrap_or(0);
        match classes.last_mut() {
            Some((last, members)) if *last == label => members.push(i),
            _ => classes.push((label, vec![i])),
        }
    }
    let mut shuffler = Shuffler::new(seed);
    let (mut train, mut validate) = (Vec::new(), Vec::new());
    for (_, mut members) in classes {
        shuffler.shuffle(&mut members);
        let most = members.len().saturating_sub(1);
        let held = portion(members.len(), share).clamp(usize::from(most > 0), most);
        validate.extend(members.drain(..held));
        train.append(&mut members);
    }
    train.sort_unstable();
    validate.sort_unstable();
    (train, validate)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 of a count of samples"
)]
fn portion(count: usize, share: f64) -> usize {
    (count as f64 * share.clamp(0.0, 1.0)).round() as usize
}

#[cfg(test)]
mod tests {
    use super::{Dataset, Shuffler, split};
    use crate::data::TensorData;
    use crate::dtype::DType;
    use crate::session::input::{Input, Inputs};

    fn dataset() -> Option<Dataset> {
        let x = TensorData::new(DType::UInt8, vec![4, 2], vec![0, 1, 10, 11, 20, 21, 30, 31]).ok()?;
        let y = TensorData::new(DType::UInt8, vec![4], vec![0, 1, 0, 1]).ok()?;
        let positional = vec![Input::Tuple(vec![Input::Tensor(x), Input::None])];
        Some(Dataset { inputs: Inputs { positional, keyword: Vec::new() }, targets: vec![y] })
    }

    #[test]
    fn rows_are_taken_from_every_tensor() {
        let data = dataset();
        let taken = data.as_ref().and_then(|d| d.rows(&[3, 0]).ok());
        let bytes: Option<Vec<_>> =
            taken.as_ref().map(|d| d.inputs.tensors().iter().map(|t| t.bytes.clone()).collect());
        assert_eq!(bytes, Some(vec![vec![30, 31, 0, 1]]));
        assert_eq!(
            taken.map(|d| (d.targets.iter().map(|t| t.bytes.clone()).collect::<Vec<_>>(), d.samples().ok())),
            Some((vec![vec![1, 0]], Some(2)))
        );
        assert!(data.is_some_and(|d| d.rows(&[4]).is_err()));
    }

    #[test]
    fn a_split_holds_every_class_and_repeats() {
        let labels: Vec<i64> = (0..50).map(|i| if i < 40 { 7 } else { -2 }).collect();
        let (train, validate) = split(50, Some(&labels), 0.2, 3);
        assert_eq!((train.len(), validate.len()), (40, 10));
        assert_eq!(validate.iter().filter(|i| **i >= 40).count(), 2);
        let mut all: Vec<_> = train.iter().chain(&validate).copied().collect();
        all.sort_unstable();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
        assert_eq!(split(50, Some(&labels), 0.2, 3), (train, validate));
        assert_eq!(split(3, Some(&[0, 1, 1]), 0.5, 0).1.len(), 1, "a class of one stays to train on");
    }

    #[test]
    fn orders_repeat_with_their_seed() {
        let order = |seed| {
            let mut items: Vec<usize> = (0..100).collect();
            Shuffler::new(seed).shuffle(&mut items);
            items
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}
