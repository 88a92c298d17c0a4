//! Runs a graph on a device: WebGPU by burn-wgpu, CPU by burn-flex. Only this layer knows burn.
