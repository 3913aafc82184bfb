//! Who read what at a stage: after an edit, whose verdict may change.

use super::evidence::level::FAR_M;
use super::evidence::reads::{Circle, Reads};
use super::evidence::{Pack, SeriesTouch};
use crate::domain::Table;
use crate::domain::table::OF_ARCS;
use crate::index::{Bins, Lookup};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A verdict: that on an address, or that on a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reader {
    /// The verdict on an address.
    Address(u32),
    /// The verdict on a batch.
    Batch(u32),
}

const BATCH: u32 = 1 << 31;

impl Reader {
    fn id(self) -> u32 {
        match self {
            Reader::Address(i) => i,
            Reader::Batch(b) => b | BATCH,
        }
    }

    fn of(id: u32) -> Reader {
        if id & BATCH == 0 { Reader::Address(id) } else { Reader::Batch(id & !BATCH) }
    }
}

/// What every verdict of a stage was read from, and the way back. Most records are at home and read nothing.
#[derive(Debug, Clone)]
pub struct Traces {
    addresses: Table<Option<Arc<Reads>>, OF_ARCS>,
    batches: Table<Option<Arc<Reads>>, OF_ARCS>,
    /// Circles within which trusted addresses were looked for, with their radius.
    pins: Bins<f32>,
    /// Circles within which buildings were looked for.
    sites: Bins<f32>,
    /// Readers by series; entries may be stale.
    series: Lookup,
    /// Readers by collector, of those that read the collector's totals; entries may be stale.
    collectors: Lookup,
}

/// What was read, where anything was; shared with the one before where it is the same.
pub fn kept(reads: Option<Reads>, last: &mut Option<Arc<Reads>>) -> Option<Arc<Reads>> {
    let mut reads = reads.filter(|reads| !reads.is_empty())?;
    if last.as_deref() != Some(&reads) {
        // There are hundreds of thousands of them.
        reads.shrink();
        *last = Some(Arc::new(reads));
    }
    last.clone()
}

impl Traces {
    /// What was read for each address and for each batch.
    pub fn build(pack: &Pack, addresses: Vec<Option<Arc<Reads>>>, batches: Vec<Option<Arc<Reads>>>) -> Traces {
        let of_addresses = addresses.iter().zip(0u32..).map(|(reads, i)| (reads, Reader::Address(i)));
        let of_batches = batches.iter().zip(0u32..).map(|(reads, b)| (reads, Reader::Batch(b)));
        let all = of_addresses.chain(of_batches).filter_map(|(reads, reader)| Some((reads.as_deref()?, reader)));
        let circles = |of: fn(&Reads) -> &[Circle]| {
            all.clone().flat_map(move |(reads, reader)| {
                of(reads).iter().map(move |circle| (reader.id(), circle.at, circle.radius_m))
            })
        };
        let series = all
            .clone()
            .flat_map(|(reads, reader)| reads.series.iter().map(move |s| (u64::from(s.series), reader.id())));
        let collectors = all.clone().filter_map(|(reads, reader)| match reader {
            Reader::Address(i) if reads.collector => Some((u64::from(pack.pins[i as usize].collector), i)),
            _ => None,
        });
        Traces {
            pins: Bins::build(pack.squares, circles(|reads| &reads.pins)),
            sites: Bins::build(pack.squares, circles(|reads| &reads.sites)),
            series: Lookup::build(series),
            collectors: Lookup::build(collectors),
            addresses: addresses.into(),
            batches: batches.into(),
        }
    }

    fn reads(&self, reader: Reader) -> Option<&Arc<Reads>> {
        match reader {
            Reader::Address(i) => self.addresses.get(i as usize)?.as_ref(),
            Reader::Batch(b) => self.batches.get(b as usize)?.as_ref(),
        }
    }

    /// Takes over what was read for a new verdict.
    pub fn set(&mut self, pack: &Pack, reader: Reader, reads: Option<Arc<Reads>>) {
        let old = self.reads(reader).cloned();
        let (table, row) = match reader {
            Reader::Address(i) => (&mut self.addresses, i as usize),
            Reader::Batch(b) => (&mut self.batches, b as usize),
        };
        while table.len() <= row {
            table.push(None);
        }
        if let (Some(true), Reader::Address(i)) = (reads.as_ref().map(|reads| reads.collector), reader) {
            self.collectors.insert(u64::from(pack.pins[i as usize].collector), i);
        }
        if old == reads {
            return;
        }
        table.set(row, reads.clone());
        let (bins, id) = ([&mut self.pins, &mut self.sites], reader.id());
        let circles: [fn(&Reads) -> &[Circle]; 2] = [|reads| &reads.pins, |reads| &reads.sites];
        for (bins, of) in bins.into_iter().zip(circles) {
            let (was, is) = (old.as_deref().map_or(&[][..], of), reads.as_deref().map_or(&[][..], of));
            was.iter().filter(|circle| !is.contains(circle)).for_each(|circle| bins.remove(id, circle.at));
            is.iter().filter(|circle| !was.contains(circle)).for_each(|c| bins.insert(id, c.at, c.radius_m));
        }
        let Some(reads) = reads else { return };
        reads.series.iter().for_each(|s| self.series.insert(u64::from(s.series), id));
    }

    /// Keeps the first addresses; those behind them have read nothing.
    pub fn truncate(&mut self, addresses: usize) {
        self.addresses.truncate(addresses);
    }

    /// Who looked for trusted addresses at a place.
    pub fn of_pins(&self, at: [f64; 2], readers: &mut BTreeSet<Reader>) {
        within(&self.pins, at, readers);
    }

    /// Who looked for buildings at a place.
    pub fn of_sites(&self, at: [f64; 2], readers: &mut BTreeSet<Reader>) {
        within(&self.sites, at, readers);
    }

    /// Who read what was touched of a series.
    pub fn of_series(&self, series: u32, touch: &SeriesTouch, readers: &mut BTreeSet<Reader>) {
        let of = |reads: &Arc<Reads>| reads.series.iter().any(|read| read.series == series && read.is_of(touch));
        let found: Vec<Reader> = self.series.get(u64::from(series)).map(Reader::of).collect();
        let found = found.into_par_iter().with_min_len(256);
        readers.par_extend(found.filter(|reader| self.reads(*reader).is_some_and(of)));
    }

    /// Who read the totals of a collector.
    pub fn of_collector(&self, collector: u32, readers: &mut BTreeSet<Reader>) {
        let found = self.collectors.get(u64::from(collector)).map(Reader::Address);
        readers.extend(found.filter(|r| self.reads(*r).is_some_and(|reads| reads.collector)));
    }
}

fn within(circles: &Bins<f32>, at: [f64; 2], readers: &mut BTreeSet<Reader>) {
    if !at[0].is_finite() {
        return;
    }
    circles.each_within(at, FAR_M + 1.0, |near| {
        if near.square.sqrt() <= f64::from(near.mark) {
            readers.insert(Reader::of(near.id));
        }
    });
}
