//! The parts of the text are not in order, coarse to fine.

use super::{Check, Reach, Rule};
use crate::check::text::{quote, standard};
use crate::check::{Context, Finding};
use crate::domain::Severity;
use crate::domain::address::Doubt;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_disordered",
    severity: Severity::Warning,
    probability: false,
    title: ("地址要素次序颠倒", "Parts in the wrong order"),
    what: (
        "地址文本没有按从大到小的次序书写，例如门牌号写在道路之前。",
        "The text does not go from coarse to fine: the number stands before its road, for example.",
    ),
    why: (
        "次序颠倒的文本会被别的系统解析错，也无法按文本比对。",
        "Other systems read it wrongly, and it cannot be compared as text.",
    ),
    example: ("12号人民路 应为 人民路12号", "12号人民路 for 人民路12号"),
    mend: ("采用建议的标准地址。", "Take the suggested standard text."),
    source: "GB/T 23705-2009",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let parsed = context.parsed(i);
    let out = parsed.doubtful.iter().find_map(|doubt| match doubt {
        Doubt::Disordered(text) => Some(quote(text)),
        _ => None,
    })?;
    let finding = Finding::new(
        format!("“{out}”的位置不合从大到小的次序。"),
        format!("\"{out}\" is out of the order from coarse to fine."),
    );
    Some(match standard(&parsed) {
        Some(text) => finding.suggest_value("full_text", text),
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn finds_parts_out_of_order_and_puts_them_right() {
        for (text, standard) in [
            ("莲都区12号人民路", Some("莲都区人民路12号")),
            ("人民路12号灯塔社区", Some("灯塔社区人民路12号")),
            ("人民路12号", None),
            ("工业园区2号路5号", None),
            ("阳光小区3幢2单元501室", None),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405).full_text = text.into();
            let flag = scene.flag("A1", "address_disordered");
            let value = flag.as_ref().and_then(|f| f.suggestion.clone()).and_then(|s| s.value);
            assert_eq!(value.as_deref(), standard, "{text}");
            assert_eq!(flag.is_some(), standard.is_some(), "{text}");
        }
    }
}
