//! `gridpin check`: files in, flags out, no database.

use super::import::ground_of;
use crate::check::{self, Context, Kind as Subject, Thresholds};
use crate::domain::{Address, Building, Flag, Grid, Pack, Packed, Packer, Records, Severity, Table};
use crate::error::{Error, Fault, Result, Text};
use crate::exchange::export::{self, Format};
use crate::exchange::{Columns, CrsOption, Ground, Kind, ReadOptions, encoding, read_into, write_rejects};
use crate::index::GridIndex;
use crate::report::page::page;
use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::HashMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What `gridpin check` can be told.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Grid polygons: grid_code, level, name, parent_code / 网格面
    #[arg(long, value_name = "F")]
    pub grids: PathBuf,
    /// Addresses with their pins: address_id, full_text or parts, grid_code, lon, lat ... / 地址点
    #[arg(long, value_name = "F")]
    pub addresses: PathBuf,
    /// Buildings: building_id, footprint or point, address / 建筑
    #[arg(long, value_name = "F")]
    pub buildings: Option<PathBuf>,
    /// Where the addresses' flags go; those of grids and buildings go beside it (flags.grids.csv, flags.buildings.csv)
    #[arg(long, value_name = "F")]
    pub out: PathBuf,
    /// Format of the flags: csv, geojson or gpkg (default: by the ending of --out)
    #[arg(long, value_enum)]
    pub format: Option<OutFormat>,
    /// A self-contained HTML report: figures by rule, batch and grid, a map, the worst hundred / 自包含的网页报告
    #[arg(long, value_name = "F.html")]
    pub report: Option<PathBuf>,
    /// Threads (default: all cores); the answer is the same for any number
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    pub threads: usize,
    /// Coordinate system of the addresses: EPSG:4549, cgcs2000, wgs84, gcj02, bd09, or auto to find out by the grids
    /// (default: what the file says, else CGCS2000 longitude and latitude)
    #[arg(long)]
    pub crs: Option<String>,
    /// Coordinate system of the grids (default: what the file says)
    #[arg(long)]
    pub grids_crs: Option<String>,
    /// Coordinate system of the buildings (default: what the file says)
    #[arg(long)]
    pub buildings_crs: Option<String>,
    /// Text encoding of the files: utf-8, gbk, big5, shift_jis ... (default: found out)
    #[arg(long)]
    pub encoding: Option<String>,
    /// Headings of a site's own, in the form of data/column.toml
    #[arg(long, value_name = "F.toml")]
    pub columns: Option<PathBuf>,
    /// Thresholds of a site's own, in the form of data/threshold.toml
    #[arg(long, value_name = "F.toml")]
    pub thresholds: Option<PathBuf>,
    /// Checks the good rows even when others cannot be read
    #[arg(long)]
    pub keep_good: bool,
    /// Writes the addresses that cannot be read, in the shape of the input with row, field, value and reason
    #[arg(long, value_name = "FILE.csv")]
    pub rejects: Option<PathBuf>,
    /// The day that counts as today (default: today)
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub today: Option<NaiveDate>,
}

/// Formats of flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OutFormat {
    /// Comma-separated values
    Csv,
    /// GeoJSON, at the place of each finding
    Geojson,
    /// GeoPackage
    Gpkg,
}

