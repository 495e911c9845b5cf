//! Contracts from draft to settlement, and what the rules say of them.

use bareboat_base::{
    ContractId, DateWindow, FabricLevel, GpuCount, MicroPrice, Money, PartyId, SealedRef, Shape,
    Share, Spread, Zone,
};
use bareboat_book::Command;
use bareboat_book::acts::determine::judge;
use bareboat_book::acts::wind_down::Erasure;
use bareboat_book::acts::{
    Act as BookAct, AllocateLot, Determine, DoStep, Extend, Quote, Settle, Sign,
};
use bareboat_book::command::{DeclareUse, DocumentKept, DocumentSealed, Keeping};
use bareboat_book::facts::Listed;
use bareboat_capacity::QuoteStatus;
use bareboat_contracts::{
    ApproveWindDown, Cause, Command as C, Contract, Delivery, DraftContract, Extension, NewLot,
    PlanWindDown, Prepayment, Price, RegulatoryTermination, ResumeAccess, Status, Step,
    SuspendAccess, Treatment, WindDownStatus, WithdrawDraft, WithdrawWindDown,
};
use bareboat_fleet::SanitisationMethod;
use bareboat_rulebook::{
    Activity, AuthorisationKind, AuthorisationTerms, Command as R, ConfirmResolution, Outcome,
    RecordAuthorisation, ResolveReferral, RevokeAuthorisation, Scope,
};

use super::{Act, HOUR, Scene, instant};
use crate::words::{code, name, plus_days, text};

pub(super) const ACTS: &[(u32, Act)] = &[
    (8, draft),
    (2, withdraw_draft),
    (3, declare_use),
    (4, determine),
    (4, resolve),
    (4, confirm_resolution),
    (8, quote),
    (1, withdraw_quote),
    (10, sign),
    (14, allocate),
    (2, extend),
    (1, suspend),
    (2, resume),
    (2, plan),
    (1, withdraw_plan),
    (3, approve),
    (10, step),
    (3, settle),
    (1, authorise),
    (1, revoke_authorisation),
];

fn draft(scene: &mut Scene<'_>) -> Option<Command> {
    let state = scene.state;
    let (entity, _) = scene.any(&state.ledger.entities)?;
    let (project, row) = scene.any(&state.access.projects)?;
    let organisation = state.access.organisations.get(&row.organisation)?;
    // Now and then a client's, or nobody's: refused.
    let (partner, client) = (organisation.party, screened(scene)?);
    let partner = partner.filter(|_| scene.rng.chance(970)).unwrap_or(client);
    let lots: Vec<NewLot> = (0..scene.rng.between(1, 3))
        .filter_map(|_| new_lot(scene))
        .collect();
    let currency = "USD".parse().ok()?;
    let price = if scene.rng.chance(500) {
        let gpus: u32 = lots.iter().map(|lot| lot.gpus.0).sum();
        Price::FixedTotal(Money::new(i128::from(gpus) * 900_001, currency))
    } else {
        let micro = i128::from(scene.rng.between(2_000_000, 4_000_000));
        Price::PerGpuHour(MicroPrice { micro, currency })
    };
    let share = |permille: u32| Share::from_units(u64::from(permille) * (Share::UNITS / 1000));
    Some(Command::Contracts(C::DraftContract(DraftContract {
        reference: code(&format!("CT-{}", scene.number)),
        entity,
        partner,
        client,
        organisation: row.organisation,
        client_organisation: None,
        project,
        currency,
        billing_zone: Zone::utc(),
        lots,
        price,
        take_or_pay: share(scene.rng.between(500, 1000))?,
        prepayment: scene.rng.chance(600).then_some(Prepayment {
            share: share(100)?,
            credited_after_months: 0,
        }),
        extension: scene.rng.chance(500).then_some(Extension {
            months: scene.rng.between(1, 12),
            notice_days: 1,
            price,
        }),
        regulatory_termination: scene.rng.chance(700).then_some(RegulatoryTermination {
            notice_days: 1,
            refund_unearned: true,
        }),
        treatment: if scene.rng.chance(500) {
            Treatment::Lease
        } else {
            Treatment::Service
        },
    })))
}

/// Some party, if possible one that is screened.
fn screened(scene: &mut Scene<'_>) -> Option<PartyId> {
    let state = scene.state;
    let mut found = None;
    for _ in 0..6 {
        let (party, row) = scene.any(&state.parties.parties)?;
        found = Some(party);
        if bareboat_screening::is_current(&state.screening, party, row.version) {
            break;
        }
    }
    found
}

