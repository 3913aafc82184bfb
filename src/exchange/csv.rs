//! CSV text: by comma, semicolon, tab or bar; plain or `.gz`; in any encoding.

use super::encoding::{self, Detector};
use super::reject::Complaint;
use super::shape::Shape;
use super::sheet::{Content, Row};
use crate::error::{Error, Result, Text};
use csv::{ByteRecord, StringRecord};
use encoding_rs::{Encoding, UTF_8};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// A CSV file that is being read.
pub struct Lines {
    reader: csv::Reader<Box<dyn Read + Send>>,
    encoding: &'static Encoding,
    headings: Vec<String>,
    place: String,
    record: ByteRecord,
    /// Line on which `record` begins, from 1.
    line: u64,
    /// Whether lines end in CR LF.
    crlf: bool,
    ahead: Option<(ByteRecord, bool, u64)>,
}

fn open(path: &Path) -> std::io::Result<Box<dyn Read + Send>> {
    let file = File::open(path)?;
    Ok(if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")) {
        Box::new(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, file)))
    } else {
        Box::new(file)
    })
}

fn broken(place: &str, error: &std::io::Error) -> Error {
    Error::invalid(
        place,
        "",
        "",
        Text::new(format!("文件读不完整：{error}"), format!("the file cannot be read to its end: {error}")),
        Text::new("文件可能损坏或未传完，请重新获取", "it may be damaged or cut off: get it again"),
    )
}

/// Opens a CSV file and reads its headings.
///
/// # Errors
/// `Invalid` for a file that cannot be read, is empty, is no text, or whose encoding cannot be told.
pub fn read(path: &Path, place: &str, given: Option<&'static Encoding>) -> Result<(Lines, Vec<String>, Vec<Text>)> {
    let mut notes = Vec::new();
    let mut source = BufReader::with_capacity(1 << 18, open(path).map_err(|e| super::cannot_open(place, &e))?);
    let start = source.fill_buf().map_err(|e| broken(place, &e))?;
    let wide = match start {
        [0xff, 0xfe, ..] => Some(encoding_rs::UTF_16LE),
        [0xfe, 0xff, ..] => Some(encoding_rs::UTF_16BE),
        _ => None,
    };
    let (input, encoding): (Box<dyn Read + Send>, _) = if let Some(wide) = wide {
        let mut bytes = Vec::new();
        source.read_to_end(&mut bytes).map_err(|e| broken(place, &e))?;
        let text = encoding::decode(wide, &bytes[2..]).ok_or_else(|| {
            Error::invalid(
                place,
                "encoding",
                wide.name(),
                Text::new(
                    "文件以 UTF-16 开头，但内容不是有效的 UTF-16",
                    "the file begins as UTF-16 but is not valid UTF-16",
                ),
                Text::new("请另存为 UTF-8", "save it as UTF-8"),
            )
        })?;
        (Box::new(std::io::Cursor::new(text.into_owned().into_bytes())), UTF_8)
    } else {
        if start.contains(&0) || start.starts_with(b"PK\x03\x04") {
            return Err(super::not_what_it_says(place, "CSV", start));
        }
        let mut detector = Detector::default();
        // In blocks of whole lines: line by line it would take as long as reading them for good.
        let mut block = Vec::new();
        while given.is_none() && !detector.is_certain() {
            let more = source.fill_buf().map_err(|e| broken(place, &e))?;
            let (end, size) = (more.is_empty(), more.len());
            block.extend_from_slice(more);
            source.consume(size);
            let whole = block.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
            detector.feed(&block[..if end { block.len() } else { whole }]);
            if end {
                break;
            }
            block.drain(..whole);
        }
        let encoding = match given {
            Some(given) => given,
            None => detector.decide(place, None)?,
        };
        if encoding != UTF_8 && given.is_none() {
            notes.push(Text::new(
                format!("文字编码判定为 {}", encoding.name()),
                format!("the text was found to be {}", encoding.name()),
            ));
        }
        (open(path).map_err(|e| super::cannot_open(place, &e))?, encoding)
    };
    let mut input = BufReader::with_capacity(1 << 18, input);
    if input.fill_buf().map_err(|e| broken(place, &e))?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    let start = input.fill_buf().map_err(|e| broken(place, &e))?;
    let (delimiter, crlf) =
        (delimiter(start), start.split(|b| *b == b'\n').next().is_some_and(|line| line.ends_with(b"\r")));
    let reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(1 << 18)
        .from_reader(Box::new(input) as Box<dyn Read + Send>);
    let mut lines = Lines {
        reader,
        encoding,
        headings: Vec::new(),
        place: place.to_owned(),
        record: ByteRecord::new(),
        line: 0,
        crlf,
        ahead: None,
    };
    let first = lines.next()?.ok_or_else(|| super::empty(place))?;
    if let Some(complaint) = first.broken {
        return Err(Error::Invalid(vec![complaint.fault(format!("{place} line {}", first.number))]));
    }
    lines.headings = first.cells.iter().map(|cell| cell.trim().to_owned()).collect();
    let headings = lines.headings.clone();
    Ok((lines, headings, notes))
}

