//! Counts and latencies in Prometheus' text format.

use super::checker::CheckState;
use super::{App, event::LISTENERS};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// Upper bounds of the latency histogram, seconds.
const BOUNDS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Default, Clone)]
struct Latency {
    within: [u64; BOUNDS_S.len()],
    count: u64,
    sum_s: f64,
}

/// By method and status: few enough to name each.
type Answers = Mutex<BTreeMap<(&'static str, u16), Latency>>;

/// What the process has answered since it started.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By route template. A route is added once; after that, noting an answer takes nothing but its own lock.
    routes: RwLock<BTreeMap<Box<str>, Arc<Answers>>>,
}

/// One number of the process.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    /// Its name; one that ends with `_total` only grows.
    pub name: &'static str,
    /// What it says.
    pub help: &'static str,
    /// Its value.
    pub value: f64,
}

impl Metrics {
    /// Notes an answer.
    pub fn note(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned();
        let answers = known.unwrap_or_else(|| {
            let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
            routes.entry(route.into()).or_default().clone()
        });
        let seconds = took.as_secs_f64();
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        let latency = answers.entry((method, status)).or_default();
        latency.count += 1;
        latency.sum_s += seconds;
        // Made cumulative when it is printed.
        if let Some(within) = BOUNDS_S.iter().position(|bound_s| seconds <= *bound_s) {
            latency.within[within] += 1;
        }
    }

    /// Everything as text.
    pub fn print(&self, figures: &[Figure]) -> String {
        let mut text = String::new();
        text.push_str("# HELP gridpin_request_seconds Time to the first byte of an answer.\n");
        text.push_str("# TYPE gridpin_request_seconds histogram\n");
        for (route, answers) in self.routes.read().unwrap_or_else(PoisonError::into_inner).iter() {
            for ((method, status), latency) in answers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
                let mut count = 0;
                for (bound_s, within) in BOUNDS_S.iter().zip(latency.within) {
                    count += within;
                    let _ = writeln!(text, "gridpin_request_seconds_bucket{{{labels},le=\"{bound_s}\"}} {count}");
                }
                let _ = writeln!(text, "gridpin_request_seconds_bucket{{{labels},le=\"+Inf\"}} {}", latency.count);
                let _ = writeln!(text, "gridpin_request_seconds_sum{{{labels}}} {}", latency.sum_s);
                let _ = writeln!(text, "gridpin_request_seconds_count{{{labels}}} {}", latency.count);
            }
        }
        for Figure { name, help, value } in figures {
            let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        }
        text
    }
}

impl App {
    /// The numbers of the process as they are now.
    fn figures(&self) -> Vec<Figure> {
        let city = self.live.get();
        let (cache, tiles, requests) = (self.tiles.counts(), self.encoder.load(), self.at_once.load());
        let check = self.checker.view();
        let figure = |name, help, value: f64| Figure { name, help, value };
        vec![
            figure("gridpin_city_revision", "Revision of the City.", city.revision as f64),
            figure("gridpin_city_addresses", "Addresses in the City.", city.records.addresses.len() as f64),
            figure("gridpin_city_flags", "Flags that stand.", city.flags.len() as f64),
            figure(
                "gridpin_flags_checked",
                "Whether the flags are those of a check of everything and follow every edit.",
                f64::from(u8::from(check.state == CheckState::Checked)),
            ),
            figure("gridpin_check_share", "Share of the check of everything that is done.", f64::from(check.share)),
            figure("gridpin_feed_age_seconds", "Time since the feed was last read.", self.follow.age().as_secs_f64()),
            figure("gridpin_requests_at_once", "Requests in work.", requests.held as f64),
            figure("gridpin_requests_waiting", "Requests that wait for a place.", requests.waiting as f64),
            figure("gridpin_requests_refused_total", "Requests that found no place.", requests.refused as f64),
            figure("gridpin_tiles_encoding", "Tiles that are being encoded.", tiles.held as f64),
            figure("gridpin_tiles_waiting", "Requests that wait for their tile's turn.", tiles.waiting as f64),
            figure("gridpin_tiles_refused_total", "Requests for tiles that found no place.", tiles.refused as f64),
            figure("gridpin_tiles_encoded_total", "Tiles that were encoded.", cache.encoded as f64),
            figure("gridpin_tile_cache_hits_total", "Bodies that were in the cache.", cache.hits as f64),
            figure("gridpin_tile_cache_entries", "Bodies in the cache.", cache.kept as f64),
            figure("gridpin_tile_cache_bytes", "Bytes of the cache.", cache.bytes as f64),
            figure(
                "gridpin_event_listeners",
                "Listeners to events.",
                (LISTENERS - self.listeners.available_permits()) as f64,
            ),
        ]
    }
}

/// Counts and latencies for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "service", security(()),
    responses((status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain")))]
pub async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.print(&app.figures()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_cumulative() {
        let metrics = Metrics::default();
        for ms in [1, 3, 700] {
            metrics.note("/api/flags", "GET", 200, Duration::from_millis(ms));
        }
        let figure = |name, value| Figure { name, help: "A number.", value };
        let text = metrics.print(&[figure("gridpin_city_revision", 7.0), figure("gridpin_seen_total", 3.0)]);
        assert!(text.contains(r#"status="200",le="0.005"} 2"#), "{text}");
        assert!(text.contains(r#"status="200",le="+Inf"} 3"#), "{text}");
        assert!(text.contains("# TYPE gridpin_city_revision gauge\ngridpin_city_revision 7\n"), "{text}");
        assert!(text.contains("# TYPE gridpin_seen_total counter\ngridpin_seen_total 3\n"), "{text}");
    }
}