fn new_lot(scene: &mut Scene<'_>) -> Option<NewLot> {
    let (_, pool) = scene.any(&scene.state.capacity.pools)?;
    let site = scene.state.fleet.sites.get(&pool.site)?;
    let from = plus_days(scene.today(), scene.rng.below(4) as i32);
    let to = from.plus_months(scene.rng.between(1, 6) as i32).ok()?;
    // Now and then a part of a node, which is refused.
    let odd = u32::from(scene.rng.chance(30));
    let nodes = scene.rng.between(1, 6);
    let gpus = GpuCount(nodes * pool.gpus_per_node + odd);
    let deliveries = if nodes > 1 && odd == 0 && scene.rng.chance(100) {
        let first = scene.rng.between(1, nodes - 1) * pool.gpus_per_node;
        let delivery = |from, gpus| Delivery {
            from,
            gpus: GpuCount(gpus),
        };
        let second = delivery(plus_days(from, 9), gpus.0 - first);
        vec![delivery(from, first), second]
    } else {
        Vec::new()
    };
    Some(NewLot {
        model: pool.model,
        gpus_per_node: pool.gpus_per_node,
        site: pool.site,
        zone: site.zone.clone(),
        gpus,
        window: DateWindow::new(from, to).ok()?,
        stated_hours: None,
        shape: shape(scene),
        deliveries,
        latest_start: scene.rng.chance(100).then(|| plus_days(from, 5)),
    })
}

/// Seldom one, and then one of each kind.
fn shape(scene: &mut Scene<'_>) -> Shape {
    let leaves = scene.rng.chance(200).then_some(2);
    Shape {
        max_spine_groups: scene.rng.chance(50).then_some(1),
        contiguous: scene.rng.chance(50),
        spread: scene.rng.chance(50).then_some(Spread {
            over: FabricLevel::Leaf,
            most: 2,
        }),
        ..Shape::leaves(leaves)
    }
}

fn contract(
    scene: &mut Scene<'_>,
    fit: impl Fn(&Contract) -> bool,
) -> Option<(ContractId, Contract)> {
    let state = scene.state;
    let (id, row) = scene.find(&state.contracts.contracts, fit)?;
    Some((id, row.clone()))
}

fn withdraw_draft(scene: &mut Scene<'_>) -> Option<Command> {
    let (contract, _) = contract(scene, |row| row.status == Status::Draft)?;
    Some(Command::Contracts(C::WithdrawDraft(WithdrawDraft {
        contract,
    })))
}

fn declare_use(scene: &mut Scene<'_>) -> Option<Command> {
    let (contract, row) = contract(scene, |row| row.status == Status::Draft)?;
    let command = Command::DeclareUse(DeclareUse {
        contract,
        purpose: Some(code("training")),
        wmd: Some(false),
        military_intelligence: Some(false),
        training_for_d5_party: Some(false),
        diversion: scene.rng.chance(500).then_some(false),
        ear_activity: None,
        declared_on: scene.today(),
        source: text("a made-up statement"),
        document: None,
    });
    // The statement itself, in the open or under the client's key.
    let (at, open) = (scene.now(), scene.rng.chance(500));
    let (digest, media_type) = (scene.rng.digest(), text("text/plain"));
    let sealed = SealedRef {
        id: scene.rng.id(at),
        party: row.client,
        commitment: digest,
    };
    let (kept, sealed) = if open {
        (vec![DocumentKept { digest, media_type }], Vec::new())
    } else {
        (Vec::new(), vec![DocumentSealed { sealed, media_type }])
    };
    Some(Command::Keeping(Keeping {
        command: Box::new(command),
        kept,
        sealed,
    }))
}

fn determine(scene: &mut Scene<'_>) -> Option<Command> {
    let draft = scene.rng.chance(700);
    let (contract, _) = contract(scene, |row| (row.status == Status::Draft) == draft)?;
    Some(Command::Act(BookAct::Determine(Determine {
        contract,
        activity: if draft {
            Activity::Sign
        } else {
            Activity::Rescreen
        },
        legal_date: scene.today(),
    })))
}

fn resolve(scene: &mut Scene<'_>) -> Option<Command> {
    let (determination, _) = scene.find(&scene.state.rulebook.determinations, |row| {
        row.evaluation.outcome == Outcome::Refer && row.resolution.is_none()
    })?;
    Some(Command::Rulebook(R::ResolveReferral(ResolveReferral {
        determination,
        proceed: scene.rng.chance(800),
        grounds: text("looked into"),
    })))
}

