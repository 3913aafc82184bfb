//! Loads the city of a database and indexes it, without detection: how long it takes, and what it weighs. Not criterion:
//! one load takes seconds, and what matters of the memory is what a fresh process holds.
//!
//!     GRIDPIN_DATABASE=... cargo bench --bench load

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

use gridpin::check::Thresholds;
use gridpin::city::City;
use gridpin::store::Store;
use std::time::Instant;

fn status_mb(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) / 1024
}

fn cpu_s() -> f64 {
    // utime and stime, in hundredths of a second, behind the name in brackets.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<f64>().unwrap_or(0.0)).sum::<f64>() / 100.0
}

fn tell(what: &str, start: Instant) {
    let (rss, most) = (status_mb("VmRSS:"), status_mb("VmHWM:"));
    println!(
        "{what}: {:.2} s, {:.2} s of CPU; resident {rss} MB, {most} MB at most",
        start.elapsed().as_secs_f64(),
        cpu_s()
    );
}

fn main() {
    let url = std::env::var("GRIDPIN_DATABASE").expect("GRIDPIN_DATABASE names the city's database");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let start = Instant::now();
    let records = runtime.block_on(async {
        let store = Store::connect(&url).await.expect("a database");
        let loaded = store.load(&Store::system()).await.expect("a load");
        store.close().await;
        loaded.records
    });
    tell("read from the database", start);
    let (addresses, buildings) = (&records.addresses, &records.buildings);
    println!("{} grids", records.grids.len());
    println!("{} addresses in {} MB", addresses.len(), addresses.bytes() / 1_000_000);
    println!("{} buildings in {} MB", buildings.len(), buildings.bytes() / 1_000_000);
    let today = chrono::Local::now().date_naive();
    let city = City::with_flags(records, Thresholds::default(), today, Vec::new());
    tell("indexed", start);
    std::thread::sleep(std::time::Duration::from_secs(2));
    tell("two seconds later", start);
    assert!(city.address_points.len() <= city.records.addresses.len());
}
