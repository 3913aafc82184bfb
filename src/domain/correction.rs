//! Corrections: what somebody on the ground changed, why, and who verified it.

use super::id::AddressId;
use super::lonlat::LonLat;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What a correction changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Moves the pin (dragged, or a suggestion accepted: then `flag_id` says which).
    Move {
        /// New longitude, degrees.
        lon: f64,
        /// New latitude, degrees.
        lat: f64,
        /// The flag whose suggestion was accepted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flag_id: Option<String>,
    },
    /// Sets one attribute: `grid_code`, `full_text`, or a part of the address.
    Set {
        /// Which attribute.
        field: String,
        /// Its new value.
        value: String,
        /// The flag whose suggestion was accepted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flag_id: Option<String>,
    },
    /// 已拆除: the address ends.
    Demolish {
        /// The day.
        on: NaiveDate,
        /// What shows it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proof: Option<Proof>,
    },
    /// The pin is right as it is: confirmed on the spot.
    Confirm,
    /// A comment only; see the correction's note.
    Comment,
}

/// What shows that an address has ended: a reference, never the thing itself. A photo shows a site and no person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Proof {
    /// A photo.
    Photo {
        /// SHA-256 of the file, 64 hexadecimal digits in lower case.
        sha256: String,
    },
    /// A document, such as a demolition permit.
    Document {
        /// Its number.
        number: String,
    },
}

impl Proof {
    /// The faulty field with its value and the form that it should have; none when it is in order.
    pub fn fault(&self) -> Option<(&'static str, &str, crate::error::Text)> {
        use crate::error::Text;
        match self {
            Proof::Photo { sha256 } => {
                let whole =
                    sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                (!whole).then(|| {
                    (
                        "sha256",
                        sha256.as_str(),
                        Text::new("应为 64 位小写十六进制", "64 hexadecimal digits in lower case"),
                    )
                })
            }
            Proof::Document { number } => {
                let whole = (1..=64).contains(&number.trim().chars().count())
                    && !number.contains(char::is_control)
                    && super::address::personal::number(number).is_none();
                (!whole).then(|| {
                    (
                        "number",
                        number.as_str(),
                        Text::new(
                            "应为 1 至 64 个字符的文号，不含个人信息",
                            "a number of 1 to 64 characters, nobody's own",
                        ),
                    )
                })
            }
        }
    }
}

/// Where a correction stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionState {
    /// In force, waiting for somebody else to verify it.
    #[default]
    Unverified,
    /// Verified by somebody else than the collector.
    Verified,
    /// Rejected and taken back.
    Rejected,
}

/// Where the phone was when the correction was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Observed {
    /// Longitude of the phone, degrees.
    pub lon: f64,
    /// Latitude of the phone, degrees.
    pub lat: f64,
    /// What the phone said of its accuracy, metres.
    pub accuracy_m: Option<f32>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A correction of one address.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Correction {
    /// Identifier, made by the client: sending it twice stores it once.
    pub correction_id: uuid::Uuid,
    /// The address.
    pub address_id: AddressId,
    /// The version that the client saw.
    pub base_version: i64,
    /// The version that the correction made.
    pub version: i64,
    /// What it changes.
    pub change: Change,
    /// The pin before.
    pub before: Option<LonLat>,
    /// Where the phone was.
    pub observed: Option<Observed>,
    /// A word to the reviewer.
    pub note: String,
    /// Account that made it.
    pub made_by: String,
    /// When the server stored it.
    pub made_at: DateTime<Utc>,
    /// Where it stands.
    pub state: CorrectionState,
    /// Account that reviewed it.
    pub reviewed_by: Option<String>,
    /// When.
    pub reviewed_at: Option<DateTime<Utc>>,
    /// Why it was rejected.
    pub review_reason: Option<String>,
    /// The mend that it is part of: made and reviewed with a whole batch in one action.
    pub mend_id: Option<uuid::Uuid>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_a_reference_of_the_right_form() {
        let photo = |sha256: &str| Proof::Photo { sha256: sha256.into() };
        let document = |number: &str| Proof::Document { number: number.into() };
        for (proof, fault) in [
            (photo(&"0a".repeat(32)), None),
            (photo(&"0A".repeat(32)), Some("sha256")),
            (photo("0a"), Some("sha256")),
            (photo("https://example.org/photo.jpg"), Some("sha256")),
            (document("丽拆许字〔2026〕第12号"), None),
            (document(" "), Some("number")),
            (document(&"1".repeat(65)), Some("number")),
            (document("联系 13800138000"), Some("number")),
        ] {
            assert_eq!(proof.fault().map(|(field, ..)| field), fault, "{proof:?}");
        }
    }

    #[test]
    fn a_demolition_without_proof_reads_as_it_was_written_before() {
        let old = r#"{"kind":"demolish","on":"2026-11-21"}"#;
        let change: Change = serde_json::from_str(old).expect("a change");
        assert_eq!(change, Change::Demolish { on: "2026-11-21".parse().expect("a day"), proof: None });
        assert_eq!(serde_json::to_string(&change).expect("JSON"), old);
    }

    proptest::proptest! {
        /// What a phone sends is what is stored and answered, to the last bit.
        #[test]
        fn coordinates_go_through_json_unchanged(lon in -180.0..180.0f64, lat in -90.0..90.0f64) {
            let change = Change::Move { lon, lat, flag_id: None };
            let text = serde_json::to_string(&change).expect("JSON");
            proptest::prop_assert_eq!(serde_json::from_str::<Change>(&text).expect("a change"), change.clone());
            let value = serde_json::to_value(&change).expect("JSON");
            proptest::prop_assert_eq!(serde_json::from_str::<Change>(&value.to_string()).expect("a change"), change);
        }
    }
}
