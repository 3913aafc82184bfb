//! Flags as lines of a table: `flags.csv`, in any format.

use super::FieldKind::{Real, Text as Words};
use super::{Format, Line, Sheet, atomically, csv_of, point, write_lines};
use crate::domain::{Flag, Severity, Subject, Tier};
use crate::error::Result;
use std::path::Path;

/// The fields of `flags.csv` after the first, which is the subject's identifier.
macro_rules! flag_sheet {
    ($name:literal, $id:literal) => {
        Sheet {
            name: $name,
            fields: &[
                ($id, Words),
                ("rule", Words),
                ("severity", Words),
                ("probability", Real),
                ("tier", Words),
                ("message_zh", Words),
                ("message_en", Words),
                ("suggested_lon", Real),
                ("suggested_lat", Real),
                ("suggestion_radius_m", Real),
                ("suggested_field", Words),
                ("suggested_value", Words),
            ],
            areas: Some(false),
        }
    };
}

/// The table of flags about one kind of subject: `address`, `building`, `grid`, or any other.
pub fn flag_sheet(kind: &str) -> Sheet {
    match kind {
        "address" => flag_sheet!("flag", "address_id"),
        "building" => flag_sheet!("flag", "building_id"),
        "grid" => flag_sheet!("flag", "grid_code"),
        _ => flag_sheet!("flag", "subject_id"),
    }
}

/// A flag's line: as `flags.csv` has it.
pub fn flag_line(flag: &Flag) -> Line {
    let tier = flag.tier.map(|tier| match tier {
        Tier::Auto => "auto",
        Tier::Review => "review",
        Tier::Field => "field",
    });
    let severity = match flag.severity {
        Severity::Error => "E",
        Severity::Warning => "W",
        Severity::Info => "I",
    };
    let suggestion = flag.suggestion.as_ref();
    let at = suggestion.and_then(|s| s.at);
    Line {
        values: vec![
            flag.subject.parts().1.into(),
            flag.rule.into(),
            severity.into(),
            flag.probability.map(|p| (p * 1e4).round() / 1e4).into(),
            tier.into(),
            flag.message.zh.as_str().into(),
            flag.message.en.as_str().into(),
            at.map(|at| (at.lon * 1e9).round() / 1e9).into(),
            at.map(|at| (at.lat * 1e9).round() / 1e9).into(),
            suggestion.and_then(|s| s.radius_m).map(|m| (m * 10.0).round() / 10.0).into(),
            suggestion.and_then(|s| s.field.as_deref()).into(),
            suggestion.and_then(|s| s.value.as_deref()).into(),
        ],
        shape: point(flag.at),
    }
}

/// Writes flags about one kind of subject.
///
/// # Errors
/// As [`super::write()`].
pub fn write_flags<'a>(
    path: &Path,
    format: Option<Format>,
    kind: &str,
    flags: impl Iterator<Item = &'a Flag>,
) -> Result<()> {
    let of_kind: Vec<&Flag> = flags.filter(|flag| flag.subject.parts().0 == kind).collect();
    let format = format.map_or_else(|| Format::of(path), Ok)?;
    match format {
        Format::Csv => atomically(path, |part| csv_of(part, &flag_sheet(kind), &of_kind, |flag| flag_line(flag))),
        other => write_lines(path, Some(other), &flag_sheet(kind), &mut of_kind.into_iter().map(flag_line)),
    }
}

/// Kinds of subjects that flags are about, as [`Subject::parts`] names them.
pub fn subject_kinds(flags: &[Flag]) -> Vec<&'static str> {
    ["address", "building", "grid", "rental", "hazard", "correction"]
        .into_iter()
        .filter(|kind| flags.iter().any(|flag| Subject::parts(&flag.subject).0 == *kind))
        .collect()
}
