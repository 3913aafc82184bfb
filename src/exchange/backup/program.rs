//! PostgreSQL's own programs: found by version, told by the environment, never by arguments, where the database is.

use crate::error::{Error, Result, Text};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

/// Where Debian puts what is not in PATH.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A program with its major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    name: &'static str,
    path: PathBuf,
    /// Major version.
    pub major: u32,
}

/// The oldest `name` (pg_dump, pg_restore) of `major` or later in PATH and /usr/lib/postgresql/*/bin.
///
/// # Errors
/// `Invalid` when there is none, with those that are too old.
pub fn find(name: &'static str, major: u32) -> Result<Program> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(DEBIAN)
        .map(|found| found.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let mut found: Vec<Program> =
        folders.iter().map(|folder| folder.join(name)).filter_map(|path| known(name, path)).collect();
    found.sort_by(|a, b| (a.major, &a.path).cmp(&(b.major, &b.path)));
    if let Some(fit) = found.iter().find(|program| program.major >= major) {
        return Ok(fit.clone());
    }
    let old: Vec<String> = found.iter().map(|program| program.major.to_string()).collect();
    let reason = if old.is_empty() {
        Text::new(format!("没有找到 {name}"), format!("{name} is not installed"))
    } else {
        let old = old.join(", ");
        Text::new(
            format!("只有版本 {old},而数据来自 PostgreSQL {major}"),
            format!("only version {old} is here, and the data is PostgreSQL {major}'s"),
        )
    };
    let package = format!("apt-get install postgresql-client-{major}");
    Err(Error::invalid(name, "version", major.to_string(), reason, Text::new(package.clone(), package)))
}

fn known(name: &'static str, path: PathBuf) -> Option<Program> {
    if !path.is_file() {
        return None;
    }
    let said = Command::new(&path).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    Some(Program { name, major: major_of(&String::from_utf8_lossy(&said.stdout))?, path })
}

/// `pg_dump (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`
fn major_of(said: &str) -> Option<u32> {
    let (_, version) = said.split_once(") ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A program that runs, killed at the latest with this.
pub(super) struct Running {
    name: &'static str,
    pub child: Child,
    complaint: Option<JoinHandle<String>>,
}

impl Program {
    /// Starts it. No secret may be among the arguments: everybody on the machine reads them.
    pub(super) fn start(&self, arguments: &[&str], environment: &[(String, String)], input: Stdio) -> Result<Running> {
        let mut command = Command::new(&self.path);
        command.args(arguments).envs(environment.iter().map(|(name, value)| (name, value)));
        for ours in ["GRIDPIN_DATABASE", "GRIDPIN_BACKUP_PASSPHRASE"] {
            command.env_remove(ours);
        }
        command.env("LC_ALL", "C.UTF-8").stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| Error::Unavailable(format!("{}: {error}", self.path.display())))?;
        let stderr = child.stderr.take();
        let complaint = std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut stderr) = stderr {
                // What comes after the first pages is read as well, or the program would wait for a reader.
                let _ = stderr.by_ref().take(64 * 1024).read_to_end(&mut text);
                let _ = std::io::copy(&mut stderr, &mut std::io::sink());
            }
            String::from_utf8_lossy(&text).trim().to_owned()
        });
        Ok(Running { name: self.name, child, complaint: Some(complaint) })
    }
}

impl Running {
    /// Waits for its end.
    ///
    /// # Errors
    /// `Unavailable` with what it said when it did not succeed.
    pub(super) fn wait(mut self) -> Result<()> {
        let status = self.child.wait().map_err(|error| Error::Unavailable(format!("{}: {error}", self.name)))?;
        let complaint = self.complaint.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        Err(Error::Unavailable(format!("{} ({status}): {complaint}", self.name)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What libpq's programs read of a URL, as their environment.
///
/// # Errors
/// `Invalid` when it is no URL of a database.
pub fn environment(url: &str) -> Result<Vec<(String, String)>> {
    let unreadable = || {
        Error::invalid(
            "--database",
            "",
            "",
            Text::new("数据库地址无法识别", "the database URL can't be read"),
            Text::new("写成 postgres://用户:密码@主机:端口/库", "write postgres://user:password@host:port/name"),
        )
    };
    let url = url::Url::parse(url).map_err(|_| unreadable())?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err(unreadable());
    }
    let mut known: Vec<(String, String)> = Vec::new();
    let mut tell = |name: &str, value: String| {
        if !value.is_empty() {
            known.retain(|(other, _)| other != name);
            known.push((name.to_owned(), value));
        }
    };
    tell("PGHOST", plain(url.host_str().unwrap_or_default().trim_matches(['[', ']'])));
    tell("PGPORT", url.port().map(|port| port.to_string()).unwrap_or_default());
    tell("PGUSER", plain(url.username()));
    tell("PGPASSWORD", plain(url.password().unwrap_or_default()));
    tell("PGDATABASE", plain(url.path().trim_start_matches('/')));
    for (name, value) in url.query_pairs() {
        let name = match name.as_ref() {
            "host" | "hostaddr" => "PGHOST",
            "port" => "PGPORT",
            "user" => "PGUSER",
            "password" => "PGPASSWORD",
            "dbname" => "PGDATABASE",
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            "options" => "PGOPTIONS",
            _ => continue,
        };
        tell(name, value.into_owned());
    }
    tell("PGAPPNAME", "gridpin backup".into());
    Ok(known)
}

/// A part of a URL without its `%41`.
fn plain(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let code = (bytes[i] == b'%').then(|| part.get(i + 1..i + 3).and_then(|two| u8::from_str_radix(two, 16).ok()));
        match code.flatten() {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The folder of a file, `.` where it names none.
pub(super) fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_of_what_programs_say() {
        assert_eq!(major_of("pg_dump (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n"), Some(15));
        assert_eq!(major_of("pg_restore (PostgreSQL) 17beta1\n"), Some(17));
        assert_eq!(major_of("something else"), None);
    }

    #[test]
    fn no_version_is_a_clear_error() {
        let error = find("pg_dump", 99).expect_err("no PostgreSQL 99").to_string();
        assert!(error.contains("postgresql-client-99") && error.contains("pg_dump"), "{error}");
    }

    #[test]
    fn a_url_becomes_an_environment() {
        let known =
            environment("postgres://o%20w:p%40%3a@127.0.0.1:5433/g?sslmode=require&host=/run/pg").expect("a URL");
        let of = |name: &str| known.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        assert_eq!(of("PGUSER"), Some("o w"));
        assert_eq!(of("PGPASSWORD"), Some("p@:"));
        assert_eq!(of("PGHOST"), Some("/run/pg"));
        assert_eq!((of("PGPORT"), of("PGDATABASE"), of("PGSSLMODE")), (Some("5433"), Some("g"), Some("require")));
        assert!(environment("mysql://a/b").is_err());
    }
}
