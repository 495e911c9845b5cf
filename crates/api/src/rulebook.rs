//! Rulebooks, determinations and authorisations on the wire.

use bareboat_base::id::label;
use bareboat_base::{AuthorisationId, DeterminationId, Handle, RulebookId};
use bareboat_rulebook as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire;

/// A version of a regime's rulebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rulebook {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// The regime: `us-ear`.
    pub regime: wire::Code,
    /// The version.
    pub version: wire::Code,
    /// From which day on it is used.
    pub effective: wire::Date,
    /// The operator's counsel who signed it; nobody yet when absent.
    pub signed_by: Option<wire::Name>,
    /// SHA-256 of its texts.
    pub text_digest: wire::Digest,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

/// One rule of a rulebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    /// Its id: `us-ear.entity-list`.
    pub id: wire::Code,
    /// What it says, in a line.
    pub title: wire::Text,
    /// The outcome when it applies.
    pub outcome: String,
    /// Where the law says so, newest first.
    pub citations: Vec<String>,
    /// What it became, and since when.
    pub statuses: Vec<RuleStatus>,
    /// `V` when it was read in a stored source, `M` when counsel must check it.
    pub verified: String,
}

/// A change of a rule's legal status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleStatus {
    /// From which day.
    pub from: wire::Date,
    /// What it became.
    pub status: String,
    /// The source.
    pub source: wire::Text,
    /// Whether it holds by the text alone, and an extension could not be verified.
    pub unverified: bool,
}

impl Rulebook {
    /// From the row.
    pub fn of(handle: Handle, id: RulebookId, row: &domain::Rulebook) -> Self {
        Self {
            id: id.into(),
            label: label::<RulebookId>(handle.number()),
            regime: row.regime.clone().into(),
            version: row.version.clone().into(),
            effective: row.effective.into(),
            signed_by: row.signed_by.clone().map(Into::into),
            text_digest: row.text_digest.into(),
            rules: row.rules.iter().map(Rule::of).collect(),
            recorded: row.recorded.into(),
        }
    }
}

impl Rule {
    fn of(rule: &domain::Rule) -> Self {
        let statuses = rule.history.iter().map(|change| RuleStatus {
            from: change.from.into(),
            status: change.status.to_string(),
            source: change.source.clone().into(),
            unverified: change.unverified,
        });
        Self {
            id: rule.id.clone().into(),
            title: rule.title.clone().into(),
            outcome: rule.outcome.to_string(),
            citations: rule
                .citations
                .iter()
                .rev()
                .map(|c| c.text.to_string())
                .collect(),
            statuses: statuses.collect(),
            verified: rule.verified.to_string(),
        }
    }
}

/// Asks to adopt a version: one that is shipped, or the texts themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptRulebook {
    /// The regime of a rulebook that is shipped with the program: `us-ear`.
    pub shipped: Option<wire::Code>,
    /// The texts, when it is not a shipped one.
    pub files: Option<Vec<RuleFile>>,
    /// The operator's counsel who signs this version, over what the texts say.
    pub signed_by: Option<wire::Name>,
}

/// One file of a rulebook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Its name: `entity-list.toml`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// One judgement of one deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Determination {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// What was about to be done.
    pub activity: String,
    /// The contract it is about.
    pub contract: Option<wire::Id>,
    /// `permit`, `refer`, `needs-authorisation` or `prohibit`.
    pub outcome: String,
    /// Whether the act may go on: permitted, or referred and let pass by two officers.
    pub lets_pass: bool,
    /// Whose law: a civil date.
    pub legal_date: wire::Date,
    /// The accelerator model judged.
    pub model: Option<wire::Code>,
    /// The contract chain; sealed parties by label.
    pub chain: Vec<ChainParty>,
    /// Every rule that applies, the strongest first.
    pub reasons: Vec<Reason>,
    /// What is not known, and who could say.
    pub missing: Vec<String>,
    /// What to bear in mind.
    pub flags: Vec<String>,
    /// How the regulator would look at an application.
    pub review_policy: Option<String>,
    /// The rulebook versions it was judged under.
    pub rulebooks: Vec<String>,
    /// SHA-256 of the facts judged.
    pub facts: wire::Digest,
    /// What officers made of a referral.
    pub resolution: Option<Resolution>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

/// A party of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChainParty {
    /// Its place: `partner`, `client` …
    pub role: String,
    /// The party.
    pub party: wire::Id,
    /// Its name, or its label when it is sealed.
    pub label: String,
}

/// A rule that applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The rule.
    pub rule: String,
    /// Where the law says so.
    pub citation: String,
    /// Its outcome.
    pub outcome: String,
    /// Why it applies, in words.
    pub because: String,
}

impl From<&domain::Reason> for Reason {
    fn from(reason: &domain::Reason) -> Self {
        Self {
            rule: reason.rule.to_string(),
            citation: reason.citation.to_string(),
            outcome: reason.outcome.to_string(),
            because: reason.because.to_string(),
        }
    }
}

/// What officers made of a referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resolution {
    /// Whether to go on.
    pub proceed: bool,
    /// On what grounds.
    pub grounds: wire::Text,
    /// The first officer.
    pub resolved: wire::Recorded,
    /// The second.
    pub confirmed: Option<wire::Recorded>,
}

