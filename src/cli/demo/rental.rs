//! Rentals, inspections and hazards: clustered in the swallowed villages and the old lanes.

use super::Town;
use super::dice::Dice;
use super::plan::Use;
use crate::domain::{
    AddressStatus, CheckItem, Finding, Hazard, HazardSeverity, HazardState, Inspection, LonLat, Rental, RentalSpace,
    RentalStatus,
};
use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, TimeZone, Utc};

/// How many rentals the town has, about.
const RENTALS: f64 = 1_800.0;
/// How often each item fails against the average.
const FAILS: [f64; 8] = [1.5, 1.8, 0.7, 1.2, 1.0, 1.1, 1.4, 0.5];

/// Where the risk is: some swallowed villages and a quarter of lanes.
struct Risk(Vec<(LonLat, f64, f64)>);

impl Risk {
    fn new(town: &Town, dice: &mut Dice) -> Risk {
        let mut spots = Vec::new();
        for (used, count) in [(Use::UrbanVillage, 5), (Use::Lanes, 2), (Use::Works, 1)] {
            let own: Vec<LonLat> = town.truth.iter().filter(|t| t.used == used).map(|t| t.at).collect();
            for _ in 0..if own.is_empty() { 0 } else { count } {
                spots.push((*dice.pick(&own), dice.range(90.0, 190.0), dice.range(0.45, 0.95)));
            }
        }
        Risk(spots)
    }

    /// Between 0.05 and 1.
    fn at(&self, at: LonLat) -> f64 {
        let spots =
            self.0.iter().map(|(centre, width_m, height)| height * (-(at.distance_m(*centre) / width_m).powi(2)).exp());
        (0.05 + spots.sum::<f64>()).min(1.0)
    }
}

fn moment(day: NaiveDate, dice: &mut Dice) -> DateTime<Utc> {
    let seconds = dice.below(9 * 3600) as i64;
    Utc.from_utc_datetime(&day.and_time(NaiveTime::MIN)) + Duration::seconds(3600 + seconds)
}

/// Lets rooms, inspects them and finds hazards.
pub fn let_rooms(town: &mut Town, seed: u64, today: NaiveDate) {
    let mut dice = Dice::new(seed, "rental");
    let risk = Risk::new(town, &mut dice);
    let weight = |used: Use| match used {
        Use::UrbanVillage => 3.0,
        Use::Lanes => 2.0,
        Use::Compound => 0.8,
        Use::Frontage => 0.6,
        Use::Works => 0.8,
        Use::Village => 0.3,
        _ => 0.0,
    };
    let wanted: Vec<f64> = town.truth.iter().map(|t| weight(t.used) * (0.5 + risk.at(t.at))).collect();
    let total: f64 = wanted.iter().sum();
    let mut demolished = 0;
    for (i, wanted) in wanted.into_iter().enumerate() {
        let address = town.records.addresses.at(i).unpack();
        let gone = address.status == AddressStatus::Demolished;
        demolished += usize::from(gone);
        let left_over = gone && demolished <= 3;
        if !left_over && (gone || !dice.chance((RENTALS * wanted / total).min(0.9))) {
            continue;
        }
        let used = town.truth[i].used;
        let at_risk = risk.at(town.truth[i].at);
        let space = match dice.unit() {
            d if d < 0.025 && matches!(used, Use::Compound | Use::UrbanVillage) => RentalSpace::Basement,
            d if d < 0.035 => RentalSpace::HalfBasement,
            d if d < 0.08 && matches!(used, Use::Frontage | Use::Works) => RentalSpace::NonResidential,
            _ => RentalSpace::Residential,
        };
        let rooms = if used == Use::UrbanVillage { dice.whole(3, 12) } else { dice.whole(1, 4) };
        let occupants = (rooms as f64 * dice.range(0.7, 1.9)).round().max(1.0) as u16;
        let number = town.records.rentals.len() + 1;
        let ended = dice.chance(0.03) && !left_over;
        let rental = Rental {
            id: format!("R{number:05}").into(),
            address: (!dice.chance(0.004)).then(|| address.id.clone()),
            registered_on: dice.chance(0.93 - 0.22 * at_risk).then(|| today - Days::new(20 + dice.below(900) as u64)),
            space,
            rooms: Some(rooms as u16),
            occupants: Some(occupants),
            status: if ended { RentalStatus::Ended } else { RentalStatus::Active },
            version: 1,
        };
        let never = dice.chance(if occupants >= 10 { 0.06 } else { 0.12 + 0.22 * at_risk });
        if !never && !ended {
            inspect(town, &rental, &address.id, at_risk, today, &mut dice);
        }
        town.records.rentals.push(rental);
    }
}

