//! The SQL that pg_restore prints, piece by piece as it comes.

use crate::store::restore::Piece;
use std::io::{self, BufRead};

/// Rows go on in pieces of about so many bytes.
const PIECE_BYTES: usize = 256 * 1024;

/// Reads a script to its end and hands its pieces on; stops early, without an error, when `send` answers false. Rows are
/// told from statements by the heading that pg_restore puts above each entry: no function's text can look like one,
/// because all of them stand above the first rows.
pub(super) fn read(mut script: impl BufRead, send: &mut dyn FnMut(Piece) -> bool) -> io::Result<bool> {
    let mut entry = Entry::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if script.read_until(b'\n', &mut line)? == 0 {
            return Ok(entry.flush(send));
        }
        if let Some((name, kind, data)) = heading(&line) {
            if !entry.flush(send) {
                return Ok(false);
            }
            // Extensions are the administrator's, who made this one before; their rows and comments too.
            let foreign = kind == "EXTENSION" || kind == "COMMENT" && name.starts_with("EXTENSION ");
            entry = Entry {
                what: format!("{kind} {name}"),
                table: data.then_some(name),
                skip: foreign,
                sql: String::new(),
            };
        } else if line.starts_with(b"\\restrict ") || line.starts_with(b"\\unrestrict ") {
            // Orders to psql, not SQL.
        } else if let Some(table) = entry.table.as_ref().filter(|_| line.starts_with(b"COPY ")) {
            let head = Piece::Copy { table: table.clone(), sql: text(&line).trim_end_matches([';', '\n']).to_owned() };
            if !send(head) || !rows(&mut script, send)? {
                return Ok(false);
            }
        } else {
            entry.sql.push_str(&text(&line));
        }
    }
}

/// The rows of a COPY to its end.
fn rows(script: &mut impl BufRead, send: &mut dyn FnMut(Piece) -> bool) -> io::Result<bool> {
    let (mut bytes, mut count) = (Vec::with_capacity(PIECE_BYTES + 4096), 0);
    loop {
        let before = bytes.len();
        if script.read_until(b'\n', &mut bytes)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = bytes[before..] == *b"\\.\n";
        if end {
            bytes.truncate(before);
        } else {
            count += 1;
        }
        if end || bytes.len() >= PIECE_BYTES {
            let piece = Piece::Rows { bytes: std::mem::replace(&mut bytes, Vec::with_capacity(PIECE_BYTES)), count };
            count = 0;
            if !send(piece) {
                return Ok(false);
            }
        }
        if end {
            return Ok(send(Piece::CopyEnd));
        }
    }
}

/// What stands under one heading.
#[derive(Default)]
struct Entry {
    what: String,
    /// Whose rows they are.
    table: Option<String>,
    skip: bool,
    sql: String,
}

impl Entry {
    fn flush(&mut self, send: &mut dyn FnMut(Piece) -> bool) -> bool {
        let sql = std::mem::take(&mut self.sql);
        let says_nothing = sql.lines().all(|line| line.trim().is_empty() || line.starts_with("--"));
        self.skip || says_nothing || send(Piece::Sql { what: std::mem::take(&mut self.what), sql })
    }
}

/// `-- Name: address; Type: TABLE; Schema: public; Owner: gridpin_owner`, or `-- Data for Name: ...`.
fn heading(line: &[u8]) -> Option<(String, String, bool)> {
    let line = std::str::from_utf8(line).ok()?;
    let rest = line.strip_prefix("-- Name: ");
    let (rest, data) = rest.map(|rest| (rest, false)).or(line.strip_prefix("-- Data for Name: ").map(|r| (r, true)))?;
    let (name, rest) = rest.split_once("; Type: ")?;
    let (kind, _) = rest.split_once("; Schema: ")?;
    Some((name.to_owned(), kind.to_owned(), data))
}

fn text(line: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_told_apart() {
        let script = "--\n-- Database dump\n--\n\nSET a = 1;\n\n--\n-- Name: postgis; Type: EXTENSION; Schema: -; Owner: \n--\n\n\
            CREATE EXTENSION postgis;\n\n--\n-- Name: t; Type: TABLE; Schema: public; Owner: o\n--\n\ncreate table t;\n\
            \\restrict abc\nalter table t;\n\n--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: o\n--\n\n\
            COPY public.t (a, b) FROM stdin;\n1\tCOPY \n2\t\\\\.\n\\.\n\n\n--\n-- Name: u; Type: TABLE DATA; Schema: x; Owner: o\n";
        let mut pieces = Vec::new();
        assert!(
            read(script.as_bytes(), &mut |piece| {
                pieces.push(piece);
                true
            })
            .expect("a script")
        );
        let [Piece::Sql { sql: head, .. }, Piece::Sql { what, sql }, copy, rows, end] = &pieces[..] else {
            panic!("{pieces:?}")
        };
        assert!(head.contains("SET a = 1;"));
        assert_eq!(what, "TABLE t");
        assert!(sql.contains("create table t;\nalter table t;"), "{sql}");
        assert_eq!(*copy, Piece::Copy { table: "t".into(), sql: "COPY public.t (a, b) FROM stdin".into() });
        assert_eq!(*rows, Piece::Rows { bytes: b"1\tCOPY \n2\t\\\\.\n".to_vec(), count: 2 });
        assert_eq!(*end, Piece::CopyEnd);
        let cut = &script[..script.find("\\.\n").expect("an end")];
        assert!(read(cut.as_bytes(), &mut |_| true).is_err(), "rows without an end");
    }
}
