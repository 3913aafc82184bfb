//! Other grids in a packed city.

use super::build::{box_of, middle_of};
use super::edit::Step;
use super::*;
use crate::check::Context;
use crate::check::regrid::Regrid;
use std::collections::BTreeSet;

impl Step<'_> {
    /// Takes other grids over: their middles and boxes, and who declares them. Who declares one that only moved is no other pin.
    pub fn regrid(&mut self, context: &Context, regrid: &Regrid) {
        let frame = self.pack.frame;
        let left = context.records.addresses.len().min(self.pack.pins.len()) as u32;
        let declared = |pin: &Pin, i: u32| context.declared(i as usize).filter(|_| pin.live).unwrap_or(NONE);
        for i in regrid.renumbered.range(..left) {
            let pin = self.pack.pins.get_mut(*i as usize);
            pin.grid = declared(pin, *i);
        }
        let mut boxes = (*self.pack.register.boxes).clone();
        boxes.resize(context.grid.len(), [f64::NAN; 4]);
        for g in regrid.positions.range(..context.grid.len() as u32) {
            boxes[*g as usize] = box_of(context, &frame, *g);
        }
        let is_boxed = |g: u32| {
            let bits = |b: &[f64; 4]| b.map(f64::to_bits);
            boxes.get(g as usize).map(bits) == self.pack.register.boxes.get(g as usize).map(bits)
        };
        let boxed: BTreeSet<u32> = regrid.positions.iter().copied().filter(|g| !is_boxed(*g)).collect();
        for i in regrid.addresses.range(..left) {
            let pin = &self.pack.pins[*i as usize];
            if boxed.contains(&pin.grid)
                && let Some(name) = self.name_of(pin.key)
            {
                self.names.insert(name);
            }
            let declared = declared(pin, *i);
            if declared != pin.grid {
                let name = self.name_of(pin.key);
                self.set_pin(*i, |pin| pin.grid = declared);
                self.names.extend(name);
            }
        }
        self.pack.register.boxes = Arc::new(boxes);
        for g in &regrid.positions {
            if let Some(at) = self.pack.register.middles.get(*g as usize) {
                self.pack.centroids.remove(*g, *at);
            }
        }
        let mut middles = (*self.pack.register.middles).clone();
        middles.resize(context.grid.len(), [f64::NAN; 2]);
        for g in regrid.positions.range(..context.grid.len() as u32) {
            middles[*g as usize] = middle_of(context, &frame, *g);
            self.pack.centroids.insert(*g, middles[*g as usize], ());
        }
        self.pack.register.middles = Arc::new(middles);
    }
}
