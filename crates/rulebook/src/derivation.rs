//! How each rule was judged: by far the longest part of a determination, and the one least often
//! read.
//!
//! The event holds all of it, for ever. A replay carries its text through unread, and the state
//! leaves it out: what it says follows from the facts and the rulebooks, which the state keeps
//! (see [`crate::whole_evaluation`]).

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::event::DeterminationMade;
use crate::proof::RuleProof;

/// The derivations of an evaluation, one for each rule that governs the activity.
#[derive(Clone)]
pub struct Derivation(Kept);

#[derive(Clone)]
enum Kept {
    /// As the evaluator made them.
    Made(Vec<RuleProof>),
    /// As they are stored, unread.
    Stored(Box<str>),
    /// Not kept.
    LeftOut,
}

impl Derivation {
    /// As the evaluator made them.
    pub fn made(rules: Vec<RuleProof>) -> Self {
        Self(Kept::Made(rules))
    }

    /// Not kept; the event has them.
    pub fn left_out() -> Self {
        Self(Kept::LeftOut)
    }

    /// The derivations; `None` when they are left out.
    ///
    /// # Errors
    /// The stored text is not what this program knows as derivations.
    pub fn read(&self) -> Result<Option<Cow<'_, [RuleProof]>>, serde_json::Error> {
        match &self.0 {
            Kept::Made(rules) => Ok(Some(Cow::Borrowed(rules))),
            Kept::Stored(text) => serde_json::from_str(text).map(|rules| Some(Cow::Owned(rules))),
            Kept::LeftOut => Ok(None),
        }
    }
}

impl PartialEq for Derivation {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kept::Stored(one), Kept::Stored(other)) => one == other,
            _ => match (self.read(), other.read()) {
                (Ok(one), Ok(other)) => one == other,
                _ => false,
            },
        }
    }
}

impl fmt::Debug for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Pages of it would hide whatever it stands in.
        f.write_str(match &self.0 {
            Kept::Made(_) => "made",
            Kept::Stored(_) => "stored",
            Kept::LeftOut => "left out",
        })
    }
}

impl Serialize for Derivation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Kept::Made(rules) if serializer.is_human_readable() => rules.serialize(serializer),
            Kept::Stored(text) if serializer.is_human_readable() => {
                let text = RawValue::from_string(text.to_string()).map_err(S::Error::custom)?;
                text.serialize(serializer)
            }
            Kept::LeftOut => serializer.serialize_unit(),
            // An event is JSON and whole; a snapshot is not, and leaves them out.
            _ => Err(S::Error::custom("a derivation is stored in events alone")),
        }
    }
}

impl<'de> Deserialize<'de> for Derivation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <()>::deserialize(deserializer).map(|()| Self::left_out());
        }
        let text = Box::<RawValue>::deserialize(deserializer)?;
        match text.get().bytes().next() {
            Some(b'[') => Ok(Self(Kept::Stored(text.get().into()))),
            Some(b'n') => Ok(Self::left_out()),
            _ => Err(D::Error::custom("the derivations are a list")),
        }
    }
}

/// Reads a determination without looking through its derivation: as it is written, it stands
/// between these two. Neither can stand inside a text, whose quotation marks are escaped.
const BEFORE: &str = ",\"rules\":";
const AFTER: &str = "}},\"draws\":[";

pub(crate) fn read_event(data: &str) -> Result<DeterminationMade, serde_json::Error> {
    let Some((before, stored, after)) = around(data) else {
        return serde_json::from_str(data);
    };
    let short = [before, "null", after].concat();
    let mut event: DeterminationMade = serde_json::from_str(&short)?;
    event.evaluation.proof.rules = Derivation(Kept::Stored(stored.into()));
    Ok(event)
}

fn around(data: &str) -> Option<(&str, &str, &str)> {
    let from = data.find(BEFORE)? + BEFORE.len();
    let to = data.rfind(AFTER)?;
    let stored = data.get(from..to)?;
    let whole = stored.starts_with('[') && stored.ends_with(']');
    whole.then_some((&data[..from], stored, &data[to..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_text_is_carried_through_and_snapshots_leave_it_out() {
        let text = r#"[{"rule":"a.b"}]"#;
        let stored: Derivation = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&stored).unwrap(), text);
        assert!(stored.read().is_err() && stored != Derivation::made(Vec::new()));
        let none: Derivation = serde_json::from_str("[]").unwrap();
        assert_eq!(none, Derivation::made(Vec::new()));
        assert_ne!(none, Derivation::left_out());
        assert!(serde_json::from_str::<Derivation>("7").is_err());
        assert!(postcard::to_stdvec(&none).is_err());
        let bytes = postcard::to_stdvec(&Derivation::left_out()).unwrap();
        assert!(
            postcard::from_bytes::<Derivation>(&bytes)
                .unwrap()
                .read()
                .unwrap()
                .is_none()
        );
    }
}
