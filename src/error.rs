//! What can go wrong, for every layer.
//!
//! Broken is not unsupported: a [`Kind`] tells the two apart, and an error says where (`data.pkl+0x1f3`,
//! `state_dict["layer1.0.weight"]`, `model.py:12`, `node 12 (aten.conv2d)`) and, where there is one, the next step.
//! Callers branch on [`Error::code`], never on the text.

use serde::Serialize;
use std::fmt;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The five kinds of failure, and the one that is no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The bytes are not what they claim to be.
    Malformed,
    /// Legal, named in PyTorch's words, and not done here.
    Unsupported,
    /// A limit of ours; the message gives both numbers.
    TooLarge,
    /// Shapes, keys, dtypes or arguments that do not fit together.
    Mismatch,
    /// The device or the source of bytes refused, was lost, or ran out of memory.
    Device,
    /// The caller asked to stop.
    Aborted,
}

/// One located error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Error {
    /// Which of the five kinds.
    pub kind: Kind,
    /// Stable name of this error for programs: the kind's own name, or a finer one such as `needs_source`.
    pub code: &'static str,
    /// One sentence in PyTorch's or Python's words.
    pub message: String,
    /// Where: a record and offset, a key, a source line, a graph node.
    pub location: Option<String>,
    /// What the user can do next.
    pub hint: Option<String>,
}

impl Error {
    fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), location: None, hint: None }
    }

    /// The bytes are not what they claim to be.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, "malformed", message)
    }

    /// Legal, but not done here.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, "unsupported", message)
    }

    /// `what` is `actual`, and we stop at `limit`.
    pub fn too_large(what: impl fmt::Display, actual: impl fmt::Display, limit: impl fmt::Display) -> Self {
        Self::new(Kind::TooLarge, "too_large", format!("{what} is {actual}; the limit is {limit}"))
    }

    /// Things that do not fit together.
    pub fn mismatch(message: impl Into<String>) -> Self {
        Self::new(Kind::Mismatch, "mismatch", message)
    }

    /// The device, or the source of bytes, failed.
    pub fn device(message: impl Into<String>) -> Self {
        Self::new(Kind::Device, "device", message)
    }

    /// The caller asked to stop.
    pub fn aborted() -> Self {
        Self::new(Kind::Aborted, "aborted", "the operation was aborted")
    }

    /// Sets the place, unless a deeper layer already knew it better.
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        if self.location.is_none() {
            self.location = Some(location.into());
        }
        self
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Gives the error a finer name than its kind.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Something odd but readable, found on the way; it travels with the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable name for programs, such as `crc_mismatch`.
    pub code: &'static str,
    /// One sentence for people.
    pub message: String,
    /// Where it was seen.
    pub location: Option<String>,
}

impl Warning {
    /// A finding without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), location: None }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }
}
