//! Judges rows as they come: new, changed, unchanged or refused.

use super::{Incoming, Reject};
use crate::domain::*;
use crate::error::{Fault, Result, Text};
use crate::store::codec::{Fields, RowWriter};
use crate::store::record::Record;
use crate::store::session::Session;
use futures::TryStreamExt;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

/// Rows are handed to PostgreSQL in blocks of this size.
const BLOCK: usize = 1 << 19;

/// A record of which files are imported.
#[allow(private_bounds)]
pub trait Importable: Record {
    /// The tables that it refers to, with their keys.
    const REFERS: &'static [(&'static str, &'static str)];
    /// Whether a first import takes the fast way into an empty table.
    const BULK: bool = false;
    /// Whether it says its own grid.
    const DECLARES_GRID: bool = false;

    /// Each reference that it makes: field, table, key.
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str));
}

impl Importable for Grid {
    const REFERS: &'static [(&'static str, &'static str)] = &[("grid", "grid_code")];
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        self.parent.iter().for_each(|parent| visit("parent_code", "grid", parent));
    }
}

impl Importable for Address {
    const REFERS: &'static [(&'static str, &'static str)] = &[("grid", "grid_code")];
    const BULK: bool = true;
    const DECLARES_GRID: bool = true;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        self.grid.iter().for_each(|grid| visit("grid_code", "grid", grid));
    }
}

impl Importable for Building {
    const REFERS: &'static [(&'static str, &'static str)] = &[("grid", "grid_code")];
    const BULK: bool = true;
    const DECLARES_GRID: bool = true;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        self.grid.iter().for_each(|grid| visit("grid_code", "grid", grid));
    }
}

impl Importable for Place {
    const REFERS: &'static [(&'static str, &'static str)] = &[("address", "address_id")];
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        self.address.iter().for_each(|address| visit("address_id", "address", address));
    }
}

impl Importable for Rental {
    const REFERS: &'static [(&'static str, &'static str)] = &[("address", "address_id")];
    const BULK: bool = true;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        self.address.iter().for_each(|address| visit("address_id", "address", address));
    }
}

impl Importable for Inspection {
    const REFERS: &'static [(&'static str, &'static str)] = &[("rental", "rental_id")];
    const BULK: bool = true;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        visit("rental_id", "rental", &self.rental);
    }
}

impl Importable for Hazard {
    const REFERS: &'static [(&'static str, &'static str)] = &[("address", "address_id"), ("rental", "rental_id")];
    const BULK: bool = true;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        visit("address_id", "address", &self.address);
        self.rental.iter().for_each(|rental| visit("rental_id", "rental", rental));
    }
}

impl Importable for Visit {
    const REFERS: &'static [(&'static str, &'static str)] = &[("address", "address_id")];
    const BULK: bool = true;
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        visit("address_id", "address", &self.address);
    }
}

impl Importable for Headcount {
    const REFERS: &'static [(&'static str, &'static str)] = &[("grid", "grid_code")];
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        visit("grid_code", "grid", &self.grid);
    }
}

/// What is known of a key: the hash of the row that last wrote it, and where it stands in this source.
#[derive(Debug, Default)]
struct Known {
    hash: Option<[u8; 16]>,
    row: Option<u64>,
}

/// What became of the rows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) read: u64,
    pub(super) accepted: u64,
    pub(super) unchanged: u64,
    pub(super) rejects: Vec<Reject>,
}

/// Judges the rows of one import.
pub(super) struct Judge<T> {
    known: HashMap<Box<str>, Known>,
    was_empty: bool,
    references: HashMap<&'static str, HashSet<Box<str>>>,
    /// Grids may name a parent that comes later: they wait for the end.
    waiting: Vec<(u64, T)>,
    rows: RowWriter,
    row: RowWriter,
    columns: i16,
    tally: Tally,
    kind: PhantomData<T>,
}

