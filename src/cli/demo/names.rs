//! The invented names of the demo town, from `data/demo/town.toml`.

use serde::Deserialize;

/// All names.
#[derive(Debug, Deserialize)]
pub struct Names {
    /// Province.
    pub province: String,
    /// City.
    pub city: String,
    /// District.
    pub district: String,
    /// Code of the district.
    pub code: String,
    /// Streets and townships.
    pub town: Vec<Town>,
    /// Stems and words.
    pub name: Stems,
}

/// A street or township.
#[derive(Debug, Deserialize)]
pub struct Town {
    /// Name with its unit word.
    pub name: String,
    /// Code.
    pub code: String,
}

/// Stems that names are made of.
#[derive(Debug, Deserialize)]
pub struct Stems {
    /// Of communities.
    pub communities: Vec<String>,
    /// Of villages.
    pub villages: Vec<String>,
    /// Of roads.
    pub roads: Vec<String>,
    /// Of old lanes.
    pub lanes: Vec<String>,
    /// Of compounds.
    pub compounds: Vec<String>,
    /// Unit words of compounds.
    pub compound_words: Vec<String>,
    /// Of swallowed villages.
    pub urban_villages: Vec<String>,
    /// Works, with their unit word.
    pub parks: Vec<String>,
    /// Trades.
    pub shops: Vec<String>,
    /// Eating places.
    pub restaurants: Vec<String>,
    /// What stands before the trade on a sign.
    pub signs: Vec<String>,
}

/// Reads the names.
pub fn names() -> Names {
    toml::from_str(include_str!("../../../data/demo/town.toml")).expect("data/demo/town.toml is sound, a test reads it")
}
