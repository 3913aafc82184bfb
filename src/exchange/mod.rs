//! Files in and out.
//!
//! [`sheet`] opens a file of any format, [`mod@column`] finds the fields among its headings, [`kind`] makes typed records of
//! its rows, [`reader`] runs the three over a file in batches; what does not pass is a [`Reject`] with row, field, value
//! and reason. [`osm`] turns an OpenStreetMap extract into records, [`export`] writes them.
//! [`backup`] is the whole database in one file.

pub mod backup;
mod cell;
pub mod column;
mod csv;
pub mod encoding;
pub mod export;
mod gdal;
mod geojson;
pub mod kind;
pub mod osm;
pub mod person;
pub mod reader;
pub mod reject;
mod shape;
pub mod sheet;

pub use column::Columns;
pub use kind::Kind;
pub use reader::{Batch, Read, Reader, Row, read, read_into, write_rejects};
pub use reject::{Complaint, Reject, Unit};

use crate::crs::Crs;
use crate::domain::LonLat;
use crate::error::{Error, Result, Text};
use std::sync::Arc;

/// How a file's coordinates are to be taken.
#[derive(Clone, Default)]
pub enum CrsOption {
    /// As the file declares (`.prj`, GeoPackage, `crs` member); without a declaration as CGCS2000 longitude and latitude,
    /// with a note.
    #[default]
    Declared,
    /// As this system, whatever the file declares.
    Given(Crs),
    /// Guessed against known ground, and refused when unsure.
    Auto(Ground),
}

/// Whether the grid with this code holds this position.
pub type Holds = dyn Fn(&str, LonLat) -> bool + Send + Sync;

/// What is known of the ground that a file's points should fall on.
#[derive(Clone, Default)]
pub enum Ground {
    /// Nothing.
    #[default]
    Unknown,
    /// The bounding box of the city: west, south, east, north, degrees of CGCS2000.
    Box([f64; 4]),
    /// Whether the grid with this code holds this position.
    Grid(Arc<Holds>),
}

impl CrsOption {
    /// Reads `--crs`: `auto` (against `ground`) or the name of a system.
    ///
    /// # Errors
    /// `Invalid` for a name that is no system.
    pub fn parse(text: &str, ground: Ground) -> Result<CrsOption> {
        if text.eq_ignore_ascii_case("auto") {
            Ok(CrsOption::Auto(ground))
        } else {
            Crs::parse(text).map(CrsOption::Given)
        }
    }
}

/// How a file is read.
#[derive(Clone)]
pub struct ReadOptions {
    /// Its coordinates.
    pub crs: CrsOption,
    /// Its encoding, when it is not to be found out.
    pub encoding: Option<&'static encoding_rs::Encoding>,
    /// The headings that mean each field.
    pub columns: Columns,
    /// The layer, where it has several.
    pub layer: Option<String>,
    /// Whether free text is screened for identity and telephone numbers and names (imports do, `check` flags them).
    pub screen: bool,
    /// Whether columns of persons are left unread instead of refusing the file.
    pub drop_person_columns: bool,
    /// Whether grids with invalid rings are rejected (imports do, `check` flags them).
    pub judge_rings: bool,
    /// Whether a second row with the same key is rejected here (imports do it while they compare with the database).
    pub judge_keys: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            crs: CrsOption::Declared,
            encoding: None,
            columns: Columns::default(),
            layer: None,
            screen: true,
            drop_person_columns: false,
            judge_rings: true,
            judge_keys: true,
        }
    }
}

/// The error for a file that cannot be opened.
pub(crate) fn cannot_open(place: &str, error: &std::io::Error) -> Error {
    let (zh, en) = match error.kind() {
        std::io::ErrorKind::NotFound => ("文件不存在".to_owned(), "there is no such file".to_owned()),
        std::io::ErrorKind::PermissionDenied => ("没有读取权限".to_owned(), "no permission to read it".to_owned()),
        std::io::ErrorKind::IsADirectory => ("这是一个文件夹".to_owned(), "this is a folder".to_owned()),
        _ => (format!("无法打开：{error}"), format!("cannot be opened: {error}")),
    };
    Error::invalid(place, "", "", Text::new(zh, en), Text::new("请核对路径", "check the path"))
}

/// The error for a file without a single row.
pub(crate) fn empty(place: &str) -> Error {
    Error::invalid(
        place,
        "",
        "",
        Text::new("文件为空，没有任何记录", "the file is empty: it has no records"),
        Text::new("请确认导出是否成功", "see whether the export that made it went through"),
    )
}

/// The error for a file that is not what its ending says, with what it seems to be.
pub(crate) fn not_what_it_says(place: &str, format: &str, start: &[u8]) -> Error {
    let trimmed = start.trim_ascii_start();
    let seems = match start {
        [b'P', b'K', 3, 4, ..] => "ZIP / XLSX",
        [0x1f, 0x8b, ..] => "gzip",
        [0xd0, 0xcf, 0x11, 0xe0, ..] => "old Excel (.xls) / 旧版 Excel",
        [b'f', b'g', b'b', ..] => "FlatGeobuf",
        [0, 0, 0x27, 0x0a, ..] => "Shapefile (.shp)",
        _ if start.starts_with(b"SQLite format 3") => "SQLite / GeoPackage",
        _ if start.starts_with(b"%PDF") => "PDF",
        _ if trimmed.starts_with(b"{") || trimmed.starts_with(b"[") => "JSON",
        _ if trimmed.starts_with(b"<") => "XML / HTML",
        _ if std::str::from_utf8(start).is_ok() && !start.contains(&0) => "text / 文本",
        _ => "unknown / 未知",
    };
    let same = seems.split(" / ").any(|name| name.eq_ignore_ascii_case(format));
    let (zh, en) = match (format, seems) {
        ("GeoJSON" | "TopoJSON", "JSON") | ("GML", "XML / HTML") => (
            format!("不是完整有效的 {format}：内容损坏、被截断或不含要素"),
            format!("is not whole and valid {format}: damaged, cut off, or without features"),
        ),
        _ if same => (format!("{format} 文件损坏或被截断"), format!("the {format} file is damaged or cut off")),
        _ => (
            format!("扩展名表明是 {format}，但内容像是：{seems}"),
            format!("the ending says {format}, but the content seems to be: {seems}"),
        ),
    };
    Error::invalid(
        place,
        "",
        "",
        Text::new(zh, en),
        Text::new("请用正确的扩展名，或重新导出", "give it the right ending, or export it again"),
    )
}
