//! The second factor: time-based one-time passwords (RFC 6238; SHA-1, six digits, 30 seconds, as every authenticator app
//! has them), each good once.

use super::connect::Store;
use super::session::Session;
use crate::error::{Error, Result, Text};
use totp_rs::{Algorithm, TOTP};

const STEP_S: u64 = 30;
/// Intervals before and after now whose code is taken too: phones' clocks are off.
const SKEW: i64 = 1;

/// A secret that waits for its owner to show that the phone has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret in base32, to be typed.
    pub secret: String,
    /// The same for a QR code (`otpauth://totp/...`).
    pub url: String,
}

/// How a sign-in stands with its second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// The account has none.
    Off,
    /// A code is wanted and none was given.
    Wanted,
    /// The code was right, and is used up.
    Right,
    /// The code was wrong, or used before.
    Wrong,
}

fn generator(secret: Vec<u8>, account: &str) -> Result<TOTP> {
    TOTP::new(Algorithm::SHA1, 6, SKEW as u8, STEP_S, secret, Some("gridpin".to_owned()), account.to_owned())
        .map_err(|error| Error::Internal(format!("totp: {error}")))
}

/// The interval whose code this is, near `now_s`, seconds since 1970; the latest where there are several.
fn step_of(totp: &TOTP, code: &str, now_s: u64) -> Option<i64> {
    let now = (now_s / STEP_S) as i64;
    // Every interval is compared, whichever matches.
    let matches = (now - SKEW..=now + SKEW).filter(|step| {
        let right = totp.generate(*step as u64 * STEP_S);
        right.bytes().zip(code.bytes()).fold(right.len() ^ code.len(), |sum, (a, b)| sum | usize::from(a ^ b)) == 0
    });
    matches.collect::<Vec<_>>().into_iter().next_back()
}

fn now_s() -> u64 {
    chrono::Utc::now().timestamp().max(0) as u64
}

impl Store {
    /// Checks an account's second factor once its password was right. A code that is right is used up, in all processes.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn second_factor(&self, account: &str, code: Option<&str>) -> Result<SecondFactor> {
        let (secret,): (Option<Vec<u8>>,) =
            sqlx::query_as("select totp_secret($1)").bind(account).fetch_one(&self.pool).await?;
        let Some(secret) = secret else { return Ok(SecondFactor::Off) };
        let Some(code) = code else { return Ok(SecondFactor::Wanted) };
        let Some(step) = step_of(&generator(secret, account)?, code.trim(), now_s()) else {
            return Ok(SecondFactor::Wrong);
        };
        let (first,): (bool,) =
            sqlx::query_as("select totp_use($1, $2)").bind(account).bind(step).fetch_one(&self.pool).await?;
        Ok(if first { SecondFactor::Right } else { SecondFactor::Wrong })
    }
}

impl Session {
    /// Whether the actor's sign-in wants a code.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn has_totp(&mut self) -> Result<bool> {
        let name = self.actor.name.clone();
        let (on,): (bool,) =
            sqlx::query_as("select totp_secret($1) is not null").bind(name).fetch_one(self.connection()).await?;
        Ok(on)
    }

    /// Makes a secret for the actor. It is asked for at sign-in once [`Session::confirm_totp`] has seen a code of it.
    ///
    /// # Errors
    /// `Conflict` when there is one in use already; `Unavailable`.
    pub async fn begin_totp(&mut self) -> Result<Enrolment> {
        let secret = rand::random::<[u8; 20]>().to_vec();
        sqlx::query("select totp_begin($1)").bind(&secret).execute(self.connection()).await?;
        let totp = generator(secret, &self.actor.name)?;
        Ok(Enrolment { secret: totp.get_secret_base32(), url: totp.get_url() })
    }

    /// Turns the second factor on, by a code that shows that its owner's phone has the secret.
    ///
    /// # Errors
    /// `Invalid` for a wrong code, `NotFound` where no secret waits; `Unavailable`.
    pub async fn confirm_totp(&mut self, code: &str) -> Result<()> {
        let (secret,): (Option<Vec<u8>>,) =
            sqlx::query_as("select totp_pending()").fetch_one(self.connection()).await?;
        let secret = secret.ok_or_else(|| Error::NotFound("totp".to_owned()))?;
        let name = self.actor.name.clone();
        let step = step_of(&generator(secret, &name)?, code.trim(), now_s()).ok_or_else(wrong_code)?;
        sqlx::query("select totp_confirm($1)").bind(step).execute(self.connection()).await?;
        self.audit("totp.on", &name, serde_json::json!({}));
        Ok(())
    }

    /// Turns the second factor of an account off: the actor's own, or for a steward of the whole city anybody's.
    ///
    /// # Errors
    /// `NotFound` where there is none, `Forbidden`; `Unavailable`.
    pub async fn remove_totp(&mut self, account: &str) -> Result<()> {
        let (removed,): (bool,) =
            sqlx::query_as("select totp_remove($1)").bind(account).fetch_one(self.connection()).await?;
        if !removed {
            return Err(Error::NotFound(format!("totp of {account}")));
        }
        self.audit("totp.off", account, serde_json::json!({}));
        Ok(())
    }
}

fn wrong_code() -> Error {
    Error::invalid(
        "body",
        "code",
        "",
        Text::new("验证码不对或已过期", "the code is wrong or too old"),
        Text::new(
            "输入验证器当前显示的 6 位数字,并检查手机时间",
            "give the six digits that the app shows now; check the phone's clock",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six of its eight digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let totp = generator(b"12345678901234567890".to_vec(), "W017").expect("a generator");
        for (at_s, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let step = (at_s / STEP_S) as i64;
            assert_eq!(step_of(&totp, code, at_s), Some(step), "{at_s}");
            assert_eq!(step_of(&totp, code, at_s + STEP_S), Some(step), "a phone that is late");
            assert_eq!(step_of(&totp, code, at_s + 2 * STEP_S), None, "too late");
            for wrong in ["", "28708", "2870822", "000000", "287082 "] {
                assert_eq!(step_of(&totp, wrong, at_s), None, "{wrong}");
            }
        }
        assert!(totp.get_url().starts_with("otpauth://totp/gridpin:W017?secret="), "{}", totp.get_url());
    }
}
