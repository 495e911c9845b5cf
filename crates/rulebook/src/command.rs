//! What someone may ask of the rulebook domain.

use bareboat_base::{AuthorisationId, Code, ContractId, Date, DeterminationId, Digest, Name, Text};

use crate::authorisation::AuthorisationTerms;
use crate::facts::Facts;
use crate::rule::{Parameter, Rule};

/// A request to change rulebooks, authorisations or determinations.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant)]
pub enum Command {
    /// Put a version of a regime's rulebook into force.
    AdoptRulebook(AdoptRulebook),
    /// Record a licence, an exception relied on, a clearance.
    RecordAuthorisation(RecordAuthorisation),
    /// Record that it is revoked.
    RevokeAuthorisation(RevokeAuthorisation),
    /// Judge a deal and record the judgement.
    Determine(Determine),
    /// An officer decides what was referred.
    ResolveReferral(ResolveReferral),
    /// A second officer confirms that.
    ConfirmResolution(ConfirmResolution),
}

/// Put a version of a regime's rulebook into force.
#[derive(Clone, Debug, PartialEq)]
pub struct AdoptRulebook {
    /// The regime: `us-ear`.
    pub regime: Code,
    /// The version; new in the regime.
    pub version: Code,
    /// The digest of the texts it was parsed from.
    pub text_digest: Digest,
    /// Its dated parameters.
    pub parameters: Vec<Parameter>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The operator's counsel who signed it.
    pub signed_by: Option<Name>,
    /// From which day on it is used.
    pub effective: Date,
}

/// Record a licence, an exception relied on, a clearance.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordAuthorisation {
    /// Its terms; `id` must be `None` and `drawn` what was drawn before the book.
    pub terms: AuthorisationTerms,
}

/// Record that an authorisation is revoked.
#[derive(Clone, Debug, PartialEq)]
pub struct RevokeAuthorisation {
    /// Which.
    pub authorisation: AuthorisationId,
    /// The first day on which it no longer holds.
    pub on: Date,
    /// Why.
    pub reason: Text,
}

/// Judge a deal and record the judgement, whatever it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Determine {
    /// The contract it is about.
    pub contract: Option<ContractId>,
    /// The deal.
    pub facts: Facts,
    /// Whether what is permitted under an authorisation draws its quantity down: yes when
    /// capacity is promised or handed over, no when the same is only judged again.
    pub draw: bool,
}

/// An officer decides what was referred.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolveReferral {
    /// Which.
    pub determination: DeterminationId,
    /// Whether to go on.
    pub proceed: bool,
    /// On what grounds.
    pub grounds: Text,
}

/// A second officer confirms that.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfirmResolution {
    /// Which.
    pub determination: DeterminationId,
}
