//! Folding of characters: full-width forms, spaces, dashes and number signs, before anything is read.

use super::class;
use std::borrow::Cow;

/// What a character becomes: itself, another one, or nothing.
pub(super) fn fold(c: char) -> Option<char> {
    Some(match c {
        '\u{3000}' | '\u{a0}' | ' ' | '\t' | '\r' | '\n' | '\u{feff}' | '\u{200b}'..='\u{200f}' | ',' | '，' => {
            return None;
        }
        '－' | '—' | '–' | '−' | '‐' | '‑' | '―' | '～' | '~' | '﹣' => '-',
        '﹟' => '#',
        '〔' | '【' | '［' | '[' => '(',
        '〕' | '】' | '］' | ']' => ')',
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '＃' | '（' | '）' | '．' | '／' | '：' => {
            char::from_u32(c as u32 - 0xfee0).unwrap_or(c)
        }
        '①'..='⑨' => char::from(b'1' + (c as u32 - '①' as u32) as u8),
        '○' | '◯' => '〇',
        _ => c,
    })
}

/// Whether [`normalise`] leaves a text as it is.
pub fn is_normal(text: &str) -> bool {
    class::any_of(text) & class::FOLDED == 0
}

/// The text with full-width digits, letters and signs made half-width, dashes made `-`, and spaces taken out (a space
/// between two digits becomes `-`, so that `3 2 501` stays three numbers). Borrowed when nothing changes; applying it
/// twice is applying it once.
pub fn normalise(text: &str) -> Cow<'_, str> {
    if is_normal(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let (mut gap, mut last) = (false, ' ');
    for c in text.chars() {
        match fold(c) {
            None => gap = true,
            Some(c) => {
                if gap && last.is_ascii_digit() && c.is_ascii_digit() {
                    out.push('-');
                }
                gap = false;
                last = c;
                out.push(c);
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_forms_and_keeps_words() {
        for (text, folded) in [
            ("人民路１２号", "人民路12号"),
            ("人民路 12 号", "人民路12号"),
            ("阳光小区 3 2 501", "阳光小区3-2-501"),
            ("人民路12－3号", "人民路12-3号"),
            ("Ａ座", "A座"),
            ("３＃楼", "3#楼"),
            ("（东门）", "(东门)"),
            ("", ""),
        ] {
            assert_eq!(normalise(text), folded, "{text}");
        }
        assert!(matches!(normalise("人民路12号"), Cow::Borrowed(_)));
    }

    proptest! {
        #[test]
        fn twice_is_once(text in "[0-9０-９ 　Ａ-Ｃa-c号路栋－#～（）]{0,24}|\\PC{0,24}") {
            let once = normalise(&text).into_owned();
            let twice = normalise(&once).into_owned();
            prop_assert_eq!(twice, once);
        }
    }
}
