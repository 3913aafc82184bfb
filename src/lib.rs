//! gridpin keeps a city's address pins right.
//!
//! This is the map of the house: a module uses only those that stand above it here, and `tests/layout.rs` holds that.

#![deny(missing_docs)]

// What the caller can do about an error, said in two languages.
pub mod error;
// One documented struct: flags and environment.
pub mod config;
// Plain data, no IO: grid, address, building, rental, hazard, flag, actor.
pub mod domain;
// The one door for foreign coordinates.
pub mod crs;
// Which polygon, which point, how far.
pub mod index;
// The rules and what they find; pure.
pub mod check;
// The in-memory picture of a city that checker, tiles and statistics read.
pub mod city;
// Vector tiles, encoded from the City.
pub mod tile;
// PostGIS: the only SQL besides data/migration.
pub mod store;
// Files in and out.
pub mod exchange;
// Numbers against targets.
pub mod report;
// The service.
pub mod http;
// The commands.
pub mod cli;
