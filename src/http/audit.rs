//! The audit log, for stewards of the whole city: read, exported, verified.

use super::App;
use super::cursor::{Cursor, Page};
use super::permission::ReadAudit;
use super::problem::Answer;
use super::query::{Given, Params, Query};
use super::who::Who;
use crate::domain::{Actor, Scope};
use crate::error::{Error, Result, Text};
use crate::store::{AuditEntry, AuditFilter, AuditVerdict};
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Entries that are read at once for an export.
const CHUNK: i64 = 2000;

/// Which page of a list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// Items of a page, from 1 to 1000.
    #[param(value_type = Option<usize>)]
    limit: usize,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

impl Params for Paging {
    fn read(query: &mut Query) -> Self {
        Paging { limit: query.limit(), cursor: query.cursor() }
    }
}

impl Params for AuditFilter {
    fn read(query: &mut Query) -> Self {
        AuditFilter {
            actor: query.text("actor"),
            action: query.text("action"),
            subject: query.text("subject"),
            from: query.day("from"),
            to: query.day("to"),
        }
    }
}

/// What a check of the whole log found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditVerdict)]
pub struct VerdictView {
    /// Whether nothing was changed, removed or cut off.
    pub whole: bool,
    /// How many entries there are, when it is whole.
    pub entries: Option<i64>,
    /// The last entry's hash, when it is whole: written down elsewhere, it proves the log up to here.
    pub head: Option<String>,
    /// The first entry where it was tampered with.
    pub broken_at: Option<i64>,
    /// What is wrong there.
    pub what: Option<Text>,
}

/// The whole city's steward, or nobody: the log tells of every ground.
fn steward(who: &Who<ReadAudit>) -> Result<&Actor> {
    if who.actor.scope != Scope::All {
        let why = Text::new("审计日志只向全域的数据管理员开放", "the audit log is for stewards of the whole city");
        return Err(Error::Forbidden(why));
    }
    Ok(&who.actor)
}

/// Lists the audit log, newest first.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(AuditFilter, Paging),
    responses((status = 200, body = Page<AuditEntry>)))]
pub async fn list(
    State(app): State<Arc<App>>,
    who: Who<ReadAudit>,
    Given((filter, paging)): Given<(AuditFilter, Paging)>,
) -> Answer<Json<Page<AuditEntry>>> {
    let mut session = app.store.begin(steward(&who)?).await?;
    let before = paging.cursor.map(|cursor| cursor.rank as i64);
    let mut items = session.audit_entries(&filter, before, paging.limit as i64 + 1).await?;
    let more = items.len() > paging.limit;
    items.truncate(paging.limit);
    let next = items.last().filter(|_| more).map(|last| Cursor::new(last.seq as f64, "").print());
    Ok(Json(Page { items, next }))
}

/// Checks the whole log: that nothing in it was changed, removed or cut off.
#[utoipa::path(get, path = "/api/audit/verdict", tag = "audit", responses((status = 200, body = VerdictView)))]
pub async fn verdict(State(app): State<Arc<App>>, who: Who<ReadAudit>) -> Answer<Json<VerdictView>> {
    let verdict = app.store.begin(steward(&who)?).await?.verify_audit().await?;
    Ok(Json(match verdict {
        AuditVerdict::Whole { entries, head } => {
            VerdictView { whole: true, entries: Some(entries), head: Some(head), broken_at: None, what: None }
        }
        AuditVerdict::Broken { seq, what } => {
            VerdictView { whole: false, entries: None, head: None, broken_at: Some(seq), what: Some(what) }
        }
    }))
}

/// Exports the log as JSON lines, oldest first, each entry with its hash and the one before it. The export is an entry too.
#[utoipa::path(get, path = "/api/audit/export", tag = "audit", params(AuditFilter),
    responses((status = 200, description = "JSON lines", content_type = "application/x-ndjson", body = String)))]
pub async fn export(
    State(app): State<Arc<App>>,
    who: Who<ReadAudit>,
    Given(filter): Given<AuditFilter>,
) -> Answer<Response> {
    let actor = steward(&who)?.clone();
    let mut session = app.store.begin(&actor).await?;
    session.audit("audit.export", "", serde_json::json!({ "filter": filter }));
    session.commit().await?;
    // A transaction for each piece: who reads slowly holds no connection.
    let pieces = futures::stream::try_unfold(Some(0), move |after: Option<i64>| {
        let (app, actor, filter) = (app.clone(), actor.clone(), filter.clone());
        async move {
            let Some(after) = after else { return Ok(None) };
            let piece = app.store.begin(&actor).await?.audit_after(&filter, after, CHUNK).await?;
            let next = piece.last().filter(|_| piece.len() as i64 == CHUNK).map(|last| last.seq);
            let mut lines = Vec::new();
            for entry in &piece {
                serde_json::to_writer(&mut lines, entry).map_err(|error| Error::Internal(error.to_string()))?;
                lines.push(b'\n');
            }
            Ok::<_, Error>(Some((Bytes::from(lines), next)))
        }
    });
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers
        .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"gridpin-audit.ndjson\""));
    Ok(response)
}
