//! Values as they are written on the wire. All of them are strings, so that no reader loses a
//! digit: an amount is `"406000000.00 USD"`, a date `"2026-03-01"`, an instant RFC 3339 in UTC,
//! a share a percentage (`"33.3333"`), an id a UUID. A field that refers to something takes its
//! id or its label ([`Ref`]).

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use bareboat_base as base;

fn text(description: &str, example: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .examples([serde_json::Value::from(example)])
}

fn done(object: ObjectBuilder) -> RefOr<Schema> {
    RefOr::T(Schema::Object(Object::from(object)))
}

macro_rules! wire {
    ($($name:ident $inner:ty, $doc:literal, $example:literal, |$builder:ident| $build:expr;)*) => {
        $(
            #[doc = $doc]
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $name(pub $inner);

            impl From<$inner> for $name {
                fn from(value: $inner) -> Self {
                    Self(value)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(&self.0)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = <Cow<'de, str>>::deserialize(deserializer)?;
                    text.parse().map(Self).map_err(de::Error::custom)
                }
            }

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let $builder = text($doc, $example);
                    done($build)
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

wire! {
    Money base::Money, "An amount with its currency (ISO 4217), with at most as many decimals as the currency has.", "406000000.00 USD",
        |b| b.pattern(Some(r"^-?[0-9]{1,30}(\.[0-9]{1,4})? [A-Z]{3}$"));
    MicroPrice base::MicroPrice, "A price per unit with its currency, with at most six decimals.", "3.09 USD",
        |b| b.pattern(Some(r"^-?[0-9]{1,30}(\.[0-9]{1,6})? [A-Z]{3}$"));
    Currency base::Currency, "A currency (ISO 4217).", "USD", |b| b.pattern(Some("^[A-Z]{3}$"));
    Date base::Date, "A civil date.", "2026-03-01",
        |b| b.format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
    Instant base::Instant, "An instant in UTC, to the microsecond.", "2026-03-01T00:00:00Z",
        |b| b.format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    Zone base::Zone, "A time zone of the tz database.", "Asia/Tokyo", |b| b.min_length(Some(1));
    Country base::Country, "A country (ISO 3166-1 alpha-2).", "JP", |b| b.pattern(Some("^[A-Z]{2}$"));
    Digest base::Digest, "A SHA-256 digest, 64 hexadecimal digits.", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        |b| b.pattern(Some("^[0-9a-fA-F]{64}$"));
    Code base::Code, "A natural key: ASCII letters, digits, `-`, `_` and `.`.", "OSA",
        |b| b.pattern(Some("^[A-Za-z0-9._-]{1,40}$"));
    Name base::Name, "A name, in any script, without control characters.", "Nagisa Compute K.K.",
        |b| b.min_length(Some(1)).max_length(Some(400));
    Text base::Text, "A text; line breaks are allowed.", "as agreed on the telephone",
        |b| b.min_length(Some(1)).max_length(Some(10_000));
}

/// A share in per cent, with at most ten decimals: `33.3333`. Written without the sign that people
/// see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Share(pub base::Share);

impl From<base::Share> for Share {
    fn from(share: base::Share) -> Self {
        Self(share)
    }
}

impl PartialSchema for Share {
    fn schema() -> RefOr<Schema> {
        let what = "A share in per cent, with at most ten decimals.";
        done(text(what, "33.3333").pattern(Some(r"^[0-9]{1,3}(\.[0-9]{1,10})?$")))
    }
}

impl ToSchema for Share {}

/// An id: a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub uuid::Uuid);

impl<I: base::TypedId> From<I> for Id {
    fn from(id: I) -> Self {
        Self(id.uuid())
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let example = "0192f0e0-0000-8000-8000-000000000001";
        done(text("An id.", example).format(Some(SchemaFormat::Custom("uuid".to_owned()))))
    }
}

impl ToSchema for Id {}

/// Refers to something: its id, its label (`C-0042`), or its code where it has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ref(pub String);

impl<I: base::TypedId> From<I> for Ref {
    fn from(id: I) -> Self {
        Self(id.uuid().hyphenated().to_string())
    }
}

impl PartialSchema for Ref {
    fn schema() -> RefOr<Schema> {
        let what = "Refers to something: its id, its label, or its code where it has one.";
        done(
            text(what, "C-0042")
                .min_length(Some(1))
                .max_length(Some(64)),
        )
    }
}

impl ToSchema for Ref {}

/// A half-open window of instants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its first instant.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
}

impl From<base::Window> for Window {
    fn from(window: base::Window) -> Self {
        Self {
            from: window.from().into(),
            to: window.to().into(),
        }
    }
}

impl TryFrom<Window> for base::Window {
    type Error = base::time::TimeError;
    fn try_from(window: Window) -> Result<Self, Self::Error> {
        Self::new(window.from.0, window.to.0)
    }
}

/// A half-open window of civil dates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DateWindow {
    /// Its first day.
    pub from: Date,
    /// The first day after it.
    pub to: Date,
}

impl From<base::DateWindow> for DateWindow {
    fn from(window: base::DateWindow) -> Self {
        Self {
            from: window.from().into(),
            to: window.to().into(),
        }
    }
}

impl TryFrom<DateWindow> for base::DateWindow {
    type Error = base::time::TimeError;
    fn try_from(window: DateWindow) -> Result<Self, Self::Error> {
        Self::new(window.from.0, window.to.0)
    }
}

/// Who recorded something, when, and where it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recorded {
    /// Its place in the journal.
    pub position: u64,
    /// When the book recorded it.
    pub at: Instant,
    /// Who asked for it.
    pub by: Id,
}

impl From<base::Recorded> for Recorded {
    fn from(recorded: base::Recorded) -> Self {
        Self {
            position: recorded.position.0,
            at: recorded.at.into(),
            by: recorded.by.into(),
        }
    }
}

/// An open value, or the word that it is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Confidential {
    /// The value, when it is in the open.
    pub value: Option<String>,
    /// The sealed value's id, when it is sealed and the caller may open it.
    pub sealed: Option<Id>,
}

impl<T: ToString> From<&base::Confidential<T>> for Confidential {
    fn from(field: &base::Confidential<T>) -> Self {
        Self {
            value: field.open().map(ToString::to_string),
            sealed: field.sealed().map(|sealed| sealed.id.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_written_as_it_is_read() {
        let share: Share = serde_json::from_str(r#""33.3333""#).unwrap();
        assert_eq!(serde_json::to_string(&share).unwrap(), r#""33.3333""#);
        assert!(serde_json::from_str::<Share>(r#""33.3333%""#).is_err());
    }

    #[test]
    fn values_are_strings_that_read_back() {
        let money: Money = serde_json::from_str(r#""406000000.00 USD""#).unwrap();
        assert_eq!(
            serde_json::to_string(&money).unwrap(),
            r#""406000000.00 USD""#
        );
        for bad in [r#""406000000.001 USD""#, "1", r#"{"minor":1}"#, "null"] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
        let error = serde_json::from_str::<Date>(r#""2026-02-30""#).unwrap_err();
        assert!(error.to_string().contains("2026-02-30"), "{error}");
    }
}
