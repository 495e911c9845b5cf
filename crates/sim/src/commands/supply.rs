//! Orders, deliveries, nodes, and what the calendar is told of them.

use bareboat_base::{Money, NodeCount, NodeRef, NodeSet, Run, TrancheId};
use bareboat_book::Command;
use bareboat_book::acts::{Act, AllocateBlock, Pin, ReplaceNode};
use bareboat_capacity as capacity;
use bareboat_fleet::{
    AdvanceNodes, AssignTranche, Command as C, DelayHall, Late, NewTranche, NodeFacts, Phase,
    PlaceOrder, ReceiveTranche, RecordSanitisation, SanitisationMethod, SlipTranche, TrancheStatus,
};

use super::{Act as Make, DAY, HOUR, Scene, instant, setup, window};
use crate::words::{code, name, plus_days, text};

pub(super) const ACTS: &[(u32, Make)] = &[
    (1, setup::model),
    (1, setup::site),
    (1, setup::hall),
    (2, order),
    (2, slip),
    (1, assign),
    (1, pin_ahead),
    (1, delay),
    (4, receive),
    (6, bring_up),
    (4, advance),
    (3, sanitise),
    (1, spare_floor),
    (1, option_mode),
    (2, pin),
    (2, unavailable),
    (1, lapse),
    (1, release),
    (2, replace),
    (4, block),
    (2, release_block),
    (1, end_reservation),
];

fn order(scene: &mut Scene<'_>) -> Option<Command> {
    let (model, _) = scene.any(&scene.state.fleet.models)?;
    let (site, _) = scene.any(&scene.state.fleet.sites)?;
    let (entity, _) = scene.any(&scene.state.ledger.entities)?;
    let placed_on = scene.today();
    let halls = &scene.state.fleet.halls;
    let hall = scene.find(halls, |row| row.site == site).map(|(id, _)| id);
    let tranches: Vec<NewTranche> = (0..scene.rng.between(1, 3))
        .map(|step| NewTranche {
            nodes: NodeCount(scene.rng.between(8, 60)),
            due_on: plus_days(placed_on, 2 + step as i32 * 20),
            hall: hall.filter(|_| step % 2 == 0),
        })
        .collect();
    let nodes: u32 = tranches.iter().map(|tranche| tranche.nodes.0).sum();
    let usd = "USD".parse().ok()?;
    Some(Command::Fleet(C::PlaceOrder(PlaceOrder {
        supplier: name("a supplier"),
        reference: code(&format!("PO-{}", scene.number)),
        entity: Some(entity),
        model,
        site,
        nodes: NodeCount(nodes),
        price: Money::new(i128::from(nodes) * 30_000_000, usd),
        placed_on,
        tranches,
    })))
}

fn owing(scene: &mut Scene<'_>) -> Option<(TrancheId, NodeCount, bareboat_base::PurchaseOrderId)> {
    let (id, row) = scene.find(&scene.state.fleet.tranches, |row| {
        row.status != TrancheStatus::Received
    })?;
    Some((id, NodeCount(row.nodes.0 - row.received.0), row.order))
}

fn slip(scene: &mut Scene<'_>) -> Option<Command> {
    let (tranche, _, _) = owing(scene)?;
    let days = scene.rng.between(1, 60) as i32;
    Some(Command::Fleet(C::SlipTranche(SlipTranche {
        tranche,
        due_on: plus_days(scene.today(), days),
        reason: text("the supplier says so"),
    })))
}

fn assign(scene: &mut Scene<'_>) -> Option<Command> {
    let (tranche, _, order) = owing(scene)?;
    let site = scene.state.fleet.orders.get(&order)?.site;
    let (hall, _) = scene.find(&scene.state.fleet.halls, |row| row.site == site)?;
    let hall = scene.rng.chance(800).then_some(hall);
    Some(Command::Fleet(C::AssignTranche(AssignTranche {
        tranche,
        hall,
    })))
}

fn delay(scene: &mut Scene<'_>) -> Option<Command> {
    let (_, row) = scene.find(&scene.state.fleet.tranches, |row| {
        row.hall.is_some() && row.status != TrancheStatus::Received
    })?;
    let hall = row.hall?;
    let days = scene.rng.between(1, 60);
    let late = if scene.rng.chance(500) {
        Late::Days(days)
    } else {
        Late::Until(plus_days(row.due_on, days as i32))
    };
    Some(Command::Fleet(C::DelayHall(DelayHall {
        hall,
        late,
        reason: text("the transformer is late"),
    })))
}

