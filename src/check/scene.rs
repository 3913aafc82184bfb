//! A small city for the rules' tests.

use super::{Context, Thresholds, run};
use crate::domain::*;
use crate::index::GridIndex;
use chrono::NaiveDate;
use geo::{MultiPolygon, Polygon};

/// Two grids side by side, each a hundredth of a degree wide and high: `G1` from 119.90 E, 28.40 N, `G2` east of it.
/// Addresses and buildings are added by each test.
pub struct Scene {
    pub records: Records,
    pub thresholds: Thresholds,
    pub today: NaiveDate,
    addresses: Vec<Address>,
    buildings: Vec<Building>,
}

pub fn grid(code: &str, level: GridLevel, parent: Option<&str>, [w, s, e, n]: [f64; 4]) -> Grid {
    Grid {
        code: code.into(),
        level,
        name: format!("网格{code}"),
        parent: parent.map(Into::into),
        polygon: MultiPolygon(vec![Polygon::new(vec![(w, s), (e, s), (e, n), (w, n), (w, s)].into(), vec![])]).into(),
        valid_from: None,
        valid_to: None,
        version: 1,
    }
}

impl Default for Scene {
    fn default() -> Self {
        let grids = vec![
            grid("G1", GridLevel::Grid, None, [119.90, 28.40, 119.91, 28.41]),
            grid("G2", GridLevel::Grid, None, [119.91, 28.40, 119.92, 28.41]),
        ];
        Scene {
            records: Records { grids: grids.into(), ..Records::default() },
            thresholds: Thresholds::default(),
            today: NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day"),
            addresses: Vec::new(),
            buildings: Vec::new(),
        }
    }
}

impl Scene {
    /// Adds an address in use, with its pin and nothing else.
    pub fn address(&mut self, id: &str, lon: f64, lat: f64) -> &mut Address {
        let pin = Position {
            kind: PositionKind::Door,
            at: LonLat::new(lon, lat),
            method: PositionMethod::Phone,
            accuracy_m: None,
            collected_at: None,
            collector: None,
        };
        let address =
            Address { id: id.into(), pin: Some(pin), verified_on: Some(self.today), version: 1, ..Address::default() };
        self.addresses.push(address);
        self.addresses.last_mut().expect("just pushed")
    }

    /// Adds a standing building at a point.
    pub fn building(&mut self, id: &str, lon: f64, lat: f64) -> &mut Building {
        self.buildings.push(Building {
            id: id.into(),
            full_text: String::new(),
            parts: Parts::default(),
            footprint: Footprint::Point(LonLat::new(lon, lat)),
            floors: None,
            kind: BuildingKind::Unknown,
            grid: None,
            standing: true,
            version: 1,
        });
        self.buildings.last_mut().expect("just pushed")
    }

    /// Every flag of a check.
    pub fn flags(&self) -> Vec<Flag> {
        self.with(|context| run(context, 1, &|_| {}))
    }

    /// Something asked of the context of this city.
    pub fn with<T>(&self, ask: impl FnOnce(&Context) -> T) -> T {
        let mut records = self.records.clone();
        records.addresses = self.addresses.clone().into();
        records.buildings = self.buildings.clone().into();
        let index = std::sync::Arc::new(GridIndex::build(&records.grids));
        ask(&Context::new(&records, &index, &self.thresholds, self.today))
    }

    /// The codes of the rules that flag the record with an identifier.
    pub fn codes(&self, id: &str) -> Vec<&'static str> {
        self.flags().iter().filter(|flag| flag.subject.parts().1 == id).map(|flag| flag.rule).collect()
    }

    /// The flag of a rule about the record with an identifier.
    pub fn flag(&self, id: &str, rule: &str) -> Option<Flag> {
        self.flags().into_iter().find(|flag| flag.subject.parts().1 == id && flag.rule == rule)
    }
}

/// A correction of an address, made today and waiting for review.
pub fn correction(address: &str, change: Change) -> Correction {
    Correction {
        correction_id: uuid::Uuid::nil(),
        address_id: address.into(),
        base_version: 1,
        version: 2,
        change,
        before: None,
        observed: None,
        note: String::new(),
        made_by: "C1".into(),
        made_at: chrono::DateTime::from_timestamp(1_795_219_200, 0).expect("2026-11-21"),
        state: CorrectionState::Unverified,
        reviewed_by: None,
        reviewed_at: None,
        review_reason: None,
        mend_id: None,
    }
}

/// An active, registered rental of two occupants.
pub fn rental(id: &str, address: &str) -> Rental {
    Rental {
        id: id.into(),
        address: Some(address.into()),
        registered_on: Some(NaiveDate::default()),
        space: RentalSpace::Residential,
        rooms: None,
        occupants: Some(2),
        status: RentalStatus::Active,
        version: 1,
    }
}

/// An open hazard without a date, found by C1.
pub fn hazard(id: &str, address: &str) -> Hazard {
    Hazard {
        id: id.into(),
        address: address.into(),
        rental: None,
        item: CheckItem::Wiring,
        severity: HazardSeverity::Minor,
        state: HazardState::Open,
        found_at: chrono::DateTime::default(),
        found_by: "C1".into(),
        due_on: None,
        closed_at: None,
        closed_by: None,
        version: 1,
    }
}
