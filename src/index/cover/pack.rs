//! All cells on one sheet again.

use super::border::length;
use super::{BLOCK, Cover, Sheet, kind};
use std::collections::HashMap;
use std::sync::Arc;

/// What of one sheet is on the new one already: places of lists, and leads.
#[derive(Default)]
struct Known {
    lists: HashMap<u32, u32>,
    leads: HashMap<u32, u32>,
}

impl Cover {
    /// The same cells on one sheet.
    pub(super) fn packed(&self) -> Cover {
        let cells = self.columns * self.rows;
        let mut sheet = Sheet { words: vec![0; cells as usize * BLOCK], ..Sheet::default() };
        let mut known: HashMap<*const Sheet, Known> = HashMap::new();
        for cell in 0..cells {
            let (from, place) = self.sheet(cell);
            let known = known.entry(std::ptr::from_ref(from)).or_default();
            sheet.copy(from, place << 6, cell as usize * BLOCK, known);
        }
        sheet.words.shrink_to_fit();
        sheet.notes.shrink_to_fit();
        Cover { base: Arc::new(sheet), sheets: Vec::new(), places: Arc::default(), ..self.clone() }
    }
}

impl Sheet {
    /// Copies a block of another sheet, with everything in it, to a place of its own.
    fn copy(&mut self, from: &Sheet, block: u32, to: usize, known: &mut Known) {
        for k in 0..BLOCK {
            let word = from.words[block as usize + k];
            let value = word >> 2;
            let value = match word & 3 {
                kind::BLOCK => {
                    let place = self.words.len();
                    self.words.resize(place + BLOCK, 0);
                    self.copy(from, value, place, known);
                    place as u32
                }
                kind::BORDER => {
                    let notes = &from.notes[value as usize..];
                    let place = self.notes.len();
                    self.notes.extend_from_slice(&notes[..length(notes)]);
                    self.notes[place] = self.list(from, notes[0], known);
                    place as u32
                }
                kind::CROWD => self.list(from, value, known),
                _ => match known.leads.get(&value) {
                    Some(lead) => *lead,
                    None => {
                        let place = self.list(from, from.rosters.place(value), known);
                        let lead = self.rosters.lead(place);
                        known.leads.insert(value, lead);
                        lead
                    }
                },
            };
            self.words[to + k] = value << 2 | word & 3;
        }
    }

    fn list(&mut self, from: &Sheet, place: u32, known: &mut Known) -> u32 {
        *known.lists.entry(place).or_insert_with(|| self.rosters.take(&from.rosters, place))
    }
}
