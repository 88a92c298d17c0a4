//! The harness as a program, for `cargo xtask cases`: `cases DIR… [--only PATTERN]`.

#![expect(clippy::indexing_slicing, reason = "serde_json answers null for a field that is missing")]

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
            _ => folders.push(argument.into()),
        }
    }
    if visit::run(&folders, only.as_deref()) {
        std::process::ExitCode::SUCCESS
    } else {
        std::process::ExitCode::FAILURE
    }
}
