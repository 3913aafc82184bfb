//! Prints the parts of an address in their standard order.

use super::Parts;

/// The standard text of an address: the parts, coarse to fine, without anything between them.
///
/// A compound that has no road before it takes the house number after itself (`曹杨新村12号`); with a road, the road
/// takes it (`人民路12号阳光小区`).
pub fn print(parts: &Parts) -> String {
    let [first, second, third] = if parts.road.is_empty() {
        [&parts.compound, &parts.house_number, &parts.road]
    } else {
        [&parts.road, &parts.house_number, &parts.compound]
    };
    let order = [
        &parts.province,
        &parts.city,
        &parts.county,
        &parts.town,
        &parts.village,
        &parts.grid,
        &parts.group,
        first,
        second,
        third,
        &parts.building,
        &parts.unit,
        &parts.floor,
        &parts.room,
    ];
    let mut text = String::with_capacity(order.iter().map(|part| part.len()).sum());
    order.into_iter().for_each(|part| text.push_str(part));
    text
}
