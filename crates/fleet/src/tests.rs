mod delay;

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_base::{
    Code, CommandId, Context, Date, Digest, HallId, Instant, ModelId, Name, NodeCount, NodeRef,
    NodeSet, Position, PrincipalId, Recorded, Refusal, SiteId, Text, TrancheId, TypedId,
};
use proptest::prelude::*;

use crate::*;

/// An id made of a small number, as an edge would draw it.
fn id<I: TypedId>(number: u128) -> I {
    let hex = format!("{number:032x}");
    let (a, b, c, d, e) = (
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    );
    let command: CommandId = format!("{a}-{b}-{c}-{d}-{e}").parse().unwrap();
    I::from_uuid(command.uuid())
}

fn code(text: &str) -> Code {
    Code::new(text).unwrap()
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

#[derive(Clone, Default)]
struct World {
    state: State,
    commands: u128,
    position: u64,
}

impl World {
    fn run(&mut self, command: impl Into<Command>) -> Result<Vec<Event>, Rejection> {
        self.commands += 1;
        let ctx = Context {
            command_id: id(1000 + self.commands),
            actor: id::<PrincipalId>(1),
            recorded_at: at("2026-06-01T00:00:00Z"),
            part: 0,
        };
        let events = decide(&self.state, &ctx, &command.into())?;
        for event in &events {
            self.position += 1;
            let recorded = Recorded {
                position: Position(self.position),
                at: ctx.recorded_at,
                by: ctx.actor,
            };
            // What is stored must say all that happened.
            let bytes = event.encode();
            let outer = bareboat_base::event::Outer::read(&bytes).unwrap();
            let read = Event::decode(&outer).unwrap().unwrap();
            assert_eq!(&read, event);
            apply(&mut self.state, &recorded, &read);
        }
        Ok(events)
    }

    fn refused(&mut self, command: impl Into<Command>) -> &'static str {
        self.run(command).unwrap_err().code()
    }

    fn advance(&mut self, nodes: &NodeSet, to: Phase) -> Result<Vec<Event>, Rejection> {
        self.run(AdvanceNodes {
            nodes: nodes.clone(),
            to,
            at: at("2026-05-01T00:00:00Z"),
            reason: to.needs_reason().then(|| Text::new("as planned").unwrap()),
        })
    }
}

fn b200() -> RegisterModel {
    RegisterModel {
        code: code("B200"),
        vendor: name("NVIDIA"),
        gpus_per_node: 8,
        memory_gb: 192,
        tdp_watts: 1000,
        tpp: 36_000,
        performance_density_centi: 2_200,
        dram_gbps: 8_000,
        eccn: code("3A090.a"),
        nvlink_domain_gpus: 8,
    }
}

fn osaka() -> RegisterSite {
    RegisterSite {
        code: code("OSA"),
        name: name("Osaka One"),
        country: "JP".parse().unwrap(),
        zone: "Asia/Tokyo".parse().unwrap(),
        power_kw: 20_000,
        pue_milli: 1_250,
    }
}

fn order(model: ModelId, site: SiteId, tranches: &[u32]) -> PlaceOrder {
    let tranches: Vec<_> = tranches
        .iter()
        .map(|nodes| NewTranche {
            nodes: NodeCount(*nodes),
            due_on: date("2026-03-01"),
            hall: None,
        })
        .collect();
    PlaceOrder {
        supplier: name("Maker"),
        reference: code("PO-1"),
        entity: None,
        model,
        site,
        nodes: NodeCount(tranches.iter().map(|t| t.nodes.0).sum()),
        price: "250000000.00 USD".parse().unwrap(),
        placed_on: date("2026-01-01"),
        tranches,
    }
}

fn new_nodes(hall: HallId, numbers: std::ops::Range<u32>) -> Vec<NewNode> {
    let node = |number| NewNode {
        serial: code(&format!("SN-{number}")),
        hall,
        rack: code(&format!("R{}", number / 4)),
        leaf: number / 16,
        spine_group: number / 64,
        nvlink_domain: None,
        bmc: name(&format!("10.0.0.{number}")),
        gpus: Vec::new(),
    };
    numbers.map(node).collect()
}