fn inspect(
    town: &mut Town,
    rental: &Rental,
    address: &crate::domain::AddressId,
    at_risk: f64,
    today: NaiveDate,
    dice: &mut Dice,
) {
    let visits = 1 + dice.below(2);
    let mut age_days = 8 + dice.below(330) as u64 + 150 * (visits as u64 - 1);
    for visit in 0..visits {
        let day = today - Days::new(age_days);
        let at = moment(day, dice);
        let inspector = format!("W{:03}", 1 + dice.below(60));
        let mut findings = [Finding::Pass; 8];
        for (k, finding) in findings.iter_mut().enumerate() {
            let optional = matches!(CheckItem::ALL[k], CheckItem::Gas | CheckItem::BarredWindow);
            *finding = match dice.unit() {
                d if optional && d < 0.15 => Finding::NotApplicable,
                _ if dice.chance((0.03 + 0.24 * at_risk) * FAILS[k]) => Finding::Fail,
                _ => Finding::Pass,
            };
        }
        let number = town.records.inspections.len() + 1;
        for (k, _) in findings.iter().enumerate().filter(|(_, finding)| **finding == Finding::Fail) {
            if visit + 1 < visits && dice.chance(0.5) {
                continue;
            }
            let hazard = hazard(town, CheckItem::ALL[k], at, &inspector, at_risk, today, dice);
            town.records.hazards.push(Hazard {
                address: address.clone(),
                rental: rental.address.is_some().then(|| rental.id.clone()),
                ..hazard
            });
        }
        town.records.inspections.push(Inspection {
            id: format!("I{number:05}").into(),
            rental: rental.id.clone(),
            at,
            findings,
            inspector: inspector.into(),
        });
        age_days = age_days.saturating_sub(150).max(3);
    }
}

fn hazard(
    town: &Town,
    item: CheckItem,
    found_at: DateTime<Utc>,
    finder: &str,
    at_risk: f64,
    today: NaiveDate,
    dice: &mut Dice,
) -> Hazard {
    let severity = match dice.unit() - 0.12 * at_risk {
        d if d < 0.05 => HazardSeverity::Major,
        d if d < 0.32 => HazardSeverity::Serious,
        _ => HazardSeverity::Minor,
    };
    let found_on = found_at.date_naive();
    let age_days = (today - found_on).num_days().max(0);
    let days = match severity {
        HazardSeverity::Minor => 30,
        HazardSeverity::Serious => 15,
        HazardSeverity::Major => 7,
    };
    let state = match dice.unit() {
        d if d < (age_days as f64 / 110.0).min(0.86) => HazardState::Closed,
        d if d < 0.90 && age_days > 6 => HazardState::Mended,
        d if d < 0.97 && age_days > 2 => HazardState::Assigned,
        _ => HazardState::Open,
    };
    let closed = state == HazardState::Closed;
    let after = 2 + dice.below(days + days / 3).min((age_days as usize).saturating_sub(2)) as i64;
    let number = town.records.hazards.len() + 1;
    // Very few were closed by the one who found them.
    let closer = if dice.chance(0.006) { finder.to_owned() } else { format!("D{:02}", 1 + dice.below(12)) };
    Hazard {
        id: format!("H{number:05}").into(),
        address: Default::default(),
        rental: None,
        item,
        severity,
        state,
        found_at,
        found_by: finder.into(),
        due_on: Some(found_on + Days::new(days as u64)),
        closed_at: closed.then(|| found_at + Duration::days(after)),
        closed_by: closed.then(|| closer.into()),
        version: 1,
    }
}
