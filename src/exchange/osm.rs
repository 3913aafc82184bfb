//! OpenStreetMap extracts.
