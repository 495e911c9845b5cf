//! Query parameters, strictly: only those that the operation has, each at most once.

use bareboat_api::Problem;
use bareboat_api::code::Edge;

/// The parameters of one request.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query string; `known` are the parameters that the operation has.
    pub fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, Problem> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in query
            .unwrap_or("")
            .split('&')
            .filter(|part| !part.is_empty())
        {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if !known.contains(&name.as_str()) {
                let list = if known.is_empty() {
                    "the operation has none".to_owned()
                } else {
                    format!("it has {}", known.join(", "))
                };
                let name: String = name.chars().take(60).collect();
                let detail = format!("there is no parameter {name:?}; {list}");
                return Err(Problem::edge(Edge::UnknownParameter, detail));
            }
            if pairs.iter().any(|(other, _)| *other == name) {
                return Err(invalid(&name, "it stands twice"));
            }
            // A number and a boolean cannot be empty; of a text, it says nothing.
            if value.is_empty() && matches!(name.as_str(), "limit" | "dry_run") {
                return Err(invalid(&name, "it is empty"));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// A parameter's text; an empty text counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        let (_, value) = pairs.find(|(other, _)| other == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// A parameter, parsed.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        text.parse()
            .map(Some)
            .map_err(|error: T::Err| invalid(name, error))
    }

    /// All but the named parameters, in a fixed order.
    pub fn without(&self, names: &[&str]) -> Vec<u8> {
        let mut pairs: Vec<_> = self
            .0
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()))
            .collect();
        pairs.sort();
        serde_json::to_vec(&pairs).unwrap_or_default()
    }
}

/// A parameter that does not parse.
pub fn invalid(name: &str, why: impl std::fmt::Display) -> Problem {
    Problem::edge(Edge::InvalidParameter, format!("{name}: {why}"))
}

fn decode(text: &str) -> Result<String, Problem> {
    let bad = || {
        let detail = "the query is not percent-encoded UTF-8";
        Problem::edge(Edge::InvalidParameter, detail)
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()];
                let [Some(high), Some(low)] = digits else {
                    return Err(bad());
                };
                let digit = |d: u8| {
                    char::from(d)
                        .to_digit(16)
                        .and_then(|d| u8::try_from(d).ok())
                };
                match (digit(high), digit(low)) {
                    (Some(high), Some(low)) => bytes.push(high << 4 | low),
                    _ => return Err(bad()),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_parameters_once_each() {
        let known = ["limit", "kind"];
        let query = Query::parse(Some("limit=5&kind=a%20b+c"), &known).unwrap();
        assert_eq!(query.get("kind"), Some("a b c"));
        assert_eq!(query.parsed::<u32>("limit").unwrap(), Some(5));
        for (bad, code) in [
            ("colour=red", "api.unknown_parameter"),
            ("limit=1&limit=2", "api.invalid_parameter"),
            ("limit=", "api.invalid_parameter"),
            ("kind=%zz", "api.invalid_parameter"),
            ("kind=%ff", "api.invalid_parameter"),
            ("kind=%f", "api.invalid_parameter"),
        ] {
            assert_eq!(
                Query::parse(Some(bad), &known).unwrap_err().code,
                code,
                "{bad}"
            );
        }
        let query = Query::parse(Some("limit=many"), &known).unwrap();
        assert!(query.parsed::<u32>("limit").is_err());
    }
}
