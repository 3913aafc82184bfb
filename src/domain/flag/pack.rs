//! Flags in columns: hundreds of thousands of them say the same but for some numbers.

use super::{Flag, Severity, Standing, Subject, Suggestion, Tier};
use crate::domain::LonLat;
use crate::domain::column::{Cell, Column, Draft, Span, fitted};
use crate::domain::packed::Pack;
use crate::domain::phrase;
use crate::domain::places::Places;
use crate::error::Text;
use chrono::{DateTime, Utc};
use std::borrow::Cow;

/// Before the English pattern: its numbers are those of the Chinese, or its own.
const SAME: char = '=';
const OWN: char = '+';

/// A rule's code, told from others by where it lies: codes are the catalogue's.
#[derive(Debug, Clone, Copy)]
struct Rule(&'static str);

impl Cell for Rule {
    fn key(self) -> u128 {
        (self.0.as_ptr() as u128) << 32 | self.0.len() as u128
    }
}

impl Cell for Severity {
    fn key(self) -> u128 {
        self as u128
    }
}

impl Cell for Tier {
    fn key(self) -> u128 {
        self as u128
    }
}

/// Kinds of subjects: the number of a kind, and the way back.
const KINDS: [fn(String) -> Subject; 6] =
    [Subject::Address, Subject::Building, Subject::Grid, Subject::Rental, Subject::Hazard, Subject::Correction];

fn kind_of(subject: &Subject) -> (u16, &str) {
    match subject {
        Subject::Address(id) => (0, id),
        Subject::Building(id) => (1, id),
        Subject::Grid(id) => (2, id),
        Subject::Rental(id) => (3, id),
        Subject::Hazard(id) => (4, id),
        Subject::Correction(id) => (5, id),
    }
}

/// A suggestion whose texts lie among those of the chunk.
#[derive(Debug, Clone, Copy)]
struct Hint {
    at: Option<LonLat>,
    radius_m: Option<f64>,
    field: Span,
    value: Span,
}

/// The same with its texts.
type HintRow<'a> = (Option<LonLat>, Option<f64>, Option<&'a str>, Option<&'a str>);

/// A flag as its columns take it.
#[derive(Debug)]
pub struct FlagRow<'a> {
    /// Its identifier, where that is 16 hexadecimal digits, as a number.
    id: Result<u64, Cow<'a, str>>,
    rule: &'static str,
    severity: Severity,
    probability: Option<f64>,
    tier: Option<Tier>,
    at: Option<LonLat>,
    since: i64,
    kind: u16,
    /// The subject's identifier, and the numbers of both messages, Chinese first.
    bytes: Cow<'a, [u8]>,
    id_len: usize,
    zh: Cow<'a, str>,
    en: Cow<'a, str>,
    hint: Option<HintRow<'a>>,
}

/// The columns of up to 1,024 flags.
#[derive(Debug)]
pub struct FlagChunk {
    /// Patterns of messages, and texts of suggestions.
    texts: Box<str>,
    /// Identifiers as numbers; where one is none, of all the texts.
    ids: Box<[u64]>,
    odd: Box<[Box<str>]>,
    rule: Column<Rule>,
    severity: Column<Severity>,
    probability: Column<Option<f64>>,
    tier: Column<Option<Tier>>,
    has_place: Column<bool>,
    places: Places,
    since: Column<i64>,
    kind: Column<u16>,
    id_len: Column<u32>,
    /// Where the bytes of each end.
    ends: Box<[u32]>,
    bytes: Box<[u8]>,
    zh: Column<Span>,
    en: Column<Span>,
    /// Number of the suggestion among `hints`, plus one; 0: none.
    hint: Column<u16>,
    hints: Box<[Hint]>,
}

/// The same while they are filled.
#[derive(Debug, Default)]
pub struct FlagDraft {
    texts: String,
    ids: Vec<Result<u64, Box<str>>>,
    rule: Draft<Rule>,
    severity: Draft<Severity>,
    probability: Draft<Option<f64>>,
    tier: Draft<Option<Tier>>,
    has_place: Draft<bool>,
    places: Vec<LonLat>,
    since: Draft<i64>,
    kind: Draft<u16>,
    id_len: Draft<u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
    zh: Draft<Span>,
    en: Draft<Span>,
    hint: Draft<u16>,
    hints: Vec<Hint>,
    field: Draft<Span>,
    value: Draft<Span>,
}

/// A flag of a chunk, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct FlagRef<'a> {
    chunk: &'a FlagChunk,
    row: usize,
}

fn number_of(id: &str) -> Option<u64> {
    let is_plain = id.len() == 16 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_plain.then(|| u64::from_str_radix(id, 16).ok()).flatten()
}

impl<'a> FlagRef<'a> {
    /// Its identifier.
    pub fn id(self) -> String {
        match self.chunk.odd.get(self.row) {
            Some(odd) => odd.to_string(),
            None => hex::encode(self.chunk.ids[self.row].to_be_bytes()),
        }
    }

