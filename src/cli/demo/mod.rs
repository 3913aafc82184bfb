//! The demo town: an invented Chinese town, seeded, with labelled errors.

pub mod dice;
pub mod names;
pub mod plan;
pub mod region;
pub mod layout;
pub mod quarter;
pub mod settle;
pub mod project;
pub mod retext;
pub mod spoil;
pub mod rental;
pub mod census;
pub mod write;
pub mod load;

use crate::domain::{Address, LonLat, Records};
use crate::error::Result;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// `gridpin demo`
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Write the town as files to import and check / 写出演示城镇文件
    Write {
        /// Folder to write to; made if it isn't there.
        folder: std::path::PathBuf,
        /// Another seed, another town.
        #[arg(long, default_value_t = SEED)]
        seed: u64,
        /// The day that the town's dates are counted from.
        #[arg(long)]
        today: Option<NaiveDate>,
    },
    /// Load the town with its accounts into an empty database / 载入演示数据库
    Load {
        /// PostgreSQL connection URL of the application's role.
        #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true)]
        database: String,
    },
}

/// Runs `gridpin demo`.
///
/// # Errors
/// Where the folder cannot be written or the database is away.
pub fn run(args: Args) -> Result<()> {
    match args.command {
        Command::Write { folder, seed, today } => {
            let town = build(seed, today.unwrap_or_else(|| chrono::Utc::now().date_naive()));
            write::write(&town, &folder)?;
            let wrong = town.truth.iter().filter(|t| !t.error.starts_with("ok")).count();
            let (addresses, buildings) = (town.records.addresses.len(), town.records.buildings.len());
            eprintln!("{}: {addresses} addresses ({wrong} with errors), {buildings} buildings", folder.display());
            Ok(())
        }
        Command::Load { database } => {
            match super::block_on(load::load(&database, chrono::Utc::now().date_naive()))? {
                Some(stored) => {
                    eprintln!("the demo town is loaded: {stored} records / 演示城镇已载入");
                    let flags = super::block_on(load::check(&database, chrono::Local::now().date_naive()))?;
                    eprintln!("it is checked: {flags} findings / 已核查");
                }
                None => eprintln!("the database is not empty; nothing was loaded / 数据库非空，未载入"),
            }
            Ok(())
        }
    }
}

/// The demo's seed, unless another is given.
pub const SEED: u64 = 21;

/// What is true of an address of the demo town, whatever its record says.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The kind of error that was put in; `ok` where none was, `ok*` where it is too small to matter.
    pub error: &'static str,
    /// Its true position.
    pub at: LonLat,
    /// Its true record.
    pub address: Address,
    /// What kind of quarter it stands in.
    pub used: plan::Use,
}

/// The town with what is true of each address, in the order of its addresses.
pub struct Town {
    /// What a city would have.
    pub records: Records,
    /// What is true.
    pub truth: Vec<Truth>,
}

/// The records of the demo town as of `today`. The same seed and day give the same records.
pub fn town(seed: u64, today: NaiveDate) -> Records {
    build(seed, today).records
}

/// The demo town with its truth.
pub fn build(seed: u64, today: NaiveDate) -> Town {
    let names = names::names();
    let plan = plan::Plan::new(seed);
    let quarters = quarter::draw(&plan, &names, seed);
    let mut doors = BTreeMap::new();
    let mut households = BTreeMap::new();
    for door in &quarters.doors {
        *doors.entry(door.block).or_insert(0) += 1;
        // A unit's door stands for all its floors.
        let floors = f64::from(quarters.houses[door.house].floors);
        let homes = match door.used {
            plan::Use::Compound if door.parts.room.is_empty() => floors * 2.0,
            plan::Use::Works => 0.0,
            _ => 1.6,
        };
        *households.entry(door.block).or_insert(0.0) += homes;
    }
    let layout = layout::Layout::new(&plan, &names, seed, &doors);
    let mut town = settle::settle(&plan, &names, &layout, quarters, seed, today);
    spoil::spoil(&mut town, seed);
    rental::let_rooms(&mut town, seed, today);
    census::count(&mut town, &layout, &households, seed, today);
    census::open(&mut town, &names, seed);
    town
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::address::{parse, print};
    use std::collections::BTreeSet;

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
    }

    #[test]
    fn the_town_has_its_size_and_its_levels() {
        let town = build(SEED, day());
        let records = &town.records;
        let by_level = |level| records.grids.iter().filter(|g| g.level == level).count();
        let levels: Vec<usize> = crate::domain::GridLevel::ALL.into_iter().map(by_level).collect();
        assert!((13_500..17_000).contains(&records.addresses.len()), "{}", records.addresses.len());
        assert!((11_500..15_000).contains(&records.buildings.len()), "{}", records.buildings.len());
        assert_eq!(levels[..2], [1, 4]);
        assert!(levels[2] > 12 && levels[3] > 50 && levels[4] > 150, "{levels:?}");
        let ids: BTreeSet<&str> = records.addresses.iter().map(|a| a.id()).collect();
        assert_eq!(ids.len(), records.addresses.len());
        assert_eq!(town.truth.len(), records.addresses.len());
    }

    #[test]
    fn no_true_address_stands_twice_but_the_labelled_ones() {
        let town = build(SEED, day());
        let single = town.truth.iter().filter(|t| t.error != "duplicate");
        let mut seen = BTreeSet::new();
        for truth in single {
            assert!(seen.insert(&truth.address.full_text), "{}", truth.address.full_text);
        }
    }

    #[test]
    fn the_same_seed_and_day_give_the_same_bytes() {
        let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
        folders.iter().for_each(|folder| write::write(&build(SEED, day()), folder.path()).expect("written"));
        for name in ["grids.geojson", "buildings.geojson", "addresses.csv", "truth.csv", "rentals.csv", "hazards.csv"] {
            let [a, b] = [0, 1].map(|k| std::fs::read(folders[k].path().join(name)).expect("a file"));
            assert!(!a.is_empty() && a == b, "{name}");
        }
    }

    #[test]
    fn every_true_address_reads_as_its_own_parts() {
        for truth in build(SEED, day()).truth {
            let parsed = parse(&truth.address.full_text);
            if truth.error == "duplicate" {
                continue;
            }
            assert_eq!(parsed.parts, truth.address.parts, "{}", truth.address.full_text);
            assert_eq!(print(&parsed.parts), truth.address.full_text);
            assert!(parsed.doubtful.is_empty() && parsed.normalised.is_empty(), "{parsed:?}");
        }
    }
}
