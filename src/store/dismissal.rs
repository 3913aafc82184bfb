//! Dismissals: flags that somebody looked at and found to be no error.

use super::codec::Fields;
use super::session::Session;
use crate::domain::*;
use crate::error::{Error, Result, Text};
use chrono::NaiveDate;

/// A dismissal as its sender knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDismissal {
    /// The flag.
    pub flag_id: String,
    /// The address that it is about.
    pub address_id: AddressId,
    /// Why it is no error.
    pub reason: String,
    /// Last day of the dismissal.
    pub until: NaiveDate,
}

pub(crate) const COLUMNS: &str = "flag_id, reason, until, made_by, made_at";

pub(crate) fn read(fields: &mut Fields) -> Result<Dismissal> {
    Ok(Dismissal {
        flag_id: fields.text()?.to_owned(),
        reason: fields.text()?.to_owned(),
        until: fields.date()?.unwrap_or_default(),
        by: fields.text()?.into(),
        at: fields.time()?,
    })
}

impl Session {
    /// Dismisses a flag until a day; again, with another reason or day, replaces it.
    ///
    /// # Errors
    /// `NotFound` for an address that the actor doesn't see; `Invalid` without a reason; `Forbidden`.
    pub async fn dismiss(&mut self, new: &NewDismissal) -> Result<Dismissal> {
        self.require(&[Role::Collector, Role::Reviewer, Role::Steward])?;
        if new.reason.trim().is_empty() {
            return Err(Error::invalid(
                "",
                "reason",
                "",
                Text::new("忽略必须说明理由", "a dismissal needs a reason"),
                Text::new("填写理由", "say why"),
            ));
        }
        self.address(&new.address_id).await?;
        let row = sqlx::query(
            "insert into dismissal (flag_id, address_id, reason, until) values ($1, $2, $3, $4)
             on conflict (flag_id) do update set reason = excluded.reason, until = excluded.until, ended_at = null,
                 made_by = actor(), made_at = now()
             returning flag_id, reason, until, made_by, made_at",
        )
        .bind(&new.flag_id)
        .bind(new.address_id.as_str())
        .bind(new.reason.trim())
        .bind(new.until)
        .fetch_one(self.connection())
        .await?;
        self.audit("dismiss", &new.address_id, serde_json::json!({ "flag_id": new.flag_id, "until": new.until }));
        read(&mut Fields::of_row(&row))
    }

    /// Takes a dismissal back: the flag stands again.
    ///
    /// # Errors
    /// `NotFound` when the flag is not dismissed; `Forbidden`.
    pub async fn undismiss(&mut self, address: &AddressId, flag_id: &str) -> Result<()> {
        self.require(&[Role::Collector, Role::Reviewer, Role::Steward])?;
        let done = sqlx::query(
            "update dismissal set ended_at = now() where flag_id = $1 and address_id = $2 and ended_at is null",
        )
        .bind(flag_id)
        .bind(address.as_str())
        .execute(self.connection())
        .await?;
        if done.rows_affected() == 0 {
            return Err(Error::NotFound(format!("dismissal of {flag_id}")));
        }
        self.audit("undismiss", address, serde_json::json!({ "flag_id": flag_id }));
        Ok(())
    }
}
