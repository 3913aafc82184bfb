//! `--crs auto`: which system do these numbers stand in? A guess says why, and refuses when it is not sure.

use super::projected::{Zone, zones_for};
use super::{Crs, Door};
use crate::domain::LonLat;
use crate::error::{Error, Result, Text};

/// Share of the points that must fit before a system is believed.
const MOST: f64 = 0.95;
/// How much better the best system must fit than the second best.
const MARGIN: f64 = 0.05;
/// Looking at more points than this tells nothing new.
const SAMPLE: usize = 5_000;

/// What `--crs auto` found.
#[derive(Debug, Clone)]
pub struct Guess {
    /// The system, when one could be told from the others.
    pub crs: Option<Crs>,
    /// Why, or why not.
    pub why: Text,
    /// Every system that was considered, with the share of points that fit it, best first.
    pub candidates: Vec<(Crs, f64)>,
}

impl Guess {
    /// The system.
    ///
    /// # Errors
    /// `Invalid` when it could not be told, with the reason and the candidates.
    pub fn certain(self, place: &str) -> Result<Crs> {
        let names = self.candidates.iter().take(4).map(|(crs, _)| crs.to_string()).collect::<Vec<_>>().join(", ");
        self.crs.ok_or_else(|| {
            Error::invalid(
                place,
                "crs",
                "auto",
                self.why,
                if names.is_empty() {
                    Text::new("请用 --crs 明确指定", "say which with --crs")
                } else {
                    Text::new(
                        format!("请用 --crs 明确指定（可能是：{names}）"),
                        format!("say which with --crs (it may be: {names})"),
                    )
                },
            )
        })
    }
}

/// Whether a position lies on land that belongs to China, roughly: tells apart zones, nothing else.
fn in_china(at: LonLat) -> bool {
    [(73.4, 34.3, 80.0, 41.5), (80.0, 27.0, 98.0, 49.3), (97.0, 18.0, 124.0, 54.0), (115.0, 38.0, 135.2, 53.7)]
        .iter()
        .any(|(w, s, e, n)| (*w..=*e).contains(&at.lon) && (*s..=*n).contains(&at.lat))
}

/// Guesses from the numbers alone, and from the bounding box (west, south, east, north, degrees of CGCS2000) of a known
/// city when there is one. `points` are as the file has them: x in `lon`, y in `lat`.
///
/// Degrees of GCJ-02 and BD-09 look like any others; only ground can tell them: see [`by_fit`].
pub fn guess(points: &[LonLat], near: Option<[f64; 4]>) -> Guess {
    match near {
        Some([w, s, e, n]) => decide(points, &|_, at| (w..=e).contains(&at.lon) && (s..=n).contains(&at.lat), true),
        None => decide(points, &|_, at| in_china(at), false),
    }
}

/// Guesses by evidence: `fits(i, position)` says whether point `i`, put at `position`, is where it should be (for
/// example in the grid that its record declares).
pub fn by_fit(points: &[LonLat], fits: &dyn Fn(usize, LonLat) -> bool) -> Guess {
    decide(points, fits, true)
}

fn candidates(points: &[LonLat]) -> Vec<Crs> {
    let mut list = Vec::new();
    let share =
        |test: &dyn Fn(&LonLat) -> bool| points.iter().filter(|p| test(p)).count() as f64 >= MOST * points.len() as f64;
    if share(&|p| p.is_on_earth()) {
        let outside = share(&|p| !super::gcj02::applies(*p));
        list.push(Crs::Cgcs2000);
        if !outside {
            list.extend([Crs::Gcj02, Crs::Bd09]);
        }
        return list;
    }
    if share(&|p| p.lon.abs() < 20_037_509.0 && p.lat.abs() < 20_048_967.0 && p.lon.abs() > 1_000.0) {
        list.push(Crs::Epsg(3857));
    }
    let mut zones: Vec<Zone> = Vec::new();
    for p in points.iter().filter(|p| (300_000.0..6_000_000.0).contains(&p.lat)).take(50) {
        for zone in zones_for(p.lon) {
            // Without a number in front, the 6-degree zones give the same degrees as the 3-degree zones of their
            // meridian.
            let twin = zone.number.is_none() && zone.width_deg == 6 && zone.meridian_deg % 3 == 0;
            if !twin && !zones.contains(&zone) {
                zones.push(zone);
            }
        }
    }
    list.extend(zones.into_iter().map(|zone| Crs::Epsg(zone.epsg)));
    list
}

