//! The text of an API key: `bbk_<id, 32 hexadecimal digits>_<secret, 43 base64url characters>`.

use bareboat_base::hash::{hex, unhex};
use bareboat_base::{Digest, KeyId, TypedId as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

/// Bytes of a secret.
pub const SECRET_BYTES: usize = 32;

/// A key as its holder has it. It does not show its secret in debug output.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    /// Which key.
    pub id: KeyId,
    secret: [u8; SECRET_BYTES],
}

impl KeyText {
    /// The key with this id and secret.
    pub fn new(id: KeyId, secret: [u8; SECRET_BYTES]) -> Self {
        Self { id, secret }
    }

    /// Reads a key's text; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix("bbk_")?.split_once('_')?;
        let id = <[u8; 16]>::try_from(unhex(id)?).ok()?;
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?;
        Some(Self {
            id: KeyId::from_uuid(Uuid::from_bytes(id)),
            secret: secret.try_into().ok()?,
        })
    }

    /// What the book keeps of it: SHA-256 of the secret's bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&[&self.secret])
    }

    /// The whole text. Show it once, to its holder.
    pub fn reveal(&self) -> String {
        let id = hex(self.id.uuid().as_bytes());
        format!("bbk_{id}_{}", URL_SAFE_NO_PAD.encode(self.secret))
    }
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyText({}, …)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_keep_their_secret() {
        let id = "01020304-0506-8708-890a-0b0c0d0e0f10".parse().unwrap();
        let key = KeyText::new(id, [0xfb; 32]);
        let text = key.reveal();
        assert_eq!(KeyText::parse(&text), Some(key.clone()));
        assert!(text.starts_with("bbk_0102030405068708890a0b0c0d0e0f10_-_v7"));
        let secret = text.rsplit_once("f10_").unwrap().1;
        assert!(!format!("{key:?}").contains(secret));
        for bad in [
            "",
            "bbk_",
            "bbk_00_00",
            &text[..70],
            &format!("{text}A"),
            &text[4..],
        ] {
            assert_eq!(KeyText::parse(bad), None, "{bad}");
        }
    }
}
