//! Errors over HTTP: RFC 9457 problem details with stable types, in one place.

use crate::error::{Error, Fault, Text};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, as RFC 9457 says it, with both languages and the faults of the input.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Stable name of the kind of problem: `urn:gridpin:problem:` and `invalid`, `conflict`, `not-found` ...
    pub r#type: String,
    /// The kind of problem in English.
    pub title: String,
    /// The kind of problem in Chinese.
    pub title_zh: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in English.
    pub detail: String,
    /// What happened, in Chinese.
    pub detail_zh: String,
    /// What is wrong with the input, one by one.
    pub errors: Vec<ProblemFault>,
    /// With a conflict: the record as it stands now.
    pub current: Option<serde_json::Value>,
}

/// One fault of the input.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemFault {
    /// Name of the parameter, or path to the member of the body.
    pub field: String,
    /// The value as it was given, cut to a readable length.
    pub value: String,
    /// What is wrong with it.
    pub reason: Text,
    /// What the caller can do.
    pub remedy: Text,
}

/// Everything that a handler can answer instead of success: the crate's errors and what only HTTP knows.
#[derive(Debug)]
pub enum Failure {
    /// An error of the crate.
    Error(Error),
    /// The request cannot be read at all. 400
    Unreadable(Vec<Fault>),
    /// A request that another site made the browser send. 403
    CrossSite,
    /// The path exists, but not with this method. 405
    Method,
    /// The body is larger than anything that this service takes. 413
    TooLarge,
    /// The body is not JSON. 415
    MediaType,
    /// A sign-in with a name and a password that do not belong together. 401
    WrongPassword,
    /// The password was right, and the account's second factor is wanted. 401
    CodeWanted,
    /// The code of the second factor is wrong or was used before. 401
    WrongCode,
    /// Too many attempts: wait so many seconds. 429
    TooMany(u64),
    /// More requests than this process can serve now. 503
    Busy,
    /// What is asked for is known once the city is checked, in this process or, with `elsewhere`, in another. 503
    Unchecked {
        /// Whether this process never checks.
        elsewhere: bool,
    },
}

/// What a handler answers.
pub type Answer<T> = Result<T, Failure>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Error(error)
    }
}

