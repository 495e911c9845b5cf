//! Problems: `application/problem+json` (RFC 9457) with a stable code, and what to do.

use bareboat_base::{Class, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::code;

/// Why a request was not done. `code` is stable and has a page (`bareboat errors CODE`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, thiserror::Error)]
#[error("{detail} ({code})")]
pub struct Problem {
    /// A URI of the code's page: `urn:bareboat:error:CODE`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Box<str>,
    /// The status in words.
    #[schema(value_type = String)]
    pub title: Box<str>,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// The stable code: `access.organisation_code_taken`.
    pub code: String,
    /// What was wrong with this request.
    pub detail: String,
    /// What to do about it.
    #[schema(value_type = String)]
    pub hint: Box<str>,
    /// Names the request in logs and in the audit store.
    #[schema(value_type = String)]
    pub request_id: Box<str>,
}

impl Problem {
    /// The media type it is sent as.
    pub const MEDIA_TYPE: &'static str = "application/problem+json";

    /// A problem of the edge; the code's class, status and hint come from [`code`].
    pub fn edge(edge: code::Edge, detail: impl Into<String>) -> Self {
        Self::new(edge.status(), edge.as_str(), detail.into(), edge.hint())
    }

    /// A refusal of the book.
    pub fn refused(refusal: &dyn Refusal) -> Self {
        let status = status_of(refusal.class());
        Self::new(status, refusal.code(), refusal.to_string(), refusal.hint())
    }

    /// A problem with everything given.
    pub fn new(status: u16, code: &str, detail: impl Into<String>, hint: &str) -> Self {
        Self {
            kind: format!("urn:bareboat:error:{code}").into(),
            title: title(status).into(),
            status,
            code: code.to_owned(),
            detail: detail.into(),
            hint: hint.into(),
            request_id: Box::default(),
        }
    }
}

/// The status of a refusal. 400 says that the request could never be right; 422 that the law, a
/// list or a missing determination stands against it; 409 that the book as it stands does.
pub fn status_of(class: Class) -> u16 {
    match class {
        Class::Invalid => 400,
        Class::Forbidden => 403,
        Class::NotFound => 404,
        Class::Conflict => 409,
        Class::Refused => 422,
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
