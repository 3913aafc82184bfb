//! The unit words of Chinese addresses: what a name ends in, and what it then is.

use super::class;

/// What a name with this ending is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 街道, 镇, 乡
    Town,
    /// 村, 社区, 居委会
    Village,
    /// 自然村
    Hamlet,
    /// 网格
    Grid,
    /// 路, 街, 大道
    Road,
    /// 巷, 弄, 里, 胡同: a road, or a lane of the road before it
    Lane,
    /// 小区, 花园, 大厦
    Compound,
    /// 区, 期: a part of the compound before it
    Zone,
}

/// A unit word found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// What the name is.
    pub kind: Kind,
    /// Bytes of the word.
    pub len: usize,
    /// The word that the standard has for it, where that is another one.
    pub standard: Option<&'static str>,
    /// Whether it is a unit word only where a number follows or the text ends (城, 苑, 里 are parts of many names).
    pub weak: bool,
}

const fn word(kind: Kind, len: usize) -> Option<Word> {
    Some(Word { kind, len, standard: None, weak: false })
}

const fn weak(kind: Kind, len: usize) -> Option<Word> {
    Some(Word { kind, len, standard: None, weak: true })
}

const fn said(kind: Kind, len: usize, standard: &'static str) -> Option<Word> {
    Some(Word { kind, len, standard: Some(standard), weak: false })
}

/// Endings of compounds by their first character; longest first.
const COMPOUNDS: &[&str] = &[
    "小区",
    "小镇",
    "花园",
    "花苑",
    "花城",
    "新村",
    "新苑",
    "新城",
    "新居",
    "公寓",
    "公馆",
    "大厦",
    "大楼",
    "大院",
    "大酒店",
    "广场",
    "家园",
    "家苑",
    "山庄",
    "别墅",
    "商城",
    "商厦",
    "商场",
    "商住楼",
    "市场",
    "中心",
    "宿舍",
    "住宅小区",
    "住宅区",
    "华府",
    "华庭",
    "华苑",
    "华城",
    "名苑",
    "名邸",
    "名城",
    "名都",
    "雅苑",
    "雅居",
    "雅园",
    "嘉苑",
    "嘉园",
    "佳苑",
    "佳园",
    "国际",
    "工业园区",
    "工业园",
    "工业区",
    "产业园区",
    "产业园",
    "科技园",
    "创业园",
    "物流园",
    "园区",
    "大学",
    "学院",
    "学校",
    "小学",
    "中学",
    "幼儿园",
    "医院",
    "酒店",
    "宾馆",
    "安置房",
    "安置区",
    "公租房",
    "农贸市场",
    "综合楼",
    "办公楼",
    "教学楼",
    "宿舍楼",
    "写字楼",
    "福利院",
    "敬老院",
    "养老院",
];

/// Endings of compounds of one character.
const SHORT_COMPOUNDS: &str = "城府苑庭湾阁轩院邸台寓厂墅郡岸洲都楼斋园";

/// Whether a unit word can begin with `c`.
pub(super) fn begins(c: char) -> bool {
    // Whatever follows, one of the two lets each of the words through.
    let is_one = unit(c, |_| true).or_else(|| unit(c, |_| false)).is_some();
    is_one || SHORT_COMPOUNDS.contains(c) || COMPOUNDS.iter().any(|word| word.starts_with(c))
}

/// The unit word that begins `text`, if one does.
pub fn at(text: &str) -> Option<Word> {
    let first = text.chars().next()?;
    if class::of(first) & class::WORD == 0 {
        return None;
    }
    unit(first, |word| text.starts_with(word)).or_else(|| compound(first, text))
}

