//! Chinese numerals: `十二`, `一百零五`, `三零一`, `廿三`.

/// The value of one Chinese digit.
fn digit(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' => 0,
        '一' | '壹' => 1,
        '二' | '两' | '贰' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

/// Whether `c` can stand in a Chinese numeral.
pub fn is_numeral(c: char) -> bool {
    matches!(
        c,
        '一' | '二'
            | '三'
            | '四'
            | '五'
            | '六'
            | '七'
            | '八'
            | '九'
            | '十'
            | '百'
            | '千'
            | '零'
            | '〇'
            | '廿'
            | '卅'
            | '两'
    )
}

/// Reads a whole Chinese numeral, positional (`三零一` is 301) or with its ranks (`一百零五` is 105). None for anything
/// else and for values over 99,999.
pub fn read(text: &str) -> Option<u32> {
    let ranked = text.chars().any(|c| matches!(c, '十' | '百' | '千' | '廿' | '卅'));
    if text.is_empty() {
        return None;
    }
    if !ranked {
        return text.chars().try_fold(0u32, |n, c| Some(n * 10 + digit(c)?).filter(|n| *n <= 99_999));
    }
    let (mut total, mut pending, mut last_rank, mut after_zero) = (0u32, None, u32::MAX, false);
    for c in text.chars() {
        let rank = match c {
            '千' => 1000,
            '百' => 100,
            '十' => 10,
            '廿' | '卅' => {
                if pending.is_some() || last_rank <= 10 {
                    return None;
                }
                total += if c == '廿' { 20 } else { 30 };
                last_rank = 10;
                continue;
            }
            '零' | '〇' => {
                if pending.is_some() {
                    return None;
                }
                after_zero = true;
                continue;
            }
            _ => {
                if pending.replace(digit(c)?).is_some() {
                    return None;
                }
                continue;
            }
        };
        if rank >= last_rank {
            return None;
        }
        total += pending.take().or((rank == 10).then_some(1))? * rank;
        last_rank = rank;
        after_zero = false;
    }
    if let Some(digit) = pending {
        // 一百五 is said for 150.
        total += if last_rank > 10 && last_rank != u32::MAX && !after_zero { digit * last_rank / 10 } else { digit };
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numerals() {
        for (text, value) in [
            ("一", Some(1)),
            ("十", Some(10)),
            ("十二", Some(12)),
            ("二十", Some(20)),
            ("二十三", Some(23)),
            ("廿三", Some(23)),
            ("一百", Some(100)),
            ("一百零五", Some(105)),
            ("一百五", Some(150)),
            ("一百一十二", Some(112)),
            ("两百", Some(200)),
            ("一千零一", Some(1001)),
            ("三零一", Some(301)),
            ("一二〇三", Some(1203)),
            ("十十", None),
            ("百", None),
            ("", None),
            ("三a", None),
            ("一二三四五六七八九", None),
        ] {
            assert_eq!(read(text), value, "{text}");
        }
    }
}
