//! From a file to typed records, in batches: parsed on all cores, in the file's order.

use super::cell::Cells;
use super::column::{self, Plan};
use super::kind::Kind;
use super::reject::{Complaint, Reject, Unit};
use super::sheet::{self, Sheet};
use super::{CrsOption, Ground, ReadOptions};
use crate::crs::{Crs, Door, guess};
use crate::domain::{KeyMap, LonLat};
use crate::error::{Error, Fault, Result, Text};
use rayon::prelude::*;
use std::path::Path;

/// Rows in a batch: few enough that what one thread makes is still in the cache of the next, and that their memory is used
/// again instead of being given back and asked for anew.
const BATCH: usize = 2_048;

/// A record with the row that it came from.
#[derive(Debug, Clone)]
pub struct Row<T> {
    /// Line of a CSV file, number of a feature from 1, or row of a sheet.
    pub number: u64,
    /// The record.
    pub record: T,
}

/// Some rows of a file, in order.
#[derive(Debug)]
pub struct Batch<T> {
    /// The records.
    pub rows: Vec<Row<T>>,
    /// What did not pass.
    pub rejects: Vec<Reject>,
}

/// A whole file.
#[derive(Debug)]
pub struct Read<T> {
    /// The records.
    pub rows: Vec<Row<T>>,
    /// What did not pass.
    pub rejects: Vec<Reject>,
    /// The file's headings.
    pub headings: Vec<String>,
    /// How its rows are called.
    pub unit: Unit,
    /// The beginning of every message about it.
    pub place: String,
    /// What a user should know about how it was read.
    pub notes: Vec<Text>,
}

impl<T> Read<T> {
    /// The records, when every row passed.
    ///
    /// # Errors
    /// `Invalid` with the rejects.
    pub fn all(self) -> Result<Vec<T>> {
        if self.rejects.is_empty() {
            return Ok(self.rows.into_iter().map(|row| row.record).collect());
        }
        Err(super::reject::error(&self.place, self.unit, &self.rejects, self.rejects.len() as u64))
    }
}

/// Reads a whole file.
///
/// # Errors
/// `Invalid` when the file as a whole will not do: see [`Reader`]. Rows that will not do are in the answer.
pub fn read<T: Kind>(path: &Path, options: &ReadOptions) -> Result<Read<T>> {
    let mut rows = Vec::new();
    let read = read_into(path, options, |row| rows.push(row))?;
    Ok(Read { rows, ..read })
}

/// As [`read`], and hands every row to `put` instead of keeping it.
///
/// # Errors
/// As there.
pub fn read_into<T: Kind>(path: &Path, options: &ReadOptions, put: impl FnMut(Row<T>) + Send) -> Result<Read<T>> {
    let (mut reader, mut put, mut rejects) = (Reader::<T>::open(path, options)?, put, Vec::new());
    let mut next = reader.next_batch()?;
    while let Some(Batch { rows, rejects: mut rejected }) = next {
        rejects.append(&mut rejected);
        // The next rows are read meanwhile, on this thread: PROJ stays where it is.
        next = rayon::in_place_scope(|scope| {
            scope.spawn(|_| rows.into_iter().for_each(&mut put));
            reader.next_batch()
        })?;
    }
    let Reader { headings, unit, place, notes, .. } = reader;
    Ok(Read { rows: Vec::new(), rejects, headings, unit, place, notes })
}

/// Writes rejected rows of a file of this kind in its own shape: see [`super::reject::write`].
///
/// # Errors
/// As there.
pub fn write_rejects<T: Kind>(to: &Path, path: &Path, options: &ReadOptions, faults: &[(u64, Fault)]) -> Result<()> {
    super::reject::write(to, path, options, &|layers| choose::<T>(path, options, layers), faults)
}

/// The layer that has the fields of a kind; among several, the one that is named after it.
fn choose<T: Kind>(path: &Path, options: &ReadOptions, layers: &[(String, Vec<String>)]) -> Result<usize> {
    let fits =
        |headings: &[String]| T::missing(&options.columns.plan(T::NAME, T::FIELDS, headings, false), true).is_empty();
    let good: Vec<usize> = (0..layers.len()).filter(|i| fits(&layers[*i].1)).collect();
    let named: Vec<usize> = good.iter().copied().filter(|i| layers[*i].0.to_lowercase().contains(T::NAME)).collect();
    match (good.as_slice(), named.as_slice()) {
        ([one], _) | (_, [one]) => Ok(*one),
        _ => Err(Error::invalid(
            path.display().to_string(),
            "layer",
            layers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
            Text::new(
                "文件有多个图层，无法判断用哪一个",
                "the file has several layers, and which is meant cannot be told",
            ),
            Text::new("请用 --layer 指定图层", "say which with --layer"),
        )),
    }
}

