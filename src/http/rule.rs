//! The catalogue of the rules.

use super::App;
use super::cursor::Page;
use super::permission::SignedIn;
use super::who::Who;
use crate::check::{RuleDoc, catalogue};
use crate::domain::Severity;
use crate::error::Text;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rule)]
pub struct RuleView {
    /// Code: the same in flags and in flags.csv.
    pub code: String,
    /// How grave its findings are, as a rule.
    pub severity: Severity,
    /// Whether its findings carry a probability.
    pub probability: bool,
    /// Name.
    pub title: Text,
    /// What it finds.
    pub what: Text,
    /// Why that matters.
    pub why: Text,
    /// An example.
    pub example: Text,
    /// How to mend it.
    pub mend: Text,
    /// Where it comes from.
    pub source: String,
}

impl From<&RuleDoc> for RuleView {
    fn from(page: &RuleDoc) -> Self {
        RuleView {
            code: page.code.to_owned(),
            severity: page.severity,
            probability: page.probability,
            title: page.title.clone(),
            what: page.what.clone(),
            why: page.why.clone(),
            example: page.example.clone(),
            mend: page.mend.clone(),
            source: page.source.to_owned(),
        }
    }
}

/// The catalogue of the rules.
#[utoipa::path(get, path = "/api/rules", tag = "flag", responses((status = 200, body = Page<RuleView>)))]
pub async fn list(State(_app): State<Arc<App>>, _who: Who<SignedIn>) -> Json<Page<RuleView>> {
    Json(Page { items: catalogue().iter().map(RuleView::from).collect(), next: None })
}
