//! The opened file with its pickle written anew: other values under some keys, or one state_dict alone. Tensors that did not change are
//! copied from the file, those that share memory go on sharing it.

use super::Changes;
use super::adopt::Adoption;
use super::draft::Draft;
use super::fresh::Origin;
use super::plain::Plain;
use super::revise::Key;
use crate::checkpoint::tensor::TensorId;
use crate::checkpoint::{Checkpoint, Format};
use crate::error::{Error, Result, Warning};
use crate::pickle::object::NodeId;
use crate::source::Sink;

/// Makes a value with a draft at hand: its tensors are the draft's.
pub type Make<'m, 'a> = &'m mut dyn FnMut(&mut Draft<'a>) -> Result<Plain>;

impl Checkpoint {
    /// Writes the whole file with other values under keys of its root dict (`epoch`, `loss`, `optimizer_state_dict`), new ones at its end,
    /// and new values for tensors: a zip file, or a legacy one where this is one. What was converted comes back.
    ///
    /// `folder` names the zip's folder, as [`Draft::root_of`] gives it.
    pub async fn save_with<'a>(
        &self,
        items: &mut [(&str, Make<'_, 'a>)],
        changes: Option<&dyn Changes>,
        folder: &str,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Warning>> {
        let mut draft = Draft::default();
        let mut adoption = Adoption::new(self);
        if !items.is_empty() && !matches!(self.view(self.root()), crate::checkpoint::view::View::Mapping(_)) {
            return Err(Error::mismatch("the file's root is no dict, and has no keys to set"));
        }
        for (key, make) in items {
            let value = make(&mut draft)?;
            let value = draft.plain(&value);
            adoption.set(self.root(), Key::Name((*key).to_owned()), value);
        }
        let root = adoption.take(self.root(), &mut draft)?;
        self.write_draft(draft, root, changes, folder, sink).await?;
        Ok(adoption.notes())
    }

    /// Writes some of the file's tensors, under the names given, as a state_dict of their own with `_metadata`.
    pub async fn save_state_dict(
        &self,
        tensors: &[(&str, TensorId)],
        versions: &[(&str, i64)],
        changes: Option<&dyn Changes>,
        folder: &str,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let mut draft = Draft::default();
        let mut adoption = Adoption::new(self);
        let mut named = Vec::with_capacity(tensors.len());
        for &(name, id) in tensors {
            named.push((name, adoption.tensor_alone(id, &mut draft).map_err(|e| e.at(name))?));
        }
        let root = draft.state_dict(&named, versions);
        self.write_draft(draft, root, changes, folder, sink).await
    }

    /// Legacy stays legacy; storages are named by their number there.
    pub(super) async fn write_draft(
        &self,
        draft: Draft<'_>,
        root: NodeId,
        changes: Option<&dyn Changes>,
        folder: &str,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        let origin = Origin { file: Some(self), changes };
        if self.format() == Format::Legacy {
            draft.write_legacy(root, &|index| index.to_string(), origin, sink).await
        } else {
            draft.write_zip(root, folder, origin, sink).await
        }
    }
}
