//! Reading rulebooks from text: TOML files, whose conditions are written in a small language.
//!
//! ```text
//! condition  = part { "and" part } | part { "or" part }      never both without brackets
//! part       = "not" part | "(" condition ")" | "always"
//!            | "definition" NAME
//!            | "some" "party" [ "as" "[" ROLE { "," ROLE } "]" ] "(" condition ")"
//!            | "held" "by" "listed" "[" LIST { "," LIST } "]"    50% or more, in aggregate
//!            | FACT test
//! test       = ">=" number | "<" number | "in" set | "is" ( "true" | "false" | "unknown" )
//! number     = NUMBER | PARAMETER          set = "[" WORD { "," WORD } "]" | PARAMETER
//! ```
//!
//! Facts are those of [`crate::rule::Subject`]; `party.…` facts stand inside *some party*.

mod condition;
mod file;
#[cfg(test)]
mod tests;

use bareboat_base::{Code, Date, Digest, Name};

use crate::AdoptRulebook;
use crate::rule::{Condition, Parameter, Rule};

const HEAD: &str = "rulebook.toml";
const PARAMETERS: &str = "parameters.toml";
const DEFINITIONS: &str = "definitions.toml";

/// A regime's rulebook as its texts say it.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedRulebook {
    /// The regime.
    pub regime: Code,
    /// The version.
    pub version: Code,
    /// From which day on it is meant to be used.
    pub effective: Date,
    /// Who signed it.
    pub signed_by: Option<Name>,
    /// The digest of all its files: names and texts, in order of names.
    pub text_digest: Digest,
    /// Its dated parameters.
    pub parameters: Vec<Parameter>,
    /// Its rules, in order of names.
    pub rules: Vec<Rule>,
}

impl ParsedRulebook {
    /// The command that adopts it as it stands.
    pub fn adopt(self) -> AdoptRulebook {
        AdoptRulebook {
            regime: self.regime,
            version: self.version,
            text_digest: self.text_digest,
            parameters: self.parameters,
            rules: self.rules,
            signed_by: self.signed_by,
            effective: self.effective,
        }
    }
}

/// Why a rulebook's text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}, line {line}: {problem}")]
pub struct ParseError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What was wrong and what was expected.
    pub problem: String,
}

/// Reads one regime's files, each given by name and text: `rulebook.toml` (regime, version,
/// effective day, who signed), optionally `parameters.toml` and `definitions.toml`, and one file
/// a rule, named after it.
///
/// # Errors
/// The first problem found, with its file, its line and what was expected there.
pub fn parse_regime(files: &[(&str, &str)]) -> Result<ParsedRulebook, ParseError> {
    let mut files: Vec<_> = files.to_vec();
    files.sort_unstable();
    if let Some(pair) = files.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(whole(pair[0].0, "the file is given twice"));
    }
    let named = |name: &str| files.iter().find(|file| file.0 == name).copied();
    let head = named(HEAD).ok_or_else(|| {
        whole(
            HEAD,
            "the file is missing; expected regime, version and effective",
        )
    })?;
    let mut parsed = file::head(head)?;
    parsed.text_digest = digest(&files);
    if let Some(parameters) = named(PARAMETERS) {
        parsed.parameters = file::parameters(parameters)?;
    }
    let mut known = Known {
        parameters: &parsed.parameters,
        definitions: Vec::new(),
    };
    if let Some(definitions) = named(DEFINITIONS) {
        file::definitions(definitions, &mut known)?;
    }
    let mut rules = Vec::new();
    for source in files
        .iter()
        .filter(|file| ![HEAD, PARAMETERS, DEFINITIONS].contains(&file.0))
    {
        rules.push(file::rule(*source, &parsed.regime, &known)?);
    }
    if rules.is_empty() {
        return Err(whole(
            HEAD,
            "the regime holds no rule; expected at least one more file",
        ));
    }
    parsed.rules = rules;
    Ok(parsed)
}

/// What a condition may refer to.
struct Known<'a> {
    parameters: &'a [Parameter],
    definitions: Vec<(Code, Condition)>,
}

fn whole(file: &str, problem: &str) -> ParseError {
    ParseError {
        file: file.to_owned(),
        line: 1,
        problem: problem.to_owned(),
    }
}

/// Each file's name, a zero byte, its length in eight bytes and its text, in order of names.
fn digest(files: &[(&str, &str)]) -> Digest {
    let lengths: Vec<_> = files
        .iter()
        .map(|(_, text)| (text.len() as u64).to_be_bytes())
        .collect();
    let mut parts: Vec<&[u8]> = Vec::new();
    for ((name, text), length) in files.iter().zip(&lengths) {
        parts.extend([name.as_bytes(), &[0], length.as_slice(), text.as_bytes()]);
    }
    Digest::of(&parts)
}
