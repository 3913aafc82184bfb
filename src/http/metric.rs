//! Counts and latencies in Prometheus' text format.

use super::App;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency histogram, seconds.
const BOUNDS_S: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Debug, Default, Clone)]
struct Latency {
    within: [u64; BOUNDS_S.len()],
    count: u64,
    sum_s: f64,
}

/// What the process has answered since it started.
#[derive(Debug, Default)]
pub struct Metrics {
    /// By route template, method and status: few enough to name each.
    requests: Mutex<BTreeMap<(String, String, u16), Latency>>,
}

impl Metrics {
    /// Notes an answer.
    pub fn note(&self, route: &str, method: &str, status: u16, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let latency = requests.entry((route.to_owned(), method.to_owned(), status)).or_default();
        latency.count += 1;
        latency.sum_s += seconds;
        for (bound_s, within) in BOUNDS_S.iter().zip(&mut latency.within) {
            *within += u64::from(seconds <= *bound_s);
        }
    }

    /// Everything as text.
    pub fn print(&self, gauges: &[(&str, &str, f64)]) -> String {
        let mut text = String::new();
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone();
        text.push_str("# HELP gridpin_request_seconds Time to the first byte of an answer.\n");
        text.push_str("# TYPE gridpin_request_seconds histogram\n");
        for ((route, method, status), latency) in &requests {
            let labels = format!("route=\"{route}\",method=\"{method}\",status=\"{status}\"");
            for (bound_s, within) in BOUNDS_S.iter().zip(latency.within) {
                let _ = writeln!(text, "gridpin_request_seconds_bucket{{{labels},le=\"{bound_s}\"}} {within}");
            }
            let _ = writeln!(text, "gridpin_request_seconds_bucket{{{labels},le=\"+Inf\"}} {}", latency.count);
            let _ = writeln!(text, "gridpin_request_seconds_sum{{{labels}}} {}", latency.sum_s);
            let _ = writeln!(text, "gridpin_request_seconds_count{{{labels}}} {}", latency.count);
        }
        for (name, help, value) in gauges {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        text
    }
}

/// Counts and latencies for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "service", security(()),
    responses((status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain")))]
pub async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.print(&app.gauges()))
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
        let text = metrics.print(&[("gridpin_city_revision", "Revision of the City.", 7.0)]);
        assert!(text.contains(r#"status="200",le="0.005"} 2"#), "{text}");
        assert!(text.contains(r#"status="200",le="+Inf"} 3"#), "{text}");
        assert!(text.contains("\ngridpin_city_revision 7\n"), "{text}");
    }
}
