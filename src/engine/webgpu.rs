//! WebGPU: whether this machine has one that computes right.

use super::device::Device;

/// Opens WebGPU, or says why not.
#[cfg(not(feature = "webgpu"))]
pub async fn open() -> Result<Device, String> {
    Err("this build has no WebGPU".to_owned())
}
