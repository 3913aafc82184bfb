//! One file into the database: read on a thread of its own, in the file's order, told with every fault.

use super::{Args, known_ground, print_summary, store_or_judge};
use crate::error::{Error, Fault, Result, Text};
use crate::exchange::{self, Ground, Kind, ReadOptions, Reader, write_rejects};
use crate::store::import::Importable;
use crate::store::{ImportSummary, Incoming, Reject};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

/// What the reading thread sends.
enum Sent<T> {
    Rows(exchange::Batch<T>),
    Failed(Error),
    End(Vec<Text>),
}

/// Reads a file on a thread of its own, so that reading, judging and storing overlap. Answers once the file is open.
fn start_reading<T: Kind>(path: PathBuf, options: ReadOptions) -> Result<Receiver<Sent<T>>> {
    let (sender, receiver) = sync_channel(4);
    let (opened, is_open) = sync_channel(1);
    std::thread::spawn(move || {
        let mut reader = match Reader::<T>::open(&path, &options) {
            Ok(reader) => reader,
            Err(error) => return drop(opened.send(Err(error))),
        };
        opened.send(Ok(())).ok();
        loop {
            let sent = match reader.next_batch() {
                Ok(Some(batch)) => Sent::Rows(batch),
                Ok(None) => Sent::End(std::mem::take(&mut reader.notes)),
                Err(error) => Sent::Failed(error),
            };
            let more = matches!(sent, Sent::Rows(_));
            if sender.send(sent).is_err() || !more {
                return;
            }
        }
    });
    is_open.recv().map_err(|_| Error::Internal("the reader broke".into()))??;
    Ok(receiver)
}

pub(super) fn import_file<T: Kind + Importable>(args: &Args) -> Result<()> {
    let path = PathBuf::from(&args.file);
    let ground = if args.reading.crs.as_deref().is_some_and(|crs| crs.eq_ignore_ascii_case("auto")) {
        known_ground(args)?
    } else {
        Ground::Unknown
    };
    let judged_there = !args.dry_run || args.database.is_some();
    let options = ReadOptions { judge_keys: !judged_there, ..args.reading.options(ground)? };
    let started = Instant::now();
    let rows = start_reading::<T>(path.clone(), options.clone())?;
    let unit = exchange::Unit::of(&path);
    let place = args.file.clone();
    let (noted, notes) = sync_channel(1);
    let source = Rows { sent: rows, records: Vec::new().into_iter(), rejects: VecDeque::new(), noted, place, unit };
    let mut summary = store_or_judge(args, source)?;
    for Reject { row, fault } in &mut summary.rejects {
        // What the store refused it knows by its row only.
        if fault.place == format!("row {row}") {
            fault.place = unit.place(&args.file, *row);
        }
    }
    for note in notes.try_recv().unwrap_or_default() {
        eprintln!("{note}");
    }
    finish::<T>(args, &path, &options, summary, started)
}

/// The rows of a file in its order: of every batch two lists, merged into one.
struct Rows<T> {
    sent: Receiver<Sent<T>>,
    records: std::vec::IntoIter<exchange::Row<T>>,
    rejects: VecDeque<exchange::Reject>,
    noted: SyncSender<Vec<Text>>,
    place: String,
    unit: exchange::Unit,
}

impl<T> Iterator for Rows<T> {
    type Item = Result<Incoming<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let ahead = self.records.as_slice().first().map_or(u64::MAX, |row| row.number);
            if let Some(reject) = self.rejects.pop_front_if(|reject| reject.row < ahead) {
                return Some(Ok(Incoming::Reject(refused(&self.place, self.unit, reject))));
            }
            if let Some(row) = self.records.next() {
                return Some(Ok(Incoming::Record(row.number, row.record)));
            }
            match self.sent.recv() {
                Ok(Sent::Rows(batch)) => {
                    (self.records, self.rejects) = (batch.rows.into_iter(), batch.rejects.into());
                }
                Ok(Sent::End(notes)) => {
                    self.noted.send(notes).ok();
                    return None;
                }
                Ok(Sent::Failed(error)) => return Some(Err(error)),
                Err(_) => return None,
            }
        }
    }
}

fn refused(place: &str, unit: exchange::Unit, reject: exchange::Reject) -> Reject {
    Reject { row: reject.row, fault: reject.complaint.fault(unit.place(place, reject.row)) }
}

/// Prints the summary, writes the rejects, and says by its answer whether the file was refused.
fn finish<T: Kind>(
    args: &Args,
    path: &Path,
    options: &ReadOptions,
    summary: ImportSummary,
    started: Instant,
) -> Result<()> {
    print_summary(T::NAME, &summary, started);
    let faults: Vec<(u64, Fault)> = summary.rejects.into_iter().map(|reject| (reject.row, reject.fault)).collect();
    if let Some(rejects) = &args.rejects {
        write_rejects::<T>(rejects, path, options, &faults)?;
        eprintln!("拒绝的行写入 / rejected rows in {}", rejects.display());
    }
    if faults.is_empty() || args.keep_good {
        return Ok(());
    }
    let all = faults.len();
    let mut shown: Vec<Fault> = faults.into_iter().take(20).map(|(_, fault)| fault).collect();
    shown.push(Fault {
        place: args.file.clone(),
        field: String::new(),
        value: String::new(),
        reason: Text::new(
            format!("共 {all} 行被拒绝，没有导入任何记录"),
            format!("{all} rows were rejected and nothing was imported"),
        ),
        remedy: Text::new(
            "更正后重试；--rejects FILE.csv 得到全部清单；--keep-good 只导入合格的行",
            "mend them and try again; --rejects FILE.csv lists them all; --keep-good imports the good rows",
        ),
    });
    Err(Error::Invalid(shown))
}
