//! Rentals: counts only, no person.

use super::{Complaint, Cow, Kind, Plan};
use crate::domain::{Rental, RentalSpace, RentalStatus};
use crate::exchange::cell::Cells;

const ID: usize = 0;
const ADDRESS_ID: usize = 1;
const REGISTERED_ON: usize = 2;
const SPACE: usize = 3;
const ROOMS: usize = 4;
const OCCUPANTS: usize = 5;
const STATUS: usize = 6;

fn space(text: &str) -> Option<RentalSpace> {
    Some(match text {
        "residential" | "居住" | "住宅" | "居住用房" => RentalSpace::Residential,
        "basement" | "地下室" => RentalSpace::Basement,
        "half_basement" | "半地下室" => RentalSpace::HalfBasement,
        "non_residential" | "非居住" | "非居住用房" | "非住宅" => RentalSpace::NonResidential,
        _ => return None,
    })
}

fn status(text: &str) -> Option<RentalStatus> {
    Some(match text {
        "active" | "在租" | "出租中" | "在用" => RentalStatus::Active,
        "ended" | "停租" | "已停租" | "空置" => RentalStatus::Ended,
        _ => return None,
    })
}

impl Kind for Rental {
    const NAME: &'static str = "rental";
    const FIELDS: &'static [&'static str] =
        &["rental_id", "address_id", "registered_on", "space", "rooms", "occupants", "status"];

    fn missing(plan: &Plan, _: bool) -> Vec<Vec<usize>> {
        [ID, ADDRESS_ID].into_iter().filter(|field| !plan.has(*field)).map(|field| vec![field]).collect()
    }

    fn read(cells: &Cells<'_>) -> Result<Rental, Complaint> {
        let spaces = "residential, basement, half_basement, non_residential / 居住、地下室、半地下室、非居住";
        Ok(Rental {
            id: cells.identifier(ID)?.into(),
            address: cells.reference(ADDRESS_ID)?.map(Into::into),
            registered_on: cells.day(REGISTERED_ON)?,
            space: cells.word(SPACE, space, spaces)?.unwrap_or_default(),
            rooms: cells.number(ROOMS)?,
            occupants: cells.number(OCCUPANTS)?,
            status: cells.word(STATUS, status, "active, ended / 在租、停租")?.unwrap_or_default(),
            version: 1,
        })
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }
}
