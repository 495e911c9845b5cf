//! What the fleet decides.

use std::collections::BTreeSet;
use std::sync::Arc;

use bareboat_base::{Context, Instant, ModelId, NodeCount, NodeSet, Run, SiteId};

use crate::apply::{reference_key, serial_key};
use crate::delay;
use crate::{
    AddHall, AdvanceNodes, Command, Event, HallAdded, Model, ModelRegistered, NodeReceived,
    NodesAdvanced, NodesSanitised, OrderPlaced, Phase, PlaceOrder, PlacedTranche, ReceiveTranche,
    RecordSanitisation, RegisterModel, RegisterSite, Rejection, Site, SiteRegistered, SlipTranche,
    State, TrancheReceived, TrancheSlipped, TrancheStatus,
};

/// The most nodes one order or receipt may name; 8 million GPUs.
const MOST_NODES: u32 = 1_000_000;

type Decision = Result<Vec<Event>, Rejection>;

/// All events of one command, or a refusal.
pub fn decide(state: &State, ctx: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::RegisterModel(c) => register_model(state, ctx, c),
        Command::RegisterSite(c) => register_site(state, ctx, c),
        Command::AddHall(c) => add_hall(state, ctx, c),
        Command::PlaceOrder(c) => place_order(state, ctx, c),
        Command::SlipTranche(c) => slip_tranche(state, c),
        Command::AssignTranche(c) => delay::assign(state, c),
        Command::DelayHall(c) => delay::delay(state, c),
        Command::ReceiveTranche(c) => receive_tranche(state, ctx, c),
        Command::AdvanceNodes(c) => advance_nodes(state, ctx, c),
        Command::RecordSanitisation(c) => record_sanitisation(state, ctx, c),
    }
}

fn within(what: &'static str, found: u32, least: u32, most: u32) -> Result<(), Rejection> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(Rejection::FigureOutOfRange {
        what,
        found,
        least,
        most,
    })
}

fn the_site(state: &State, site: SiteId) -> Result<&Site, Rejection> {
    let row = state.sites.get(&site);
    row.ok_or(Rejection::SiteUnknown { site })
}

fn the_model(state: &State, model: ModelId) -> Result<&Model, Rejection> {
    let row = state.models.get(&model);
    row.ok_or(Rejection::ModelUnknown { model })
}

fn register_model(state: &State, ctx: &Context, c: &RegisterModel) -> Decision {
    if state.model_by_code(&c.code).is_some() {
        let code = c.code.clone();
        return Err(Rejection::ModelCodeTaken { code });
    }
    within("the number of GPUs in a node", c.gpus_per_node, 1, 1024)?;
    within("the memory of a GPU in GB", c.memory_gb, 1, 1_000_000)?;
    within("the power of a GPU in W", c.tdp_watts, 1, 1_000_000)?;
    within(
        "the size of an NVLink domain in GPUs",
        c.nvlink_domain_gpus,
        1,
        1_000_000,
    )?;
    Ok(vec![Event::from(ModelRegistered {
        model: ctx.mint(0),
        code: c.code.clone(),
        vendor: c.vendor.clone(),
        gpus_per_node: c.gpus_per_node,
        memory_gb: c.memory_gb,
        tdp_watts: c.tdp_watts,
        tpp: c.tpp,
        performance_density_centi: c.performance_density_centi,
        dram_gbps: c.dram_gbps,
        eccn: c.eccn.clone(),
        nvlink_domain_gpus: c.nvlink_domain_gpus,
    })])
}

fn register_site(state: &State, ctx: &Context, c: &RegisterSite) -> Decision {
    if state.site_by_code(&c.code).is_some() {
        let code = c.code.clone();
        return Err(Rejection::SiteCodeTaken { code });
    }
    // A plant cannot use less than what reaches its machines.
    within("the PUE in thousandths", c.pue_milli, 1000, 10_000)?;
    within("the power in kW", c.power_kw, 1, 100_000_000)?;
    Ok(vec![Event::from(SiteRegistered {
        site: ctx.mint(0),
        code: c.code.clone(),
        name: c.name.clone(),
        country: c.country,
        zone: c.zone.clone(),
        power_kw: c.power_kw,
        pue_milli: c.pue_milli,
    })])
}

fn add_hall(state: &State, ctx: &Context, c: &AddHall) -> Decision {
    the_site(state, c.site)?;
    if state.hall_by_code(c.site, &c.code).is_some() {
        let code = c.code.clone();
        return Err(Rejection::HallCodeTaken { code });
    }
    Ok(vec![Event::from(HallAdded {
        hall: ctx.mint(0),
        site: c.site,
        code: c.code.clone(),
    })])
}

