//! Randomness and the ids that are drawn at the edge.

use bareboat_base::{CommandId, Instant, TypedId as _};

/// Random bytes from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // A machine without randomness can neither make keys nor ids: there is nothing to go on with.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// A UUIDv7 (RFC 9562 §5.7) of the given instant.
pub fn uuid_v7(now: Instant) -> uuid::Uuid {
    let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random()).into_uuid()
}

/// The id of a new command.
pub fn command_id(now: Instant) -> CommandId {
    CommandId::from_uuid(uuid_v7(now))
}
