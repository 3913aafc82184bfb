//! Reads the parts of an address from free Chinese text, in one pass and without regular expressions.

use super::normalise::normalise;
use super::token::{self, Token, Unit};
use super::word::{self, Kind, Word};
use super::{Parts, admin};
use crate::error::Text;
use serde::Serialize;

/// The trade's two forms of a standardized address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Village, grid, group, number.
    Village,
    /// Compound or road, building, unit, room.
    Building,
}

/// How a piece of text came to its standard form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// Full-width characters, spaces, dashes.
    Character,
    /// Chinese numerals, leading zeros, small letters.
    Numeral,
    /// Another unit word (栋, 号楼 for 幢).
    UnitWord,
    /// A unit word that was left out (`3-2-501`).
    UnitAdded,
    /// A short name in full (浙江 for 浙江省).
    Name,
}

/// One thing that was brought to the standard form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Normalised {
    /// How.
    pub kind: Normalisation,
    /// As it was written.
    pub from: String,
    /// As it is written now.
    pub to: String,
}

/// Something that another reader might read in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Text that belongs to no part.
    Unread(String),
    /// A name without a unit word, taken for a road or a settlement.
    NoUnitWord(String),
    /// A number without a unit word whose part was guessed.
    Guessed(String),
    /// A second road, number or building where one is expected.
    Twice(String),
    /// The parts are not in order, coarse to fine.
    Disordered(String),
    /// Not the form of a Chinese address.
    Foreign,
}

impl Doubt {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Doubt::Unread(_) => "unread",
            Doubt::NoUnitWord(_) => "no_unit_word",
            Doubt::Guessed(_) => "guessed",
            Doubt::Twice(_) => "twice",
            Doubt::Disordered(_) => "disordered",
            Doubt::Foreign => "foreign",
        }
    }

    /// The doubt in words.
    pub fn text(&self) -> Text {
        let quoted = |zh: &str, en: &str, what: &str| Text::new(format!("“{what}”{zh}"), format!("\"{what}\" {en}"));
        match self {
            Doubt::Unread(what) => quoted("不属于任何地址要素", "belongs to no part of an address", what),
            Doubt::NoUnitWord(what) => {
                quoted("没有通名，按所处位置判断", "has no unit word; read by where it stands", what)
            }
            Doubt::Guessed(what) => quoted("没有单位词，其要素为推断", "has no unit word; its part is a guess", what),
            Doubt::Twice(what) => quoted("重复出现同类要素", "repeats a part that is there already", what),
            Doubt::Disordered(what) => {
                quoted("的位置不合从大到小的顺序", "is out of the order from coarse to fine", what)
            }
            Doubt::Foreign => {
                Text::new("不是中国地址的格式，未作解析", "not the form of a Chinese address; left unread")
            }
        }
    }
}

/// What was read from a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// The parts, in their standard form.
    pub parts: Parts,
    /// Which form of address it is, where that shows.
    pub template: Option<Template>,
    /// What was brought to the standard form.
    pub normalised: Vec<Normalised>,
    /// What is doubtful.
    pub doubtful: Vec<Doubt>,
    /// Text that belongs to no part.
    pub rest: String,
}

/// Reads an address. Never fails: what can't be read is in `rest`, what may be wrong in `doubtful`.
pub fn parse(text: &str) -> Parsed {
    let folded = normalise(text);
    let mut reader = Reader { text: &folded, at: 0, start: 0, rank: 0, found: Parsed::default() };
    if folded != text {
        reader.note(Normalisation::Character, text, &folded);
    }
    if folded.contains("丁目") || folded.contains("番地") || folded.is_ascii() {
        if !folded.is_empty() {
            reader.found.doubtful.push(Doubt::Foreign);
            reader.found.rest = folded.clone().into_owned();
        }
        return reader.found;
    }
    reader.administration();
    reader.scan();
    reader.found.template = template(&reader.found.parts);
    reader.found
}

/// Which form the parts have.
pub fn template(parts: &Parts) -> Option<Template> {
    let building = !parts.road.is_empty() || !parts.building.is_empty() || !parts.unit.is_empty();
    let village = !parts.village.is_empty() && (!parts.group.is_empty() || !parts.house_number.is_empty());
    if !building && (village || !parts.group.is_empty()) {
        Some(Template::Village)
    } else {
        (building || !parts.compound.is_empty()).then_some(Template::Building)
    }
}

