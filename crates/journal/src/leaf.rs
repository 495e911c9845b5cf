//! The bytes that are hashed, and so can never change.
//!
//! A leaf is SHA-256(0x00 ‖ envelope ‖ bytes). The envelope is 48 bytes, big endian:
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | position, unsigned, from 1 |
//! | 8..16 | recorded instant, signed microseconds since 1970-01-01T00:00:00Z |
//! | 16..32 | the actor's UUID |
//! | 32..48 | the command's UUID |
//!
//! The bytes are the event's stored bytes, as they lie. The 0x00 is RFC 6962's mark of a leaf.

use bareboat_base::{CommandId, Digest, Instant, Position, PrincipalId, TypedId as _};

/// The length of an envelope in bytes.
pub const ENVELOPE_BYTES: usize = 48;

/// The envelope of an event.
pub fn envelope(
    position: Position,
    recorded_at: Instant,
    actor: PrincipalId,
    command_id: CommandId,
) -> [u8; ENVELOPE_BYTES] {
    let mut bytes = [0; ENVELOPE_BYTES];
    bytes[..8].copy_from_slice(&position.0.to_be_bytes());
    bytes[8..16].copy_from_slice(&recorded_at.micros().to_be_bytes());
    bytes[16..32].copy_from_slice(actor.uuid().as_bytes());
    bytes[32..].copy_from_slice(command_id.uuid().as_bytes());
    bytes
}

/// The leaf of an event: see the module's words.
pub fn leaf(
    position: Position,
    recorded_at: Instant,
    actor: PrincipalId,
    command_id: CommandId,
    bytes: &[u8],
) -> Digest {
    let envelope = envelope(position, recorded_at, actor, command_id);
    Digest::of(&[&[0], &envelope, bytes])
}
