//! Errors of the text: other unit words, missing parts, wrong order, doubles.

use super::dice::Dice;
use super::settle::moved;
use super::{Town, Truth};
use crate::domain::address::{parse, print};
use crate::domain::{Address, Parts};

/// Kinds of text errors and how many of each.
const TEXTS: [(&str, usize); 8] = [
    ("nonstandard", 150),
    ("duplicate", 40),
    ("incomplete", 36),
    ("disordered", 18),
    ("relative", 14),
    ("orphan", 12),
    ("floor", 16),
    ("unit_conflict", 24),
];

/// Gives an address other parts, and the text that goes with them.
pub fn set(address: &mut Address, parts: Parts) {
    address.full_text = print(&parts);
    address.parts = parts;
}

/// Gives an address another text, and the parts that are read from it.
fn say(address: &mut Address, text: String) {
    address.parts = parse(&text).parts;
    address.full_text = text;
}

/// Spoils texts of addresses that are still free of errors.
pub fn retext(addresses: &mut Vec<Address>, free: &mut Vec<usize>, town: &mut Town, dice: &mut Dice) {
    for (error, count) in TEXTS {
        let mut done = 0;
        let mut back = Vec::new();
        while done < count {
            let Some(i) = free.pop() else { break };
            let spoiled = match error {
                "duplicate" => duplicate(addresses, i, town, dice),
                "floor" => floor(addresses, i, town, dice),
                "unit_conflict" => conflict(addresses, i, dice),
                _ => text(error, &mut addresses[i], dice),
            };
            if spoiled {
                town.truth[i].error = if error == "duplicate" { "ok" } else { error };
                done += 1;
            } else {
                back.push(i);
            }
        }
        free.extend(back);
    }
}

fn text(error: &str, address: &mut Address, dice: &mut Dice) -> bool {
    let parts = address.parts.clone();
    let road = !parts.road.is_empty();
    let text = address.full_text.clone();
    let head = Parts {
        province: parts.province.clone(),
        city: parts.city.clone(),
        county: parts.county.clone(),
        ..Parts::default()
    };
    let said = match error {
        "nonstandard" => match (dice.below(5), parts.building.is_empty()) {
            (0 | 1, false) => text.replace('幢', "栋"),
            (2, false) => text.replace('幢', "号楼"),
            (0 | 1, true) => text.chars().map(|c| if c.is_ascii_digit() { wide(c) } else { c }).collect(),
            (2, true) if road => format!("{} {}", text.trim_end_matches(&*parts.house_number), parts.house_number),
            (3, false) => text.replace("1单元", "一单元").replace("2单元", "二单元").replace("3单元", "三单元"),
            _ => text.chars().map(|c| if c.is_ascii_digit() { wide(c) } else { c }).collect(),
        },
        "incomplete" if road => text.trim_end_matches(&*parts.house_number).to_owned(),
        "incomplete" if !parts.unit.is_empty() && parts.room.is_empty() => {
            print(&Parts { building: "".into(), unit: "".into(), ..parts })
        }
        "disordered" if road => {
            format!("{}{}{}{}{}", print(&head), parts.house_number, parts.road, parts.town, parts.village)
        }
        "relative" if road => format!("{text}{}", dice.pick(&["附近", "对面", "东50米", "斜对面"])),
        "orphan" if !parts.compound.is_empty() && !parts.building.is_empty() => {
            print(&Parts { building: "".into(), unit: "".into(), room: "502室".into(), ..parts })
        }
        _ => return false,
    };
    if said == text {
        return false;
    }
    say(address, said);
    true
}

fn wide(c: char) -> char {
    char::from_u32(c as u32 + 0xfee0).unwrap_or(c)
}

/// The same address once more, under another identifier, a few metres away.
fn duplicate(addresses: &mut Vec<Address>, i: usize, town: &mut Town, dice: &mut Dice) -> bool {
    let mut again = addresses[i].clone();
    again.id = format!("A{:05}", addresses.len() + 1).into();
    let by = [dice.normal(4.0), dice.normal(4.0)];
    if let Some(pin) = &mut again.pin {
        pin.at = moved(pin.at, by);
    }
    let truth = &town.truth[i];
    town.truth.push(Truth { error: "duplicate", at: truth.at, address: again.clone(), used: truth.used });
    addresses.push(again);
    true
}

/// A room above the roof.
fn floor(addresses: &mut [Address], i: usize, town: &Town, dice: &mut Dice) -> bool {
    let address = &mut addresses[i];
    let Some(building) =
        address.building.as_ref().and_then(|id| town.records.buildings.iter().find(|b| b.id() == id.as_str()))
    else {
        return false;
    };
    if address.parts.unit.is_empty() || !address.parts.room.is_empty() {
        return false;
    }
    let floor = building.floors().unwrap_or(6) + 2 + dice.below(8) as u16;
    set(address, Parts { floor: format!("{floor}层").into(), ..address.parts.clone() });
    true
}

/// The text names another village than the grid's.
fn conflict(addresses: &mut [Address], i: usize, dice: &mut Dice) -> bool {
    let other = addresses[dice.below(addresses.len())].parts.clone();
    let address = &mut addresses[i];
    if other.village == address.parts.village || other.village.is_empty() {
        return false;
    }
    set(address, Parts { village: other.village, town: other.town, ..address.parts.clone() });
    true
}