/// Ranks of the parts, coarse to fine: the order that `Doubt::Disordered` is about.
mod rank {
    pub const TOWN: u8 = 3;
    pub const VILLAGE: u8 = 4;
    pub const GRID: u8 = 5;
    pub const GROUP: u8 = 6;
    pub const ROAD: u8 = 7;
    pub const HOUSE: u8 = 8;
    pub const BUILDING: u8 = 9;
    pub const UNIT: u8 = 10;
    pub const FLOOR: u8 = 11;
    pub const ROOM: u8 = 12;
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    start: usize,
    rank: u8,
    found: Parsed,
}

impl<'a> Reader<'a> {
    fn note(&mut self, kind: Normalisation, from: &str, to: &str) {
        self.found.normalised.push(Normalised { kind, from: from.to_owned(), to: to.to_owned() });
    }

    fn tail(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn pending(&self) -> &'a str {
        &self.text[self.start..self.at]
    }

    fn advance(&mut self, len: usize) {
        self.at += len;
        self.start = self.at;
    }

    fn keep_rest(&mut self, text: &str) {
        if !text.is_empty() {
            self.found.doubtful.push(Doubt::Unread(text.to_owned()));
            self.found.rest.push_str(text);
        }
    }

    /// Moves on to `rank`, and doubts the order if a finer part was there before.
    fn reach(&mut self, rank: u8, text: &str) {
        if self.rank > rank {
            self.found.doubtful.push(Doubt::Disordered(text.to_owned()));
        }
        self.rank = self.rank.max(rank);
    }

    fn administration(&mut self) {
        if let Some(province) = admin::province(self.tail()) {
            self.found.parts.province = province.name.into();
            if province.short {
                self.note(Normalisation::Name, &self.tail()[..province.len], province.name);
            }
            self.advance(province.len);
            // 上海市上海市 is said for the municipality and its own city level.
            while self.tail().starts_with(province.name) && province.name.ends_with('市') {
                self.advance(province.len);
            }
            if self.tail().starts_with("市辖区") {
                self.advance(9);
            }
        }
        let below = self.at > 0;
        if let Some(city) = admin::city(self.tail(), below) {
            self.found.parts.city = city.name.into();
            if city.short {
                self.note(Normalisation::Name, &self.tail()[..city.len], city.name);
            }
            self.advance(city.len);
            if self.tail().starts_with("市辖区") {
                self.advance(9);
            }
        }
        if let Some(county) = admin::county(self.tail(), self.at > 0) {
            self.found.parts.county = county.name.into();
            self.advance(county.len);
        }
    }

    fn scan(&mut self) {
        while let Some(c) = self.tail().chars().next() {
            if c == '(' {
                self.parenthesis();
            } else if c == '-' && self.pending().is_empty() && !self.basement_follows() {
                self.advance(1);
            } else if let Some(token) = token::at(self.tail()).filter(|t| self.takes(t)) {
                self.number(token);
            } else if let Some(word) = self.word() {
                self.name(word);
            } else {
                self.at += c.len_utf8();
            }
        }
        let pending = self.pending();
        if pending == "地下室" && self.rank >= rank::ROAD {
            self.set_number(rank::FLOOR, "-1层".into(), pending, Normalisation::UnitWord);
        } else {
            self.keep_rest(pending);
        }
    }

    fn basement_follows(&self) -> bool {
        token::at(self.tail()).is_some_and(|t| t.below)
    }

    /// Text in parentheses is a remark.
    fn parenthesis(&mut self) {
        let pending = self.pending();
        if !pending.is_empty() {
            self.keep_rest(pending);
        }
        let len = self.tail().find(')').map_or(self.tail().len(), |end| end + 1);
        let remark = &self.tail()[..len];
        self.keep_rest(remark);
        self.advance(len);
    }