/// A file that is being read.
pub struct Reader<T> {
    content: Box<dyn sheet::Content>,
    plan: Plan,
    options: ReadOptions,
    door: Option<Door>,
    /// The next rows, read while those before were parsed.
    ahead: Option<Result<Vec<sheet::Row>>>,
    /// Rows of the keys so far.
    seen: KeyMap<Option<u64>>,
    pins: u64,
    odd_pins: Vec<LonLat>,
    odd: u64,
    rows: u64,
    /// The file's headings.
    pub headings: Vec<String>,
    /// How its rows are called.
    pub unit: Unit,
    /// The beginning of every message about it.
    pub place: String,
    /// What a user should know about how it is read.
    pub notes: Vec<Text>,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T: Kind> Reader<T> {
    /// Opens a file and looks at its headings.
    ///
    /// # Errors
    /// `Invalid` for a file that cannot be read, lacks a column, carries a column of persons, or whose coordinate system
    /// is unknown or cannot be guessed.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Reader<T>> {
        let sheet = sheet::open(path, options, &|layers| choose::<T>(path, options, layers))?;
        let plan = options.columns.plan(T::NAME, T::FIELDS, &sheet.headings, sheet.short_headings);
        let person_columns =
            column::persons(&sheet.place, &sheet.headings, T::THINGS_HAVE_NAMES, options.drop_person_columns)?;
        let Sheet { place, headings, unit, has_shapes, crs, mut notes, content, .. } = sheet;
        if let Some(error) = missing::<T>(&place, &plan, &headings, has_shapes, options) {
            return Err(error);
        }
        if !person_columns.is_empty() {
            let names = person_columns.iter().map(|i| headings[*i].as_str()).collect::<Vec<_>>().join(", ");
            notes.push(Text::new(
                format!("个人信息列未读取：{names}"),
                format!("columns of persons were left unread: {names}"),
            ));
        }
        if plan.foreign {
            notes.push(Text::new(
                "该文件的地址要素不是本系统的划分方式，按地址全称读取",
                "the file divides its addresses in another country's way: they are read by their full text",
            ));
        }
        let door = match (&options.crs, crs) {
            (CrsOption::Auto(_), _) => None,
            (CrsOption::Given(crs), _) => Some(Door::new(crs)?),
            (CrsOption::Declared, Some(crs)) => Some(Door::new(&crs)?),
            (CrsOption::Declared, None) => {
                let sited = has_shapes
                    || ["geometry", "lon"]
                        .iter()
                        .any(|name| T::FIELDS.iter().position(|f| f == name).is_some_and(|i| plan.has(i)));
                if sited {
                    notes.push(Text::new(
                        "文件未声明坐标系，按 CGCS2000 经纬度读取（用 --crs 指定或 --crs auto 判断）",
                        "the file declares no coordinate system: taken as CGCS2000 longitude and latitude (--crs names another, --crs auto guesses)",
                    ));
                }
                Some(Door::new(&Crs::Cgcs2000)?)
            }
        };
        if let Some(door) = &door {
            notes.extend(door.crs().note());
        }
        Ok(Reader {
            content,
            plan,
            options: options.clone(),
            door,
            ahead: None,
            seen: KeyMap::default(),
            pins: 0,
            odd_pins: Vec::new(),
            odd: 0,
            rows: 0,
            headings,
            unit,
            place,
            notes,
            kind: std::marker::PhantomData,
        })
    }

    /// Rows read so far: accepted and rejected.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// `Invalid` when the file cannot be read further, is empty, holds what may not come in at all, or turns out at its
    /// end to stand in another coordinate system.
    pub fn next_batch(&mut self) -> Result<Option<Batch<T>>> {
        let rows = match self.ahead.take() {
            Some(rows) => rows?,
            None => self.content.next_rows(BATCH)?,
        };
        if rows.is_empty() {
            return if self.rows == 0 { Err(super::empty(&self.place)) } else { self.judge_pins().map(|()| None) };
        }
        let (plan, options) = (&self.plan, &self.options);
        let mut made: Vec<Result<T, Complaint>> = Vec::with_capacity(rows.len());
        let content = &mut self.content;
        let ((), ahead) = rayon::join(
            || {
                let make = |row: &sheet::Row| match &row.broken {
                    Some(complaint) => Err(complaint.clone()),
                    None => T::read(&Cells { row, plan, options }),
                };
                rows.par_iter().with_min_len(256).map(make).collect_into_vec(&mut made);
            },
            || content.next_rows(BATCH),
        );
        self.ahead = Some(ahead);
        if self.door.is_none() {
            self.door = Some(Door::new(&self.guess(&made)?)?);
        }
        let mut batch = Batch { rows: Vec::with_capacity(rows.len()), rejects: Vec::new() };
        for (row, made) in rows.into_iter().zip(made) {
            self.rows += 1;
            // By reference: a record is half a kilobyte, and a city has a million.
            let judged = match made {
                Ok(record) => {
                    batch.rows.push(Row { number: row.number, record });
                    let record = &mut batch.rows.last_mut().expect("just pushed").record;
                    let judged = self.bring_inside(record).and_then(|()| self.once(record, row.number));
                    if judged.is_err() {
                        batch.rows.pop();
                    }
                    judged
                }
                Err(complaint) => Err(complaint),
            };
            match judged {
                Ok(()) => {}
                Err(complaint) if complaint.refuses_file => {
                    return Err(Error::Invalid(vec![complaint.fault(self.unit.place(&self.place, row.number))]));
                }
                Err(complaint) => {
                    batch.rejects.push(Reject { row: row.number, complaint });
                }
            }
        }
        Ok(Some(batch))
    }

