//! The crate `zip` 9.0.4 and our directory agree on every archive: names, sizes, contents.

use crate::robustness::fixtures;
use std::io::Read;
use torchtab::source::MemorySource;
use torchtab::zip::directory::Directory;

#[test]
fn same_records() {
    let mut seen = 0;
    for file in fixtures() {
        let bytes = std::fs::read(&file).unwrap();
        let Ok(mut oracle) = zip::ZipArchive::new(std::io::Cursor::new(bytes.clone())) else { continue };
        let source = MemorySource::new(bytes, None);
        let directory = pollster::block_on(Directory::read(&source)).unwrap();
        assert_eq!(directory.entries.len(), oracle.len(), "{}", file.display());
        for index in 0..oracle.len() {
            let mut theirs = oracle.by_index(index).unwrap();
            let ours = &directory.entries[theirs.name().unwrap().as_ref()];
            assert_eq!((ours.size, ours.crc32), (theirs.size(), theirs.crc32()));
            let mut content = Vec::new();
            theirs.read_to_end(&mut content).unwrap();
            let (read, warning) = pollster::block_on(ours.read(&source, 1 << 20)).unwrap();
            assert_eq!(read, content);
            assert_eq!(warning, None);
            seen += 1;
        }
    }
    assert!(seen > 50, "only {seen} records were compared");
}