    /// Whether the number at hand is a number of the address, and not a part of a name.
    fn takes(&self, token: &Token) -> bool {
        let parts = &self.found.parts;
        let compound = !parts.compound.is_empty() || !parts.building.is_empty();
        let ascii = token.body.is_ascii();
        let digit = token.body.starts_with(|c: char| c.is_ascii_digit());
        let after = &self.tail()[token.len..];
        match token.unit {
            Unit::Name => false,
            Unit::Bare if !ascii => false,
            Unit::Bare => {
                let ends = after.is_empty() || after.starts_with(['(', '-']);
                if !self.pending().is_empty() {
                    return digit && (token.body.contains('-') || (ends && self.rank >= rank::ROAD));
                }
                (compound && (digit || ends))
                    || (digit && (self.rank >= rank::HOUSE || !parts.road.is_empty() || ends && self.rank > 0))
            }
            Unit::Hash => compound || self.rank >= rank::VILLAGE || !self.pending().is_empty(),
            Unit::Gate => digit && compound,
            Unit::Team | Unit::Group => {
                (self.rank <= rank::GROUP || parts.house_number.is_empty() && parts.compound.ends_with('村'))
                    && (!parts.village.is_empty() || !self.pending().is_empty() || !parts.town.is_empty() || compound)
            }
            Unit::Household | Unit::Row => compound || self.rank >= rank::VILLAGE,
            Unit::House if !ascii => !after.starts_with(['馆', '公', '地', '港']),
            Unit::Tower | Unit::Room | Unit::Storey if !ascii => {
                self.rank >= rank::VILLAGE || !self.pending().is_empty()
            }
            _ => true,
        }
    }

    /// The unit word at hand, if the pending name ends with it.
    fn word(&self) -> Option<Word> {
        let name = self.pending();
        if name.is_empty() {
            return None;
        }
        let word = word::at(self.tail())?;
        let after = &self.tail()[word.len..];
        let parts = &self.found.parts;
        let single = name.chars().nth(1).is_none();
        if self.tail().starts_with('段') {
            // 天府大道中段 is a part of the road.
            let own = single && !parts.road.is_empty() && parts.house_number.is_empty();
            return (own || parts.road.is_empty() && name.contains(['路', '街', '道'])).then_some(word);
        }
        let next = token::at(after).map(|t| t.unit);
        let number = next.is_some_and(|unit| {
            unit != Unit::Name && (unit != Unit::Bare || after.starts_with(|c: char| c.is_ascii_digit()))
        });
        if word.weak {
            let fits = match word.kind {
                Kind::Zone => !parts.compound.is_empty() && parts.building.is_empty() && number,
                Kind::Hamlet => {
                    matches!(next, Some(Unit::House | Unit::Group | Unit::Team)) || number && next == Some(Unit::Bare)
                }
                Kind::Compound => number || after.is_empty(),
                _ => number,
            };
            if !fits {
                return None;
            }
        }
        match word.kind {
            Kind::Village if name.ends_with("城中") && self.tail().starts_with('村') => return None,
            Kind::Town if self.rank >= rank::TOWN && !self.tail().starts_with("街道") => return None,
            Kind::Town if !parts.town.is_empty() => return None,
            Kind::Town if self.tail().starts_with('乡') && name.ends_with(['水', '故', '老', '城', '同', '侨']) =>
            {
                return None;
            }
            Kind::Village if self.rank > rank::GROUP && self.tail().starts_with('村') => {
                let compound = matches!(next, Some(Unit::Building | Unit::Entrance | Unit::Hash | Unit::Storey));
                return compound.then_some(Word { kind: Kind::Compound, ..word });
            }
            _ => {}
        }
        if word.kind != Kind::Zone && extends(word, after, single) { None } else { Some(word) }
    }