fn receive(scene: &mut Scene<'_>) -> Option<Command> {
    let (tranche, owed, order) = owing(scene)?;
    let site = scene.state.fleet.orders.get(&order)?.site;
    let (hall, _) = scene.find(&scene.state.fleet.halls, |row| row.site == site)?;
    let count = if scene.rng.chance(800) {
        owed.0
    } else {
        scene.rng.between(1, owed.0)
    };
    let number = scene.number;
    let with_gpus = scene.rng.chance(300);
    let first_leaf = scene.rng.below(50);
    let nodes = (0..count)
        .map(|node| NodeFacts {
            serial: code(&format!("SN-{number}-{node}")),
            hall,
            rack: code(&format!("R{}", node / 8)),
            leaf: first_leaf + node / 16,
            spine_group: (first_leaf + node / 16) / 4,
            nvlink_domain: None,
            bmc: name(&format!("10.0.{}.{}", node / 250, node % 250)),
            gpus: (0..if with_gpus { 8 } else { 0 })
                .map(|gpu| code(&format!("G-{number}-{node}-{gpu}")))
                .collect(),
        })
        .collect();
    Some(Command::Fleet(C::ReceiveTranche(ReceiveTranche {
        tranche,
        received_on: plus_days(scene.today(), -1),
        nodes,
    })))
}

/// Up to `most` neighbouring nodes of one site in one of the phases.
fn neighbours(scene: &mut Scene<'_>, phases: &[Phase], most: u32) -> Option<(NodeSet, Phase)> {
    let fleet = &scene.state.fleet;
    let sites: Vec<_> = fleet.sites.iter().map(|(_, id, _)| *id).collect();
    let start = scene.rng.below(sites.len() as u32) as usize;
    for step in 0..sites.len() {
        let site = sites[(start + step) % sites.len()];
        let first = fleet
            .nodes_of(site)
            .find(|node| phases.contains(&node.phase));
        let Some(first) = first else { continue };
        let (phase, number) = (first.phase, first.node.number);
        let count = fleet
            .nodes_of(site)
            .skip_while(|node| node.node.number < number)
            .take(most as usize)
            .take_while(|node| node.phase == phase)
            .count();
        let run = Run {
            first: number,
            count: count as u32,
        };
        return Some((NodeSet::from_runs(site, vec![run]).ok()?, phase));
    }
    None
}

/// New nodes brought up in one act of several commands.
fn bring_up(scene: &mut Scene<'_>) -> Option<Command> {
    let (nodes, _) = neighbours(scene, &[Phase::Received], 100)?;
    let steps = [
        Phase::Racked,
        Phase::Discovered,
        Phase::Validating,
        Phase::Ready,
    ];
    let at = scene.now();
    let commands = steps.into_iter().map(|to| {
        Command::Fleet(C::AdvanceNodes(AdvanceNodes {
            nodes: nodes.clone(),
            to,
            at,
            reason: None,
        }))
    });
    Some(Command::All(commands.collect()))
}

fn advance(scene: &mut Scene<'_>) -> Option<Command> {
    let most = scene.rng.between(1, 30);
    let (nodes, to) = if scene.rng.chance(150) {
        let (nodes, _) = neighbours(scene, &[Phase::Ready, Phase::Allocated], 2)?;
        (nodes, Phase::Quarantined)
    } else {
        let unfinished = [Phase::Validating, Phase::Quarantined, Phase::InRepair];
        let (nodes, phase) = neighbours(scene, &unfinished, most)?;
        let to = match phase {
            Phase::Validating => Phase::Ready,
            Phase::Quarantined if scene.rng.chance(500) => Phase::Sanitising,
            _ => Phase::Validating,
        };
        (nodes, to)
    };
    Some(Command::Fleet(C::AdvanceNodes(AdvanceNodes {
        nodes,
        to,
        at: scene.now(),
        reason: to.needs_reason().then(|| text("it does not answer")),
    })))
}

fn sanitise(scene: &mut Scene<'_>) -> Option<Command> {
    let (nodes, _) = neighbours(scene, &[Phase::Sanitising], 20)?;
    Some(Command::Fleet(C::RecordSanitisation(RecordSanitisation {
        nodes,
        method: SanitisationMethod::Purge,
        performed_at: scene.now(),
        evidence: scene.rng.digest(),
        performed_by: name("a technician"),
    })))
}

fn spare_floor(scene: &mut Scene<'_>) -> Option<Command> {
    let (pool, _) = scene.any(&scene.state.capacity.pools)?;
    let nodes = NodeCount(scene.rng.below(3));
    Some(Command::Capacity(capacity::Command::SetSpareFloor(
        capacity::SetSpareFloor { pool, nodes },
    )))
}

fn option_mode(scene: &mut Scene<'_>) -> Option<Command> {
    let (pool, row) = scene.any(&scene.state.capacity.pools)?;
    let mode = match row.option_mode() {
        capacity::OptionMode::Strict => capacity::OptionMode::Risk,
        capacity::OptionMode::Risk => capacity::OptionMode::Strict,
    };
    Some(Command::Capacity(capacity::Command::SetOptionMode(
        capacity::SetOptionMode { pool, mode },
    )))
}

