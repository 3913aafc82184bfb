//! The text is not written in the standard form.

use super::{Check, Reach, Rule};
use crate::check::text::{quote, standard};
use crate::check::{Context, Finding};
use crate::domain::Severity;
use crate::domain::address::{Doubt, Normalisation};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_nonstandard",
    severity: Severity::Warning,
    probability: false,
    title: ("地址书写不规范", "Not in the standard form"),
    what: (
        "文本用了非标准的写法：栋、号楼（应为幢），全角数字，中文数字，空格，省略的单位词（3-2-501）。",
        "The text is written in another form: 栋 or 号楼 for 幢, full-width digits, Chinese numerals, spaces, unit words \
         left out (3-2-501).",
    ),
    why: (
        "同一地址多种写法，比对、查重和统计都会漏。",
        "One address in several spellings escapes comparison, the search for doubles and the figures.",
    ),
    example: ("阳光小区３栋二单元 应为 阳光小区3幢2单元", "阳光小区３栋二单元 for 阳光小区3幢2单元"),
    mend: ("采用建议的标准地址。", "Take the suggested standard text."),
    source: "GB/T 23705-2009; GB/T 15834-2011 on numerals",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let parsed = context.parsed(i);
    if parsed.doubtful.contains(&Doubt::Foreign) {
        return None;
    }
    let changes: Vec<_> = parsed.normalised.iter().filter(|n| n.kind != Normalisation::Name).collect();
    let first = changes.first()?;
    let (from, to) = (quote(&first.from), quote(&first.to));
    let more = changes.len() - 1;
    let (zh, en) = match more {
        0 => Default::default(),
        _ => (format!("，另有 {more} 处"), format!(", and {more} more")),
    };
    let finding = Finding::new(
        format!("“{from}”的标准写法为“{to}”{zh}。"),
        format!("The standard form of \"{from}\" is \"{to}\"{en}."),
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
    fn suggests_the_standard_form() {
        for (text, standard) in [
            ("莲都区阳光小区3栋2单元501室", Some("莲都区阳光小区3幢2单元501室")),
            ("人民路１２号", Some("人民路12号")),
            ("人民路 12 号", Some("人民路12号")),
            ("人民路十二号", Some("人民路12号")),
            ("阳光小区3-2-501", Some("阳光小区3幢2单元501室")),
            ("碧湖镇上陈村第三网格2小组5号", Some("碧湖镇上陈村第3网格2组5号")),
            ("人民路12号", None),
            ("浙江丽水市莲都区人民路12号", None),
            ("白山１丁目1番1号", None),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405).full_text = text.into();
            let flag = scene.flag("A1", "address_nonstandard");
            let value = flag.as_ref().and_then(|f| f.suggestion.clone()).and_then(|s| s.value);
            assert_eq!(value.as_deref(), standard, "{text}");
            assert_eq!(flag.is_some(), standard.is_some(), "{text}");
        }
    }
}