fn place_order(state: &State, ctx: &Context, c: &PlaceOrder) -> Decision {
    the_model(state, c.model)?;
    the_site(state, c.site)?;
    let key = reference_key(&c.supplier, &c.reference);
    if let Some(order) = state.references.get(&key) {
        return Err(Rejection::OrderReferenceTaken {
            supplier: c.supplier.clone(),
            reference: c.reference.clone(),
            order: *order,
        });
    }
    within("the number of nodes ordered", c.nodes.0, 1, MOST_NODES)?;
    if c.price.minor <= 0 {
        return Err(Rejection::PriceNotPositive { price: c.price });
    }
    let mut tranches = Vec::with_capacity(c.tranches.len());
    for (ordinal, tranche) in (0..).zip(&c.tranches) {
        within(
            "the number of nodes in a tranche",
            tranche.nodes.0,
            1,
            MOST_NODES,
        )?;
        if tranche.due_on < c.placed_on {
            return Err(Rejection::DueBeforePlaced {
                due_on: tranche.due_on,
                placed_on: c.placed_on,
            });
        }
        if let Some(hall) = tranche.hall {
            delay::of_site(state, Some(c.site), hall)?;
        }
        tranches.push(PlacedTranche {
            tranche: ctx.mint(ordinal),
            nodes: tranche.nodes,
            due_on: tranche.due_on,
            hall: tranche.hall,
        });
    }
    let in_tranches = c.tranches.iter().map(|t| u64::from(t.nodes.0)).sum();
    if in_tranches != u64::from(c.nodes.0) {
        return Err(Rejection::TranchesDoNotAddUp {
            ordered: c.nodes,
            in_tranches,
        });
    }
    Ok(vec![Event::from(OrderPlaced {
        order: ctx.mint(0),
        supplier: c.supplier.clone(),
        reference: c.reference.clone(),
        entity: c.entity,
        model: c.model,
        site: c.site,
        nodes: c.nodes,
        price: c.price,
        placed_on: c.placed_on,
        tranches,
    })])
}

fn slip_tranche(state: &State, c: &SlipTranche) -> Decision {
    let tranche = c.tranche;
    let row = state.tranches.get(&tranche);
    let row = row.ok_or(Rejection::TrancheUnknown { tranche })?;
    if row.status == TrancheStatus::Received {
        return Err(Rejection::TrancheComplete { tranche });
    }
    if row.due_on == c.due_on {
        return Err(Rejection::DateUnchanged { due_on: c.due_on });
    }
    if let Some(order) = state.orders.get(&row.order)
        && c.due_on < order.placed_on
    {
        return Err(Rejection::DueBeforePlaced {
            due_on: c.due_on,
            placed_on: order.placed_on,
        });
    }
    Ok(vec![Event::from(TrancheSlipped {
        tranche,
        old_due_on: row.due_on,
        new_due_on: c.due_on,
        reason: c.reason.clone(),
    })])
}

fn receive_tranche(state: &State, ctx: &Context, c: &ReceiveTranche) -> Decision {
    let tranche = c.tranche;
    let row = state.tranches.get(&tranche);
    let row = row.ok_or(Rejection::TrancheUnknown { tranche })?;
    let order = state.orders.get(&row.order);
    let order = order.ok_or(Rejection::TrancheUnknown { tranche })?;
    let site = the_site(state, order.site)?;
    let model = the_model(state, order.model)?;
    let expected = NodeCount(row.nodes.0.saturating_sub(row.received.0));
    if expected == NodeCount::ZERO {
        return Err(Rejection::TrancheComplete { tranche });
    }
    if c.nodes.is_empty() {
        return Err(Rejection::NoNodes);
    }
    let found = c.nodes.len();
    let count = u32::try_from(found).ok().filter(|n| *n <= expected.0);
    let count = count.ok_or(Rejection::TooManyNodes { expected, found })?;
    check_new_nodes(state, order.site, model, c)?;
    let at = c.received_on.start_in(&site.zone);
    let at = at.map_err(|_| Rejection::DateOutOfRange {
        date: c.received_on,
    })?;
    not_ahead(ctx, at)?;
    let first = state.received_at(order.site) + 1;
    let nodes = NodeSet::from_runs(order.site, vec![Run { first, count }]);
    let receipt = ctx.mint(0);
    let mut events = Vec::with_capacity(found + 1);
    events.push(Event::from(TrancheReceived {
        receipt,
        tranche,
        received_on: c.received_on,
        nodes: nodes.map_err(|_| Rejection::NoNodes)?,
    }));
    for (ordinal, facts) in (0..).zip(&c.nodes) {
        events.push(Event::from(NodeReceived {
            node: ctx.mint(ordinal),
            site: order.site,
            number: first + ordinal,
            model: order.model,
            receipt,
            at,
            facts: Arc::new(facts.clone()),
        }));
    }
    Ok(events)
}

