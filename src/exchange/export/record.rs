//! Grids, addresses and buildings as lines of a table, under names that an import knows.

use super::FieldKind::{Integer, Real, Text as Words};
use super::{Export, Line, Sheet, Value, point};
use crate::domain::{Address, Building, Footprint, Grid};
use crate::exchange::shape::Shape;

impl Export for Grid {
    const SHEET: Sheet = Sheet {
        name: "grid",
        fields: &[
            ("grid_code", Words),
            ("level", Words),
            ("name", Words),
            ("parent_code", Words),
            ("valid_from", Words),
            ("valid_to", Words),
        ],
        areas: Some(true),
    };

    fn line(&self) -> Line {
        let day = |day: Option<chrono::NaiveDate>| Value::from(day.map(|day| day.to_string()).as_deref());
        Line {
            values: vec![
                self.code.as_str().into(),
                self.level.as_str().into(),
                self.name.as_str().into(),
                self.parent.as_deref().into(),
                day(self.valid_from),
                day(self.valid_to),
            ],
            shape: Shape::Area((*self.polygon).clone()),
        }
    }
}

impl Export for Address {
    const SHEET: Sheet = Sheet {
        name: "address",
        fields: &[
            ("address_id", Words),
            ("full_text", Words),
            ("province", Words),
            ("city", Words),
            ("county", Words),
            ("town", Words),
            ("village", Words),
            ("grid", Words),
            ("group", Words),
            ("road", Words),
            ("house_number", Words),
            ("compound", Words),
            ("building", Words),
            ("unit", Words),
            ("floor", Words),
            ("room", Words),
            ("grid_code", Words),
            ("lon", Real),
            ("lat", Real),
            ("accuracy_m", Real),
            ("collected_at", Words),
            ("collector", Words),
            ("batch", Words),
            ("building_id", Words),
            ("status", Words),
            ("ended_on", Words),
            ("verified_on", Words),
        ],
        areas: Some(false),
    };

    fn line(&self) -> Line {
        let part = &self.parts;
        let pin = self.pin.as_ref();
        let at = pin.map(|pin| pin.at);
        let status = match self.status {
            crate::domain::AddressStatus::Active => "active",
            crate::domain::AddressStatus::Demolished => "demolished",
            crate::domain::AddressStatus::Merged => "merged",
        };
        let day = |day: Option<chrono::NaiveDate>| Value::from(day.map(|day| day.to_string()).as_deref());
        Line {
            values: vec![
                self.id.as_str().into(),
                self.full_text.as_str().into(),
                (*part.province).into(),
                (*part.city).into(),
                (*part.county).into(),
                (*part.town).into(),
                (*part.village).into(),
                (*part.grid).into(),
                (*part.group).into(),
                (*part.road).into(),
                (*part.house_number).into(),
                (*part.compound).into(),
                (*part.building).into(),
                (*part.unit).into(),
                (*part.floor).into(),
                (*part.room).into(),
                self.grid.as_deref().into(),
                at.map(|at| at.lon).into(),
                at.map(|at| at.lat).into(),
                pin.and_then(|pin| pin.accuracy_m).map(f64::from).into(),
                pin.and_then(|pin| pin.collected_at).map(|time| time.to_rfc3339()).as_deref().into(),
                pin.and_then(|pin| pin.collector.as_deref()).into(),
                self.batch.as_deref().into(),
                self.building.as_deref().into(),
                status.into(),
                day(self.ended_on),
                day(self.verified_on),
            ],
            shape: point(at),
        }
    }
}

impl Export for Building {
    const SHEET: Sheet = Sheet {
        name: "building",
        fields: &[
            ("building_id", Words),
            ("full_text", Words),
            ("town", Words),
            ("village", Words),
            ("road", Words),
            ("house_number", Words),
            ("compound", Words),
            ("building", Words),
            ("grid_code", Words),
            ("floors", Integer),
            ("kind", Words),
            ("standing", Words),
        ],
        areas: None,
    };

    fn line(&self) -> Line {
        let part = &self.parts;
        let kind = serde_json::to_value(self.kind).ok();
        Line {
            values: vec![
                self.id.as_str().into(),
                self.full_text.as_str().into(),
                (*part.town).into(),
                (*part.village).into(),
                (*part.road).into(),
                (*part.house_number).into(),
                (*part.compound).into(),
                (*part.building).into(),
                self.grid.as_deref().into(),
                self.floors.map(i64::from).into(),
                kind.as_ref().and_then(|kind| kind.as_str()).into(),
                if self.standing { "true".into() } else { "false".into() },
            ],
            shape: match &self.footprint {
                Footprint::Area(area) => Shape::Area(area.clone()),
                Footprint::Point(at) => Shape::Point(at.lon, at.lat),
            },
        }
    }
}
