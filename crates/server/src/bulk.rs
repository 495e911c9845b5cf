//! Bulk files: CSV with a header row, or JSONL. Every row is read before anything is decided, and
//! errors name their lines.

use std::fmt::Display;

use bareboat_api::Problem;
use bareboat_api::code::Edge;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The media type of CSV (RFC 4180).
pub const CSV: &str = "text/csv";
/// The media type of JSON lines.
pub const JSONL: &str = "application/jsonl";
/// What an import takes.
pub const MEDIA_TYPES: &[&str] = &[CSV, JSONL];
/// The most rows of one file.
pub const MOST_ROWS: usize = 100_000;
/// How many errors are told; the rest are counted.
const MOST_ERRORS: usize = 20;

/// What is wrong with which lines.
#[derive(Debug, Default)]
pub struct Errors {
    told: Vec<String>,
    more: usize,
}

impl Errors {
    /// Notes what is wrong with a line, from 1.
    pub fn note(&mut self, line: u64, problem: impl Display) {
        if self.told.len() == MOST_ERRORS {
            self.more += 1;
            return;
        }
        let problem: String = problem.to_string().chars().take(300).collect();
        self.told.push(format!("line {line}: {problem}"));
    }

    /// Nothing, or all that was noted.
    pub fn none(self) -> Result<(), Problem> {
        if self.told.is_empty() {
            return Ok(());
        }
        let mut detail = self.told.join("; ");
        if self.more > 0 {
            detail = format!("{detail}; and {} more", self.more);
        }
        Err(Problem::edge(Edge::InvalidRow, detail))
    }
}

/// Rows with their lines: CSV rows as `C`, JSON lines as `J`.
pub enum Rows<C, J> {
    /// From CSV.
    Csv(Vec<(u64, C)>),
    /// From JSONL.
    Jsonl(Vec<(u64, J)>),
}

/// Reads a file of either type.
pub fn read<C, J>(media_type: &str, bytes: &[u8]) -> Result<Rows<C, J>, Problem>
where
    C: DeserializeOwned,
    J: DeserializeOwned,
{
    let mut errors = Errors::default();
    let (rows, found) = if media_type == CSV {
        let rows = csv_rows(bytes, &mut errors)?;
        let found = rows.len();
        (Rows::Csv(rows), found)
    } else {
        let rows = json_rows(bytes, &mut errors);
        let found = rows.len();
        (Rows::Jsonl(rows), found)
    };
    errors.none()?;
    if found == 0 {
        return Err(Problem::edge(Edge::InvalidRow, "there is no row"));
    }
    if found > MOST_ROWS {
        let detail = format!("there are {found} rows; {MOST_ROWS} are taken at once");
        return Err(Problem::edge(Edge::InvalidRow, detail));
    }
    Ok(rows)
}

fn csv_rows<T: DeserializeOwned>(
    bytes: &[u8],
    errors: &mut Errors,
) -> Result<Vec<(u64, T)>, Problem> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let header = reader.headers().cloned().map_err(|error| {
        let detail = format!("line 1: {}", said(&error));
        Problem::edge(Edge::InvalidRow, detail)
    })?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                errors.note(line, said(&error));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        match record.deserialize(Some(&header)) {
            Ok(row) => rows.push((line, row)),
            Err(error) => errors.note(line, said(&error)),
        }
    }
    Ok(rows)
}

/// An error without its place, which is told apart.
fn said(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("{len} fields where the header has {expected_len}"),
        csv::ErrorKind::Utf8 { err, .. } => format!("no UTF-8: {err}"),
        _ => error.to_string(),
    }
}

fn json_rows<T: DeserializeOwned>(bytes: &[u8], errors: &mut Errors) -> Vec<(u64, T)> {
    let lines = bytes.split(|byte| *byte == b'\n');
    let blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    (1..)
        .zip(lines)
        .filter(|(_, line)| !blank(line))
        .filter_map(|(number, line)| match crate::body::json(line) {
            Ok(row) => Some((number, row)),
            Err(problem) => {
                errors.note(number, problem.detail);
                None
            }
        })
        .collect()
}

/// Rows as CSV, with a header row of the fields' names.
pub fn to_csv<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Vec<u8>, Problem> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .serialize(row)
            .map_err(|error| crate::respond::internal(&error))?;
    }
    writer
        .into_inner()
        .map_err(|error| crate::respond::internal(error.error()))
}

/// Rows as JSON lines.
pub fn to_jsonl<T: Serialize>(rows: impl IntoIterator<Item = T>) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut bytes, &row)
            .map_err(|error| crate::respond::internal(&error))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Row {
        code: String,
        size: Option<u32>,
    }

    fn rows(media_type: &str, text: &str) -> Result<Vec<(u64, Row)>, String> {
        match read::<Row, Row>(media_type, text.as_bytes()) {
            Ok(Rows::Csv(rows) | Rows::Jsonl(rows)) => Ok(rows),
            Err(problem) => Err(problem.detail),
        }
    }

    #[test]
    fn both_kinds_read_back_with_their_lines() {
        let given = [("A", Some(1)), ("B", None)].map(|(code, size)| Row {
            code: code.to_owned(),
            size,
        });
        let csv = String::from_utf8(to_csv(&given).unwrap()).unwrap();
        assert_eq!(csv, "code,size\nA,1\nB,\n");
        let jsonl = String::from_utf8(to_jsonl(&given).unwrap()).unwrap();
        let [first, second] = given;
        let read = rows(CSV, &csv).unwrap();
        assert_eq!(
            read.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [2, 3]
        );
        assert!(read[0].1 == first && read[1].1 == second);
        let read = rows(JSONL, &jsonl).unwrap();
        assert_eq!(
            read.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [1, 2]
        );
    }

    #[test]
    fn errors_name_their_lines() {
        for (media_type, text, parts) in [
            (CSV, "code,size\nA,x\nB,1\nC,y\n", ["line 2", "line 4"]),
            (CSV, "code,size\nA\nB,1,2\n", ["line 2", "line 3"]),
            (CSV, "code,colour\nA,x\n", ["line 2", "colour"]),
            (CSV, "code,size\n", ["no row", ""]),
            (
                JSONL,
                "{\"code\":\"A\"}\n\n{\"code\":1}\nx\n",
                ["line 3", "line 4"],
            ),
            (JSONL, "\n", ["no row", ""]),
        ] {
            let detail = rows(media_type, text).unwrap_err();
            assert!(
                parts.iter().all(|part| detail.contains(part)),
                "{text}: {detail}"
            );
        }
    }
}
