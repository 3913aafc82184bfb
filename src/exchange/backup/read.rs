//! Reads a backup file.

use super::program::{self, Program};
use super::seal::Seal;
use super::{MANIFEST_FRAME, Manifest, NAME, Progress, SUM_BYTES, SUM_FRAME, script};
use crate::error::{Error, Result, Text};
use crate::store::restore::Piece;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A manifest is a few kilobytes.
const MANIFEST_BYTES: u32 = 16 << 20;

/// An opened backup: its manifest was read, its records come next.
pub struct Opened {
    /// What it says of itself.
    pub manifest: Manifest,
    place: String,
    dump: Tail<Box<dyn Read + Send>>,
    read: Arc<AtomicU64>,
}

impl Opened {
    /// Opens a file and reads its manifest.
    ///
    /// # Errors
    /// `Invalid` when it is no backup, is damaged at its beginning, or isn't opened by this seal; `Unavailable` when it
    /// can't be read.
    pub fn open(file: &Path, seal: &Seal) -> Result<Opened> {
        let place = file.to_string_lossy().into_owned();
        let open = File::open(file).map_err(|error| Error::Unavailable(format!("{place}: {error}")))?;
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: open, read: read.clone() };
        let mut plain = seal.open(BufReader::with_capacity(1 << 16, counted), &place)?;
        let mut sum = Sha256::new();
        let manifest =
            manifest(&mut plain, &mut sum).map_err(|error| damaged(&place, read.load(Ordering::Relaxed), &error))?;
        Ok(Opened { manifest, place, dump: Tail { inner: plain, held: Vec::new(), sum, ended: false }, read })
    }

    /// Reads it to its end without a database: that every byte is as it was written, that pg_restore understands it, and
    /// that each table has as many rows as the manifest says.
    ///
    /// # Errors
    /// `Invalid` when it is damaged, `Unavailable` when pg_restore is missing or fails.
    pub fn verify(self, progress: Progress) -> Result<()> {
        self.pieces(&mut |_| true, progress)
    }

    /// Hands everything on, piece by piece; the last piece, [`Piece::End`], only after the whole file was found good. Stops
    /// when `send` answers false.
    ///
    /// # Errors
    /// As [`Opened::verify`].
    pub fn pieces(self, send: &mut dyn FnMut(Piece) -> bool, progress: Progress) -> Result<()> {
        let Opened { manifest, place, dump, read } = self;
        let program = program::find("pg_restore", manifest.dump)?;
        let (mut counts, mut table) = (BTreeMap::<String, i64>::new(), String::new());
        let mut count = |piece: Piece| {
            match &piece {
                Piece::Copy { table: named, .. } => table.clone_from(named),
                Piece::Rows { count, .. } => *counts.entry(table.clone()).or_default() += count,
                _ => {}
            }
            progress(&table, read.load(Ordering::Relaxed));
            send(piece)
        };
        if !through(&program, dump, &place, &read, &mut count)? {
            return Ok(());
        }
        let missing =
            manifest.tables.iter().find(|(name, rows)| counts.get(*name).copied().unwrap_or_default() != **rows);
        if let Some((name, rows)) = missing {
            let has = counts.get(name).copied().unwrap_or_default();
            return Err(Error::invalid(
                place,
                name,
                has.to_string(),
                Text::new(format!("清单记载 {rows} 行"), format!("the manifest says {rows} rows")),
                Text::new("取另一份备份", "take another backup"),
            ));
        }
        send(Piece::End);
        Ok(())
    }
}

/// Sends an archive through pg_restore and its script to `send`; whether all of it was taken.
fn through(
    program: &Program,
    dump: Tail<Box<dyn Read + Send>>,
    place: &str,
    read: &AtomicU64,
    send: &mut dyn FnMut(Piece) -> bool,
) -> Result<bool> {
    let mut running = program.start(&["--file=-"], &[], Stdio::piped())?;
    let (input, output) = (running.child.stdin.take().expect("piped"), running.child.stdout.take().expect("piped"));
    std::thread::scope(|scope| {
        let feeding = scope.spawn(move || feed(dump, input));
        let parsed = script::read(BufReader::with_capacity(1 << 16, output), send);
        if let Ok(false) = parsed {
            // Nobody wants more: the program ends, and with it whoever feeds it.
            drop(running);
            let _ = feeding.join();
            return Ok(false);
        }
        // What is wrong with the file explains what pg_restore says of it.
        match feeding.join() {
            Ok(fed) => fed.map_err(|error| damaged(place, read.load(Ordering::Relaxed), &error))?,
            Err(_) => return Err(Error::Internal("reading a backup panicked".into())),
        }
        running.wait()?;
        parsed.map_err(|error| damaged(place, read.load(Ordering::Relaxed), &error))
    })
}