    /// Whether it has an identifier.
    pub fn has_id(self, id: &str) -> bool {
        match self.chunk.odd.get(self.row) {
            Some(odd) => **odd == *id,
            None => number_of(id) == Some(self.chunk.ids[self.row]),
        }
    }

    /// Rule code, as in the catalogue.
    pub fn rule(self) -> &'static str {
        self.chunk.rule.get(self.row).0
    }

    /// What it is about.
    pub fn subject(self) -> Subject {
        KINDS[self.chunk.kind.get(self.row) as usize](self.subject_id().to_owned())
    }

    /// The identifier of the address that it is about, if it is about one.
    pub fn address(self) -> Option<&'a str> {
        (self.chunk.kind.get(self.row) == 0).then(|| self.subject_id())
    }

    /// Whether it is about a subject.
    pub fn is_about(self, subject: &Subject) -> bool {
        kind_of(subject) == (self.chunk.kind.get(self.row), self.subject_id())
    }

    /// Whether it is about a grid, or two.
    pub fn is_about_grids(self) -> bool {
        self.chunk.kind.get(self.row) == 2
    }

    /// How grave.
    pub fn severity(self) -> Severity {
        self.chunk.severity.get(self.row)
    }

    /// Probability that the record is wrong in this way.
    pub fn probability(self) -> Option<f64> {
        self.chunk.probability.get(self.row)
    }

    /// What may be done with the suggestion.
    pub fn tier(self) -> Option<Tier> {
        self.chunk.tier.get(self.row)
    }

    /// Whether another place is suggested.
    pub fn suggests_place(self) -> bool {
        let hint = self.chunk.hint.get(self.row).checked_sub(1);
        hint.is_some_and(|hint| self.chunk.hints[hint as usize].at.is_some())
    }

    /// Where the finding is.
    pub fn at(self) -> Option<LonLat> {
        self.chunk.has_place.get(self.row).then(|| self.chunk.places.get(self.row))
    }

    /// When it was first found.
    pub fn since(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.chunk.since.get(self.row)).expect("what was a time")
    }

    /// The flag on its own.
    pub fn unpack(self) -> Flag {
        self.standing().flag
    }

    /// The same with its time.
    pub fn standing(self) -> Standing {
        Standing::of(Standing::row_of(self))
    }

    fn bytes(self) -> &'a [u8] {
        let start = self.row.checked_sub(1).map_or(0, |before| self.chunk.ends[before]);
        &self.chunk.bytes[start as usize..self.chunk.ends[self.row] as usize]
    }

    fn subject_id(self) -> &'a str {
        let len = self.chunk.id_len.get(self.row) as usize;
        std::str::from_utf8(&self.bytes()[..len]).expect("what was a text")
    }

    fn hint(self) -> Option<HintRow<'a>> {
        let hint = &self.chunk.hints[self.chunk.hint.get(self.row).checked_sub(1)? as usize];
        let text = |span: Span| span.maybe_of(&self.chunk.texts);
        Some((hint.at, hint.radius_m, text(hint.field), text(hint.value)))
    }
}

impl Pack for Standing {
    /// An edit changes a dozen flags, each somewhere else.
    const ROWS: usize = 128;
    type Chunk = FlagChunk;
    type Draft = FlagDraft;
    type Row<'a> = FlagRow<'a>;
    type View<'a> = FlagRef<'a>;

