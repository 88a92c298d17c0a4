//! The integration tests, one binary.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, reason = "a test that fails says where")]

#[path = "../harness/format.rs"]
mod format;
#[path = "../harness/report.rs"]
mod report;
mod robustness;
mod save;
mod tidy;
mod torch;
#[path = "../harness/visit.rs"]
mod visit;
mod zip_oracle;

#[test]
fn every_case_of_the_project() {
    let cases = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    assert!(visit::run(&[cases], None), "a case failed; its line is above");
}
