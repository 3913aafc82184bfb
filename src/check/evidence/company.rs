//! Who else is at home in the building of an address, and what that says of the address which the building carries.

use super::desk::Desk;
use super::level::Level;
use super::pack::Key;

/// Kinds of company: nobody else, others, others that no building carries.
pub const COMPANY: usize = 3;

impl Level {
    /// Who is at home in building `b` besides the addresses with a key, as one of [`COMPANY`] kinds.
    pub(super) fn company(&self, b: u32, key: Key, desk: &mut Desk) -> usize {
        let others = self.occupants.of(b).iter().filter(|other| **other != key);
        let kind = |other: &Key| {
            if other.is_whole() && self.read_sites_of(*other, desk).is_empty() { COMPANY - 1 } else { 1 }
        };
        others.map(kind).max().unwrap_or(0)
    }
}

/// By kind of company, how much likelier it is where a building carries an address by mistake: there lives the one whose
/// address it should carry, as often at home as others are, and mostly without another building.
///
/// `seen` are the buildings that alone carry the address of a trusted record: its company there, and whether an address
/// with its key is at home. `housed` counts the trusted records with any building.
pub(super) fn label_doubt(seen: impl Iterator<Item = (usize, bool)>, housed: f64) -> [f64; COMPANY] {
    const FIRST: f64 = 4.0;
    const MOST: f64 = 20.0;
    let (mut kinds, mut at_home) = ([FIRST; COMPANY], FIRST);
    for (kind, own) in seen {
        kinds[kind] += 1.0;
        at_home += f64::from(u8::from(own));
    }
    let all: f64 = kinds.iter().sum();
    let (at_home, alone) = (at_home / all, (all / (housed + FIRST * COMPANY as f64)).min(1.0));
    let right = kinds.map(|count| count / all);
    let lonely = at_home * alone;
    let (nobody, homeless) = ((1.0 - at_home) * right[0], lonely + (1.0 - lonely) * right[COMPANY - 1]);
    let mistaken = [nobody, 1.0 - nobody - homeless, homeless];
    std::array::from_fn(|kind| (mistaken[kind] / right[kind]).clamp(1.0 / MOST, MOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_without_a_building_makes_its_address_doubtful() {
        // A thousand buildings: alone in 700, with others in 200, with somebody homeless in 100; the own one is at home in 900.
        let seen = (0..1_000).map(|i| (usize::from(i >= 700) + usize::from(i >= 900), i % 10 > 0));
        let [nobody, others, homeless] = label_doubt(seen, 1_000.0);
        assert!((0.09..0.12).contains(&nobody), "{nobody}");
        assert!(homeless > 8.0 && homeless < 10.0, "{homeless}");
        assert!(others < 1.0, "{others}");
    }

    #[test]
    fn nothing_seen_says_little() {
        let doubt = label_doubt(std::iter::empty(), 0.0);
        assert!(doubt.iter().all(|ratio| (0.2..3.5).contains(ratio)), "{doubt:?}");
    }
}