    fn name(&mut self, word: Word) {
        let whole = &self.text[self.start..self.at + word.len];
        let text = match word.standard {
            Some(standard) => {
                // 上陈村村委会 is the committee of 上陈村.
                let name = self.pending();
                let name =
                    name.strip_suffix('村').filter(|short| standard == "村" && !short.is_empty()).unwrap_or(name);
                let text = format!("{name}{standard}");
                self.note(Normalisation::UnitWord, whole, &text);
                std::borrow::Cow::Owned(text)
            }
            None => std::borrow::Cow::Borrowed(whole),
        };
        self.advance(word.len);
        let next = token::at(self.tail()).map(|t| t.unit);
        let building_next = matches!(next, Some(Unit::Building | Unit::Entrance | Unit::Tower | Unit::Hash));
        match word.kind {
            Kind::Town => {
                self.reach(rank::TOWN, &text);
                self.found.parts.town = text.into();
            }
            Kind::Village if self.found.parts.village.is_empty() => {
                self.reach(rank::VILLAGE, &text);
                self.found.parts.village = text.into();
            }
            Kind::Hamlet if self.found.parts.village.is_empty() && word.weak => {
                self.reach(rank::VILLAGE, &text);
                self.found.parts.village = text.into();
            }
            Kind::Village | Kind::Hamlet => self.compound(&text),
            Kind::Grid => {
                self.reach(rank::GRID, &text);
                self.add_grid(&text);
            }
            Kind::Lane if word.weak && building_next => self.compound(&text),
            Kind::Lane if !self.found.parts.road.is_empty() && self.found.parts.house_number.is_empty() => {
                self.found.parts.road = format!("{}{text}", self.found.parts.road).into();
            }
            Kind::Road | Kind::Lane => self.road(&text),
            Kind::Compound | Kind::Zone => self.compound(&text),
        }
    }

    fn road(&mut self, text: &str) {
        let parts = &mut self.found.parts;
        if !parts.road.is_empty() && text.starts_with(['与', '和', '近', '临', '靠']) {
            return self.keep_rest(text);
        }
        if !parts.road.is_empty() {
            self.found.doubtful.push(Doubt::Twice(text.to_owned()));
            if parts.house_number.is_empty() && parts.compound.is_empty() {
                let before = std::mem::replace(&mut parts.road, text.into());
                self.found.rest.push_str(&before);
            } else {
                self.found.rest.push_str(text);
            }
            return;
        }
        parts.road = text.into();
        self.reach(rank::ROAD, text);
    }

    fn compound(&mut self, text: &str) {
        if !self.found.parts.building.is_empty() {
            if !self.found.parts.compound.is_empty() || !self.found.parts.road.is_empty() {
                return self.keep_rest(text);
            }
            self.reach(rank::ROAD, text);
        }
        let compound = &mut self.found.parts.compound;
        *compound = if compound.is_empty() { text.into() } else { format!("{compound}{text}").into() };
        self.rank = self.rank.max(rank::ROAD);
    }

    fn add_grid(&mut self, text: &str) {
        let grid = &mut self.found.parts.grid;
        *grid = if grid.is_empty() { text.into() } else { format!("{grid}{text}").into() };
    }

    /// What a name without a unit word is, that stands before a number.
    fn settle(&mut self, unit: Unit) {
        let name = self.pending();
        if name.is_empty() {
            return;
        }
        self.start = self.at;
        let parts = &self.found.parts;
        match unit {
            Unit::Group | Unit::Team | Unit::Grid | Unit::Microgrid if parts.village.is_empty() => {
                self.found.doubtful.push(Doubt::NoUnitWord(name.to_owned()));
                self.reach(rank::VILLAGE, name);
                self.found.parts.village = name.into();
            }
            Unit::House | Unit::Yard
                if parts.village.is_empty() && parts.road.is_empty() && parts.compound.is_empty() =>
            {
                self.found.doubtful.push(Doubt::NoUnitWord(name.to_owned()));
                self.road(name);
            }
            _ => self.compound(name),
        }
    }

