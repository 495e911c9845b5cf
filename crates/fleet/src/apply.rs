//! How events change the fleet.

use std::sync::Arc;

use bareboat_base::{Code, Digest, Name, NodeCount, NodeRef, NodeSet, Recorded, Text};

use crate::{
    Event, Hall, Model, Node, NodeReceived, NodesAdvanced, NodesSanitised, OrderPlaced, Phase,
    PurchaseOrder, Receipt, Sanitisation, Site, Slip, State, Tranche, TrancheReceived,
    TrancheSlipped, TrancheStatus,
    state::{NodeRows, Status},
};

/// Folds one event in. Never refuses.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    let recorded = *recorded;
    match event {
        Event::ModelRegistered(e) => {
            let row = Model {
                code: e.code.clone(),
                vendor: e.vendor.clone(),
                gpus_per_node: e.gpus_per_node,
                memory_gb: e.memory_gb,
                tdp_watts: e.tdp_watts,
                tpp: e.tpp,
                performance_density_centi: e.performance_density_centi,
                dram_gbps: e.dram_gbps,
                eccn: e.eccn.clone(),
                nvlink_domain_gpus: e.nvlink_domain_gpus,
                recorded,
            };
            state.models.insert(e.model, row);
        }
        Event::SiteRegistered(e) => {
            let row = Site {
                code: e.code.clone(),
                name: e.name.clone(),
                country: e.country,
                zone: e.zone.clone(),
                power_kw: e.power_kw,
                pue_milli: e.pue_milli,
                recorded,
            };
            state.sites.insert(e.site, row);
        }
        Event::HallAdded(e) => {
            let row = Hall {
                site: e.site,
                code: e.code.clone(),
                recorded,
            };
            state.halls.insert(e.hall, row);
        }
        Event::OrderPlaced(e) => order_placed(state, recorded, e),
        Event::TrancheSlipped(e) => tranche_slipped(state, recorded, e),
        Event::TrancheAssigned(e) => {
            if let Some(tranche) = state.tranches.get_mut(&e.tranche) {
                tranche.hall = e.hall;
            }
        }
        Event::TrancheReceived(e) => tranche_received(state, recorded, e),
        Event::NodeReceived(e) => node_received(state, recorded, e),
        Event::NodesAdvanced(e) => nodes_advanced(state, e),
        Event::NodesSanitised(e) => nodes_sanitised(state, recorded, e),
    }
}

/// The key of a chassis serial.
pub(crate) fn serial_key(serial: &Code) -> Digest {
    Digest::of(&[serial.as_str().as_bytes()])
}

/// The key of an order's reference.
pub(crate) fn reference_key(supplier: &Name, reference: &Code) -> Digest {
    // A code holds no zero byte, so the two parts cannot run together.
    Digest::of(&[
        reference.as_str().as_bytes(),
        &[0],
        supplier.as_str().as_bytes(),
    ])
}

fn order_placed(state: &mut State, recorded: Recorded, e: &OrderPlaced) {
    for tranche in &e.tranches {
        let row = Tranche {
            order: e.order,
            nodes: tranche.nodes,
            due_on: tranche.due_on,
            hall: tranche.hall,
            status: TrancheStatus::Expected,
            received: NodeCount::ZERO,
            slips: Vec::new(),
            receipts: Vec::new(),
            recorded,
        };
        state.tranches.insert(tranche.tranche, row);
    }
    let key = reference_key(&e.supplier, &e.reference);
    state.references.insert(key, e.order);
    let row = PurchaseOrder {
        supplier: e.supplier.clone(),
        reference: e.reference.clone(),
        entity: e.entity,
        model: e.model,
        site: e.site,
        nodes: e.nodes,
        price: e.price,
        placed_on: e.placed_on,
        tranches: e.tranches.iter().map(|t| t.tranche).collect(),
        recorded,
    };
    state.orders.insert(e.order, row);
}

fn tranche_slipped(state: &mut State, recorded: Recorded, e: &TrancheSlipped) {
    let Some(tranche) = state.tranches.get_mut(&e.tranche) else {
        debug_assert!(false, "a slipped tranche is known");
        return;
    };
    tranche.due_on = e.new_due_on;
    tranche.slips.push(Slip {
        old_due_on: e.old_due_on,
        new_due_on: e.new_due_on,
        reason: e.reason.clone(),
        recorded,
    });
}

