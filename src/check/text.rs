//! What the rules about texts share.

use super::context::Context;
use crate::domain::address::normalise::{is_normal, normalise};
use crate::domain::address::personal::mask;
use crate::domain::address::{Address, AddressChunk, Doubt, Parsed, parse, print};
use crate::domain::{AddressRef, GridLevel, Packed, PartsRef};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

/// A piece of an address as messages quote it: nothing personal, and not too long.
pub fn quote(text: &str) -> String {
    let masked = mask(text);
    match masked.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &masked[..at]),
        None => masked,
    }
}

/// The standard text, where everything was read and nothing had to be guessed.
pub fn standard(parsed: &Parsed) -> Option<String> {
    let sure = parsed.doubtful.iter().all(|doubt| matches!(doubt, Doubt::Disordered(_)));
    (sure && parsed.rest.is_empty()).then(|| print(&parsed.parts))
}

/// Whether an address has the form of a Chinese one, so that rules about its parts can judge it: Han characters, and
/// not another country's way of numbering.
pub fn is_chinese(context: &Context, i: usize) -> bool {
    let han = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let address = context.address(i);
    let text = address.full_text();
    if !text.is_empty() {
        return han(&text) && !context.parsed(i).doubtful.contains(&Doubt::Foreign);
    }
    let PartsRef { road, compound, village, .. } = address.parts();
    [road, compound, village].iter().any(|part| han(part) && !part.contains("丁目"))
}

/// Whether a compound is one building, or a place with one door, so that it needs no building of its own.
pub fn is_single_building(compound: &str) -> bool {
    const ENDS: [&str; 28] = [
        "大厦",
        "大楼",
        "商厦",
        "广场",
        "中心",
        "大酒店",
        "酒店",
        "宾馆",
        "市场",
        "商场",
        "商城",
        "学院",
        "学校",
        "大学",
        "小学",
        "中学",
        "幼儿园",
        "医院",
        "综合楼",
        "办公楼",
        "教学楼",
        "写字楼",
        "宿舍楼",
        "福利院",
        "敬老院",
        "养老院",
        "厂",
        "楼",
    ];
    ENDS.iter().any(|end| compound.ends_with(end))
}

/// The name of a town or village without its unit word, so that 灯塔村 and 灯塔社区 are one.
pub fn unit_key(name: &str) -> String {
    let name = normalise(name);
    let mut name = &*name;
    for word in ["居委会", "村委会", "社区", "街道", "村", "镇", "乡"] {
        if let Some(short) = name.strip_suffix(word).filter(|short| short.chars().nth(1).is_some()) {
            name = short;
            break;
        }
    }
    name.to_owned()
}

/// Rows of the addresses that may name a town or village with one of some keys: see [`unit_key`].
pub fn naming_units(addresses: &Packed<Address>, keys: &BTreeSet<String>) -> Vec<u32> {
    if keys.is_empty() {
        return Vec::new();
    }
    let names = |text: &str| keys.iter().any(|key| text.contains(key.as_str()));
    // What is read from a text lies in its normal form in one piece.
    let may_hold = |chunk: &AddressChunk| !is_normal(chunk.texts()) || names(chunk.texts());
    let is_meant = |address: AddressRef| {
        let PartsRef { town, village, .. } = address.parts();
        [town, village, &address.full_text()].iter().any(|text| names(&normalise(text)))
    };
    addresses.rows_where(may_hold, is_meant)
}

/// What makes an address the same as another: its parts in the standard form, the village only where no road and no
/// compound says more. None where it is not fine enough to be compared.
pub fn same_key(parts: &PartsRef) -> Option<String> {
    let PartsRef { county, town, village, group, road, house_number, compound, building, unit, floor, room, .. } =
        *parts;
    if house_number.is_empty() && building.is_empty() {
        return None;
    }
    if road.is_empty() && compound.is_empty() && village.is_empty() {
        return None;
    }
    let place = if road.is_empty() && compound.is_empty() { [village, group] } else { [road, compound] };
    let fine = if room.is_empty() { floor } else { room };
    let hamlet = if compound.ends_with("自然村") { village } else { "" };
    let key = [county, town, hamlet, place[0], place[1], house_number, building, unit, fine];
    let key: Vec<_> = key.iter().map(|part| normalise(part)).collect();
    let key = key.join("\u{1f}");
    // Most have neither, and looking for a character is cheap.
    Some(if key.contains(['栋', '楼']) { key.replace('栋', "幢").replace("号楼", "幢") } else { key })
}

/// The parts of an address: as given, or as read from its text.
pub enum PartsOf<'a> {
    /// As given.
    Given(AddressRef<'a>),
    /// As read.
    Read(Arc<Parsed>),
}

impl PartsOf<'_> {
    /// The parts.
    pub fn view(&self) -> PartsRef<'_> {
        match self {
            PartsOf::Given(address) => address.parts(),
            PartsOf::Read(parsed) => parsed.parts.view(),
        }
    }
}

/// The text that a thread read last, and what it read: the rules ask about one address after the other.
#[derive(Default)]
pub struct Kept {
    text: String,
    parsed: Option<Arc<Parsed>>,
}

impl Kept {
    /// What is read from a text.
    pub fn parsed(text: &str) -> Arc<Parsed> {
        thread_local!(static LAST: RefCell<Kept> = RefCell::default());
        LAST.with_borrow_mut(|last| {
            if let Some(parsed) = last.parsed.as_ref().filter(|_| last.text == text) {
                return parsed.clone();
            }
            let parsed = Arc::new(parse(text));
            *last = Kept { text: text.to_owned(), parsed: Some(parsed.clone()) };
            parsed
        })
    }
}

/// The names of towns and villages that the grids know, by level.
pub fn unit_names(context: &Context) -> HashSet<(GridLevel, String)> {
    let named = context.records.grids.iter().filter(|g| matches!(g.level, GridLevel::Street | GridLevel::Village));
    named.map(|grid| (grid.level, unit_key(&grid.name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Parts;

    #[test]
    fn whoever_names_a_unit_is_found_however_it_is_written() {
        let given = |town: &str| Address {
            parts: Parts { town: town.into(), road: "人民路".into(), ..Parts::default() },
            full_text: format!("{town}人民路"),
            ..Address::default()
        };
        let told = |text: &str| Address { full_text: text.into(), ..Address::default() };
        let elsewhere = Address { full_text: "人民路1号".into(), ..given("白 云街道") };
        let several =
            [told("白云街道人民路12号"), told("丽阳社区 人民路12号"), given("白云街道"), given("丽阳"), elsewhere];
        let keys = BTreeSet::from([unit_key("白云街道")]);
        // In one chunk, and in a chunk each, so that no other text of the chunk has it looked through.
        let all: Packed<Address> = several.to_vec().into();
        assert_eq!(naming_units(&all, &keys), [0, 2, 4]);
        let alone = several.into_iter().map(|one| naming_units(&vec![one].into(), &keys).len());
        assert_eq!(alone.collect::<Vec<_>>(), [1, 0, 1, 0, 1]);
        assert!(naming_units(&all, &BTreeSet::new()).is_empty());
    }
}
