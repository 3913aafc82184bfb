//! Something of a person stands in the address.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::Severity;
use crate::domain::address::personal::{PersonalKind, find, mask};

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_personal",
    severity: Severity::Error,
    probability: false,
    title: ("地址含个人信息", "A person in the address"),
    what: (
        "地址文本中有人名、身份证号或电话号码。消息中已遮盖。",
        "A person's name, an identity number or a telephone number stands in the text. Hidden in the message.",
    ),
    why: (
        "本系统不保存任何个人信息；导入时会拒绝这样的行。",
        "No person is kept here; an import refuses such a row.",
    ),
    example: ("人民路12号王**家", "人民路12号王**家"),
    mend: ("从地址中删去个人信息，只留地址。", "Take what is personal out of the text and leave the address."),
    source: "Personal Information Protection Law of the PRC, articles 6 and 28; GB 11643-1999 for the check digit",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

fn address(context: &Context, i: usize) -> Option<Finding> {
    let text = context.address(i).full_text();
    let found = find(&text);
    let (zh, en) = match found.first()?.kind {
        PersonalKind::Identity => ("身份证号", "an identity number"),
        PersonalKind::Telephone => ("电话号码", "a telephone number"),
        PersonalKind::Name => ("人名", "a person's name"),
    };
    let masked = mask(&text);
    Some(Finding::new(format!("地址中有{zh}：{masked}。"), format!("The text holds {en}: {masked}.")))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn finds_and_hides() {
        for (text, shown) in [
            ("人民路12号13800138000", Some("13*********")),
            ("人民路12号440524188001010014", Some("44****************")),
            ("人民路12号王小明家", Some("王**家")),
            ("人民路12号", None),
            ("张家村3组12号", None),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405).full_text = text.into();
            let flag = scene.flag("A1", "address_personal");
            assert_eq!(flag.is_some(), shown.is_some(), "{text}");
            if let (Some(flag), Some(shown)) = (flag, shown) {
                for said in [flag.message.zh, flag.message.en] {
                    assert!(said.contains(shown), "{said}");
                    assert!(!said.contains("0138") && !said.contains("1880") && !said.contains("小明"), "{said}");
                }
            }
        }
    }
}
