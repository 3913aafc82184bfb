//! Reads the parts of an address from free Chinese text, in one pass and without regular expressions.

mod number;

use super::class;
use super::normalise::normalise;
pub use super::parsed::{Doubt, Normalisation, Normalised, Parsed, Template};
use super::token::{self, Token, Unit};
use super::word::{self, Kind, Word};
use super::{Parts, admin};

/// Reads an address. Never fails: what can't be read is in `rest`, what may be wrong in `doubtful`.
pub fn parse(text: &str) -> Parsed {
    let folded = normalise(text);
    let mut reader = Reader { text: &folded, at: 0, start: 0, rank: 0, found: Parsed::default() };
    if folded != text {
        reader.note(Normalisation::Character, text, &folded);
    }
    let foreign = class::any_of(&folded) & class::FOREIGN != 0 && (folded.contains("丁目") || folded.contains("番地"));
    if foreign || folded.is_ascii() {
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
            let class = class::of(c);
            if class & (class::NUMBER | class::WORD | class::SIGN) == 0 {
                self.at += c.len_utf8();
            } else if c == '(' {
                self.parenthesis();
            } else if c == '-' && self.pending().is_empty() && !self.basement_follows() {
                self.advance(1);
            } else if let Some(token) = self.number_at(class) {
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

    /// The number at hand, if it is one of the address.
    fn number_at(&self, class: u8) -> Option<Token<'a>> {
        (class & class::NUMBER != 0).then(|| token::at(self.tail()))?.filter(|token| self.takes(token))
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
mod tests;
