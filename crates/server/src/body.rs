//! Request bodies: their size, their media type, and JSON with the place of an error.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bareboat_api::Problem;
use bareboat_api::code::Edge;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

const SLOWEST: Duration = Duration::from_secs(60);

/// Reads a body of at most `limit` bytes.
pub async fn read(body: Body, headers: &HeaderMap, limit: usize) -> Result<Bytes, Problem> {
    let too_large = || {
        let detail = format!("the body has more than {limit} bytes");
        Problem::edge(Edge::BodyTooLarge, detail)
    };
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let collected = Limited::new(body, limit).collect();
    match tokio::time::timeout(SLOWEST, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(malformed("the body broke off".to_owned())),
        Err(_) => Err(malformed("the body did not arrive in time".to_owned())),
    }
}

/// The media type of the request, one of `allowed`.
pub fn media_type(
    headers: &HeaderMap,
    allowed: &'static [&'static str],
) -> Result<&'static str, Problem> {
    let unsupported = |found: &str| {
        let found: String = found.chars().take(80).collect();
        let detail = format!("{found:?} is not taken; send {}", allowed.join(" or "));
        Problem::edge(Edge::UnsupportedMediaType, detail)
    };
    let value = headers.get(CONTENT_TYPE).ok_or_else(|| unsupported(""))?;
    let text = value.to_str().map_err(|_| unsupported("(not ASCII)"))?;
    let essence = text.split(';').next().unwrap_or("").trim();
    allowed
        .iter()
        .copied()
        .find(|one| one.eq_ignore_ascii_case(essence))
        .ok_or_else(|| unsupported(text))
}

/// Reads JSON; the problem names line, column and field.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let detail = if path == "." {
            error.inner().to_string()
        } else {
            format!("{path}: {}", error.inner())
        };
        malformed(detail)
    })?;
    deserializer
        .end()
        .map_err(|error| malformed(error.to_string()))?;
    Ok(value)
}

fn malformed(detail: String) -> Problem {
    // A message may quote what was sent; it shall not be as long as that.
    let detail: String = detail.chars().take(500).collect();
    Problem::edge(Edge::MalformedBody, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bareboat_api::access::CreateOrganisation;

    #[test]
    fn an_error_names_line_column_and_field() {
        for (text, expected) in [
            ("{\n \"code\": \"O A\"}", ["code", "line 2"]),
            (
                r#"{"code":"A","name":"A","kind":"tenant","x":1}"#,
                ["`x`", "line 1"],
            ),
            (r#"{"code":"A""#, ["line 1", "column 11"]),
            (r#"{"code":"A","name":"A","kind":7}"#, ["kind", "line 1"]),
            (
                r#"{"code":"A","name":"A","kind":"tenant"} x"#,
                ["trailing", "column 41"],
            ),
        ] {
            let problem = json::<CreateOrganisation>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.code, "api.malformed_body");
            for part in expected {
                assert!(problem.detail.contains(part), "{text}: {}", problem.detail);
            }
        }
    }
}
