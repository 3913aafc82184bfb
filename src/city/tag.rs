//! What is told of a point in 32 bits: its class, by which cells count it, a weight that they add up, and the rest.
//!
//! Bits 0 to 5 are the class, bits 6 to 21 the weight, bits 22 to 31 what only the point itself is drawn by. Flags keep
//! their rule and their probability in place of the weight, which nobody adds up for them.

use super::rental::Inspected;
use crate::check::rule;
use crate::domain::*;

/// Number of classes that a point may have.
pub const CLASSES: usize = 64;

/// What is told of a point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u32);

const WEIGHT: u32 = 6;
const REST: u32 = 22;
/// The probability of a flag that has none.
const UNKNOWN: u32 = 0x3fff;
const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Error];
const BUILDING_KINDS: [BuildingKind; 5] = [
    BuildingKind::Residential,
    BuildingKind::Commercial,
    BuildingKind::Industrial,
    BuildingKind::Public,
    BuildingKind::Unknown,
];
const HAZARD_SEVERITIES: [HazardSeverity; 3] = [HazardSeverity::Minor, HazardSeverity::Serious, HazardSeverity::Major];

impl Tag {
    /// By what cells count it.
    pub fn class(self) -> usize {
        (self.0 & 0x3f) as usize
    }

    /// What cells add up.
    pub fn weight(self) -> u32 {
        (self.0 >> WEIGHT) & 0xffff
    }

    fn rest(self) -> u32 {
        self.0 >> REST
    }

    /// An address by its gravest open flag (0 none, 1 info, 2 warning, 3 error), its status and its pin's kind.
    pub fn address(mark: u8, status: AddressStatus, kind: PositionKind) -> Tag {
        Tag(u32::from(mark & 3) | (status as u32) << REST | (kind as u32 + 1) << (REST + 2))
    }

    /// The gravest open flag of an address: 0 none, 1 info, 2 warning, 3 error.
    pub fn mark(self) -> u8 {
        (self.0 & 3) as u8
    }

    /// The status of an address.
    pub fn status(self) -> AddressStatus {
        match self.rest() & 3 {
            0 => AddressStatus::Active,
            1 => AddressStatus::Demolished,
            _ => AddressStatus::Merged,
        }
    }

    /// The rank of an address's pin, from 1 for a door.
    pub fn rank(self) -> u32 {
        self.rest() >> 2 & 7
    }

    /// A rental by when it was inspected, whether it is registered, its open hazards (65,535 at most) with the gravest,
    /// and its band of occupants, 0 to 4.
    pub fn rental(
        inspected: Inspected,
        registered: bool,
        hazards: u32,
        worst: Option<HazardSeverity>,
        band: u8,
    ) -> Tag {
        let worst = worst.map_or(0, |worst| worst as u32 + 1);
        let class = inspected as u32 | u32::from(registered) << 2;
        Tag(class | hazards.min(0xffff) << WEIGHT | worst << REST | u32::from(band & 7) << (REST + 2))
    }

    /// When a rental was inspected.
    pub fn inspected(self) -> Inspected {
        match self.0 & 3 {
            0 => Inspected::Never,
            1 => Inspected::Ok,
            _ => Inspected::Due,
        }
    }

    /// Whether a rental is registered.
    pub fn is_registered(self) -> bool {
        self.0 & 4 != 0
    }

    /// The gravest open hazard of a rental.
    pub fn worst(self) -> Option<HazardSeverity> {
        (self.rest() & 3).checked_sub(1).map(|worst| HAZARD_SEVERITIES[worst as usize])
    }

    /// A rental's band of occupants, 0 to 4.
    pub fn band(self) -> u8 {
        (self.rest() >> 2 & 7) as u8
    }

    /// A hazard by its item, its severity, its state and whether it is overdue.
    pub fn hazard(item: CheckItem, severity: HazardSeverity, state: HazardState, overdue: bool) -> Tag {
        Tag(u32::from(overdue) | (item as u32 * 3 + severity as u32) << 1 | (state as u32) << REST)
    }

    /// Whether a hazard is overdue.
    pub fn is_overdue(self) -> bool {
        self.0 & 1 != 0
    }

    /// The item of a hazard.
    pub fn item(self) -> CheckItem {
        CheckItem::ALL[self.class() / 6 % CheckItem::ALL.len()]
    }

    /// The severity of a hazard.
    pub fn hazard_severity(self) -> HazardSeverity {
        HAZARD_SEVERITIES[self.class() / 2 % 3]
    }

    /// The state of a hazard.
    pub fn state(self) -> HazardState {
        [HazardState::Open, HazardState::Assigned, HazardState::Mended, HazardState::Closed][self.rest() as usize & 3]
    }

