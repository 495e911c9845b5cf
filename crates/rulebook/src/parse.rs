//! Reading rulebooks from text.

use bareboat_base::{Code, Date, Digest, Name};

use crate::AdoptRulebook;
use crate::rule::{Parameter, Rule};

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

/// Reads one regime's files, each given by name and text.
pub fn parse_regime(files: &[(&str, &str)]) -> Result<ParsedRulebook, ParseError> {
    let _ = files;
    Err(ParseError {
        file: "rulebook.toml".into(),
        line: 1,
        problem: "not yet".into(),
    })
}