    fn number(&mut self, token: Token<'a>) {
        self.settle(token.unit);
        let raw = &self.text[self.at..self.at + token.len];
        let tail = &self.text[self.at + token.len..];
        self.advance(token.len);
        match token.unit {
            Unit::House => self.house(&token, raw),
            Unit::Bare if tail.strip_prefix('之').and_then(token::at).is_some_and(|t| t.unit == Unit::House) => {
                self.house(&token, raw);
            }
            Unit::Yard => self.put(rank::HOUSE, &token, "号院", raw),
            Unit::Building => self.building(&token, "幢", raw),
            Unit::Tower => self.building(&token, "座", raw),
            Unit::Row => self.building(&token, "排", raw),
            Unit::Entrance | Unit::Gate => self.entrance(&token, raw),
            Unit::Storey if self.is_building(tail) => self.building(&token, "幢", raw),
            Unit::Floor | Unit::Storey => self.put(rank::FLOOR, &token, "层", raw),
            Unit::Room | Unit::Bare => self.room(&token, raw),
            Unit::Household => self.put(rank::ROOM, &token, "户", raw),
            Unit::Shop => self.put(rank::ROOM, &token, "号铺", raw),
            Unit::Group => self.group(&token, "组", raw),
            Unit::Team => self.group(&token, "队", raw),
            Unit::Grid | Unit::Microgrid => {
                let word = if token.unit == Unit::Grid { "网格" } else { "微网格" };
                let text = format!("第{}{word}", token.digits());
                if text != raw {
                    self.note(Normalisation::Numeral, raw, &text);
                }
                self.reach(rank::GRID, &text);
                self.add_grid(&text);
            }
            Unit::Hash if self.found.parts.compound.is_empty() && self.found.parts.house_number.is_empty() => {
                self.house(&token, raw)
            }
            Unit::Hash => self.building(&token, "幢", raw),
            Unit::Name => {}
        }
    }

    /// Whether `N楼` is a building: after a compound, and before a unit.
    fn is_building(&self, tail: &str) -> bool {
        let next = token::at(tail).map(|t| t.unit);
        let parts = &self.found.parts;
        parts.building.is_empty()
            && (matches!(next, Some(Unit::Entrance)) || matches!(next, Some(Unit::Gate)) && !parts.compound.is_empty())
    }

    fn group(&mut self, token: &Token, word: &str, raw: &str) {
        // X新村3组: then it is a village.
        if self.found.parts.village.is_empty() && self.found.parts.compound.ends_with('村') {
            self.found.parts.village = std::mem::take(&mut self.found.parts.compound);
            self.rank = rank::VILLAGE;
        }
        self.put(rank::GROUP, token, word, raw);
    }

    fn building(&mut self, token: &Token, word: &str, raw: &str) {
        self.put(rank::BUILDING, token, word, raw);
    }

    fn entrance(&mut self, token: &Token, raw: &str) {
        let parts = &self.found.parts;
        if parts.building.is_empty()
            && !parts.compound.is_empty()
            && let Some((building, unit)) = token.body.split_once('-')
        {
            self.set_number(rank::BUILDING, format!("{building}幢"), raw, Normalisation::UnitAdded);
            return self.set_number(rank::UNIT, format!("{unit}单元"), raw, Normalisation::UnitWord);
        }
        self.put(rank::UNIT, token, "单元", raw);
    }

    /// `N号` with its branch.
    fn house(&mut self, token: &Token, raw: &'a str) {
        let from = self.at - raw.len();
        let mut text = format!("{}号", token.digits());
        let tail = self.tail();
        if let Some(annex) =
            tail.strip_prefix('附').and_then(token::at).filter(|t| matches!(t.unit, Unit::House | Unit::Bare))
        {
            text = format!("{text}附{}号", annex.digits());
            self.advance(3 + annex.len);
        } else if let Some(branch) =
            tail.strip_prefix(['之', '-']).and_then(|t| token::at(t).filter(|b| self.is_branch(b, t)))
        {
            let sign = tail.chars().next().map_or(0, char::len_utf8);
            text = format!("{}-{}号", token.digits(), branch.digits());
            self.advance(sign + branch.len);
        } else if tail.chars().next().is_some_and(|c| super::number::stem(c).is_some())
            && tail.chars().nth(1).is_none_or(|c| matches!(c, '号' | '('))
        {
            text.push_str(&tail[..3]);
            self.advance(3);
            if self.tail().starts_with('号') {
                self.advance(3);
            }
        }
        let raw = &self.text[from..self.at];
        let parts = &self.found.parts;
        let free = parts.house_number.is_empty() && (parts.compound.is_empty() || parts.road.is_empty());
        let rank = if free { rank::HOUSE } else { rank::BUILDING };
        self.set_number(rank, text, raw, Normalisation::Numeral);
    }

    /// Whether a number after `12号-` or `12号之` is its branch, and not a building, unit or room.
    fn is_branch(&self, token: &Token, text: &str) -> bool {
        let after = &text[token.len..];
        matches!(token.unit, Unit::House | Unit::Bare)
            && !token.body.contains('-')
            && token.body.len() <= 3
            && (token.body.len() < 3 || token.unit == Unit::House)
            && !after.starts_with('-')
    }