/// A site, a model, and one order in tranches.
fn ordered(tranches: &[u32]) -> (World, SiteId, ModelId, HallId, Vec<TrancheId>) {
    let mut world = World::default();
    world.run(b200()).unwrap();
    world.run(osaka()).unwrap();
    let (model, _) = world.state.model_by_code(&code("B200")).unwrap();
    let (site, _) = world.state.site_by_code(&code("OSA")).unwrap();
    let hall = AddHall {
        site,
        code: code("H1"),
    };
    world.run(hall).unwrap();
    let (hall, _) = world.state.hall_by_code(site, &code("H1")).unwrap();
    world.run(order(model, site, tranches)).unwrap();
    let order = world.state.orders.values().next().unwrap();
    let tranches = order.tranches.clone();
    (world, site, model, hall, tranches)
}

fn received(count: u32) -> (World, SiteId, ModelId, NodeSet) {
    let (mut world, site, model, hall, tranches) = ordered(&[count]);
    let receive = ReceiveTranche {
        tranche: tranches[0],
        received_on: date("2026-03-02"),
        nodes: new_nodes(hall, 1..count + 1),
    };
    world.run(receive).unwrap();
    let nodes = NodeSet::from_numbers(site, 1..=count).unwrap();
    (world, site, model, nodes)
}

#[test]
fn codes_and_references_are_used_once() {
    let (mut world, site, model, _, _) = ordered(&[2]);
    assert_eq!(world.refused(b200()), "fleet.model_code_taken");
    assert_eq!(world.refused(osaka()), "fleet.site_code_taken");
    let hall = AddHall {
        site,
        code: code("H1"),
    };
    assert_eq!(world.refused(hall), "fleet.hall_code_taken");
    let same = order(model, site, &[3]);
    assert_eq!(world.refused(same.clone()), "fleet.order_reference_taken");
    let other = PlaceOrder {
        reference: code("PO-2"),
        ..same
    };
    let short = PlaceOrder {
        nodes: NodeCount(4),
        ..other.clone()
    };
    assert_eq!(world.refused(short), "fleet.tranches_do_not_add_up");
    let early = PlaceOrder {
        placed_on: date("2026-03-02"),
        ..other.clone()
    };
    assert_eq!(world.refused(early), "fleet.due_before_placed");
    let free = PlaceOrder {
        price: "0.00 USD".parse().unwrap(),
        ..other.clone()
    };
    assert_eq!(world.refused(free), "fleet.price_not_positive");
    let unknown = PlaceOrder {
        model: id(77),
        ..other.clone()
    };
    assert_eq!(world.refused(unknown), "fleet.model_unknown");
    world.run(other).unwrap();
    let cold = RegisterSite {
        code: code("SYD"),
        pue_milli: 999,
        ..osaka()
    };
    assert_eq!(world.refused(cold), "fleet.figure_out_of_range");
}

#[test]
fn tranches_slip_and_arrive_in_parts() {
    let (mut world, site, model, hall, tranches) = ordered(&[3, 2]);
    let tranche = tranches[0];
    let slip = SlipTranche {
        tranche,
        due_on: date("2026-04-01"),
        reason: Text::new("the boat is late").unwrap(),
    };
    world.run(slip.clone()).unwrap();
    assert_eq!(world.refused(slip.clone()), "fleet.date_unchanged");
    let row = world.state.tranches.get(&tranche).unwrap();
    assert_eq!(
        (row.due_on, row.slips[0].old_due_on),
        (date("2026-04-01"), date("2026-03-01"))
    );
    let receive = |tranche, numbers| ReceiveTranche {
        tranche,
        received_on: date("2026-03-30"),
        nodes: new_nodes(hall, numbers),
    };
    let mut ahead = receive(tranche, 1..3);
    ahead.received_on = date("2062-03-30");
    assert_eq!(world.refused(ahead), "fleet.in_future");
    world.run(receive(tranche, 1..3)).unwrap();
    let row = world.state.tranches.get(&tranche).unwrap();
    assert_eq!(
        (row.status, row.received),
        (TrancheStatus::PartlyReceived, NodeCount(2))
    );
    assert_eq!(
        world.refused(receive(tranche, 3..5)),
        "fleet.too_many_nodes"
    );
    assert_eq!(world.refused(receive(tranche, 2..3)), "fleet.serial_taken");
    assert_eq!(world.refused(receive(tranche, 3..3)), "fleet.no_nodes");
    let mut elsewhere = receive(tranche, 3..4);
    elsewhere.nodes[0].hall = id(99);
    assert_eq!(world.refused(elsewhere), "fleet.hall_unknown");
    let mut odd = receive(tranche, 3..4);
    odd.nodes[0].gpus = vec![code("G1")];
    assert_eq!(world.refused(odd.clone()), "fleet.gpu_count_wrong");
    odd.nodes[0].gpus = vec![code("G1"); 8];
    assert_eq!(world.refused(odd), "fleet.gpu_serial_twice");
    let mut twice = receive(tranches[1], 7..9);
    twice.nodes[1].serial = twice.nodes[0].serial.clone();
    assert_eq!(world.refused(twice), "fleet.serial_taken");

    let events = world.run(receive(tranches[1], 4..6)).unwrap();
    assert_eq!(events.len(), 3);
    world.run(receive(tranche, 3..4)).unwrap();
    assert_eq!(
        world.refused(receive(tranche, 9..10)),
        "fleet.tranche_complete"
    );
    assert_eq!(world.refused(slip), "fleet.tranche_complete");
    assert_eq!(world.state.received_at(site), 5);
    assert_eq!(world.state.counts(site, model).total(), NodeCount(5));
    let node = world.state.node_by_label("N-OSA-000003").unwrap();
    assert_eq!(
        node.serial,
        code("SN-4"),
        "numbers follow the order of arrival"
    );
    assert_eq!(
        node.phase_since,
        at("2026-03-29T15:00:00Z"),
        "midnight in Osaka"
    );
    let (number, id) = (node.node, node.id);
    assert_eq!(world.state.label_of(&number).unwrap(), "N-OSA-000003");
    assert_eq!(world.state.node_by_id(id).unwrap().node, number);
    assert_eq!(world.state.nodes_of(site).count(), 5);
}

