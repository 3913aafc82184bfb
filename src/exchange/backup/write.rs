//! Writes a backup file.

use super::program::{self, Program, folder};
use super::read::Opened;
use super::seal::{Closing, Seal};
use super::{MANIFEST_FRAME, Manifest, NAME, Progress, SUM_FRAME};
use crate::error::{Error, Result, Text};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What is to be written, and where.
pub struct Writing<'a> {
    /// The file.
    pub file: &'a Path,
    /// Whether a file that is there may be replaced.
    pub force: bool,
    /// How it is closed.
    pub seal: &'a Seal,
    /// What it says of itself.
    pub manifest: &'a Manifest,
    /// The URL of the role that owns the tables.
    pub url: &'a str,
    /// The snapshot, exported by a transaction that lasts.
    pub snapshot: &'a str,
    /// The pg_dump that writes.
    pub dump: &'a Program,
}

/// Writes a backup beside its place, reads it back to its end (every byte, every row counted), and only then gives it its
/// name. Answers its size in bytes.
///
/// # Errors
/// `Invalid` when a file is there, `Unavailable` when pg_dump or the disk fail; nothing is left behind then.
pub fn write(what: &Writing, progress: Progress) -> Result<u64> {
    refuse_existing(what)?;
    let name = what.file.file_name().unwrap_or_default().to_string_lossy();
    remove_left(folder(what.file), &name);
    let draft = Draft(folder(what.file).join(format!(".{name}.{}.part", std::process::id())));
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft.0)
        .map_err(|error| failed(&draft.0, error))?;
    let proof = fill(what, file, &draft.0, progress)?;
    let written = Opened::open(&draft.0, proof.as_ref().unwrap_or(what.seal))?;
    if written.manifest != *what.manifest {
        return Err(failed(&draft.0, "another manifest than was written"));
    }
    written.verify(&|part, bytes| progress(&format!("verify {part}"), bytes))?;
    let size = std::fs::metadata(&draft.0).map_err(|error| failed(&draft.0, error))?.len();
    draft.publish(what)?;
    Ok(size)
}

/// Takes away what backups of this name left behind that were killed.
fn remove_left(folder: &Path, name: &str) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let left = entry.file_name();
        let process = left.to_str().and_then(|left| left.strip_prefix(&format!(".{name}."))?.strip_suffix(".part"));
        let is_dead = |pid: u32| !Path::new("/proc").join(pid.to_string()).exists();
        if process.and_then(|pid| pid.parse().ok()).is_some_and(is_dead) {
            // Who can't take it away can't write beside it either, and hears so next.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Says it before hours of work, and again at the end, where it counts.
fn refuse_existing(what: &Writing) -> Result<()> {
    if what.force || !what.file.exists() {
        return Ok(());
    }
    Err(Error::invalid(
        what.file.to_string_lossy(),
        "",
        "",
        Text::new("文件已存在", "there is such a file already"),
        Text::new("换一个文件名,或用 --force 覆盖", "take another name, or --force to replace it"),
    ))
}

/// Writes everything and waits until it is on disk. Answers what else opens it.
fn fill(what: &Writing, file: File, place: &Path, progress: Progress) -> Result<Option<Seal>> {
    let fail = |error: io::Error| failed(place, error);
    let (closing, proof) = what.seal.close(BufWriter::with_capacity(1 << 16, file)).map_err(fail)?;
    let mut out = Summed { inner: closing, sum: Sha256::new() };
    let json = serde_json::to_string(what.manifest).map_err(|error| Error::Internal(error.to_string()))?;
    frame(&mut out, MANIFEST_FRAME, format!("{NAME}{json}\n").as_bytes()).map_err(fail)?;

    let environment = program::environment(what.url)?;
    let snapshot = format!("--snapshot={}", what.snapshot);
    // Compressed here, better and faster; what PostGIS brings itself is its extension's.
    let arguments = [
        "--format=custom",
        "--compress=0",
        "--role=gridpin_owner",
        "--exclude-table-data=spatial_ref_sys",
        "--no-password",
        &snapshot,
    ];
    let mut running = what.dump.start(&arguments, &environment, Stdio::null())?;
    let mut archive = running.child.stdout.take().expect("piped");
    let mut packed = zstd::Encoder::new(out, 3).map_err(fail)?;
    packed.include_checksum(true).map_err(fail)?;
    let (mut buffer, mut total) = (vec![0; 1 << 17], 0);
    loop {
        let n = archive.read(&mut buffer).map_err(|error| Error::Unavailable(format!("pg_dump: {error}")))?;
        if n == 0 {
            break;
        }
        packed.write_all(&buffer[..n]).map_err(fail)?;
        total += n as u64;
        progress("dump", total);
    }
    // An archive that ends without an error of its writer is whole.
    running.wait()?;
    let mut out = packed.finish().map_err(fail)?;
    let sum = out.sum.finalize_reset();
    frame(&mut out, SUM_FRAME, &sum).map_err(fail)?;
    let mut plain = out.inner.finish().map_err(fail)?;
    plain.flush().map_err(fail)?;
    plain.get_ref().sync_all().map_err(fail)?;
    Ok(proof)
}

fn frame(out: &mut impl Write, kind: u32, content: &[u8]) -> io::Result<()> {
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&(content.len() as u32).to_le_bytes())?;
    out.write_all(content)
}

fn failed(place: &Path, error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("{}: {error}", place.display()))
}

/// Sums up what passes.
struct Summed<W: Write> {
    inner: Closing<W>,
    sum: Sha256,
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.sum.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A file that has no name yet, removed when it gets none.
struct Draft(PathBuf);

impl Draft {
    /// Gives it its name, atomically: whoever looks sees the old file or the new one, whole.
    fn publish(self, what: &Writing) -> Result<()> {
        let fail = |error: io::Error| failed(what.file, error);
        // A link, unlike a rename, never replaces. Some network disks have none.
        if what.force || std::fs::hard_link(&self.0, what.file).is_err() {
            refuse_existing(what)?;
            std::fs::rename(&self.0, what.file).map_err(fail)?;
        }
        File::open(folder(what.file)).and_then(|folder| folder.sync_all()).map_err(fail)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
