//! The integration tests, one binary.

#![expect(
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::iter_over_hash_type,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails says where"
)]

mod allocation;
mod bad_inputs;
mod carried;
#[path = "../harness/compare.rs"]
mod compare;
mod complex;
mod edit;
mod exported;
mod forge;
#[path = "../harness/format.rs"]
mod format;
mod inputs;
#[path = "../harness/network.rs"]
mod network;
mod pt2;
mod reader_oracle;
mod reading;
#[path = "../harness/report.rs"]
mod report;
mod resume;
mod robustness;
mod save;
mod script;
mod supported;
mod tidy;
mod torch;
#[path = "../harness/train.rs"]
mod train;
mod training;
#[path = "../harness/visit.rs"]
mod visit;
mod zip_oracle;
mod zoo;

use torchtab::engine::device::Choice;

#[global_allocator]
static ALLOCATOR: allocation::Counting = allocation::Counting;

#[test]
fn every_case_of_the_project() {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    assert!(visit::run(&[cases], None, Choice::Cpu), "a case failed; its line is above");
}
