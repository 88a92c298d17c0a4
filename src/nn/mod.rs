//! torch.nn's classes, torch's functions and tensor methods, as builders of graph nodes.
//!
//! It knows Python's values, not its syntax: whoever runs a network is a [`Host`](host::Host).

pub mod alias;
pub mod asking;
pub mod attention;
pub mod bound;
pub mod fold;
pub mod function;
mod functions;
pub mod host;
pub mod module;
pub mod modules;
pub mod node;
pub mod packed;
pub mod rearranged;
pub mod recurrence;
pub mod reparametrize;
pub mod signature;
pub mod value;
pub mod walk;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, clippy::iter_over_hash_type, reason = "a test that fails says where")]
mod tests;
