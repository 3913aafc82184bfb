//! From the database's errors to what the caller can do, by the names of its constraints.

use crate::error::{Error, Text};

/// What a broken constraint means to the one who broke it: its name, Chinese, English, and whether it is a right that
/// is missing (else the input is wrong).
const CONSTRAINTS: &[(&str, bool, &str, &str)] = &[
    ("correction_reviewer_is_not_collector", true, "更正不能由采集人自己审核", "who made a correction can't review it"),
    ("hazard_closer_is_not_finder", true, "隐患不能由发现人自己销号", "who found a hazard can't close it"),
    ("account_nobody_raises_own_role", true, "不能修改自己的权限", "nobody changes their own rights"),
    ("hazard_step_known", false, "隐患状态不能这样变更", "a hazard can't take this step from where it stands"),
    ("address_grid_known", false, "没有这个网格编码", "there is no grid with this code"),
    ("grid_parent_known", false, "上级网格不存在", "the parent grid doesn't exist"),
    ("api_token_scope_known", false, "没有这个网格编码", "there is no grid with this code"),
    ("api_token_on_own_ground", false, "这个网格不在账号的辖区内", "this grid is not on the account's ground"),
    ("api_token_label_given", false, "请写明令牌的用途,80 字以内", "say what the token is for, in 80 characters"),
    ("api_token_lifetime", false, "令牌最长有效 366 天", "a token is good for 366 days at most"),
    ("account_scope_known", false, "没有这个网格编码", "there is no grid with this code"),
    (
        "account_name_form",
        false,
        "账号只能用字母、数字、点、横线",
        "an account's name is letters, digits, dots and dashes",
    ),
    ("rental_address_known", false, "没有这个地址", "there is no such address"),
    ("hazard_address_known", false, "没有这个地址", "there is no such address"),
    ("hazard_rental_known", false, "没有这个出租房", "there is no such rental"),
    ("inspection_rental_known", false, "没有这个出租房", "there is no such rental"),
    ("visit_address_known", false, "没有这个地址", "there is no such address"),
    ("place_address_known", false, "没有这个地址", "there is no such address"),
    ("headcount_grid_known", false, "没有这个网格编码", "there is no grid with this code"),
    ("batch_adds_up", false, "导入行数不相符", "an import's counts don't add up"),
];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Error {
        match error {
            sqlx::Error::Database(error) => from_database(error.as_ref()),
            sqlx::Error::RowNotFound => Error::NotFound("record".into()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Error::Unavailable(format!("database: {error}")),
            // A connection that was cut in the middle of a message.
            sqlx::Error::Protocol(_) => Error::Unavailable(format!("database: {error}")),
            sqlx::Error::Configuration(_) => Error::invalid(
                "--database",
                "",
                "",
                Text::new(format!("数据库地址无法识别: {error}"), format!("the database URL can't be read: {error}")),
                Text::new("写成 postgres://用户:密码@主机:端口/库", "write postgres://user:password@host:port/name"),
            ),
            other => Error::Internal(format!("database: {other}")),
        }
    }
}

fn from_database(error: &dyn sqlx::error::DatabaseError) -> Error {
    let code = error.code().unwrap_or_default().into_owned();
    if let Some(name) = error.constraint() {
        if let Some((_, right, zh, en)) = CONSTRAINTS.iter().find(|(known, ..)| *known == name) {
            let text = Text::new(*zh, *en);
            return if *right {
                Error::Forbidden(text)
            } else {
                Error::invalid("", name, "", text, Text::new("改正后再试", "mend it and try again"))
            };
        }
        if name == "totp_once" {
            return conflict("两步验证已经开启", "the second factor is on already");
        }
        if name == "correction_reviewed_once" {
            return conflict("这条更正已经审核过", "this correction was reviewed already");
        }
    }
    match code.as_str() {
        // Class 08 connection, 53 resources, 57 operator intervention (shutdown, crash, cannot connect now).
        c if c.starts_with("08") || c.starts_with("53") || c.starts_with("57") => {
            Error::Unavailable(format!("database: {}", error.message()))
        }
        // 55000 is how a database says that it takes no connections.
        "55000" | "40001" | "40P01" | "55P03" => {
            Error::Unavailable(format!("database: {}; try again", error.message()))
        }
        "42501" => Error::Forbidden(Text::new("没有权限,或不在您的辖区", "not allowed, or outside your ground")),
        "28P01" | "28000" | "3D000" => Error::Unavailable(format!("database: {}", error.message())),
        "23503" | "23514" | "23502" | "22P02" | "22P05" | "22003" | "22021" => Error::invalid(
            "",
            error.constraint().unwrap_or_default(),
            "",
            Text::new(
                format!("数据库不接受: {}", error.message()),
                format!("the database refuses it: {}", error.message()),
            ),
            Text::new("改正后再试", "mend it and try again"),
        ),
        "23505" => conflict("已经有相同的记录", "such a record exists already"),
        "42P01" | "42703" | "42883" => Error::Unavailable(format!(
            "database: {} (run `gridpin migrate` first / 请先运行 gridpin migrate)",
            error.message()
        )),
        _ => Error::Internal(format!("database: {} ({code})", error.message())),
    }
}

/// A conflict without a record to show.
pub(crate) fn conflict(zh: &str, en: &str) -> Error {
    Error::Conflict { message: Text::new(zh, en), current: None }
}

/// A fault of ours in what the database answered.
pub(crate) fn garbled(what: impl std::fmt::Display) -> Error {
    Error::Internal(format!("the database answered something unexpected: {what}"))
}
