//! What a client declares that it uses GPUs for.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::evidence::Evidence;
use crate::mirror::mirror;
use crate::wire;

mirror! {
    /// What handing over nodes amounts to under the Export Administration Regulations.
    EarActivity of bareboat_rulebook::EarActivity {
        /// Possession changes inside one country (15 CFR 734.16).
        InCountryTransfer "in-country-transfer",
        /// From one foreign country to another (15 CFR 734.14).
        Reexport "reexport",
        /// Out of the United States (15 CFR 734.13).
        ExportFromUs "export-from-us",
        /// Use over a network; nothing changes hands.
        RemoteAccess "remote-access",
        /// Support by a US person (15 CFR 744.6).
        UsPersonSupport "us-person-support",
        /// Nothing the regulations name.
        None "none",
    }
}

/// What a client says it uses the GPUs for, and what the operator knows of that. What is left out
/// is unknown to the rules, and unknown never permits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclareUse {
    /// `training`, `inference` …
    pub purpose: Option<wire::Code>,
    /// Whether it is for weapons of mass destruction (15 CFR 744.2 to 744.4).
    pub wmd: Option<bool>,
    /// Whether it is for military intelligence (15 CFR 744.22).
    pub military_intelligence: Option<bool>,
    /// Whether models are trained for a party headquartered in D:5 or Macau.
    pub training_for_d5_party: Option<bool>,
    /// Whether it will be diverted from what is declared.
    pub diversion: Option<bool>,
    /// What handing over the nodes amounts to under the EAR, as counsel judged it.
    pub ear_activity: Option<EarActivity>,
    /// The day it was declared.
    pub declared_on: wire::Date,
    /// Where it is written: an end-user statement, a diligence memo.
    pub source: wire::Text,
    /// The document, when there is one.
    pub document: Option<Evidence>,
}

/// The newest declaration of a contract's use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndUse {
    /// The contract.
    pub contract: wire::Id,
    /// `training`, `inference` …
    pub purpose: Option<wire::Code>,
    /// Whether it is for weapons of mass destruction.
    pub wmd: Option<bool>,
    /// Whether it is for military intelligence.
    pub military_intelligence: Option<bool>,
    /// Whether models are trained for a party headquartered in D:5 or Macau.
    pub training_for_d5_party: Option<bool>,
    /// Whether it will be diverted from what is declared.
    pub diversion: Option<bool>,
    /// What handing over the nodes amounts to under the EAR.
    pub ear_activity: Option<EarActivity>,
    /// The day it was declared.
    pub declared_on: wire::Date,
    /// Where it is written.
    pub source: wire::Text,
    /// The document's SHA-256; the salted commitment to it when it is sealed.
    pub document: Option<wire::Digest>,
    /// The sealed value that holds the document, when the client or its partner is sealed.
    pub document_sealed: Option<wire::Id>,
    /// How it was recorded.
    pub recorded: wire::Recorded,
}
