//! The text says where something is by something else.

use super::{Check, Reach, Rule};
use crate::check::{Context, Finding};
use crate::domain::Severity;
use std::sync::LazyLock;

/// See the catalogue.
pub const RULE: Rule = Rule {
    code: "address_relative",
    severity: Severity::Warning,
    probability: false,
    title: ("相对位置描述", "Relative text"),
    what: (
        "地址中含有附近、对面、旁边、东50米一类的相对描述。",
        "The address holds relative words: near, opposite, beside, 50 m east.",
    ),
    why: (
        "参照物会变，不同的人理解不同，无法定位到门。",
        "What it refers to changes, everybody understands it differently, and it leads to no door.",
    ),
    example: ("人民路12号对面", "人民路12号对面 (opposite of number 12)"),
    mend: ("现场确认，改为自己的门牌号或楼栋号。", "Look on the spot and give its own number or building."),
    source: "GB/T 23705-2009",
    thresholds: &[],
    reach: Reach::Own,
    checks: &[Check::Address(address)],
};

/// Words that no name holds.
const STRONG: [&str; 13] =
    ["附近", "对面", "旁边", "隔壁", "边上", "周边", "背后", "交叉口", "交汇处", "米处", "往东", "往西", "以东"];
/// What they begin with.
static BEGINS: LazyLock<Vec<char>> = LazyLock::new(|| STRONG.iter().filter_map(|word| word.chars().next()).collect());
/// Words that count only behind the address, where they belong to no name.
const BEHIND: [&str; 14] =
    ["旁", "边", "口", "后面", "前面", "侧", "楼下", "楼上", "左右", "转角", "靠近", "后门", "前", "后"];

/// The relative words of a text, as they stand there.
fn relative<'a>(text: &'a str, rest: &str) -> Option<&'a str> {
    // Most texts hold no character that one begins with, which is quickly seen.
    let strong = if text.contains(&BEGINS[..]) { &STRONG[..] } else { &[] };
    for word in strong {
        if let Some(at) = text.find(word) {
            return Some(&text[at..at + word.len()]);
        }
    }
    // 50米, 约100m
    for (at, _) in text.match_indices('米') {
        let digits = text[..at].len() - text[..at].trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            return Some(&text[at - digits..at + '米'.len_utf8()]);
        }
    }
    let word = BEHIND.iter().find(|word| rest.ends_with(**word))?;
    text.rfind(word).map(|at| &text[at..at + word.len()])
}

fn address(context: &Context, i: usize) -> Option<Finding> {
    let text = context.address(i).full_text();
    if text.is_empty() {
        return None;
    }
    let found = relative(&text, &context.parsed(i).rest)?;
    Some(Finding::new(
        format!("含有相对描述“{found}”。"),
        format!("\"{found}\" describes it by something else."),
    ))
}

#[cfg(test)]
mod tests {
    use crate::check::scene::Scene;

    #[test]
    fn finds_relative_words_but_not_in_names() {
        for (text, found) in [
            ("人民路12号对面", true),
            ("人民路12号附近", true),
            ("人民路12号东50米", true),
            ("人民医院对面3号", true),
            ("人民路与解放街交叉口", true),
            ("人民路12号旁", true),
            ("桥边村3组12号", false),
            ("路口村12号", false),
            ("前进路12号", false),
            ("后街12号", false),
            ("人民路12号", false),
            ("水边花园3幢", false),
        ] {
            let mut scene = Scene::default();
            scene.address("A1", 119.905, 28.405).full_text = text.into();
            assert_eq!(scene.codes("A1").contains(&"address_relative"), found, "{text}");
        }
    }
}