    /// A room, or a compact form: `3-2-501` is building, unit and room.
    fn room(&mut self, token: &Token, raw: &str) {
        let parts = &self.found.parts;
        let (has_building, has_unit) = (!parts.building.is_empty(), !parts.unit.is_empty());
        let kind = if token.unit == Unit::Bare { Normalisation::UnitAdded } else { Normalisation::UnitWord };
        let body = token.digits().replace(['/', '.'], "-");
        let pieces: Vec<&str> = body.split('-').collect();
        let loose = parts.house_number.is_empty() && parts.compound.is_empty() && !has_building;
        if loose && token.unit == Unit::Bare {
            if parts.road.is_empty() {
                self.found.doubtful.push(Doubt::Guessed(raw.to_owned()));
            }
            return self.set_number(rank::HOUSE, format!("{}号", body.trim_start_matches('0')), raw, kind);
        }
        if loose || has_unit || pieces.len() > 3 || pieces.len() == 1 {
            if token.unit == Unit::Bare && pieces.len() == 1 && !has_building && parts.house_number.is_empty() {
                // 阳光小区3: a building rather than a room.
                self.found.doubtful.push(Doubt::Guessed(raw.to_owned()));
                return if body.len() <= 2 || body.starts_with(|c: char| c.is_ascii_alphabetic()) {
                    self.set_number(rank::BUILDING, format!("{}幢", body.trim_start_matches('0')), raw, kind)
                } else {
                    self.set_number(rank::ROOM, format!("{body}室"), raw, kind)
                };
            }
            return self.set_number(rank::ROOM, format!("{body}室"), raw, kind);
        }
        let room = pieces[pieces.len() - 1];
        let before = &pieces[..pieces.len() - 1];
        let house_door = !parts.house_number.is_empty() && parts.compound.is_empty();
        match (before, has_building) {
            ([building, unit], false) => {
                self.set_number(rank::BUILDING, format!("{building}幢"), raw, kind);
                self.set_number(rank::UNIT, format!("{unit}单元"), raw, kind);
            }
            ([unit], true) => self.set_number(rank::UNIT, format!("{unit}单元"), raw, kind),
            ([unit], false) if house_door => {
                self.found.doubtful.push(Doubt::Guessed(raw.to_owned()));
                self.set_number(rank::UNIT, format!("{unit}单元"), raw, kind);
            }
            ([building], false) => self.set_number(rank::BUILDING, format!("{building}幢"), raw, kind),
            _ => return self.set_number(rank::ROOM, format!("{body}室"), raw, kind),
        }
        self.set_number(rank::ROOM, format!("{room}室"), raw, kind);
    }

    fn put(&mut self, rank: u8, token: &Token, word: &str, raw: &str) {
        let below = if token.below { "-" } else { "" };
        let digits = token.digits();
        let kind = if digits == token.body { Normalisation::UnitWord } else { Normalisation::Numeral };
        self.set_number(rank, format!("{below}{digits}{word}"), raw, kind);
    }

    /// Puts a numbered part in its place and notes how it was brought to the standard form.
    fn set_number(&mut self, rank: u8, text: String, raw: &str, kind: Normalisation) {
        self.reach(rank, raw);
        if text != raw {
            self.note(kind, raw, &text);
        }
        let parts = &mut self.found.parts;
        let part = match rank {
            rank::GROUP => &mut parts.group,
            rank::HOUSE => &mut parts.house_number,
            rank::BUILDING => &mut parts.building,
            rank::UNIT => &mut parts.unit,
            rank::FLOOR => &mut parts.floor,
            _ => &mut parts.room,
        };
        if part.is_empty() {
            *part = text.into();
        } else {
            self.found.doubtful.push(Doubt::Twice(raw.to_owned()));
            self.found.rest.push_str(raw);
        }
    }
}

