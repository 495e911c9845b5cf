//! Documents that come with a request: the thing itself, or the digest of one kept elsewhere.

use bareboat_base::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire;

/// What shows that something was done or said: a text, a document, or only a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Evidence {
    /// The SHA-256 of a document that is kept elsewhere, or in the book already.
    Digest(wire::Digest),
    /// A plain text; the book keeps it as `text/plain`.
    Text(String),
    /// A document of any kind; the book keeps it.
    Document(EvidenceDocument),
}

/// A document with its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceDocument {
    /// What kind of bytes: `application/pdf`.
    #[schema(pattern = "^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}$")]
    pub media_type: String,
    /// The bytes in base64 (RFC 4648, with padding).
    #[schema(min_length = 4)]
    pub base64: String,
}

/// Evidence, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Only a digest.
    Digest(Digest),
    /// A document of a media type.
    Document {
        /// What kind of bytes.
        media_type: String,
        /// The bytes; at least one.
        bytes: Vec<u8>,
    },
}

impl EvidenceDocument {
    /// A document of these bytes.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            base64: STANDARD.encode(bytes),
        }
    }
}

impl Evidence {
    /// A document of these bytes, for whoever asks.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::Document(EvidenceDocument::of(media_type, bytes))
    }

    /// What it is; the error says what is wrong, without the field.
    pub fn read(&self) -> Result<Shown, String> {
        match self {
            Self::Digest(digest) => Ok(Shown::Digest(digest.0)),
            Self::Text(text) => {
                if text.is_empty() {
                    return Err("the text is empty".to_owned());
                }
                Ok(Shown::Document {
                    media_type: "text/plain".to_owned(),
                    bytes: text.clone().into_bytes(),
                })
            }
            Self::Document(document) => {
                let bytes = STANDARD
                    .decode(&document.base64)
                    .map_err(|error| format!("base64: {error}"))?;
                if bytes.is_empty() {
                    return Err("the document is empty".to_owned());
                }
                if !is_media_type(&document.media_type) {
                    return Err("media_type: expected a type such as application/pdf".to_owned());
                }
                Ok(Shown::Document {
                    media_type: document.media_type.clone(),
                    bytes,
                })
            }
        }
    }
}

fn is_media_type(text: &str) -> bool {
    let fits = |part: &str| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".+-".contains(&b);
        (1..=60).contains(&part.len()) && part.bytes().all(plain)
    };
    text.split_once('/')
        .is_some_and(|(kind, subtype)| fits(kind) && fits(subtype))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_or_said_to_be_wrong() {
        let evidence = Evidence::of("application/pdf", b"%PDF");
        let expected = Shown::Document {
            media_type: "application/pdf".to_owned(),
            bytes: b"%PDF".to_vec(),
        };
        assert_eq!(evidence.read(), Ok(expected));
        for bad in [
            r#"{"text":""}"#,
            r#"{"document":{"media_type":"application/pdf","base64":"*"}}"#,
            r#"{"document":{"media_type":"application/pdf","base64":""}}"#,
            r#"{"document":{"media_type":"PDF","base64":"JVBERg=="}}"#,
        ] {
            let evidence: Evidence = serde_json::from_str(bad).unwrap();
            assert!(evidence.read().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Evidence>(r#"{"digest":"12"}"#).is_err());
        assert!(serde_json::from_str::<Evidence>(r#"{"digest":"","text":"a"}"#).is_err());
    }
}