#[test]
fn a_node_leaves_a_client_only_by_sanitisation() {
    use Phase::{Allocated, Discovered, InRepair, Racked, Ready, Retired, Sanitising, Validating};
    let (mut world, site, model, nodes) = received(640);
    for phase in [Racked, Discovered, Validating, Ready] {
        world.advance(&nodes, phase).unwrap();
    }
    assert_eq!(world.state.not_ready(site, model), None);
    let part = NodeSet::from_numbers(site, 1..=600).unwrap();
    world.advance(&part, Allocated).unwrap();
    assert_eq!(world.state.not_ready(site, model), Some(part.clone()));
    let before = world.state.clone();
    match world.advance(&nodes, Racked).unwrap_err() {
        Rejection::MoveNotAllowed {
            number: 1,
            from: Allocated,
            count,
            ..
        } => {
            assert_eq!(count, NodeCount(640));
        }
        other => unreachable!("{other}"),
    }
    assert!(world.state == before, "a refusal changes nothing");
    let one = NodeSet::from_numbers(site, [5]).unwrap();
    world.advance(&one, InRepair).unwrap();
    for to in [Validating, Retired] {
        assert_eq!(
            world.advance(&one, to).unwrap_err().code(),
            "fleet.not_erased"
        );
    }
    world.advance(&part, Sanitising).unwrap();
    assert_eq!(
        world.advance(&part, Validating).unwrap_err().code(),
        "fleet.move_not_allowed"
    );
    let record = RecordSanitisation {
        nodes: part.clone(),
        method: SanitisationMethod::Purge,
        performed_at: at("2026-05-02T00:00:00Z"),
        evidence: Digest::of(&[b"report"]),
        performed_by: name("A. Technician"),
    };
    let future = RecordSanitisation {
        performed_at: at("2026-06-02T00:00:00Z"),
        ..record.clone()
    };
    assert_eq!(world.refused(future), "fleet.in_future");
    let ahead = AdvanceNodes {
        nodes: one.clone(),
        to: Racked,
        at: at("2062-05-01T00:00:00Z"),
        reason: None,
    };
    assert_eq!(world.refused(ahead), "fleet.in_future");
    let early = RecordSanitisation {
        performed_at: at("2026-04-02T00:00:00Z"),
        ..record.clone()
    };
    assert_eq!(world.refused(early), "fleet.before_phase");
    world.run(record.clone()).unwrap();
    assert_eq!(world.refused(record), "fleet.move_not_allowed");
    let node = world.state.node(&NodeRef { site, number: 5 }).unwrap();
    let erased = (node.phase, node.unerased, node.last_sanitisation.is_some());
    assert_eq!(erased, (Validating, false, true));
    let counts = world.state.counts(site, model);
    assert_eq!(
        (counts.of(Validating), counts.of(Ready)),
        (NodeCount(600), NodeCount(40))
    );
}

