//! The harness as a program, for `cargo xtask cases`: `cases DIR… [--only PATTERN] [--device cpu|webgpu]`.

#![expect(clippy::indexing_slicing, reason = "serde_json answers null for a field that is missing")]

mod compare;
mod format;
mod network;
mod report;
mod train;
mod visit;

use torchtab::engine::device::Choice;

fn main() -> std::process::ExitCode {
    let mut folders = Vec::new();
    let mut only = None;
    let mut device = Choice::Cpu;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => only = arguments.next(),
            "--device" => match arguments.next().as_deref() {
                Some("cpu") => device = Choice::Cpu,
                Some("webgpu") => device = Choice::WebGpu,
                other => {
                    eprintln!("--device is cpu or webgpu, not {other:?}");
                    return std::process::ExitCode::FAILURE;
                }
            },
            _ => folders.push(argument.into()),
        }
    }
    if visit::run(&folders, only.as_deref(), device) {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    }
}