/// The delimiter: whichever of the four stands most often in the first line, outside quotes.
fn delimiter(start: &[u8]) -> u8 {
    let (mut counts, mut quoted) = ([0usize; 4], false);
    const DELIMITERS: [u8; 4] = *b",;\t|";
    for byte in start.iter().take_while(|b| !matches!(b, b'\n' | b'\r')) {
        quoted ^= *byte == b'"';
        if let Some(i) = DELIMITERS.iter().position(|d| d == byte && !quoted) {
            counts[i] += 1;
        }
    }
    let best = (0..4).max_by_key(|i| (counts[*i], usize::MAX - i)).unwrap_or(0);
    DELIMITERS[best]
}

impl Lines {
    /// Reads the next record into `self.record`; false at the end.
    fn advance(&mut self) -> Result<bool> {
        let more = self.reader.read_byte_record(&mut self.record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => broken(&self.place, &error),
            other => Error::Internal(format!("{}: {other:?}", self.place)),
        })?;
        // The reader stops before the LF of CR LF, and says where it was before it skipped empty lines.
        let crlf = u64::from(self.crlf);
        let before = self.record.position().map_or(0, |at| at.line() + crlf * u64::from(at.byte() > 0));
        let inside = self.record.as_slice().iter().filter(|b| **b == b'\n').count() as u64;
        let after = (self.reader.position().line() + crlf).saturating_sub(1 + inside);
        self.line = before.max(after);
        Ok(more)
    }

    /// The next row; none at the end.
    fn next(&mut self) -> Result<Option<Row>> {
        loop {
            let more = match self.ahead.take() {
                Some((record, more, line)) => {
                    self.record = record;
                    self.line = line;
                    more
                }
                None => self.advance()?,
            };
            if !more {
                return Ok(None);
            }
            let number = self.line;
            if self.record.iter().all(|cell| cell.iter().all(u8::is_ascii_whitespace)) && self.headings.len() != 1 {
                continue; // a line of nothing but delimiters, as spreadsheets leave them
            }
            let (cells, mut broken) = self.decode();
            let (have, want) = (cells.len(), self.headings.len());
            if broken.is_none()
                && want > 0
                && (have < want || cells.iter().skip(want).any(|cell| !cell.trim().is_empty()))
            {
                let last = have < want && {
                    let record = self.record.clone();
                    let more = self.advance()?;
                    self.ahead = Some((std::mem::replace(&mut self.record, record), more, self.line));
                    !more
                };
                let (zh, en) = if last { ("，文件可能被截断", ": the file may be cut off") } else { ("", "") };
                broken = Some(
                    Complaint::new(
                        "",
                        cells.iter().collect::<Vec<_>>().join(","),
                        format!("有 {have} 个单元格，应有 {want} 个{zh}"),
                        format!("{have} cells where the headings are {want}{en}"),
                    )
                    .remedy(
                        "请检查引号和分隔符，或重新获取完整文件",
                        "look at quotes and delimiters, or get the whole file again",
                    ),
                );
            }
            return Ok(Some(Row { number, cells, shape: Shape::None, broken }));
        }
    }

    fn decode(&self) -> (StringRecord, Option<Complaint>) {
        if self.encoding == UTF_8 {
            return match StringRecord::from_byte_record(self.record.clone()) {
                Ok(cells) => (cells, None),
                Err(error) => {
                    let field = error.utf8_error().field();
                    (StringRecord::from_byte_record_lossy(self.record.clone()), Some(self.undecodable(field)))
                }
            };
        }
        let mut cells = StringRecord::with_capacity(self.record.as_slice().len() * 2, self.record.len());
        let mut broken = None;
        for (i, cell) in self.record.iter().enumerate() {
            match encoding::decode(self.encoding, cell) {
                Some(text) => cells.push_field(&text),
                None => {
                    cells.push_field(&self.encoding.decode_without_bom_handling(cell).0);
                    broken = broken.or_else(|| Some(self.undecodable(i)));
                }
            }
        }
        (cells, broken)
    }

    fn undecodable(&self, field: usize) -> Complaint {
        let name = self.encoding.name();
        let bytes = self.record.get(field).unwrap_or_default();
        let heading = self.headings.get(field).cloned().unwrap_or_else(|| (field + 1).to_string());
        Complaint::new(
            &heading,
            self.encoding.decode_without_bom_handling(bytes).0,
            format!("第 {} 列的字节不是有效的 {name} 文字", field + 1),
            format!("column {} holds bytes that are not valid {name}", field + 1),
        )
        .remedy("请用 --encoding 指定正确的编码，或更正该行", "give the right --encoding, or mend the line")
    }
}

