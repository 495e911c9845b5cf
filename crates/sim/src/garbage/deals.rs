//! Nonsense about contracts, rules, usage, invoices, the ledger.

use bareboat_base::{GpuCount, Zone};
use bareboat_billing as billing;
use bareboat_book::Command;
use bareboat_book::acts::{
    Act, AllocateLot, Determine, DoStep, Extend, IssueInvoice, Quote, Settle, Sign,
};
use bareboat_book::command::DeclareUse;
use bareboat_contracts as contracts;
use bareboat_ledger as ledger;
use bareboat_rulebook as rulebook;

use super::Make;
use super::junk::Junk;
use super::supply::shape;
use crate::words::{code, name, text};

pub(super) const ALL: &[Make] = &[
    draft,
    withdraw,
    quote,
    sign,
    extend,
    allocate,
    invoice,
    determine,
    step,
    settle,
    declare,
    suspend,
    resume,
    plan,
    withdraw_plan,
    approve,
    usage,
    draft_invoice,
    entity,
    entry,
    reverse,
    close,
    authorise,
    revoke,
    resolve,
    confirm,
    adopt,
];

fn price(junk: &mut Junk<'_>) -> contracts::Price {
    if junk.rng.chance(500) {
        contracts::Price::FixedTotal(junk.money())
    } else {
        contracts::Price::PerGpuHour(junk.micro())
    }
}

fn draft(junk: &mut Junk<'_>) -> Command {
    let state = junk.state;
    let command = contracts::DraftContract {
        reference: code(&format!("x{}", junk.rng.bits())),
        entity: junk.id(&state.ledger.entities),
        partner: junk.id(&state.parties.parties),
        client: junk.id(&state.parties.parties),
        organisation: junk.id(&state.access.organisations),
        client_organisation: junk.maybe(|junk| junk.id(&junk.state.access.organisations)),
        project: junk.id(&state.access.projects),
        currency: junk.currency(),
        billing_zone: Zone::utc(),
        lots: junk.several(|junk| contracts::NewLot {
            model: junk.id(&junk.state.fleet.models),
            gpus_per_node: [8, 0, u32::MAX][junk.rng.below(3) as usize],
            site: junk.id(&junk.state.fleet.sites),
            zone: Zone::utc(),
            gpus: GpuCount(junk.number()),
            window: junk.dates(),
            stated_hours: junk.maybe(Junk::number),
            shape: shape(junk),
            deliveries: junk.several(|junk| contracts::Delivery {
                from: junk.dates().from(),
                gpus: GpuCount(junk.number()),
            }),
            latest_start: junk.maybe(|junk| junk.dates().from()),
        }),
        price: price(junk),
        take_or_pay: junk.share(),
        prepayment: junk.maybe(|junk| contracts::Prepayment {
            share: junk.share(),
            credited_after_months: junk.number(),
        }),
        extension: junk.maybe(|junk| contracts::Extension {
            months: junk.number(),
            notice_days: junk.number(),
            price: price(junk),
        }),
        regulatory_termination: junk.maybe(|junk| contracts::RegulatoryTermination {
            notice_days: junk.number(),
            refund_unearned: true,
        }),
        treatment: contracts::Treatment::Lease,
    };
    Command::Contracts(contracts::Command::DraftContract(command))
}

fn withdraw(junk: &mut Junk<'_>) -> Command {
    let contract = junk.id(&junk.state.contracts.contracts);
    Command::Contracts(contracts::Command::WithdrawDraft(
        contracts::WithdrawDraft { contract },
    ))
}

fn quote(junk: &mut Junk<'_>) -> Command {
    Command::Act(Act::Quote(Quote {
        contract: junk.id(&junk.state.contracts.contracts),
        expires_at: junk.instant(),
    }))
}

fn sign(junk: &mut Junk<'_>) -> Command {
    Command::Act(Act::Sign(Sign {
        contract: junk.id(&junk.state.contracts.contracts),
        signed_on: junk.date(),
    }))
}

fn extend(junk: &mut Junk<'_>) -> Command {
    Command::Act(Act::Extend(Extend {
        contract: junk.id(&junk.state.contracts.contracts),
        on: junk.date(),
    }))
}

fn allocate(junk: &mut Junk<'_>) -> Command {
    Command::Act(Act::AllocateLot(AllocateLot {
        lot: junk.id(&junk.state.contracts.lots),
        at: junk.instant(),
    }))
}

