//! Nonsense about the fleet and the calendar.

use bareboat_base::{FabricLevel, Shape, Spread};
use bareboat_book::Command;
use bareboat_book::acts::{Act, Pin};
use bareboat_capacity as capacity;
use bareboat_fleet as fleet;

use super::Make;
use super::junk::Junk;
use crate::words::{code, country, name, text, zone};

pub(super) const ALL: &[Make] = &[
    model,
    site,
    hall,
    order,
    slip,
    assign,
    delay,
    receive,
    advance,
    sanitise,
    open_pool,
    schedule,
    moved,
    named,
    floor,
    reserve,
    allocate,
    release,
    replace,
    end,
    exercise,
    lapse,
    unavailable,
    back,
    option_mode,
    pin_ahead,
    handover,
    pin,
    quote,
    take_quote,
    withdraw_quote,
    block,
    release_block,
];

fn model(junk: &mut Junk<'_>) -> Command {
    Command::Fleet(fleet::Command::RegisterModel(fleet::RegisterModel {
        code: code(&format!("x{}", junk.number())),
        vendor: name("x"),
        gpus_per_node: junk.number(),
        memory_gb: junk.number(),
        tdp_watts: junk.number(),
        tpp: junk.number(),
        performance_density_centi: junk.number(),
        dram_gbps: junk.number(),
        eccn: code("x"),
        nvlink_domain_gpus: junk.number(),
    }))
}

fn site(junk: &mut Junk<'_>) -> Command {
    Command::Fleet(fleet::Command::RegisterSite(fleet::RegisterSite {
        code: code(&format!("x{}", junk.number())),
        name: name("x"),
        country: country("JP"),
        zone: zone("Pacific/Apia"),
        power_kw: junk.number(),
        pue_milli: junk.number(),
    }))
}

fn hall(junk: &mut Junk<'_>) -> Command {
    Command::Fleet(fleet::Command::AddHall(fleet::AddHall {
        site: junk.id(&junk.state.fleet.sites),
        code: code("x"),
    }))
}

fn order(junk: &mut Junk<'_>) -> Command {
    let tranches = junk.several(|junk| fleet::NewTranche {
        hall: junk.maybe(|junk| junk.id(&junk.state.fleet.halls)),
        nodes: junk.nodes(),
        due_on: junk.date(),
    });
    let whole = tranches
        .iter()
        .fold(0_u32, |sum, tranche| sum.saturating_add(tranche.nodes.0));
    Command::Fleet(fleet::Command::PlaceOrder(fleet::PlaceOrder {
        supplier: name("x"),
        reference: code(&format!("x{}", junk.number())),
        entity: junk.maybe(|junk| junk.id(&junk.state.ledger.entities)),
        model: junk.id(&junk.state.fleet.models),
        site: junk.id(&junk.state.fleet.sites),
        nodes: bareboat_base::NodeCount(whole),
        price: junk.money(),
        placed_on: junk.date(),
        tranches,
    }))
}

fn slip(junk: &mut Junk<'_>) -> Command {
    Command::Fleet(fleet::Command::SlipTranche(fleet::SlipTranche {
        tranche: junk.id(&junk.state.fleet.tranches),
        due_on: junk.date(),
        reason: text("x"),
    }))
}

fn assign(junk: &mut Junk<'_>) -> Command {
    Command::Fleet(fleet::Command::AssignTranche(fleet::AssignTranche {
        tranche: junk.id(&junk.state.fleet.tranches),
        hall: junk.maybe(|junk| junk.id(&junk.state.fleet.halls)),
    }))
}

fn delay(junk: &mut Junk<'_>) -> Command {
    let late = if junk.rng.chance(500) {
        fleet::Late::Days(junk.number())
    } else {
        fleet::Late::Until(junk.date())
    };
    Command::Fleet(fleet::Command::DelayHall(fleet::DelayHall {
        hall: junk.id(&junk.state.fleet.halls),
        late,
        reason: text("x"),
    }))
}