impl<T: Importable> Judge<T> {
    pub(super) async fn prepare(session: &mut Session) -> Result<Self> {
        let mut known = HashMap::new();
        // As text, whatever the key's type.
        let sql = format!("copy (select {}, source_hash from {}) to stdout (format binary)", T::KEY_TEXT, T::TABLE);
        {
            let mut messages = session.connection().copy_out_raw(&sql).await?;
            while let Some(message) = messages.try_next().await? {
                if let Some(mut fields) = Fields::of_copy(&message) {
                    let key = fields.text()?.into();
                    let hash = fields.next()?.and_then(|hash| hash.try_into().ok());
                    known.insert(key, Known { hash, row: None });
                }
            }
        }
        let mut references = HashMap::new();
        for (table, key) in T::REFERS {
            let mut keys: HashSet<Box<str>> = HashSet::new();
            let sql = format!("copy (select {key} from {table}) to stdout (format binary)");
            let mut messages = session.connection().copy_out_raw(&sql).await?;
            while let Some(message) = messages.try_next().await? {
                if let Some(mut fields) = Fields::of_copy(&message) {
                    keys.insert(fields.text()?.into());
                }
            }
            references.insert(*table, keys);
        }
        Ok(Judge {
            was_empty: known.is_empty(),
            known,
            references,
            waiting: Vec::new(),
            rows: RowWriter { buffer: Vec::with_capacity(BLOCK + BLOCK / 8) },
            row: RowWriter::default(),
            columns: T::COLUMNS.split(", ").count() as i16 + 1,
            tally: Tally::default(),
            kind: PhantomData,
        })
    }

    pub(super) fn table_is_empty(&self) -> bool {
        self.was_empty
    }

    pub(super) fn judge(&mut self, incoming: Incoming<T>) {
        self.tally.read += 1;
        let (row, record) = match incoming {
            Incoming::Record(row, record) => (row, record),
            Incoming::Reject(reject) => return self.tally.rejects.push(reject),
        };
        if T::TABLE == "grid" {
            let codes = self.references.entry("grid").or_default();
            codes.insert(record.key().into());
            self.waiting.push((row, record));
        } else {
            self.judge_record(row, &record);
        }
    }

    fn judge_record(&mut self, row: u64, record: &T) {
        let mut missing = None;
        record.references(&mut |field, table, key| {
            if missing.is_none() && !self.references.get(table).is_some_and(|keys| keys.contains(key)) {
                missing = Some((field, table, key.to_owned()));
            }
        });
        if let Some((field, table, key)) = missing {
            let reason = Text::new(format!("{} {key} 不存在", zh(table)), format!("there is no {table} {key}"));
            let remedy = Text::new(
                format!("先导入该{},或改正编码", zh(table)),
                format!("import that {table} first, or mend the code"),
            );
            return self.reject(row, field, key, reason, remedy);
        }
        self.row.buffer.clear();
        record.write(&mut self.row);
        let digest: [u8; 32] = Sha256::digest(&self.row.buffer).into();
        let hash: [u8; 16] = digest[..16].try_into().expect("half of it");
        let key = record.key();
        let known = match self.known.get_mut(&*key) {
            Some(known) => known,
            None => self.known.entry(key.as_ref().into()).or_default(),
        };
        if let Some(first) = known.row {
            let key = key.into_owned();
            let reason = Text::new(format!("编号重复,首次出现在第 {first} 行"), format!("the same key as row {first}"));
            let remedy = Text::new("每个编号只保留一行", "keep one row for each key");
            let field = T::KEY.split(", ").next().unwrap_or_default();
            return self.reject(row, field, key, reason, remedy);
        }
        known.row = Some(row);
        if known.hash == Some(hash) {
            self.tally.unchanged += 1;
            return;
        }
        self.rows.buffer.extend_from_slice(&self.columns.to_be_bytes());
        self.rows.buffer.extend_from_slice(&self.row.buffer);
        self.rows.bytes(&hash);
        self.tally.accepted += 1;
    }

    fn reject(&mut self, row: u64, field: &str, value: String, reason: Text, remedy: Text) {
        let fault = Fault { place: format!("row {row}"), field: field.to_owned(), value, reason, remedy };
        self.tally.rejects.push(Reject { row, fault });
    }

    /// A block that is worth sending.
    pub(super) fn full_block(&mut self) -> Option<Vec<u8>> {
        if self.rows.buffer.len() < BLOCK {
            return None;
        }
        Some(std::mem::replace(&mut self.rows.buffer, Vec::with_capacity(BLOCK + BLOCK / 8)))
    }

    pub(super) fn finish(mut self) -> (Vec<u8>, Tally) {
        for (row, record) in std::mem::take(&mut self.waiting) {
            self.judge_record(row, &record);
        }
        self.tally.rejects.sort_by_key(|reject| reject.row);
        (self.rows.buffer, self.tally)
    }
}

fn zh(table: &str) -> &'static str {
    match table {
        "grid" => "网格",
        "address" => "地址",
        "rental" => "出租房",
        _ => "记录",
    }
}
