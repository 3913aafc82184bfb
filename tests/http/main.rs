//! Promises of the service, one file each; all requests go through the whole router and a database of the test's own.

#[path = "../database/mod.rs"]
mod database;
mod serving;
mod wire;

mod audit;
mod checking;
mod correction;
mod outage;
mod event;
mod matrix;
mod mend;
mod overload;
mod person;
mod problem;
mod scope;
mod session;
mod tile;
mod timing;
mod token;
