//! The key under which an address and the building that carries it are the same.

use crate::domain::PartsRef;
use crate::domain::address::normalise::normalise;
use crate::index::key_of;

const UNIT_WORDS: [&str; 6] = ["号楼", "号", "幢", "栋", "座", "楼"];

/// The parts that tell one building from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split<'a> {
    /// Its compound, road or village.
    pub series: &'a str,
    /// The group within a village; empty otherwise.
    pub group: &'a str,
    /// Its number: of the building in a compound, of the house elsewhere.
    pub number: &'a str,
    /// The building that stands beside a number on a road; empty otherwise.
    pub beside: &'a str,
}

/// Which parts tell the building of an address from others: its compound and building, or its road (or village and
/// group) and number; likewise of the address that a building carries. None when no building is named.
pub fn split<'a>(parts: &PartsRef<'a>) -> Option<Split<'a>> {
    let PartsRef { road, house_number, compound, building, village, group, .. } = *parts;
    let split = |series, group, number, beside| Some(Split { series, group, number, beside });
    match (!compound.is_empty(), !building.is_empty(), !house_number.is_empty()) {
        (true, true, _) => split(compound, "", building, ""),
        (_, _, true) if !road.is_empty() => split(road, "", house_number, building),
        (true, false, true) => split(compound, "", house_number, ""),
        (_, _, true) if !village.is_empty() => split(village, group, house_number, ""),
        _ => None,
    }
}

/// A part without its unit word, normalised, so that `３栋` and `3幢` are one.
fn bare(part: &str) -> String {
    let part = normalise(part.trim()).into_owned();
    for word in UNIT_WORDS {
        if let Some(bare) = part.strip_suffix(word)
            && !bare.is_empty()
        {
            return bare.to_owned();
        }
    }
    part
}

/// The key of the building that an address belongs to, or of a building by the address that it carries; see [`split`].
/// Never 0.
pub fn address_key(parts: &PartsRef) -> Option<u64> {
    let Split { series, group, number, beside } = split(parts)?;
    Some(key_of(&[series, group, number, beside].map(bare)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(compound: &'a str, road: &'a str, house_number: &'a str, building: &'a str) -> PartsRef<'a> {
        PartsRef { compound, road, house_number, building, ..PartsRef::default() }
    }

    #[test]
    fn spellings_of_one_building_share_a_key() {
        for (a, b) in [
            (parts("城东花园", "", "", "3幢"), parts("城东花园", "", "", "３栋")),
            (parts("城东花园", "", "", "3幢"), parts("城东花园", "人民路", "12号", "3号楼")),
            (parts("", "人民路", "12号", ""), parts("", "人民路", "12", "")),
        ] {
            assert_eq!(address_key(&a), address_key(&b));
            assert!(address_key(&a).is_some());
        }
        assert_ne!(address_key(&parts("", "人民路", "12号", "")), address_key(&parts("", "人民路", "12-1号", "")));
        assert_eq!(address_key(&parts("", "人民路", "", "")), None);
    }
}
