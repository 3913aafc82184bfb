//! Numbers with their unit word, as they stand in addresses: `12-3号`, `三单元`, `地下一层`, `A座`, `3#`.

use super::number::stem;
use super::{class, numeral};
use std::borrow::Cow;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// 号
    House,
    /// 号院, 号大院
    Yard,
    /// 幢, 栋, 号楼
    Building,
    /// 座
    Tower,
    /// 排
    Row,
    /// 单元
    Entrance,
    /// 门: an entrance after a building, otherwise part of a name
    Gate,
    /// 层, F
    Floor,
    /// 楼: a floor, or a building before its units
    Storey,
    /// 室, 房
    Room,
    /// 户
    Household,
    /// 号铺, 号店面
    Shop,
    /// 组, 小组
    Group,
    /// 队
    Team,
    /// 网格
    Grid,
    /// 微网格
    Microgrid,
    /// `#`
    Hash,
    /// No unit word.
    Bare,
    /// The digits belong to a name (`330国道`, `3号路`, `100弄`, `二区`).
    Name,
}

/// A number at the head of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Token<'a> {
    /// The number's own text, without 第, 地下 and the unit.
    pub body: &'a str,
    /// What it counts.
    pub unit: Unit,
    /// Bytes of all of it.
    pub len: usize,
    /// Below ground.
    pub below: bool,
}

impl Token<'_> {
    /// The number with Arabic digits, capital letters and without leading zeros (rooms keep theirs).
    pub fn digits(&self) -> Cow<'_, str> {
        let body = self.body;
        if let Some(n) = numeral::read(body) {
            return Cow::Owned(n.to_string());
        }
        if !body.is_ascii() {
            // 甲12, 甲十二
            let (head, tail) = body.split_at(body.chars().next().map_or(0, char::len_utf8));
            return match numeral::read(tail) {
                Some(n) => Cow::Owned(format!("{head}{n}")),
                None => Cow::Borrowed(body),
            };
        }
        let keeps = matches!(self.unit, Unit::Room | Unit::Household | Unit::Bare);
        let zeros = if keeps { 0 } else { body.len() - body.trim_start_matches('0').len() };
        let zeros =
            if body[zeros..].starts_with(|c: char| c.is_ascii_digit()) { zeros } else { zeros.saturating_sub(1) };
        if body.bytes().any(|b| b.is_ascii_lowercase()) {
            return Cow::Owned(body[zeros..].to_ascii_uppercase());
        }
        Cow::Borrowed(&body[zeros..])
    }
}

/// The unit that begins with 号, and its bytes.
fn unit_at_sign(text: &str) -> (Unit, usize) {
    let rest = &text['号'.len_utf8()..];
    let starts = |word: &str| rest.starts_with(word);
    match rest.chars().next() {
        Some('楼' | '幢' | '栋') => (Unit::Building, 6),
        Some('座') => (Unit::Tower, 6),
        Some('院') => (Unit::Yard, 6),
        Some('大') if starts("大院") => (Unit::Yard, 9),
        Some('室' | '房') => (Unit::Room, 6),
        Some('店') if starts("店面") || starts("店铺") => (Unit::Shop, 9),
        Some('门') if starts("门面") => (Unit::Shop, 9),
        Some('商') if starts("商铺") => (Unit::Shop, 9),
        Some('铺') => (Unit::Shop, 6),
        Some('路' | '街' | '支' | '桥' | '线' | '码' | '井' | '渠' | '巷' | '弄') => (Unit::Name, 6),
        Some('公') if starts("公路") => (Unit::Name, 9),
        Some('大') if starts("大道") => (Unit::Name, 9),
        _ => (Unit::House, 3),
    }
}