impl OutFormat {
    fn format(self) -> Format {
        match self {
            OutFormat::Csv => Format::Csv,
            OutFormat::Geojson => Format::GeoJson,
            OutFormat::Gpkg => Format::GeoPackage,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// `Invalid` for files that will not do, with file, line or feature, field, value and remedy; `Unavailable` when the flags
/// cannot be written. Findings are no errors.
pub fn run(args: Args) -> Result<()> {
    let format = format(&args)?;
    let started = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        .build()
        .map_err(|error| Error::Internal(format!("no threads: {error}")))?;
    let thresholds = thresholds(args.thresholds.as_deref())?;
    let progress = Progress::new();
    let records = pool.install(|| read_all(&args, &progress))?;
    let read_s = started.elapsed().as_secs_f64();
    let grid = std::sync::Arc::new(GridIndex::build(&records.grids));
    let today = args.today.unwrap_or_else(|| chrono::Local::now().date_naive());
    let context = Context::new(&records, &grid, &thresholds, today);
    let mut chunks = check::run_in_chunks(&context, &Subject::CHECKED, args.threads, &|step| progress.show(step));
    progress.clear();
    let mut written = vec![("address", args.out.clone())];
    written.push(("grid", beside(&args.out, "grids")));
    if args.buildings.is_some() {
        written.push(("building", beside(&args.out, "buildings")));
    }
    for (kind, path) in &written {
        pool.install(|| export::write_flags(path, Some(format), kind, chunks.iter().flatten()))?;
    }
    if let Some(path) = &args.report {
        let source = args.addresses.file_name().unwrap_or_default().to_string_lossy();
        chunks = vec![chunks.into_iter().flatten().collect()];
        std::fs::write(path, page(&context, &chunks[0], &source))
            .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
        eprintln!("report in {} / 报告见 {}", path.display(), path.display());
    }
    let flags: Vec<&Flag> = chunks.iter().flatten().collect();
    summary(&records, &flags, &written, read_s, started.elapsed().as_secs_f64());
    // The process ends: taking a city of millions apart, record by record, would only make somebody wait.
    std::mem::forget((context, chunks));
    std::mem::forget((records, grid));
    Ok(())
}

fn format(args: &Args) -> Result<Format> {
    let format = match args.format {
        Some(format) => format.format(),
        None => Format::of(&args.out)?,
    };
    if !matches!(format, Format::Csv | Format::GeoJson | Format::GeoPackage) {
        return Err(Error::invalid(
            "",
            "--out",
            args.out.display().to_string(),
            Text::new("标记可写为 csv、geojson、gpkg", "flags are written as csv, geojson or gpkg"),
            Text::new("请改用这些扩展名，或用 --format", "use one of these endings, or --format"),
        ));
    }
    can_be_written(&args.out, "--out")?;
    if let Some(report) = &args.report {
        can_be_written(report, "--report")?;
    }
    Ok(format)
}

/// Whether a file can be put where an option says, before hours of work.
fn can_be_written(path: &Path, option: &str) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() && !path.is_dir() {
        return Ok(());
    }
    Err(Error::invalid(
        "",
        option,
        path.display().to_string(),
        Text::new("输出文件夹不存在，或给出的是文件夹", "its folder does not exist, or it is a folder itself"),
        Text::new("请先建立文件夹，并给出文件名", "make the folder first, and name a file"),
    ))
}

/// The thresholds of a site's file, or those that are shipped.
pub(super) fn thresholds(path: Option<&Path>) -> Result<Thresholds> {
    let Some(path) = path else { return Ok(Thresholds::default()) };
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::invalid(
            &place,
            "--thresholds",
            "",
            Text::new(format!("无法读取：{error}"), format!("cannot be read: {error}")),
            Text::new("请核对路径", "check the path"),
        )
    })?;
    Thresholds::from_toml(&text, &place)
}

fn read_all(args: &Args, progress: &Progress) -> Result<Records> {
    let columns = args.columns.as_deref().map_or_else(|| Ok(Columns::default()), Columns::with_file)?;
    let options = |crs: &Option<String>, ground: Ground| -> Result<ReadOptions> {
        Ok(ReadOptions {
            crs: crs.as_deref().map_or(Ok(CrsOption::Declared), |crs| CrsOption::parse(crs, ground))?,
            encoding: args.encoding.as_deref().map(encoding::parse).transpose()?,
            columns: columns.clone(),
            // A check stores nothing: it flags what an import would refuse, and reads no column of persons.
            screen: false,
            drop_person_columns: true,
            judge_rings: false,
            judge_keys: true,
            layer: None,
        })
    };
    let keep = args.keep_good;
    progress.say("reading / 读取");
    let guessed = |crs: &Option<String>| crs.as_deref().is_some_and(|crs| crs.eq_ignore_ascii_case("auto"));
    let grids = || -> Result<Table<Grid>> {
        let mut grids = Table::default();
        let put = |grid: Grid| {
            grids.push(grid);
        };
        records(&args.grids, &options(&args.grids_crs, Ground::Unknown)?, keep, None, progress, put)?;
        Ok(grids)
    };
    let addresses = |ground: Ground| -> Result<Packed<Address>> {
        let mut addresses = Packer::<Address>::default();
        let put = |address: Address| addresses.push(address.row());
        records(&args.addresses, &options(&args.crs, ground)?, keep, args.rejects.as_deref(), progress, put)?;
        Ok(addresses.finish())
    };
    let buildings = |ground: Ground| -> Result<Packed<Building>> {
        let mut buildings = Packer::<Building>::default();
        let put = |building: Building| buildings.push(building.row());
        if let Some(path) = args.buildings.as_deref() {
            records(path, &options(&args.buildings_crs, ground)?, keep, None, progress, put)?;
        }
        Ok(buildings.finish())
    };
    let (grids, addresses, buildings) = if guessed(&args.crs) || guessed(&args.buildings_crs) {
        let grids = grids()?;
        let ground = ground_of(&grids);
        let (addresses, buildings) = rayon::join(|| addresses(ground.clone()), || buildings(ground.clone()));
        (grids, addresses?, buildings?)
    } else {
        // Side by side: a file is one thread's to a great part.
        let (addresses, (grids, buildings)) =
            rayon::join(|| addresses(Ground::Unknown), || (grids(), buildings(Ground::Unknown)));
        (grids?, addresses?, buildings?)
    };
    Ok(Records { grids, addresses, buildings, ..Records::default() })
}

