//! Shares of ownership: exact, and as intervals, since sources often say "25 to 50%".

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A share of a whole in units of 10⁻¹² (so 100% is 10¹² units): exact for any percentage with
/// up to ten decimals.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Share(u64);

/// Why a share was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadShare {
    /// Not a decimal percentage.
    #[error("{0:?} is not a percentage such as 50 or 33.3333 (at most ten decimals)")]
    Format(String),
    /// Over 100%.
    #[error("{0}% is more than the whole")]
    OverWhole(String),
    /// The interval's ends are the wrong way round.
    #[error("the least share, {min}, is over the greatest, {max}")]
    Reversed {
        /// The lower end.
        min: Share,
        /// The upper end.
        max: Share,
    },
}

impl Share {
    /// Units in a whole.
    pub const UNITS: u64 = 1_000_000_000_000;
    /// 0%.
    pub const ZERO: Self = Self(0);
    /// 50%.
    pub const HALF: Self = Self(Self::UNITS / 2);
    /// 100%.
    pub const WHOLE: Self = Self(Self::UNITS);

    /// So many units of 10⁻¹², or `None` over the whole.
    pub fn from_units(units: u64) -> Option<Self> {
        (units <= Self::UNITS).then_some(Self(units))
    }

    /// The units of 10⁻¹².
    pub fn units(self) -> u64 {
        self.0
    }

    /// The sum, at most the whole.
    pub fn saturating_add(self, other: Self) -> Self {
        Self((self.0 + other.0).min(Self::UNITS))
    }
}

impl FromStr for Share {
    type Err = BadShare;

    /// Reads a percentage: `50`, `33.3333`.
    fn from_str(text: &str) -> Result<Self, BadShare> {
        let bad = || BadShare::Format(text.chars().take(40).collect());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 10 {
            return Err(bad());
        }
        if text.ends_with('.') {
            return Err(bad());
        }
        let over = || BadShare::OverWhole(text.chars().take(40).collect());
        let whole: u64 = whole.parse().map_err(|_| over())?;
        let fraction: u64 = format!("{fraction:0<10}").parse().map_err(|_| bad())?;
        // One percent is 10^10 units.
        let units = whole
            .checked_mul(10_000_000_000)
            .and_then(|u| u.checked_add(fraction));
        units.and_then(Self::from_units).ok_or_else(over)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 10_000_000_000, self.0 % 10_000_000_000);
        if fraction == 0 {
            return write!(f, "{whole}%");
        }
        let digits = format!("{fraction:010}");
        write!(f, "{whole}.{}%", digits.trim_end_matches('0'))
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            let text = self.to_string();
            serializer.serialize_str(text.trim_end_matches('%'))
        } else {
            serializer.serialize_u64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            crate::read::from_text(deserializer)
        } else {
            let units = u64::deserialize(deserializer)?;
            Self::from_units(units).ok_or_else(|| de::Error::custom("a share over the whole"))
        }
    }
}

/// What is known of a share: it lies in [min, max]. Unknown is [0, 100%].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawRange")]
pub struct ShareRange {
    min: Share,
    max: Share,
}

#[derive(Deserialize)]
struct RawRange {
    min: Share,
    max: Share,
}

impl TryFrom<RawRange> for ShareRange {
    type Error = BadShare;
    fn try_from(raw: RawRange) -> Result<Self, BadShare> {
        Self::new(raw.min, raw.max)
    }
}

/// How an interval lies to a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaches {
    /// Its least is at or over the threshold.
    Yes,
    /// Its greatest is under it.
    No,
    /// It straddles it.
    Unknown,
}

impl ShareRange {
    /// Nothing is known.
    pub const UNKNOWN: Self = Self {
        min: Share::ZERO,
        max: Share::WHOLE,
    };

    /// An interval.
    pub fn new(min: Share, max: Share) -> Result<Self, BadShare> {
        if min > max {
            Err(BadShare::Reversed { min, max })
        } else {
            Ok(Self { min, max })
        }
    }

    /// A share known exactly.
    pub fn exact(share: Share) -> Self {
        Self {
            min: share,
            max: share,
        }
    }

    /// The least it can be.
    pub fn min(&self) -> Share {
        self.min
    }

    /// The most it can be.
    pub fn max(&self) -> Share {
        self.max
    }

    /// Whether it is at least `threshold`.
    pub fn reaches(&self, threshold: Share) -> Reaches {
        if self.min >= threshold {
            Reaches::Yes
        } else if self.max < threshold {
            Reaches::No
        } else {
            Reaches::Unknown
        }
    }
}

impl fmt::Display for ShareRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            write!(f, "{}", self.min)
        } else {
            write!(f, "{} to {}", self.min, self.max)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_exact() {
        for (text, units) in [
            ("50", 500_000_000_000),
            ("0.0000000001", 1),
            ("100", Share::UNITS),
        ] {
            let share: Share = text.parse().unwrap();
            assert_eq!(share.units(), units);
            assert_eq!(share.to_string(), format!("{text}%"));
        }
        for bad in [
            "",
            "-1",
            "100.0000000001",
            "1e2",
            "50%",
            "5.",
            ".5",
            "1.00000000000",
            "999999999999999999999",
        ] {
            assert!(bad.parse::<Share>().is_err(), "{bad}");
        }
    }

    #[test]
    fn straddling_is_unknown() {
        let range = ShareRange::new("25".parse().unwrap(), "50".parse().unwrap()).unwrap();
        assert_eq!(range.reaches(Share::HALF), Reaches::Unknown);
        assert_eq!(range.reaches("25".parse().unwrap()), Reaches::Yes);
        assert_eq!(range.reaches("50.0000000001".parse().unwrap()), Reaches::No);
        assert!(serde_json::from_str::<ShareRange>(r#"{"min":"2","max":"1"}"#).is_err());
    }
}
