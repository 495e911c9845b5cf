//! What happened to rulebooks, authorisations and determinations.

use bareboat_base::{
    AuthorisationId, Code, ContractId, Date, DeterminationId, Digest, Name, RulebookId, Text,
};
use serde::{Deserialize, Serialize};

use crate::authorisation::AuthorisationTerms;
use crate::facts::Facts;
use crate::proof::Evaluation;
use crate::rule::{Parameter, Rule};
use crate::state::Draw;

bareboat_base::events! {
    /// A change of rulebooks, authorisations or determinations.
    pub enum Event upcast bareboat_base::event::no_upcast {
        /// A version of a rulebook was adopted.
        RulebookAdopted = "rulebook.adopted" 1;
        /// An authorisation was recorded.
        AuthorisationRecorded = "rulebook.authorisation_recorded" 1;
        /// An authorisation was revoked.
        AuthorisationRevoked = "rulebook.authorisation_revoked" 1;
        /// A deal was judged.
        DeterminationMade = "rulebook.determination_made" 2 read crate::derivation::read_event;
        /// An officer decided a referral.
        ReferralResolved = "rulebook.referral_resolved" 1;
        /// A second officer confirmed it.
        ResolutionConfirmed = "rulebook.resolution_confirmed" 1;
    }
}

/// A version of a rulebook was adopted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RulebookAdopted {
    /// Its id.
    pub rulebook: RulebookId,
    /// The regime.
    pub regime: Code,
    /// The version.
    pub version: Code,
    /// The digest of the texts.
    pub text_digest: Digest,
    /// Its dated parameters.
    pub parameters: Vec<Parameter>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Who signed it.
    pub signed_by: Option<Name>,
    /// From which day on it is used.
    pub effective: Date,
}

/// An authorisation was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthorisationRecorded {
    /// Its id.
    pub authorisation: AuthorisationId,
    /// Its terms.
    pub terms: AuthorisationTerms,
}

/// An authorisation was revoked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthorisationRevoked {
    /// Which.
    pub authorisation: AuthorisationId,
    /// The first day on which it no longer holds.
    pub on: Date,
    /// Why.
    pub reason: Text,
}

/// A deal was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeterminationMade {
    /// Its id.
    pub determination: DeterminationId,
    /// The contract it is about.
    pub contract: Option<ContractId>,
    /// The deal.
    pub facts: Facts,
    /// The judgement with its proof.
    pub evaluation: Evaluation,
    /// What it draws from authorisations.
    pub draws: Vec<Draw>,
}

/// An officer decided a referral.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReferralResolved {
    /// Which.
    pub determination: DeterminationId,
    /// Whether to go on.
    pub proceed: bool,
    /// On what grounds.
    pub grounds: Text,
}

/// A second officer confirmed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResolutionConfirmed {
    /// Which.
    pub determination: DeterminationId,
}
