//! `gridpin import`: files into the database, all or nothing; and an import taken back.

mod batch;
mod file;
mod osm;

use crate::domain::{Actor, Address, Building, Grid, Hazard, Headcount, Place, Rental, Role, Scope};
use crate::error::{Error, Result, Text};
use crate::exchange::{Columns, CrsOption, Ground, ReadOptions, encoding};
use crate::store::import::{Extent, Importable, Replace};
use crate::store::{ImportOptions, ImportSummary, Incoming, Store};
use batch::{list, undo};
use file::import_file;
use osm::import_osm;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What `gridpin import` can be told.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "read = accepted + unchanged + rejected, always. All or nothing unless --keep-good; importing the \
    same file again changes nothing; `gridpin import undo BATCH` takes an import back.\n\
    读取 = 接受 + 未变 + 拒绝，恒成立。默认要么全部导入、要么一条不导入；重复导入同一文件不改变任何记录；\
    gridpin import undo 批次号 可整批撤销。"
)]
pub struct Args {
    /// What the file holds / 文件内容 (`undo`: takes an import back; `list`: shows the imports)
    #[arg(value_enum)]
    pub what: What,
    /// The file: csv, shp, gpkg, geojson, topojson, fgb, gml, xlsx, csv.gz, geojson.gz; for `osm` an .osm.pbf; for `undo`
    /// the import's number
    #[arg(default_value = "", hide_default_value = true)]
    pub file: String,
    /// How the file is to be read.
    #[command(flatten)]
    pub reading: Reading,
    /// Name of the import, for people (default: the file's name)
    #[arg(long)]
    pub batch: Option<String>,
    /// Judges everything and stores nothing; without --database only the form is judged
    #[arg(long)]
    pub dry_run: bool,
    /// Takes the good rows even when others are rejected
    #[arg(long)]
    pub keep_good: bool,
    /// Writes the rejected rows, in the shape of the input with row, field, value and reason
    #[arg(long, value_name = "FILE.csv")]
    pub rejects: Option<PathBuf>,
    /// Ends, as of today, the addresses in use that the file lacks: all of them, or with =batch those that imports of the
    /// same --batch brought. Nothing is deleted, and the import can be undone
    #[arg(
        long,
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all",
        conflicts_with = "keep_good"
    )]
    pub replace: Option<Lacking>,
    /// Lets --replace end more records than the rule import_mass_deletion lets pass
    #[arg(long, requires = "replace")]
    pub allow_mass_deletion: bool,
    /// Thresholds of a site, in the form of data/threshold.toml
    #[arg(long, value_name = "F.toml")]
    pub thresholds: Option<PathBuf>,
    /// PostgreSQL connection URL of the application's role
    #[arg(long, env = "GRIDPIN_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// Account that the import is recorded under
    #[arg(long, default_value = "system", value_name = "ACCOUNT")]
    pub by: String,
}

/// Which records end when the file lacks them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Lacking {
    /// All that are in use / 全部在用记录
    All,
    /// Those that imports of the same batch name brought / 同名批次导入的记录
    Batch,
}

/// How files are read: shared by the commands that read them.
#[derive(Debug, Clone, clap::Args)]
pub struct Reading {
    /// Coordinate system: EPSG:4549, cgcs2000, wgs84, gcj02, bd09, or auto to have it guessed (default: what the file says)
    #[arg(long)]
    pub crs: Option<String>,
    /// Text encoding: utf-8, gbk, gb18030, big5, shift_jis ... (default: found out)
    #[arg(long)]
    pub encoding: Option<String>,
    /// Headings of a site's own, in the form of data/column.toml
    #[arg(long, value_name = "F.toml")]
    pub columns: Option<PathBuf>,
    /// Layer to read, where the file has several
    #[arg(long)]
    pub layer: Option<String>,
    /// Leaves columns of persons (姓名, 身份证, 电话 ...) unread instead of refusing the file
    #[arg(long)]
    pub drop_person_columns: bool,
}

impl Reading {
    /// The options of the reader; `ground` is what `--crs auto` compares with.
    ///
    /// # Errors
    /// `Invalid` for a name that is no coordinate system or encoding, or a file of headings that will not do.
    pub fn options(&self, ground: Ground) -> Result<ReadOptions> {
        Ok(ReadOptions {
            crs: self.crs.as_deref().map_or(Ok(CrsOption::Declared), |crs| CrsOption::parse(crs, ground))?,
            encoding: self.encoding.as_deref().map(encoding::parse).transpose()?,
            columns: self.columns.as_deref().map_or_else(|| Ok(Columns::default()), Columns::with_file)?,
            layer: self.layer.clone(),
            drop_person_columns: self.drop_person_columns,
            ..ReadOptions::default()
        })
    }
}

/// What can be imported, and what can be done with imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum What {
    /// Grid polygons / 网格
    Grid,
    /// Standardized addresses / 标准地址
    Address,
    /// Buildings / 建筑
    Building,
    /// Places / 场所
    Place,
    /// Rentals / 出租房
    Rental,
    /// Hazards / 隐患
    Hazard,
    /// Headcounts of care groups / 关爱群体人数
    Headcount,
    /// An OpenStreetMap extract: grids, buildings and addresses
    Osm,
    /// Takes an import back / 撤销
    Undo,
    /// The latest imports / 列出
    List,
}

