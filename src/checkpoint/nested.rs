//! Tensors in plain pickles: their storage is `torch.storage._load_from_bytes(b)`, a whole legacy file inside a bytes object
//! (`torch/storage.py`, `TypedStorage.__reduce__`). It is read as data, like the file around it.

use super::python::bytes;
use super::rebuild::{StorageName, storage_name};
use crate::bytes::Cursor;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::pickle::decode::decode;
use crate::pickle::object::{Arena, NodeId, Object};
use std::rc::Rc;

/// The storage in the bytes object `node`.
pub fn storage(arena: &Arena, node: NodeId) -> Result<StorageName> {
    let broken = |what: &str| Error::malformed(format!("_load_from_bytes: {what}"));
    let file = bytes(arena, node).ok_or_else(|| broken("no bytes"))?;
    if file.starts_with(b"PK") {
        return Err(Error::unsupported("a storage pickled as a zip archive in a bytes object"));
    }
    let mut at = 0;
    let mut next = || {
        let rest = file.get(at..).unwrap_or_default();
        let pickle = decode(rest, at as u64, "_load_from_bytes")?;
        at += pickle.len;
        Ok::<_, Error>(pickle)
    };
    // Magic, protocol, system: torch wrote them a moment before the bytes; a wrong one fails below.
    for _ in 0..3 {
        next()?;
    }
    let object = next()?;
    let keys = next()?;
    let (name, _) = storage_name(&object.arena, object.root)?;
    let known = matches!(keys.arena.get(keys.root), Object::List(keys) if keys.len() == 1);
    if !known {
        return Err(broken("the bytes hold no single storage"));
    }
    let mut cursor = Cursor::new(file.get(at..).unwrap_or_default(), "_load_from_bytes", at as u64);
    let count = cursor.i64()?;
    let wide = name.dtype.map_or(1, DType::size) as u64;
    if u64::try_from(count).ok().and_then(|c| c.checked_mul(wide)) != Some(name.nbytes) {
        return Err(broken("its storage is not as long as declared"));
    }
    let data = cursor.take_u64(name.nbytes)?;
    Ok(StorageName { key: format!("bytes@{}", node.0), data: Some(Rc::from(data)), ..name })
}
