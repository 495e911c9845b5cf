//! Rows of CSV (RFC 4180), read so that one stray quote costs one line, not the file: a row that
//! does not come out right is reported at its first line, and reading goes on at the next.

/// A row may span this many lines (quoted line breaks); more is a quote that was never closed.
const MOST_LINES: usize = 64;
/// No field of any list is longer, in bytes.
const MOST_BYTES: usize = 64 * 1024;

/// One row, or what is wrong with the line it begins at.
pub(super) struct Row {
    /// Its first line, from 1.
    pub line: u64,
    /// Its fields.
    pub fields: Result<Vec<String>, String>,
}

/// Reads rows; empty lines and a lone end-of-file mark of DOS (0x1A) are passed over.
pub(super) struct Rows<'a> {
    lines: Vec<&'a [u8]>,
    at: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let lines = bytes.split(|byte| *byte == b'\n').collect();
        Self { lines, at: 0 }
    }
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        while is_blank(self.lines.get(self.at)?) {
            self.at += 1;
        }
        let first = self.at;
        let line = first as u64 + 1;
        let (fields, read) = match row(&self.lines[first..]) {
            Ok((fields, read)) => (Ok(fields), read),
            Err(problem) => (Err(problem), 1),
        };
        self.at += read;
        Some(Row { line, fields })
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | 0x1A))
}

/// The fields of the row that begins with the first of `lines`, and how many lines it takes.
fn row(lines: &[&[u8]]) -> Result<(Vec<String>, usize), String> {
    let mut fields: Vec<String> = Vec::new();
    let mut field: Vec<u8> = Vec::new();
    let (mut quoted, mut closed) = (false, false);
    for (read, line) in (1..).zip(lines.iter().take(MOST_LINES)) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut bytes = line.iter().copied().peekable();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' if quoted && bytes.peek() == Some(&b'"') => {
                    bytes.next();
                    field.push(b'"');
                }
                b'"' if quoted => (quoted, closed) = (false, true),
                b'"' if !closed && field.iter().all(|b| *b == b' ') => {
                    field.clear();
                    quoted = true;
                }
                b',' if !quoted => {
                    fields.push(text(std::mem::take(&mut field))?);
                    closed = false;
                }
                b' ' if closed => {}
                _ if closed => return Err("text after a closing quote".to_owned()),
                // A quote inside an unquoted field is kept as it is, as the publishers mean it.
                other => field.push(other),
            }
            if field.len() > MOST_BYTES {
                return Err(format!("a field of more than {MOST_BYTES} bytes"));
            }
        }
        if !quoted {
            fields.push(text(field)?);
            return Ok((fields, read));
        }
        field.push(b'\n');
    }
    Err("a quote is not closed".to_owned())
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| "a field is not UTF-8".to_owned())
}

/// The text in one line: control characters and runs of white space become one space.
pub(super) fn clean(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let kept: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    kept.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, Result<Vec<String>, String>)> {
        let rows = Rows::new(text.as_bytes());
        rows.map(|row| (row.line, row.fields)).collect()
    }

    fn ok(line: u64, fields: &[&str]) -> (u64, Result<Vec<String>, String>) {
        (line, Ok(fields.iter().map(|f| (*f).to_owned()).collect()))
    }

    #[test]
    fn quotes_commas_and_line_breaks() {
        let text = "a,\"b, \"\"c\"\"\",d\r\n\r\n\"x\ny\" ,z\n\u{1a}\n";
        assert_eq!(
            read(text),
            [ok(1, &["a", "b, \"c\"", "d"]), ok(3, &["x\ny", "z"])]
        );
    }

    #[test]
    fn an_unclosed_quote_costs_one_line() {
        let rows = read("a,\"b\nc,d\ne,f\n");
        assert_eq!(rows[0], (1, Err("a quote is not closed".to_owned())));
        assert_eq!(rows[1..], [ok(2, &["c", "d"]), ok(3, &["e", "f"])]);
    }
}
