//! Who acts: role, scope, actor.

use super::id::GridCode;
use serde::{Deserialize, Serialize};

/// What an account is for. See `docs/architecture.md` for the table of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// 网格员: mends pins, visits, inspects.
    Collector,
    /// Verifies what was collected.
    Reviewer,
    /// Receives, mends and closes hazards.
    Department,
    /// Looks at rental hazards, inspects again.
    Police,
    /// Looks at numbers.
    Leader,
    /// Keeps the data: imports, grids, thresholds, accounts.
    Steward,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 6] =
        [Role::Collector, Role::Reviewer, Role::Department, Role::Police, Role::Leader, Role::Steward];

    /// The name in the API and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Collector => "collector",
            Role::Reviewer => "reviewer",
            Role::Department => "department",
            Role::Police => "police",
            Role::Leader => "leader",
            Role::Steward => "steward",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// The ground that an actor may see: a grid with all below it, or everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The whole city.
    All,
    /// One grid and everything below it.
    Grid(GridCode),
}

/// Who does something: no query without one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor {
    /// Account name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// Ground.
    pub scope: Scope,
}
