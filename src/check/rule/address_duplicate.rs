//! One normalised address, several records.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::Severity;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_duplicate",
    severity: Severity::Error,
    probability: false,
    title: ("地址重复", "Same address twice"),
    what: (
        "规范化以后地址相同的多条在用记录（栋与幢、全角与半角视为相同）。",
        "Several records in use whose addresses are the same once they are normalised (栋 and 幢, full-width and plain \
         digits are the same).",
    ),
    why: (
        "重复建址使走访、统计和隐患分到两条记录上，谁也不完整。",
        "Visits, figures and hazards are divided between the records, and none of them is whole.",
    ),
    example: ("人民路12号 与 人民路１２号 各有一条记录。", "One record says 人民路12号, another 人民路１２号."),
    mend: (
        "核实后保留一条，其余标记为合并；确为两处的，补全楼栋、单元或门牌附号。",
        "Look, keep one and mark the others as merged; where they are two places, add building, unit or the number's branch.",
    ),
    source: "validateur-bal rows.multi_correct; GB/T 23705-2009",
    thresholds: &[],
    reach: Reach::City,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let same = context.same_address(i)?;
    let first = context.address(same.first_but(i as u32)? as usize).id();
    let count = same.rows.len();
    let far_m = context.pin(i).filter(|at| at.is_on_earth()).and_then(|at| same.farthest_m(at));
    let (zh, en) = match far_m {
        Some(m) => (format!("，点位相距最远 {m:.0} m"), format!(", pins up to {m:.0} m apart")),
        None => Default::default(),
    };
    Some(Finding::new(
        format!("与 {first} 等共 {count} 条记录为同一地址{zh}。"),
        format!("The same address as {first}, {count} records in all{en}."),
    ))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;
    use crate::check::{Kind, look_by};
    use std::collections::BTreeSet;

    #[test]
    fn finds_spellings_of_one_address() {
        let mut scene = Scene::default();
        for (id, text) in [
            ("A1", "莲都区白云街道人民路12号"),
            ("A2", "莲都区白云街道灯塔社区人民路１２号"),
            ("A3", "莲都区白云街道人民路12-1号"),
            ("A4", "莲都区碧湖镇人民路12号"),
            ("A5", "阳光小区3栋2单元501室"),
            ("A6", "阳光小区3幢2单元501"),
            ("A7", "阳光小区3幢2单元502室"),
            ("A8", "莲都区白云街道人民路"),
            ("A9", "莲都区白云街道人民路"),
        ] {
            scene.address(id, 119.905, 28.405).full_text = text.into();
        }
        let flags = scene.flags();
        let found: Vec<&str> =
            flags.iter().filter(|f| f.rule == "address_duplicate").map(|f| f.subject.parts().1).collect();
        assert_eq!(found, ["A1", "A2", "A5", "A6"]);
    }

    #[test]
    fn thousands_of_records_of_one_address_are_told_at_once() {
        // One by one about all others it would take an hour.
        const COUNT: usize = 20_000;
        let mut scene = Scene::default();
        for i in 0..COUNT {
            scene.address(&format!("A{i}"), 119.905, 28.405).full_text = "莲都区白云街道人民路12号".into();
        }
        scene.with(|context| {
            let rule = crate::check::rule::by_code("address_duplicate").expect("a rule");
            let told = (0..COUNT).filter_map(|i| look_by(rule, context, Kind::Address, i));
            let messages: BTreeSet<String> = told.map(|flag| flag.message.en).collect();
            let of = |first: &str| format!("The same address as {first}, 20000 records in all, pins up to 0 m apart.");
            assert_eq!(messages, BTreeSet::from([of("A0"), of("A1")]));
        });
    }
}
