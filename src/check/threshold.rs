//! The thresholds of the rules: `data/threshold.toml`, and what a site changes in it.

use crate::error::{Error, Result, Text};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The thresholds as shipped, commented.
pub const DEFAULT_TOML: &str = include_str!("../../data/threshold.toml");

/// Thresholds; what each means stands in [`DEFAULT_TOML`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Thresholds {
    pub least_probability: f64,
    pub assumed_accuracy_m: f64,
    pub wrong_grid_share: f64,
    pub coordinate_coarse_places: u32,
    pub pin_inaccurate_m: f64,
    pub pin_off_road_m: f64,
    pub pin_moved_far_m: f64,
    pub address_floor_recorded: u16,
    pub address_floor_recorded_share: f64,
    pub review_overdue_days: u32,
    pub address_stale_days: u32,
    pub import_deletion_warning_share: f64,
    pub import_deletion_error_share: f64,
    pub grid_snap_m: f64,
    pub grid_overlap_width_m: f64,
    pub grid_overlap_area_m2: f64,
    pub grid_gap_width_m: f64,
    pub grid_gap_area_m2: f64,
    pub grid_gap_open_width_m: f64,
    pub grid_outside_parent_m: f64,
    pub rental_many_occupants: u16,
}

static DEFAULT: LazyLock<Thresholds> =
    LazyLock::new(|| toml::from_str(DEFAULT_TOML).expect("data/threshold.toml is held by a test"));

impl Default for Thresholds {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

impl Thresholds {
    /// Reads a site's file: the thresholds that it names, over the defaults. `place` is the file's name for errors.
    ///
    /// # Errors
    /// `Invalid` for text that is no TOML, an unknown threshold, and a value of the wrong type or below zero.
    pub fn from_toml(text: &str, place: &str) -> Result<Self> {
        let remedy =
            || Text::new("请对照 data/threshold.toml 修改", "compare with the documented file data/threshold.toml");
        let given: toml::Table = text.parse().map_err(|e: toml::de::Error| {
            Error::invalid(place, "", "", Text::new(format!("不是有效的 TOML：{}", e.message()), e.message()), remedy())
        })?;
        let mut all: toml::Table = DEFAULT_TOML.parse().unwrap_or_default();
        for (key, value) in given {
            let fail =
                |zh: &str, en: &str| Error::invalid(place, key.clone(), value.to_string(), Text::new(zh, en), remedy());
            let number = value.as_float().or_else(|| value.as_integer().map(|v| v as f64));
            let default = all.get(&key).ok_or_else(|| fail("没有这个阈值", "there is no such threshold"))?;
            let number = number.ok_or_else(|| fail("应为数字", "a number is expected"))?;
            if !(number >= 0.0 && number.is_finite()) {
                return Err(fail("应为不小于零的数", "a number of zero or more is expected"));
            }
            let value = match default {
                toml::Value::Integer(_) if number.fract() == 0.0 && number <= 65_535.0 => {
                    toml::Value::Integer(number as i64)
                }
                toml::Value::Integer(_) => return Err(fail("应为整数", "a whole number is expected")),
                _ => toml::Value::Float(number),
            };
            all.insert(key, value);
        }
        all.try_into().map_err(|e: toml::de::Error| Error::Internal(format!("thresholds: {}", e.message())))
    }

    /// The value of a threshold by its name, for the catalogue.
    pub fn value(&self, key: &str) -> Option<f64> {
        let table = toml::Table::try_from(self).ok()?;
        let value = table.get(key)?;
        value.as_float().or_else(|| value.as_integer().map(|v| v as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_is_whole() {
        assert_eq!(Thresholds::default().pin_off_road_m, 200.0);
        assert_eq!(Thresholds::default().value("review_overdue_days"), Some(7.0));
    }

    #[test]
    fn a_sites_file_changes_what_it_names() {
        let own = Thresholds::from_toml("pin_off_road_m = 300\nreview_overdue_days = 3", "own.toml").expect("valid");
        assert_eq!((own.pin_off_road_m, own.review_overdue_days, own.grid_snap_m), (300.0, 3, 0.05));
    }

    #[test]
    fn what_is_wrong_is_told_by_name() {
        for (text, field) in [
            ("pin_of_road_m = 3", "pin_of_road_m"),
            ("pin_off_road_m = \"far\"", "pin_off_road_m"),
            ("pin_off_road_m = -1", "pin_off_road_m"),
            ("review_overdue_days = 1.5", "review_overdue_days"),
            ("review_overdue_days = 99999999", "review_overdue_days"),
            ("= 3", ""),
        ] {
            let Err(Error::Invalid(faults)) = Thresholds::from_toml(text, "own.toml") else { panic!("{text}") };
            assert_eq!((faults[0].field.as_str(), faults[0].place.as_str()), (field, "own.toml"));
        }
    }
}
