//! What is asked of the engine, and what it answers.

use bareboat_base::{Code, Country, Digest};

use crate::{EntryIdentifier, EntryKind};

/// Whom to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// All names: the name and the aliases.
    pub names: Vec<String>,
    /// What it is; `None` or `Unknown` matches every kind.
    pub kind: Option<EntryKind>,
    /// Countries it is tied to.
    pub countries: Vec<Country>,
    /// Birth dates: `1965`, `1965-03`, `1965-03-01`.
    pub birth_dates: Vec<String>,
    /// Identifiers.
    pub identifiers: Vec<EntryIdentifier>,
}

impl Query {
    /// A query for one name.
    pub fn name(name: &str) -> Self {
        Self {
            names: vec![name.to_owned()],
            ..Self::default()
        }
    }

    /// What was asked, as a digest: of every field in order, each with its length. Under a salt
    /// (32 bytes) when the party is sealed; else empty.
    pub fn digest(&self, salt: &[u8]) -> Digest {
        let mut bytes = Vec::new();
        let mut put = |tag: u8, text: &str| {
            bytes.push(tag);
            bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        self.names.iter().for_each(|name| put(1, name));
        self.kind.iter().for_each(|kind| put(2, kind.schema()));
        self.countries.iter().for_each(|c| put(3, c.as_str()));
        self.birth_dates.iter().for_each(|date| put(4, date));
        for identifier in &self.identifiers {
            put(5, &identifier.scheme);
            put(6, &identifier.value);
        }
        Digest::of(&[b"bareboat-query-v1", salt, &bytes])
    }
}

/// What a reason is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// The names.
    Name,
    /// Words of the one that the other lacks.
    Missing,
    /// Numbers that differ.
    Number,
    /// What they are.
    Kind,
    /// Countries.
    Country,
    /// Birth dates.
    BirthDate,
    /// Identifiers.
    Identifier,
}

/// Why a candidate scores what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is about.
    pub feature: Feature,
    /// In words.
    pub text: String,
    /// What it adds to the score or takes from it, per mille.
    pub effect_permille: i16,
}

/// An entry that may be the one looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The list.
    pub list: Code,
    /// The entry.
    pub entry_id: String,
    /// Its first name.
    pub entry_name: String,
    /// The name of it that matched.
    pub matched_name: String,
    /// The name of the query that matched.
    pub query_name: String,
    /// How alike, per mille.
    pub score_permille: u16,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl Candidate {
    /// The reasons on one line each, for a hit.
    pub fn explanation(&self) -> String {
        let line = |reason: &Reason| format!("{} ({:+})", reason.text, reason.effect_permille);
        let lines: Vec<String> = self.reasons.iter().map(line).collect();
        lines.join("\n")
    }
}