fn confirm_resolution(scene: &mut Scene<'_>) -> Option<Command> {
    let (determination, _) = scene.find(&scene.state.rulebook.determinations, |row| {
        row.resolution
            .as_ref()
            .is_some_and(|resolution| resolution.confirmed.is_none())
    })?;
    Some(Command::Rulebook(R::ConfirmResolution(ConfirmResolution {
        determination,
    })))
}

fn quote(scene: &mut Scene<'_>) -> Option<Command> {
    let (state, now, today) = (scene.state, scene.now(), scene.today());
    let listed = Listed::of(state);
    let permitted = |id| {
        let judged = judge(state, &listed, id, Activity::Quote, today);
        judged.is_ok_and(|all| all.iter().all(|(_, one)| one.outcome == Outcome::Permit))
    };
    // Few drafts pass: most quotes are of those.
    let any = scene.rng.chance(200);
    let drafts = state.contracts.contracts.iter().filter(|(_, id, row)| {
        row.status == Status::Draft && state.capacity.open_quote(**id, now).is_none()
    });
    let drafts: Vec<ContractId> = drafts
        .map(|(_, id, _)| *id)
        .filter(|id| any || permitted(*id))
        .collect();
    let some = scene.rng.below(u32::try_from(drafts.len()).ok()?);
    let contract = *drafts.get(some as usize)?;
    let hours = i64::from(scene.rng.between(1, 48));
    Some(Command::Act(BookAct::Quote(Quote {
        contract,
        expires_at: instant(scene.now().micros() + hours * HOUR),
    })))
}

fn withdraw_quote(scene: &mut Scene<'_>) -> Option<Command> {
    let now = scene.now();
    // Most are left to be taken or to expire.
    if !scene.rng.chance(300) {
        return None;
    }
    let (quote, _) = scene.find(&scene.state.capacity.quotes, |row| {
        row.status_at(now) == QuoteStatus::Open
    })?;
    let withdraw = bareboat_capacity::WithdrawQuote { quote };
    Some(Command::Capacity(withdraw.into()))
}

fn sign(scene: &mut Scene<'_>) -> Option<Command> {
    let (today, now) = (scene.today(), scene.now());
    let capacity = &scene.state.capacity;
    // Whoever was quoted is likely to sign.
    let quoted = scene.rng.chance(500);
    let quoted = |id| !quoted || capacity.open_quote(id, now).is_some();
    let fit =
        |id, row: &Contract| row.status == Status::Draft && row.term.to() > today && quoted(id);
    let contracts = scene.state.contracts.contracts.iter();
    let fit: Vec<ContractId> = contracts
        .filter(|(_, id, row)| fit(**id, row))
        .map(|(_, id, _)| *id)
        .collect();
    let some = scene.rng.below(u32::try_from(fit.len()).ok()?);
    let contract = *fit.get(some as usize)?;
    Some(Command::Act(BookAct::Sign(Sign {
        contract,
        signed_on: today,
    })))
}

fn allocate(scene: &mut Scene<'_>) -> Option<Command> {
    let state = scene.state;
    let now = scene.now();
    let (lot, _) = scene.find(&state.contracts.lots, |row| {
        let contract = state.contracts.contract(row.contract);
        let bound = contract.is_some_and(|contract| {
            matches!(contract.status, Status::Signed | Status::Extended)
                && contract.suspension.is_none()
        });
        bound
            && row.reservation.is_some_and(|id| {
                let held = state.capacity.reservations.get(&id);
                let awaited = |id| {
                    let row = state.capacity.allocations.get(&id);
                    row.is_some_and(|row| row.awaited)
                };
                held.is_some_and(|held| {
                    held.allocation.is_none_or(awaited) && held.window.from() <= now
                })
            })
    })?;
    let at = scene.now();
    Some(Command::Act(BookAct::AllocateLot(AllocateLot { lot, at })))
}

fn extend(scene: &mut Scene<'_>) -> Option<Command> {
    let (contract, _) = contract(scene, |row| {
        row.status == Status::Signed && row.extension.is_some()
    })?;
    let on = scene.today();
    Some(Command::Act(BookAct::Extend(Extend { contract, on })))
}

