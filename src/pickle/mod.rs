//! Python's pickle, protocols 0 to 5, as data: [`object`] is what a pickle makes, [`decode`] reads it, [`encode`] writes it.
//!
//! Nothing is executed: a GLOBAL is a name, a REDUCE a node. torch's meaning of those names belongs to `checkpoint/`.

pub mod decode;
pub mod number;
pub mod object;
pub mod opcode;
