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

/// How records of a kind live and end, in SQL.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// Which are in use.
    pub alive: &'static str,
    /// What is set when they end, on the day `$2`.
    pub end: &'static str,
}

/// A record of which files are imported.
#[allow(private_bounds)]
pub trait Importable: Record {
    /// The tables that it refers to, with their keys.
    const REFERS: &'static [(&'static str, &'static str)];
    /// Whether it says its own grid, and is kept by it. A first import of such records goes straight into the table.
    const DECLARES_GRID: bool = false;

    /// How it lives and ends, where it ends with a day.
    const LIFE: Option<Life> = None;

    /// The grid that it declares.
    fn declared_grid(&self) -> Option<&str> {
        None
    }

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
    const LIFE: Option<Life> = Some(Life { alive: "status = 'active'", end: "status = 'demolished', ended_on = $2" });
    const DECLARES_GRID: bool = true;
    fn declared_grid(&self) -> Option<&str> {
        self.grid.as_deref()
    }
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        self.grid.iter().for_each(|grid| visit("grid_code", "grid", grid));
    }
}

impl Importable for Building {
    const REFERS: &'static [(&'static str, &'static str)] = &[("grid", "grid_code")];
    const DECLARES_GRID: bool = true;
    fn declared_grid(&self) -> Option<&str> {
        self.grid.as_deref()
    }
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
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        self.address.iter().for_each(|address| visit("address_id", "address", address));
    }
}

impl Importable for Inspection {
    const REFERS: &'static [(&'static str, &'static str)] = &[("rental", "rental_id")];
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        visit("rental_id", "rental", &self.rental);
    }
}

impl Importable for Hazard {
    const REFERS: &'static [(&'static str, &'static str)] = &[("address", "address_id"), ("rental", "rental_id")];
    fn references(&self, visit: &mut dyn FnMut(&'static str, &'static str, &str)) {
        visit("address_id", "address", &self.address);
        self.rental.iter().for_each(|rental| visit("rental_id", "rental", rental));
    }
}

impl Importable for Visit {
    const REFERS: &'static [(&'static str, &'static str)] = &[("address", "address_id")];
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
pub(super) struct Known {
    hash: Option<[u8; 16]>,
    pub(super) row: Option<u64>,
}

/// What becomes of the good rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing: they are only judged.
    Nowhere,
    /// Into the stage.
    Stage,
    /// Straight into the table, with what the stage would be given on its way.
    Table {
        /// The import's number.
        batch_id: i64,
        /// The account.
        by: String,
    },
}

impl Way {
    /// The columns that are sent.
    pub(super) fn columns<T: Importable>(&self) -> String {
        let more = if matches!(self, Way::Table { .. }) { ", batch_id, changed_by, scope_grid" } else { "" };
        format!("{}, source_hash{more}", T::COLUMNS)
    }
}

/// What became of the rows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) read: u64,
    pub(super) accepted: u64,
    /// Of the accepted, those that were sent.
    pub(super) sent: u64,
    pub(super) unchanged: u64,
    pub(super) rejects: Vec<Reject>,
}

/// Judges the rows of one import.
pub(super) struct Judge<T> {
    known: KeyMap<Known>,
    was_empty: bool,
    way: Way,
    keep_good: bool,
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
    pub(super) async fn prepare(session: &mut Session, keep_good: bool) -> Result<Self> {
        let mut known = KeyMap::<Known>::default();
        // As text, whatever the key's type.
        let sql = format!("copy (select {}, source_hash from {}) to stdout (format binary)", T::KEY_TEXT, T::TABLE);
        {
            let mut messages = session.connection().copy_out_raw(&sql).await?;
            while let Some(message) = messages.try_next().await? {
                if let Some(mut fields) = Fields::of_copy(&message) {
                    let key = fields.text()?;
                    let hash = fields.next()?.and_then(|hash| hash.try_into().ok());
                    *known.entry(key) = Known { hash, row: None };
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
            columns: 0,
            way: Way::Nowhere,
            keep_good,
            tally: Tally::default(),
            kind: PhantomData,
        })
    }

    pub(super) fn table_is_empty(&self) -> bool {
        self.was_empty
    }

    /// Says where the good rows go; the answer is the columns that they bring.
    pub(super) fn send(&mut self, way: Way) -> String {
        let columns = way.columns::<T>();
        self.columns = columns.split(", ").count() as i16;
        self.way = way;
        columns
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
        let known = self.known.entry(&key);
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
        self.tally.accepted += 1;
        // What nobody will keep needn't be sent.
        if self.way == Way::Nowhere || (!self.tally.rejects.is_empty() && !self.keep_good) {
            return;
        }
        self.tally.sent += 1;
        self.rows.buffer.extend_from_slice(&self.columns.to_be_bytes());
        self.rows.buffer.extend_from_slice(&self.row.buffer);
        self.rows.bytes(&hash);
        if let Way::Table { batch_id, by } = &self.way {
            self.rows.bytes(&batch_id.to_be_bytes());
            self.rows.text(by);
            self.rows.text_or_null(record.declared_grid());
        }
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

    pub(super) fn finish(mut self) -> (Vec<u8>, Tally, KeyMap<Known>) {
        for (row, record) in std::mem::take(&mut self.waiting) {
            self.judge_record(row, &record);
        }
        self.tally.rejects.sort_by_key(|reject| reject.row);
        (self.rows.buffer, self.tally, self.known)
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
