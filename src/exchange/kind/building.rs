//! Buildings.

use super::{Complaint, Cow, Door, Kind, Plan, area_inside};
use crate::domain::{Building, BuildingKind, Footprint, LonLat, Parts};
use crate::exchange::cell::{Cells, unreadable_shape, wrong_shape};
use crate::exchange::shape::Shape;

const ID: usize = 0;
const FULL_TEXT: usize = 1;
const TOWN: usize = 2;
const VILLAGE: usize = 3;
const ROAD: usize = 4;
const HOUSE_NUMBER: usize = 5;
const COMPOUND: usize = 6;
const BUILDING: usize = 7;
const GRID_CODE: usize = 8;
const FLOORS: usize = 9;
const KIND: usize = 10;
const STANDING: usize = 11;
const LON: usize = 12;
const LAT: usize = 13;
const GEOMETRY: usize = 14;

/// What a survey's word for the use of a building means; words that say nothing here are "not known".
pub(crate) fn kind(text: &str) -> BuildingKind {
    let lower = text.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if any(&["resid", "house", "apartment", "detached", "terrace", "dormitory", "住宅", "居住", "公寓", "宿舍", "民房"])
    {
        BuildingKind::Residential
    } else if any(&[
        "commerc",
        "retail",
        "office",
        "hotel",
        "shop",
        "supermarket",
        "商",
        "店",
        "办公",
        "写字楼",
        "宾馆",
        "酒店",
    ]) {
        BuildingKind::Commercial
    } else if any(&["industr", "factory", "warehouse", "工业", "厂", "仓库", "仓储", "车间"]) {
        BuildingKind::Industrial
    } else if any(&[
        "public",
        "school",
        "hospital",
        "church",
        "civic",
        "university",
        "学校",
        "医院",
        "公共",
        "机关",
        "教育",
        "医疗",
    ]) {
        BuildingKind::Public
    } else {
        BuildingKind::Unknown
    }
}

fn yes_or_no(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "yes" | "y" | "t" | "是" => Some(true),
        "0" | "false" | "no" | "n" | "f" | "否" => Some(false),
        _ => None,
    }
}

impl Kind for Building {
    const NAME: &'static str = "building";
    const FIELDS: &'static [&'static str] = &[
        "building_id",
        "full_text",
        "town",
        "village",
        "road",
        "house_number",
        "compound",
        "building",
        "grid_code",
        "floors",
        "kind",
        "standing",
        "lon",
        "lat",
        "geometry",
    ];
    const THINGS_HAVE_NAMES: bool = true;

    fn missing(plan: &Plan, shapes: bool) -> Vec<Vec<usize>> {
        let mut missing = Vec::new();
        if !plan.has(ID) {
            missing.push(vec![ID]);
        }
        if !(shapes || plan.has(GEOMETRY) || plan.has(LON) && plan.has(LAT)) {
            missing.push(vec![GEOMETRY, LON, LAT]);
        }
        missing
    }

    fn read(cells: &Cells<'_>) -> Result<Building, Complaint> {
        let id = cells.identifier(ID)?;
        let full_text = cells.free(FULL_TEXT)?;
        let mut parts = Parts::default();
        let mut asked = [false; 14];
        let mut given = false;
        let columns = [(3, TOWN), (4, VILLAGE), (7, ROAD), (8, HOUSE_NUMBER), (9, COMPOUND), (10, BUILDING)];
        for (part, field) in columns {
            let text = cells.free(field)?;
            asked[part] = cells.plan.has(field);
            given |= !text.is_empty();
            *parts.slots_mut()[part] = text.into();
        }
        let footprint = match cells.shape(GEOMETRY) {
            Shape::Area(area) if !area.0.is_empty() => Footprint::Area(area),
            Shape::Point(x, y) => Footprint::Point(LonLat::new(x, y)),
            Shape::Other(name) => return Err(wrong_shape(name, "应为面或点", "a polygon or a point is wanted")),
            Shape::Broken => return Err(unreadable_shape()),
            Shape::None | Shape::Area(_) => match cells.point(GEOMETRY, LON, LAT)? {
                Some(at) => Footprint::Point(at),
                None => {
                    return Err(wrong_shape(
                        "",
                        "没有几何图形，也没有经纬度",
                        "there is neither a geometry nor a longitude and latitude",
                    ));
                }
            },
        };
        let (full_text, parts) = if full_text.is_empty() && !given {
            (String::new(), parts)
        } else {
            super::text_and_parts(full_text, parts, if given { asked } else { [false; 14] })
        };
        Ok(Building {
            id: id.into(),
            full_text,
            parts,
            footprint,
            floors: cells.number(FLOORS)?,
            kind: kind(cells.text(KIND)),
            grid: cells.reference(GRID_CODE)?.map(Into::into),
            standing: cells.word(STANDING, yes_or_no, "1/0, true/false, 是/否")?.unwrap_or(true),
            version: 1,
        })
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn bring_inside(&mut self, door: &Door, judge_rings: bool) -> Result<bool, Complaint> {
        match &mut self.footprint {
            Footprint::Area(area) if judge_rings && !super::has_whole_rings(area) => return Err(super::broken_ring()),
            Footprint::Area(area) => area_inside(area, door)?,
            Footprint::Point(at) => *at = super::point_inside(*at, door)?,
        }
        Ok(true)
    }

    fn evidence(&self) -> Option<(LonLat, Option<&str>)> {
        let at = match &self.footprint {
            Footprint::Point(at) => *at,
            Footprint::Area(area) => {
                let corner = area.0.first()?.exterior().0.first()?;
                LonLat::new(corner.x, corner.y)
            }
        };
        Some((at, self.grid.as_deref()))
    }
}
