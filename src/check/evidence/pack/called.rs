//! What an address or building is called, before names become numbers.

use crate::check::key::{Split, split};
use crate::domain::PartsRef;
use crate::domain::address::{HouseNumber, normalise};
use crate::index::key_of;

/// What an address or building is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Called {
    /// Its street, compound, or village and group; empty for none.
    pub name: String,
    /// Its number there, or 0.
    pub main: u32,
    /// See [`Key::rest`](super::Key).
    pub rest: u64,
    /// Unit, floor and room; 0 for none.
    pub inner: u64,
}

/// A number for a text; 0 for none.
fn number_of(text: &str) -> u64 {
    if text.is_empty() { 0 } else { key_of(text).max(1) }
}

impl Called {
    pub fn of(parts: &PartsRef) -> Called {
        let PartsRef { road, house_number, compound, village, unit, floor, room, .. } = *parts;
        let inner = number_of(&[unit, floor, room].concat());
        let Some(Split { series, group, number, beside }) = split(parts) else {
            let name = [road, compound, village].into_iter().find(|name| !name.is_empty());
            let main = HouseNumber::parse(house_number).map_or(0, |number| number.main);
            let name = name.map_or_else(String::new, |name| normalise(name).into_owned());
            return Called { name, main, rest: 0, inner };
        };
        let name = normalise(series).into_owned() + &normalise(group);
        let Some(HouseNumber { main, branch, prefix }) = HouseNumber::parse(number) else {
            // A building without a number (`A座`, `东楼`) is told by its name alone.
            return Called { name, main: 0, rest: 0, inner };
        };
        let mut rest = String::new();
        if branch > 0 || prefix.is_some() {
            rest = format!("{}{branch}", prefix.map(String::from).unwrap_or_default());
        }
        if !beside.is_empty() {
            rest += "|";
            rest += &HouseNumber::parse(beside).map_or_else(|| beside.to_owned(), |b| b.main.to_string());
        }
        Called { name, main, rest: number_of(&rest), inner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::parse;

    #[test]
    fn what_shares_a_number_and_what_does_not() {
        let called = |text: &str| Called::of(&parse(text).parts.view());
        let plain = called("人民路12号");
        assert_eq!((plain.name.as_str(), plain.main, plain.rest, plain.inner), ("人民路", 12, 0, 0));
        for other in ["人民路12-3号", "人民路甲12号", "人民路12号附5号"] {
            let other = called(other);
            assert!(other.name == plain.name && other.main == 12 && other.rest != 0, "{other:?}");
        }
        let (a, b) = (called("阳光小区3幢1单元501室"), called("阳光小区3幢1单元502室"));
        assert!((&a.name, a.main, a.rest) == (&b.name, b.main, b.rest) && a.inner != b.inner);
    }
}
