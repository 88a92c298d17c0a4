//! Saving: the file with some tensors changed ([`changed`]); with items of its dicts changed ([`revise`]); with its pickle written anew
//! ([`export`], over objects that [`adopt`] takes from it); a file from scratch, described as a [`draft`] of [`plain`] values and tensors, written as torch.save writes it ([`fresh`]),
//! or as [`safetensors`].
//!
//! What did not change is copied as ranges of the source and never read, or read in windows where a checksum covers it.

pub mod adopt;
pub mod changed;
pub mod draft;
pub mod export;
pub mod fresh;
pub mod patch;
pub mod plain;
pub mod revise;
pub mod safetensors;
pub mod serialization_id;

use super::tensor::TensorId;
use crate::data::TensorData;
use crate::error::{Error, Result};
use crate::source::LocalFuture;
use indexmap::IndexMap;
use std::borrow::Cow;

/// New values of tensors, asked for when they are written: those of one storage are in memory at a time.
pub trait Changes {
    /// The tensors that changed.
    fn ids(&self) -> Vec<TensorId>;

    /// The values of one of them, of the tensor's shape; of another dtype they are converted to the file's.
    fn values(&self, id: TensorId) -> LocalFuture<'_, Result<Cow<'_, TensorData>>>;
}

impl Changes for IndexMap<TensorId, TensorData> {
    fn ids(&self) -> Vec<TensorId> {
        self.keys().copied().collect()
    }

    fn values(&self, id: TensorId) -> LocalFuture<'_, Result<Cow<'_, TensorData>>> {
        let values = self.get(&id).ok_or_else(|| Error::mismatch(format!("tensor {} has no new values", id.0)));
        Box::pin(async move { values.map(Cow::Borrowed) })
    }
}