struct Kind(StatusCode, &'static str, &'static str, &'static str);

const INVALID: Kind = Kind(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid input", "输入有误");
const UNREADABLE: Kind = Kind(StatusCode::BAD_REQUEST, "unreadable", "Unreadable request", "请求无法读取");
const NOT_FOUND: Kind = Kind(StatusCode::NOT_FOUND, "not-found", "Not found", "未找到");
const UNAUTHENTICATED: Kind = Kind(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first", "请先登录");
const WRONG_PASSWORD: Kind =
    Kind(StatusCode::UNAUTHORIZED, "wrong-password", "Wrong name or password", "账号或密码不对");
const CODE_WANTED: Kind = Kind(StatusCode::UNAUTHORIZED, "code-wanted", "Code wanted", "请输入验证码");
const WRONG_CODE: Kind = Kind(StatusCode::UNAUTHORIZED, "wrong-code", "Wrong code", "验证码不对");
const FORBIDDEN: Kind = Kind(StatusCode::FORBIDDEN, "forbidden", "Not allowed", "没有权限");
const METHOD: Kind = Kind(StatusCode::METHOD_NOT_ALLOWED, "method", "Method not allowed", "不支持该方法");
const CONFLICT: Kind = Kind(StatusCode::CONFLICT, "conflict", "Conflict", "数据已被他人修改");
const TOO_LARGE: Kind = Kind(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large", "请求体过大");
const MEDIA_TYPE: Kind = Kind(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "Not JSON", "请求体不是 JSON");
const TOO_MANY: Kind = Kind(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many attempts", "尝试次数过多");
const UNAVAILABLE: Kind = Kind(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable", "暂不可用");
const BUSY: Kind = Kind(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy", "服务繁忙");
const UNCHECKED: Kind = Kind(StatusCode::SERVICE_UNAVAILABLE, "unchecked", "Not checked yet", "尚未核查完");
const INTERNAL: Kind = Kind(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error", "内部错误");

impl Failure {
    /// The problem that says this failure. What is only for the operator is logged and left out.
    fn problem(self) -> (Problem, Option<u64>) {
        let (kind, detail, faults, current, retry_s) = match self {
            Failure::Error(Error::Invalid(faults)) => (INVALID, summary(&faults), faults, None, None),
            Failure::Unreadable(faults) => (UNREADABLE, summary(&faults), faults, None, None),
            Failure::Error(Error::NotFound(what)) => {
                (NOT_FOUND, Text::new(format!("未找到 {what}"), format!("{what} not found")), vec![], None, None)
            }
            Failure::Error(Error::Unauthenticated) => (
                UNAUTHENTICATED,
                Text::new("请先登录(POST /api/session)", "sign in first (POST /api/session)"),
                vec![],
                None,
                None,
            ),
            Failure::Error(Error::Forbidden(why)) => (FORBIDDEN, why, vec![], None, None),
            Failure::Error(Error::Conflict { message, current }) => {
                (CONFLICT, message, vec![], current.map(|current| *current), None)
            }
            Failure::Error(Error::Unavailable(why)) => {
                tracing::warn!(%why, "unavailable");
                let text = Text::new(
                    "数据库或文件系统暂不可用,请稍后再试;地图与列表仍可浏览",
                    "the database or a file system is away; try again soon; map and lists can still be read",
                );
                (UNAVAILABLE, text, vec![], None, Some(5))
            }
            Failure::Error(Error::Internal(why)) => {
                tracing::error!(%why, "internal error");
                let text = Text::new(
                    "服务出错,已记入日志;请稍后再试或告知管理员",
                    "a fault of the service, logged; try again or tell the operator",
                );
                (INTERNAL, text, vec![], None, None)
            }
            Failure::CrossSite => (
                FORBIDDEN,
                Text::new("请求来自其他网站,已拒绝", "the request comes from another site and was refused"),
                vec![],
                None,
                None,
            ),
            Failure::Method => {
                (METHOD, Text::new("该地址不支持此方法", "this path has no such method"), vec![], None, None)
            }
            Failure::TooLarge => {
                (TOO_LARGE, Text::new("请求体不能超过 1 MB", "a body is at most 1 MB"), vec![], None, None)
            }
            Failure::MediaType => (
                MEDIA_TYPE,
                Text::new("请以 Content-Type: application/json 发送", "send it with Content-Type: application/json"),
                vec![],
                None,
                None,
            ),
            Failure::WrongPassword => {
                (WRONG_PASSWORD, Text::new("账号或密码不对", "name or password is wrong"), vec![], None, None)
            }
            Failure::CodeWanted => (
                CODE_WANTED,
                Text::new("请输入验证器应用显示的 6 位数字", "give the six digits that the authenticator app shows"),
                vec![],
                None,
                None,
            ),
            Failure::WrongCode => (
                WRONG_CODE,
                Text::new("验证码不对、已过期或已用过", "the code is wrong, too old, or was used before"),
                vec![],
                None,
                None,
            ),
            Failure::TooMany(wait_s) => (
                TOO_MANY,
                Text::new(format!("请等待 {wait_s} 秒后再试"), format!("wait {wait_s} s and try again")),
                vec![],
                None,
                Some(wait_s),
            ),
            Failure::Unchecked { elsewhere: false } => (
                UNCHECKED,
                Text::new(
                    "正在核查全部数据,依据与成批纠正稍后可用;已有的问题仍可查看和处理",
                    "everything is being checked; evidence and batches follow when that is done; flags can be worked on meanwhile",
                ),
                vec![],
                None,
                Some(5),
            ),
            Failure::Unchecked { elsewhere: true } => (
                UNCHECKED,
                Text::new(
                    "本进程不做核查,依据与成批纠正由负责核查的进程提供",
                    "this process does not check; evidence and batches are known to the process that does",
                ),
                vec![],
                None,
                Some(60),
            ),
            Failure::Busy => (
                BUSY,
                Text::new("请求过多,请稍后再试", "too many requests at once; try again soon"),
                vec![],
                None,
                Some(1),
            ),
        };
        let Kind(status, name, title, title_zh) = kind;
        let problem = Problem {
            r#type: format!("urn:gridpin:problem:{name}"),
            title: title.to_owned(),
            title_zh: title_zh.to_owned(),
            status: status.as_u16(),
            detail: detail.en,
            detail_zh: detail.zh,
            errors: faults.into_iter().map(ProblemFault::from).collect(),
            current,
        };
        (problem, retry_s)
    }
}

fn summary(faults: &[Fault]) -> Text {
    let join = |pick: fn(&Fault) -> &str, with: &str| {
        let texts: Vec<String> = faults
            .iter()
            .map(|fault| {
                let field = if fault.field.is_empty() { &fault.place } else { &fault.field };
                if field.is_empty() { pick(fault).to_owned() } else { format!("{field}: {}", pick(fault)) }
            })
            .collect();
        texts.join(with)
    };
    Text::new(join(|fault| &fault.reason.zh, ";"), join(|fault| &fault.reason.en, "; "))
}

/// What the API calls the field that a constraint of the database speaks of.
const FIELDS: [(&str, &str); 9] = [
    ("address_grid_known", "value"),
    ("hazard_step_known", "to"),
    ("hazard_address_known", "address_id"),
    ("hazard_rental_known", "rental_id"),
    ("rental_address_known", "address_id"),
    ("inspection_rental_known", "rental_id"),
    ("visit_address_known", "address_id"),
    ("correction_address_known", "address_id"),
    ("dismissal_reason_given", "reason"),
];

impl From<Fault> for ProblemFault {
    fn from(fault: Fault) -> Self {
        let field = if fault.field.is_empty() { fault.place } else { fault.field };
        let field = FIELDS.iter().find(|(name, _)| *name == field).map_or(field, |(_, called)| (*called).to_owned());
        ProblemFault { field, value: fault.value, reason: fault.reason, remedy: fault.remedy }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (problem, retry_s) = self.problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(retry_s) = retry_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_s));
        }
        response
    }
}
