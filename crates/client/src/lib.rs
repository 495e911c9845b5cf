//! A blocking client of the API: requests as values, one trait to carry them, typed answers.
//!
//! It knows no operation by name: a caller gives the path and the type. Over HTTP it is carried
//! by [`Http`]; the command line carries the same requests straight to a router over a book file.

mod http;

use std::collections::BTreeMap;

use bareboat_api::{Page, Problem, header, limit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use http::Http;

/// A method of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks or writes.
    Post,
    /// Writes a thing whole.
    Put,
}

impl Method {
    /// Its name, in upper case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// A request, without its key.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its method.
    pub method: Method,
    /// Its path: `/v1/organisations`.
    pub path: String,
    /// Its query parameters, not yet encoded.
    pub query: Vec<(String, String)>,
    /// Its headers, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// Its body's media type and bytes.
    pub body: Option<(String, Vec<u8>)>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// A read.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    /// A write, or a question with a body.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new(Method::Post, path)
    }

    /// With a query parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// With a query parameter, when there is one.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// With a header, by its lower-case name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// With a JSON body.
    pub fn json<T: Serialize>(mut self, body: &T) -> Result<Self, Failure> {
        let bytes = serde_json::to_vec(body).map_err(Failure::Unreadable)?;
        self.body = Some(("application/json".to_owned(), bytes));
        Ok(self)
    }

    /// With a body of another media type.
    #[must_use]
    pub fn bytes(mut self, media_type: &str, body: Vec<u8>) -> Self {
        self.body = Some((media_type.to_owned(), body));
        self
    }

    /// Path and query, encoded.
    pub fn target(&self) -> String {
        let mut target = encode(&self.path, true);
        for (i, (name, value)) in self.query.iter().enumerate() {
            target.push(if i == 0 { '?' } else { '&' });
            target.push_str(&encode(name, false));
            target.push('=');
            target.push_str(&encode(value, false));
        }
        target
    }
}

fn encode(text: &str, path: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || path && byte == b'/';
        if plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The journal position that it was read at, or that the write ends at.
    pub fn position(&self) -> Option<u64> {
        self.headers.get(header::POSITION)?.parse().ok()
    }

    /// Reads its JSON body.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_slice(&self.body).map_err(Failure::Unreadable)
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The server answered with a problem.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// It could not be reached.
    #[error("could not reach {server}")]
    Unreachable {
        /// Where it was looked for.
        server: String,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered with something else than this API.
    #[error("the answer does not read")]
    Unreadable(#[source] serde_json::Error),
    /// It answered with a status but no problem.
    #[error("the server answered {0} without saying why")]
    Status(u16),
}

/// Carries a request to the API and brings the answer.
pub trait Transport {
    /// Sends a request with its key; every status is an answer.
    fn send(&self, request: &Request, key: Option<&str>) -> Result<Answer, Failure>;
}

/// A client: a transport with a key, and what holds for every request.
pub struct Client {
    transport: Box<dyn Transport>,
    key: Option<String>,
    as_of: Option<String>,
    dry_run: bool,
}

impl Client {
    /// A client that sends through `transport` with a key.
    pub fn new(transport: Box<dyn Transport>, key: Option<String>) -> Self {
        Self {
            transport,
            key,
            as_of: None,
            dry_run: false,
        }
    }

    /// Reads look at this past position or instant.
    #[must_use]
    pub fn as_of(mut self, moment: Option<String>) -> Self {
        self.as_of = moment;
        self
    }

    /// Writes write nothing, and answer what would happen.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }

    /// Sends a request; a problem is a failure.
    pub fn send(&self, request: &Request) -> Result<Answer, Failure> {
        let answer = self.transport.send(request, self.key.as_deref())?;
        if answer.status < 400 {
            return Ok(answer);
        }
        match answer.read::<Problem>() {
            Ok(problem) => Err(Failure::Problem(Box::new(problem))),
            Err(_) => Err(Failure::Status(answer.status)),
        }
    }

    /// A read, at the moment that the client looks at.
    pub fn read(&self, request: Request) -> Result<Answer, Failure> {
        self.send(&request.with_some("as_of", self.as_of.as_ref()))
    }

    /// A write; nothing is written when the client makes dry runs.
    pub fn write(&self, request: Request) -> Result<Answer, Failure> {
        let dry_run = self.dry_run.then_some("true");
        self.send(&request.with_some("dry_run", dry_run))
    }

    /// A read's answer, typed.
    pub fn get<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        self.read(request)?.read()
    }

    /// A write's answer, typed.
    pub fn post<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        self.write(request)?.read()
    }

    /// The rows of a list, page after page, as they come.
    pub fn pages(&self, request: Request) -> impl Iterator<Item = Result<Vec<Value>, Failure>> {
        let request = request.with("limit", limit::PAGE_MOST);
        let mut next = Some(None::<String>);
        std::iter::from_fn(move || {
            let cursor = next.take()?;
            let request = request.clone().with_some("cursor", cursor);
            let page: Result<Page<Value>, _> = self.get(request);
            Some(page.map(|page| {
                next = page.next_cursor.map(Some);
                page.items
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_encoded() {
        let request = Request::get("/v1/things/C-0042")
            .with("kind", "a b&c")
            .with_some("none", None::<u32>);
        assert_eq!(request.target(), "/v1/things/C-0042?kind=a%20b%26c");
        assert_eq!(Request::get("/v1/ü?").target(), "/v1/%C3%BC%3F");
    }
}
