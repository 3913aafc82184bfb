//! Text and parts of an address, kept in agreement when one of them is corrected.

use super::{Parts, parse, print};

/// The parts of an address whose text was corrected. What the new text says counts; of province, city, county, town,
/// village and grid, which short texts leave out, those that it does not say stay as they were.
pub fn with_text(parts: &Parts, text: &str) -> Parts {
    let mut read = parse(text).parts;
    for (new, old) in read.slots_mut().into_iter().zip(parts.slots()).take(Parts::COARSE) {
        if new.is_empty() {
            *new = old.into();
        }
    }
    read
}

/// Text and parts of an address of which one part was corrected; none for a name that is no part.
///
/// The text keeps its wording where the old value stands in it once and the rest is read as before. Else it is printed
/// anew: of the parts that it named, or, where it held what belongs to no part, of all of them.
pub fn with_part(text: &str, parts: &Parts, name: &str, value: &str) -> Option<(String, Parts)> {
    let i = Parts::NAMES.iter().position(|known| *known == name)?;
    let mut revised = parts.clone();
    let old = std::mem::replace(revised.slots_mut()[i], value.into());
    let before = parse(text);
    let mut wanted = before.parts.clone();
    *wanted.slots_mut()[i] = value.into();
    if !old.is_empty() && text.matches(&*old).count() == 1 {
        let reworded = text.replacen(&*old, value, 1);
        if parse(&reworded).parts == wanted {
            return Some((reworded, revised));
        }
    }
    // Nothing of it was left out of the parts, and none of them says anything else.
    let told = before.rest.is_empty()
        && wanted.slots().into_iter().zip(revised.slots()).all(|(read, kept)| read.is_empty() || read == kept);
    let text = if told { print(&wanted) } else { print(&revised) };
    Some((text, revised))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Parts {
        parse(text).parts
    }

    #[test]
    fn a_new_text_brings_its_parts() {
        let old = parts("浙江省丽水市莲都区白云街道灯塔社区人民路12号阳光小区3幢2单元501室");
        for (text, expected) in [
            // The whole address anew.
            ("浙江省丽水市莲都区紫金街道丽阳社区解放街8号", "浙江省丽水市莲都区紫金街道丽阳社区解放街8号"),
            // Short: where it lies is not in question, and nothing finer than what it says is left over.
            ("人民路14号", "浙江省丽水市莲都区白云街道灯塔社区人民路14号"),
            ("丽阳社区人民路14号", "浙江省丽水市莲都区白云街道丽阳社区人民路14号"),
        ] {
            assert_eq!(with_text(&old, text), parts(expected), "{text}");
        }
        assert_eq!(with_text(&Parts::default(), "无"), Parts::default());
    }

    #[test]
    fn a_new_part_is_in_the_text() {
        for (text, name, value, expected) in [
            // In its own words.
            ("白云街道人民路12号(东门)", "house_number", "14号", "白云街道人民路14号(东门)"),
            ("白云街道人民路12号12幢501室", "house_number", "14号", "白云街道人民路14号12幢501室"),
            ("人民路12号阳光小区3幢501室", "compound", "月光小区", "人民路12号月光小区3幢501室"),
            // Written in another way, or not there before: printed anew, as short as it was.
            ("人民路１２号３栋501", "building", "5幢", "人民路12号5幢501室"),
            ("人民路12号", "room", "501室", "人民路12号501室"),
            ("人民路12号501室", "county", "莲都区", "莲都区人民路12号501室"),
            ("阳光小区3幢3单元", "building", "4幢", "阳光小区4幢3单元"),
            // Taken out.
            ("人民路12号501室", "room", "", "人民路12号"),
            // The text's remark belongs to no part, and stands in the way.
            ("人民路12号(后门)三栋", "building", "5幢", "人民路12号5幢"),
        ] {
            let (new, revised) = with_part(text, &parts(text), name, value).expect("a part");
            assert_eq!(new, expected, "{text}: {name} = {value}");
            let (i, _) = Parts::NAMES.iter().enumerate().find(|(_, known)| **known == name).expect("a part");
            assert_eq!(revised.slots()[i], value, "{text}");
        }
        assert_eq!(with_part("人民路12号", &Parts::default(), "lon", "3"), None);
    }

    #[test]
    fn parts_that_the_register_gave_beside_the_text_are_kept() {
        // The text was short, the register's parts are whole.
        let whole = parts("浙江省丽水市莲都区白云街道灯塔社区人民路12号");
        let (text, revised) = with_part("人民路12号", &whole, "house_number", "14号").expect("a part");
        assert_eq!(text, "人民路14号");
        assert_eq!(revised, parts("浙江省丽水市莲都区白云街道灯塔社区人民路14号"));
        // Text and parts disagreed: now they don't.
        let (text, revised) = with_part("解放街3号", &whole, "house_number", "14号").expect("a part");
        assert_eq!(text, print(&revised));
        assert_eq!(text, "浙江省丽水市莲都区白云街道灯塔社区人民路14号");
    }
}
