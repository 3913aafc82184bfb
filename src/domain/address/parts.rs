//! The parts of a standardized address.

use serde::{Deserialize, Serialize};

/// The parts of an address, coarse to fine; empty where absent. Texts keep their unit word (`12号`, `3幢`, `2单元`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct Parts {
    /// 省, 自治区 or municipality.
    pub province: Box<str>,
    /// 市, 州, 盟.
    pub city: Box<str>,
    /// 区, 县, county-level 市.
    pub county: Box<str>,
    /// 街道, 乡, 镇.
    pub town: Box<str>,
    /// 村, 社区.
    pub village: Box<str>,
    /// 网格, where the text names one.
    pub grid: Box<str>,
    /// 组.
    pub group: Box<str>,
    /// 路, 街, 巷, 弄.
    pub road: Box<str>,
    /// 号, with its branch (`12号`, `12-3号`, `12号附5号`).
    pub house_number: Box<str>,
    /// 小区, 花园, 新村, 公寓, 大厦.
    pub compound: Box<str>,
    /// 幢.
    pub building: Box<str>,
    /// 单元.
    pub unit: Box<str>,
    /// 层, 楼.
    pub floor: Box<str>,
    /// 室.
    pub room: Box<str>,
}

impl Parts {
    /// The names of the parts, coarse to fine, as files and the API have them.
    pub const NAMES: [&'static str; 14] = [
        "province",
        "city",
        "county",
        "town",
        "village",
        "grid",
        "group",
        "road",
        "house_number",
        "compound",
        "building",
        "unit",
        "floor",
        "room",
    ];
    /// How many of them say where the address lies, and are left out of short texts.
    pub const COARSE: usize = 6;

    /// The parts in the order of [`Parts::NAMES`].
    pub fn slots(&self) -> [&str; 14] {
        self.view().slots()
    }

    /// The parts as texts that lie here.
    pub fn view(&self) -> PartsRef<'_> {
        PartsRef {
            province: &self.province,
            city: &self.city,
            county: &self.county,
            town: &self.town,
            village: &self.village,
            grid: &self.grid,
            group: &self.group,
            road: &self.road,
            house_number: &self.house_number,
            compound: &self.compound,
            building: &self.building,
            unit: &self.unit,
            floor: &self.floor,
            room: &self.room,
        }
    }

    /// The parts in the order of [`Parts::NAMES`], to be changed.
    pub fn slots_mut(&mut self) -> [&mut Box<str>; 14] {
        let Parts {
            province,
            city,
            county,
            town,
            village,
            grid,
            group,
            road,
            house_number,
            compound,
            building,
            unit,
            floor,
            room,
        } = self;
        [province, city, county, town, village, grid, group, road, house_number, compound, building, unit, floor, room]
    }
}

/// The parts of an address as texts that lie elsewhere; see [`Parts`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PartsRef<'a> {
    /// 省, 自治区 or municipality.
    pub province: &'a str,
    /// 市, 州, 盟.
    pub city: &'a str,
    /// 区, 县, county-level 市.
    pub county: &'a str,
    /// 街道, 乡, 镇.
    pub town: &'a str,
    /// 村, 社区.
    pub village: &'a str,
    /// 网格, where the text names one.
    pub grid: &'a str,
    /// 组.
    pub group: &'a str,
    /// 路, 街, 巷, 弄.
    pub road: &'a str,
    /// 号, with its branch.
    pub house_number: &'a str,
    /// 小区, 花园, 新村, 公寓, 大厦.
    pub compound: &'a str,
    /// 幢.
    pub building: &'a str,
    /// 单元.
    pub unit: &'a str,
    /// 层, 楼.
    pub floor: &'a str,
    /// 室.
    pub room: &'a str,
}

impl<'a> PartsRef<'a> {
    /// The parts in the order of [`Parts::NAMES`].
    pub fn slots(&self) -> [&'a str; 14] {
        let PartsRef { province, city, county, town, village, grid, group, .. } = *self;
        let PartsRef { road, house_number, compound, building, unit, floor, room, .. } = *self;
        [province, city, county, town, village, grid, group, road, house_number, compound, building, unit, floor, room]
    }

    /// The parts from texts in that order.
    pub fn from_slots(slots: [&'a str; 14]) -> PartsRef<'a> {
        let [province, city, county, town, village, grid, group, rest @ ..] = slots;
        let [road, house_number, compound, building, unit, floor, room] = rest;
        PartsRef {
            province,
            city,
            county,
            town,
            village,
            grid,
            group,
            road,
            house_number,
            compound,
            building,
            unit,
            floor,
            room,
        }
    }

    /// Whether none is there.
    pub fn is_empty(&self) -> bool {
        self.slots().iter().all(|part| part.is_empty())
    }

    /// The parts on their own.
    pub fn unpack(&self) -> Parts {
        let mut parts = Parts::default();
        for (part, text) in parts.slots_mut().into_iter().zip(self.slots()) {
            *part = text.into();
        }
        parts
    }
}
