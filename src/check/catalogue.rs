//! The catalogue of the rules, as values, Markdown and JSON. `docs/rules.md` is its Markdown; a test holds them equal.

use super::rule::{self, Both, Reach, Rule};
use super::threshold::{DEFAULT_TOML, Thresholds};
use super::{Kind, finding};
use crate::domain::Severity;
use crate::error::Text;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::sync::LazyLock;

/// A rule's page.
#[derive(Debug, Clone, Serialize)]
pub struct RuleDoc {
    /// Code.
    pub code: &'static str,
    /// Severity.
    pub severity: Severity,
    /// Whether its findings carry a probability.
    pub probability: bool,
    /// Kinds of record that it looks at.
    pub subjects: Vec<finding::Kind>,
    /// Name.
    pub title: Text,
    /// What it finds.
    pub what: Text,
    /// Why that matters.
    pub why: Text,
    /// An example.
    pub example: Text,
    /// How to mend it.
    pub mend: Text,
    /// Where the rule comes from.
    pub source: &'static str,
    /// Its thresholds with their defaults.
    pub thresholds: Vec<(&'static str, f64)>,
    /// Whether its answer about a record depends on other records.
    pub depends_on_others: bool,
}

static CATALOGUE: LazyLock<Vec<RuleDoc>> = LazyLock::new(|| rule::ALL.iter().map(page).collect());

fn page(rule: &Rule) -> RuleDoc {
    let text = |(zh, en): Both| Text::new(zh, en);
    let defaults = Thresholds::default();
    let mut subjects: Vec<Kind> = rule.checks.iter().map(|check| check.kind()).collect();
    subjects.dedup();
    RuleDoc {
        code: rule.code,
        severity: rule.severity,
        probability: rule.probability,
        subjects,
        title: text(rule.title),
        what: text(rule.what),
        why: text(rule.why),
        example: text(rule.example),
        mend: text(rule.mend),
        source: rule.source,
        thresholds: rule.thresholds.iter().filter_map(|key| Some((*key, defaults.value(key)?))).collect(),
        depends_on_others: rule.reach == Reach::City,
    }
}

/// The pages of all rules.
pub fn catalogue() -> &'static [RuleDoc] {
    &CATALOGUE
}

/// The version of rules and thresholds: the program's, and 8 hexadecimal digits of SHA-256 over what all rules say of
/// themselves and the thresholds in force. A flag records the one that made it.
pub fn rule_set(thresholds: &Thresholds) -> String {
    let said = format!("{:?}{thresholds:?}", catalogue());
    format!("{}-{}", env!("CARGO_PKG_VERSION"), hex::encode(&Sha256::digest(said)[..4]))
}

/// The catalogue as JSON.
pub fn to_json() -> String {
    serde_json::to_string_pretty(catalogue()).unwrap_or_default()
}

/// The catalogue as Markdown, in both languages.
pub fn to_markdown() -> String {
    let mut page = String::from(
        "# Rules / 规则目录\n\nWritten by `gridpin rules`. E error, W warning, I information; `p` marks the rules whose \
         findings carry a probability.\n\n由 `gridpin rules` 生成。E 错误，W 警告，I 提示；带 `p` 的规则给出概率。\n\n\
         | code | sev | title | 名称 |\n| --- | --- | --- | --- |\n",
    );
    for rule in catalogue() {
        let p = if rule.probability { " p" } else { "" };
        let Text { zh, en } = &rule.title;
        let _ = writeln!(page, "| [{0}](#{0}) | {1}{p} | {en} | {zh} |", rule.code, rule.severity.letter());
    }
    for rule in catalogue() {
        let _ = write!(page, "\n## {}\n\n**{}** · **{}**\n", rule.code, rule.title.en, rule.title.zh);
        for (label, zh, text) in [
            ("What", "内容", &rule.what),
            ("Why", "原因", &rule.why),
            ("Example", "示例", &rule.example),
            ("Mend", "处理", &rule.mend),
        ] {
            let _ = write!(page, "\n- {label}: {}\n  {zh}：{}", text.en, text.zh);
        }
        for (key, value) in &rule.thresholds {
            let _ = write!(page, "\n- Threshold / 阈值: `{key} = {value}`");
        }
        let _ = writeln!(page, "\n- Source / 依据: {}", rule.source);
    }
    let _ = write!(page, "\n## Thresholds / 阈值\n\n```toml\n{}```\n", DEFAULT_TOML);
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_docs_is_the_catalogue() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
        if std::env::var_os("GRIDPIN_WRITE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().expect("docs")).expect("docs");
            std::fs::write(&path, to_markdown()).expect("docs/rules.md");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == to_markdown(), "docs/rules.md is old: cargo run -- rules > docs/rules.md");
    }

    #[test]
    fn json_names_every_rule() {
        let pages: serde_json::Value = serde_json::from_str(&to_json()).expect("JSON");
        assert_eq!(pages.as_array().map(Vec::len), Some(rule::ALL.len()));
        assert!(pages[0]["title"]["zh"].is_string());
    }
}
