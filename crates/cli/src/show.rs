//! Answers on stdout: tables for people, JSON for programs. Everything else goes to stderr.

use std::io::{IsTerminal as _, Write as _};

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Map, Value};

/// Writes a line of data.
pub fn line(text: &str) -> Result<()> {
    heard(text).map(drop)
}

/// Writes a line of data, and says whether anybody still reads.
fn heard(text: &str) -> Result<bool> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{text}") {
        // Whoever read has read enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

/// Writes rows as JSON Lines, and says whether anybody still reads.
pub fn json_lines(rows: &[Value]) -> Result<bool> {
    for row in rows {
        if !heard(&row.to_string())? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes a line beside the data, for the person who watches.
pub fn note(text: &str) {
    // Nobody listens when this fails.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Shows rows: JSON Lines, or a table of these columns. A column is a field of the row, dots
/// going down: `recorded.at`.
pub fn rows(rows: &[Value], columns: &[&str], json: bool) -> Result<()> {
    if json {
        return json_lines(rows).map(drop);
    }
    if rows.is_empty() {
        note("nothing to show");
        return Ok(());
    }
    let mut table = plain();
    table.set_header(columns.iter().map(|column| heading(column)));
    for row in rows {
        table.add_row(columns.iter().map(|column| cell(at(row, column))));
    }
    line(&trimmed(&table))
}

/// Shows one thing: its JSON, or a table of its fields.
pub fn item(value: &Value, json: bool) -> Result<()> {
    if json {
        return line(&serde_json::to_string_pretty(value)?);
    }
    let Value::Object(fields) = value else {
        return line(&cell(value));
    };
    let mut table = plain();
    let mut lists = Vec::new();
    for (name, value) in fields {
        match value {
            Value::Null => {}
            Value::Array(items) if items.is_empty() => {}
            Value::Array(items) if things(value) => lists.push((name, items)),
            Value::Object(inner) if !is_confidential(inner) => {
                for (below, value) in inner {
                    if !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty()) {
                        table.add_row([
                            format!("{} {}", heading(name), heading(below)),
                            cell(value),
                        ]);
                    }
                }
            }
            other => {
                table.add_row([heading(name), cell(other)]);
            }
        }
    }
    line(&trimmed(&table))?;
    for (name, items) in lists {
        line("")?;
        line(&format!("{}:", heading(name)))?;
        let first = items.first().and_then(Value::as_object);
        // What every row lacks, how rows were recorded, and lists in them are left to `--json`.
        let told = |column: &str| {
            let mut cells = items.iter().map(|row| at(row, column));
            column != "recorded" && cells.any(|cell| !cell.is_null() && !things(cell))
        };
        let columns: Vec<&str> = first
            .into_iter()
            .flat_map(|row| row.keys())
            .map(String::as_str)
            .filter(|column| told(column))
            .collect();
        rows(items, &columns, false)?;
    }
    Ok(())
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    if std::io::stdout().is_terminal() {
        table.set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

/// Without the white space at the ends of lines.
fn trimmed(table: &Table) -> String {
    let lines: Vec<_> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

fn heading(column: &str) -> String {
    column.replace(['.', '_'], " ")
}

fn at<'a>(row: &'a Value, column: &str) -> &'a Value {
    column
        .split('.')
        .fold(row, |value, field| value.get(field).unwrap_or(&Value::Null))
}

/// Whether a value is a list of things, which is a table of its own.
fn things(value: &Value) -> bool {
    let items = value.as_array();
    items.is_some_and(|items| items.first().is_some_and(Value::is_object))
}

/// Whether fields are those of a value that may be sealed.
fn is_confidential(fields: &Map<String, Value>) -> bool {
    fields.len() == 2 && fields.contains_key("value") && fields.contains_key("sealed")
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if is_confidential(fields) => {
            match (&fields["value"], &fields["sealed"]) {
                (Value::Null, Value::Null) => "(sealed)".to_owned(),
                (Value::Null, id) => format!("(sealed) {}", cell(id)),
                (value, _) => cell(value),
            }
        }
        Value::Object(fields) => {
            if let (Some(from), Some(to)) = (fields.get("from"), fields.get("to")) {
                return format!("{} to {}", cell(from), cell(to));
            }
            if let Some(label) = fields.get("label") {
                return cell(label);
            }
            let told = fields.iter().filter(|(_, value)| !value.is_null());
            let told = told.map(|(name, value)| format!("{} {}", heading(name), cell(value)));
            told.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_read_by_path() {
        let row = json!({ "label": "C-0001", "recorded": { "at": "now" }, "tags": ["a", "b"] });
        assert_eq!(cell(at(&row, "recorded.at")), "now");
        assert_eq!(cell(at(&row, "tags")), "a, b");
        assert_eq!(cell(at(&row, "nothing.there")), "-");
    }

    #[test]
    fn cells_hold_no_json() {
        for (value, expected) in [
            (json!({ "from": "a", "to": "b" }), "a to b"),
            (json!({ "label": "P-0001", "id": "x" }), "P-0001"),
            (
                json!({ "total": "1.00 USD", "per_gpu_hour": null }),
                "total 1.00 USD",
            ),
            (
                json!({ "share": "20", "of": { "amount": "1.00 USD" } }),
                "of amount 1.00 USD, share 20",
            ),
            (json!([{ "code": "a" }, { "code": "b" }]), "code a, code b"),
            (json!({ "value": "A name", "sealed": null }), "A name"),
            (json!({ "value": null, "sealed": null }), "(sealed)"),
            (
                json!({ "value": null, "sealed": "an id" }),
                "(sealed) an id",
            ),
        ] {
            assert_eq!(cell(&value), expected);
        }
    }
}
