//! How a command's requests are carried and its answers shown.

use anyhow::{Context as _, Result};
use bareboat_api::header;
use bareboat_client::{Answer, Client, Failure, Http, Request, Transport};
use serde_json::Value;

use crate::args::Global;
use crate::transport::InProcess;
use crate::{exit, show};

/// The server that is looked for when neither a server nor a book is named.
pub const DEFAULT_SERVER: &str = "http://127.0.0.1:7700";

/// Rows that a table has at most; `--json` shows all there are.
pub const MOST_ROWS: usize = 100_000;

/// One command's connection to a book.
pub struct Session {
    client: Client,
    global: Global,
}

impl Session {
    /// Connects as the global options say.
    pub fn open(global: &Global) -> Result<Self> {
        let transport: Box<dyn Transport> = match (&global.book, &global.server) {
            (Some(book), _) => Box::new(InProcess::open(book)?),
            (None, server) => Box::new(Http::new(server.as_deref().unwrap_or(DEFAULT_SERVER))),
        };
        let client = Client::new(transport, key(global)?)
            .as_of(global.as_of.clone())
            .dry_run(global.dry_run);
        Ok(Self {
            client,
            global: global.clone(),
        })
    }

    /// The client, for what the helpers below do not do.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether JSON is wanted.
    pub fn json(&self) -> bool {
        self.global.json
    }

    /// Shows a list: `columns` are fields of a row, such as `label` or `recorded.at`.
    pub fn list(&self, request: Request, columns: &[&str]) -> Result<()> {
        self.list_by(request, |_| columns)
    }

    /// Shows a list in a table that the rows decide: `table` may make them ready for it, and says
    /// which columns it has.
    pub fn list_by<'a>(
        &self,
        request: Request,
        table: impl FnOnce(&mut Vec<Value>) -> &'a [&'a str],
    ) -> Result<()> {
        let pages = self.client.pages(request);
        if self.json() {
            for page in pages {
                if !show::json_lines(&page?)? {
                    break;
                }
            }
            return Ok(());
        }
        let (mut rows, more) = first(pages, MOST_ROWS)?;
        let columns = table(&mut rows);
        show::rows(&rows, columns, false)?;
        if more {
            return Err(exit::cut_short(MOST_ROWS));
        }
        Ok(())
    }

    /// Shows one thing.
    pub fn item(&self, request: Request) -> Result<()> {
        let value: Value = self.client.get(request)?;
        show::item(&value, self.json())
    }

    /// Asks a question with a body, and shows the answer.
    pub fn ask(&self, request: Request) -> Result<()> {
        let answer = self.client.read(request)?;
        show::item(&answer.read()?, self.json())
    }

    /// Makes a write, and shows the answer.
    pub fn write(&self, request: Request) -> Result<()> {
        let answer = self.send(request)?;
        show::item(&answer.read()?, self.json())
    }

    /// Makes a write under the global options.
    pub fn send(&self, request: Request) -> Result<Answer, Failure> {
        let mut request = request;
        if let Some(key) = &self.global.idempotency_key {
            request = request.header(header::IDEMPOTENCY_KEY, key);
        }
        if let Some(instant) = &self.global.recorded_at {
            request = request.header(header::RECORDED_AT, instant);
        }
        let answer = self.client.write(request)?;
        if answer.headers.contains_key(header::DRY_RUN) {
            show::note("dry run: nothing was written");
        } else if answer.headers.contains_key(header::IDEMPOTENCY_REPLAYED) {
            show::note("this was done before: the first answer");
        }
        Ok(answer)
    }
}

/// The first rows, and whether there are more.
fn first(
    pages: impl Iterator<Item = Result<Vec<Value>, Failure>>,
    most: usize,
) -> Result<(Vec<Value>, bool), Failure> {
    let mut rows = Vec::new();
    for page in pages {
        rows.extend(page?);
        if rows.len() > most {
            rows.truncate(most);
            return Ok((rows, true));
        }
    }
    Ok((rows, false))
}

fn key(global: &Global) -> Result<Option<String>> {
    let Some(path) = &global.key_file else {
        return Ok(global.key.clone());
    };
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("could not read the key file {}", path.display()))?;
    Ok(Some(text.trim().to_owned()))
}

/// A JSON body from flags: fields that were not given are left out.
pub fn body(fields: &[(&str, Option<Value>)]) -> Value {
    let given = fields
        .iter()
        .filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
    Value::Object(given.collect())
}

/// A text for [`body`].
pub fn text(value: impl ToString) -> Option<Value> {
    Some(Value::from(value.to_string()))
}

/// A text that may not be given, for [`body`].
pub fn maybe<T: ToString>(value: &Option<T>) -> Option<Value> {
    value.as_ref().map(|value| Value::from(value.to_string()))
}

/// A large JSON body from a file: JSON or TOML by its name; `-` reads JSON from stdin.
pub fn body_from(path: &std::path::Path) -> Result<Value> {
    let shown = path.display();
    if path.as_os_str() == "-" {
        return serde_json::from_reader(std::io::stdin().lock())
            .map_err(|error| exit::usage(format!("stdin: {error}"), "send JSON"));
    }
    let read = std::fs::read_to_string(path);
    let text = read.with_context(|| format!("could not read {shown}"))?;
    let name = path.extension().and_then(|end| end.to_str());
    match name {
        Some("toml") => {
            let value: toml::Value = toml::from_str(&text)
                .map_err(|error| exit::usage(format!("{shown}: {error}"), "correct the file"))?;
            Ok(serde_json::to_value(value)?)
        }
        Some("json") => serde_json::from_str(&text)
            .map_err(|error| exit::usage(format!("{shown}: {error}"), "correct the file")),
        _ => Err(exit::usage(
            format!("{shown} is neither .json nor .toml"),
            "name the file by what it holds",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_knows_when_it_is_cut_short() {
        let pages = |sizes: &[usize]| {
            let pages = sizes.iter().map(|rows| Ok(vec![Value::Null; *rows]));
            first(pages.collect::<Vec<_>>().into_iter(), 5).map(|(rows, more)| (rows.len(), more))
        };
        assert_eq!(pages(&[3, 2]).unwrap(), (5, false));
        assert_eq!(pages(&[3, 3]).unwrap(), (5, true));
        assert_eq!(pages(&[5, 0, 1]).unwrap(), (5, true));
    }
}