    fn row(&self) -> FlagRow<'_> {
        let Flag { flag_id, rule, subject, severity, probability, tier, message, at, suggestion } = &self.flag;
        let (kind, id) = kind_of(subject);
        let (mut zh, mut en, mut bytes, mut own) =
            (String::new(), String::from(SAME), id.as_bytes().to_vec(), Vec::new());
        phrase::part(&message.zh, &mut zh, &mut bytes);
        phrase::part(&message.en, &mut en, &mut own);
        if own != bytes[id.len()..] {
            en.replace_range(..1, OWN.encode_utf8(&mut [0; 4]));
            bytes.extend(own);
        }
        FlagRow {
            id: number_of(flag_id).ok_or(Cow::Borrowed(flag_id)),
            rule,
            severity: *severity,
            probability: *probability,
            tier: *tier,
            at: *at,
            since: self.since.timestamp_micros(),
            kind,
            bytes: bytes.into(),
            id_len: id.len(),
            zh: zh.into(),
            en: en.into(),
            hint: suggestion.as_ref().map(|s| (s.at, s.radius_m, s.field.as_deref(), s.value.as_deref())),
        }
    }

    fn add(draft: &mut FlagDraft, row: FlagRow<'_>) {
        draft.ids.push(row.id.map_err(|id| id.into_owned().into()));
        draft.rule.push(Rule(row.rule));
        draft.severity.push(row.severity);
        draft.probability.push(row.probability);
        draft.tier.push(row.tier);
        draft.has_place.push(row.at.is_some());
        draft.places.push(row.at.unwrap_or(LonLat::new(0.0, 0.0)));
        draft.since.push(row.since);
        draft.kind.push(row.kind);
        draft.id_len.push(row.id_len as u32);
        draft.bytes.extend_from_slice(&row.bytes);
        draft.ends.push(draft.bytes.len() as u32);
        draft.zh.push_text(&mut draft.texts, Some(&row.zh), Span::NONE);
        draft.en.push_text(&mut draft.texts, Some(&row.en), Span::NONE);
        let number = row.hint.map_or(0, |(at, radius_m, field, value)| {
            let field = draft.field.push_text(&mut draft.texts, field, Span::NONE);
            let value = draft.value.push_text(&mut draft.texts, value, Span::NONE);
            draft.hints.push(Hint { at, radius_m, field, value });
            draft.hints.len() as u16
        });
        draft.hint.push(number);
    }

    fn finish(draft: FlagDraft) -> FlagChunk {
        let ids: Option<Box<[u64]>> = draft.ids.iter().map(|id| id.as_ref().ok().copied()).collect();
        let text = |id: &Result<u64, Box<str>>| match id {
            Ok(number) => hex::encode(number.to_be_bytes()).into(),
            Err(odd) => odd.clone(),
        };
        let odd = if ids.is_some() { Box::default() } else { draft.ids.iter().map(text).collect() };
        FlagChunk {
            texts: draft.texts.as_str().into(),
            ids: ids.unwrap_or_default(),
            odd,
            rule: draft.rule.finish(),
            severity: draft.severity.finish(),
            probability: draft.probability.finish(),
            tier: draft.tier.finish(),
            has_place: draft.has_place.finish(),
            places: Places::pack(&draft.places),
            since: draft.since.finish(),
            kind: draft.kind.finish(),
            id_len: draft.id_len.finish(),
            ends: fitted(&draft.ends),
            bytes: fitted(&draft.bytes),
            zh: draft.zh.finish(),
            en: draft.en.finish(),
            hint: draft.hint.finish(),
            hints: fitted(&draft.hints),
        }
    }

    fn view(chunk: &FlagChunk, row: usize) -> FlagRef<'_> {
        FlagRef { chunk, row }
    }

    fn row_of<'a>(view: Self::View<'a>) -> Self::Row<'a> {
        let FlagRef { chunk, row } = view;
        FlagRow {
            id: chunk.odd.get(row).map_or_else(|| Ok(chunk.ids[row]), |odd| Err(Cow::Borrowed(&**odd))),
            rule: view.rule(),
            severity: view.severity(),
            probability: view.probability(),
            tier: chunk.tier.get(row),
            at: view.at(),
            since: chunk.since.get(row),
            kind: chunk.kind.get(row),
            bytes: view.bytes().into(),
            id_len: chunk.id_len.get(row) as usize,
            zh: chunk.zh.get(row).of(&chunk.texts).into(),
            en: chunk.en.get(row).of(&chunk.texts).into(),
            hint: view.hint(),
        }
    }

    fn of(row: FlagRow<'_>) -> Standing {
        let (id, numbers) = row.bytes.split_at(row.id_len);
        let (mut message, is_same) = (Text::new("", ""), row.en.starts_with(SAME));
        let own = phrase::join(&row.zh, numbers, &mut message.zh);
        phrase::join(&row.en[1..], if is_same { numbers } else { own }, &mut message.en);
        let text = |text: Option<&str>| text.map(str::to_owned);
        let hint = row.hint;
        let flag = Flag {
            flag_id: row.id.map_or_else(Cow::into_owned, |number| hex::encode(number.to_be_bytes())),
            rule: row.rule,
            subject: KINDS[row.kind as usize](std::str::from_utf8(id).expect("what was a text").to_owned()),
            severity: row.severity,
            probability: row.probability,
            tier: row.tier,
            message,
            at: row.at,
            suggestion: hint.map(|(at, radius_m, field, value)| Suggestion {
                at,
                radius_m,
                field: text(field),
                value: text(value),
            }),
        };
        Standing { flag, since: DateTime::from_timestamp_micros(row.since).expect("what was a time") }
    }

    fn bytes(chunk: &FlagChunk) -> usize {
        chunk.texts.len()
            + size_of_val(&*chunk.ids)
            + chunk.odd.iter().map(|odd| 16 + odd.len()).sum::<usize>()
            + chunk.rule.bytes()
            + chunk.severity.bytes()
            + chunk.probability.bytes()
            + chunk.tier.bytes()
            + chunk.has_place.bytes()
            + chunk.places.bytes()
            + chunk.since.bytes()
            + chunk.kind.bytes()
            + chunk.id_len.bytes()
            + size_of_val(&*chunk.ends)
            + chunk.bytes.len()
            + chunk.zh.bytes()
            + chunk.en.bytes()
            + chunk.hint.bytes()
            + size_of_val(&*chunk.hints)
    }
}

#[cfg(test)]
mod tests;
