//! The stored shape of events: `{"type","version","data"}`, in that order, once, for ever.
//!
//! A domain declares its events with [`crate::events!`]: each variant wraps one struct, has a
//! type name (`fleet.site_registered`) and a version. Older versions are upcast on read by the
//! function the domain names; an unknown type or a newer version refuses to open the book.

use serde::Deserialize;
use serde_json::value::RawValue;

/// Why stored bytes are not an event this program knows.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not the three-field envelope.
    #[error("not an event: {0}")]
    Shape(#[source] serde_json::Error),
    /// A type no domain declares.
    #[error("event type {0:?} is not known; this book was written by a newer bareboat")]
    UnknownType(String),
    /// A version newer than this program's.
    #[error("{kind} version {found} is newer than the newest known, {known}")]
    NewerVersion {
        /// The event's type.
        kind: String,
        /// Its version.
        found: u32,
        /// The newest version this program reads.
        known: u32,
    },
    /// The data does not fit the type.
    #[error("{kind} version {version} does not parse: {source}")]
    Data {
        /// The event's type.
        kind: String,
        /// Its version.
        version: u32,
        /// What did not fit.
        source: serde_json::Error,
    },
}

/// The outer shape of stored bytes, borrowed.
#[derive(Deserialize)]
pub struct Outer<'a> {
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The version of its data.
    pub version: u32,
    /// Its data, unread.
    #[serde(borrow, deserialize_with = "unread")]
    pub data: &'a str,
}

fn unread<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<&'de str, D::Error> {
    <&RawValue>::deserialize(deserializer).map(RawValue::get)
}

impl<'a> Outer<'a> {
    /// Reads the outer shape.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match Self::as_written(bytes) {
            Some(outer) => Ok(outer),
            None => serde_json::from_slice(bytes).map_err(DecodeError::Shape),
        }
    }

    /// The domain of stored bytes, what stands before the dot of their type; `None` when they have
    /// no outer shape. Looks no further than it must.
    pub fn domain(bytes: &'a [u8]) -> Option<&'a str> {
        let kind = match bytes.strip_prefix(b"{\"type\":\"") {
            Some(rest) => rest,
            None => Self::read(bytes).ok()?.kind.as_bytes(),
        };
        let end = kind.iter().position(|byte| !byte.is_ascii_lowercase())?;
        (kind[end] == b'.').then_some(())?;
        std::str::from_utf8(&kind[..end]).ok()
    }

    /// The outer shape as [`encode`] writes it, found without looking through the data.
    fn as_written(bytes: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let rest = text.strip_prefix("{\"type\":\"")?;
        let (kind, rest) = rest.split_at_checked(rest.find('"')?)?;
        let rest = rest.strip_prefix("\",\"version\":")?;
        let (version, rest) = rest.split_at_checked(rest.find(',')?)?;
        let data = rest.strip_prefix(",\"data\":")?.strip_suffix('}')?;
        let plain = kind
            .bytes()
            .all(|b| b == b'.' || b == b'_' || b.is_ascii_lowercase());
        let number = version.bytes().all(|b| b.is_ascii_digit()) && !version.starts_with('0');
        (plain && number).then_some(())?;
        Some(Self {
            kind,
            version: version.parse().ok()?,
            data,
        })
    }
}

/// Writes the stored bytes of an event: fixed field order, no white space.
pub fn encode<T: serde::Serialize>(kind: &str, version: u32, data: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(b"{\"type\":\"");
    bytes.extend_from_slice(kind.as_bytes());
    bytes.extend_from_slice(b"\",\"version\":");
    bytes.extend_from_slice(version.to_string().as_bytes());
    bytes.extend_from_slice(b",\"data\":");
    // Event structs hold only what JSON can say: string keys, no floats.
    serde_json::to_writer(&mut bytes, data).expect("an event is always expressible as JSON");
    bytes.push(b'}');
    bytes
}

