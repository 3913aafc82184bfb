//! No person comes in: columns of persons are refused by name, and work codes that are names. Numbers inside a text are
//! found by [`crate::domain::address::personal`].

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
    fn names_are_not_work_codes() {
        assert!(looks_like_a_name("王小明") && looks_like_a_name("李四"));
        assert!(!looks_like_a_name("W0012") && !looks_like_a_name("白云社区") && !looks_like_a_name("一组"));
    }
}
