//! What a character can begin, in one look: most characters of an address begin nothing and are passed over.

use super::{normalise, personal, token, word};
use std::sync::LazyLock;

/// A number ([`token::at`]).
pub(super) const NUMBER: u8 = 1;
/// A unit word ([`word::at`]).
pub(super) const WORD: u8 = 2;
/// A sign that means something of its own: a remark, a dash.
pub(super) const SIGN: u8 = 4;
/// Another character once it is folded ([`normalise::normalise`]).
pub(super) const FOLDED: u8 = 8;
/// A word of addresses abroad.
pub(super) const FOREIGN: u8 = 16;
/// A word that announces a name ([`personal::find`]).
pub(super) const ANNOUNCE: u8 = 32;

/// Of all characters up to U+FFFF; no other means anything here.
static CLASSES: LazyLock<Box<[u8]>> = LazyLock::new(|| {
    let class = |code: u32| {
        let Some(c) = char::from_u32(code) else { return 0 };
        let bit = |bit: u8, holds: bool| if holds { bit } else { 0 };
        bit(NUMBER, token::begins(c))
            | bit(WORD, word::begins(c))
            | bit(SIGN, matches!(c, '(' | '-'))
            | bit(FOLDED, normalise::fold(c) != Some(c))
            | bit(FOREIGN, matches!(c, '丁' | '番'))
            | bit(ANNOUNCE, personal::begins(c))
    };
    (0..=0xffff).map(class).collect()
});

/// Everything that `c` can begin.
pub(super) fn of(c: char) -> u8 {
    CLASSES.get(c as usize).copied().unwrap_or(0)
}

/// Everything that the characters of `text` can begin.
pub(super) fn any_of(text: &str) -> u8 {
    let classes = &*CLASSES;
    text.chars().fold(0, |all, c| all | classes.get(c as usize).copied().unwrap_or(0))
}

/// The bytes of the first two characters of a Chinese text: compared in one step, they tell most words apart.
pub(super) fn head(text: &str) -> Option<[u8; 6]> {
    text.as_bytes().first_chunk().copied()
}
