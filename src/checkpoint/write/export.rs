//! Parts of the opened file as a file of their own: a state_dict alone. Tensors that did not change are copied, those that share memory go
//! on sharing it.

use super::Changes;
use super::adopt::Adoption;
use super::draft::Draft;
use super::fresh::Origin;
use crate::checkpoint::tensor::TensorId;
use crate::checkpoint::{Checkpoint, Format};
use crate::error::Result;
use crate::pickle::object::NodeId;
use crate::source::Sink;

impl Checkpoint {
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
