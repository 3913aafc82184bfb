//! Numbers one slip away from a number.

/// The numbers that one slip of the finger makes of `n`, with the share of slips that make each: a wrong digit six in
/// ten, two digits exchanged a quarter, one lost or one too many the rest.
pub fn slips(n: u32) -> Vec<(u32, f64)> {
    let digits: Vec<u8> = n.to_string().bytes().map(|b| b - b'0').collect();
    let count = digits.len() as f64;
    let mut found: Vec<(u32, f64)> = Vec::with_capacity(32 * digits.len());
    let mut add = |digits: &[u8], share: f64| {
        let value = digits.iter().fold(0u64, |sum, d| sum * 10 + u64::from(*d));
        if digits.first().is_some_and(|d| *d > 0) && value != u64::from(n) && value < 1_000_000 {
            found.push((value as u32, share));
        }
    };
    let mut other = digits.clone();
    for k in 0..digits.len() {
        for d in (0..10).filter(|d| *d != digits[k]) {
            other[k] = d;
            add(&other, 0.6 / (9.0 * count));
        }
        other[k] = digits[k];
    }
    for k in 1..digits.len() {
        other.swap(k - 1, k);
        add(&other, 0.25 / (count - 1.0));
        other.swap(k - 1, k);
    }
    for k in 0..digits.len() {
        let mut less = digits.clone();
        less.remove(k);
        add(&less, 0.07 / count);
    }
    for k in 0..=digits.len() {
        for d in 0..10 {
            let mut more = digits.clone();
            more.insert(k, d);
            add(&more, 0.008 / (count + 1.0));
        }
    }
    found.sort_by_key(|(value, _)| *value);
    found.dedup_by(|b, a| {
        let same = a.0 == b.0;
        a.1 += if same { b.1 } else { 0.0 };
        same
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_shared_out() {
        let all = slips(128);
        let share = |n: u32| all.iter().find(|(value, _)| *value == n).map_or(0.0, |(_, share)| *share);
        assert!(share(129) > 0.02 && share(182) > 0.1 && share(12) > 0.02 && share(1280) > 0.001);
        assert_eq!((share(128), share(300)), (0.0, 0.0));
        assert!(share(182) > share(129) && share(129) > share(1280));
        let sum: f64 = all.iter().map(|(_, share)| share).sum();
        assert!(sum > 0.9 && sum <= 1.0 + 1e-9, "{sum}");
        assert!(slips(7).iter().all(|(n, _)| *n != 7 && *n > 0));
        assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