fn tranche_received(state: &mut State, recorded: Recorded, e: &TrancheReceived) {
    let Some(tranche) = state.tranches.get_mut(&e.tranche) else {
        debug_assert!(false, "a received tranche is known");
        return;
    };
    tranche.received = NodeCount(tranche.received.0.saturating_add(e.nodes.count().0));
    tranche.receipts.push(e.receipt);
    tranche.status = if tranche.received >= tranche.nodes {
        TrancheStatus::Received
    } else {
        TrancheStatus::PartlyReceived
    };
    let row = Receipt {
        tranche: e.tranche,
        received_on: e.received_on,
        nodes: e.nodes.clone(),
        recorded,
    };
    state.receipts.insert(e.receipt, row);
}

fn node_received(state: &mut State, recorded: Recorded, e: &NodeReceived) {
    let pair = (e.site, e.model);
    let kind = match state.counts.handle(&pair) {
        Some(kind) => kind,
        None => state.counts.insert(pair, Default::default()),
    };
    if let Some(counts) = state.counts.at_mut(kind) {
        counts.0[Phase::Received as usize] += 1;
    }
    state.serials.insert(serial_key(&e.facts.serial), e.node);
    let row = state.nodes.insert(
        e.node,
        Node {
            id: e.node,
            node: NodeRef {
                site: e.site,
                number: e.number,
            },
            model: e.model,
            receipt: e.receipt,
            facts: Arc::clone(&e.facts),
            recorded,
        },
    );
    state.statuses.push(Status {
        phase: Phase::Received,
        since: e.at,
        reason: None,
        last_sanitisation: None,
        unerased: false,
        kind,
    });
    number_node(state, e, row.0);
}

/// Notes which row the site's next number is; neighbours in both share one entry.
fn number_node(state: &mut State, e: &NodeReceived, row: u32) {
    if !state.site_nodes.contains(&e.site) {
        state.site_nodes.insert(e.site, Default::default());
    }
    let Some(nodes) = state.site_nodes.get_mut(&e.site) else {
        return;
    };
    let rows = Arc::make_mut(&mut nodes.rows);
    match rows.last_mut() {
        Some(last) if last.row + last.count == row && last.first + last.count == e.number => {
            last.count += 1;
        }
        _ => rows.push(NodeRows {
            first: e.number,
            count: 1,
            row,
        }),
    }
}

fn nodes_advanced(state: &mut State, e: &NodesAdvanced) {
    let reason: Option<Arc<Text>> = e.reason.clone().map(Arc::new);
    let allocated = e.to == Phase::Allocated;
    change(state, &e.nodes, e.to, |status| {
        status.since = e.at;
        status.reason.clone_from(&reason);
        status.unerased |= allocated;
    });
}

fn nodes_sanitised(state: &mut State, recorded: Recorded, e: &NodesSanitised) {
    change(state, &e.nodes, Phase::Validating, |status| {
        status.since = e.performed_at;
        status.reason = None;
        status.unerased = false;
        status.last_sanitisation = Some(e.sanitisation);
    });
    let row = Sanitisation {
        nodes: e.nodes.clone(),
        method: e.method,
        performed_at: e.performed_at,
        evidence: e.evidence,
        performed_by: e.performed_by.clone(),
        recorded,
    };
    state.sanitisations.insert(e.sanitisation, row);
}

/// Moves nodes to a phase and keeps the counts.
fn change(state: &mut State, nodes: &NodeSet, to: Phase, mut f: impl FnMut(&mut Status)) {
    let Ok(pieces) = state.rows_of(nodes) else {
        debug_assert!(false, "nodes that move are known");
        return;
    };
    let State {
        statuses, counts, ..
    } = state;
    // Neighbours mostly share model and phase: count a stretch, then book it once.
    let mut stretch = None;
    let mut book = |stretch: Option<(bareboat_base::Handle, Phase, u32)>| {
        if let Some((kind, from, count)) = stretch
            && let Some(counts) = counts.at_mut(kind)
        {
            counts.0[from as usize] -= count;
            counts.0[to as usize] += count;
        }
    };
    for (_, row, count) in pieces {
        statuses.change(row, count, |status| {
            match &mut stretch {
                Some((kind, phase, count)) if *kind == status.kind && *phase == status.phase => {
                    *count += 1;
                }
                _ => book(stretch.replace((status.kind, status.phase, 1))),
            }
            status.phase = to;
            f(status);
        });
    }
    book(stretch);
}