    /// A building by its kind, its floors and whether anything is said to be wrong with its address.
    pub fn building(kind: BuildingKind, floors: Option<u16>, addressed: bool) -> Tag {
        let known = u32::from(floors.is_some()) | u32::from(addressed) << 1 | (kind as u32) << 2;
        Tag(known | u32::from(floors.unwrap_or(0)) << WEIGHT)
    }

    /// The floors of a building.
    pub fn floors(self) -> Option<u32> {
        (self.0 & 1 == 1).then(|| self.weight())
    }

    /// Whether a building has an address, or is not known to have none.
    pub fn is_addressed(self) -> bool {
        self.0 & 2 != 0
    }

    /// The kind of a building.
    pub fn building_kind(self) -> BuildingKind {
        BUILDING_KINDS[(self.class() >> 2).min(BUILDING_KINDS.len() - 1)]
    }

    /// A flag by its severity, its rule and its probability to four decimals.
    pub fn flag(rule: &str, severity: Severity, probability: Option<f64>) -> Tag {
        let rule = rule::ALL.iter().position(|known| known.code == rule).map_or(0, |i| i as u32 + 1);
        let probability = probability.map_or(UNKNOWN, |p| (p * 1e4).round().clamp(0.0, 1e4) as u32);
        Tag(severity as u32 | probability << WEIGHT | rule << (WEIGHT + 14))
    }

    /// The severity of a flag.
    pub fn severity(self) -> Severity {
        SEVERITIES[(self.0 & 3).min(2) as usize]
    }

    /// The rule of a flag; empty for one that is not in the catalogue.
    pub fn rule(self) -> &'static str {
        let rule = (self.0 >> (WEIGHT + 14)).checked_sub(1).and_then(|i| rule::ALL.get(i as usize));
        rule.map_or("", |rule| rule.code)
    }

    /// The probability of a flag, to four decimals.
    pub fn probability(self) -> Option<f64> {
        let probability = (self.0 >> WEIGHT) & UNKNOWN;
        (probability != UNKNOWN).then(|| f64::from(probability) / 1e4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_told_comes_back() {
        for (i, status) in
            [AddressStatus::Active, AddressStatus::Demolished, AddressStatus::Merged].into_iter().enumerate()
        {
            for kind in [PositionKind::Door, PositionKind::Room, PositionKind::FireAccess] {
                let tag = Tag::address(i as u8 + 1, status, kind);
                assert_eq!((tag.mark(), tag.status(), tag.rank()), (i as u8 + 1, status, kind as u32 + 1));
                assert_eq!(tag.class(), i + 1);
            }
        }
        for (i, inspected) in [Inspected::Never, Inspected::Ok, Inspected::Due].into_iter().enumerate() {
            for worst in [None, Some(HazardSeverity::Minor), Some(HazardSeverity::Major)] {
                for (hazards, told) in [(0, 0), (3, 3), (70_000, 65_535)] {
                    let tag = Tag::rental(inspected, i == 1, hazards, worst, i as u8 + 2);
                    assert_eq!((tag.inspected(), tag.is_registered(), tag.worst()), (inspected, i == 1, worst));
                    assert_eq!((tag.weight(), tag.band()), (told, i as u8 + 2));
                }
            }
        }
        for item in CheckItem::ALL {
            for severity in HAZARD_SEVERITIES {
                for state in [HazardState::Open, HazardState::Assigned, HazardState::Mended, HazardState::Closed] {
                    for overdue in [false, true] {
                        let tag = Tag::hazard(item, severity, state, overdue);
                        assert_eq!((tag.item(), tag.hazard_severity(), tag.state()), (item, severity, state));
                        assert_eq!(tag.is_overdue(), overdue);
                        assert!(tag.class() < CLASSES);
                    }
                }
            }
        }
        for (i, kind) in BUILDING_KINDS.into_iter().enumerate() {
            for floors in [None, Some(0), Some(7), Some(u16::MAX)] {
                let tag = Tag::building(kind, floors, i % 2 == 0);
                assert_eq!((tag.building_kind(), tag.floors()), (kind, floors.map(u32::from)));
                assert_eq!(tag.is_addressed(), i % 2 == 0);
            }
        }
        for (i, rule) in rule::ALL.iter().enumerate() {
            let probability = [None, Some(0.0), Some(0.912_345), Some(1.0)][i % 4];
            let tag = Tag::flag(rule.code, SEVERITIES[i % 3], probability);
            assert_eq!((tag.rule(), tag.severity()), (rule.code, SEVERITIES[i % 3]));
            assert_eq!(tag.probability(), probability.map(|p| (p * 1e4).round() / 1e4));
        }
        assert!(rule::ALL.len() < 4096, "rules have 12 bits");
    }
}
