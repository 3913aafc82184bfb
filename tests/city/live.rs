//! One City after the other: listeners, checks in the background, days that turn.

use super::edit::edit;
use super::{picture, today, town};
use gridpin::check::Thresholds;
use gridpin::city::{City, Delta, Flags, Live};
use gridpin::domain::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn listeners_hear_of_changes_and_readers_keep_what_they_hold() {
    let live = Live::new(City::build(Records::default(), Thresholds::default(), today()));
    let mut ear = live.listen();
    let held = live.get();
    let address = Address { id: "A1".into(), version: 1, ..Address::default() };
    let touched = live.apply(Delta { addresses: vec![address], ..Delta::default() });
    assert_eq!(held.records.addresses.len(), 0);
    assert_eq!(live.get().address("A1"), Some(0));
    assert_eq!(*ear.try_recv().expect("told"), *touched);
    let gone = gridpin::city::Removed::Address("A1".into());
    let touched = live.apply(Delta { removed: vec![gone], ..Delta::default() });
    assert_eq!(touched.addresses, ["A1".into()]);
    assert!(live.get().address("A1").is_none() && live.get().records.addresses.is_empty());
    assert_eq!(live.get().revision, 3);
}

/// A part of the town, not checked, with the flags that were found before.
fn unchecked(flags: Flags) -> City {
    let mut records = town();
    records.addresses.truncate(1_500);
    records.buildings.truncate(1_500);
    City::load(records, Thresholds::default().into(), today(), BTreeMap::new(), flags)
}

/// What stands in a City, as another process would read it.
fn standing(city: &City) -> Vec<Standing> {
    city.flags.views().map(|(_, flag)| flag.standing()).collect()
}

/// Runs `work` in the background and `meanwhile` when it says for the first time how far it is.
fn in_the_middle(live: &Live, work: impl FnOnce(&Live, &(dyn Fn(f32) + Sync)) + Send, meanwhile: impl FnOnce()) {
    let (begun, wait) = std::sync::mpsc::channel();
    let (go_on, told) = std::sync::mpsc::channel::<()>();
    let once = std::sync::Mutex::new(Some((begun, told)));
    let progress = |_: f32| {
        if let Some((begun, told)) = once.lock().expect("a lock").take() {
            begun.send(()).expect("somebody waits");
            told.recv().expect("somebody goes on");
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| work(live, &progress));
        // Dropped when `meanwhile` panics, so that nobody waits for ever.
        let go_on = go_on;
        wait.recv().expect("it begins");
        meanwhile();
        go_on.send(()).expect("it goes on");
    });
}

#[test]
fn edits_during_a_check_in_the_background_are_not_lost() {
    let live = Live::new(unchecked(Flags::default()));
    assert!(live.get().flags.is_empty() && !live.get().is_checked());
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut ear = live.listen();
    in_the_middle(
        &live,
        |live, progress| drop(live.check(progress)),
        || {
            for n in 0..30 {
                let delta = edit(&live.get(), &mut rng, n);
                live.apply(delta);
            }
            let city = live.get();
            assert!(city.flags.is_empty() && !city.is_checked(), "the check is not done yet");
            assert!(city.address("NEW-29").is_some(), "edits show at once");
        },
    );
    let city = live.get();
    assert!(city.is_checked() && !city.flags.is_empty());
    assert!(city.address("NEW-29").is_some());
    assert_eq!(picture(&city), picture(&city.anew()), "as if the edits had come after the check");
    let mut told: BTreeSet<String> = BTreeSet::new();
    while let Ok(touched) = ear.try_recv() {
        told.extend(touched.flags.iter().cloned());
    }
    assert!(city.flags.iter().all(|flag| told.contains(&flag.flag_id)), "who writes flags down hears of all");

    // Checked again, nothing differs, and everything stands since then.
    let before = standing(&city);
    let touched = live.check(&|_| {});
    let same = standing(&live.get());
    let of =
        |flags: &[Standing]| flags.iter().map(|one| (one.flag.flag_id.clone(), one.since)).collect::<BTreeMap<_, _>>();
    let (old, new) = (of(&before), of(&same));
    assert!(old.iter().filter(|(id, _)| new.contains_key(*id)).all(|(id, since)| new[id] == *since));
    let differ: BTreeSet<&String> = touched.flags.iter().collect();
    // What it learned anew may differ from what it had learned before the edits, and only that is told.
    let stay = before.iter().filter(|one| same.iter().any(|other| other.flag == one.flag));
    assert!(stay.clone().count() > before.len() / 2 && stay.into_iter().all(|one| !differ.contains(&one.flag.flag_id)));
    let again = live.check(&|_| {});
    assert!(again.flags.is_empty() && again.areas.is_empty() && !again.everything, "{again:?}");
}

#[test]
fn a_city_that_follows_shows_what_the_one_shows_that_checks() {
    let mut checks = unchecked(Flags::default()).checked(&|_| {});
    let mut follows = unchecked(Flags::found_before(standing(&checks)));
    assert_eq!(picture(&follows), picture(&checks));
    assert_eq!(standing(&follows), standing(&checks));
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for n in 0..40 {
        let delta = edit(&checks, &mut rng, n);
        let (next, touched) = checks.apply(delta.clone());
        checks = next;
        // First the records, then the flags: they are written down a little later.
        follows = follows.apply(delta).0;
        assert!(!follows.is_checked());
        let (mut flags, mut unflagged) = (Vec::new(), Vec::new());
        for id in &touched.flags {
            match checks.flags.standing(id) {
                Some((flag, since)) => flags.push(Standing { flag, since }),
                None => unflagged.push(id.clone()),
            }
        }
        follows = follows.apply(Delta { flags, unflagged, ..Delta::default() }).0;
    }
    assert_eq!(picture(&follows), picture(&checks));
    // One that was checked itself keeps its own flags, whatever others tell.
    let told = Delta { all_flags: true, ..Delta::default() };
    assert_eq!(picture(&checks.apply(told.clone()).0), picture(&checks));
    assert!(follows.apply(told).0.flags.is_empty());
}

#[test]
fn edits_while_the_day_turns_are_not_lost() {
    let live = Live::new(unchecked(Flags::default()).checked(&|_| {}));
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let edits: Vec<Delta> = (0..13).map(|n| edit(&live.get(), &mut rng, n)).collect();
    let tomorrow = today().succ_opt().expect("a day");
    std::thread::scope(|scope| {
        scope.spawn(|| live.turn(tomorrow));
        edits.into_iter().for_each(|delta| drop(live.apply(delta)));
    });
    let turned = live.get();
    assert_eq!(turned.today, tomorrow);
    assert!(!turned.is_checked() && !turned.flags.is_empty(), "the flags of the day before stand until it is checked");
    live.check(&|_| {});
    assert!(live.get().address("NEW-3").is_some());
    assert_eq!(picture(&live.get()), picture(&live.get().anew()));
}