impl Content for Lines {
    fn next_rows(&mut self, count: usize) -> Result<Vec<Row>> {
        let mut rows = Vec::with_capacity(count.min(1 << 16));
        while rows.len() < count {
            match self.next()? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, usize)> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        std::fs::write(&path, text).expect("written");
        let (mut lines, _, _) = read(&path, "t.csv", None).expect("readable");
        lines.next_rows(100).expect("rows").iter().map(|row| (row.number, row.cells.len())).collect()
    }

    #[test]
    fn lines_are_counted_as_editors_count_them() {
        assert_eq!(lines("a,b\n1,2\n3,4\n"), [(2, 2), (3, 2)]);
        assert_eq!(lines("a,b\n1,2\n3,4"), [(2, 2), (3, 2)]);
        assert_eq!(lines("a,b\r\n1,2\r\n3,4\r\n"), [(2, 2), (3, 2)]);
        assert_eq!(lines("a,b\n\n\n1,2\n,\n3,4\n"), [(4, 2), (6, 2)]);
        assert_eq!(lines("a,b\n\"x\ny\",2\n3,4\n"), [(2, 2), (4, 2)]);
        assert_eq!(lines("a;b\n1;2\n3\n4;5\n6"), [(2, 2), (3, 1), (4, 2), (5, 1)]);
    }

    #[test]
    fn one_line_in_another_encoding_is_one_broken_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        let mut bytes = "编码,地址\n".as_bytes().to_vec();
        (0..20_000).for_each(|i| bytes.extend_from_slice(format!("{i},丽水市莲都区人民路{i}号\n").as_bytes()));
        bytes.extend_from_slice(b"20000,");
        bytes.extend_from_slice(&encoding_rs::GB18030.encode("丽水市莲都区人民路1号").0);
        bytes.extend_from_slice("\n20001,丽水市\n".as_bytes());
        std::fs::write(&path, bytes).expect("written");
        let (mut lines, _, _) = read(&path, "t.csv", None).expect("UTF-8 beyond doubt");
        let rows = lines.next_rows(30_000).expect("rows");
        let broken: Vec<u64> = rows.iter().filter(|row| row.broken.is_some()).map(|row| row.number).collect();
        assert_eq!((rows.len(), broken), (20_002, vec![20_002]));
    }
}