/// Unpacks an archive into pg_restore's input and looks at the sum at its end.
fn feed(dump: Tail<Box<dyn Read + Send>>, mut input: ChildStdin) -> io::Result<()> {
    let mut unpacked = zstd::Decoder::with_buffer(BufReader::with_capacity(1 << 16, dump))?.single_frame();
    let (mut buffer, mut taken) = (vec![0; 1 << 17], true);
    loop {
        let n = unpacked.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        // Once pg_restore has what it needs it may go; the rest is read all the same, to see that it is good.
        taken = taken && input.write_all(&buffer[..n]).is_ok();
    }
    drop(input);
    let mut rest = unpacked.finish();
    if !rest.fill_buf()?.is_empty() {
        return Err(io::Error::other("there is more than was written"));
    }
    rest.into_inner().check()
}

/// Reads the frame of the manifest.
fn manifest(plain: &mut impl Read, sum: &mut Sha256) -> io::Result<Manifest> {
    let mut head = [0; 8];
    plain.read_exact(&mut head)?;
    let (kind, length) = (u32_of(&head[..4]), u32_of(&head[4..]));
    if kind != MANIFEST_FRAME || length > MANIFEST_BYTES {
        return Err(io::Error::other("no manifest"));
    }
    let mut content = vec![0; length as usize];
    plain.read_exact(&mut content)?;
    sum.update(head);
    sum.update(&content);
    let json = content.strip_prefix(NAME.as_bytes()).ok_or_else(|| io::Error::other("no manifest"))?;
    serde_json::from_slice(json).map_err(io::Error::other)
}

fn u32_of(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |n, byte| n << 8 | u32::from(*byte))
}

/// A file that is not what was written.
pub(super) fn damaged(place: &str, at: u64, error: &io::Error) -> Error {
    Error::invalid(
        place,
        "",
        "",
        Text::new(
            format!("文件已损坏或不完整(读到第 {at} 字节: {error})"),
            format!("it is damaged or cut off (found after {at} bytes: {error})"),
        ),
        Text::new("取另一份备份", "take another backup"),
    )
}

/// Counts the bytes of a file that were read.
struct Counted {
    inner: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(into)?;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Everything but the last [`SUM_BYTES`], which it keeps, summing up what passes.
struct Tail<R> {
    inner: R,
    held: Vec<u8>,
    sum: Sha256,
    ended: bool,
}

impl<R: Read> Read for Tail<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        const CHUNK: usize = 1 << 16;
        while !self.ended && self.held.len() <= SUM_BYTES {
            let before = self.held.len();
            self.held.resize(before + CHUNK, 0);
            let n = self.inner.read(&mut self.held[before..]);
            self.held.truncate(before + *n.as_ref().unwrap_or(&0));
            self.ended = n? == 0;
        }
        let n = self.held.len().saturating_sub(SUM_BYTES).min(into.len());
        into[..n].copy_from_slice(&self.held[..n]);
        self.held.drain(..n);
        self.sum.update(&into[..n]);
        Ok(n)
    }
}

impl<R: Read> Tail<R> {
    /// Whether the end is there and is the sum of what came before.
    fn check(mut self) -> io::Result<()> {
        if self.read(&mut [0])? != 0 {
            return Err(io::Error::other("there is more than was written"));
        }
        let sum = self.sum.finalize();
        let right = self.held.len() == SUM_BYTES && u32_of(&self.held[..4]) == SUM_FRAME && self.held[8..] == sum[..];
        if right { Ok(()) } else { Err(io::Error::other("its sum is another one")) }
    }
}
