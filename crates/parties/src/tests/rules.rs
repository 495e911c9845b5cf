//! What is accepted and refused, and that stored forms read back.

use bareboat_base::event::Outer;
use bareboat_base::{Code, Digest, Refusal as _, SealedId, SealedRef};

use super::*;

fn seal<T>(party: PartyId) -> Confidential<T> {
    Confidential::Sealed(SealedRef {
        id: derive_id::<SealedId>(command_id(99), 0),
        party,
        commitment: Digest::of(&[b"x"]),
    })
}

#[test]
fn a_sealed_party_is_sealed_whole_and_under_its_own_key() {
    let mut world = World::default();
    let mut sealed = facts("x");
    let next: PartyId = world.next();
    sealed.name = seal(next);
    sealed.address = Some(Confidential::Open(Text::new("1 Street").unwrap()));
    let refuse = |world: &mut World, facts: &PartyFacts| {
        let facts = facts.clone();
        let command = Command::RegisterParty(RegisterParty { facts });
        world.commands -= 1;
        world.run(command).unwrap_err().code()
    };
    world.commands += 1;
    assert_eq!(refuse(&mut world, &sealed), "parties.partly_sealed");
    sealed.address = Some(seal(principal_party()));
    assert_eq!(refuse(&mut world, &sealed), "parties.sealed_for_another");
    sealed.address = Some(seal(next));
    sealed.identifiers = vec![Identifier {
        scheme: Code::new("LEI").unwrap(),
        value: seal(next),
    }];
    world.commands -= 1;
    let party = world.party(sealed);
    assert_eq!(party, next);
    assert!(world.state.party(party).unwrap().is_sealed());
    let open = world.company("open");
    assert!(!world.state.party(open).unwrap().is_sealed());
    let interest = world.own(open, party, "10");
    let row = world.state.interest(interest).unwrap();
    assert!(touches_sealed(&world.state, row));
    assert_eq!(world.state.party_label(party).unwrap(), "P-0001");
    assert_eq!(world.state.interest_label(interest).unwrap(), "INT-0001");
}

fn principal_party() -> PartyId {
    derive_id(command_id(77), 0)
}

#[test]
fn amendments_name_the_version_they_saw() {
    let mut world = World::default();
    let party = world.company("one");
    let amend = |expected_version, name| {
        Command::AmendParty(AmendParty {
            party,
            expected_version,
            facts: facts(name),
        })
    };
    let refused = world.run(amend(1, "one")).unwrap_err();
    assert_eq!(refused.code(), "parties.nothing_changed");
    world.run(amend(1, "two")).unwrap();
    assert_eq!(world.state.party(party).unwrap().version, 2);
    let refused = world.run(amend(1, "three")).unwrap_err();
    assert_eq!(refused.code(), "parties.version_stale");
    let mut many = facts("many");
    many.aliases = vec![facts("alias").name; MAX_ALIASES + 1];
    let refused = world.run(Command::RegisterParty(RegisterParty { facts: many }));
    assert_eq!(refused.unwrap_err().code(), "parties.too_many");
}

#[test]
fn interests_add_up_to_no_more_than_the_whole_on_any_day() {
    let mut world = World::default();
    let (a, b, c) = (world.company("a"), world.company("b"), world.company("c"));
    let mut record = |owner, from, until: Option<&str>, voting, economic| {
        let facts = InterestFacts {
            owner,
            owned: c,
            voting,
            economic,
            from: date(from),
            until: until.map(date),
            source: source(),
        };
        world.run(Command::RecordInterest(RecordInterest { facts }))
    };
    record(
        a,
        "2020-01-01",
        Some("2022-01-01"),
        exact("60"),
        exact("60"),
    )
    .unwrap();
    record(b, "2022-01-01", None, exact("60"), exact("60")).unwrap();
    // Before the change, or after it, 40 fit; 41 do not, on either measure.
    record(b, "2019-01-01", Some("2023-01-01"), exact("40"), exact("0")).unwrap();
    let refused = record(a, "2021-12-31", None, exact("1"), exact("0")).unwrap_err();
    let Rejection::OverWhole {
        measure,
        on,
        percent,
        ..
    } = &refused
    else {
        panic!("{refused}")
    };
    assert_eq!(
        (*measure, *on, percent.as_str()),
        ("votes", date("2021-12-31"), "101.00")
    );
    let refused = record(a, "2021-01-01", None, exact("0"), exact("40.0000000001")).unwrap_err();
    assert!(
        refused.to_string().contains("100.01% of the capital"),
        "{refused}"
    );
    // A range counts with its least; after 2023 there is room again.
    record(
        a,
        "2021-01-01",
        None,
        ShareRange::UNKNOWN,
        ShareRange::UNKNOWN,
    )
    .unwrap();
    record(a, "2023-01-01", None, exact("40"), exact("40")).unwrap();
}

#[test]
fn nonsense_is_refused() {
    let mut world = World::default();
    let (a, b) = (world.company("a"), world.company("b"));
    let mut person = facts("person");
    person.kind = PartyKind::Person;
    let person = world.party(person);
    let all = exact("1");
    let unknown = principal_party();
    let mut code = |owner, owned| world.try_own(owner, owned, all, all).unwrap_err().code();
    assert_eq!(code(a, a), "parties.owns_itself");
    assert_eq!(code(a, person), "parties.person_owned");
    assert_eq!(code(unknown, a), "parties.party_unknown");
    assert_eq!(code(a, unknown), "parties.party_unknown");
    let interest = world.own(a, b, "10");
    let end = |on| {
        Command::EndInterest(EndInterest {
            interest,
            on: date(on),
        })
    };
    let refused = world.run(end("2020-01-01")).unwrap_err();
    assert_eq!(refused.code(), "parties.interest_ends_early");
    world.run(end("2021-01-01")).unwrap();
    let refused = world.run(end("2020-06-01")).unwrap_err();
    assert_eq!(refused.code(), "parties.interest_ended");
    let become_person = Command::AmendParty(AmendParty {
        party: b,
        expected_version: 1,
        facts: PartyFacts {
            kind: PartyKind::Person,
            ..facts("b")
        },
    });
    assert_eq!(
        world.run(become_person).unwrap_err().code(),
        "parties.person_owned"
    );
}

#[test]
fn events_and_state_read_back() {
    let mut world = World::default();
    let (a, b) = (world.top("a"), world.company("b"));
    let interest = world.own(a, b, "33.3333");
    let end = EndInterest {
        interest,
        on: today(),
    };
    world.run(Command::EndInterest(end)).unwrap();
    world
        .run(Command::AmendParty(AmendParty {
            party: b,
            expected_version: 1,
            facts: facts("c"),
        }))
        .unwrap();
    for event in &world.events {
        let bytes = event.encode();
        let read = Event::decode(&Outer::read(&bytes).unwrap())
            .unwrap()
            .unwrap();
        assert_eq!((&read, read.encode()), (event, bytes));
    }
    let bytes = postcard::to_stdvec(&world.state).unwrap();
    assert_eq!(postcard::from_bytes::<State>(&bytes).unwrap(), world.state);
    let json = serde_json::to_vec(&world.state).unwrap();
    assert_eq!(serde_json::from_slice::<State>(&json).unwrap(), world.state);
}