/// Declares a domain's `Event` enum; each variant wraps the struct of the same name.
///
/// Gives `kind()`, `version()`, `encode()`, `decode(&Outer)` (`None` when the type belongs to
/// another domain) and `KINDS`. `upcast` names a function
/// `fn(kind: &str, version: u32, data: serde_json::Value) -> serde_json::Value` that lifts data
/// of an older version to the next newer one. A variant may name its own reader of data of the
/// newest version, `fn(data: &str) -> Result<Variant, serde_json::Error>`, after `read`.
#[macro_export]
macro_rules! events {
    (
        $(#[$doc:meta])*
        pub enum $name:ident upcast $upcast:path {
            $(
                $(#[$variant_doc:meta])*
                $variant:ident = $kind:literal $version:literal $(read $read:path)?;
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        #[allow(clippy::large_enum_variant)]
        pub enum $name {
            $($(#[$variant_doc])* $variant($variant),)*
        }

        $(
            impl From<$variant> for $name {
                fn from(event: $variant) -> Self {
                    Self::$variant(event)
                }
            }
        )*

        impl $name {
            /// Every event type of this domain with its newest version.
            pub const KINDS: &'static [(&'static str, u32)] = &[$(($kind, $version)),*];

            /// The stored type name.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            /// The version it is stored as.
            pub fn version(&self) -> u32 {
                match self { $(Self::$variant(_) => $version,)* }
            }

            /// The stored bytes.
            pub fn encode(&self) -> Vec<u8> {
                match self {
                    $(Self::$variant(data) => $crate::event::encode($kind, $version, data),)*
                }
            }

            /// Reads an event of this domain; `None` when the type is another domain's.
            pub fn decode(
                outer: &$crate::event::Outer<'_>,
            ) -> Option<Result<Self, $crate::event::DecodeError>> {
                match outer.kind {
                    $($kind => {
                        let read = $crate::event_reader!($($read)?);
                        let data = $crate::event::decode_data(outer, $version, $upcast, read);
                        Some(data.map(Self::$variant))
                    })*
                    _ => None,
                }
            }
        }
    };
}

/// The reader of an event's data: the one named, or serde's.
#[doc(hidden)]
#[macro_export]
macro_rules! event_reader {
    () => {
        $crate::event::read_data
    };
    ($read:path) => {
        $read
    };
}

/// Reads data of the newest version.
#[doc(hidden)]
pub fn read_data<T: serde::de::DeserializeOwned>(data: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(data)
}

/// Reads the data of one event type whose newest version is `known`, upcasting older ones.
pub fn decode_data<T: serde::de::DeserializeOwned>(
    outer: &Outer<'_>,
    known: u32,
    upcast: fn(&str, u32, serde_json::Value) -> serde_json::Value,
    read: fn(&str) -> Result<T, serde_json::Error>,
) -> Result<T, DecodeError> {
    let data_error = |source| DecodeError::Data {
        kind: outer.kind.to_owned(),
        version: outer.version,
        source,
    };
    if outer.version == known {
        return read(outer.data).map_err(data_error);
    }
    if outer.version > known || outer.version == 0 {
        return Err(DecodeError::NewerVersion {
            kind: outer.kind.to_owned(),
            found: outer.version,
            known,
        });
    }
    let mut value = serde_json::from_str(outer.data).map_err(data_error)?;
    for version in outer.version..known {
        value = upcast(outer.kind, version, value);
    }
    serde_json::from_value(value).map_err(data_error)
}

/// The upcast of a domain whose newer versions add nothing but fields with a default.
pub fn no_upcast(_: &str, _: u32, data: serde_json::Value) -> serde_json::Value {
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    pub struct Renamed {
        full_name: String,
    }

    fn lift(_: &str, version: u32, mut data: serde_json::Value) -> serde_json::Value {
        assert_eq!(version, 1);
        let name = data["name"].take();
        serde_json::json!({ "full_name": name })
    }

    events! {
        /// For the test.
        pub enum Event upcast lift {
            /// Renamed.
            Renamed = "test.renamed" 2;
        }
    }

    #[test]
    fn stored_bytes_read_back_and_older_ones_are_lifted() {
        let event = Event::from(Renamed {
            full_name: "a".into(),
        });
        let bytes = event.encode();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{"type":"test.renamed","version":2,"data":{"full_name":"a"}}"#
        );
        assert_eq!((event.kind(), event.version()), Event::KINDS[0]);
        let read = |bytes: &[u8]| Event::decode(&Outer::read(bytes).unwrap());
        assert_eq!(read(&bytes).unwrap().unwrap(), event);
        let old = br#"{"type":"test.renamed","version":1,"data":{"name":"a"}}"#;
        assert_eq!(read(old).unwrap().unwrap(), event);
        let newer = br#"{"type":"test.renamed","version":3,"data":{}}"#;
        assert!(matches!(
            read(newer),
            Some(Err(DecodeError::NewerVersion { .. }))
        ));
        let other = br#"{"type":"else.renamed","version":1,"data":{}}"#;
        assert!(read(other).is_none());
        // Written by somebody else: white space, another order.
        let loose = br#" { "version": 2, "data": {"full_name":"a"}, "type": "test.renamed" } "#;
        assert_eq!(read(loose).unwrap().unwrap(), event);
        for bad in [&b"{}"[..], b"\xff", br#"{"type":"a","version":1,"data":"#] {
            assert!(Outer::read(bad).is_err());
        }
        for bad in ["{}}", "7", "{\"full_name\":\"a\"},\"x\":1"] {
            let bytes = format!(r#"{{"type":"test.renamed","version":2,"data":{bad}}}"#);
            let outer = Outer::read(bytes.as_bytes());
            assert!(outer.is_err() || Event::decode(&outer.unwrap()).unwrap().is_err());
        }
    }
}
