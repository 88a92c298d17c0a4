//! Runs a graph on a device: WebGPU by burn-wgpu, CPU by burn-flex. Only this layer knows burn.
//!
//! [`device`] opens a device, [`value`] brings tensors there and back, [`program`] runs a [`Graph`](crate::graph::Graph), [`gradient`]
//! goes the way back. Below them `tensor` and `kernel` take burn's const rank away, `tape` records what gradients need, `cpu` has
//! kernels of our own, and [`op`] has a file for each family of operators. What an operator cannot do is refused by its ATen name.

pub mod arithmetic;
#[cfg(any(test, feature = "webgpu"))]
mod check;
mod cpu;
pub mod device;
pub mod gradient;
mod kernel;
pub mod lane;
pub mod op;
pub mod program;
mod tape;
mod tensor;
pub mod value;
mod webgpu;

pub use cpu::{Strip, TILE_COLUMNS, TILE_ROWS, Tiles, accelerate};

#[cfg(test)]
mod gradient_tests;
#[cfg(test)]
mod tests;
