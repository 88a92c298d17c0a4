//! The harness as a program, for `cargo xtask cases`: `cases DIR… [--device cpu|webgpu] [--only PATTERN]`.

mod format;
mod report;
mod visit;

fn main() -> std::process::ExitCode {
    let mut folders = Vec::new();
    let mut only = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--only" => only = arguments.next(),
            // File formats are read on no device.
            "--device" => drop(arguments.next()),
            _ => folders.push(argument.into()),
        }
    }
    if visit::run(&folders, only.as_deref()) {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    }
}
