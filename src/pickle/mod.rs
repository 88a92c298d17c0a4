//! Python's pickle, protocols 0 to 5, as data: [`object`] is what a pickle makes, [`decode`] reads it, [`encode`] writes it,
//! [`build`] makes objects from scratch.
//!
//! Nothing is executed: a GLOBAL is a name, a REDUCE a node. torch's meaning of those names belongs to `checkpoint/`.

pub mod build;
pub mod decode;
pub mod encode;
pub mod number;
pub mod object;
pub mod opcode;
