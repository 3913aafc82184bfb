//! Province, city and county at the head of an address.

use super::class;
use foldhash::fast::FixedState;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// The provinces: full name, short name, whether it is a municipality or special region without cities of its own.
pub const PROVINCES: [(&str, &str, bool); 34] = [
    ("北京市", "北京", true),
    ("天津市", "天津", true),
    ("河北省", "河北", false),
    ("山西省", "山西", false),
    ("内蒙古自治区", "内蒙古", false),
    ("辽宁省", "辽宁", false),
    ("吉林省", "吉林", false),
    ("黑龙江省", "黑龙江", false),
    ("上海市", "上海", true),
    ("江苏省", "江苏", false),
    ("浙江省", "浙江", false),
    ("安徽省", "安徽", false),
    ("福建省", "福建", false),
    ("江西省", "江西", false),
    ("山东省", "山东", false),
    ("河南省", "河南", false),
    ("湖北省", "湖北", false),
    ("湖南省", "湖南", false),
    ("广东省", "广东", false),
    ("广西壮族自治区", "广西", false),
    ("海南省", "海南", false),
    ("重庆市", "重庆", true),
    ("四川省", "四川", false),
    ("贵州省", "贵州", false),
    ("云南省", "云南", false),
    ("西藏自治区", "西藏", false),
    ("陕西省", "陕西", false),
    ("甘肃省", "甘肃", false),
    ("青海省", "青海", false),
    ("宁夏回族自治区", "宁夏", false),
    ("新疆维吾尔自治区", "新疆", false),
    ("香港特别行政区", "香港", true),
    ("澳门特别行政区", "澳门", true),
    ("台湾省", "台湾", false),
];

/// Names of a list that is part of the program.
type Names = HashSet<&'static str, FixedState>;

static CITIES: LazyLock<Names> = LazyLock::new(|| include_str!("../../../data/code/city.txt").lines().collect());
static CITIES_SHORT: LazyLock<HashMap<&'static str, &'static str, FixedState>> = LazyLock::new(|| {
    let short = |name: &'static str| Some((name.strip_suffix('市').or_else(|| name.strip_suffix("地区"))?, name));
    include_str!("../../../data/code/city.txt").lines().filter_map(short).collect()
});
static COUNTIES: LazyLock<Names> = LazyLock::new(|| include_str!("../../../data/code/county.txt").lines().collect());

/// A name found at the head of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found<'a> {
    /// Its full name.
    pub name: &'a str,
    /// How many bytes of the text it takes.
    pub len: usize,
    /// Whether the text has a short form of it.
    pub short: bool,
}

/// How far into the text an administrative name is looked for, characters.
const REACH: usize = 18;

/// Ends (in bytes) of the characters of `text` that satisfy `is_suffix`, before the first digit.
fn ends<'a>(text: &'a str, is_suffix: impl Fn(char) -> bool + 'a) -> impl Iterator<Item = (usize, usize)> + 'a {
    text.char_indices()
        .take(REACH)
        .take_while(|(_, c)| !c.is_ascii_digit())
        .enumerate()
        .filter(move |(_, (_, c))| is_suffix(*c))
        .map(|(count, (at, c))| (count, at + c.len_utf8()))
}

/// A province at the head of `text`.
pub fn province(text: &str) -> Option<Found<'static>> {
    // The first two characters tell them apart.
    let head = class::head(text)?;
    let (full, short, municipality) =
        *PROVINCES.iter().find(|(_, short, _)| class::head(short) == Some(head) && text.starts_with(short))?;
    if text.starts_with(full) {
        return Some(Found { name: full, len: full.len(), short: false });
    }
    let rest = &text[short.len()..];
    // 广西省, 新疆自治区 and the like are said.
    for said in ["省", "自治区", "特别行政区"] {
        if rest.starts_with(said) && !municipality {
            return Some(Found { name: full, len: short.len() + said.len(), short: true });
        }
    }
    let follows = if municipality { known_county(rest).is_some() } else { city(rest, true).is_some_and(|c| c.known()) };
    follows.then_some(Found { name: full, len: short.len(), short: true })
}

