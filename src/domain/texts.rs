//! The texts of a chunk of records: their identifiers one behind the other, then the others.

use super::column::fitted;

/// Identifiers and further texts.
#[derive(Debug)]
pub struct Texts {
    texts: Box<str>,
    /// Where each identifier ends.
    ends: Box<[u32]>,
}

/// The same while they are filled.
#[derive(Debug, Default)]
pub struct TextsDraft {
    ids: String,
    ends: Vec<u32>,
    /// The further texts.
    pub others: String,
}

impl TextsDraft {
    /// Appends the next record's identifier.
    pub fn push(&mut self, id: &str) {
        self.ids.push_str(id);
        self.ends.push(self.ids.len() as u32);
    }

    /// What was filled.
    pub fn finish(self) -> Texts {
        Texts { texts: [self.ids, self.others].concat().into(), ends: fitted(&self.ends) }
    }
}

impl Texts {
    /// The identifier in a row.
    pub fn get(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.texts[start as usize..self.ends[row] as usize]
    }

    /// The texts behind the identifiers.
    pub fn others(&self) -> &str {
        &self.texts[self.ends.last().map_or(0, |end| *end as usize)..]
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        self.texts.len() + size_of_val(&*self.ends)
    }
}
