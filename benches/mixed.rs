//! Mixed requests at a steady pace against a running server, whoever is late: tiles, lists, cards, figures, corrections.
//! Each is timed from when it was due. benches/mixed.sh starts the server, makes the accounts and runs this.
//!
//!     URL=http://127.0.0.1:8090 ACCOUNTS=name:password,... PID=1234 RATE=300 LASTING=600 cargo bench --bench mixed

use rand::{Rng, RngExt, SeedableRng};
use reqwest::header::{ACCEPT_ENCODING, COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

fn number(name: &str, otherwise: u64) -> u64 {
    setting(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// What is asked for, in hundredths of all.
const KINDS: [(&str, u32); 9] = [
    ("tile", 50),
    ("flags", 14),
    ("address", 12),
    ("search", 5),
    ("rentals", 5),
    ("hazards", 4),
    ("figures", 4),
    ("me", 3),
    ("correct", 3),
];

struct Site {
    url: String,
    client: reqwest::Client,
    /// Sessions by role.
    cookies: Vec<String>,
    bbox: [f64; 4],
    addresses: Vec<String>,
}

type Outcome = Result<(), String>;

impl Site {
    /// As browsers ask today (`CODING=gzip` as older ones do).
    async fn get(&self, path: &str, cookie: &str) -> Result<Vec<u8>, String> {
        let coding = setting("CODING");
        self.read(path, cookie, coding.as_deref().unwrap_or("gzip, deflate, br, zstd")).await
    }

    async fn read(&self, path: &str, cookie: &str, coding: &str) -> Result<Vec<u8>, String> {
        let asked = self.client.get(format!("{}{path}", self.url)).header(COOKIE, cookie);
        let asked = asked.header(ACCEPT_ENCODING, coding);
        let answer =
            asked.send().await.map_err(|error| format!("no answer: {error:?}", error = error.without_url()))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| format!("cut: {}", error.without_url()))?.to_vec();
        let what: Vec<&str> = path.split(['/', '?']).take(3).collect();
        if status.is_success() { Ok(body) } else { Err(format!("{status} {}", what.join("/"))) }
    }

    async fn json(&self, path: &str, cookie: &str) -> Value {
        let body = self.read(path, cookie, "identity").await.unwrap_or_else(|error| panic!("{path}: {error}"));
        serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn place(&self, dice: &mut impl Rng) -> (f64, f64) {
        let [west, south, east, north] = self.bbox;
        // Most people look at the same quarter; some elsewhere.
        let share: f64 = if dice.random_bool(0.7) { 0.25 } else { 1.0 };
        (
            west + (east - west) * (0.5 + (dice.random_range(0.0..1.0) - 0.5) * share),
            south + (north - south) * (0.5 + (dice.random_range(0.0..1.0) - 0.5) * share),
        )
    }

    async fn ask(&self, kind: &str, mut dice: rand::rngs::StdRng) -> Outcome {
        let cookie = self.cookies[dice.random_range(0..self.cookies.len())].as_str();
        let (lon, lat) = self.place(&mut dice);
        let address = &self.addresses[dice.random_range(0..self.addresses.len())];
        match kind {
            "tile" => {
                let zoom = dice.random_range(10..=16u32);
                let layers = ["grid", "address,flag", "heat", "building", "rental,hazard"][dice.random_range(0..5)];
                let n = f64::from(1 << zoom);
                let x = ((lon + 180.0) / 360.0 * n) as u32;
                let y = ((1.0 - lat.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * n) as u32;
                self.get(&format!("/tiles/{layers}/{zoom}/{x}/{y}.mvt"), cookie).await.map(drop)
            }
            "flags" => {
                let d = 0.01;
                let bbox = format!("{},{},{},{}", lon - d, lat - d, lon + d, lat + d);
                self.get(&format!("/api/flags?state=open&bbox={bbox}"), cookie).await.map(drop)
            }
            "address" => self.get(&format!("/api/addresses/{address}"), cookie).await.map(drop),
            "search" => self.get(&format!("/api/addresses?near={lon},{lat}&limit=20"), cookie).await.map(drop),
            "rentals" => self.get("/api/rentals", cookie).await.map(drop),
            "hazards" => self.get("/api/hazards", cookie).await.map(drop),
            "figures" => self.get("/api/indicators", cookie).await.map(drop),
            "me" => self.get("/api/me", cookie).await.map(drop),
            _ => {
                let now = self.read(&format!("/api/addresses/{address}"), cookie, "identity").await?;
                let now: Value = serde_json::from_slice(&now).map_err(|error| error.to_string())?;
                let body = json!({ "correction_id": uuid::Uuid::new_v4(), "address_id": address,
                    "base_version": now["version"], "change": { "kind": "confirm" } });
                let asked =
                    self.client.post(format!("{}/api/corrections", self.url)).header(COOKIE, cookie).json(&body);
                let answer = asked.send().await.map_err(|error| format!("no answer: {}", error.without_url()))?;
                // Two at the same address: one of them hears so.
                let fine = answer.status().is_success() || answer.status().as_u16() == 409;
                if fine { Ok(()) } else { Err(format!("{} /api/corrections", answer.status())) }
            }
        }
    }
}

fn resident_mb(pid: u64) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap_or(0) / 1024
}

fn row(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let ms = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!("{what:>9} {:>8} {:>8.1} {:>8.1} {:>8.1} {:>8.1}", took.len(), ms(0.5), ms(0.9), ms(0.99), ms(1.0));
}

#[tokio::main]
async fn main() {
    let Some(url) = setting("URL") else { return println!("URL names no server: nothing measured") };
    let (rate, seconds, pid) = (number("RATE", 300), number("LASTING", 600), number("PID", 0));
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(64)
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client");
    let mut site = Site { url, client, cookies: Vec::new(), bbox: [0.0; 4], addresses: Vec::new() };
    for account in setting("ACCOUNTS").expect("ACCOUNTS").split(',') {
        let (name, password) = account.split_once(':').expect("name:password");
        let asked =
            site.client.post(format!("{}/api/session", site.url)).json(&json!({ "name": name, "password": password }));
        let answer = asked.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{name}: {}", answer.status());
        let cookie =
            answer.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
        site.cookies.push(cookie);
    }
    let me = site.json("/api/me", &site.cookies[0]).await;
    site.bbox = serde_json::from_value(me["bbox"].clone()).expect("a city");
    let mut dice = rand::rngs::StdRng::seed_from_u64(1);
    while site.addresses.len() < 2000 {
        let (lon, lat) = site.place(&mut dice);
        let found = site.json(&format!("/api/addresses?near={lon},{lat}&limit=50"), &site.cookies[0]).await;
        let ids = found["items"].as_array().expect("items").iter().filter_map(|item| item["address_id"].as_str());
        site.addresses.extend(ids.map(str::to_owned));
    }
    println!("{rate} requests a second for {seconds} s, by {} accounts", site.cookies.len());
    let site = Arc::new(site);
    let took: Arc<Mutex<BTreeMap<&str, Vec<Duration>>>> = Arc::default();
    let wrong: Arc<Mutex<BTreeMap<String, usize>>> = Arc::default();
    let (began, mut memory, mut tasks) = (Instant::now(), vec![resident_mb(pid)], tokio::task::JoinSet::new());
    for n in 0..rate * seconds {
        let due = began + Duration::from_secs_f64(n as f64 / rate as f64);
        tokio::time::sleep_until(due.into()).await;
        let mut pick = dice.random_range(0..100);
        let kind = KINDS.iter().find(|(_, share)| {
            let here = pick < *share;
            pick = pick.saturating_sub(*share);
            here
        });
        let kind = kind.expect("they are a hundred").0;
        let (site, took, wrong) = (site.clone(), took.clone(), wrong.clone());
        let own = rand::rngs::StdRng::seed_from_u64(n);
        tasks.spawn(async move {
            let outcome = site.ask(kind, own).await;
            took.lock().expect("no panic").entry(kind).or_default().push(due.elapsed());
            if let Err(what) = outcome {
                *wrong.lock().expect("no panic").entry(what).or_default() += 1;
            }
        });
        while tasks.try_join_next().is_some() {}
        if n % (rate * 10) == 0 {
            memory.push(resident_mb(pid));
        }
    }
    while tasks.join_next().await.is_some() {}
    memory.push(resident_mb(pid));
    println!("{:>9} {:>8} {:>8} {:>8} {:>8} {:>8}   milliseconds", "", "number", "median", "p90", "p99", "longest");
    let took = std::mem::take(&mut *took.lock().expect("no panic"));
    for (kind, took) in &took {
        row(kind, took.clone());
    }
    row("all", took.into_values().flatten().collect());
    println!("errors: {:?}", wrong.lock().expect("no panic"));
    let after = memory.len() / 3;
    println!(
        "resident: {} MB at first, {} MB after a third, {} MB at the end, {} MB at most",
        memory[0],
        memory[after],
        memory.last().expect("measured"),
        memory.iter().max().expect("measured")
    );
}