/// Halls of the site, serials new and distinct, as many GPU serials as GPUs.
fn check_new_nodes(
    state: &State,
    site: SiteId,
    model: &Model,
    c: &ReceiveTranche,
) -> Result<(), Rejection> {
    let (mut serials, mut gpus) = (BTreeSet::new(), BTreeSet::new());
    for node in &c.nodes {
        let hall = node.hall;
        if state.halls.get(&hall).is_none_or(|row| row.site != site) {
            return Err(Rejection::HallUnknown { hall });
        }
        let known = state.serials.contains(&serial_key(&node.serial));
        if known || !serials.insert(&node.serial) {
            let serial = node.serial.clone();
            return Err(Rejection::SerialTaken { serial });
        }
        if !node.gpus.is_empty() && node.gpus.len() != model.gpus_per_node as usize {
            return Err(Rejection::GpuCountWrong {
                serial: node.serial.clone(),
                expected: model.gpus_per_node,
                found: node.gpus.len(),
            });
        }
        for gpu in &node.gpus {
            if !gpus.insert(gpu) {
                let serial = gpu.clone();
                return Err(Rejection::GpuSerialTwice { serial });
            }
        }
    }
    Ok(())
}

/// What the caller says has happened cannot lie ahead.
fn not_ahead(ctx: &Context, at: Instant) -> Result<(), Rejection> {
    let now = ctx.recorded_at;
    if at > now {
        return Err(Rejection::InFuture { at, now });
    }
    Ok(())
}

fn advance_nodes(state: &State, ctx: &Context, c: &AdvanceNodes) -> Decision {
    not_ahead(ctx, c.at)?;
    if c.to.needs_reason() && c.reason.is_none() {
        return Err(Rejection::ReasonMissing { to: c.to });
    }
    check_move(state, &c.nodes, c.at, |status| {
        if !status.phase.next().contains(&c.to) {
            Refuse::Move
        } else if status.unerased && !status.phase.next_unerased().contains(&c.to) {
            Refuse::Unerased
        } else {
            Refuse::Nothing
        }
    })
    .map_err(|refused| refused.rejection(c.nodes.site(), c.to))?;
    Ok(vec![Event::from(NodesAdvanced {
        nodes: c.nodes.clone(),
        to: c.to,
        at: c.at,
        reason: c.reason.clone(),
    })])
}

fn record_sanitisation(state: &State, ctx: &Context, c: &RecordSanitisation) -> Decision {
    not_ahead(ctx, c.performed_at)?;
    check_move(state, &c.nodes, c.performed_at, |status| {
        if status.phase == Phase::Sanitising {
            Refuse::Nothing
        } else {
            Refuse::Move
        }
    })
    .map_err(|refused| refused.rejection(c.nodes.site(), Phase::Validating))?;
    Ok(vec![Event::from(NodesSanitised {
        sanitisation: ctx.mint(0),
        nodes: c.nodes.clone(),
        method: c.method,
        performed_at: c.performed_at,
        evidence: c.evidence,
        performed_by: c.performed_by.clone(),
    })])
}

#[derive(Clone, Copy, PartialEq)]
enum Refuse {
    Nothing,
    Move,
    Unerased,
}

/// The first node that may not move, and how many may not in all.
enum Refused {
    Unknown(u32),
    Early {
        number: u32,
        at: Instant,
        since: Instant,
    },
    Phase {
        number: u32,
        from: Phase,
        why: Refuse,
        count: u32,
    },
}

impl Refused {
    fn rejection(self, site: SiteId, to: Phase) -> Rejection {
        match self {
            Refused::Unknown(number) => Rejection::NodeUnknown { site, number },
            Refused::Early { number, at, since } => Rejection::BeforePhase {
                number,
                site,
                at,
                since,
            },
            Refused::Phase {
                number,
                from,
                why,
                count,
            } => {
                let count = NodeCount(count);
                if why == Refuse::Unerased {
                    Rejection::NotErased {
                        number,
                        site,
                        from,
                        to,
                        count,
                    }
                } else {
                    Rejection::MoveNotAllowed {
                        number,
                        site,
                        from,
                        to,
                        count,
                    }
                }
            }
        }
    }
}

/// Whether every node of a set is known, may move by `rule`, and came to its phase by `at`.
fn check_move(
    state: &State,
    nodes: &NodeSet,
    at: Instant,
    rule: impl Fn(&crate::state::Status) -> Refuse,
) -> Result<(), Refused> {
    let (mut early, mut first, mut count) = (None, None, 0);
    for (start, row, length) in state.rows_of(nodes).map_err(Refused::Unknown)? {
        for offset in 0..length {
            let number = start + offset;
            let status = state.statuses.get(row + offset);
            let status = status.ok_or(Refused::Unknown(number))?;
            let why = rule(status);
            if why != Refuse::Nothing {
                count += 1;
                first.get_or_insert((number, status.phase, why));
            } else if at < status.since {
                early.get_or_insert((number, status.since));
            }
        }
    }
    match (first, early) {
        (Some((number, from, why)), _) => Err(Refused::Phase {
            number,
            from,
            why,
            count,
        }),
        (None, Some((number, since))) => Err(Refused::Early { number, at, since }),
        (None, None) => Ok(()),
    }
}
