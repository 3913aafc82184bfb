//! Which encoding is this text in? UTF-8 when all of it is valid; else the legacy encoding of East Asia that reads best.

use crate::error::{Error, Result, Text};
use encoding_rs::{BIG5, EUC_JP, Encoding, GB18030, SHIFT_JIS, UTF_8};

/// Bytes outside ASCII after which valid UTF-8 can be nothing else.
const CERTAIN: usize = 1 << 16;
/// Text looked at before the legacy encodings are compared, bytes.
const SAMPLE: usize = 256 * 1024;

const CANDIDATES: [&Encoding; 4] = [GB18030, BIG5, SHIFT_JIS, EUC_JP];

/// Characters that headings, addresses and names of the region are full of: simplified, traditional, Japanese. Text that
/// is read in a wrong encoding comes out as rare characters instead.
const FREQUENT: &str = "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经\
十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严\
址街巷弄村镇乡社区网格楼栋幢室户编码经纬度坐标名称门牌街道小区标准姓层房屋建筑租赁隐患类型面积单元采集批次精度\
經緯編碼鄉鎮區縣門號樓棟層戶標準名稱類別說時間點學國園東門與為會長來個們這過種動產業對發後開關電車書馬風飛島鳥綱龍臺灣灣蘭義號線樹橋頭廣場處數據實驗體圖當從進將務應總統聯議記錄備註測量圍無線級節結構組織經營單獨獨雙萬東園區里鄰段巷弄橋莊\
都道府県市区町村丁目番号字大小北海東西南本上中下田山川野原松木橋島崎沢谷井和歌山東京文京港白根津千駄関口音羽水道湯本郷向丘春後楽目白緯経度典資料原コードのアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンー々ヶケ、。・";

/// Collects evidence line by line, or cell by cell.
#[derive(Default)]
pub struct Detector {
    not_utf8: bool,
    /// Bytes outside ASCII that were looked at.
    foreign: usize,
    sample: Vec<u8>,
}

impl Detector {
    /// Looks at one line (or cell, which may be cut in the middle of its last character).
    pub fn feed(&mut self, text: &[u8]) {
        if text.is_ascii() {
            return;
        }
        self.not_utf8 |= std::str::from_utf8(text).is_err_and(|error| error.error_len().is_some());
        self.foreign += text.iter().filter(|byte| !byte.is_ascii()).count();
        if self.sample.len() < SAMPLE {
            self.sample.extend_from_slice(text);
            self.sample.push(b'\n');
        }
    }

    /// Whether it is UTF-8 beyond doubt, whatever follows: no other text of this length looks like it. Bytes further on
    /// that are none are then faults of their own rows.
    pub fn is_certain(&self) -> bool {
        !self.not_utf8 && self.foreign >= CERTAIN
    }