    fn bring_inside(&mut self, record: &mut T) -> Result<(), Complaint> {
        let raw = record.evidence().map(|(at, _)| at);
        let Some(door) = &self.door else { return Ok(()) };
        let on_earth = record.bring_inside(door, self.options.judge_rings)?;
        if let Some(raw) = raw {
            self.pins += 1;
            self.odd += u64::from(!on_earth);
            if !on_earth && self.odd_pins.len() < 500 {
                self.odd_pins.push(raw);
            }
        }
        Ok(())
    }

    fn once(&mut self, record: &T, row: u64) -> Result<(), Complaint> {
        if !self.options.judge_keys {
            return Ok(());
        }
        let key = record.key();
        let seen = self.seen.entry(&key);
        match *seen {
            None => {
                *seen = Some(row);
                Ok(())
            }
            Some(first) => {
                let (one, two) = (self.unit.place("", first), self.unit.place("", row));
                Err(Complaint::new(
                    T::key_field(),
                    key.as_ref(),
                    format!("编码重复：首次出现在第 {first} 行，又出现在第 {row} 行"),
                    format!("the same identifier twice: first at{one}, again at{two}"),
                )
                .remedy("请保留一行，或改正编码", "keep one of the two, or mend the identifier"))
            }
        }
    }

    fn guess(&mut self, made: &[Result<T, Complaint>]) -> Result<Crs> {
        let evidence: Vec<(LonLat, Option<&str>)> =
            made.iter().filter_map(|record| record.as_ref().ok()?.evidence()).collect();
        let points: Vec<LonLat> = evidence.iter().map(|(at, _)| *at).collect();
        let found = match &self.options.crs {
            CrsOption::Auto(Ground::Box(near)) => guess::guess(&points, Some(*near)),
            CrsOption::Auto(Ground::Grid(holds)) => {
                guess::by_fit(&points, &|i, at| evidence[i].1.is_some_and(|code| holds(code, at)))
            }
            _ => guess::guess(&points, None),
        };
        let why = found.why.clone();
        let crs = found.certain(&self.place)?;
        self.notes.push(Text::new(
            format!("坐标系判断为 {crs}：{}", why.zh),
            format!("the coordinate system was found to be {crs}: {}", why.en),
        ));
        self.notes.extend(crs.note());
        Ok(crs)
    }

    /// A few odd pins are findings; a file of odd pins stands in another system.
    fn judge_pins(&self) -> Result<()> {
        if self.odd < 10 || self.odd * 2 <= self.pins {
            return Ok(());
        }
        let example = self.odd_pins[0];
        let guess = guess::guess(&self.odd_pins, None);
        let like = match &guess.candidates.first() {
            Some((crs, share)) if *share > 0.5 => {
                Text::new(format!("，看起来像 {crs}"), format!(", which look like {crs}"))
            }
            _ if self.odd_pins.iter().all(|p| LonLat::new(p.lat, p.lon).is_on_earth()) => {
                Text::new("，看起来经纬度列颠倒了", ", as if the columns of longitude and latitude were exchanged")
            }
            _ => Text::new("", ""),
        };
        Err(Error::invalid(
            &self.place,
            "lon, lat",
            format!("{}, {}", example.lon, example.lat),
            Text::new(
                format!("{} 个点中有 {} 个不是经纬度{}", self.pins, self.odd, like.zh),
                format!("{} of {} points are no longitude and latitude{}", self.odd, self.pins, like.en),
            ),
            Text::new(
                "请用 --crs 指定文件的坐标系（如 EPSG:4528），或 --crs auto，或用 --columns 更正经纬度列",
                "give the file's system with --crs (such as EPSG:4528), or --crs auto, or mend the columns with --columns",
            ),
        ))
    }
}

fn missing<T: Kind>(
    place: &str,
    plan: &Plan,
    headings: &[String],
    shapes: bool,
    options: &ReadOptions,
) -> Option<Error> {
    let missing = T::missing(plan, shapes);
    let faults = missing.iter().map(|group| {
        let names = group.iter().map(|field| T::FIELDS[*field]).collect::<Vec<_>>().join(" / ");
        let known = group
            .iter()
            .flat_map(|field| options.columns.headings(T::NAME, T::FIELDS[*field]))
            .take(8)
            .collect::<Vec<_>>()
            .join(", ");
        Complaint::new(
            &names,
            headings.join(", "),
            "缺少这一列；文件的列见“值”",
            "this column is missing; the value shows the file's columns",
        )
        .remedy(
            format!("可用列名：{known}；其他列名用 --columns FILE.toml 说明"),
            format!("headings that mean it: {known}; tell others with --columns FILE.toml"),
        )
        .fault(place)
    });
    let faults: Vec<_> = faults.collect();
    (!faults.is_empty()).then_some(Error::Invalid(faults))
}
