//! The device that a network runs on, chosen at run time.

use super::tensor::{Facts, Place};
use crate::error::{Error, Result};
use std::cell::Cell;
use std::rc::Rc;

/// What the caller asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// WebGPU where it works, else the CPU
    #[default]
    Auto,
    /// the CPU
    Cpu,
    /// WebGPU, or the CPU and a reason
    WebGpu,
}

/// A device that is ready. Clones are the same device.
#[derive(Clone, Debug)]
pub struct Device {
    place: Place,
    name: String,
    /// the largest single allocation in bytes
    largest: Option<usize>,
    /// the state of the random numbers
    random: Rc<Cell<u64>>,
}

impl Device {
    /// The CPU; always there.
    pub fn cpu() -> Self {
        let device = burn::tensor::Device::flex();
        Self::new(&device, false, "CPU".to_owned(), None)
    }

    /// Opens a device. When it is not the one that was asked for (for [`Choice::Auto`]: not WebGPU), the text says why.
    pub async fn open(choice: Choice) -> Result<(Self, Option<String>)> {
        match choice {
            Choice::Cpu => Ok((Self::cpu(), None)),
            Choice::Auto | Choice::WebGpu => match super::webgpu::open().await {
                Ok(device) => Ok((device, None)),
                Err(reason) => Ok((Self::cpu(), Some(reason))),
            },
        }
    }

    pub(super) fn new(device: &burn::tensor::Device, gpu: bool, name: String, largest: Option<usize>) -> Self {
        let facts = Facts { gpu, bools: device.settings().bool_dtype };
        let place = Place { device: device.as_dispatch().clone(), facts };
        Self { place, name, largest, random: Rc::new(Cell::new(0)) }
    }

    /// `cpu` or `webgpu`.
    pub fn kind(&self) -> &'static str {
        if self.place.facts.gpu { "webgpu" } else { "cpu" }
    }

    /// The adapter's name, for people.
    pub fn name(&self) -> String {
        self.name.clone()
    }

    /// Where random numbers go on from: `torch.manual_seed`, with other numbers than torch's.
    pub fn seed(&self, seed: u64) {
        self.random.set(seed);
    }

    /// Goes on with another device's random numbers.
    pub fn follow(&self, other: &Self) {
        self.random.set(other.random.get());
    }

    /// The next 64 random bits (SplitMix64).
    pub(super) fn random_bits(&self) -> u64 {
        let state = self.random.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.random.set(state);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Refuses a tensor that the device cannot hold, before the device is asked.
    pub(super) fn admit(&self, bytes: usize) -> Result<()> {
        match self.largest {
            Some(limit) if bytes > limit => {
                Err(Error::too_large("a tensor in bytes", bytes, limit).hint("run it on the CPU"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }
}
