//! The text names another village, town or grid than the declared code.

use super::{Check, Reach, Rule};
use crate::check::text::{quote, unit_key};
use crate::check::{Context, Finding};
use crate::domain::{GridLevel, HouseNumber, Severity};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_unit_conflict",
    severity: Severity::Error,
    probability: false,
    title: ("文本与网格编码矛盾", "Text and code disagree"),
    what: (
        "地址文本中的街道、村社或网格，与登记网格编码所属的不一致；只比较网格数据中确有其名的单位。",
        "The town, village or grid in the text is not the one that the declared code belongs to. Only names that the grids \
         know are compared.",
    ),
    why: (
        "文本和编码必有一个是错的，统计归属因此不清。",
        "One of the two is wrong, and the figures do not know where it belongs.",
    ),
    example: (
        "文本为灯塔社区，登记网格属于丽阳社区。",
        "The text says 灯塔社区, the declared grid belongs to 丽阳社区.",
    ),
    mend: ("点位在登记网格内的改文本，否则核实登记网格。", "Where the pin lies in the declared grid, mend the text; else look at the code."),
    source: "The hierarchy of the grids at hand",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let declared = context.declared(i)?;
    let parts = context.parts(i);
    let parts = parts.view();
    let mut above = Some(declared);
    while let Some(g) = above {
        let grid = &context.records.grids[g as usize];
        let (field, said) = match grid.level {
            GridLevel::Village => ("village", parts.village),
            GridLevel::Street => ("town", parts.town),
            GridLevel::Grid => ("grid", parts.grid),
            _ => ("", parts.grid),
        };
        above = context.grid.parent(g);
        if field.is_empty() || said.is_empty() || grid.name.is_empty() {
            continue;
        }
        let disagrees = if field == "grid" {
            numbers_differ(said, &grid.name)
        } else {
            unit_key(said) != unit_key(&grid.name) && context.facts().knows_unit(grid.level, &unit_key(said))
        };
        if !disagrees {
            continue;
        }
        let (said, code, name) = (quote(said), &grid.code, &grid.name);
        let finding = Finding::new(
            format!("文本为“{said}”，登记网格属于 {code}（{name}）。"),
            format!("The text says \"{said}\", the declared grid belongs to {code} ({name})."),
        );
        let inside = context.pin(i).is_some_and(|at| at.is_on_earth() && context.grid.covers(declared, at));
        return Some(if inside && field != "grid" { finding.suggest_value(field, name) } else { finding });
    }
    None
}

/// Whether two names of grids (`第3网格`, `灯塔社区第三网格`) have numbers, and different ones.
fn numbers_differ(said: &str, name: &str) -> bool {
    let number = |text: &str| {
        let text = text.split_once("网格")?.0;
        let from = text.rfind(|c: char| !c.is_ascii_digit() && !crate::domain::address::numeral::is_numeral(c));
        let digits = from.map_or(text, |at| &text[at + text[at..].chars().next().map_or(0, char::len_utf8)..]);
        HouseNumber::parse(digits).map(|n| n.main)
    };
    matches!((number(said), number(name)), (Some(a), Some(b)) if a != b)
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, grid};
    use crate::domain::GridLevel;

    #[test]
    fn compares_names_that_the_grids_know() {
        for (text, code, found) in [
            ("白云街道灯塔社区人民路12号", "V1", false),
            ("白云街道灯塔村人民路12号", "V1", false),
            ("白云街道丽阳社区人民路12号", "V1", true),
            ("白云街道下坞村人民路12号", "V1", false),
            ("丽阳社区人民路12号", "V2", false),
            ("灯塔社区第三网格人民路12号", "V1G3", false),
            ("灯塔社区第4网格人民路12号", "V1G3", true),
            ("丽阳社区第三网格人民路12号", "V1G3", true),
            ("人民路12号", "V1", false),
        ] {
            let mut scene = Scene::default();
            let area = [119.90, 28.40, 119.91, 28.41];
            let mut grids: Vec<_> = scene.records.grids.iter().cloned().collect();
            for (code, level, name, parent) in [
                ("V1", GridLevel::Village, "灯塔社区", None),
                ("V2", GridLevel::Village, "丽阳社区", None),
                ("V1G3", GridLevel::Grid, "灯塔社区第三网格", Some("V1")),
            ] {
                let mut grid = grid(code, level, parent, area);
                grid.name = name.into();
                grids.push(grid);
            }
            scene.records.grids = grids.into();
            let address = scene.address("A1", 119.905, 28.405);
            address.full_text = text.into();
            address.grid = Some(code.into());
            assert_eq!(scene.codes("A1").contains(&"address_unit_conflict"), found, "{text}");
        }
    }
}
