//! Rewrites of a whole graph that leave its results as they are.

pub mod fuse;
pub mod hoist;
pub mod liveness;
pub mod prune;

#[cfg(test)]
mod tests;
