//! Addresses.

use super::{Complaint, Cow, Door, Kind, Plan};
use crate::domain::{Address, AddressStatus, LonLat, Parts, Position, PositionKind, PositionMethod};
use crate::exchange::cell::Cells;

const ID: usize = 0;
const FULL_TEXT: usize = 1;
/// The fourteen parts, in the order of [`Parts`].
const PARTS: std::ops::Range<usize> = 2..16;
const GRID_CODE: usize = 16;
const LON: usize = 17;
const LAT: usize = 18;
const ACCURACY_M: usize = 19;
const COLLECTED_AT: usize = 20;
const COLLECTOR: usize = 21;
const BATCH: usize = 22;
const BUILDING_ID: usize = 23;
const STATUS: usize = 24;
const ENDED_ON: usize = 25;
const VERIFIED_ON: usize = 26;
const GEOMETRY: usize = 27;

const FIELDS: [&str; 28] = {
    let mut fields = [""; 28];
    fields[ID] = "address_id";
    fields[FULL_TEXT] = "full_text";
    let mut part = 0;
    while part < Parts::NAMES.len() {
        fields[PARTS.start + part] = Parts::NAMES[part];
        part += 1;
    }
    fields[GRID_CODE] = "grid_code";
    fields[LON] = "lon";
    fields[LAT] = "lat";
    fields[ACCURACY_M] = "accuracy_m";
    fields[COLLECTED_AT] = "collected_at";
    fields[COLLECTOR] = "collector";
    fields[BATCH] = "batch";
    fields[BUILDING_ID] = "building_id";
    fields[STATUS] = "status";
    fields[ENDED_ON] = "ended_on";
    fields[VERIFIED_ON] = "verified_on";
    fields[GEOMETRY] = "geometry";
    fields
};

fn status(text: &str) -> Option<AddressStatus> {
    Some(match text {
        "active" | "在用" | "正常" | "启用" | "有效" => AddressStatus::Active,
        "demolished" | "已拆除" | "拆除" | "注销" | "已注销" => AddressStatus::Demolished,
        "merged" | "已合并" | "合并" => AddressStatus::Merged,
        _ => return None,
    })
}

impl Kind for Address {
    const NAME: &'static str = "address";
    const FIELDS: &'static [&'static str] = &FIELDS;
    const THINGS_HAVE_NAMES: bool = true;
    const KEEPS_ODD_POINTS: bool = true;

    fn missing(plan: &Plan, shapes: bool) -> Vec<Vec<usize>> {
        let mut missing = Vec::new();
        if !plan.has(ID) {
            missing.push(vec![ID]);
        }
        if !plan.has(FULL_TEXT) && !PARTS.clone().any(|part| plan.has(part)) {
            missing.push(vec![FULL_TEXT]);
        }
        if !shapes && !plan.has(GEOMETRY) {
            missing.extend([LON, LAT].into_iter().filter(|field| !plan.has(*field)).map(|field| vec![field]));
        }
        missing
    }

    fn read(cells: &Cells<'_>) -> Result<Address, Complaint> {
        let id = cells.identifier(ID)?;
        let full_text = cells.free(FULL_TEXT)?;
        let mut parts = Parts::default();
        let mut given = false;
        let mut asked = [false; 14];
        if !cells.plan.foreign || full_text.is_empty() {
            for ((field, slot), asked) in PARTS.zip(parts.slots_mut()).zip(&mut asked) {
                let text = cells.free(field)?;
                *asked = cells.plan.has(field);
                if !text.is_empty() {
                    *slot = text.into();
                    given = true;
                }
            }
        }
        if full_text.is_empty() && !given {
            return Err(cells.complain(
                FULL_TEXT,
                "既没有地址全称，也没有任何地址要素",
                "neither a full text nor any part of an address",
            ));
        }
        let at = cells.point(GEOMETRY, LON, LAT)?;
        let accuracy_m = cells.number::<f32>(ACCURACY_M)?.filter(|m| m.is_finite());
        if accuracy_m.is_some_and(|m| m < 0.0) {
            return Err(cells.complain(ACCURACY_M, "精度不能为负", "an accuracy is not negative"));
        }
        let (collected_at, collector) = (cells.time(COLLECTED_AT)?, cells.account(COLLECTOR)?);
        let by_phone = accuracy_m.is_some() || collected_at.is_some();
        let pin = at.map(|at| Position {
            kind: PositionKind::Door,
            at,
            method: if by_phone { PositionMethod::Phone } else { PositionMethod::Register },
            accuracy_m,
            collected_at,
            collector,
        });
        let (full_text, parts) = super::text_and_parts(full_text, parts, if given { asked } else { [false; 14] });
        Ok(Address {
            id: id.into(),
            full_text,
            parts,
            grid: cells.reference(GRID_CODE)?.map(Into::into),
            pin,
            positions: Vec::new(),
            building: cells.reference(BUILDING_ID)?.map(Into::into),
            status: cells
                .word(STATUS, status, "active, demolished, merged / 在用、已拆除、已合并")?
                .unwrap_or_default(),
            ended_on: cells.day(ENDED_ON)?,
            verified_on: cells.day(VERIFIED_ON)?,
            batch: cells.reference(BATCH)?.map(Into::into),
            version: 1,
        })
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    /// A pin that has no place stays as it was collected: the checker says what is wrong with it.
    fn bring_inside(&mut self, door: &Door, _: bool) -> Result<bool, Complaint> {
        let Some(pin) = &mut self.pin else { return Ok(true) };
        let raw = pin.at;
        if !door.is_open() && (raw.lon != 0.0 || raw.lat != 0.0) {
            match door.inside(raw.lon, raw.lat) {
                Ok(at) => pin.at = at,
                Err(_) => return Ok(false),
            }
        }
        Ok(pin.at.is_on_earth())
    }

    fn evidence(&self) -> Option<(LonLat, Option<&str>)> {
        self.pin.as_ref().map(|pin| (pin.at, self.grid.as_deref()))
    }
}