fn pin_ahead(scene: &mut Scene<'_>) -> Option<Command> {
    let (pool, _) = scene.any(&scene.state.capacity.pools)?;
    let days = scene.rng.chance(700).then(|| scene.rng.between(1, 60));
    Some(Command::Capacity(capacity::Command::SetPinAhead(
        capacity::SetPinAhead { pool, days },
    )))
}

fn pin(scene: &mut Scene<'_>) -> Option<Command> {
    let (capacity, now) = (&scene.state.capacity, scene.now());
    let by = capacity::days_after(now, scene.rng.between(1, 400));
    let pools = capacity.pools.iter();
    let mut due = pools.map(|(_, pool, _)| capacity.due(*pool, by, now));
    let reservations = due.find(|due| !due.is_empty())?;
    Some(Command::Act(Act::Pin(Pin { reservations })))
}

fn unavailable(scene: &mut Scene<'_>) -> Option<Command> {
    let (pool, _) = scene.any(&scene.state.capacity.pools)?;
    let all = scene.state.capacity.nodes_of_pool(pool)?;
    let runs = all.runs();
    let run = runs.get(scene.rng.below(runs.len() as u32) as usize)?;
    let first = run.first + scene.rng.below(run.count);
    let nodes = NodeSet::from_runs(all.site(), vec![Run { first, count: 1 }]).ok()?;
    let from = instant(scene.now().micros() + i64::from(scene.rng.below(100)) * HOUR);
    let hours = i64::from(scene.rng.between(1, 72));
    Some(Command::Capacity(capacity::Command::SetUnavailable(
        capacity::SetUnavailable {
            pool,
            nodes,
            window: window(from, instant(from.micros() + hours * HOUR))?,
            why: code("maintenance"),
        },
    )))
}

fn lapse(scene: &mut Scene<'_>) -> Option<Command> {
    let (reservation, _) = scene.find(&scene.state.capacity.reservations, |row| {
        row.option.is_some()
    })?;
    Some(Command::Capacity(capacity::Command::LapseOption(
        capacity::LapseOption { reservation },
    )))
}

fn release(scene: &mut Scene<'_>) -> Option<Command> {
    let (allocation, _) = scene.find(&scene.state.capacity.allocations, |row| {
        row.status == capacity::AllocationStatus::Live
    })?;
    let at = instant(scene.now().micros() + i64::from(scene.rng.below(30)) * DAY);
    Some(Command::Capacity(capacity::Command::ReleaseAllocation(
        capacity::ReleaseAllocation { allocation, at },
    )))
}

fn replace(scene: &mut Scene<'_>) -> Option<Command> {
    let (_, row) = scene.find(&scene.state.capacity.allocations, |row| {
        row.status == capacity::AllocationStatus::Live
    })?;
    let (site, number) = (row.nodes.site(), row.nodes.numbers().next()?);
    let at = scene.now();
    let hours = i64::from(scene.rng.between(1, 300));
    Some(Command::Act(Act::ReplaceNode(ReplaceNode {
        node: NodeRef { site, number },
        at,
        until: Some(instant(at.micros() + hours * HOUR)),
        reason: text("a GPU fell off the bus"),
    })))
}

fn block(scene: &mut Scene<'_>) -> Option<Command> {
    let (allocation, row) = scene.find(&scene.state.capacity.allocations, |row| {
        row.status == capacity::AllocationStatus::Live
    })?;
    let most = row.nodes.count().0.min(16);
    let all = capacity::Within::ALL;
    Some(Command::Act(Act::AllocateBlock(AllocateBlock {
        allocation,
        nodes: NodeCount(scene.rng.between(1, most)),
        within: all[scene.rng.below(all.len() as u32) as usize],
        purpose: name("a cluster"),
    })))
}

fn release_block(scene: &mut Scene<'_>) -> Option<Command> {
    let (block, _) = scene.find(&scene.state.capacity.blocks, |row| {
        row.status == capacity::BlockStatus::Live
    })?;
    Some(Command::Capacity(capacity::Command::ReleaseBlock(
        capacity::ReleaseBlock { block },
    )))
}

fn end_reservation(scene: &mut Scene<'_>) -> Option<Command> {
    let (reservation, _) = scene.find(&scene.state.capacity.reservations, |row| {
        row.status == capacity::ReservationStatus::Held
    })?;
    let at = instant(scene.now().micros() + i64::from(scene.rng.below(30)) * DAY);
    Some(Command::Capacity(capacity::Command::EndReservation(
        capacity::EndReservation { reservation, at },
    )))
}