fn receive(junk: &mut Junk<'_>) -> Command {
    Command::Fleet(fleet::Command::ReceiveTranche(fleet::ReceiveTranche {
        tranche: junk.id(&junk.state.fleet.tranches),
        received_on: junk.date(),
        nodes: junk.several(|junk| fleet::NodeFacts {
            serial: code(&format!("x{}", junk.number())),
            hall: junk.id(&junk.state.fleet.halls),
            rack: code("x"),
            leaf: junk.number(),
            spine_group: junk.number(),
            nvlink_domain: junk.maybe(Junk::number),
            bmc: name("x"),
            gpus: Vec::new(),
        }),
    }))
}

fn advance(junk: &mut Junk<'_>) -> Command {
    let phases = fleet::Phase::ALL;
    Command::Fleet(fleet::Command::AdvanceNodes(fleet::AdvanceNodes {
        nodes: junk.node_set(),
        to: phases[junk.rng.below(phases.len() as u32) as usize],
        at: junk.instant(),
        reason: junk.maybe(|_| text("x")),
    }))
}

fn sanitise(junk: &mut Junk<'_>) -> Command {
    Command::Fleet(fleet::Command::RecordSanitisation(
        fleet::RecordSanitisation {
            nodes: junk.node_set(),
            method: fleet::SanitisationMethod::Clear,
            performed_at: junk.instant(),
            evidence: junk.rng.digest(),
            performed_by: name("x"),
        },
    ))
}

fn open_pool(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::OpenPool(capacity::OpenPool {
        site: junk.id(&junk.state.fleet.sites),
        model: junk.id(&junk.state.fleet.models),
        gpus_per_node: junk.number(),
        nodes_per_domain: junk.number(),
    }))
}

fn schedule(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::ScheduleSupply(
        capacity::ScheduleSupply {
            pool: junk.id(&junk.state.capacity.pools),
            tranche: junk.id(&junk.state.fleet.tranches),
            nodes: junk.nodes(),
            from: junk.instant(),
        },
    ))
}

fn moved(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::MoveSupply(capacity::MoveSupply {
        tranche: junk.id(&junk.state.fleet.tranches),
        from: junk.instant(),
    }))
}

fn named(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::ReceiveSupply(capacity::ReceiveSupply {
        pool: junk.id(&junk.state.capacity.pools),
        tranche: junk.id(&junk.state.fleet.tranches),
        at: junk.instant(),
        nodes: junk.several(|junk| capacity::PlacedRun {
            hall: junk.id(&junk.state.fleet.halls),
            leaf: junk.number(),
            spine_group: junk.number(),
            nvlink_domain: junk.maybe(Junk::number),
            run: bareboat_base::Run {
                first: junk.number(),
                count: junk.number(),
            },
        }),
    }))
}

fn floor(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::SetSpareFloor(capacity::SetSpareFloor {
        pool: junk.id(&junk.state.capacity.pools),
        nodes: junk.nodes(),
    }))
}

/// A shape of any kind.
pub(super) fn shape(junk: &mut Junk<'_>) -> Shape {
    let over = FabricLevel::ALL[junk.rng.below(4) as usize];
    Shape {
        max_leaves: junk.maybe(Junk::number),
        max_nvlink_domains: junk.maybe(Junk::number),
        max_spine_groups: junk.maybe(Junk::number),
        contiguous: junk.rng.chance(300),
        whole_nvlink_domains: junk.rng.chance(300),
        spread: junk.maybe(|junk| Spread {
            over,
            most: junk.number(),
        }),
    }
}

fn reserve(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::Reserve(capacity::Reserve {
        lot: junk.id(&junk.state.contracts.lots),
        contract: junk.id(&junk.state.contracts.contracts),
        pool: junk.id(&junk.state.capacity.pools),
        nodes: junk.nodes(),
        window: junk.window(),
        shape: shape(junk),
        part: junk.maybe(|junk| capacity::Part {
            of: junk.id(&junk.state.contracts.lots),
            to_come: junk.nodes(),
        }),
        option: junk.maybe(Junk::window),
    }))
}

fn allocate(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::Allocate(capacity::Allocate {
        reservation: junk.id(&junk.state.capacity.reservations),
        at: junk.instant(),
        exclude: junk.maybe(Junk::node_set),
    }))
}

fn release(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::ReleaseAllocation(
        capacity::ReleaseAllocation {
            allocation: junk.id(&junk.state.capacity.allocations),
            at: junk.instant(),
        },
    ))
}

