//! A backup of the whole database in one file.
//!
//! The database's own pg_dump writes one snapshot (custom format), and pg_restore reads it again: neither is imitated here.
//! What is ours is the wrapping. Inside the seal ([`seal`]: age, or none) lie
//!
//! 1. a skippable zstd frame, `gridpin backup` and the [`Manifest`] as JSON;
//! 2. a zstd frame with a checksum, which holds pg_dump's archive;
//! 3. a skippable zstd frame with the SHA-256 of all bytes before it.
//!
//! So `age --decrypt FILE | zstd -d | pg_restore --list` reads it too, without this program. Everything streams: no part of
//! the database is in memory as a whole.

pub mod program;
mod read;
mod script;
pub mod seal;
mod write;

pub use read::Opened;
pub use write::{Writing, write};

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// What a backup says of itself, before its records.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Manifest {
    /// The program that made it, with its version.
    pub program: String,
    /// The newest migration that the database had.
    pub schema: i64,
    /// When its snapshot was taken.
    pub made_at: DateTime<Utc>,
    /// Major version of the PostgreSQL that it was taken from.
    pub server: u32,
    /// Major version of the pg_dump that wrote it.
    pub dump: u32,
    /// How many rows each table had.
    pub tables: BTreeMap<String, i64>,
    /// How many entries the audit log had.
    pub audit_entries: i64,
    /// The hash of the last of them, as hexadecimal digits.
    pub audit_head: String,
}

impl Manifest {
    /// Rows of all tables.
    pub fn rows(&self) -> i64 {
        self.tables.values().sum()
    }
}

/// How far it is: which table or part, and bytes of the file so far.
pub type Progress<'a> = &'a (dyn Fn(&str, u64) + Sync);

/// The first bytes of a zstd frame that every reader skips, for the manifest and for the sum.
const MANIFEST_FRAME: u32 = 0x184D_2A50;
const SUM_FRAME: u32 = 0x184D_2A51;
/// What the manifest's frame begins with.
const NAME: &str = "gridpin backup\n";
/// Bytes of the sum's frame: its head of eight and the SHA-256.
const SUM_BYTES: usize = 8 + 32;
