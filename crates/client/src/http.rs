//! Requests over HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use ureq::http::{HeaderName, HeaderValue, Request as HttpRequest};

use crate::{Answer, Failure, Request, Transport};

/// An answer is never larger than this many bytes.
const LARGEST: u64 = 256 << 20;

/// Carries requests to a server.
pub struct Http {
    agent: ureq::Agent,
    server: String,
}

impl Http {
    /// Requests go to `server`: `http://127.0.0.1:7700`.
    pub fn new(server: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(Duration::from_secs(600)))
            .build();
        Self {
            agent: config.into(),
            server: server.trim_end_matches('/').to_owned(),
        }
    }

    fn unreachable(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
        Failure::Unreachable {
            server: self.server.clone(),
            source: source.into(),
        }
    }

    fn build(&self, request: &Request, key: Option<&str>) -> Result<HttpRequest<Vec<u8>>, Failure> {
        let mut builder = HttpRequest::builder()
            .method(request.method.as_str())
            .uri(format!("{}{}", self.server, request.target()));
        for (name, value) in &request.headers {
            let name = HeaderName::try_from(name).map_err(|e| self.unreachable(e))?;
            let value = HeaderValue::try_from(value).map_err(|e| self.unreachable(e))?;
            builder = builder.header(name, value);
        }
        if let Some(key) = key {
            builder = builder.header("authorization", format!("Bearer {key}"));
        }
        let mut bytes = Vec::new();
        if let Some((media_type, body)) = &request.body {
            builder = builder.header("content-type", media_type);
            bytes.clone_from(body);
        }
        builder.body(bytes).map_err(|e| self.unreachable(e))
    }
}

impl Transport for Http {
    fn send(&self, request: &Request, key: Option<&str>) -> Result<Answer, Failure> {
        let request = self.build(request, key)?;
        let mut response = self.agent.run(request).map_err(|e| self.unreachable(e))?;
        let headers: BTreeMap<String, String> = response
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = response.body_mut().with_config().limit(LARGEST);
        let body = body.read_to_vec().map_err(|e| self.unreachable(e))?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers,
            body,
        })
    }
}