fn invoice(junk: &mut Junk<'_>) -> Command {
    Command::Act(Act::IssueInvoice(IssueInvoice {
        contract: junk.id(&junk.state.contracts.contracts),
        period: junk.dates(),
        issued_on: junk.date(),
    }))
}

fn determine(junk: &mut Junk<'_>) -> Command {
    let activities = rulebook::Activity::ALL;
    Command::Act(Act::Determine(Determine {
        contract: junk.id(&junk.state.contracts.contracts),
        activity: activities[junk.rng.below(activities.len() as u32) as usize],
        legal_date: junk.date(),
    }))
}

fn step(junk: &mut Junk<'_>) -> Command {
    Command::Act(Act::DoStep(DoStep {
        wind_down: junk.id(&junk.state.contracts.wind_downs),
        step: contracts::Step::ALL[junk.rng.below(5) as usize],
        at: junk.instant(),
        evidence: junk.rng.digest(),
        note: None,
        erasure: None,
    }))
}

fn settle(junk: &mut Junk<'_>) -> Command {
    let wind_down = junk.id(&junk.state.contracts.wind_downs);
    Command::Act(Act::Settle(Settle {
        wind_down,
        issued_on: None,
    }))
}

fn declare(junk: &mut Junk<'_>) -> Command {
    Command::DeclareUse(DeclareUse {
        contract: junk.id(&junk.state.contracts.contracts),
        purpose: None,
        wmd: Some(true),
        military_intelligence: None,
        training_for_d5_party: None,
        diversion: None,
        ear_activity: None,
        declared_on: junk.date(),
        source: text("x"),
        document: None,
    })
}

fn suspend(junk: &mut Junk<'_>) -> Command {
    Command::Contracts(contracts::Command::SuspendAccess(
        contracts::SuspendAccess {
            contract: junk.id(&junk.state.contracts.contracts),
            at: junk.instant(),
            reason: text("x"),
        },
    ))
}

fn resume(junk: &mut Junk<'_>) -> Command {
    Command::Contracts(contracts::Command::ResumeAccess(contracts::ResumeAccess {
        contract: junk.id(&junk.state.contracts.contracts),
        at: junk.instant(),
        reason: text("x"),
    }))
}

fn plan(junk: &mut Junk<'_>) -> Command {
    use contracts::Cause;
    let causes = [
        Cause::RegulatoryChange,
        Cause::Breach,
        Cause::Agreement,
        Cause::TermEnd,
    ];
    Command::Contracts(contracts::Command::PlanWindDown(contracts::PlanWindDown {
        contract: junk.id(&junk.state.contracts.contracts),
        cause: causes[junk.rng.below(3) as usize],
        reason: text("x"),
        impact: text("x"),
        determination: junk.maybe(|junk| junk.id(&junk.state.rulebook.determinations)),
        notice_on: junk.date(),
        ends_on: junk.date(),
    }))
}

fn withdraw_plan(junk: &mut Junk<'_>) -> Command {
    let command = contracts::WithdrawWindDown {
        wind_down: junk.id(&junk.state.contracts.wind_downs),
        reason: text("x"),
    };
    Command::Contracts(contracts::Command::WithdrawWindDown(command))
}

fn approve(junk: &mut Junk<'_>) -> Command {
    let wind_down = junk.id(&junk.state.contracts.wind_downs);
    let command = contracts::ApproveWindDown { wind_down };
    Command::Contracts(contracts::Command::ApproveWindDown(command))
}

fn usage(junk: &mut Junk<'_>) -> Command {
    Command::Billing(billing::Command::RecordUsage(billing::RecordUsage {
        contract: junk.id(&junk.state.contracts.contracts),
        lot: junk.id(&junk.state.contracts.lots),
        allocation: junk.id(&junk.state.capacity.allocations),
        intervals: junk.several(|junk| billing::NewInterval {
            nodes: junk.node_set(),
            window: junk.window(),
            state: billing::UsageState::Available,
        }),
        source: text("x"),
        source_digest: junk.rng.digest(),
    }))
}

