//! What acts are called: `@name.field` in a later act, `{name.field}` in the page.

use std::collections::BTreeMap;

use anyhow::Result;
use bareboat_base::{Digest, MicroPrice, Money};
use serde_json::Value;

use super::script::Script;
use crate::exit;

/// The answers of named acts.
#[derive(Default)]
pub struct Names {
    answers: BTreeMap<String, Value>,
}

impl Names {
    /// Keeps an answer under a name.
    pub fn keep(&mut self, name: &str, answer: Value) {
        self.answers.insert(name.to_owned(), answer);
    }

    /// The value at a path such as `osaka.lots.0`; `osaka` alone is its id.
    fn at(&self, path: &str) -> Result<&Value> {
        let (name, rest) = path.split_once('.').unwrap_or((path, "id"));
        let unknown = || {
            exit::usage(
                format!("nothing is called @{path}"),
                "name an earlier act, and a field of its answer",
            )
        };
        let answer = self.answers.get(name).ok_or_else(unknown)?;
        rest.split('.')
            .try_fold(answer, |value, field| match value {
                Value::Array(items) if field == "last" => items.last(),
                Value::Array(items) => items.get(field.parse::<usize>().ok()?),
                other => other.get(field),
            })
            .ok_or_else(unknown)
    }

    /// A JSON value from a story's TOML, with references put in: `"@osaka"`, `{ file = "…" }`
    /// (a file's text), `{ sha256_of = "…" }` (a file's digest).
    pub fn fill(&self, value: &toml::Value, script: &Script) -> Result<Value> {
        Ok(match value {
            toml::Value::String(text) => match text.strip_prefix('@') {
                Some(escaped) if escaped.starts_with('@') => Value::from(escaped),
                Some(path) => self.at(path)?.clone(),
                None => Value::from(text.as_str()),
            },
            toml::Value::Array(items) => items
                .iter()
                .map(|item| self.fill(item, script))
                .collect::<Result<_>>()?,
            toml::Value::Table(fields) => {
                if let Some(special) = special(fields, script)? {
                    return Ok(special);
                }
                let filled = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.fill(value, script)?)));
                Value::Object(filled.collect::<Result<_>>()?)
            }
            toml::Value::Datetime(date) => Value::from(date.to_string()),
            other => serde_json::to_value(other)?,
        })
    }

    /// A text with `{name.field}` put in; `{name.field|money}` groups thousands.
    pub fn page(&self, template: &str) -> Result<String> {
        let mut page = String::with_capacity(template.len() * 2);
        let (mut rest, mut wrong) = (template, Vec::new());
        while let Some((before, after)) = rest.split_once('{') {
            page.push_str(before);
            let Some((path, tail)) = after.split_once('}') else {
                return Err(exit::usage("a `{` without its `}` in the page", "close it"));
            };
            match self.shown(path) {
                Ok(shown) => page.push_str(&shown),
                Err(error) => wrong.push(error.to_string()),
            }
            rest = tail;
        }
        page.push_str(rest);
        if wrong.is_empty() {
            return Ok(page);
        }
        Err(exit::usage(
            format!("the page: {}", wrong.join("; ")),
            "name an earlier act, and a field of its answer",
        ))
    }

    fn shown(&self, path: &str) -> Result<String> {
        let (path, filter) = path.split_once('|').unwrap_or((path, ""));
        let value = self.at(path)?;
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match filter {
            "" => Ok(text),
            "money" => match text.parse::<Money>() {
                Ok(money) => Ok(format!("{money:#}")),
                Err(error) => Err(exit::usage(
                    format!("{path}: {error}"),
                    "leave out `|money`",
                )),
            },
            "cents" => match text.parse::<MicroPrice>() {
                Ok(price) => Ok(price.rounded()),
                Err(error) => Err(exit::usage(
                    format!("{path}: {error}"),
                    "leave out `|cents`",
                )),
            },
            "day" => Ok(text.chars().take(10).collect()),
            "count" => Ok(value.as_array().map_or(0, Vec::len).to_string()),
            other => Err(exit::usage(
                format!("there is no filter {other:?}"),
                "use money, cents, day or count",
            )),
        }
    }
}

fn special(fields: &toml::Table, script: &Script) -> Result<Option<Value>> {
    let only = match fields.iter().next() {
        Some((name, toml::Value::String(file))) if fields.len() == 1 => Some((name.as_str(), file)),
        _ => None,
    };
    match only {
        Some(("file", file)) => Ok(Some(Value::from(script.text(file.as_ref())?))),
        Some(("sha256_of", file)) => {
            let digest = Digest::of(&[&script.bytes(file.as_ref())?]);
            Ok(Some(Value::from(digest.to_string())))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names() -> Names {
        let mut names = Names::default();
        names.keep(
            "osaka",
            json!({ "id": "7", "lots": ["a", "b"], "price": "406000000.00 USD" }),
        );
        names
    }

    #[test]
    fn pages_are_filled() {
        let page = names().page("{osaka}: {osaka.price|money}, {osaka.lots.1} of {osaka.lots|count}, {osaka.lots.last}").unwrap();
        assert_eq!(page, "7: 406,000,000.00 USD, b of 2, b");
        for bad in [
            "{sydney}",
            "{osaka.size}",
            "{osaka",
            "{osaka.lots|money}",
            "{osaka|loud}",
        ] {
            assert!(names().page(bad).is_err(), "{bad}");
        }
    }
}