fn suspend(scene: &mut Scene<'_>) -> Option<Command> {
    let (contract, _) = contract(scene, |row| {
        row.status == Status::Signed && row.suspension.is_none()
    })?;
    Some(Command::Contracts(C::SuspendAccess(SuspendAccess {
        contract,
        at: scene.now(),
        reason: text("something looks odd"),
    })))
}

fn resume(scene: &mut Scene<'_>) -> Option<Command> {
    let (contract, _) = contract(scene, |row| row.suspension.is_some())?;
    Some(Command::Contracts(C::ResumeAccess(ResumeAccess {
        contract,
        at: scene.now(),
        reason: text("it was nothing"),
    })))
}

fn plan(scene: &mut Scene<'_>) -> Option<Command> {
    let today = scene.today();
    let (contract, row) = contract(scene, |row| {
        matches!(row.status, Status::Signed | Status::Extended) && row.term.from() <= today
    })?;
    let billed_to = super::money::billed_to(scene.state, contract).unwrap_or(today);
    let cause = match row.regulatory_termination {
        Some(_) if scene.rng.chance(700) => Cause::RegulatoryChange,
        _ => Cause::Agreement,
    };
    Some(Command::Contracts(C::PlanWindDown(PlanWindDown {
        contract,
        cause,
        reason: text("a party was listed, or both sides agreed"),
        impact: text("its nodes come free"),
        determination: None,
        notice_on: today,
        ends_on: billed_to.max(plus_days(today, scene.rng.between(1, 10) as i32)),
    })))
}

fn withdraw_plan(scene: &mut Scene<'_>) -> Option<Command> {
    let (wind_down, _) = scene.find(&scene.state.contracts.wind_downs, |row| {
        row.status == WindDownStatus::Planned
    })?;
    Some(Command::Contracts(C::WithdrawWindDown(WithdrawWindDown {
        wind_down,
        reason: text("it is not needed"),
    })))
}

fn approve(scene: &mut Scene<'_>) -> Option<Command> {
    let (wind_down, _) = scene.find(&scene.state.contracts.wind_downs, |row| {
        row.status == WindDownStatus::Planned
    })?;
    Some(Command::Contracts(C::ApproveWindDown(ApproveWindDown {
        wind_down,
    })))
}

fn step(scene: &mut Scene<'_>) -> Option<Command> {
    let (wind_down, row) = scene.find(&scene.state.contracts.wind_downs, |row| {
        row.status == WindDownStatus::Approved
    })?;
    let step = row.next_step()?;
    Some(Command::Act(BookAct::DoStep(DoStep {
        wind_down,
        step,
        at: scene.now(),
        evidence: scene.rng.digest(),
        note: Some(text("as planned")),
        erasure: (step == Step::Sanitise).then(|| Erasure {
            method: SanitisationMethod::Purge,
            performed_by: name("a technician"),
        }),
    })))
}

fn settle(scene: &mut Scene<'_>) -> Option<Command> {
    let contracts = &scene.state.contracts;
    let (wind_down, _) = scene.find(&contracts.wind_downs, |row| {
        let contract = contracts.contract(row.contract);
        let running = contract.is_some_and(|row| row.status == Status::Terminating);
        row.status == WindDownStatus::Completed && running
    })?;
    Some(Command::Act(BookAct::Settle(Settle {
        wind_down,
        issued_on: None,
    })))
}

fn authorise(scene: &mut Scene<'_>) -> Option<Command> {
    let valid_from = plus_days(scene.today(), -10);
    Some(Command::Rulebook(R::RecordAuthorisation(
        RecordAuthorisation {
            terms: AuthorisationTerms {
                id: None,
                reference: code(&format!("LIC-{}", scene.number)),
                authority: name("a made-up authority"),
                kind: AuthorisationKind::Licence,
                covers: vec![text("Sim 3")],
                parties: Scope::Any,
                items: Scope::Any,
                sites: Scope::Any,
                activities: Scope::Any,
                valid_from,
                valid_to: plus_days(valid_from, 400),
                quantity: Some(scene.rng.between(100, 1_000)),
                drawn: 0,
                open_conditions: Vec::new(),
                document: None,
            },
        },
    )))
}

fn revoke_authorisation(scene: &mut Scene<'_>) -> Option<Command> {
    let (authorisation, _) = scene.find(&scene.state.rulebook.authorisations, |row| {
        row.revoked.is_none()
    })?;
    let on = scene.today();
    Some(Command::Rulebook(R::RevokeAuthorisation(
        RevokeAuthorisation {
            authorisation,
            on,
            reason: text("the authority says so"),
        },
    )))
}
