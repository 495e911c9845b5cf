//! What-if on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rulebook::{Reason, RuleFile};
use crate::wire;

/// Asks what would follow. Nothing is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhatIf {
    /// What is supposed, all together.
    pub hypotheses: Vec<Hypothesis>,
    /// Whose law; today's when absent.
    pub legal_date: Option<wire::Date>,
}

/// One supposition: exactly one of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hypothesis {
    /// A party is confirmed to be on a list.
    pub listed: Option<SupposeListed>,
    /// A rulebook version is adopted.
    pub rulebook: Option<SupposeRulebook>,
    /// An authorisation is revoked.
    pub revoked: Option<SupposeRevoked>,
    /// A stake changes hands.
    pub interest: Option<SupposeInterest>,
}

/// A party on a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposeListed {
    /// Who.
    pub party: wire::Ref,
    /// Which list: `EL`, `SDN` …
    pub list: wire::Code,
}

/// A rulebook version in force: one that is shipped, or texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposeRulebook {
    /// The regime of a shipped rulebook.
    pub shipped: Option<wire::Code>,
    /// Texts, when it is not a shipped one.
    pub files: Option<Vec<RuleFile>>,
}

/// An authorisation that no longer holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposeRevoked {
    /// Which.
    pub authorisation: wire::Ref,
    /// From which day.
    pub on: wire::Date,
}

/// A new interest, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SupposeInterest {
    /// Who holds it.
    pub owner: wire::Ref,
    /// In whom.
    pub owned: wire::Ref,
    /// How much, of votes and capital alike.
    pub share: wire::Share,
    /// From which day.
    pub from: wire::Date,
}

/// What would follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Impact {
    /// Whose law.
    pub legal_date: wire::Date,
    /// The position of the book it was asked of.
    pub position: u64,
    /// How many live contracts were judged.
    pub judged: u32,
    /// Those whose outcome changes, the strongest outcome first.
    pub flips: Vec<Flip>,
    /// Committed revenue of the flipped contracts from their earliest end on, by currency.
    pub revenue_lost: Vec<wire::Money>,
}

/// One contract whose outcome changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Flip {
    /// The contract.
    pub contract: wire::Id,
    /// Its label.
    pub label: String,
    /// Its reference.
    pub reference: Option<wire::Code>,
    /// The outcome without the suppositions.
    pub before: String,
    /// The outcome with them.
    pub after: String,
    /// Why, with citations.
    pub reasons: Vec<Reason>,
    /// What is not known.
    pub missing: Vec<String>,
    /// Whether the contract gives a right to end it for regulatory change.
    pub may_terminate: bool,
    /// GPUs of its lots.
    pub gpus: u32,
    /// The first day it would no longer run, after the notice it asks for.
    pub ends_on: wire::Date,
    /// Committed revenue lost by month.
    pub revenue_by_month: Vec<MonthRevenue>,
    /// Their sum.
    pub revenue_lost: wire::Money,
    /// Prepayment that would be paid back.
    pub refund: wire::Money,
    /// Capacity that comes free.
    pub capacity_freed: Vec<Freed>,
}

/// Committed revenue of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthRevenue {
    /// The month's first day.
    pub month: wire::Date,
    /// How much.
    pub amount: wire::Money,
}

/// Nodes that come free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Freed {
    /// The pool.
    pub pool: wire::Id,
    /// The site's code.
    pub site: String,
    /// The model's code.
    pub model: String,
    /// How many nodes.
    pub nodes: u32,
    /// When.
    pub window: wire::Window,
}
