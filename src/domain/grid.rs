//! Grids: the polygons by which a neighbourhood is looked after, in five levels.

use super::area::Area;
use super::id::GridCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Level of a grid polygon, coarse to fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum GridLevel {
    /// 区县
    District,
    /// 街道、乡镇
    Street,
    /// 村、社区
    Village,
    /// 网格
    Grid,
    /// 微网格
    Microgrid,
}

impl GridLevel {
    /// All levels, coarse to fine.
    pub const ALL: [GridLevel; 5] =
        [GridLevel::District, GridLevel::Street, GridLevel::Village, GridLevel::Grid, GridLevel::Microgrid];

    /// The name in files and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            GridLevel::District => "district",
            GridLevel::Street => "street",
            GridLevel::Village => "village",
            GridLevel::Grid => "grid",
            GridLevel::Microgrid => "microgrid",
        }
    }

    /// The Chinese name.
    pub fn zh(self) -> &'static str {
        match self {
            GridLevel::District => "区县",
            GridLevel::Street => "街道",
            GridLevel::Village => "村社",
            GridLevel::Grid => "网格",
            GridLevel::Microgrid => "微网格",
        }
    }

    /// Reads a level as files write it: its English or Chinese name, or its number from 1 (district) to 5 (microgrid).
    pub fn parse(text: &str) -> Option<GridLevel> {
        let lower = text.trim().to_ascii_lowercase();
        Some(match lower.as_str() {
            "1" | "district" | "county" | "区" | "县" | "区县" | "县区" => GridLevel::District,
            "2" | "street" | "town" | "township" | "街道" | "乡镇" | "镇" | "镇街" => GridLevel::Street,
            "3" | "village" | "community" | "村" | "社区" | "村社" | "村社区" => GridLevel::Village,
            "4" | "grid" | "网格" => GridLevel::Grid,
            "5" | "microgrid" | "micro_grid" | "micro-grid" | "微网格" => GridLevel::Microgrid,
            _ => return None,
        })
    }
}

/// A grid polygon.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Its code, unique over all levels.
    pub code: GridCode,
    /// Its level.
    pub level: GridLevel,
    /// Its name, as people say it.
    pub name: String,
    /// The grid that holds it, one level or more above; none at the top.
    pub parent: Option<GridCode>,
    /// Its area: degrees of CGCS2000. Holes and exclaves are allowed. The index of the grids keeps the same one.
    pub polygon: Area,
    /// First day on which it is valid; none means always.
    pub valid_from: Option<NaiveDate>,
    /// First day on which it is no longer valid; none means still valid.
    pub valid_to: Option<NaiveDate>,
    /// Version of the record, from 1.
    pub version: i64,
}

impl Grid {
    /// Whether the grid is valid on `day`.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day < to)
    }
}
