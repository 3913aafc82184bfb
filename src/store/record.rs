//! What every record's file says of it: its table, its columns, and how a row of them is written and read.

use super::codec::{Fields, RowWriter};
use super::session::Session;
use crate::domain::Pack;
use crate::error::Result;
use sqlx::AssertSqlSafe;
use std::borrow::Cow;

/// A record of the store.
pub(crate) trait Record: Sized + Send + 'static {
    /// Its table, which is also the name of its kind.
    const TABLE: &'static str;
    /// Its key's columns.
    const KEY: &'static str;
    /// Its key as one text in SQL, as the feed writes it.
    const KEY_TEXT: &'static str;
    /// What a key as text is compared with, so that an index finds it.
    const KEY_FOUND: &'static str = Self::KEY_TEXT;
    /// The type that the text becomes for that, where it is another one.
    const KEY_TYPE: &'static str = "text";
    /// The columns that [`Record::write`] fills and [`Record::read`] takes, in order; `version` follows when reading.
    const COLUMNS: &'static str;

    /// The key as one text.
    fn key(&self) -> Cow<'_, str>;

    /// Writes the fields of [`Record::COLUMNS`].
    fn write(&self, row: &mut RowWriter);

    /// Reads them and the version.
    fn read(fields: &mut Fields) -> Result<Self>;
}

/// A record that is kept in columns: its texts go from the answer into the columns without another copy.
pub(crate) trait Columns: Record + Pack {
    /// Holds what can't be read where it lies.
    type Scratch: Default + Send;

    /// As [`Record::read`].
    fn read_row<'a, 'f: 'a>(fields: &mut Fields<'f>, scratch: &'a mut Self::Scratch) -> Result<Self::Row<'a>>;
}

/// `select` of whole records.
pub(crate) fn select<T: Record>(rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!("select {}, version from {} {rest}", T::COLUMNS, T::TABLE))
}

impl Session {
    /// The visible records with these keys.
    pub(crate) async fn by_keys<T: Record>(&mut self, keys: &[String]) -> Result<Vec<T>> {
        let rows = sqlx::query(select::<T>(&format!("where {} = any($1::{}[])", T::KEY_FOUND, T::KEY_TYPE)))
            .bind(keys)
            .fetch_all(self.connection())
            .await?;
        rows.iter().map(|row| T::read(&mut Fields::of_row(row))).collect()
    }

    /// The visible record with this key.
    pub(crate) async fn by_key<T: Record>(&mut self, key: &str) -> Result<Option<T>> {
        let row = sqlx::query(select::<T>(&format!("where {} = $1::{}", T::KEY_FOUND, T::KEY_TYPE)))
            .bind(key)
            .fetch_optional(self.connection())
            .await?;
        row.map(|row| T::read(&mut Fields::of_row(&row))).transpose()
    }
}
