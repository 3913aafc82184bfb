//! JSON bodies and path segments, refused as problems with the path of the member that is wrong.

use super::problem::Failure;
use crate::domain::address::personal::{self, PersonalKind};
use crate::error::{Error, Fault, Text};
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;

/// The largest body that is read.
pub const BODY_MAX: usize = 1024 * 1024;

/// A JSON body.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Failure::MediaType);
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Failure::TooLarge)?;
        parse(&bytes).map(Body)
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let message = inner.to_string();
        if inner.is_syntax() || inner.is_eof() {
            return Failure::Unreadable(vec![Fault {
                place: format!("line {}, column {}", inner.line(), inner.column()),
                field: String::new(),
                value: String::new(),
                reason: Text::new(format!("不是 JSON:{message}"), format!("not JSON: {message}")),
                remedy: Text::new("发送一个 JSON 对象", "send a JSON object"),
            }]);
        }
        let missing = message.split('`').nth(1).filter(|_| message.starts_with("missing field"));
        let field = match (path.as_str(), missing) {
            (".", Some(name)) => name.to_owned(),
            (path, Some(name)) => format!("{path}.{name}"),
            (".", None) => String::new(),
            (path, None) => path.to_owned(),
        };
        let reason = if missing.is_some() {
            Text::new("缺少该项", "missing")
        } else {
            let message = message.split(" at line ").next().unwrap_or(&message);
            Text::new(format!("取值不对:{message}"), message.to_owned())
        };
        let remedy = Text::new("格式见 /api/openapi.json", "see /api/openapi.json for its form");
        Failure::Error(Error::invalid("body", field, "", reason, remedy))
    })?;
    json.end().map_err(|error| {
        Failure::Unreadable(vec![Fault {
            place: "body".to_owned(),
            field: String::new(),
            value: String::new(),
            reason: Text::new("JSON 之后还有内容", format!("something follows the JSON: {error}")),
            remedy: Text::new("只发送一个 JSON 对象", "send one JSON object only"),
        }])
    })?;
    Ok(value)
}

/// Refuses a time in the future; a phone's clock may be five minutes fast.
///
/// # Errors
/// `Invalid` for a later time.
pub fn past(field: &str, at: DateTime<Utc>) -> Result<(), Error> {
    if at > Utc::now() + chrono::TimeDelta::minutes(5) {
        let reason = Text::new("时间在将来", "the time is in the future");
        let remedy = Text::new("检查设备时钟", "check the device's clock");
        return Err(Error::invalid("body", field, at.to_rfc3339(), reason, remedy));
    }
    Ok(())
}

/// The most characters of a free text.
const TEXT_MAX: usize = 2000;

/// A free text, once it is sure that nobody is named in it: no identity or telephone number, no name behind a word that
/// announces one. What was found is said with its characters hidden.
///
/// # Errors
/// `Invalid` for a text that holds a person's data, or is too long.
pub fn screened(field: &str, text: String) -> Result<String, Error> {
    if text.len() > TEXT_MAX && text.chars().count() > TEXT_MAX {
        let reason = Text::new("说明过长", "the text is too long");
        let remedy = Text::new(format!("最多 {TEXT_MAX} 个字"), format!("{TEXT_MAX} characters at most"));
        return Err(Error::invalid("body", field, text.chars().take(40).collect::<String>(), reason, remedy));
    }
    let Some(found) = personal::find(&text).into_iter().next() else { return Ok(text) };
    let hidden = personal::mask(&text);
    let reason = match found.kind {
        PersonalKind::Identity => Text::new("含有身份证号", "it holds an identity number"),
        PersonalKind::Telephone => Text::new("含有电话号码", "it holds a telephone number"),
        PersonalKind::Name => Text::new("含有人名", "it names a person"),
    };
    let (zh, en) = (format!("{}：{hidden}", reason.zh), format!("{}: {hidden}", reason.en));
    let remedy =
        Text::new("请删去个人信息，本系统不保存任何个人", "take the person's data out: no person is kept here");
    Err(Error::invalid("body", field, hidden, Text::new(zh, en), remedy))
}

/// Refuses an attribute that holds an identity or telephone number.
///
/// # Errors
/// `Invalid` for one.
pub fn unnumbered(field: &str, value: &str) -> Result<(), Error> {
    if personal::number(value).is_some() { screened(field, value.to_owned()).map(drop) } else { Ok(()) }
}

/// A segment of the path as text. What is no valid segment names nothing: 404.
#[derive(Debug)]
pub struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let path = parts.uri.path().to_owned();
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| Error::NotFound(path))?;
        Ok(Segment(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        lon: f64,
    }
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Outer {
        name: String,
        at: Option<Inner>,
    }

    #[test]
    fn free_texts_name_nobody() {
        for (text, what) in [
            ("请联系房东 13812345678", "电话"),
            ("身份证110101199003078515", "身份证"),
            ("户主张建国，不在家", "人名"),
            ("电话 0571-87654321", "电话"),
        ] {
            let Err(Error::Invalid(faults)) = screened("note", text.to_owned()) else { panic!("{text} was taken") };
            assert!(faults[0].reason.zh.contains(what), "{text}: {}", faults[0].reason.zh);
            assert!(
                !faults[0].to_string().contains("12345678") && !faults[0].to_string().contains("建国"),
                "{}",
                faults[0]
            );
        }
        for text in [
            "",
            "门口改到南侧，门牌未变",
            "巷内第三家，铁门，门牌被遮挡",
            "充电桩设在楼道，已通知物业，3日内整改",
            "与12号之间新修围墙，点位向东移8米",
            "王家弄12号门牌脱落，照片编号 20261103-0017",
            "the gate faces the river now; see order 2026-1103",
            "高德坐标批量偏移，P00165 整批纠正",
            "房东不在，下周再来",
            "租户已搬走，钥匙在社区",
        ] {
            assert_eq!(screened("note", text.to_owned()).as_deref().ok(), Some(text));
        }
        assert!(screened("note", "长".repeat(2001)).is_err());
    }

    #[test]
    fn faults_name_the_member() {
        for (text, field) in [
            (r#"{}"#, "name"),
            (r#"{"name":"a","at":{}}"#, "at.lon"),
            (r#"{"name":"a","at":{"lon":"x"}}"#, "at.lon"),
            (r#"{"name":1}"#, "name"),
        ] {
            let Err(Failure::Error(Error::Invalid(faults))) = parse::<Outer>(text.as_bytes()) else {
                panic!("{text} was taken")
            };
            assert_eq!(faults[0].field, field, "{text}");
        }
        for text in ["", "{", r#"{"name":"a","#, "nonsense", r#"{"name":"a"} x"#] {
            assert!(matches!(parse::<Outer>(text.as_bytes()), Err(Failure::Unreadable(_))), "{text}");
        }
    }
}
