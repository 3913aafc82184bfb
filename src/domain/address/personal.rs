//! What is a person's in an address text: identity numbers, telephone numbers, names. Found and hidden, never kept.

use super::class;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersonalKind {
    /// An identity number: 18 digits with the right check digit (GB 11643-1999).
    Identity,
    /// A mobile or fixed telephone number.
    Telephone,
    /// A person's name: after a word that announces one, or alone behind the house number.
    Name,
}

/// Something personal in a text, by bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Personal {
    /// What.
    pub kind: PersonalKind,
    /// First byte.
    pub start: usize,
    /// First byte after it.
    pub end: usize,
}

/// Frequent surnames.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
/// Words that announce a name.
const ANNOUNCE: [&str; 13] =
    ["户主", "房东", "业主", "房主", "联系人", "负责人", "承租人", "租客", "租户", "姓名", "收件人", "产权人", "屋主"];
/// Words that follow a name.
const ADDRESSED: [&str; 10] = ["先生", "女士", "老师", "师傅", "同志", "家中", "家", "宅", "户", "收"];
/// Last characters of things that are no name: shops, works, sides.
const THINGS: &str = "店馆厅铺行厂司部院校站所楼房库屋园场局社城吧坊阁台堂点边口旁侧面角内外前后上下东西南北门套梯间层楼室村组路街巷弄区苑府庭座栋幢号医药品材器械业务银商酒菜饭面水果家居中心";

/// Whether a word that announces a name can begin with `c`.
pub(super) fn begins(c: char) -> bool {
    ANNOUNCE.iter().any(|word| word.starts_with(c))
}

/// Everything personal in `text`, from left to right.
pub fn find(text: &str) -> Vec<Personal> {
    let mut found = Vec::new();
    numbers(text, &mut found);
    names(text, &mut found);
    found.sort_by_key(|p| p.start);
    found
}

/// The first identity or telephone number in `text`: what no import lets in. Names are left to the checker, which is asked
/// about whole addresses.
pub fn number(text: &str) -> Option<PersonalKind> {
    let mut found = Vec::new();
    numbers(text, &mut found);
    found.first().map(|number| number.kind)
}

/// `text` with everything personal hidden: of a number its first two digits stay, of a name its surname.
pub fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for personal in find(text) {
        if personal.start < from {
            continue;
        }
        out.push_str(&text[from..personal.start]);
        let hidden = &text[personal.start..personal.end];
        let keep = if personal.kind == PersonalKind::Name { 1 } else { 2 };
        out.extend(hidden.chars().take(keep));
        out.extend(std::iter::repeat_n('*', hidden.chars().count().saturating_sub(keep)));
        from = personal.end;
    }
    out.push_str(&text[from..]);
    out
}

/// The value of a digit, half or full width.
fn digit(c: char) -> Option<u8> {
    match c {
        '0'..='9' => Some(c as u8),
        '０'..='９' => Some((c as u32 - '０' as u32) as u8 + b'0'),
        _ => None,
    }
}

fn numbers(text: &str, found: &mut Vec<Personal>) {
    // Ten digits are the least that matters; a full-width one begins with this byte.
    if text.bytes().filter(|b| b.is_ascii_digit() || *b == 0xef).count() < 10 {
        return;
    }
    let mut run: Vec<u8> = Vec::new();
    let (mut start, mut end) = (0, 0);
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        if let Some(d) = digit(c) {
            if run.is_empty() {
                start = at;
            }
            run.push(d);
            end = at + c.len_utf8();
        } else if matches!(c, 'x' | 'X' | 'Ｘ') && run.len() == 17 {
            run.push(b'X');
            end = at + c.len_utf8();
        } else if matches!(c, ' ' | '-' | '－') && groups(&run) {
            // People write long numbers in groups.
        } else if !run.is_empty() {
            if let Some(kind) = judge(&run) {
                found.push(Personal { kind, start, end });
            }
            run.clear();
        }
    }
}

/// Whether a number may go on after a blank or a dash: 138 0013 8000, 0578-2123456.
fn groups(run: &[u8]) -> bool {
    match run {
        [b'1', b'3'..=b'9', ..] => matches!(run.len(), 3 | 7),
        [b'0', b'1'..=b'9', ..] => matches!(run.len(), 3 | 4),
        _ => matches!(run.len(), 6 | 14),
    }
}

fn judge(run: &[u8]) -> Option<PersonalKind> {
    let mobile = |run: &[u8]| run.len() == 11 && run[0] == b'1' && (b'3'..=b'9').contains(&run[1]);
    match run.len() {
        18 if checks(run) => Some(PersonalKind::Identity),
        11 if mobile(run) => Some(PersonalKind::Telephone),
        13 if run.starts_with(b"86") && mobile(&run[2..]) => Some(PersonalKind::Telephone),
        10..=12 if run[0] == b'0' && run[1] != b'0' => Some(PersonalKind::Telephone),
        _ => None,
    }
}

