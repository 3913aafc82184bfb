//! The numbered parts: house numbers, buildings, units, floors, rooms, groups, and their compact forms.

use super::super::parsed::{Doubt, Normalisation};
use super::super::token::{self, Token, Unit};
use super::{Reader, rank};

impl<'a> Reader<'a> {
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

    pub(super) fn number(&mut self, token: Token<'a>) {
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
        } else if tail.chars().next().is_some_and(|c| super::super::number::stem(c).is_some())
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
    pub(super) fn set_number(&mut self, rank: u8, text: String, raw: &str, kind: Normalisation) {
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