fn replace(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::ReplaceNode(capacity::ReplaceNode {
        allocation: junk.id(&junk.state.capacity.allocations),
        node: junk.number(),
        at: junk.instant(),
        exclude: junk.maybe(Junk::node_set),
    }))
}

fn end(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::EndReservation(
        capacity::EndReservation {
            reservation: junk.id(&junk.state.capacity.reservations),
            at: junk.instant(),
        },
    ))
}

fn exercise(junk: &mut Junk<'_>) -> Command {
    let reservation = junk.id(&junk.state.capacity.reservations);
    Command::Capacity(capacity::Command::ExerciseOption(
        capacity::ExerciseOption { reservation },
    ))
}

fn lapse(junk: &mut Junk<'_>) -> Command {
    let reservation = junk.id(&junk.state.capacity.reservations);
    Command::Capacity(capacity::Command::LapseOption(capacity::LapseOption {
        reservation,
    }))
}

fn unavailable(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::SetUnavailable(
        capacity::SetUnavailable {
            pool: junk.id(&junk.state.capacity.pools),
            nodes: junk.node_set(),
            window: junk.window(),
            why: code("x"),
        },
    ))
}

fn back(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::EndUnavailability(
        capacity::EndUnavailability {
            pool: junk.id(&junk.state.capacity.pools),
            nodes: junk.node_set(),
            at: junk.instant(),
            why: Vec::new(),
        },
    ))
}

fn pin_ahead(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::SetPinAhead(capacity::SetPinAhead {
        pool: junk.id(&junk.state.capacity.pools),
        days: junk.maybe(Junk::number),
    }))
}

fn handover(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::SetHandover(capacity::SetHandover {
        allocation: junk.id(&junk.state.capacity.allocations),
        at: junk.maybe(Junk::instant),
    }))
}

fn pin(junk: &mut Junk<'_>) -> Command {
    let reservations = junk.several(|junk| junk.id(&junk.state.capacity.reservations));
    Command::Act(Act::Pin(Pin { reservations }))
}

fn option_mode(junk: &mut Junk<'_>) -> Command {
    let mode = if junk.rng.chance(500) {
        capacity::OptionMode::Risk
    } else {
        capacity::OptionMode::Strict
    };
    Command::Capacity(capacity::Command::SetOptionMode(capacity::SetOptionMode {
        pool: junk.id(&junk.state.capacity.pools),
        mode,
    }))
}

fn quote(junk: &mut Junk<'_>) -> Command {
    let holds = junk.several(|junk| capacity::Hold {
        lot: junk.id(&junk.state.contracts.lots),
        pool: junk.id(&junk.state.capacity.pools),
        nodes: junk.nodes(),
        window: junk.window(),
        shape: shape(junk),
        part: junk.maybe(|junk| capacity::Part {
            of: junk.id(&junk.state.contracts.lots),
            to_come: junk.nodes(),
        }),
        option: junk.maybe(Junk::window),
    });
    Command::Capacity(capacity::Command::MakeQuote(capacity::MakeQuote {
        contract: junk.id(&junk.state.contracts.contracts),
        price: junk.micro(),
        expires_at: junk.instant(),
        holds,
    }))
}

fn take_quote(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::TakeQuote(capacity::TakeQuote {
        quote: junk.id(&junk.state.capacity.quotes),
    }))
}

fn withdraw_quote(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::WithdrawQuote(capacity::WithdrawQuote {
        quote: junk.id(&junk.state.capacity.quotes),
    }))
}

fn within(junk: &mut Junk<'_>) -> capacity::Within {
    let all = capacity::Within::ALL;
    all[junk.rng.below(all.len() as u32) as usize]
}

fn block(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::AllocateBlock(capacity::AllocateBlock {
        allocation: junk.id(&junk.state.capacity.allocations),
        nodes: junk.nodes(),
        within: within(junk),
        purpose: name("x"),
        exclude: junk.maybe(Junk::node_set),
        domains: junk.several(Junk::node_set),
    }))
}

fn release_block(junk: &mut Junk<'_>) -> Command {
    Command::Capacity(capacity::Command::ReleaseBlock(capacity::ReleaseBlock {
        block: junk.id(&junk.state.capacity.blocks),
    }))
}