fn draft_invoice(junk: &mut Junk<'_>) -> Command {
    let currency = junk.currency();
    let draft = billing::InvoiceDraft {
        contract: junk.id(&junk.state.contracts.contracts),
        kind: billing::DocumentKind::Period,
        period: junk.dates(),
        version: junk.number(),
        currency,
        lines: junk.several(|junk| billing::Line {
            lot: None,
            kind: billing::LineKind::PrepaymentCredit,
            description: text("x"),
            quantity: billing::Quantity::default(),
            amount: junk.money(),
            basis: billing::Basis::Unearned {
                prepaid: junk.money(),
                credited: junk.money(),
            },
        }),
        total: junk.money(),
    };
    let issued_on = junk.date();
    Command::Billing(billing::Command::IssueInvoice(billing::IssueInvoice {
        draft,
        issued_on,
    }))
}

fn entity(junk: &mut Junk<'_>) -> Command {
    Command::Ledger(ledger::Command::RegisterEntity(ledger::RegisterEntity {
        code: code(&format!("x{}", junk.number())),
        name: name("x"),
        country: crate::words::country("JP"),
        functional_currency: junk.currency(),
        tax_id: None,
    }))
}

fn entry(junk: &mut Junk<'_>) -> Command {
    let amount = junk.money();
    let opposite = bareboat_base::Money::new(amount.minor.wrapping_neg(), amount.currency);
    let accounts = ["power", "cash", "receivable"];
    let postings = [amount, opposite].map(|amount| ledger::NewPosting {
        account: ledger::AccountSpec {
            code: code(accounts[junk.rng.below(3) as usize]),
            name: name("x"),
            kind: ledger::AccountKind::Asset,
            contract: junk.maybe(|junk| junk.id(&junk.state.contracts.contracts)),
        },
        amount,
    });
    Command::Ledger(ledger::Command::PostEntry(ledger::PostEntry {
        entity: junk.id(&junk.state.ledger.entities),
        date: junk.date(),
        description: text("x"),
        postings: postings.to_vec(),
        source: ledger::SourceRef::Manual,
    }))
}

fn reverse(junk: &mut Junk<'_>) -> Command {
    Command::Ledger(ledger::Command::Reverse(ledger::Reverse {
        entry: junk.id(&junk.state.ledger.entries),
        date: junk.date(),
        reason: text("x"),
    }))
}

fn close(junk: &mut Junk<'_>) -> Command {
    Command::Ledger(ledger::Command::ClosePeriod(ledger::ClosePeriod {
        entity: junk.id(&junk.state.ledger.entities),
        through: junk.date(),
    }))
}

fn authorise(junk: &mut Junk<'_>) -> Command {
    let terms = rulebook::AuthorisationTerms {
        id: junk.maybe(|junk| junk.id(&junk.state.rulebook.authorisations)),
        reference: code(&format!("x{}", junk.number())),
        authority: name("x"),
        kind: rulebook::AuthorisationKind::Clearance,
        covers: Vec::new(),
        parties: rulebook::Scope::Only(Vec::new()),
        items: rulebook::Scope::Any,
        sites: rulebook::Scope::Any,
        activities: rulebook::Scope::Any,
        valid_from: junk.date(),
        valid_to: junk.date(),
        quantity: junk.maybe(Junk::number),
        drawn: junk.number(),
        open_conditions: Vec::new(),
        document: None,
    };
    let command = rulebook::RecordAuthorisation { terms };
    Command::Rulebook(rulebook::Command::RecordAuthorisation(command))
}

fn revoke(junk: &mut Junk<'_>) -> Command {
    let command = rulebook::RevokeAuthorisation {
        authorisation: junk.id(&junk.state.rulebook.authorisations),
        on: junk.date(),
        reason: text("x"),
    };
    Command::Rulebook(rulebook::Command::RevokeAuthorisation(command))
}

fn resolve(junk: &mut Junk<'_>) -> Command {
    let command = rulebook::ResolveReferral {
        determination: junk.id(&junk.state.rulebook.determinations),
        proceed: true,
        grounds: text("x"),
    };
    Command::Rulebook(rulebook::Command::ResolveReferral(command))
}

fn confirm(junk: &mut Junk<'_>) -> Command {
    let determination = junk.id(&junk.state.rulebook.determinations);
    let command = rulebook::ConfirmResolution { determination };
    Command::Rulebook(rulebook::Command::ConfirmResolution(command))
}

/// A rulebook without rules, or one that is adopted already.
fn adopt(junk: &mut Junk<'_>) -> Command {
    let mut adopt = crate::rules::rulebook().expect("the shipped rules read");
    if junk.rng.chance(500) {
        adopt.rules.clear();
        adopt.version = code("2");
    }
    Command::Rulebook(rulebook::Command::AdoptRulebook(adopt))
}
