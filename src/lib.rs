//! torchtab opens a PyTorch checkpoint: what `torch.save` wrote, as data, read by ranges, never executed.
//!
//! One crate, one direction: a file may use only the layers above it in this list (`tests/tidy.rs` keeps it so).
//!
//! **Invariants.** Nothing in a file is ever executed. No input panics, hangs, or allocates by a number that the file gives.

pub mod error;

pub mod dtype;

pub mod convert;
pub mod data;

pub mod bytes;
pub mod literal;
pub mod source;

pub mod zip;

pub mod pickle;

pub mod checkpoint;

pub mod graph;

pub mod nn;

pub mod python;

pub mod network;

pub mod engine;

pub mod train;

pub mod session;

#[cfg(target_arch = "wasm32")]
pub mod web;