    /// The encoding. `hint` is what the file says of itself, believed when the text agrees.
    ///
    /// # Errors
    /// `Invalid` when the text is not UTF-8 and no legacy encoding reads it better than the others.
    pub fn decide(&self, place: &str, hint: Option<&'static Encoding>) -> Result<&'static Encoding> {
        if !self.not_utf8 {
            return Ok(hint
                .filter(|hint| self.sample.is_empty() || errors(hint, &self.sample) == 0.0)
                .unwrap_or(UTF_8));
        }
        if let Some(hint) = hint
            && errors(hint, &self.sample) == 0.0
        {
            return Ok(hint);
        }
        let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
        detector.feed(&self.sample, true);
        let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
        let guess = if guess == encoding_rs::GBK { GB18030 } else { guess };
        let mut scored: Vec<(f64, &'static Encoding)> =
            CANDIDATES.iter().map(|e| (score(e, &self.sample) + f64::from(*e == guess) * 0.15, *e)).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        if scored[0].0 < 0.2 || scored[0].0 - scored[1].0 < 0.05 {
            let names = CANDIDATES.map(Encoding::name).join(", ");
            return Err(Error::invalid(
                place,
                "encoding",
                "",
                Text::new(
                    "文字编码不是 UTF-8，也无法确定是哪一种",
                    "the text is not UTF-8, and which encoding it is cannot be told",
                ),
                Text::new(
                    format!("请用 --encoding 指定（{names} 等），或另存为 UTF-8"),
                    format!("say which with --encoding ({names} ...), or save the file as UTF-8"),
                ),
            ));
        }
        Ok(scored[0].1)
    }
}

/// Share of the sample's lines that cannot be decoded.
fn errors(encoding: &'static Encoding, sample: &[u8]) -> f64 {
    let lines: Vec<&[u8]> = sample.split(|b| *b == b'\n').filter(|line| !line.is_empty()).collect();
    let bad = lines.iter().filter(|line| decode(encoding, line).is_none()).count();
    bad as f64 / lines.len().max(1) as f64
}

/// Share of frequent characters among those outside ASCII, less what cannot be decoded.
fn score(encoding: &'static Encoding, sample: &[u8]) -> f64 {
    let text = encoding.decode_without_bom_handling(sample).0;
    let frequent: std::collections::HashSet<char> = FREQUENT.chars().collect();
    let (mut all, mut known, mut broken) = (0.0, 0.0, 0.0);
    for c in text.chars().filter(|c| !c.is_ascii()) {
        all += 1.0;
        match c {
            char::REPLACEMENT_CHARACTER | '\u{e000}'..='\u{f8ff}' | '\u{80}'..='\u{9f}' => broken += 1.0,
            '\u{ff61}'..='\u{ff9f}' => broken += 0.3,
            '\u{3041}'..='\u{30fe}' | '\u{ff01}'..='\u{ff5e}' => known += 0.8,
            c if frequent.contains(&c) => known += 1.0,
            _ => {}
        }
    }
    if all == 0.0 { 0.0 } else { (known - 4.0 * broken) / all }
}

/// The text, when every byte of it is valid. A byte order mark is text here.
pub fn decode<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<std::borrow::Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Reads an encoding's name as people, `.cpg` files and `--encoding` write it.
///
/// # Errors
/// `Invalid` for a name that is no encoding.
pub fn parse(name: &str) -> Result<&'static Encoding> {
    let lower = name.trim().to_ascii_lowercase();
    let short: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    let found = match short.as_str() {
        "936" | "cp936" | "ansi936" | "ms936" | "gbk" | "gb2312" | "gb18030" | "ldid77" | "oem936" => Some(GB18030),
        "950" | "cp950" | "ansi950" | "ms950" | "big5" | "big5hkscs" | "ldid78" | "oem950" => Some(BIG5),
        "932" | "cp932" | "ansi932" | "ms932" | "sjis" | "shiftjis" | "ldid19" | "oem932" => Some(SHIFT_JIS),
        "949" | "cp949" | "ansi949" => Some(encoding_rs::EUC_KR),
        "65001" | "utf8" | "cp65001" => Some(UTF_8),
        "1252" | "cp1252" | "ansi1252" | "88591" => Some(encoding_rs::WINDOWS_1252),
        _ => Encoding::for_label(lower.as_bytes()),
    };
    found.ok_or_else(|| {
        Error::invalid(
            "",
            "encoding",
            name,
            Text::new("没有这种文字编码", "there is no such encoding"),
            Text::new(
                "请用 utf-8、gbk、gb18030、big5 (cp950)、shift_jis (cp932) 等",
                "give utf-8, gbk, gb18030, big5 (cp950), shift_jis (cp932) or the like",
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(encoding: &'static Encoding, text: &str) -> Result<&'static Encoding> {
        let (bytes, _, unmapped) = encoding.encode(text);
        assert!(!unmapped, "{text} is not {}", encoding.name());
        let mut detector = Detector::default();
        bytes.split(|b| *b == b'\n').for_each(|line| detector.feed(line));
        detector.decide("t.csv", None)
    }

    #[test]
    fn short_headings_and_addresses_are_told_apart() {
        for (encoding, text) in [
            (UTF_8, "地址编码,标准地址,经度,纬度\n1,丽水市莲都区万象街道继光街12号,119.9,28.4"),
            (GB18030, "地址编码,标准地址,经度,纬度"),
            (GB18030, "1,丽水市莲都区万象街道继光街12号3幢2单元501室"),
            (BIG5, "日期,時間,綱名,俗名,學名,國家公園,經度,緯度,不準度"),
            (BIG5, "嘉義市東區中山路12號3樓"),
            (SHIFT_JIS, "都道府県コード,都道府県名,市区町村コード,大字町丁目名,緯度,経度"),
            (SHIFT_JIS, "東京都文京区白山一丁目"),
        ] {
            assert_eq!(detect(encoding, text).expect(text), encoding, "{text}");
        }
    }

    #[test]
    fn a_cell_cut_in_its_last_character_is_still_utf8() {
        let mut detector = Detector::default();
        detector.feed(&"标准地址".as_bytes()[..11]);
        assert_eq!(detector.decide("t.shp", None).expect("UTF-8"), UTF_8);
    }

    #[test]
    fn noise_is_refused_with_a_remedy() {
        let mut detector = Detector::default();
        detector.feed(&(0..4000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80).collect::<Vec<_>>());
        let error = detector.decide("t.csv", None).expect_err("noise").to_string();
        assert!(error.contains("t.csv") && error.contains("--encoding"), "{error}");
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        for (name, encoding) in [
            ("GBK", GB18030),
            ("ANSI 936", GB18030),
            ("cp950", BIG5),
            ("Shift-JIS", SHIFT_JIS),
            ("65001", UTF_8),
            ("UTF-8", UTF_8),
        ] {
            assert_eq!(parse(name).expect(name), encoding);
        }
        assert!(parse("klingon").is_err());
    }
}