impl Determination {
    /// From the row.
    pub fn of(handle: Handle, id: DeterminationId, row: &domain::Determination) -> Self {
        let evaluation = &row.evaluation;
        let chain = row.facts.chain.iter().map(|party| ChainParty {
            role: party.role.to_string(),
            party: party.party.into(),
            label: party.label.to_string(),
        });
        let books = evaluation.proof.rulebooks.iter();
        Self {
            id: id.into(),
            label: label::<DeterminationId>(handle.number()),
            activity: row.activity.to_string(),
            contract: row.contract.map(Into::into),
            outcome: row.outcome().to_string(),
            lets_pass: row.lets_pass(),
            legal_date: row.facts.legal_date.into(),
            model: row
                .facts
                .item
                .as_ref()
                .and_then(|i| i.model.value.clone())
                .map(Into::into),
            chain: chain.collect(),
            reasons: evaluation.reasons.iter().map(Reason::from).collect(),
            missing: evaluation
                .missing
                .iter()
                .map(|missing| missing.says.to_string())
                .collect(),
            flags: evaluation.flags.iter().map(ToString::to_string).collect(),
            review_policy: evaluation.review_policy.as_ref().map(ToString::to_string),
            rulebooks: books
                .map(|used| format!("{} {}", used.regime, used.version))
                .collect(),
            facts: evaluation.proof.facts.into(),
            resolution: row.resolution.as_ref().map(|resolution| Resolution {
                proceed: resolution.proceed,
                grounds: resolution.grounds.clone().into(),
                resolved: resolution.resolved.into(),
                confirmed: resolution.confirmed.map(Into::into),
            }),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks for a judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Determine {
    /// The contract.
    pub contract: wire::Ref,
    /// `quote`, `sign`, `allocate`, `grant-access`, `add-sub-tenant`, `move`, `invest` or `rescreen`.
    pub activity: String,
    /// Whose law; today's when absent.
    pub legal_date: Option<wire::Date>,
}

/// An officer decides on a referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveReferral {
    /// Whether to go on.
    pub proceed: bool,
    /// On what grounds.
    pub grounds: wire::Text,
}

/// A licence, an exception relied on, or a clearance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Authorisation {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Its terms.
    pub terms: AuthorisationTerms,
    /// GPUs drawn from it.
    pub drawn: u32,
    /// The first day on which it no longer holds, when it is revoked.
    pub revoked_on: Option<wire::Date>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

/// What an authorisation covers. An absent list means any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthorisationTerms {
    /// The authority's own number.
    pub reference: wire::Code,
    /// Who gave it.
    pub authority: wire::Name,
    /// `licence`, `exception` or `clearance`.
    pub kind: String,
    /// The sections whose requirement it discharges: `744.11`.
    pub covers: Vec<wire::Text>,
    /// The parties it is for; any when absent.
    pub parties: Option<Vec<wire::Ref>>,
    /// The models it is for; any when absent.
    pub items: Option<Vec<wire::Code>>,
    /// The countries it is for; any when absent.
    pub sites: Option<Vec<wire::Country>>,
    /// The activities it is for; any when absent.
    pub activities: Option<Vec<String>>,
    /// Its first day.
    pub valid_from: wire::Date,
    /// Its last day.
    pub valid_to: wire::Date,
    /// How many GPUs; unlimited when absent.
    pub quantity: Option<u32>,
    /// Conditions that are not met yet.
    pub open_conditions: Vec<wire::Text>,
    /// SHA-256 of the document.
    pub document: Option<wire::Digest>,
}

impl Authorisation {
    /// From the row.
    pub fn of(handle: Handle, id: AuthorisationId, row: &domain::Authorisation) -> Self {
        fn only<T: Clone, U>(scope: &domain::Scope<T>, map: impl Fn(T) -> U) -> Option<Vec<U>> {
            match scope {
                domain::Scope::Any => None,
                domain::Scope::Only(list) => Some(list.iter().cloned().map(map).collect()),
            }
        }
        let terms = &row.terms;
        Self {
            id: id.into(),
            label: label::<AuthorisationId>(handle.number()),
            terms: AuthorisationTerms {
                reference: terms.reference.clone().into(),
                authority: terms.authority.clone().into(),
                kind: terms.kind.to_string(),
                covers: terms.covers.iter().cloned().map(Into::into).collect(),
                parties: only(&terms.parties, Into::into),
                items: only(&terms.items, Into::into),
                sites: only(&terms.sites, Into::into),
                activities: only(&terms.activities, |activity| activity.to_string()),
                valid_from: terms.valid_from.into(),
                valid_to: terms.valid_to.into(),
                quantity: terms.quantity,
                open_conditions: terms
                    .open_conditions
                    .iter()
                    .cloned()
                    .map(Into::into)
                    .collect(),
                document: terms.document.map(Into::into),
            },
            drawn: terms.drawn,
            revoked_on: row.revoked.as_ref().map(|(on, _)| (*on).into()),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks to record that an authorisation is revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeAuthorisation {
    /// The first day on which it no longer holds.
    pub on: wire::Date,
    /// Why.
    pub reason: wire::Text,
}
