use super::*;
use crate::domain::Packed;
use proptest::prelude::*;

fn standing(n: u64) -> Standing {
    let text = |n: u64| if n.is_multiple_of(3) { String::new() } else { format!("第{n}层 0{n}\u{1}号 {}", n % 7) };
    let subject = KINDS[n as usize % 6](format!("A{}号", n % 900));
    let at = (!n.is_multiple_of(4)).then(|| LonLat::new((n % 1_000) as f64 / 1e3, -(n as f64)));
    let suggestion = n.is_multiple_of(5).then(|| Suggestion {
        at: at.filter(|_| n.is_multiple_of(2)),
        radius_m: n.is_multiple_of(7).then_some(n as f64 / 3.0),
        field: n.is_multiple_of(3).then(|| "road".to_owned()),
        value: (!n.is_multiple_of(3)).then(|| format!("{}路", n % 50)),
    });
    Standing {
        flag: Flag {
            flag_id: if n % 2_000 == 7 { format!("odd {n}") } else { crate::domain::flag::flag_id("x", &subject) },
            rule: ["pin_displaced", "grid_mismatch", ""][n as usize % 3],
            subject,
            severity: [Severity::Info, Severity::Warning, Severity::Error][n as usize % 3],
            probability: n.is_multiple_of(2).then_some(n as f64 / 7.0),
            tier: [None, Some(Tier::Auto), Some(Tier::Field)][n as usize % 3],
            message: Text::new(text(n), if n.is_multiple_of(2) { text(n) } else { text(n / 2) }),
            at,
            suggestion,
        },
        since: DateTime::from_timestamp_micros(n as i64 % 1_000_000_000_000_000).expect("a time"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn every_flag_comes_back(
        start in prop::collection::vec(any::<u32>(), 0..2_500),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 0..9),
    ) {
        let mut oracle: Vec<Standing> = start.iter().map(|n| standing(u64::from(*n))).collect();
        let mut table: Packed<Standing> = oracle.clone().into();
        for (at, n) in edits {
            if oracle.is_empty() || n % 3 == 0 {
                table.push(standing(n.into()));
                oracle.push(standing(n.into()));
            } else {
                let at = at.index(oracle.len());
                table.set(at, standing(n.into()));
                oracle[at] = standing(n.into());
            }
        }
        prop_assert_eq!(table.len(), oracle.len());
        for (view, expected) in table.iter().zip(&oracle) {
            let flag = view.unpack();
            prop_assert_eq!(&flag, &expected.flag);
            prop_assert_eq!(view.since(), expected.since);
            prop_assert!(view.has_id(&flag.flag_id) && !view.has_id("") && view.is_about(&flag.subject));
            prop_assert_eq!((view.subject(), view.at()), (flag.subject, flag.at));
        }
    }
}
