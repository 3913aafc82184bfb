//! The table of addresses, and what holds of any text.

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
    let table = include_str!("../case.tsv");
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
    for line in include_str!("../case.tsv").lines().filter(|line| !line.starts_with('#')) {
        let parsed = parse(line.split('\t').next().unwrap_or_default());
        if parsed.doubtful.is_empty() {
            let text = print(&parsed.parts);
            let again = parse(&text);
            assert_eq!(again.parts, parsed.parts, "{text}");
            assert!(again.normalised.iter().all(|n| n.kind == Normalisation::Name), "{text}: {:?}", again.normalised);
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
        |(province, city, county, town, village)| Parts { province, city, county, town, village, ..Parts::default() },
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
            (placed && clear && (held || !fine) && (compound.is_empty() || house_number.is_empty() || !road.is_empty()))
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
            (!parts.village.is_empty()).then_some(Parts { grid, group, house_number, building, floor, room, ..parts })
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

    /// Those who look for texts that name a town or a village rely on it.
    #[test]
    fn towns_and_villages_lie_in_the_normal_form_of_the_text_in_one_piece(
        text in "([白云丽阳灯塔东西]{1,3}(省|市|区|县|街道|镇|乡|村|社区|居委会|村委会|组)[ 　，-]?){0,4}[人民路1-3１-３一二三号幢 （）附近-]{0,12}",
    ) {
        let (parsed, normal) = (parse(&text), crate::domain::address::normalise(&text));
        for part in [&parsed.parts.town, &parsed.parts.village] {
            prop_assert!(normal.contains(&**part), "{}: {}", text, part);
        }
    }

    #[test]
    fn no_text_breaks_it(text in "[省市区县街道镇乡村社号幢栋楼单元层室组队网格路弄巷里附之甲第地下负#０-９0-9a-cＢ一二十百（）() 　~-]{0,30}|\\PC{0,40}") {
        let parsed = parse(&text);
        let _ = print(&parsed.parts);
        let _ = crate::domain::address::personal::mask(&text);
    }
}
