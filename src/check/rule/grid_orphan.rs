//! A grid without a parent.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::{Severity, Subject};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "grid_orphan",
    severity: Severity::Error,
    probability: false,
    title: (
        "网格没有上级",
        "A grid without a parent",
    ),
    what: (
        "网格的上级不存在、不比它高一级以上，或上下级成环；或者没有上级而它不是最高一级。",
        "The parent is unknown, not of a higher level, or part of a circle; or there is none though the grid is not of the highest level.",
    ),
    why: (
        "权限和统计按上下级汇总，没有上级的网格谁也看不到。",
        "Rights and figures go by the tree: nobody sees a grid that hangs on nothing.",
    ),
    example: (
        "上级编码 3311029 不存在。",
        "Parent code 3311029 is unknown.",
    ),
    mend: (
        "改正上级编码，或补上缺失的上级。",
        "Correct the parent, or add the one that is missing.",
    ),
    source: "Administrative division codes: every area has its parent",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Grids(grids)],
};

fn grids(context: &Context) -> Vec<(Subject, Finding)> {
    let grids = &context.records.grids;
    let highest = grids.iter().map(|grid| grid.level).min();
    let mut found = Vec::new();
    for (i, grid) in grids.iter().enumerate().filter(|(_, grid)| grid.is_valid_on(context.today)) {
        let level = grid.level;
        let finding = match &grid.parent {
            None if Some(level) == highest => continue,
            None => Finding::new(
                format!("{}没有上级，而它不是最高一级。", level.zh()),
                format!("This {} has no parent, and it is not of the highest level.", level.as_str()),
            ),
            Some(code) => match context.grid.position(code) {
                None => Finding::new(format!("上级 {code} 不存在。"), format!("The parent {code} is unknown.")),
                Some(parent) if context.grid.level(parent) >= level => Finding::new(
                    format!("上级 {code} 是{}，不高于{}。", context.grid.level(parent).zh(), level.zh()),
                    format!("The parent {code} is a {}, not above a {}.", context.grid.level(parent).as_str(), level.as_str()),
                ),
                Some(_) => continue,
            },
        };
        let [w, s, e, n] = context.grid.bbox(i as u32);
        let middle = crate::domain::LonLat::new((w + e) / 2.0, (s + n) / 2.0);
        found.push((Subject::Grid(grid.code.to_string()), finding.at(middle)));
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::check::scene::{Scene, grid};
    use crate::domain::GridLevel;

    #[test]
    fn every_grid_hangs_on_one_above() {
        for (parent, found) in [(Some("V"), false), (None, true), (Some("X"), true), (Some("G2"), true), (Some("G1"), true)] {
            let mut scene = Scene::default();
            let area = [119.90, 28.40, 119.91, 28.41];
            scene.records.grids = vec![
                grid("V", GridLevel::Village, None, area),
                grid("G1", GridLevel::Grid, parent, area),
                grid("G2", GridLevel::Grid, Some("V"), [119.90, 28.40, 119.90, 28.40]),
            ]
            .into();
            assert_eq!(scene.codes("G1").contains(&"grid_orphan"), found, "{parent:?}");
            assert!(!scene.codes("V").contains(&"grid_orphan"));
        }
    }
}
