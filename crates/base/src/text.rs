//! Text from outside, checked once at the edge.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing in it.
    #[error("the {what} is empty")]
    Empty {
        /// What the text is.
        what: &'static str,
    },
    /// Too long.
    #[error("the {what} has {found} characters; at most {most} are kept")]
    TooLong {
        /// What the text is.
        what: &'static str,
        /// Its length in characters.
        found: usize,
        /// The longest that is kept.
        most: usize,
    },
    /// A character that may not be in it.
    #[error("the {what} holds {found:?}, which it may not")]
    Character {
        /// What the text is.
        what: &'static str,
        /// The character.
        found: char,
    },
}

fn check(
    what: &'static str,
    text: &str,
    most: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<(), BadText> {
    if text.trim().is_empty() {
        return Err(BadText::Empty { what });
    }
    // Most texts are ASCII and short: one look at each byte.
    if text.is_ascii() && text.len() <= most && text.bytes().all(|b| allowed(char::from(b))) {
        return Ok(());
    }
    let found = text.chars().count();
    if found > most {
        return Err(BadText::TooLong { what, found, most });
    }
    match text.chars().find(|c| !allowed(*c)) {
        Some(found) => Err(BadText::Character { what, found }),
        None => Ok(()),
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident $what:literal $most:literal $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and keeps the text, without white space at its ends.
            pub fn new(text: &str) -> Result<Self, BadText> {
                let text = text.trim();
                check($what, text, $most, $allowed)?;
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadText;
            fn from_str(text: &str) -> Result<Self, BadText> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::read::from_text(deserializer)
            }
        }
    };
}

text! {
    /// A natural key: a site's, a model's, a list's. ASCII letters, digits, `-`, `_` and `.`.
    Code "code" 40 |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}
text! {
    /// A name as people write it, in any script. No control characters.
    Name "name" 400 |c| !c.is_control()
}
text! {
    /// A longer text: grounds, a citation, an address. Line breaks are allowed.
    Text "text" 10_000 |c| !c.is_control() || matches!(c, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_checked() {
        assert_eq!(Code::new(" OSA ").unwrap().as_str(), "OSA");
        assert!(matches!(
            Code::new("O A"),
            Err(BadText::Character { found: ' ', .. })
        ));
        assert!(matches!(Name::new("  "), Err(BadText::Empty { .. })));
        assert!(matches!(
            Name::new("a\u{0}b"),
            Err(BadText::Character { .. })
        ));
        assert!(matches!(
            Name::new(&"é".repeat(401)),
            Err(BadText::TooLong { found: 401, .. })
        ));
        assert_eq!(Name::new("株式会社 渚").unwrap().to_string(), "株式会社 渚");
        assert!(serde_json::from_str::<Name>("\"\"").is_err());
    }
}
