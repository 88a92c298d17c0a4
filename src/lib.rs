//! torchtab opens a PyTorch checkpoint in a browser tab, rebuilds its network on WebGPU or the CPU, runs it, and gives back a
//! checkpoint that PyTorch loads.
//!
//! One crate, one direction: a file may use only the layers above it in this list.
//!
//! **Invariants.** Nothing below `engine` knows burn: a checkpoint can be described on a machine without a GPU. Nothing outside `web`
//! knows JavaScript. Nothing in a file is ever executed.

pub mod bytes;
pub mod data;
pub mod dtype;
pub mod error;

pub mod source;

pub mod zip;

pub mod pickle;

pub mod checkpoint;

pub mod graph;

pub mod nn;

pub mod python;

pub mod network;

pub mod engine;
