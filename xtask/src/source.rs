//! Rust source without what is not code: comments, string bodies and, on request, test code
//! blanked out, line for line and byte for byte, so that a search finds code and nothing else.

/// One source text in the forms the checks search.
pub struct Source {
    /// Comments, strings and character literals blanked.
    pub code: String,
    /// Comments blanked, strings kept.
    pub with_strings: String,
}

impl Source {
    /// Blanks what is not code. Works on broken source as well: an unclosed string ends the text.
    pub fn new(text: &str) -> Self {
        let mut scan = Scan {
            bytes: text.as_bytes(),
            at: 0,
            code: text.as_bytes().to_vec(),
            with_strings: text.as_bytes().to_vec(),
        };
        while scan.at < scan.bytes.len() {
            scan.step();
        }
        Source {
            code: text_of(scan.code),
            with_strings: text_of(scan.with_strings),
        }
    }

    /// Blanks the items under `#[cfg(test)]` in both forms.
    pub fn without_tests(mut self) -> Self {
        for (from, to) in test_items(&self.code) {
            self.code = blanked(&self.code, from, to);
            self.with_strings = blanked(&self.with_strings, from, to);
        }
        self
    }

    /// The modules declared as `#[cfg(test)] mod name;`: their files are tests too.
    pub fn test_modules(&self) -> Vec<String> {
        test_items(&self.code)
            .into_iter()
            .filter_map(|(from, to)| {
                let item = self.code[from..to].strip_suffix(';')?;
                let name = item.rsplit_once("mod ")?.1.trim();
                name.bytes().all(is_word).then(|| name.to_owned())
            })
            .collect()
    }
}

/// The byte ranges of the items under a `#[cfg(…test…)]` attribute.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = code[from..].find("#[cfg(").map(|at| from + at) {
        let Some(close) = code[start..].find(']').map(|at| start + at + 1) else {
            break;
        };
        let attribute = &code[start..close];
        let testing = find_word(attribute, "test").is_some() && !attribute.contains("not(");
        from = if testing {
            item_end(code, close)
        } else {
            close
        };
        if testing {
            found.push((start, from));
        }
    }
    found
}

/// Where the item that begins at `from` ends: past its matching brace, or its semicolon.
fn item_end(code: &str, from: usize) -> usize {
    let mut nested = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'(' | b'[' => nested += 1,
            b')' | b']' => nested = nested.saturating_sub(1),
            b';' if nested == 0 => return at + 1,
            b'{' => return matching_brace(code, at),
            _ => {}
        }
    }
    code.len()
}

/// The position just past the brace that closes the one at `open`.
pub fn matching_brace(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth <= 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// Where `token` stands as a whole: not inside a longer word.
pub fn find_word(text: &str, token: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_none_or(|byte| !is_word(*byte));
    text.match_indices(token).map(|(at, _)| at).find(|at| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(at + token.len());
        let first = token.as_bytes().first().is_some_and(|byte| is_word(*byte));
        let last = token.as_bytes().last().is_some_and(|byte| is_word(*byte));
        (!first || edge(before)) && (!last || edge(after))
    })
}

/// The 1-based line of a byte position.
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn blanked(text: &str, from: usize, to: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    blank(&mut bytes, from, to);
    text_of(bytes)
}

fn blank(bytes: &mut [u8], from: usize, to: usize) {
    for byte in &mut bytes[from..to] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    code: Vec<u8>,
    with_strings: Vec<u8>,
}

