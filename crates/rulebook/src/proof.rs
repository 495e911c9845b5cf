//! What an evaluation says, and why: a tree from facts with their sources to the outcome.

use bareboat_base::{Code, Date, Digest, Name, PartyId, Text};
use serde::{Deserialize, Serialize};

use crate::authorisation::Uncovered;
use crate::facts::{Role, Source};
use crate::logic::Truth;
use crate::rule::{Outcome, Standing};
use crate::value::Value;

/// What follows from the facts under the rulebooks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Evaluation {
    /// The strongest of the reasons' outcomes.
    pub outcome: Outcome,
    /// Every applicable rule, strongest first.
    pub reasons: Vec<Reason>,
    /// Facts that are not known and would matter.
    pub missing: Vec<Missing>,
    /// Remarks a reader must see: unverified extensions, unsigned rulebooks.
    pub flags: Vec<Text>,
    /// How the strongest `needs-authorisation` is reviewed.
    pub review_policy: Option<Text>,
    /// The authorisations the answer rests on, by the authority's number.
    pub rests_on: Vec<Code>,
    /// The whole derivation.
    pub proof: Proof,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reason {
    /// The rule's name, or `engine.…` when it is the evaluator's own.
    pub rule: Code,
    /// The citation on the legal date.
    pub citation: Text,
    /// What it says here.
    pub outcome: Outcome,
    /// Why, in words.
    pub because: Text,
}

/// A fact that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Missing {
    /// Which: `item.site_country`, `party.headquarters`.
    pub fact: Text,
    /// Whose, when it is a party's.
    pub party: Option<PartyId>,
    /// In words, with the party's label and where it was looked for.
    pub says: Text,
}

/// The derivation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Proof {
    /// The evaluator that made it.
    pub engine: Code,
    /// The digest of the facts' canonical JSON.
    pub facts: Digest,
    /// The law's day.
    pub legal_date: Date,
    /// The knowledge's day.
    pub known_date: Date,
    /// The rulebooks it was judged under.
    pub rulebooks: Vec<RulebookUsed>,
    /// One derivation a rule that governs the activity.
    pub rules: Vec<RuleProof>,
}

/// A rulebook an evaluation was made under.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RulebookUsed {
    /// The regime.
    pub regime: Code,
    /// The version.
    pub version: Code,
    /// The digest of its text.
    pub text_digest: Digest,
    /// Who signed it.
    pub signed_by: Option<Name>,
}

/// How one rule was judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RuleProof {
    /// The rule.
    pub rule: Code,
    /// Its citation on the legal date.
    pub citation: Text,
    /// Where it stood that day.
    pub standing: Standing,
    /// Whether its condition holds, exceptions counted.
    pub applies: Truth,
    /// What it said; `None` when it does not apply.
    pub outcome: Option<Outcome>,
    /// Its condition. Children that decide nothing are left out.
    pub when: Step,
    /// Its exception.
    pub unless: Option<Step>,
    /// The authorisation that discharged it.
    pub discharged_by: Option<Code>,
    /// The authorisations that were offered and do not cover it.
    pub uncovered: Vec<Uncovered>,
}

/// One step of a derivation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Step {
    /// Whether it holds.
    pub truth: Truth,
    /// What it is.
    pub kind: StepKind,
    /// What it follows from.
    pub from: Vec<Step>,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// Holds whatever the facts.
    Always,
    /// Every one of its children.
    All,
    /// At least one of its children.
    Any,
    /// Not its child.
    Not,
    /// A definition.
    Named(Code),
    /// At least one party.
    SomeParty,
    /// One party's part in that.
    Party {
        /// Its place in the chain.
        role: Role,
        /// The party.
        party: PartyId,
        /// How it is shown.
        label: Text,
    },
    /// One fact under one test.
    Fact(FactUsed),
}

/// A fact as a proof carries it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FactUsed {
    /// Which: `item.tpp`.
    pub fact: Text,
    /// Its value; `None` is unknown.
    pub value: Option<Value>,
    /// Where it comes from.
    pub source: Source,
    /// The test in words, with what a parameter was that day.
    pub test: Text,
}
