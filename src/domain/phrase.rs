//! Phrases: texts that many records share but for their numbers, as a pattern that is kept once and the numbers in a byte
//! or two each.

/// Stands for a number in a pattern.
const NUMBER: char = '\u{1}';
/// Digits that are read as one number.
const DIGITS: usize = 18;
/// Before digits that are no number by themselves, as `007`; then their count.
const AS_IS: u8 = 0;

/// Appends the pattern of a text and its numbers: every run of ASCII digits.
pub fn part(text: &str, pattern: &mut String, numbers: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let (mut done, mut at) = (0, 0);
    while at < bytes.len() {
        let digits = bytes[at..].iter().take(DIGITS).take_while(|byte| byte.is_ascii_digit()).count();
        let as_is = if bytes[at] == NUMBER as u8 { 1 } else { 0 };
        let len = digits.max(as_is);
        if len == 0 {
            at += 1;
            continue;
        }
        pattern.push_str(&text[done..at]);
        pattern.push(NUMBER);
        match text[at..at + len].parse::<u64>() {
            Ok(number) if bytes[at] != b'0' || len == 1 => put(number + 1, numbers),
            _ => {
                numbers.extend([AS_IS, len as u8]);
                numbers.extend(&bytes[at..at + len]);
            }
        }
        at += len;
        done = at;
    }
    pattern.push_str(&text[done..]);
}

/// Appends the text of a pattern and its numbers; answers the numbers that are left over.
pub fn join<'a>(pattern: &str, mut numbers: &'a [u8], text: &mut String) -> &'a [u8] {
    use std::fmt::Write;
    let mut parts = pattern.split(NUMBER);
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        if let [AS_IS, len, rest @ ..] = numbers {
            let (digits, rest) = rest.split_at(*len as usize);
            text.push_str(std::str::from_utf8(digits).expect("what was a text"));
            numbers = rest;
        } else {
            let (number, rest) = take(numbers);
            write!(text, "{}", number - 1).expect("a text takes everything");
            numbers = rest;
        }
        text.push_str(part);
    }
    numbers
}

/// Appends a number, seven bits a byte, the lowest first.
pub fn put(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// The number that comes first, and what follows it.
pub fn take(bytes: &[u8]) -> (u64, &[u8]) {
    let (mut number, mut shift) = (0, 0);
    for (k, byte) in bytes.iter().enumerate() {
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return (number, &bytes[k + 1..]);
        }
    }
    (number, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn there_and_back(text: &str) -> (String, usize) {
        let (mut pattern, mut numbers, mut back) = (String::new(), Vec::new(), String::new());
        part(text, &mut pattern, &mut numbers);
        let count = numbers.len();
        numbers.extend([7, 7]);
        assert_eq!(join(&pattern, &numbers, &mut back), [7, 7], "{text:?}");
        assert_eq!(back, text);
        (pattern, count)
    }

    #[test]
    fn numbers_take_a_byte_or_two() {
        let (one, bytes) = there_and_back("1 至 10 层中，没有 2、3 层的地址。");
        assert_eq!(bytes, 4);
        assert_eq!(one, there_and_back("1 至 32 层中，没有 7、11 层的地址。").0);
        assert_eq!(there_and_back("3552.69 m").1, 3);
    }

    proptest! {
        #[test]
        fn every_text_comes_back(texts in prop::collection::vec("[0-9]{0,40}|[\u{0}-\u{2}0-9号A-C]{0,9}|\\PC*", 0..6)) {
            there_and_back(&texts.concat());
        }

        #[test]
        fn every_number_comes_back(number in any::<u64>()) {
            let mut bytes = Vec::new();
            put(number, &mut bytes);
            prop_assert_eq!(take(&bytes), (number, &[][..]));
        }
    }
}