fn unit_at(text: &str) -> (Unit, usize) {
    let starts = |word: &str| text.starts_with(word);
    match text.chars().next() {
        Some('号') => unit_at_sign(text),
        Some('#') if starts("#楼") || starts("#幢") || starts("#栋") => (Unit::Building, 4),
        Some('#') => (Unit::Hash, 1),
        Some('幢') => (Unit::Building, 3),
        Some('栋') if starts("栋楼") => (Unit::Building, 6),
        Some('栋') => (Unit::Building, 3),
        Some('座') if starts("座楼") => (Unit::Tower, 6),
        Some('座') => (Unit::Tower, 3),
        Some('排') => (Unit::Row, 3),
        Some('单') if starts("单元") => (Unit::Entrance, 6),
        Some('门') if !["门面", "门店", "门诊", "门市", "门岗", "门路"].iter().any(|w| starts(w)) => {
            (Unit::Gate, 3)
        }
        Some('层') if starts("层楼") => (Unit::Floor, 6),
        Some('层') => (Unit::Floor, 3),
        Some('楼') if !starts("楼村") && !starts("楼社区") && !starts("楼梯") && !starts("楼路") => {
            (Unit::Storey, 3)
        }
        Some('室') => (Unit::Room, 3),
        Some('房') if starts("房间") => (Unit::Room, 6),
        Some('房') => (Unit::Room, 3),
        Some('户') => (Unit::Household, 3),
        Some('村') if starts("村民小组") => (Unit::Group, 12),
        Some('生') if starts("生产队") => (Unit::Team, 9),
        Some('生') if starts("生产小组") => (Unit::Group, 12),
        Some('小') if starts("小组") => (Unit::Group, 6),
        Some('组') => (Unit::Group, 3),
        Some('小') if starts("小队") => (Unit::Team, 6),
        Some('队') => (Unit::Team, 3),
        Some('网') if starts("网格") => (Unit::Grid, 6),
        Some('微') if starts("微网格") => (Unit::Microgrid, 9),
        Some(
            '弄' | '巷' | '支' | '条' | '路' | '街' | '国' | '省' | '县' | '乡' | '胡' | '区' | '期' | '村' | '线'
            | '里' | '道',
        ) => (Unit::Name, 0),
        Some('大') if starts("大道") || starts("大街") => (Unit::Name, 0),
        Some('公') if starts("公路") || starts("公里") => (Unit::Name, 0),
        _ => (Unit::Bare, 0),
    }
}

/// Whether a number can begin with `c`.
pub(super) fn begins(c: char) -> bool {
    lead(c, |_| true).is_some()
}

/// What comes before the number itself in a text that begins with `first`: its bytes, and whether it says below ground.
/// `starts` says with which words the text begins.
fn lead(first: char, starts: impl Fn(&str) -> bool) -> Option<(usize, bool)> {
    match first {
        '第' => Some((3, false)),
        '#' => Some((1, false)),
        '负' => Some((3, true)),
        '-' => Some((1, true)),
        '地' if starts("地下第") => Some((9, true)),
        '地' if starts("地下") => Some((6, true)),
        '卅' => None,
        c => (c.is_ascii_alphanumeric() || numeral::is_numeral(c) || stem(c).is_some()).then_some((0, false)),
    }
}

/// The number that `text` begins with, if it does.
pub fn at(text: &str) -> Option<Token<'_>> {
    let first = text.chars().next()?;
    if class::of(first) & class::NUMBER == 0 {
        return None;
    }
    let (from, below) = lead(first, |word| text.starts_with(word))?;
    let rest = &text[from..];
    let stem_len = rest.chars().next().filter(|c| stem(*c).is_some()).map_or(0, char::len_utf8);
    let bytes = rest.as_bytes();
    let mut end = stem_len;
    while end < bytes.len()
        && (bytes[end].is_ascii_alphanumeric()
            || (end > 0
                && matches!(bytes[end], b'-' | b'/' | b'.')
                && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric)
                && bytes[end - 1].is_ascii_alphanumeric()))
    {
        end += 1;
    }
    let ascii = end > stem_len;
    if !ascii {
        end = stem_len + rest[stem_len..].find(|c| !numeral::is_numeral(c)).unwrap_or(rest.len() - stem_len);
    }
    let (mut body, mut below, (unit, unit_len)) = (&rest[..end], below, unit_at(&rest[end..]));
    let len = from + end + unit_len;
    if body.is_empty() {
        return None;
    }
    // 3F is a floor, B1层 is one below ground.
    if ascii
        && unit == Unit::Bare
        && (2..5).contains(&body.len())
        && let Some(floor) = body.strip_suffix(['F', 'f'])
        && floor.bytes().all(|b| b.is_ascii_digit())
    {
        return Some(Token { body: floor, unit: Unit::Floor, len, below });
    }
    if matches!(unit, Unit::Floor | Unit::Storey)
        && let Some(depth) = body.strip_prefix(['B', 'b'])
        && !depth.is_empty()
    {
        (body, below) = (depth, true);
    }
    if ascii {
        let digits = body.bytes().any(|b| b.is_ascii_digit());
        // Letters alone are a number only with a unit word (A座), and short.
        if !digits && (unit == Unit::Bare || body.len() > 2) {
            return None;
        }
    } else if matches!(unit, Unit::Bare | Unit::Hash) || (stem_len == 0 && numeral::read(body).is_none()) {
        return None;
    }
    if first == '#' {
        let unit = if unit == Unit::Bare { Unit::Hash } else { unit };
        return Some(Token { body, unit, len, below });
    }
    if below && !matches!(unit, Unit::Floor | Unit::Storey) {
        return None;
    }
    Some(Token { body, unit, len, below })
}
