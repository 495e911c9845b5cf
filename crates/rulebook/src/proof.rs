//! What an evaluation says, and why: a tree from facts with their sources to the outcome.

use bareboat_base::{Code, Date, Digest, Name, PartyId, Text};
use serde::{Deserialize, Serialize};

use crate::authorisation::Uncovered;
use crate::derivation::Derivation;
use crate::facts::{Role, Source};
use crate::logic::Truth;
use crate::rule::{Outcome, Standing};
use crate::value::Value;

/// What follows from the facts under the rulebooks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    pub rules: Derivation,
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

impl Evaluation {
    /// The whole evaluation as people read it; the same text for the same evaluation.
    pub fn to_text(&self) -> String {
        let mut out = format!(
            "{}: law of {} as known on {}\n",
            self.outcome, self.proof.legal_date, self.proof.known_date
        );
        for reason in &self.reasons {
            out.push_str(&format!(
                "  {} by {} ({}): {}\n",
                reason.outcome, reason.rule, reason.citation, reason.because
            ));
        }
        if let Some(policy) = &self.review_policy {
            out.push_str(&format!("  review: {policy}\n"));
        }
        for missing in &self.missing {
            out.push_str(&format!("  missing: {}\n", missing.says));
        }
        for flag in &self.flags {
            out.push_str(&format!("  flag: {flag}\n"));
        }
        out.push_str(&format!(
            "proof by {} on facts {}\n",
            self.proof.engine, self.proof.facts
        ));
        for book in &self.proof.rulebooks {
            let signed = match &book.signed_by {
                Some(name) => format!("signed by {name}"),
                None => "unsigned".to_owned(),
            };
            out.push_str(&format!(
                "  rulebook {} {} ({signed}, text {})\n",
                book.regime, book.version, book.text_digest
            ));
        }
        match self.proof.rules.read() {
            Ok(Some(rules)) => rules.iter().for_each(|rule| rule.write(&mut out)),
            Ok(None) => out.push_str("  the derivation is in the event that recorded this\n"),
            Err(error) => out.push_str(&format!("  the derivation does not read: {error}\n")),
        }
        out
    }
}

impl RuleProof {
    fn write(&self, out: &mut String) {
        let outcome = self.outcome.map_or("nothing", Outcome::as_str);
        out.push_str(&format!(
            "  {} [{}] {}: applies {}, says {outcome}\n",
            self.rule, self.citation, self.standing, self.applies
        ));
        self.when.write(out, 2);
        if let Some(unless) = &self.unless {
            out.push_str("    unless\n");
            unless.write(out, 3);
        }
        if let Some(reference) = &self.discharged_by {
            out.push_str(&format!("    discharged by {reference}\n"));
        }
        for uncovered in &self.uncovered {
            out.push_str(&format!(
                "    {} does not cover it: {}\n",
                uncovered.reference, uncovered.because
            ));
        }
    }
}

impl Step {
    fn write(&self, out: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        let what = match &self.kind {
            StepKind::Always => "always".to_owned(),
            StepKind::All => "all of".to_owned(),
            StepKind::Any => "any of".to_owned(),
            StepKind::Not => "not".to_owned(),
            StepKind::Named(name) => format!("defined as {name}"),
            StepKind::SomeParty => "some party".to_owned(),
            StepKind::Party { role, label, .. } => format!("{label} ({role})"),
            StepKind::Fact(used) => used.to_string(),
        };
        out.push_str(&format!("{indent}{} {what}\n", self.truth));
        for child in &self.from {
            child.write(out, depth + 1);
        }
    }
}

impl std::fmt::Display for FactUsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = ", self.fact)?;
        match &self.value {
            Some(value) => value.fmt(f)?,
            None => f.write_str("unknown")?,
        }
        write!(f, ", asked {} <{}", self.test, self.source.what)?;
        if let Some(digest) = &self.source.digest {
            write!(f, ", sha256 {digest}")?;
        }
        if let Some(position) = self.source.position {
            write!(f, ", event {position}")?;
        }
        if let Some(at) = self.source.recorded_at {
            write!(f, ", recorded {at}")?;
        }
        f.write_str(">")
    }
}
