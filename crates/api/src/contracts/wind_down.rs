//! Wind-downs and their steps.

use bareboat_base::{Handle, WindDownId, label};
use bareboat_contracts as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::evidence::Evidence;
use crate::mirror::mirror;
use crate::wire;

mirror! {
    /// Why a contract is wound down.
    WindDownCause of domain::Cause {
        /// Law changed, a licence was revoked, or a party was listed.
        RegulatoryChange "regulatory-change",
        /// The buyer broke it.
        Breach "breach",
        /// Both sides agreed to end it.
        Agreement "agreement",
        /// Its term is over.
        TermEnd "term-end",
    }
    /// How nodes were erased (NIST SP 800-88).
    ErasureMethod of bareboat_fleet::SanitisationMethod {
        /// Against simple recovery: overwriting, resetting.
        Clear "clear",
        /// Against laboratory recovery: cryptographic erase, block erase.
        Purge "purge",
    }
    /// A step of a wind-down; steps come in this order.
    WindDownStep of domain::Step {
        /// The other side was told.
        Notice "notice",
        /// Access was stopped.
        Suspend "suspend",
        /// Work was drained from the nodes.
        Drain "drain",
        /// The nodes were erased.
        Sanitise "sanitise",
        /// The nodes went back to the pool.
        Return "return",
    }
    /// Where a wind-down stands.
    WindDownStatus of domain::WindDownStatus {
        /// Waits for a second person.
        Planned "planned",
        /// Given up before it was approved.
        Withdrawn "withdrawn",
        /// Binding; its steps are being done.
        Approved "approved",
        /// Every step is done.
        Completed "completed",
    }
}

/// Asks for a staged ending.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanWindDown {
    /// The contract.
    pub contract: wire::Ref,
    /// Why, as a kind.
    pub cause: WindDownCause,
    /// Why, in words. Both sides see it.
    pub reason: wire::Text,
    /// What it changes. Only the operator's own people see it.
    pub impact: wire::Text,
    /// The determination that makes it necessary.
    pub determination: Option<wire::Ref>,
    /// The day notice is given.
    pub notice_on: wire::Date,
    /// The first day the contract no longer runs, in its billing zone.
    pub ends_on: wire::Date,
}

/// Asks to give a plan up before it is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawWindDown {
    /// Why it is given up.
    pub reason: wire::Text,
}

/// How nodes were erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepErasure {
    /// Clear or purge.
    pub method: ErasureMethod,
    /// Who did it.
    pub performed_by: wire::Name,
}

/// Records the next step of an approved wind-down as done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoStep {
    /// The step; steps come in their order.
    pub step: WindDownStep,
    /// When it was done.
    pub at: wire::Instant,
    /// What shows it.
    pub evidence: Evidence,
    /// Anything to add.
    pub note: Option<wire::Text>,
    /// How the nodes were erased and by whom: for `sanitise`, and for it alone.
    pub erasure: Option<StepErasure>,
}

/// A step as it was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepDone {
    /// Which.
    pub step: WindDownStep,
    /// When it was done.
    pub at: wire::Instant,
    /// The SHA-256 of the document that shows it; the salted commitment to it when the contract's
    /// client or partner is sealed.
    pub evidence: wire::Digest,
    /// Anything to add.
    pub note: Option<wire::Text>,
    /// How it was recorded.
    pub recorded: wire::Recorded,
}

/// The staged ending of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindDown {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// The contract.
    pub contract: wire::Id,
    /// Why, as a kind.
    pub cause: WindDownCause,
    /// Why, in words.
    pub reason: wire::Text,
    /// What it changes, as it was understood when planned; shown to the operator's own people only.
    pub impact: Option<wire::Text>,
    /// The determination that made it necessary.
    pub determination: Option<wire::Id>,
    /// Who asked for it.
    pub requested_by: wire::Id,
    /// The second person, who approved it.
    pub approved_by: Option<wire::Id>,
    /// The day notice is given.
    pub notice_on: wire::Date,
    /// The first day the contract no longer runs, in its billing zone.
    pub ends_on: wire::Date,
    /// The instant that day begins.
    pub ends_at: wire::Instant,
    /// Where it stands.
    pub status: WindDownStatus,
    /// The steps done, in order.
    pub steps: Vec<StepDone>,
    /// The next step to do.
    pub next_step: Option<WindDownStep>,
    /// How it was planned.
    pub recorded: wire::Recorded,
}

impl WindDown {
    /// From the row. `office`: for the operator's own people.
    pub fn of(handle: Handle, id: WindDownId, row: &domain::WindDown, office: bool) -> Self {
        let open = matches!(
            row.status,
            domain::WindDownStatus::Planned | domain::WindDownStatus::Approved
        );
        let steps = row.steps.iter().map(|step| StepDone {
            step: step.step.into(),
            at: step.at.into(),
            evidence: step.evidence.into(),
            note: step.note.clone().map(Into::into),
            recorded: step.recorded.into(),
        });
        Self {
            id: id.into(),
            label: label::<WindDownId>(handle.number()),
            contract: row.contract.into(),
            cause: row.cause.into(),
            reason: row.reason.clone().into(),
            impact: office.then(|| row.impact.clone().into()),
            determination: row.determination.map(Into::into),
            requested_by: row.requested_by.into(),
            approved_by: row.approved_by.map(Into::into),
            notice_on: row.notice_on.into(),
            ends_on: row.ends_on.into(),
            ends_at: row.ends_at.into(),
            status: row.status.into(),
            steps: steps.collect(),
            next_step: row.next_step().filter(|_| open).map(Into::into),
            recorded: row.recorded.into(),
        }
    }
}