/// Check digit and a plausible date of birth.
fn checks(run: &[u8]) -> bool {
    const WEIGHT: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    if run[..17].iter().any(|d| !d.is_ascii_digit()) {
        return false;
    }
    let number = |range: std::ops::Range<usize>| run[range].iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
    let sum: u32 = run[..17].iter().zip(WEIGHT).map(|(d, w)| u32::from(d - b'0') * w).sum();
    (1850..2100).contains(&number(6..10))
        && (1..=12).contains(&number(10..12))
        && (1..=31).contains(&number(12..14))
        && run[17] == b"10X98765432"[(sum % 11) as usize]
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// The bytes of the name that `text` begins with: a surname and one or two characters more, no thing's name.
fn name_at(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().map(|(at, c)| (at + c.len_utf8(), c));
    let (_, surname) = chars.next()?;
    if !SURNAMES.contains(surname) {
        return None;
    }
    let (short, first) = chars.next().filter(|(_, c)| is_han(*c))?;
    if matches!(first, '某') {
        return Some(chars.next().filter(|(_, c)| *c == '某').map_or(short, |(end, _)| end));
    }
    let ends = |at: usize| {
        let rest = &text[at..];
        !rest.starts_with(is_han) || ADDRESSED.iter().any(|word| rest.starts_with(word))
    };
    if ends(short) {
        return (!THINGS.contains(first)).then_some(short);
    }
    let (long, last) = chars.next().filter(|(_, c)| is_han(*c))?;
    (ends(long) && !THINGS.contains(last)).then_some(long)
}

fn names(text: &str, found: &mut Vec<Personal>) {
    let mut add = |start: usize, len: usize| {
        if !found.iter().any(|p| p.start < start + len && start < p.end) {
            found.push(Personal { kind: PersonalKind::Name, start, end: start + len });
        }
    };
    let announced = if class::any_of(text) & class::ANNOUNCE != 0 { &ANNOUNCE[..] } else { &[] };
    for word in announced.iter().copied() {
        for (at, _) in text.match_indices(word) {
            let after = at + word.len();
            let skipped =
                text[after..].len() - text[after..].trim_start_matches([':', '：', ' ', '为', '是', '（', '(']).len();
            if let Some(len) = name_at(&text[after + skipped..]) {
                add(after + skipped, len);
            }
        }
    }
    // Alone behind the last number: 12号王小明家, 501室（李四）.
    let Some((at, unit)) =
        text.char_indices().rfind(|(_, c)| matches!(c, '号' | '室' | '幢' | '栋' | '元' | '组' | '楼'))
    else {
        return;
    };
    let after = at + unit.len_utf8();
    let skipped = text[after..].len() - text[after..].trim_start_matches([' ', '（', '(', '　']).len();
    let tail = &text[after + skipped..];
    let Some(len) = name_at(tail) else { return };
    let rest = tail[len..].trim_end_matches([')', '）', ' ']);
    let whole = rest.is_empty() || ADDRESSED.contains(&rest);
    let three = tail[..len].chars().count() == 3 || tail[..len].contains('某');
    if whole && (three || !rest.is_empty() || skipped > 0) {
        add(after + skipped, len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_personal_and_nothing_else() {
        use PersonalKind::*;
        // The identity numbers are the examples of GB 11643-1999; the names and telephone numbers are nobody's.
        for (text, kinds, masked) in [
            ("人民路12号", &[][..], "人民路12号"),
            ("人民路12号13800138000", &[Telephone], "人民路12号13*********"),
            ("人民路12号 138 0013 8000", &[Telephone], "人民路12号 13***********"),
            ("人民路12号电话0578-2123456", &[Telephone], "人民路12号电话05**********"),
            ("人民路12号11010519491231002X", &[Identity], "人民路12号11****************"),
            ("人民路12号 440524188001010013", &[], "人民路12号 440524188001010013"),
            ("编码331102001003004005", &[], "编码331102001003004005"),
            ("人民路12号户主：王小明", &[Name], "人民路12号户主：王**"),
            ("人民路12号联系人李四13800138000", &[Name, Telephone], "人民路12号联系人李*13*********"),
            ("人民路12号王小明家", &[Name], "人民路12号王**家"),
            ("人民路12号张某某", &[Name], "人民路12号张**"),
            ("阳光小区3幢2单元501室（李四）", &[Name], "阳光小区3幢2单元501室（李*）"),
            ("人民路12号农业银行", &[], "人民路12号农业银行"),
            ("人民路12号金店", &[], "人民路12号金店"),
            ("人民路12号高速口", &[], "人民路12号高速口"),
            ("张家村3组12号", &[], "张家村3组12号"),
            ("王小明路12号", &[], "王小明路12号"),
            ("人民路12号马路对面", &[], "人民路12号马路对面"),
            ("", &[], ""),
        ] {
            let found: Vec<PersonalKind> = find(text).iter().map(|p| p.kind).collect();
            assert_eq!(found, kinds, "{text}");
            assert_eq!(mask(text), masked, "{text}");
        }
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        use PersonalKind::*;
        for (text, found) in [
            ("中山路12号", None),
            ("中山路12号 张某 13800138000", Some(Telephone)),
            ("138 0013 8000", Some(Telephone)),
            ("１３８００１３８０００", Some(Telephone)),
            ("+8613800138000", Some(Telephone)),
            ("11010519491231002X", Some(Identity)),
            ("440524188001010014", Some(Identity)),
            ("440524188001010013", None),
            ("331102001003004005", None),
            ("编号20231231123", None),
            ("12345678901", None),
        ] {
            assert_eq!(number(text), found, "{text}");
        }
    }
}