fn decide(points: &[LonLat], fits: &dyn Fn(usize, LonLat) -> bool, on_ground: bool) -> Guess {
    let step = points.len().div_ceil(SAMPLE).max(1);
    let usable: Vec<(usize, LonLat)> = (0..points.len())
        .step_by(step)
        .map(|i| (i, points[i]))
        .filter(|(_, p)| p.lon.is_finite() && p.lat.is_finite() && (p.lon != 0.0 || p.lat != 0.0))
        .collect();
    let raw: Vec<LonLat> = usable.iter().map(|(_, p)| *p).collect();
    if raw.len() < 3 {
        return refuse("可用的坐标太少，无法判断坐标系", "too few coordinates to tell their system", Vec::new());
    }
    let mut scored: Vec<(Crs, f64)> = candidates(&raw)
        .into_iter()
        .map(|crs| {
            let Ok(door) = Door::new(&crs) else { return (crs, 0.0) };
            let good = usable.iter().filter(|(i, p)| door.inside(p.lon, p.lat).is_ok_and(|at| fits(*i, at))).count();
            (crs, good as f64 / usable.len() as f64)
        })
        .collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (best, second) = (scored.first().map_or(0.0, |c| c.1), scored.get(1).map_or(0.0, |c| c.1));
    let Some(crs) = scored.first().map(|c| c.0.clone()) else {
        return refuse(
            "数字既不像经纬度，也不像米制坐标",
            "the numbers look neither like degrees nor like metres",
            scored,
        );
    };
    if !on_ground && matches!(crs, Crs::Cgcs2000 | Crs::Gcj02 | Crs::Bd09) {
        if scored.len() == 1 {
            return Guess {
                crs: Some(Crs::Cgcs2000),
                why: Text::new(
                    "经纬度，且在中国以外，GCJ-02 与 BD-09 不适用",
                    "degrees outside China, where GCJ-02 and BD-09 are not used",
                ),
                candidates: scored,
            };
        }
        if best < MOST
            && raw.iter().filter(|p| in_china(LonLat::new(p.lat, p.lon))).count() as f64 > MOST * raw.len() as f64
        {
            return refuse("经度与纬度似乎颠倒", "longitude and latitude seem to be exchanged", scored);
        }
        return refuse(
            "是经纬度，但仅凭数字无法区分 CGCS2000、GCJ-02 和 BD-09（相差数百米），需要已有网格或建筑作参照",
            "degrees, but CGCS2000, GCJ-02 and BD-09 differ by some hundred metres and numbers alone cannot tell them \
             apart: grids or buildings to compare with are needed",
            scored,
        );
    }
    // On ground, some pins are wrong themselves: the best need not fit all, it must fit most and beat the others.
    let enough = if on_ground { 0.5 } else { MOST };
    if best < enough {
        return refuse(
            "没有一个坐标系能使大多数点落在应在的位置",
            "in no system do most points fall where they should",
            scored,
        );
    }
    if best - second < MARGIN {
        return refuse("几个坐标系都说得通", "several systems explain the points equally well", scored);
    }
    let percent = (best * 100.0).round();
    Guess {
        why: Text::new(
            format!("按 {crs} 解释，{percent}% 的点位置合理；其次的坐标系为 {:.0}%", second * 100.0),
            format!(
                "read as {crs}, {percent}% of the points are where they should be; in the next best system {:.0}%",
                second * 100.0
            ),
        ),
        crs: Some(crs),
        candidates: scored,
    }
}

fn refuse(zh: &str, en: &str, candidates: Vec<(Crs, f64)>) -> Guess {
    Guess { crs: None, why: Text::new(zh, en), candidates }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crs::{bd09, gcj02};

    const CITY: [f64; 4] = [119.90, 28.44, 119.94, 28.47];

    fn town() -> Vec<LonLat> {
        (0..400).map(|i| LonLat::new(119.90 + f64::from(i % 20) * 0.002, 28.44 + f64::from(i / 20) * 0.0015)).collect()
    }

    #[test]
    fn degrees_alone_are_not_enough() {
        let guess = guess(&town(), None);
        assert_eq!(guess.crs, None);
        let error = guess.certain("a.csv").expect_err("unsure").to_string();
        assert!(error.contains("--crs") && error.contains("GCJ-02"), "{error}");
    }

    #[test]
    fn a_known_city_tells_the_shifted_systems_apart() {
        let (town, shift) = (town(), |f: fn(LonLat) -> LonLat| town().into_iter().map(f).collect::<Vec<_>>());
        assert_eq!(guess(&town, Some(CITY)).crs, Some(Crs::Cgcs2000));
        assert_eq!(guess(&shift(gcj02::from_wgs84), Some(CITY)).crs, Some(Crs::Gcj02));
        assert_eq!(guess(&shift(bd09::from_wgs84), Some(CITY)).crs, Some(Crs::Bd09));
    }

    #[test]
    fn evidence_decides_where_a_box_is_too_wide() {
        let town = town();
        let shifted: Vec<LonLat> = town.iter().map(|p| bd09::from_wgs84(*p)).collect();
        assert_eq!(guess(&shifted, Some([119.0, 28.0, 121.0, 29.0])).crs, None);
        assert_eq!(by_fit(&shifted, &|i, at| at.distance_m(town[i]) < 50.0).crs, Some(Crs::Bd09));
    }

    #[test]
    fn metres_tell_their_zone() {
        // Around 119.92 E, 28.45 N in EPSG:4528 (with number) and EPSG:4549 (without).
        let zone = |prefix: f64| -> Vec<LonLat> {
            (0..50)
                .map(|i| LonLat::new(prefix + 492_000.0 + f64::from(i) * 20.0, 3_148_000.0 + f64::from(i) * 10.0))
                .collect()
        };
        assert_eq!(guess(&zone(40_000_000.0), None).crs, Some(Crs::Epsg(4528)));
        assert_eq!(guess(&zone(0.0), Some(CITY)).crs, Some(Crs::Epsg(4549)));
        assert_eq!(guess(&zone(0.0), None).crs, None, "without a zone number it could be many");
    }

    #[test]
    fn odd_input_is_refused_not_panicked_on() {
        let nan = vec![LonLat::new(f64::NAN, f64::INFINITY); 10];
        let huge = vec![LonLat::new(1e300, -1e300); 10];
        let swapped: Vec<LonLat> = town().into_iter().map(|p| LonLat::new(p.lat, p.lon)).collect();
        for points in [vec![], nan, huge, vec![LonLat::new(0.0, 0.0); 10], swapped] {
            assert_eq!(guess(&points, None).crs, None);
            assert!(guess(&points, Some(CITY)).certain("x").is_err());
        }
    }
}
