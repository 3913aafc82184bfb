//! A replacing import: records in use that its file lacks have ended.

use super::Importable;
use super::judge::Known;
use crate::check::Thresholds;
use crate::check::rule::import_mass_deletion;
use crate::domain::{KeyMap, Severity};
use crate::error::{Error, Result, Text};
use crate::store::session::Session;
use chrono::NaiveDate;
use futures::TryStreamExt;
use sqlx::{AssertSqlSafe, Row};

/// Keys in one statement.
const CHUNK: usize = 50_000;

/// Which records a replacing import speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of its kind that the actor sees.
    All,
    /// Those that imports of the same batch name brought, or changed, at some time.
    Batch,
}

/// That an import replaces: what its source lacks ends.
#[derive(Debug, Clone, PartialEq)]
pub struct Replace {
    /// Which records it speaks of.
    pub extent: Extent,
    /// The day on which they end.
    pub on: NaiveDate,
    /// Whether it may end more than the rule `import_mass_deletion` lets pass.
    pub allow_mass_deletion: bool,
    /// The thresholds of that rule.
    pub thresholds: Thresholds,
}

/// What the source lacks.
#[derive(Debug, Default)]
pub(super) struct Lacking {
    /// Keys of the records in use that it lacks.
    keys: Vec<String>,
    /// How many are in use, within the extent.
    pub(super) present: u64,
    /// What is to be said of it.
    pub(super) warning: Option<Text>,
}

impl Lacking {
    pub(super) fn count(&self) -> u64 {
        self.keys.len() as u64
    }
}

impl Session {
    /// What of the table the judged rows lack.
    pub(super) async fn lacking<T: Importable>(
        &mut self,
        replace: &Replace,
        batch: &str,
        known: &mut KeyMap<Known>,
    ) -> Result<Lacking> {
        let (table, key, key_text) = (T::TABLE, T::KEY, T::KEY_TEXT);
        let Some(life) = T::LIFE else {
            return Err(Error::invalid(
                "",
                "--replace",
                table,
                Text::new("这类记录没有注销日期,不能整体替换", "records of this kind have no day on which they end"),
                Text::new("--replace 只用于地址", "--replace is for addresses"),
            ));
        };
        let within = match replace.extent {
            Extent::All => String::new(),
            Extent::Batch => format!(
                "and ({key} in (select {key} from {table} where batch_id in (select batch_id from batch where name = $1))
                  or {key} in (select {key} from {table}_version
                               where batch_id in (select batch_id from batch where name = $1)))"
            ),
        };
        let sql =
            format!("select {key_text} from {table} where {} and $1::text is not null {within} order by 1", life.alive);
        let mut lacking = Lacking::default();
        {
            let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(batch).fetch(self.connection());
            while let Some(row) = rows.try_next().await? {
                lacking.present += 1;
                let key: String = row.try_get(0)?;
                if known.entry(&key).row.is_none() {
                    lacking.keys.push(key);
                }
            }
        }
        match import_mass_deletion::judge(lacking.present as usize, lacking.keys.len(), &replace.thresholds) {
            Some((Severity::Error, said)) if !replace.allow_mass_deletion => {
                return Err(Error::invalid(
                    "",
                    "--replace",
                    format!("{} / {}", lacking.keys.len(), lacking.present),
                    said,
                    Text::new(
                        "请核对文件是否完整;确实如此时加 --allow-mass-deletion(规则 import_mass_deletion)",
                        "see whether the file is whole; if it is right, give --allow-mass-deletion (rule import_mass_deletion)",
                    ),
                ));
            }
            said => lacking.warning = said.map(|(_, text)| text),
        }
        Ok(lacking)
    }

    /// Ends what the source lacks. The next file that has such a record again revives it.
    pub(super) async fn end<T: Importable>(&mut self, lacking: &Lacking, on: NaiveDate) -> Result<()> {
        let Some(life) = T::LIFE else { return Ok(()) };
        let sql = format!(
            "update {} set {}, source_hash = null where {} = any($1) and {}",
            T::TABLE,
            life.end,
            T::KEY_TEXT,
            life.alive
        );
        for keys in lacking.keys.chunks(CHUNK) {
            let done = sqlx::query(AssertSqlSafe(sql.clone())).bind(keys).bind(on).execute(self.connection()).await?;
            if done.rows_affected() != keys.len() as u64 {
                return Err(crate::store::fault::garbled(format!("{} of {} ended", done.rows_affected(), keys.len())));
            }
        }
        Ok(())
    }
}
