//! PostGIS, the only truth: sessions bound to an actor, records with their history, the change feed.
//!
//! Nothing is read or written without an [`Actor`](crate::domain::Actor): [`Store::begin`] binds a transaction to one,
//! and row security (data/migration/0004_scope.sql) decides what that actor sees and changes. Each record has a file of
//! its own, with its columns and its statements.

pub mod account;
pub mod address;
pub mod audit;
pub mod backup;
pub mod building;
mod codec;
mod connect;
pub mod correction;
pub mod dismissal;
pub mod doctor;
mod fault;
pub mod feed;
pub mod flag;
pub mod grid;
pub mod hazard;
pub mod headcount;
pub mod import;
pub mod inspection;
pub mod load;
pub mod login;
pub mod mend;
mod migrate;
pub mod place;
mod record;
pub mod rental;
pub mod restore;
mod session;
pub mod token;
pub mod totp;
pub mod visit;

pub use account::{Account, NewAccount};
pub use address::AddressVersion;
pub use audit::{AuditEntry, AuditFilter, AuditVerdict};
pub use connect::Store;
pub use correction::{CorrectionFilter, NewCorrection, Verdict};
pub use dismissal::NewDismissal;
pub use feed::{FeedCursor, Listener, Told};
pub use flag::{Checking, FlagWriter};
pub use hazard::{NewHazard, Transition};
pub use import::{ImportOptions, ImportSummary, Incoming, Reject};
pub use inspection::NewInspection;
pub use load::Loaded;
pub use login::{Admitted, By, OpenSession, Origin, SessionLimits};
pub use mend::{Move, NewMend, Undone, not_as_shown};
pub use migrate::migrate;
pub use session::{Session, Stored};
pub use token::{ApiToken, NewToken};
pub use totp::{Enrolment, SecondFactor};
pub use visit::NewVisit;
