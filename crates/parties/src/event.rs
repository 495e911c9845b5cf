//! What happens to parties.

use bareboat_base::{Date, InterestId, PartyId};
use serde::{Deserialize, Serialize};

use crate::{InterestFacts, PartyFacts};

/// A party was registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartyRegistered {
    /// The party.
    pub party: PartyId,
    /// What is known of it.
    pub facts: PartyFacts,
}

/// What is known of a party was replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartyAmended {
    /// The party.
    pub party: PartyId,
    /// The new version.
    pub party_version: u32,
    /// The new facts, whole.
    pub facts: PartyFacts,
}

/// An interest was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterestRecorded {
    /// The interest.
    pub interest: InterestId,
    /// What is known of it.
    pub facts: InterestFacts,
}

/// An interest ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InterestEnded {
    /// The interest.
    pub interest: InterestId,
    /// The first day on which it is no longer held.
    pub on: Date,
}

bareboat_base::events! {
    /// A fact about parties.
    pub enum Event upcast bareboat_base::event::no_upcast {
        /// A party was registered.
        PartyRegistered = "parties.party_registered" 2;
        /// A party's facts were replaced.
        PartyAmended = "parties.party_amended" 2;
        /// An interest was recorded.
        InterestRecorded = "parties.interest_recorded" 1;
        /// An interest ended.
        InterestEnded = "parties.interest_ended" 1;
    }
}
