//! Rows that did not pass: what is wrong with each, and the file in the shape of the input that says so.

use super::gdal::Choose;
use super::{ReadOptions, sheet};
use crate::domain::address::personal;
use crate::error::{Error, Fault, Result, Text};
use std::collections::BTreeMap;
use std::path::Path;

/// What is wrong with a value; small to hand on, since most rows have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint(Box<Wrong>);

impl std::ops::Deref for Complaint {
    type Target = Wrong;
    fn deref(&self) -> &Wrong {
        &self.0
    }
}

/// The content of a [`Complaint`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Field, by our name or, where it is none of ours, by the file's heading.
    pub field: String,
    /// The value as given; numbers of persons are hidden.
    pub value: String,
    /// Why it does not pass.
    pub reason: Text,
    /// What to do, where there is more to say than "mend it".
    pub remedy: Option<Text>,
    /// The whole file is refused, whatever else is in it.
    pub refuses_file: bool,
}

impl Complaint {
    /// A complaint of a field's value.
    pub fn new(field: &str, value: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) -> Self {
        let (field, value, reason) = (field.to_owned(), value.into(), Text::new(zh, en));
        Complaint(Box::new(Wrong { field, value, reason, remedy: None, refuses_file: false }))
    }

    /// Says what to do.
    pub fn remedy(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.0.remedy = Some(Text::new(zh, en));
        self
    }

    /// Makes the whole file be refused, whatever else is in it.
    pub fn refuse_file(mut self) -> Self {
        self.0.refuses_file = true;
        self
    }

    /// The complaint as a fault of the input.
    pub fn fault(&self, place: impl Into<String>) -> Fault {
        let mut value = self.value.replace(['\n', '\r'], " ");
        if value.chars().count() > 120 {
            value = value.chars().take(117).collect::<String>() + "...";
        }
        let remedy =
            self.remedy.clone().unwrap_or_else(|| Text::new("请更正该值后重试", "mend the value and try again"));
        Fault { place: place.into(), field: self.field.clone(), value, reason: self.reason.clone(), remedy }
    }
}

/// A row that did not pass.
#[derive(Debug, Clone)]
pub struct Reject {
    /// Line of a CSV file, number of a feature from 1, or row of a sheet.
    pub row: u64,
    /// What is wrong with it.
    pub complaint: Complaint,
}

/// How rows are called in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Lines of a text file.
    Line,
    /// Features of a layer.
    Feature,
    /// Rows of a sheet.
    Row,
}

impl Unit {
    /// What a file's rows are, by its ending.
    pub fn of(path: &Path) -> Unit {
        let name = path.to_string_lossy().to_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        match plain.rsplit('.').next() {
            Some("csv" | "txt" | "tsv") => Unit::Line,
            Some("xlsx" | "xlsm") => Unit::Row,
            _ => Unit::Feature,
        }
    }

    /// The place of a row in messages.
    pub fn place(self, file: &str, row: u64) -> String {
        match self {
            Unit::Line => format!("{file} line {row}"),
            Unit::Feature => format!("{file} feature {row}"),
            Unit::Row => format!("{file} row {row}"),
        }
    }
}

/// The rejects as one error: the first twenty in full, and how many more there are.
pub fn error(file: &str, unit: Unit, rejects: &[Reject], all: u64) -> Error {
    let mut faults: Vec<Fault> =
        rejects.iter().take(20).map(|reject| reject.complaint.fault(unit.place(file, reject.row))).collect();
    if all > 20 {
        faults.push(Fault {
            place: file.to_owned(),
            field: String::new(),
            value: String::new(),
            reason: Text::new(format!("另有 {} 行也有问题", all - 20), format!("{} more rows are wrong", all - 20)),
            remedy: Text::new(
                "用 --rejects FILE.csv 得到全部清单；加 --keep-good 则只用合格的行",
                "--rejects FILE.csv writes them all; --keep-good takes the good rows only",
            ),
        });
    }
    Error::Invalid(faults)
}

/// Writes rejected rows in the shape of the input: its columns, then row, field, value and reason. `faults` says what is
/// wrong with which row; the cells are read from the file once more. UTF-8 with a byte order mark, so that spreadsheets
/// read it rightly. Numbers of persons are hidden where the input is screened.
///
/// # Errors
/// As [`sheet::open`], and `Unavailable` when the file cannot be written.
pub fn write(
    path: &Path,
    input: &Path,
    options: &ReadOptions,
    choose: Choose<'_>,
    faults: &[(u64, Fault)],
) -> Result<()> {
    let mut sheet = sheet::open(input, options, choose)?;
    let mut by_row: BTreeMap<u64, Vec<&Fault>> = BTreeMap::new();
    faults.iter().for_each(|(row, fault)| by_row.entry(*row).or_default().push(fault));
    super::export::atomically(path, |part| {
        let failed = |error: csv::Error| Error::Unavailable(format!("{}: {error}", path.display()));
        let mut file = std::fs::File::create(part).map_err(|error| failed(error.into()))?;
        std::io::Write::write_all(&mut file, "\u{feff}".as_bytes()).map_err(|error| failed(error.into()))?;
        let mut out = csv::WriterBuilder::new().flexible(true).from_writer(std::io::BufWriter::new(file));
        let added = ["row", "field", "value", "reason"];
        out.write_record(sheet.headings.iter().map(String::as_str).chain(added)).map_err(failed)?;
        loop {
            let rows = sheet.content.next_rows(16_384)?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                for fault in by_row.get(&row.number).into_iter().flatten() {
                    let mut cells: Vec<String> = row.cells.iter().map(|cell| hidden(cell, options.screen)).collect();
                    cells.resize(sheet.headings.len().max(cells.len()), String::new());
                    let Fault { field, value, reason, .. } = fault;
                    cells.extend([row.number.to_string(), field.clone(), value.clone(), reason.to_string()]);
                    out.write_record(&cells).map_err(failed)?;
                }
            }
        }
        out.flush().map_err(|error| failed(error.into()))
    })
}

fn hidden(cell: &str, screen: bool) -> String {
    if screen && personal::number(cell).is_some() { personal::mask(cell) } else { cell.to_owned() }
}
