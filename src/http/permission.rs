//! Who may do what: one table, from which the handlers' guards, the documents and the tests are made.
//!
//! A role decides what an account may do; its scope decides on which ground. What lies outside the scope answers as if
//! it did not exist; row security in PostGIS stands behind both.

use crate::domain::Role;

/// Something that a role may or may not do. Handlers name it in their [`super::who::Who`] guard.
pub trait Right: Send + Sync + 'static {
    /// Its name in the table.
    const NAME: &'static str;
    /// The roles that have it.
    const ROLES: &'static [Role];
}

/// One row of the table: a right, what it allows, and the roles that have it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Name of the right.
    pub name: &'static str,
    /// What it allows.
    pub what: &'static str,
    /// Who has it.
    pub roles: &'static [Role],
}

macro_rules! rights {
    ($($(#[doc = $what:literal])* $name:ident: $($role:ident)+;)*) => {
        $(
            $(#[doc = $what])*
            #[derive(Debug)]
            pub struct $name;
            impl Right for $name {
                const NAME: &'static str = stringify!($name);
                const ROLES: &'static [Role] = &[$(Role::$role),+];
            }
        )*
        /// The whole table.
        pub const TABLE: &[Row] = &[
            $(Row { name: stringify!($name), what: concat!($($what),*), roles: <$name as Right>::ROLES }),*
        ];
    };
}

rights! {
    /// Be signed in: own account with its sessions, password, second factor and API tokens; grids, rules, map styles.
    SignedIn: Collector Reviewer Department Police Leader Steward;
    /// Read numbers by grid: never a single record.
    ReadNumbers: Collector Reviewer Department Police Leader Steward;
    /// Read addresses with their history.
    ReadAddress: Collector Reviewer Department Police Steward;
    /// Read flags and the evidence behind them.
    ReadFlag: Collector Reviewer Steward;
    /// Correct an address, confirm it, mark it demolished, comment on it.
    Correct: Collector Reviewer Steward;
    /// Dismiss a flag with a reason until a day, and take that back.
    Dismiss: Collector Reviewer Steward;
    /// Verify or reject somebody else's correction.
    Review: Reviewer Steward;
    /// Mend the pins of a batch with one cause in one reviewed action, and undo that.
    Mend: Reviewer Steward;
    /// Read rentals with their inspections, and the heatmap's numbers.
    ReadRental: Collector Department Police Steward;
    /// Record an inspection of a rental.
    Inspect: Collector Department Police Steward;
    /// Read hazards.
    ReadHazard: Collector Department Police Steward;
    /// Report a hazard.
    ReportHazard: Collector Department Police Steward;
    /// Move a hazard through its loop; the finder can't close it.
    MoveHazard: Department Police Steward;
    /// Record a visit.
    Visit: Collector Reviewer Department Police Steward;
    /// Read, verify and export the audit log; of the whole city only.
    ReadAudit: Steward;
}

/// The table as Markdown: `docs/rights.md`.
pub fn markdown() -> String {
    let heads: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let mut text = format!(
        "# Who may do what\n\nMade from the table in `src/http/permission.rs`, as are the guards of the handlers and the matrix \
         test. A role decides what an account may do; its grid decides on which ground. Row security in PostGIS stands \
         behind both.\n\n| | {} |\n| --- |{}\n",
        heads.join(" | "),
        " :-: |".repeat(heads.len())
    );
    for row in TABLE {
        let marks: Vec<&str> = Role::ALL.iter().map(|role| if row.roles.contains(role) { "●" } else { "" }).collect();
        text.push_str(&format!("| **{}** {} | {} |\n", row.name, row.what.trim(), marks.join(" | ")));
    }
    text
}