/// Puts the records of a file into their table.
fn records<T: Kind>(
    path: &Path,
    options: &ReadOptions,
    keep_good: bool,
    rejects: Option<&Path>,
    progress: &Progress,
    mut put: impl FnMut(T) + Send,
) -> Result<()> {
    let mut rows = 0;
    let read = read_into::<T>(path, options, |row| {
        put(row.record);
        if rows % 1_024 == 0 {
            progress.read(1_024);
        }
        rows += 1;
    })?;
    for note in &read.notes {
        eprintln!("{}: {note}", read.place);
    }
    if let Some(file) = rejects {
        let faults: Vec<(u64, Fault)> = read
            .rejects
            .iter()
            .map(|reject| (reject.row, reject.complaint.fault(read.unit.place(&read.place, reject.row))))
            .collect();
        write_rejects::<T>(file, path, options, &faults)?;
    }
    if keep_good {
        if !read.rejects.is_empty() {
            let count = read.rejects.len();
            eprintln!("{}: {count} rows left out / {count} 行未读入", read.place);
        }
        return Ok(());
    }
    read.all().map(|_| ())
}

/// `flags.csv` becomes `flags.grids.csv`.
fn beside(out: &Path, what: &str) -> PathBuf {
    let stem = out.file_stem().unwrap_or_default().to_string_lossy();
    let ending = out.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    out.with_file_name(format!("{stem}.{what}{ending}"))
}

fn summary(records: &Records, flags: &[&Flag], written: &[(&str, PathBuf)], read_s: f64, all_s: f64) {
    let (g, a, b) = (records.grids.len(), records.addresses.len(), records.buildings.len());
    eprintln!("{g} grids, {a} addresses, {b} buildings; read in {read_s:.2} s, done in {all_s:.2} s");
    eprintln!("网格 {g}，地址 {a}，建筑 {b}；读取 {read_s:.2} 秒，共 {all_s:.2} 秒");
    let mut told: HashMap<&str, (usize, Severity)> = HashMap::new();
    for flag in flags {
        let (count, grave) = told.entry(flag.rule).or_insert((0, flag.severity));
        (*count, *grave) = (*count + 1, flag.severity.max(*grave));
    }
    for rule in check::catalogue() {
        if let Some((count, grave)) = told.get(rule.code) {
            let letter = grave.letter();
            eprintln!("{count:>9}  {letter}  {:<24} {} / {}", rule.code, rule.title.en, rule.title.zh);
        }
    }
    for (kind, path) in written {
        let count = flags.iter().filter(|flag| flag.subject.parts().0 == *kind).count();
        eprintln!("{count} flags of {kind} in {} / {kind} 标记 {count} 条", path.display());
    }
}

/// A bar on a terminal, nothing elsewhere.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn new() -> Progress {
        Progress(std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {elapsed}") {
                bar.set_style(style);
            }
            bar
        }))
    }

    fn say(&self, text: &'static str) {
        if let Some(bar) = &self.0 {
            bar.set_message(text);
        }
    }

    /// So many rows more were read.
    fn read(&self, rows: u64) {
        if let Some(bar) = &self.0 {
            bar.inc(rows);
        }
    }

    fn show(&self, step: check::Progress) {
        if let Some(bar) = &self.0 {
            bar.set_message(match step.kind {
                Subject::Address => "addresses / 地址",
                Subject::Building => "buildings / 建筑",
                Subject::Grid => "grids / 网格",
                _ => "records / 记录",
            });
            bar.set_length(step.total as u64);
            bar.set_position(step.done as u64);
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