impl Found<'_> {
    fn known(&self) -> bool {
        CITIES.contains(self.name) || COUNTIES.contains(self.name)
    }
}

/// Words that end in 市 and are no city, by what stands before or after it.
fn is_no_city(before: Option<char>, after: &str) -> bool {
    matches!(before, Some('城' | '超' | '夜' | '菜' | '门' | '花' | '早' | '集' | '都' | '闹' | '街'))
        || after.starts_with(['场', '民', '政', '府', '心', '口', '区', '集', '部', '容'])
}

/// A prefecture-level city, prefecture or league at the head of `text`. `below_province`: whether a province stands
/// before it, so that an unlisted name is believed.
pub fn city(text: &str, below_province: bool) -> Option<Found<'_>> {
    for (_, end) in ends(text, |c| matches!(c, '市' | '州' | '区' | '盟')) {
        if CITIES.contains(&text[..end]) {
            return Some(Found { name: &text[..end], len: end, short: false });
        }
    }
    for (_, end) in ends(text, |_| true).take_while(|(count, _)| *count < 5) {
        if let Some(full) = CITIES_SHORT.get(&text[..end])
            && known_county(&text[end..]).is_some_and(|len| len > 6)
        {
            return Some(Found { name: full, len: end, short: true });
        }
    }
    let (count, end) = ends(text, |c| c == '市').next()?;
    let name = &text[..end];
    let before = name.chars().rev().nth(1);
    let plain = (2..=4).contains(&count) && !is_no_city(before, &text[end..]) && !has_road(name);
    (plain && !COUNTIES.contains(name) && (below_province || plausible_county(&text[end..]).is_some()))
        .then_some(Found { name, len: end, short: false })
}

fn has_road(name: &str) -> bool {
    name.contains(['路', '街', '巷', '弄', '村', '镇', '乡', '(', '-'])
}

/// The length of a listed county name at the head of `text`.
fn known_county(text: &str) -> Option<usize> {
    ends(text, |c| matches!(c, '区' | '县' | '市' | '旗'))
        .map(|(_, end)| end)
        .find(|end| COUNTIES.contains(&text[..*end]))
}

/// The length of an unlisted name at the head of `text` that has the form of a county.
fn plausible_county(text: &str) -> Option<usize> {
    if let Some(len) = known_county(text) {
        return Some(len);
    }
    let (count, end) = ends(text, |c| matches!(c, '区' | '县' | '市' | '旗')).next()?;
    let name = &text[..end];
    let last = name.chars().next_back()?;
    let before = name.chars().rev().nth(1)?;
    let denied = match last {
        '市' => is_no_city(Some(before), &text[end..]),
        '区' => {
            matches!(
                before,
                '社' | '小'
                    | '片'
                    | '街'
                    | '园'
                    | '景'
                    | '校'
                    | '厂'
                    | '库'
                    | '地'
                    | '市'
                    | '宅'
                    | '活'
                    | '业'
                    | '新'
                    | '老'
                    | '军'
                    | '辖'
                    | '东'
                    | '西'
                    | '南'
                    | '北'
                    | '中'
                    | '发'
                    | '港'
                    | '术'
                    | '公'
                    | '山'
                    | '院'
                    | '城'
                    | '组'
            ) || before.is_ascii()
        }
        '县' => text[end..].starts_with(['城', '前', '府', '学', '道']),
        _ => false,
    };
    ((2..=4).contains(&count) && !denied && !has_road(name)).then_some(end)
}

/// A county, district, banner or county-level city at the head of `text`. `below`: whether a province or a city stands
/// before it.
pub fn county(text: &str, below: bool) -> Option<Found<'_>> {
    let found = |end: usize| Found { name: &text[..end], len: end, short: false };
    if let Some(end) = known_county(text).filter(|end| *end > 6 || below) {
        return Some(found(end));
    }
    if below {
        for zone in ["经济技术开发区", "经济开发区", "开发区", "高新区", "管理区", "示范区", "新区"]
        {
            if let Some(at) = text.find(zone).filter(|at| *at > 0 && *at <= 18 && !has_road(&text[..*at])) {
                return Some(found(at + zone.len()));
            }
        }
    }
    plausible_county(text).filter(|end| *end > 6).map(found)
}