/// Whether a unit word is only a part of a longer name, that goes on in `after`: 新村 in 新村路, 街 in 大街口村.
fn extends(word: Word, after: &str, single: bool) -> bool {
    use Kind::*;
    if let Some(next) = word::at(after) {
        let follow = &after[next.len..];
        let believed = !next.weak
            || (next.kind == Compound
                && (follow.is_empty() || token::at(follow).is_some_and(|t| t.unit != Unit::Name)));
        let longer = match (word.kind, next.kind) {
            // 古镇路, but not 白云街道路北村.
            (Town, Road | Lane) => word.len == 3 && !extends(next, follow, true),
            (Town, Town | Village) => true,
            (Village, Road | Lane | Town | Village) => true,
            (Village, Compound) => word.len == 3 && !extends(next, follow, true),
            (Road | Lane | Compound, Zone | Grid | Hamlet) => false,
            (Road | Lane | Compound, _) => true,
            _ => false,
        };
        if believed && longer {
            return true;
        }
    }
    let Some(skip) = word::positional(after) else {
        // 新村一巷 is a lane, 花园二弄 too.
        return word.kind == Compound && lane_follows(after);
    };
    let Some(next) = word::at(&after[skip..]).filter(|next| !next.weak) else { return false };
    match (word.kind, next.kind) {
        (Town | Village, Road | Lane) => single,
        (Road | Lane, Road | Lane | Village | Town) => true,
        (Compound, Road | Lane | Village) => true,
        _ => false,
    }
}