#[test]
fn moves_name_known_nodes_and_say_why() {
    let (mut world, site, _, _) = received(640);
    let one = NodeSet::from_numbers(site, [5]).unwrap();
    let beyond = NodeSet::from_numbers(site, 640..=641).unwrap();
    match world.advance(&beyond, Phase::Racked).unwrap_err() {
        Rejection::NodeUnknown { number: 641, .. } => {}
        other => unreachable!("{other}"),
    }
    let mute = AdvanceNodes {
        nodes: one,
        to: Phase::InRepair,
        at: at("2026-05-03T00:00:00Z"),
        reason: None,
    };
    assert_eq!(world.refused(mute), "fleet.reason_missing");
}

#[test]
fn placements_follow_leaves() {
    let (world, site, _, _) = received(40);
    let nodes = NodeSet::from_numbers(site, (10..=20).chain(31..=33)).unwrap();
    let runs: Vec<_> = world
        .state
        .placements(&nodes)
        .iter()
        .map(|p| (p.leaf, p.run.first, p.run.count))
        .collect();
    assert_eq!(runs, [(0, 10, 6), (1, 16, 5), (1, 31, 1), (2, 32, 2)]);
}

#[test]
fn a_fork_keeps_what_it_was_given() {
    let (mut world, site, model, nodes) = received(200);
    let fork = world.state.clone();
    world.advance(&nodes, Phase::Racked).unwrap();
    assert_eq!(fork.counts(site, model).of(Phase::Received), NodeCount(200));
    assert!(
        fork.nodes_of(site)
            .all(|node| node.phase == Phase::Received)
    );
    assert!(
        world
            .state
            .nodes_of(site)
            .all(|node| node.phase == Phase::Racked)
    );
    let shared = fork.nodes.values().zip(world.state.nodes.values());
    for (before, after) in shared {
        assert!(Arc::ptr_eq(&before.facts, &after.facts));
    }
}

#[test]
fn every_phase_reads_back() {
    for (number, phase) in Phase::ALL.into_iter().enumerate() {
        assert_eq!(phase as usize, number);
        assert_eq!(phase.to_string().parse(), Ok(phase));
        let json = serde_json::to_string(&phase).unwrap();
        assert_eq!(json, format!("\"{phase}\""));
        for next in phase.next_unerased() {
            assert!(phase.next().contains(next));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Random moves of random sets against a plain map of phases.
    #[test]
    fn moves_are_all_or_none_and_counted(
        moves in proptest::collection::vec((1_u32..150, 1_u32..80, 0_usize..11), 1..60),
    ) {
        let (mut world, site, model, _) = received(150);
        let mut plain: BTreeMap<u32, (Phase, bool)> =
            (1..=150).map(|number| (number, (Phase::Received, false))).collect();
        for (first, count, to) in moves {
            let numbers = first..first + count;
            let nodes = NodeSet::from_numbers(site, numbers.clone()).unwrap();
            let known = numbers.end <= 151;
            let before = world.position;
            let Some(to) = Phase::ALL.get(to).copied() else {
                let done = world.run(RecordSanitisation {
                    nodes,
                    method: SanitisationMethod::Clear,
                    performed_at: at("2026-05-01T00:00:00Z"),
                    evidence: Digest::of(&[]),
                    performed_by: name("A. Technician"),
                });
                let may = known && numbers.clone().all(|n| plain[&n].0 == Phase::Sanitising);
                prop_assert_eq!(done.is_ok(), may);
                if may {
                    plain.extend(numbers.map(|n| (n, (Phase::Validating, false))));
                }
                continue;
            };
            let may = known && numbers.clone().all(|n| {
                let (phase, unerased) = plain[&n];
                let next = if unerased { phase.next_unerased() } else { phase.next() };
                next.contains(&to)
            });
            prop_assert_eq!(world.advance(&nodes, to).is_ok(), may);
            if may {
                plain.extend(numbers.map(|n| (n, (to, to == Phase::Allocated || plain[&n].1))).collect::<Vec<_>>());
            } else {
                prop_assert_eq!(world.position, before);
            }
        }
        for node in world.state.nodes_of(site) {
            prop_assert_eq!((node.phase, node.unerased), plain[&node.node.number]);
        }
        for phase in Phase::ALL {
            let count = plain.values().filter(|(p, _)| *p == phase).count();
            prop_assert_eq!(world.state.counts(site, model).of(phase).0 as usize, count);
            let found = world.state.nodes_where(site, model, |p| p == phase);
            prop_assert_eq!(found.map_or(0, |nodes| nodes.count().0) as usize, count);
        }
        let bytes = postcard::to_stdvec(&world.state).unwrap();
        let read: State = postcard::from_bytes(&bytes).unwrap();
        prop_assert!(read == world.state);
        prop_assert_eq!(postcard::to_stdvec(&read).unwrap(), bytes);
    }
}
