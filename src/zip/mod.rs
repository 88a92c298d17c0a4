//! Zip archives as PyTorch writes them and as people repack them: [`directory`] finds the records, [`read`] gives their bytes,
//! [`write`] makes archives, [`repack`] copies one with records replaced.
//!
//! Stored and deflated records, zip64, data before and after the archive. Encryption and other methods are refused by name.

pub mod directory;
pub mod read;
pub mod repack;
pub mod write;
