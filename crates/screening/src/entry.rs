//! One entry of a list, as every format is read into and the document store keeps it.

use std::fmt;

use bareboat_base::{Code, Country, Digest, Salt};

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A legal entity or any other organisation.
    Organisation,
    /// A natural person.
    Person,
    /// A ship.
    Vessel,
    /// An aeroplane.
    Aircraft,
    /// The list does not say.
    Unknown,
}

impl EntryKind {
    /// The name written in JSONL (`schema`), which is that of FollowTheMoney where it has one.
    pub fn schema(self) -> &'static str {
        match self {
            Self::Organisation => "Organization",
            Self::Person => "Person",
            Self::Vessel => "Vessel",
            Self::Aircraft => "Airplane",
            Self::Unknown => "LegalEntity",
        }
    }

    /// The kind a schema name stands for; `None` when it is not known.
    pub fn from_schema(schema: &str) -> Option<Self> {
        Some(match schema {
            "Organization" | "Organisation" | "Company" | "PublicBody" => Self::Organisation,
            "Person" => Self::Person,
            "Vessel" => Self::Vessel,
            "Airplane" | "Aircraft" => Self::Aircraft,
            "LegalEntity" | "Thing" | "Unknown" => Self::Unknown,
            _ => return None,
        })
    }
}

/// How good a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// The entry's first name or a full alias.
    Strong,
    /// A low-quality alias, as the publisher says: a first name, a nickname, a code.
    Weak,
}

/// A name of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryName {
    /// As published, trimmed.
    pub text: String,
    /// How good it is.
    pub quality: Quality,
}

/// A number by which a register knows the entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryIdentifier {
    /// Which register or document, as published; may be empty.
    pub scheme: String,
    /// The number, as published.
    pub value: String,
}

/// One entry of one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unique in its list; the publisher's own where there is one.
    pub id: String,
    /// Which list.
    pub list: Code,
    /// What it is about.
    pub kind: EntryKind,
    /// Its names, the first one first. Never empty.
    pub names: Vec<EntryName>,
    /// Countries it is tied to: nationality, address, flag.
    pub countries: Vec<Country>,
    /// Countries as published that are no ISO 3166 country's name known here.
    pub other_places: Vec<String>,
    /// Birth dates as published: `1965`, `1960-06-29`, `circa 1965`.
    pub birth_dates: Vec<String>,
    /// Identifiers.
    pub identifiers: Vec<EntryIdentifier>,
    /// Addresses, a line each.
    pub addresses: Vec<String>,
    /// The programmes it is listed under.
    pub programmes: Vec<String>,
    /// Where it is published: a Federal Register citation, a reference number.
    pub citation: Option<String>,
    /// Anything else the publisher says.
    pub remarks: Option<String>,
}

impl Entry {
    /// An entry with one name and nothing else.
    pub fn new(list: Code, id: &str, kind: EntryKind, name: &str) -> Self {
        let name = EntryName {
            text: name.to_owned(),
            quality: Quality::Strong,
        };
        Self {
            id: id.to_owned(),
            list,
            kind,
            names: vec![name],
            countries: Vec::new(),
            other_places: Vec::new(),
            birth_dates: Vec::new(),
            identifiers: Vec::new(),
            addresses: Vec::new(),
            programmes: Vec::new(),
            citation: None,
            remarks: None,
        }
    }

    /// Its first name.
    pub fn name(&self) -> &str {
        self.names.first().map_or("", |name| name.text.as_str())
    }
}

impl fmt::Display for Entry {
    /// What a hit shows: `id: name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.name())
    }
}

/// Which entry a hit is about, without saying it: SHA-256 of the list's code and the entry's id,
/// under a salt when the party is sealed (always the same salt for the same party).
pub fn entry_key(list: &Code, entry_id: &str, salt: Option<&Salt>) -> Digest {
    let salt: &[u8] = salt.map_or(&[], |salt| &salt.0);
    let id = entry_id.as_bytes();
    Digest::of(&[
        b"bareboat-entry-v1",
        salt,
        list.as_str().as_bytes(),
        &[0],
        id,
    ])
}

/// What the entry says, as a digest of its canonical line, under the same salt.
pub fn entry_version(entry: &Entry, salt: Option<&Salt>) -> Digest {
    let salt: &[u8] = salt.map_or(&[], |salt| &salt.0);
    let line = crate::formats::jsonl::line(entry);
    Digest::of(&[b"bareboat-entry-version-v1", salt, line.as_bytes()])
}
