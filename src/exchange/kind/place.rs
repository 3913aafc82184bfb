//! Places: shops, factories, schools, sites.

use super::{Complaint, Cow, Door, Kind, Plan};
use crate::domain::{LonLat, Place, PlaceKind};
use crate::exchange::cell::Cells;

const ID: usize = 0;
const NAME: usize = 1;
const KIND: usize = 2;
const ADDRESS_ID: usize = 3;
const LON: usize = 4;
const LAT: usize = 5;
const GEOMETRY: usize = 6;

/// What a word for a place means; every other word is "other".
fn kind(text: &str) -> PlaceKind {
    let lower = text.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if any(&["restaurant", "餐饮", "饭店", "餐馆", "小吃"]) {
        PlaceKind::Restaurant
    } else if any(&["factory", "工厂", "作坊", "厂"]) {
        PlaceKind::Factory
    } else if any(&["warehouse", "仓库", "仓储"]) {
        PlaceKind::Warehouse
    } else if any(&["school", "学校", "幼儿园"]) {
        PlaceKind::School
    } else if any(&["clinic", "hospital", "医院", "诊所"]) {
        PlaceKind::Clinic
    } else if any(&["lodging", "hotel", "宾馆", "民宿", "旅馆", "酒店"]) {
        PlaceKind::Lodging
    } else if any(&["site", "工地"]) {
        PlaceKind::Site
    } else if any(&["shop", "store", "商铺", "商店", "超市", "店"]) {
        PlaceKind::Shop
    } else {
        PlaceKind::Other
    }
}

impl Kind for Place {
    const NAME: &'static str = "place";
    const FIELDS: &'static [&'static str] = &["place_id", "name", "kind", "address_id", "lon", "lat", "geometry"];
    const THINGS_HAVE_NAMES: bool = true;

    fn missing(plan: &Plan, _: bool) -> Vec<Vec<usize>> {
        [ID, NAME].into_iter().filter(|field| !plan.has(*field)).map(|field| vec![field]).collect()
    }

    fn read(cells: &Cells<'_>) -> Result<Place, Complaint> {
        let name = cells.free(NAME)?;
        if name.is_empty() {
            return Err(cells.complain(NAME, "不能为空", "must not be empty"));
        }
        Ok(Place {
            id: cells.identifier(ID)?.into(),
            name: name.to_owned(),
            kind: kind(cells.text(KIND)),
            address: cells.reference(ADDRESS_ID)?.map(Into::into),
            at: cells.point(GEOMETRY, LON, LAT)?,
            version: 1,
        })
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn bring_inside(&mut self, door: &Door, _: bool) -> Result<bool, Complaint> {
        if let Some(at) = &mut self.at {
            *at = super::point_inside(*at, door)?;
        }
        Ok(true)
    }

    fn evidence(&self) -> Option<(LonLat, Option<&str>)> {
        self.at.map(|at| (at, None))
    }
}
