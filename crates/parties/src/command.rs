//! What someone may ask of parties.

use bareboat_base::{Date, InterestId, PartyId};

use crate::{InterestFacts, PartyFacts};

/// A request to change parties or interests.
#[derive(Clone, Debug)]
pub enum Command {
    /// Registers a party.
    RegisterParty(RegisterParty),
    /// Replaces what is known of a party.
    AmendParty(AmendParty),
    /// Records an interest.
    RecordInterest(RecordInterest),
    /// Ends an interest.
    EndInterest(EndInterest),
}

/// Registers a party. Its id is `context.mint(0)`; sealed fields must name that id.
#[derive(Clone, Debug)]
pub struct RegisterParty {
    /// What is known of it.
    pub facts: PartyFacts,
}

/// Replaces what is known of a party by new facts, whole.
#[derive(Clone, Debug)]
pub struct AmendParty {
    /// The party.
    pub party: PartyId,
    /// The version that the caller saw.
    pub expected_version: u32,
    /// The new facts.
    pub facts: PartyFacts,
}

/// Records that one party holds an interest in another. Its id is `context.mint(0)`.
#[derive(Clone, Debug)]
pub struct RecordInterest {
    /// The interest.
    pub facts: InterestFacts,
}

/// Says from which day on an interest is no longer held.
#[derive(Clone, Debug)]
pub struct EndInterest {
    /// The interest.
    pub interest: InterestId,
    /// The first day on which it is no longer held.
    pub on: Date,
}
