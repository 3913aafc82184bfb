//! What is read from the text of an address: its parts, how they came to their standard form, and what is doubtful.

use super::Parts;
use crate::error::Text;
use serde::Serialize;

/// The trade's two forms of a standardized address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Village, grid, group, number.
    Village,
    /// Compound or road, building, unit, room.
    Building,
}

/// How a piece of text came to its standard form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// Full-width characters, spaces, dashes.
    Character,
    /// Chinese numerals, leading zeros, small letters.
    Numeral,
    /// Another unit word (栋, 号楼 for 幢).
    UnitWord,
    /// A unit word that was left out (`3-2-501`).
    UnitAdded,
    /// A short name in full (浙江 for 浙江省).
    Name,
}

/// One thing that was brought to the standard form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Normalised {
    /// How.
    pub kind: Normalisation,
    /// As it was written.
    pub from: String,
    /// As it is written now.
    pub to: String,
}

/// Something that another reader might read in another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Text that belongs to no part.
    Unread(String),
    /// A name without a unit word, taken for a road or a settlement.
    NoUnitWord(String),
    /// A number without a unit word whose part was guessed.
    Guessed(String),
    /// A second road, number or building where one is expected.
    Twice(String),
    /// The parts are not in order, coarse to fine.
    Disordered(String),
    /// Not the form of a Chinese address.
    Foreign,
}

impl Doubt {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Doubt::Unread(_) => "unread",
            Doubt::NoUnitWord(_) => "no_unit_word",
            Doubt::Guessed(_) => "guessed",
            Doubt::Twice(_) => "twice",
            Doubt::Disordered(_) => "disordered",
            Doubt::Foreign => "foreign",
        }
    }

    /// The doubt in words.
    pub fn text(&self) -> Text {
        let quoted = |zh: &str, en: &str, what: &str| Text::new(format!("“{what}”{zh}"), format!("\"{what}\" {en}"));
        match self {
            Doubt::Unread(what) => quoted("不属于任何地址要素", "belongs to no part of an address", what),
            Doubt::NoUnitWord(what) => {
                quoted("没有通名，按所处位置判断", "has no unit word; read by where it stands", what)
            }
            Doubt::Guessed(what) => quoted("没有单位词，其要素为推断", "has no unit word; its part is a guess", what),
            Doubt::Twice(what) => quoted("重复出现同类要素", "repeats a part that is there already", what),
            Doubt::Disordered(what) => {
                quoted("的位置不合从大到小的顺序", "is out of the order from coarse to fine", what)
            }
            Doubt::Foreign => {
                Text::new("不是中国地址的格式，未作解析", "not the form of a Chinese address; left unread")
            }
        }
    }
}

/// What was read from a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parsed {
    /// The parts, in their standard form.
    pub parts: Parts,
    /// Which form of address it is, where that shows.
    pub template: Option<Template>,
    /// What was brought to the standard form.
    pub normalised: Vec<Normalised>,
    /// What is doubtful.
    pub doubtful: Vec<Doubt>,
    /// Text that belongs to no part.
    pub rest: String,
}
