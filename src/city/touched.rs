//! What a change touched, for tiles, browsers and other listeners.

use super::world::Span;
use crate::domain::AddressId;

/// What a change touched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Touched {
    /// Revision of the City after the change.
    pub revision: u64,
    /// Layers that draw something else now, each with the box around all of it.
    pub areas: Vec<Area>,
    /// The addresses that changed.
    pub addresses: Vec<AddressId>,
    /// Whether everything was built anew, so that everything may differ.
    pub everything: bool,
}

/// A layer that draws something else within a box.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// The layer's identifier.
    pub layer: &'static str,
    /// Where.
    pub span: Span,
}

impl Touched {
    /// Names of the layers, each once.
    pub fn layers(&self) -> Vec<&'static str> {
        self.areas.iter().map(|area| area.layer).collect()
    }

    /// West, south, east, north of all areas in degrees.
    pub fn bbox(&self) -> Option<[f64; 4]> {
        self.areas.iter().map(|area| area.span).reduce(Span::with).map(Span::degrees)
    }

    /// The layers grouped by their boxes, so that a listener fetches little again: an edit of one address touches its own
    /// spot on some layers, and the whole grid around it on the layer of indicators.
    pub fn by_box(&self) -> Vec<([f64; 4], Vec<&'static str>)> {
        let mut groups: Vec<(Span, Vec<&'static str>)> = Vec::new();
        for area in &self.areas {
            match groups.iter_mut().find(|(span, _)| *span == area.span) {
                Some((_, layers)) => layers.push(area.layer),
                None => groups.push((area.span, vec![area.layer])),
            }
        }
        groups.into_iter().map(|(span, layers)| (span.degrees(), layers)).collect()
    }

    pub(super) fn add(&mut self, layer: &'static str, span: Span) {
        match self.areas.iter_mut().find(|area| area.layer == layer) {
            Some(area) => area.span = area.span.with(span),
            None => self.areas.push(Area { layer, span }),
        }
    }
}
