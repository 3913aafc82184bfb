//! `gridpin export`: records of the database into a file.

use crate::check::{self, Context, Thresholds};
use crate::domain::{Actor, Address, AddressRef, Building, BuildingRef, Grid, Role, Scope};
use crate::error::{Error, Result};
use crate::exchange::export::{self, Format};
use crate::index::GridIndex;
use crate::store::Store;
use std::path::PathBuf;

/// What `gridpin export` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to export / 导出内容
    #[arg(value_enum)]
    pub what: What,
    /// The file; its ending says the format: gpkg, geojson, csv, fgb, shp, xlsx
    pub file: PathBuf,
    /// PostgreSQL connection URL of the application's role
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true)]
    pub database: String,
    /// Account that the export is recorded under
    #[arg(long, default_value = "system", value_name = "ACCOUNT")]
    pub by: String,
}

/// What can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Grid polygons / 网格
    Grid,
    /// Standardized addresses / 标准地址
    Address,
    /// Buildings / 建筑
    Building,
    /// Flags of addresses, found anew / 标记
    Flag,
}

/// Runs the command.
///
/// # Errors
/// `Invalid` for a format that is not written; the store's errors; `Unavailable` when the file cannot be written.
pub fn run(args: Args) -> Result<()> {
    let format = Some(Format::of(&args.file)?);
    let actor = Actor { name: args.by.clone(), role: Role::Steward, scope: Scope::All };
    let url = args.database.clone();
    let what = format!("{:?}", args.what).to_lowercase();
    let file = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let loaded = super::block_on(async move {
        let store = Store::connect(&url).await?;
        // Every export is in the audit log before anything is written.
        let mut session = store.begin(&actor).await?;
        session.audit("export", &what, serde_json::json!({ "file": file }));
        session.commit().await?;
        let loaded = store.load(&actor).await;
        store.close().await;
        loaded
    })?;
    let records = loaded.records;
    let count = match args.what {
        What::Grid => {
            export::write::<Grid>(&args.file, format, records.grids.iter())?;
            records.grids.len()
        }
        What::Address => {
            export::write::<Address>(&args.file, format, records.addresses.iter().map(AddressRef::unpack))?;
            records.addresses.len()
        }
        What::Building => {
            export::write::<Building>(&args.file, format, records.buildings.iter().map(BuildingRef::unpack))?;
            records.buildings.len()
        }
        What::Flag => {
            let (grid, thresholds) = (std::sync::Arc::new(GridIndex::build(&records.grids)), Thresholds::default());
            let context = Context::new(&records, &grid, &thresholds, chrono::Local::now().date_naive());
            let flags = check::run(&context, 0, &|_| ());
            export::write_flags(&args.file, format, "address", flags.iter())?;
            flags.iter().filter(|flag| flag.subject.parts().0 == "address").count()
        }
    };
    if count == 0 {
        return Err(Error::NotFound(format!("{:?}", args.what).to_lowercase()));
    }
    eprintln!("{count} records in {} / 已导出 {count} 条", args.file.display());
    Ok(())
}
