//! Errors, told by what the caller can do about them.

use std::fmt;

/// A text in both languages of the product.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Text {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text from its Chinese and its English wording.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Text { zh: zh.into(), en: en.into() }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.en, self.zh)
    }
}

/// One thing that is wrong with an input: where, which field, which value, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Fault {
    /// File with line or feature number, or a JSON pointer, or empty where the field alone says it.
    pub place: String,
    /// Field (column, parameter) name, or empty.
    pub field: String,
    /// The value as given, cut to a readable length.
    pub value: String,
    /// What is wrong with it.
    pub reason: Text,
    /// What the caller can do.
    pub remedy: Text,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: [(&str, &str); 3] = [("", &self.place), ("field ", &self.field), ("value ", &self.value)];
        for (label, part) in parts.iter().filter(|(_, part)| !part.is_empty()) {
            write!(f, "{label}{part}: ")?;
        }
        write!(f, "{} -> {}\n  {} -> {}", self.reason.en, self.remedy.en, self.reason.zh, self.remedy.zh)
    }
}

/// Everything that can go wrong, by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is wrong: mend it and try again. Exit code 2, HTTP 422 (400 where the request cannot be read).
    #[error("{}", .0.iter().map(|f| f.to_string()).collect::<Vec<_>>().join("\n"))]
    Invalid(Vec<Fault>),
    /// There is no such thing, or it is not the caller's to see. HTTP 404.
    #[error("{0} not found / 未找到")]
    NotFound(String),
    /// Sign in first. HTTP 401.
    #[error("sign in first / 请先登录")]
    Unauthenticated,
    /// The caller may not do this. HTTP 403.
    #[error("{0}")]
    Forbidden(Text),
    /// Somebody else was first: read the current state and decide again. HTTP 409.
    #[error("{message}")]
    Conflict {
        /// What collided.
        message: Text,
        /// The record as it stands now.
        current: Option<Box<serde_json::Value>>,
    },
    /// The database or a file system is away: try again later. HTTP 503, exit code 3.
    #[error("unavailable / 暂不可用: {0}")]
    Unavailable(String),
    /// A fault of ours. HTTP 500, exit code 70.
    #[error("internal error / 内部错误: {0}")]
    Internal(String),
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A single fault of the input.
    pub fn invalid(
        place: impl Into<String>,
        field: impl Into<String>,
        value: impl Into<String>,
        reason: Text,
        remedy: Text,
    ) -> Self {
        let mut value = value.into();
        if value.chars().count() > 120 {
            value = value.chars().take(117).collect::<String>() + "...";
        }
        Error::Invalid(vec![Fault { place: place.into(), field: field.into(), value, reason, remedy }])
    }

    /// The process exit code that says the same as this error.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Invalid(_) | Error::NotFound(_) | Error::Conflict { .. } => 2,
            Error::Unauthenticated | Error::Forbidden(_) => 4,
            Error::Unavailable(_) => 3,
            Error::Internal(_) => 70,
        }
    }
}
