//! House numbers taken apart: `甲12号`, `12-3号`, `12号附5号`, `12号之1`, `12A号`.

use super::normalise::normalise;
use super::numeral;

/// A house number (or building number) as numbers, for order and neighbourhood along a street.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HouseNumber {
    /// The number itself: 12 in `甲12号附5号`.
    pub main: u32,
    /// The branch: 5 in `12号附5号`, 3 in `12-3号`, 1 in `12A号` and `12号甲`; 0 where there is none.
    pub branch: u32,
    /// 甲, 乙, 丙 ... or a letter before the number.
    pub prefix: Option<char>,
}

/// 甲 is 1, 乙 2, up to 癸 10.
pub(super) fn stem(c: char) -> Option<u32> {
    "甲乙丙丁戊己庚辛壬癸".chars().position(|s| s == c).map(|i| i as u32 + 1)
}

impl HouseNumber {
    /// Reads a house or building number with or without its unit word. None where there is no number in it, or one of
    /// more than 6 digits.
    pub fn parse(text: &str) -> Option<HouseNumber> {
        let text = normalise(text.trim());
        let text = text.strip_prefix('第').unwrap_or(&text);
        let mut chars = text.chars().peekable();
        let prefix = chars.next_if(|c| stem(*c).is_some() || c.is_ascii_alphabetic());
        let rest: String = chars.collect();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (main, tail) = if digits > 0 {
            (rest[..digits].parse().ok().filter(|_| digits <= 6)?, &rest[digits..])
        } else {
            let end = rest.find(|c| !numeral::is_numeral(c)).unwrap_or(rest.len());
            (numeral::read(&rest[..end])?, &rest[end..])
        };
        Some(HouseNumber { main, branch: branch(tail), prefix })
    }

    /// Whether the number is odd: which side of the street it is on, mostly.
    pub fn is_odd(&self) -> bool {
        self.main % 2 == 1
    }

    /// The place in the series: the main number, and a little more for each branch (`12号` < `12-1号` < `13号`).
    pub fn order(&self) -> f64 {
        f64::from(self.main) + f64::from(self.branch.min(99)) / 100.0
    }
}

/// The branch that follows a main number.
fn branch(tail: &str) -> u32 {
    for c in tail.chars() {
        match c {
            '号' | '附' | '之' | '-' | '(' | '#' | '/' | '.' => {}
            '0'..='9' => {
                let digits = tail[tail.find(c).unwrap_or(0)..].chars().take_while(char::is_ascii_digit);
                return digits.take(6).collect::<String>().parse().unwrap_or(0);
            }
            'A'..='Z' | 'a'..='z' => return c.to_ascii_uppercase() as u32 - 'A' as u32 + 1,
            _ => return stem(c).or_else(|| numeral::read(c.encode_utf8(&mut [0; 4]))).unwrap_or(0),
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_house_numbers() {
        for (text, main, branch, prefix) in [
            ("12号", 12, 0, None),
            ("12", 12, 0, None),
            ("12-3号", 12, 3, None),
            ("12号附5号", 12, 5, None),
            ("附5号", 0, 0, None),
            ("12号之1", 12, 1, None),
            ("12号-1", 12, 1, None),
            ("12之2号", 12, 2, None),
            ("甲12号", 12, 0, Some('甲')),
            ("12号甲", 12, 1, None),
            ("12A号", 12, 1, None),
            ("A12号", 12, 0, Some('A')),
            ("十二号", 12, 0, None),
            ("１２号", 12, 0, None),
            ("3幢", 3, 0, None),
            ("12号院", 12, 0, None),
            ("1番12号", 1, 0, None),
        ] {
            let expected = (main > 0).then_some(HouseNumber { main, branch, prefix });
            assert_eq!(HouseNumber::parse(text), expected, "{text}");
        }
        for text in ["", "号", "人民路", "1234567号", "甲", "A座"] {
            assert_eq!(HouseNumber::parse(text), None, "{text}");
        }
    }

    #[test]
    fn orders_by_main_number_then_branch() {
        let order = |text| HouseNumber::parse(text).expect("a number").order();
        assert!(
            order("12号") < order("12-1号") && order("12-1号") < order("12-2号") && order("12-9号") < order("13号")
        );
        assert!(HouseNumber::parse("13-2号").expect("a number").is_odd());
    }
}
