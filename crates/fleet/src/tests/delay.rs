//! Tranches go to halls, and halls are late.

use super::*;

fn reason() -> Text {
    Text::new("the transformer is late").unwrap()
}

fn late(hall: HallId, late: Late) -> DelayHall {
    DelayHall {
        hall,
        late,
        reason: reason(),
    }
}

fn due(world: &World, tranches: &[TrancheId]) -> Vec<String> {
    let due = |id| world.state.tranches.get(id).unwrap().due_on.to_string();
    tranches.iter().map(due).collect()
}

#[test]
fn all_that_is_owed_to_a_late_hall_moves_in_one_act() {
    let (mut world, site, _, hall, tranches) = ordered(&[3, 2, 4, 1]);
    world
        .run(AddHall {
            site,
            code: code("H2"),
        })
        .unwrap();
    let other = world.state.hall_by_code(site, &code("H2")).unwrap().0;
    let to = |tranche, hall| AssignTranche { tranche, hall };
    assert_eq!(
        world.refused(late(hall, Late::Days(9))),
        "fleet.nothing_delayed"
    );
    for (tranche, hall) in [(0, hall), (1, hall), (2, other), (3, hall)] {
        world.run(to(tranches[tranche], Some(hall))).unwrap();
    }
    // The first has arrived in part, the last as a whole.
    for (tranche, numbers) in [(0, 1..2), (3, 2..3)] {
        let received = ReceiveTranche {
            tranche: tranches[tranche],
            received_on: date("2026-02-20"),
            nodes: new_nodes(hall, numbers),
        };
        world.run(received).unwrap();
    }
    assert_eq!(
        world.refused(to(tranches[3], None)),
        "fleet.tranche_complete"
    );
    assert_eq!(
        world.refused(to(tranches[1], Some(id(99)))),
        "fleet.hall_unknown"
    );
    let slip = SlipTranche {
        tranche: tranches[1],
        due_on: date("2026-06-01"),
        reason: reason(),
    };
    world.run(slip).unwrap();
    let events = world.run(late(hall, Late::Days(10))).unwrap();
    assert_eq!(events.len(), 2);
    let moved = ["2026-03-11", "2026-06-11", "2026-03-01", "2026-03-01"];
    assert_eq!(due(&world, &tranches), moved);
    // Only what would come before the hall is ready waits for it.
    world
        .run(late(hall, Late::Until(date("2026-05-01"))))
        .unwrap();
    let moved = ["2026-05-01", "2026-06-11", "2026-03-01", "2026-03-01"];
    assert_eq!(due(&world, &tranches), moved);
    let again = late(hall, Late::Until(date("2026-05-01")));
    assert_eq!(world.refused(again), "fleet.nothing_delayed");
    assert_eq!(
        world.refused(late(hall, Late::Days(u32::MAX))),
        "fleet.date_out_of_range"
    );
    assert_eq!(
        world.refused(late(id(99), Late::Days(1))),
        "fleet.hall_unknown"
    );
}

#[test]
fn an_order_from_before_halls_reads_and_one_says_where_it_goes() {
    let (mut world, site, model, hall, _) = ordered(&[3]);
    let mut sited = order(model, site, &[2]);
    sited.reference = code("PO-2");
    sited.tranches[0].hall = Some(hall);
    let mut elsewhere = sited.clone();
    elsewhere.tranches[0].hall = Some(id(99));
    assert_eq!(world.refused(elsewhere), "fleet.hall_unknown");
    let events = world.run(sited).unwrap();
    let Event::OrderPlaced(placed) = &events[0] else {
        panic!("{events:?}")
    };
    let row = world
        .state
        .tranches
        .get(&placed.tranches[0].tranche)
        .unwrap();
    assert_eq!(row.hall, Some(hall));
    // Without a hall the bytes are those of before.
    let old = PlacedTranche {
        hall: None,
        ..placed.tranches[0].clone()
    };
    let text = serde_json::to_string(&old).unwrap();
    assert!(!text.contains("hall"), "{text}");
    assert_eq!(serde_json::from_str::<PlacedTranche>(&text).unwrap(), old);
}