/// Runs the command.
///
/// # Errors
/// `Invalid` with every fault of the file when it was refused; the store's errors.
pub fn run(args: Args) -> Result<()> {
    if args.replace.is_some() && args.what != What::Address {
        return Err(Error::invalid(
            &args.file,
            "--replace",
            "",
            Text::new("只有地址可以整体替换导入", "only addresses can be replaced as a whole"),
            Text::new("去掉 --replace", "leave --replace out"),
        ));
    }
    match args.what {
        What::Grid => import_file::<Grid>(&args),
        What::Address => import_file::<Address>(&args),
        What::Building => import_file::<Building>(&args),
        What::Place => import_file::<Place>(&args),
        What::Rental => import_file::<Rental>(&args),
        What::Hazard => import_file::<Hazard>(&args),
        What::Headcount => import_file::<Headcount>(&args),
        What::Osm => import_osm(&args),
        What::Undo => undo(&args),
        What::List => list(&args),
    }
}

fn actor(args: &Args) -> Actor {
    Actor { name: args.by.clone(), role: Role::Steward, scope: Scope::All }
}

fn database(args: &Args) -> Result<&str> {
    args.database.as_deref().ok_or_else(|| {
        Error::invalid(
            "",
            "--database",
            "",
            Text::new("没有指定数据库", "no database was named"),
            Text::new(
                "请用 --database URL 或环境变量 GRIDPIN_DATABASE",
                "give --database URL, or set GRIDPIN_DATABASE",
            ),
        )
    })
}

fn store_or_judge<T, S>(args: &Args, source: S) -> Result<ImportSummary>
where
    T: Importable,
    S: Iterator<Item = Result<Incoming<T>>> + Send + 'static,
{
    if args.dry_run && args.database.is_none() {
        let mut summary = ImportSummary::default();
        for incoming in source {
            summary.read += 1;
            match incoming? {
                Incoming::Record(..) => summary.accepted += 1,
                Incoming::Reject(reject) => summary.rejects.push(reject),
            }
        }
        summary.rejected = summary.rejects.len() as u64;
        eprintln!("没有 --database：只检查了形式 / without --database only the form was judged");
        return Ok(summary);
    }
    let url = database(args)?.to_owned();
    let file = Path::new(&args.file).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let options = ImportOptions {
        batch: args.batch.clone().unwrap_or_else(|| file.clone()),
        file,
        file_hash: None,
        keep_good: args.keep_good,
        dry_run: args.dry_run,
        replace: replace(args)?,
    };
    let actor = actor(args);
    super::block_on(async move {
        let store = Store::connect(&url).await?;
        let summary = store.import(&actor, &options, source).await;
        store.close().await;
        summary
    })
}

fn replace(args: &Args) -> Result<Option<Replace>> {
    let Some(lacking) = args.replace else { return Ok(None) };
    Ok(Some(Replace {
        extent: match lacking {
            Lacking::All => Extent::All,
            Lacking::Batch => Extent::Batch,
        },
        on: chrono::Local::now().date_naive(),
        allow_mass_deletion: args.allow_mass_deletion,
        thresholds: super::check::thresholds(args.thresholds.as_deref())?,
    }))
}

fn print_summary(kind: &str, summary: &ImportSummary, started: Instant) {
    let ImportSummary { read, accepted, unchanged, rejected, .. } = summary;
    super::print(&format!(
        "{kind}: read {read} = accepted {accepted} + unchanged {unchanged} + rejected {rejected}\n\
         {kind}：读取 {read} = 接受 {accepted} + 未变 {unchanged} + 拒绝 {rejected}"
    ));
    if summary.present > 0 {
        let ImportSummary { present, ended, .. } = summary;
        super::print(&format!(
            "{kind}: ended {ended} of {present} in use that the file lacks\n\
             {kind}：在用 {present} 条中，文件没有的 {ended} 条已注销"
        ));
    }
    for warning in &summary.warnings {
        eprintln!("{warning}");
    }
    let seconds = started.elapsed().as_secs_f64();
    match summary.batch_id {
        Some(id) => {
            let undo = format!("gridpin import undo {id}");
            super::print(&format!("import {id} stored in {seconds:.2} s; {undo} / 已入库，批次号 {id}；撤销：{undo}"));
        }
        None => super::print(&format!("nothing stored ({seconds:.2} s) / 未入库")),
    }
}

/// The city that the database knows, for `--crs auto`.
fn known_ground(args: &Args) -> Result<Ground> {
    let Some(url) = args.database.clone() else { return Ok(Ground::Unknown) };
    let actor = actor(args);
    let loaded = super::block_on(async move {
        let store = Store::connect(&url).await?;
        let loaded = store.load(&actor).await;
        store.close().await;
        loaded
    })?;
    Ok(ground_of(&loaded.records.grids))
}

/// Grids as ground to compare with.
pub(super) fn ground_of(grids: &crate::domain::Table<Grid>) -> Ground {
    if grids.is_empty() {
        return Ground::Unknown;
    }
    let index = crate::index::GridIndex::build(grids);
    Ground::Grid(std::sync::Arc::new(move |code, at| {
        index.position(code).is_some_and(|grid| index.signed_distance_m(grid, at) >= 0.0)
    }))
}