impl Scan<'_> {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn step(&mut self) {
        if self.rest().starts_with(b"//") {
            let length = self.rest().iter().position(|byte| *byte == b'\n');
            let end = length.map_or(self.bytes.len(), |length| self.at + length);
            self.comment_to(end);
        } else if self.rest().starts_with(b"/*") {
            let end = self.block_comment_end();
            self.comment_to(end);
        } else if let Some(hashes) = self.raw_string() {
            self.raw_string_body(hashes);
        } else if self.rest()[0] == b'"' {
            self.quoted(b'"');
        } else if self.rest()[0] == b'\'' && self.is_character() {
            self.quoted(b'\'');
        } else {
            self.at += 1;
        }
    }

    fn comment_to(&mut self, end: usize) {
        blank(&mut self.code, self.at, end);
        blank(&mut self.with_strings, self.at, end);
        self.at = end;
    }

    fn block_comment_end(&self) -> usize {
        let (mut at, mut depth) = (self.at, 0_usize);
        while at < self.bytes.len() {
            if self.bytes[at..].starts_with(b"/*") {
                depth += 1;
                at += 2;
            } else if self.bytes[at..].starts_with(b"*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            } else {
                at += 1;
            }
        }
        at
    }

    /// The number of hashes when a raw string's `r##"` begins here.
    fn raw_string(&self) -> Option<usize> {
        let rest = self.rest().strip_prefix(b"r")?;
        let before = self.at.checked_sub(1).map(|at| self.bytes[at]);
        let prefixed = matches!(before, Some(b'b' | b'c'));
        if before.is_some_and(is_word) && !prefixed {
            return None;
        }
        let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
        (rest.get(hashes) == Some(&b'"')).then_some(hashes)
    }

    fn raw_string_body(&mut self, hashes: usize) {
        let start = self.at + 2 + hashes;
        let mut close = vec![b'"'];
        close.resize(1 + hashes, b'#');
        let length = self.bytes[start..]
            .windows(close.len())
            .position(|part| part == close);
        let end = length.map_or(self.bytes.len(), |length| start + length);
        blank(&mut self.code, start, end);
        self.at = (end + close.len()).min(self.bytes.len());
    }

    /// Whether the quote here opens a character, not a lifetime.
    fn is_character(&self) -> bool {
        let rest = &self.rest()[1..];
        match rest.first() {
            Some(b'\\') => true,
            Some(byte) => {
                let width = match byte {
                    0xF0.. => 4,
                    0xE0.. => 3,
                    0xC0.. => 2,
                    _ => 1,
                };
                rest.get(width) == Some(&b'\'')
            }
            None => false,
        }
    }

    fn quoted(&mut self, quote: u8) {
        let start = self.at + 1;
        let mut end = start;
        while end < self.bytes.len() && self.bytes[end] != quote {
            end += if self.bytes[end] == b'\\' { 2 } else { 1 };
        }
        let end = end.min(self.bytes.len());
        blank(&mut self.code, start, end);
        self.at = (end + 1).min(self.bytes.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In what is expected, `_` stands for a blanked byte.
    #[track_caller]
    fn check_code(text: &str, expected: &str) {
        assert_eq!(Source::new(text).code, expected.replace('_', " "));
    }

    #[test]
    fn comments_strings_and_characters_are_blanked() {
        check_code("a // f64\nb", "a ______\nb");
        check_code("a /* x /* y */ z */ b", "a _________________ b");
        check_code(r#""f64 \" {" b"#, r#""________" b"#);
        check_code(r##"r#"{ " "# b"##, r##"r#"____"# b"##);
        check_code(r#"br"\" b"#, r#"br"_" b"#);
        check_code(r"'{' b '\'' c", "'_' b '__' c");
        check_code("fn f<'a>(x: &'a str) {}", "fn f<'a>(x: &'a str) {}");
        check_code("'é' b", "'__' b");
        check_code("for r in r#type {}", "for r in r#type {}");
        check_code("\"never closed", "\"____________");
    }

    #[test]
    fn strings_survive_where_asked() {
        assert_eq!(
            Source::new("a(\"b\") // \"c\"").with_strings,
            "a(\"b\")       "
        );
    }

    #[test]
    fn test_items_go_and_the_rest_stays() {
        let text = "use a;\n#[cfg(test)]\nmod tests {\n fn f() { g() }\n}\nfn h() {}\n\
                    #[cfg(test)]\nfn k() -> [u8; 4] { x }\n#[cfg(test)] mod oracle;\nfn l() {}\n\
                    #[cfg(not(test))]\nfn m() {}";
        let source = Source::new(text);
        assert_eq!(source.test_modules(), ["oracle"]);
        let code = source.without_tests().code;
        assert_eq!(code.lines().count(), text.lines().count());
        for kept in ["use a", "fn h", "fn l", "fn m"] {
            assert!(code.contains(kept), "{kept} is gone from {code}");
        }
        for gone in ["fn f", "fn k", "oracle"] {
            assert!(!code.contains(gone), "{gone} is still in {code}");
        }
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(find_word("a f64x b_f64 f64", "f64"), Some(13));
        assert_eq!(find_word("my_std::fs", "std::fs"), None);
        assert_eq!(find_word("x.unwrap()", ".unwrap()"), Some(1));
        assert_eq!(find_word("x.unwrap_or()", ".unwrap()"), None);
    }
}
