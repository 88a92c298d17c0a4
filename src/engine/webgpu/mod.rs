//! WebGPU: whether this machine has one, and whether it computes right; and the kernels of our own that run there.
//!
//! Works around three faults of the layers below, each of which would end the program or give wrong numbers in silence: a stream on an
//! adapter without `timestamp-query` panics (cubecl-wgpu's `stream.rs`); in a browser a shader that does not compile is only logged,
//! and its results are what the memory held (tracel-ai/cubecl#1641); an allocation over the adapter's limit panics in a callback.

#[cfg(feature = "webgpu")]
mod recurrence;

use super::device::Device;
#[cfg(feature = "webgpu")]
pub use recurrence::recurrence;

/// Opens WebGPU, or says why not.
#[cfg(not(feature = "webgpu"))]
pub async fn open() -> Result<Device, String> {
    Err("this build has no WebGPU".to_owned())
}

#[cfg(feature = "webgpu")]
pub use present::open;

#[cfg(feature = "webgpu")]
mod present {
    use super::super::check;
    use super::Device;
    use burn::tensor::wgpu::wgpu;
    use std::cell::RefCell;

    thread_local! {
        /// burn registers a device once: what the first call found.
        static FOUND: RefCell<Option<Result<Device, String>>> = const { RefCell::new(None) };
    }

    /// Opens WebGPU, or says why not. The first call's verdict stands.
    pub async fn open() -> Result<Device, String> {
        if let Some(found) = FOUND.with_borrow(Clone::clone) {
            return found;
        }
        let found = find().await;
        FOUND.with_borrow_mut(|slot| slot.get_or_insert(found).clone())
    }

    async fn find() -> Result<Device, String> {
        // The browser is asked with the runtime's own choice of adapter, before the runtime commits to it.
        let backends =
            if cfg!(target_family = "wasm") { wgpu::Backends::BROWSER_WEBGPU } else { wgpu::Backends::PRIMARY };
        if cfg!(target_family = "wasm") && !wgpu::util::is_browser_webgpu_supported().await {
            return Err("This browser has no WebGPU adapter".to_owned());
        }
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends,
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let wanted = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..wgpu::RequestAdapterOptions::default()
        };
        let adapter = instance.request_adapter(&wanted).await.map_err(|e| format!("No WebGPU adapter: {e}"))?;
        if !adapter.features().contains(wgpu::Features::TIMESTAMP_QUERY) {
            return Err("The WebGPU adapter lacks timestamp-query".to_owned());
        }
        drop((adapter, instance));
        let options = burn::tensor::Device::wgpu_options();
        let (device, setup) =
            options.init_with_setup_async().await.map_err(|e| format!("WebGPU did not start: {e}"))?;
        let (limits, info) = (setup.device.limits(), setup.adapter.get_info());
        let largest = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size);
        let name = [info.name, info.driver].into_iter().find(|s| !s.is_empty()).unwrap_or_else(|| "WebGPU".to_owned());
        let device = Device::new(&device, true, name, Some(usize::try_from(largest).unwrap_or(usize::MAX)));
        check::device(&device).await.map_err(|e| format!("WebGPU computes wrong numbers here: {e}"))?;
        Ok(device)
    }
}
