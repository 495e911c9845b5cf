//! The values facts have and rules compare: exact decimals, countries, words, yes or no.

use std::fmt;
use std::str::FromStr;

use bareboat_base::{Code, Country};
use serde::{Deserialize, Serialize};

/// An exact decimal, kept in thousandths.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Decimal(pub i64);

impl Decimal {
    /// A whole number.
    pub fn whole(number: u32) -> Self {
        Self(i64::from(number) * 1000)
    }

    /// A number of hundredths, as performance density is kept.
    pub fn hundredths(number: u32) -> Self {
        Self(i64::from(number) * 10)
    }
}

/// The text was not a decimal with at most three places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a number with at most three decimal places")]
pub struct BadDecimal(pub String);

impl FromStr for Decimal {
    type Err = BadDecimal;

    fn from_str(text: &str) -> Result<Self, BadDecimal> {
        let bad = || BadDecimal(text.chars().take(40).collect());
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(places) || places.len() > 3 || whole.len() > 12 {
            return Err(bad());
        }
        let whole: i64 = whole.parse().map_err(|_| bad())?;
        let places: i64 = format!("{places:0<3}").parse().map_err(|_| bad())?;
        Ok(Self(whole * 1000 + places))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let magnitude = self.0.unsigned_abs();
        let places = format!("{:03}", magnitude % 1000);
        match places.trim_end_matches('0') {
            "" => write!(f, "{sign}{}", magnitude / 1000),
            places => write!(f, "{sign}{}.{places}", magnitude / 1000),
        }
    }
}

/// A fact's value as a proof keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// An exact decimal.
    Number(Decimal),
    /// A country.
    Country(Country),
    /// Known to be nothing: no party stands above, no list names it.
    Nothing,
    /// A word of a fixed vocabulary, or a natural key.
    Word(Code),
    /// Several words: the lists that name a party.
    Words(Vec<Code>),
    /// Yes or no.
    Flag(bool),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Country(country) => country.fmt(f),
            Self::Nothing => f.write_str("none"),
            Self::Word(word) => word.fmt(f),
            Self::Words(words) => {
                let words: Vec<_> = words.iter().map(Code::as_str).collect();
                f.write_str(&words.join(", "))
            }
            Self::Flag(flag) => f.write_str(if *flag { "true" } else { "false" }),
        }
    }
}