/// The unit word that is no compound's, of a text that begins with `first`; `starts` says with which words.
fn unit(first: char, starts: impl Fn(&str) -> bool) -> Option<Word> {
    match first {
        '街' if starts("街道办事处") => said(Kind::Town, 15, "街道"),
        '街' if starts("街道办") => said(Kind::Town, 9, "街道"),
        '街' if starts("街道") => word(Kind::Town, 6),
        '街' if !starts("街区") && !starts("街坊") && !starts("街心") => word(Kind::Road, 3),
        '镇' if starts("镇人民政府") => said(Kind::Town, 15, "镇"),
        '镇' => word(Kind::Town, 3),
        '乡' if starts("乡道") => word(Kind::Road, 6),
        '乡' => word(Kind::Town, 3),
        '苏' if starts("苏木") => word(Kind::Town, 6),
        '路' => word(Kind::Road, 3),
        '大' if starts("大道") || starts("大街") => word(Kind::Road, 6),
        '国' if starts("国道") => word(Kind::Road, 6),
        '省' if starts("省道") => word(Kind::Road, 6),
        '县' if starts("县道") => word(Kind::Road, 6),
        '公' if starts("公路") => word(Kind::Road, 6),
        '道' => weak(Kind::Road, 3),
        '线' => weak(Kind::Road, 3),
        '堤' => weak(Kind::Road, 3),
        '支' if ["支路", "支弄", "支巷", "支街"].iter().any(|s| starts(s)) => word(Kind::Lane, 6),
        '巷' if !starts("巷子") => word(Kind::Lane, 3),
        '弄' if !starts("弄堂") => word(Kind::Lane, 3),
        '弄' => word(Kind::Lane, 6),
        '段' => word(Kind::Lane, 3),
        '胡' if starts("胡同") => word(Kind::Lane, 6),
        '里' | '坊' | '条' => weak(Kind::Lane, 3),
        '村' if starts("村村民委员会") => said(Kind::Village, 18, "村"),
        '村' if starts("村民委员会") => said(Kind::Village, 15, "村"),
        '村' if starts("村委会") => said(Kind::Village, 9, "村"),
        '村' if !starts("村民") => word(Kind::Village, 3),
        '嘎' if starts("嘎查") => word(Kind::Village, 6),
        '社' if starts("社区居民委员会") => said(Kind::Village, 21, "社区"),
        '社' if starts("社区居委会") => said(Kind::Village, 15, "社区"),
        '社' if starts("社区") => word(Kind::Village, 6),
        '居' if starts("居民委员会") => said(Kind::Village, 15, "居委会"),
        '居' if starts("居委会") => word(Kind::Village, 9),
        '居' => weak(Kind::Compound, 3),
        '自' if starts("自然村") => word(Kind::Hamlet, 9),
        '微' if starts("微网格") => word(Kind::Grid, 9),
        '网' if starts("网格") => word(Kind::Grid, 6),
        '区' | '期' => weak(Kind::Zone, 3),
        '畈' | '坞' | '岙' | '坑' | '垟' | '庄' | '屯' | '寨' | '坪' | '岗' | '塘' | '埠' | '圩' | '堡' | '坳'
        | '坝' | '墩' | '浜' => weak(Kind::Hamlet, 3),
        _ => None,
    }
}

fn compound(first: char, text: &str) -> Option<Word> {
    // No word has fewer than two characters, and few share those.
    let head = class::head(text);
    let fits = |word: &&&str| head.is_some() && class::head(word) == head && text.starts_with(**word);
    match COMPOUNDS.iter().filter(fits).map(|word| word.len()).max() {
        Some(len) => word(Kind::Compound, len),
        None if SHORT_COMPOUNDS.contains(first) => weak(Kind::Compound, 3),
        None => None,
    }
}

/// Whether `text` begins with a place-in-relation character that belongs to a name ending right after it
/// (`路北村`, `城东路`), and where that later word begins.
pub fn positional(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    matches!(
        first,
        '东' | '西'
            | '南'
            | '北'
            | '中'
            | '前'
            | '后'
            | '上'
            | '下'
            | '内'
            | '外'
            | '口'
            | '头'
            | '边'
            | '底'
            | '尾'
            | '里'
            | '新'
            | '老'
            | '大'
            | '小'
            | '横'
            | '支'
    )
    .then_some(first.len_utf8())
}
