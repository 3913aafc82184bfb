//! Records into files.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// Writes a file under a neighbouring name and puts it in its place when it is whole: a reader never sees half a file.
///
/// # Errors
/// What `write` answers, or `Unavailable` when the file cannot be put in its place.
pub fn atomically(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let part = part_name(path);
    let done = write(&part).and_then(|()| {
        std::fs::rename(&part, path).map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))
    });
    if done.is_err() {
        std::fs::remove_file(&part).ok();
    }
    done
}

/// A name in the same folder with the same ending, so that formats go by it.
fn part_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".part-{}-{name}", std::process::id()))
}
