//! `gridpin parse`: one address text a line in, one JSON object a line out.

use crate::domain::Parts;
use crate::domain::address::{Normalised, Parsed, Template, parse};
use crate::error::{Error, Result, Text};
use serde::Serialize;
use std::io::{BufRead, BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::PathBuf;

/// `gridpin parse`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// File with one address a line, UTF-8; standard input without it.
    file: Option<PathBuf>,
}

/// A line of the answer.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    parts: &'a Parts,
    template: Option<Template>,
    standard_text: String,
    normalised: &'a [Normalised],
    doubtful: Vec<Doubtful>,
    rest: &'a str,
}

#[derive(Serialize)]
struct Doubtful {
    code: &'static str,
    #[serde(flatten)]
    text: Text,
}

/// Reads lines and writes their parts, as they come.
///
/// # Errors
/// `Invalid` when the file is not there, cannot be read or is not UTF-8 (with the line); lines before it are written.
pub fn run(args: Args) -> Result<()> {
    let place = args.file.as_ref().map_or_else(|| "stdin".to_owned(), |path| path.display().to_string());
    let input: Box<dyn Read> = match &args.file {
        Some(path) => Box::new(std::fs::File::open(path).map_err(|error| unreadable(&place, &error))?),
        None => Box::new(std::io::stdin()),
    };
    match parse_lines(&place, BufReader::with_capacity(1 << 16, input), BufWriter::new(std::io::stdout().lock())) {
        // Whoever read the answer has gone: enough was written.
        Err(Error::Unavailable(_)) => Ok(()),
        done => done,
    }
}

fn unreadable(place: &str, error: &std::io::Error) -> Error {
    Error::invalid(
        place,
        "",
        "",
        Text::new(format!("无法读取：{error}"), format!("cannot be read: {error}")),
        Text::new("请检查路径和权限", "check the path and its permissions"),
    )
}

fn parse_lines(place: &str, mut input: impl BufRead, mut output: impl Write) -> Result<()> {
    let gone = |error: std::io::Error| match error.kind() {
        ErrorKind::BrokenPipe => Error::Unavailable("the reader has gone".into()),
        _ => Error::Internal(format!("cannot write: {error}")),
    };
    let (mut line, mut number) = (Vec::new(), 0u64);
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line).map_err(|error| unreadable(place, &error))? == 0 {
            return output.flush().map_err(gone);
        }
        number += 1;
        let bytes = line.strip_prefix(b"\xef\xbb\xbf").filter(|_| number == 1).unwrap_or(&line);
        let Ok(text) = std::str::from_utf8(bytes) else {
            output.flush().map_err(gone)?;
            return Err(Error::invalid(
                format!("{place}:{number}"),
                "",
                String::from_utf8_lossy(bytes).trim_end(),
                Text::new("不是UTF-8编码", "is not UTF-8"),
                Text::new(
                    "请先转换编码，例如 iconv -f GB18030 -t UTF-8",
                    "convert it first, for example by iconv -f GB18030 -t UTF-8",
                ),
            ));
        };
        write_line(&parse(text.trim_end_matches(['\n', '\r'])), &mut output).map_err(gone)?;
    }
}

fn write_line(parsed: &Parsed, output: &mut impl Write) -> std::io::Result<()> {
    let doubtful = parsed.doubtful.iter().map(|doubt| Doubtful { code: doubt.code(), text: doubt.text() }).collect();
    let line = Line {
        parts: &parsed.parts,
        template: parsed.template,
        standard_text: crate::domain::address::print(&parsed.parts),
        normalised: &parsed.normalised,
        doubtful,
        rest: &parsed.rest,
    };
    serde_json::to_writer(&mut *output, &line)?;
    output.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_gets_an_object() {
        let mut out = Vec::new();
        let input = "\u{feff}莲都区人民路１２号\r\n\n阳光小区3栋2单元501室".as_bytes();
        parse_lines("test", input, &mut out).expect("good text");
        let lines: Vec<serde_json::Value> =
            String::from_utf8(out).expect("text").lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!((&lines[0]["road"], &lines[0]["house_number"]), (&"人民路".into(), &"12号".into()));
        assert_eq!(lines[1]["standard_text"], "");
        assert_eq!(lines[2]["building"], "3幢");
        assert_eq!(lines[2]["normalised"][0]["from"], "3栋");
        assert_eq!(lines[2]["template"], "building");
    }

    #[test]
    fn bytes_that_are_no_text_are_told_with_their_line() {
        let mut out = Vec::new();
        let error = parse_lines("a.txt", &b"\xc8\xcb\xc3\xf1\xc2\xb7\n"[..], &mut out).expect_err("GBK");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("a.txt:1") && error.to_string().contains("GB18030"), "{error}");
    }
}
