//! The opened file with other values in some of its dicts: an epoch, a learning rate, a state that an optimizer did not have before.
//!
//! A zip file keeps its records, and its pickle every object that is not replaced, classes that nobody knows included; new storages
//! follow the old ones. A legacy file, and one whose pickle protocol 2 cannot spell, is written anew, as [`super::adopt`] takes it over.

use super::Changes;
use super::adopt::Adoption;
use super::changed::Revision;
use super::draft::{Content, Draft};
use super::plain::Plain;
use crate::checkpoint::{Checkpoint, Format, zipped};
use crate::error::{Error, Kind, Result, Warning};
use crate::pickle::object::{Arena, NodeId, Object};
use crate::source::Sink;
use crate::zip::directory::Directory;

/// A key of a dict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// a string
    Name(String),
    /// an object of the file that is no string: a parameter's number
    Object(NodeId),
}

impl Key {
    /// Whether an object of the file is this key.
    pub(super) fn is(&self, arena: &Arena, node: NodeId) -> bool {
        match self {
            Self::Name(name) => matches!(arena.get(node), Object::Str(text) if text == name),
            Self::Object(key) => node == *key || arena.get(node) == arena.get(*key),
        }
    }
}

/// Makes a value with a draft at hand: its tensors are the draft's. It is made again where the file is written another way.
pub type Value<'a> = Box<dyn Fn(&mut Draft<'a>) -> Result<Plain> + 'a>;

/// An item of a dict to be set, or added at its end.
pub struct Edit<'a> {
    /// the dict, an object of the file
    pub dict: NodeId,
    /// its key
    pub key: Key,
    /// its value
    pub value: Value<'a>,
}

impl Checkpoint {
    /// Writes the file with edits, and with new values for tensors; what was converted comes back.
    ///
    /// `folder` names the folder of a zip that is written anew, as [`Draft::root_of`] gives it.
    pub async fn save_edited(
        &self,
        edits: &[Edit<'_>],
        changes: &dyn Changes,
        folder: &str,
        sink: &mut dyn Sink,
    ) -> Result<Vec<Warning>> {
        if edits.is_empty() {
            return self.save_changed(changes, sink).await;
        }
        if self.format() == Format::Zip {
            match self.revision(edits).await {
                Ok(revision) => {
                    let storages = self.changed_storages(changes)?;
                    return self.repack(&storages, changes, Some(&revision), sink).await;
                }
                Err(error) if error.kind == Kind::Unsupported => {}
                Err(error) => return Err(error),
            }
        }
        let mut draft = Draft::default();
        let mut adoption = Adoption::new(self);
        for edit in edits {
            let value = (edit.value)(&mut draft)?;
            let value = draft.plain(&value);
            adoption.set(edit.dict, edit.key.clone(), value);
        }
        let root = adoption.take(self.root(), &mut draft)?;
        self.write_draft(draft, root, Some(changes), folder, sink).await?;
        Ok(adoption.notes())
    }

    /// The pickle with edits, and the storages that they bring.
    async fn revision<'a>(&self, edits: &[Edit<'a>]) -> Result<Revision<'a>> {
        let directory = Directory::read(&*self.source).await?;
        let folder = zipped::root(&directory)?;
        let mut draft = Draft::default();
        draft.objects.arena.clone_from(&self.pickle().arena);
        let read = draft.objects.arena.len();
        for edit in edits {
            let value = (edit.value)(&mut draft)?;
            let value = draft.plain(&value);
            set(&mut draft, edit, value)?;
        }
        // Storages are numbered; those of the file may have any name.
        let taken = |number: usize| directory.entries.contains_key(&format!("{folder}/data/{number}"));
        let first = (0..=directory.entries.len()).rev().find(|n| *n == 0 || taken(*n - 1)).unwrap_or(0);
        let (pickle, keys) = draft.pickle(self.root(), false, read, &|index| (first + index).to_string())?;
        let mut contents: Vec<Option<Content<'a>>> = draft.storages.into_iter().map(|s| Some(s.content)).collect();
        let mut added = Vec::with_capacity(keys.len());
        for (number, key) in keys {
            if let Some(content) = contents.get_mut(number).and_then(Option::take) {
                added.push((format!("{folder}/data/{key}"), content));
            }
        }
        Ok(Revision { name: format!("{folder}/data.pkl"), pickle, added })
    }
}

/// Sets an item in the draft's copy of a dict.
fn set(draft: &mut Draft<'_>, edit: &Edit<'_>, value: NodeId) -> Result<()> {
    let key = match &edit.key {
        Key::Name(name) => draft.objects.name(name),
        Key::Object(key) => *key,
    };
    let arena = &mut draft.objects.arena;
    let items = match arena.get(edit.dict) {
        Object::Dict(items) => items,
        Object::Instance(instance) => &instance.dict_items,
        _ => return Err(Error::mismatch("an item of what is no dict")),
    };
    // Of duplicate keys the last counts.
    let at = items.iter().rposition(|(other, _)| edit.key.is(arena, *other));
    let items = match arena.get_mut(edit.dict) {
        Some(Object::Dict(items)) => items,
        Some(Object::Instance(instance)) => &mut instance.dict_items,
        _ => return Ok(()),
    };
    match at.and_then(|at| items.get_mut(at)) {
        Some(item) => item.1 = value,
        None => items.push((key, value)),
    }
    Ok(())
}
