//! What a change touched, for tiles, browsers and other listeners.

use super::world::Span;
use crate::domain::AddressId;

/// Boxes of one layer that are told apart; a further one goes to the one that grows least by it.
const AREAS: usize = 8;

/// What a change touched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Touched {
    /// Revision of the City after the change.
    pub revision: u64,
    /// Where layers draw something else now: a few boxes for each, which hold all of it.
    pub areas: Vec<Area>,
    /// The addresses that changed.
    pub addresses: Vec<AddressId>,
    /// Identifiers of the flags that came, went or read differently.
    pub flags: Vec<String>,
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
        let mut layers: Vec<&'static str> = Vec::new();
        for area in &self.areas {
            if !layers.contains(&area.layer) {
                layers.push(area.layer);
            }
        }
        layers
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
        let own = || self.areas.iter().enumerate().filter(|(_, area)| area.layer == layer);
        let nearest = own().map(|(at, area)| (growth(area.span, span), at)).min();
        match nearest {
            Some((growth, at)) if growth <= 0 || own().count() >= AREAS => {
                self.areas[at].span = self.areas[at].span.with(span);
            }
            _ => self.areas.push(Area { layer, span }),
        }
    }
}

/// Ground that the box around two has and neither of them, square steps; negative where they overlap.
fn growth(a: Span, b: Span) -> i128 {
    area(a.with(b)) - area(a) - area(b)
}

fn area(span: Span) -> i128 {
    let side = |from: u32, to: u32| i128::from(to) - i128::from(from) + 1;
    side(span.west, span.east) * side(span.north, span.south)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::world::Spot;

    #[test]
    fn what_lies_apart_stays_apart_until_it_is_too_much() {
        let at = |x: u32, y: u32| Span::of(Spot { x, y });
        let mut touched = Touched::default();
        for n in 0..4 {
            touched.add("address", at(1000 * n, 5));
            touched.add("address", at(1000 * n, 6));
            touched.add("flag", at(1000 * n, 5));
        }
        assert_eq!((touched.areas.len(), touched.layers()), (8, vec!["address", "flag"]));
        assert!(touched.areas.contains(&Area { layer: "address", span: at(3000, 5).with(at(3000, 6)) }));
        for n in 0..500u32 {
            touched.add("address", at(n.wrapping_mul(2_654_435_761), n * 7));
        }
        let own: Vec<Span> = touched.areas.iter().filter(|a| a.layer == "address").map(|a| a.span).collect();
        assert_eq!(own.len(), AREAS);
        for n in 0..500u32 {
            let spot = Spot { x: n.wrapping_mul(2_654_435_761), y: n * 7 };
            assert!(own.iter().any(|span| span.holds(spot)), "nothing is left out");
        }
    }
}
