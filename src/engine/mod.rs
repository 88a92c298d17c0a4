//! Runs a graph on a device: WebGPU by burn-wgpu, CPU by burn-flex. Only this layer knows burn.
//!
//! [`device`] opens a device, [`value`] brings tensors there and back, [`program`] runs a [`Graph`](crate::graph::Graph). Below them
//! `tensor` and `kernel` take burn's const rank away, and [`op`] has a file for each family of operators. What an operator
//! cannot do is refused by its ATen name.

pub mod arithmetic;
#[cfg(any(test, feature = "webgpu"))]
mod check;
pub mod device;
mod kernel;
pub mod lane;
pub mod op;
pub mod program;
mod tensor;
pub mod value;
mod webgpu;

#[cfg(test)]
mod tests;
