//! No person comes in: columns of persons are refused by name, free text is screened for identity and telephone numbers.

/// Headings that are a person's data, as normalised by [`super::column::normal`].
const HEADINGS: &[&str] = &[
    "nameofperson",
    "person",
    "personname",
    "ownername",
    "owner",
    "landlord",
    "landlordname",
    "tenant",
    "tenantname",
    "householder",
    "headofhousehold",
    "contact",
    "contactname",
    "contactperson",
    "phone",
    "phonenumber",
    "phoneno",
    "mobile",
    "mobilephone",
    "mobileno",
    "tel",
    "telephone",
    "telno",
    "cellphone",
    "email",
    "mail",
    "wechat",
    "qq",
    "idcard",
    "idcardno",
    "idnumber",
    "idno",
    "identitycard",
    "identitynumber",
    "nationalid",
    "passport",
    "passportno",
    "birthday",
    "birthdate",
    "dateofbirth",
    "dob",
    "gender",
    "sex",
    "ethnicity",
    "religion",
    "face",
    "facephoto",
    "fingerprint",
    "platenumber",
    "surname",
    "givenname",
    "firstname",
    "lastname",
    "collectorname",
    "性别",
    "民族",
    "宗教",
    "籍贯",
    "户籍",
    "户籍地",
    "户籍地址",
    "出生日期",
    "出生年月",
    "生日",
    "年龄",
    "联系人",
    "联系方式",
    "负责人",
    "法人",
    "法人代表",
    "法定代表人",
    "房东",
    "房主",
    "业主",
    "产权人",
    "租客",
    "租户",
    "承租人",
    "出租人",
    "监护人",
    "家属",
    "微信",
    "微信号",
    "邮箱",
    "电子邮箱",
    "护照",
    "护照号",
    "人脸",
    "照片人脸",
    "指纹",
    "车牌",
    "车牌号",
    "政治面貌",
    "文化程度",
    "婚姻状况",
    "健康状况",
    "氏名",
    "電話",
    "姓",
    "名字",
    "采集人姓名",
    "网格员姓名",
    "網格員姓名",
];

/// Parts of headings that make any heading one of a person.
const FRAGMENTS: &[&str] = &[
    "姓名",
    "身份证",
    "身份證",
    "证件号",
    "证件号码",
    "手机",
    "手機",
    "电话",
    "電話",
    "户主",
    "戶主",
    "idcard",
    "telephone",
    "mobilephone",
];

/// Whether a heading (normalised) is a person's data. A plain `name` is one only where no thing is named: in files of
/// rentals, hazards and headcounts.
pub fn is_person_heading(normal: &str, things_have_names: bool) -> bool {
    HEADINGS.contains(&normal)
        || FRAGMENTS.iter().any(|part| normal.contains(part))
        || (!things_have_names && matches!(normal, "name" | "fullname" | "名称"))
}

/// What a text must not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// An identity number: 18 digits with the right check digit (GB 11643-1999).
    Identity,
    /// A mobile telephone number of China.
    Telephone,
}

/// The first identity or telephone number in a text. Full-width digits count.
pub fn screen(text: &str) -> Option<Found> {
    // Eleven digits in a row are the least that matters.
    if text.len() < 11 {
        return None;
    }
    let mut run: Vec<u8> = Vec::new();
    for c in text.chars().chain(['\n']) {
        match c {
            '0'..='9' => run.push(c as u8),
            '０'..='９' => run.push((c as u32 - '０' as u32) as u8 + b'0'),
            'x' | 'X' | 'Ｘ' if run.len() == 17 => run.push(b'X'),
            // People write numbers in groups.
            ' ' | '-' if matches!(run.len(), 3 | 6 | 7 | 14) && run[0] == b'1' => {}
            _ => {
                if let Some(found) = judge(&run) {
                    return Some(found);
                }
                run.clear();
            }
        }
    }
    None
}

fn judge(run: &[u8]) -> Option<Found> {
    match run.len() {
        18 if checks(run) => Some(Found::Identity),
        11 if run[0] == b'1' && (b'3'..=b'9').contains(&run[1]) => Some(Found::Telephone),
        13 if run.starts_with(b"86") && run[2] == b'1' && (b'3'..=b'9').contains(&run[3]) => Some(Found::Telephone),
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

/// The text with the digits of numbers longer than five hidden, for messages and reject files.
pub fn mask(text: &str) -> String {
    let digit = |c: char| c.is_ascii_digit() || ('０'..='９').contains(&c);
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let end = (i..chars.len()).find(|j| !digit(chars[*j])).unwrap_or(chars.len());
        if end - i > 5 {
            out.extend(&chars[i..i + 2]);
            out.extend(std::iter::repeat_n('*', end - i - 2));
        } else {
            out.extend(&chars[i..end]);
        }
        if end < chars.len() {
            out.push(chars[end]);
        }
        i = end + 1;
    }
    out
}

/// Whether a text looks like a Chinese person's name: two to four Han characters that begin with a frequent surname.
pub fn looks_like_a_name(text: &str) -> bool {
    const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
    let mut chars = text.chars();
    let count = text.chars().count();
    (2..=4).contains(&count)
        && chars.next().is_some_and(|c| SURNAMES.contains(c))
        && text.chars().all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
        && !["组", "队", "站", "所", "办", "村", "社区", "街道", "网格", "中心"].iter().any(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_persons_are_known() {
        for heading in ["姓名", "户主姓名", "身份证号码", "手机号", "联系电话", "idcard", "phone", "房东", "性别"]
        {
            assert!(is_person_heading(heading, true), "{heading}");
        }
        for heading in ["name", "名称", "小区名称", "网格名称", "地址", "phonefixm", "门牌号", "collector", "occupants"]
        {
            assert!(!is_person_heading(heading, true), "{heading}");
        }
        assert!(is_person_heading("name", false));
    }

    #[test]
    fn numbers_of_persons_are_found() {
        // The identity numbers are the examples of GB 11643-1999, no one's.
        for (text, found) in [
            ("中山路12号", None),
            ("中山路12号 张某 13800138000", Some(Found::Telephone)),
            ("138 0013 8000", Some(Found::Telephone)),
            ("１３８００１３８０００", Some(Found::Telephone)),
            ("+8613800138000", Some(Found::Telephone)),
            ("11010519491231002X", Some(Found::Identity)),
            ("440524188001010014", Some(Found::Identity)),
            ("440524188001010013", None),
            ("331102001003004005", None),
            ("编号20231231123", None),
            ("12345678901", None),
        ] {
            assert_eq!(screen(text), found, "{text}");
        }
    }

    #[test]
    fn masks_hide_long_numbers_only() {
        assert_eq!(mask("中山路12号 13800138000"), "中山路12号 13*********");
        assert_eq!(mask("12345"), "12345");
    }

    #[test]
    fn names_are_not_work_codes() {
        assert!(looks_like_a_name("王小明") && looks_like_a_name("李四"));
        assert!(!looks_like_a_name("W0012") && !looks_like_a_name("白云社区") && !looks_like_a_name("一组"));
    }
}
