//! torch.nn's classes, torch's functions and tensor methods, as builders of graph nodes.
//!
//! It knows Python's values, not its syntax: whoever runs a network is a [`Host`](host::Host).

pub mod function;
pub mod host;
pub mod module;
pub mod value;
