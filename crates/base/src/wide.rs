//! 128-bit integers as they are stored: a JSON number up to 2^53 in magnitude, a string beyond,
//! since readers in other languages hold numbers as doubles (RFC 8259 §6).

use std::fmt;

use serde::{Deserializer, Serializer, de};

const SAFE: i128 = 1 << 53;

/// Writes the integer.
pub fn serialize<S: Serializer>(value: &i128, serializer: S) -> Result<S::Ok, S::Error> {
    if !serializer.is_human_readable() {
        return serializer.serialize_i128(*value);
    }
    match i64::try_from(*value) {
        Ok(small) if value.abs() <= SAFE => serializer.serialize_i64(small),
        _ => serializer.collect_str(value),
    }
}

/// Reads the integer.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i128, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(Wide)
    } else {
        <i128 as serde::Deserialize>::deserialize(deserializer)
    }
}

struct Wide;

impl de::Visitor<'_> for Wide {
    type Value = i128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer, or a string of digits when it is beyond 2^53")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i128, E> {
        Ok(i128::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i128, E> {
        Ok(i128::from(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i128, E> {
        text.parse()
            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