fn lane_follows(after: &str) -> bool {
    let numerals = after.find(|c| !super::numeral::is_numeral(c)).unwrap_or(after.len());
    numerals > 0 && word::at(&after[numerals..]).is_some_and(|w| w.kind == Kind::Lane && !w.weak)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::print;
    use proptest::prelude::*;

    /// Parts as the table writes them: `road=人民路 house_number=12号`.
    fn told(parts: &Parts) -> String {
        let fields = [
            ("province", &parts.province),
            ("city", &parts.city),
            ("county", &parts.county),
            ("town", &parts.town),
            ("village", &parts.village),
            ("grid", &parts.grid),
            ("group", &parts.group),
            ("road", &parts.road),
            ("house_number", &parts.house_number),
            ("compound", &parts.compound),
            ("building", &parts.building),
            ("unit", &parts.unit),
            ("floor", &parts.floor),
            ("room", &parts.room),
        ];
        let named = fields.iter().filter(|(_, part)| !part.is_empty());
        named.map(|(name, part)| format!("{name}={part}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn reads_the_table_of_addresses() {
        let table = include_str!("case.tsv");
        let (mut cases, mut wrong) = (0, Vec::new());
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            let [text, parts, rest, doubts] = fields[..] else { panic!("four fields: {line}") };
            let parsed = parse(text);
            let codes: Vec<&str> = parsed.doubtful.iter().map(Doubt::code).collect();
            if (told(&parsed.parts).as_str(), parsed.rest.as_str(), codes.join(" ").as_str()) != (parts, rest, doubts) {
                wrong.push(format!(
                    "{text}\n  {parts} | {rest} | {doubts}\n  {} | {} | {}",
                    told(&parsed.parts),
                    parsed.rest,
                    codes.join(" ")
                ));
            }
            cases += 1;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(cases >= 150, "{cases}");
    }

    #[test]
    fn what_the_table_reads_is_printed_and_read_again() {
        for line in include_str!("case.tsv").lines().filter(|line| !line.starts_with('#')) {
            let parsed = parse(line.split('\t').next().unwrap_or_default());
            if parsed.doubtful.is_empty() {
                let text = print(&parsed.parts);
                let again = parse(&text);
                assert_eq!(again.parts, parsed.parts, "{text}");
                assert!(
                    again.normalised.iter().all(|n| n.kind == Normalisation::Name),
                    "{text}: {:?}",
                    again.normalised
                );
            }
        }
    }

    #[test]
    fn notes_what_it_normalised() {
        let parsed = parse("阳光小区３栋二单元501");
        let notes: Vec<_> = parsed.normalised.iter().map(|n| (n.kind, n.from.as_str(), n.to.as_str())).collect();
        assert_eq!(
            notes,
            [
                (Normalisation::Character, "阳光小区３栋二单元501", "阳光小区3栋二单元501"),
                (Normalisation::UnitWord, "3栋", "3幢"),
                (Normalisation::Numeral, "二单元", "2单元"),
                (Normalisation::UnitAdded, "501", "501室"),
            ]
        );
        assert_eq!(parsed.template, Some(Template::Building));
        assert_eq!(parse("碧湖镇上陈村3组12号").template, Some(Template::Village));
    }

    fn one_of(words: &[&'static str]) -> impl Strategy<Value = Box<str>> + use<> {
        prop::sample::select(words.to_vec()).prop_map(Box::from)
    }

    fn coarse() -> impl Strategy<Value = Parts> {
        let village = one_of(&["", "灯塔社区", "上陈村", "下圩村", "丽阳社区", "路北村"]);
        let town = one_of(&["", "白云街道", "碧湖镇", "太平乡", "解放街道", "老竹畲族镇"]);
        (one_of(&["浙江省", ""]), one_of(&["丽水市", ""]), one_of(&["莲都区", "云和县"]), town, village).prop_map(
            |(province, city, county, town, village)| Parts {
                province,
                city,
                county,
                town,
                village,
                ..Parts::default()
            },
        )
    }

    fn building_form() -> impl Strategy<Value = Parts> {
        let road = one_of(&[
            "",
            "人民路",
            "解放街",
            "新村路",
            "城东路",
            "中山东路",
            "水东南路",
            "花园路",
            "环城北路3支弄",
            "330国道",
        ]);
        let compound = one_of(&["", "阳光小区", "花园新村", "锦绣江城", "世纪大厦", "水乡花园", "曹杨新村"]);
        let number = one_of(&["", "1号", "12号", "12-3号", "12号附5号", "甲12号", "128号"]);
        let building = one_of(&["", "3幢", "12幢", "A座"]);
        let fine = (one_of(&["", "2单元"]), one_of(&["", "5层", "-1层"]), one_of(&["", "501室", "0301室"]));
        (coarse(), road, compound, number, building, fine).prop_filter_map(
            "hangs together",
            |(parts, road, compound, house_number, building, (unit, floor, room))| {
                let placed = !compound.is_empty() || (!road.is_empty() && !house_number.is_empty());
                let held = !building.is_empty() || (compound.is_empty() && !house_number.is_empty());
                let fine = !unit.is_empty() || !floor.is_empty() || !room.is_empty();
                // A compound on a road without a number takes a number for a building.
                let clear = road.is_empty() || compound.is_empty() || !house_number.is_empty();
                (placed
                    && clear
                    && (held || !fine)
                    && (compound.is_empty() || house_number.is_empty() || !road.is_empty()))
                .then_some(Parts { road, compound, house_number, building, unit, floor, room, ..parts })
            },
        )
    }

    fn village_form() -> impl Strategy<Value = Parts> {
        let grid = one_of(&["", "第3网格", "第12网格"]);
        let group = one_of(&["", "3组", "12组", "2队"]);
        let number = one_of(&["1号", "12号", "12-3号", "128号"]);
        let fine = (one_of(&["", "2幢"]), one_of(&["", "3层"]), one_of(&["", "301室"]));
        (coarse(), grid, group, number, fine).prop_filter_map(
            "has a village",
            |(parts, grid, group, house_number, (building, floor, room))| {
                (!parts.village.is_empty()).then_some(Parts {
                    grid,
                    group,
                    house_number,
                    building,
                    floor,
                    room,
                    ..parts
                })
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn reads_what_it_prints(parts in prop_oneof![building_form(), village_form()]) {
            let text = print(&parts);
            let parsed = parse(&text);
            prop_assert_eq!(&parsed.parts, &parts, "{}", text);
            prop_assert!(parsed.rest.is_empty() && parsed.doubtful.is_empty(), "{}: {:?}", text, parsed);
            prop_assert!(parsed.normalised.is_empty(), "{}: {:?}", text, parsed.normalised);
        }

        #[test]
        fn no_text_breaks_it(text in "[省市区县街道镇乡村社号幢栋楼单元层室组队网格路弄巷里附之甲第地下负#０-９0-9a-cＢ一二十百（）() 　~-]{0,30}|\\PC{0,40}") {
            let parsed = parse(&text);
            let _ = print(&parsed.parts);
            let _ = crate::domain::address::personal::mask(&text);
        }
    }
}
