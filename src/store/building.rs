//! Buildings.

use super::address::{read_parts, write_parts};
use super::codec::{Fields, RowWriter, Word, read_geometry, read_ring};
use super::fault::garbled;
use super::record::{Columns, Record};
use crate::domain::*;
use crate::error::Result;
use geo::{Coord, Geometry};
use std::borrow::Cow;

impl Record for Building {
    const TABLE: &'static str = "building";
    const KEY: &'static str = "building_id";
    const KEY_TEXT: &'static str = "building_id";
    const COLUMNS: &'static str = "building_id, full_text, province, city, county, town, village, grid_name, group_name, \
        road, house_number, compound, building, unit, floor, room, footprint, floors, kind, grid_code, standing";

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn write(&self, row: &mut RowWriter) {
        row.text(&self.id);
        row.text(&self.full_text);
        write_parts(&self.parts, row);
        match &self.footprint {
            Footprint::Area(area) => row.multi_polygon(area),
            Footprint::Point(at) => row.point(Some(*at)),
        }
        row.int(self.floors.map(i32::from));
        row.text(self.kind.word());
        row.text_or_null(self.grid.as_deref());
        row.bool(self.standing);
    }

    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Building::of(Building::read_row(fields, &mut Default::default())?))
    }
}

impl Columns for Building {
    type Scratch = (Vec<Coord<f64>>, Option<Footprint>);

    fn read_row<'a, 'f: 'a>(fields: &mut Fields<'f>, (corners, whole): &'a mut Self::Scratch) -> Result<Self::Row<'a>> {
        let (id, full_text) = (fields.text()?, fields.text()?);
        let parts = read_parts(fields)?;
        let shape = fields.some()?;
        let footprint = if read_ring(shape, corners) {
            FootprintRef::Ring(corners)
        } else {
            let footprint = match read_geometry(shape)? {
                Geometry::MultiPolygon(area) => Footprint::Area(area),
                Geometry::Point(at) => Footprint::Point(LonLat::new(at.x(), at.y())),
                _ => return Err(garbled("a footprint that is neither an area nor a point")),
            };
            whole.insert(footprint).view()
        };
        Ok(BuildingRow {
            id,
            full_text,
            parts,
            footprint,
            floors: fields.int()?.map(|n| n as u16),
            kind: BuildingKind::from_word(fields.text()?)?,
            grid: fields.text_or_null()?,
            standing: fields.bool()?,
            version: fields.long()?,
        })
    }
}
