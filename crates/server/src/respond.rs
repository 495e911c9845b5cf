//! Answers: problems, and headers that every answer has.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_base::{Digest, Refusal as _};
use bareboat_book::Rejection;
use bareboat_journal::SubmitError;

/// An answer with a body.
pub fn answer(status: u16, media_type: &str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    set(&mut response, header::CONTENT_TYPE.as_str(), media_type);
    response
}

/// A problem as an answer.
pub fn problem(problem: &Problem) -> Response<Body> {
    // A problem is strings and a number.
    let body = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = answer(problem.status, Problem::MEDIA_TYPE, body);
    if problem.status == 401 {
        set(&mut response, header::WWW_AUTHENTICATE.as_str(), "Bearer");
    }
    if problem.status == 503 {
        set(&mut response, header::RETRY_AFTER.as_str(), "1");
    }
    response
}

/// Sets a header; a value that is no header value is left out.
pub fn set(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
    }
}

/// The entity tag of a representation: a strong one.
pub fn etag(body: &[u8]) -> String {
    let digest = Digest::of(&[body]).to_string();
    format!("\"{}\"", &digest[..32])
}

/// An error in bareboat or under it: told to the log, not to the caller.
pub fn internal(error: &dyn std::error::Error) -> Problem {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    tracing::error!(error = text, "a request failed on this side");
    Problem::edge(Edge::Internal, "the server failed to do this")
}

/// Why a command was not recorded.
pub fn not_recorded(error: &SubmitError<Rejection>) -> Problem {
    match error {
        SubmitError::Rejected(rejection) => Problem::refused(rejection),
        SubmitError::PreconditionFailed(detail) => {
            Problem::edge(Edge::PreconditionFailed, detail.clone())
        }
        SubmitError::Busy => Problem::edge(Edge::Busy, error.to_string()),
        SubmitError::Stopped => Problem::edge(Edge::Stopping, error.to_string()),
        _ => match error.class() {
            Some(class) => Problem::new(
                bareboat_api::problem::status_of(class),
                error.code(),
                error.to_string(),
                error.hint(),
            ),
            None => {
                tracing::error!(code = error.code(), %error, "a command was not recorded");
                Problem::new(
                    500,
                    error.code(),
                    "the command was not recorded",
                    error.hint(),
                )
            }
        },
    }
}

/// A refusal of the book as a code, for logs.
pub fn code(error: &SubmitError<Rejection>) -> &'static str {
    match error {
        SubmitError::Rejected(rejection) => rejection.code(),
        other => other.code(),
    }
}
