//! Areas that several parts of a city hold, without being in memory several times.

use geo::MultiPolygon;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// Polygons, shared by all copies; who changes them gets a copy of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    shared: Arc<MultiPolygon<f64>>,
}

impl From<MultiPolygon<f64>> for Area {
    fn from(polygons: MultiPolygon<f64>) -> Self {
        Area { shared: Arc::new(polygons) }
    }
}

impl Deref for Area {
    type Target = MultiPolygon<f64>;
    fn deref(&self) -> &MultiPolygon<f64> {
        &self.shared
    }
}

impl DerefMut for Area {
    fn deref_mut(&mut self) -> &mut MultiPolygon<f64> {
        Arc::make_mut(&mut self.shared)
    }
}
