//! What the layers of points say of each record: made once, when the record changes, so that a tile reads no record.

use super::points::NOWHERE;
use super::points::{Entry, Item, Point};
use super::rental::occupants_band;
use super::ring::{OwnRings, Rings};
use super::tag::Tag;
use super::world::Spot;
use super::*;
use crate::check::rule::building_unaddressed;
use std::borrow::Cow;

/// Shows the item of a row, if the record in it has one.
pub(super) type See<'a> = &'a mut dyn FnMut(&Item);

impl City {
    /// The pin of an address, if it is on earth.
    pub(super) fn address_item(&self, row: u32, see: See) {
        let Some(address) = self.records.addresses.get(row as usize) else { return };
        let Some((spot, kind)) = address.pin().and_then(|pin| Some((Spot::of(pin.at)?, pin.kind))) else {
            return;
        };
        let mark = self.marks.get(row as usize).copied().unwrap_or(0);
        let tag = Tag::address(mark, address.status(), kind);
        let point = Point { key: spot.key(), row, home: self.home(row) };
        see(&Item { point, tag, id: address.id(), label: &address_label(address), rings: Rings::default() });
    }

    /// The pin of an address as a point.
    fn pin(&self, id: &str) -> Option<(Spot, u32)> {
        let row = self.address(id)?;
        let address = self.records.addresses.get(row as usize)?;
        Some((Spot::of(address.at()?)?, self.home(row)))
    }

    /// An active rental whose address has a pin on earth.
    pub(super) fn rental_item(&self, row: u32, see: See) {
        let Some(rental) = self.records.rentals.get(row as usize).filter(|r| r.status() == RentalStatus::Active) else {
            return;
        };
        let Some((spot, home)) = rental.address().and_then(|id| self.pin(id)) else { return };
        let label = rental.address().unwrap_or_default();
        let Some(state) = self.rental_states.get(row as usize) else { return };
        let (registered, band) = (rental.registered_on().is_some(), occupants_band(rental.occupants()));
        let tag = Tag::rental(state.inspected, registered, state.open_hazards, state.worst, band);
        let point = Point { key: spot.key(), row, home };
        see(&Item { point, tag, id: rental.id(), label, rings: Rings::default() });
    }

    /// A hazard that is not closed and whose address has a pin on earth.
    pub(super) fn hazard_item(&self, row: u32, see: See) {
        let Some(hazard) = self.records.hazards.get(row as usize).filter(|h| h.state() != HazardState::Closed) else {
            return;
        };
        let hazard = hazard.row();
        let Some((spot, home)) = self.pin(hazard.address) else { return };
        let tag = Tag::hazard(hazard.item, hazard.severity, hazard.state, self.is_overdue(hazard));
        see(&Item {
            point: Point { key: spot.key(), row, home },
            tag,
            id: hazard.id,
            label: "",
            rings: Rings::default(),
        });
    }

    /// An open flag with a place on earth; its label is the address that it is about.
    pub(super) fn flag_item(&self, slot: u32, see: See) {
        let home = self.flags.view(slot).map_or(NOWHERE, |flag| self.home_of(&flag.subject()));
        self.flag_item_at(slot, home, see);
    }

    /// The same where it is known to which grid the subject belongs.
    pub(super) fn flag_item_at(&self, slot: u32, home: u32, see: See) {
        let Some(flag) = self.flags.view(slot).filter(|flag| self.shows(*flag)) else { return };
        let Some(spot) = flag.at().and_then(Spot::of) else { return };
        let point = Point { key: spot.key(), row: slot, home };
        let tag = Tag::flag(flag.rule(), flag.severity(), flag.probability());
        let label = flag.address().unwrap_or_default();
        see(&Item { point, tag, id: &flag.id(), label, rings: Rings::default() });
    }

    /// A standing building on earth, at the middle of its box.
    pub(super) fn building_item(&self, row: u32, see: See) {
        let Some(building) = self.records.buildings.get(row as usize) else { return };
        let about = Subject::Building(building.id().to_owned());
        let is_bare = self.flags.about(&about).any(|(_, flag)| flag.rule() == building_unaddressed::RULE.code);
        self.building_item_as(row, is_bare, see);
    }

    /// The same where it is known whether it has no address.
    pub(super) fn building_item_as(&self, row: u32, is_bare: bool, see: See) {
        let Some(building) = self.records.buildings.get(row as usize).filter(|b| b.standing()) else { return };
        let (rings, spot) = match building.footprint() {
            FootprintRef::Point(at) => (OwnRings::default(), Spot::of(at)),
            FootprintRef::Ring(corners) => OwnRings::of_ring(corners).with_middle(),
            FootprintRef::Area(area) => OwnRings::of(area).with_middle(),
        };
        let Some(spot) = spot else { return };
        let parts = building.parts();
        let label = if parts.building.is_empty() { parts.house_number } else { parts.building };
        let point = Point { key: spot.key(), row, home: self.building_home(row) };
        let tag = Tag::building(building.kind(), building.floors(), !is_bare);
        see(&Item { point, tag, id: building.id(), label, rings: rings.rings() });
    }

    /// What some rows show.
    pub(super) fn entries<'a>(&self, rows: impl Iterator<Item = &'a u32>, item: fn(&City, u32, See)) -> Vec<Entry> {
        let mut entries = Vec::new();
        rows.for_each(|row| item(self, *row, &mut |item| entries.push(item.into())));
        entries
    }
}

/// House number, building, group, compound and room, by their place in [`Parts::NAMES`].
const LABEL: [usize; 5] = [8, 10, 6, 9, 13];

/// The shortest text that tells an address from its neighbours.
fn address_label(address: AddressRef<'_>) -> Cow<'_, str> {
    let mut fine = LABEL.iter().map(|slot| address.part(*slot));
    fine.find(|part| !part.is_empty()).map_or_else(|| address.full_text(), Cow::Borrowed)
}
