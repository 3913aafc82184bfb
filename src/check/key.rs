//! The key under which an address and the building that carries it are the same.

use crate::domain::Parts;
use crate::domain::address::normalise::normalise;

const UNIT_WORDS: [&str; 6] = ["号楼", "号", "幢", "栋", "座", "楼"];

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

/// The key of the building that an address belongs to: its compound and building, or its road (or village and group)
/// and number; likewise of a building by the address that it carries. None when no building is named.
pub fn address_key(parts: &Parts) -> Option<Box<str>> {
    let key = |a: &str, b: &str, c: &str| Some([a, b, c].map(bare).join("\u{1f}").into_boxed_str());
    let Parts { road, house_number, compound, building, village, group, .. } = parts;
    match (!compound.is_empty(), !building.is_empty(), !house_number.is_empty()) {
        (true, true, _) => key(compound, "", building),
        (_, _, true) if !road.is_empty() => key(road, house_number, building),
        (true, false, true) => key(compound, "", house_number),
        (_, _, true) if !village.is_empty() => key(village, group, house_number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(compound: &str, road: &str, house_number: &str, building: &str) -> Parts {
        Parts {
            compound: compound.into(),
            road: road.into(),
            house_number: house_number.into(),
            building: building.into(),
            ..Parts::default()
        }
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
