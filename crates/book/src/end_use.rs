//! What a client says it uses the GPUs for, and what the operator knows of that.
//!
//! A declaration belongs to a contract. What it does not say is unknown to the rules, and unknown
//! never permits.

use bareboat_base::{Code, ContractId, Date, Digest, Recorded, Text};
use bareboat_rulebook::EarActivity;
use serde::{Deserialize, Serialize};

/// A declaration of use, with what the operator's diligence adds. `None` is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseDeclared {
    /// The contract.
    pub contract: ContractId,
    /// `training`, `inference` …
    pub purpose: Option<Code>,
    /// For weapons of mass destruction (15 CFR 744.2 to 744.4).
    pub wmd: Option<bool>,
    /// For military intelligence (15 CFR 744.22).
    pub military_intelligence: Option<bool>,
    /// To train models for or on behalf of a party headquartered in D:5 or Macau.
    pub training_for_d5_party: Option<bool>,
    /// To be diverted from what is declared.
    pub diversion: Option<bool>,
    /// What handing over the nodes amounts to under the EAR, as counsel judged it.
    pub ear_activity: Option<EarActivity>,
    /// The day it was declared.
    pub declared_on: Date,
    /// Where it is written: an end-user statement, a diligence memo.
    pub source: Text,
    /// The document's SHA-256, when it is kept.
    pub document: Option<Digest>,
}

/// A declaration as kept; the newest of a contract counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// What was declared.
    pub declared: UseDeclared,
    /// The event that recorded it.
    pub recorded: Recorded,
}
