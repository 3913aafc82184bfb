//! Vector tiles, encoded from the City.
