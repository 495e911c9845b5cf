//! What lets an act pass, and what must not: lists that nobody imported, owners that nobody knows,
//! officers who changed their minds, licences that are used up.

mod common;

use bareboat_base::{Refusal as _, *};
use bareboat_book::acts::{self, Act};
use bareboat_book::{Command, Event, Rejection};
use bareboat_contracts as contracts;

use common::*;

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Rejection>, code: &str, says: &str) {
    let refused = result.unwrap_err();
    assert_eq!(refused.code(), code, "{refused}");
    assert!(refused.to_string().contains(says), "{refused}");
}

const NOT_PERMITTED: &str = "book.not_permitted";

#[test]
fn a_list_that_was_never_imported_names_nobody_and_clears_nobody() {
    let mut world = world_with(&["DPL", "EL", "MEU", "UVL"]);
    declare(&mut world);
    refused(
        sign(&mut world),
        NOT_PERMITTED,
        "list SDN was never imported; import it",
    );
    list(&mut world.book, "SDN", "2026-01-02", 100);
    for who in [world.partner, world.parent] {
        screen(&mut world.book, who, None);
    }
    refused(sign(&mut world), NOT_PERMITTED, "not screened against SDN");
    screen(&mut world.book, world.client, None);
    sign(&mut world).unwrap();
}

#[test]
fn a_confirmed_listing_says_nothing_of_other_lists() {
    let mut world = world();
    declare(&mut world);
    confirm(&mut world.book, world.client, "EL");
    refused(sign(&mut world), NOT_PERMITTED, "us-ear.entity-list");
    licence(&mut world.book, "BIS-1", 5000);
    sign(&mut world.clone()).unwrap();
    let mut undecided = world.clone();
    screen(&mut undecided.book, world.client, Some("SDN"));
    refused(sign(&mut undecided), NOT_PERMITTED, "us-ofac.sdn");
    list(&mut world.book, "SDN", "2026-02-01", 101);
    refused(sign(&mut world), NOT_PERMITTED, "not screened against SDN");
}

#[test]
fn who_holds_the_rest_must_be_on_record_or_declared() {
    let mut world = world();
    declare(&mut world);
    amend(&mut world, |facts| facts.not_held_by_listed = None);
    refused(
        sign(&mut world),
        NOT_PERMITTED,
        "who owns 100% of Northgate Orchid Holdings is not on record",
    );
    amend(&mut world, |facts| {
        facts.not_held_by_listed = Some(source("register of members"));
    });
    sign(&mut world).unwrap();
    let events = format!("{:?}", world.book.state.rulebook.determinations);
    assert!(events.contains("declared of Northgate Orchid Holdings: register of members"));
}

/// Amends the parent and screens it again.
fn amend(world: &mut World, change: impl Fn(&mut bareboat_parties::PartyFacts)) {
    let row = world.book.state.parties.party(world.parent).unwrap();
    let (expected_version, mut facts) = (row.version, (*row.facts).clone());
    change(&mut facts);
    let amend = bareboat_parties::AmendParty {
        party: world.parent,
        expected_version,
        facts,
    };
    let command = bareboat_parties::Command::AmendParty(amend);
    world.book.run(Command::Parties(command));
    screen(&mut world.book, world.parent, None);
}

/// Two officers decide what signing was referred for.
fn officers(world: &mut World, proceed: bool) {
    use bareboat_rulebook::{Activity, Command as R, ConfirmResolution, ResolveReferral};
    let act = acts::Determine {
        contract: world.contract,
        activity: Activity::Sign,
        legal_date: p("2026-02-17"),
    };
    let events = world.book.run(Command::Act(Act::Determine(act)));
    let Event::Rulebook(bareboat_rulebook::Event::DeterminationMade(made)) = &events[0] else {
        panic!("{events:?}")
    };
    let determination = made.determination;
    let resolve = R::ResolveReferral(ResolveReferral {
        determination,
        proceed,
        grounds: p("looked into"),
    });
    world.book.run(Command::Rulebook(resolve));
    let confirm = R::ConfirmResolution(ConfirmResolution { determination });
    world.book.by(SECOND, Command::Rulebook(confirm));
}

#[test]
fn the_newest_decision_of_two_officers_counts() {
    let mut world = world();
    refused(sign(&mut world), NOT_PERMITTED, "us-ear.five-facts");
    officers(&mut world, true);
    sign(&mut world.clone()).unwrap();
    officers(&mut world, false);
    refused(sign(&mut world), NOT_PERMITTED, "us-ear.five-facts");
    officers(&mut world, true);
    // What was let pass was not let pass for a list that came since.
    let mut later = world.clone();
    list(&mut later.book, "SDN", "2026-02-01", 101);
    refused(sign(&mut later), NOT_PERMITTED, "us-ofac.sdn");
    sign(&mut world).unwrap();
}

#[test]
fn whoever_gets_access_is_whom_the_rules_judge() {
    use bareboat_access::{Command as C, CreateOrganisation, OrganisationKind};
    let mut world = world();
    let create = |world: &mut World, code: &str, kind, party, parent| {
        let create = CreateOrganisation {
            code: p(code),
            name: p(code),
            kind,
            party,
            parent,
        };
        world
            .book
            .run(Command::Access(C::CreateOrganisation(create)));
        let rows = &world.book.state.access.organisations;
        rows.iter().last().map(|(_, id, _)| *id).unwrap()
    };
    let partner = world.draft.organisation;
    let (client, other) = (world.client, world.parent);
    let tenant = OrganisationKind::Tenant;
    let nameless = create(&mut world, "T1", tenant, None, Some(partner));
    let wrong = create(&mut world, "T2", tenant, Some(other), Some(partner));
    let stray = create(&mut world, "T3", tenant, Some(client), None);
    let right = create(&mut world, "T4", tenant, Some(client), Some(partner));
    let draft = |world: &mut World, organisation, client_organisation: Option<OrganisationId>| {
        let draft = contracts::DraftContract {
            reference: p("OTHER"),
            organisation,
            client_organisation,
            ..world.draft.clone()
        };
        let command = Command::Contracts(contracts::Command::DraftContract(draft));
        world.book.try_by(OFFICER, &command)
    };
    let unfit = "book.inconsistent";
    for organisation in [nameless, wrong] {
        let result = draft(&mut world, partner, Some(organisation));
        refused(result, unfit, "does not stand for party");
    }
    let result = draft(&mut world, partner, Some(stray));
    refused(result, unfit, "not under the partner's");
    let result = draft(&mut world, partner, Some(partner));
    refused(result, unfit, "organisation SETO is no tenant");
    let result = draft(&mut world, right, None);
    refused(result, unfit, "organisation T4 is no partner");
    draft(&mut world, partner, Some(right)).unwrap();
}

#[test]
fn access_is_given_back_only_to_those_the_rules_let_in() {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    let at = world.book.now;
    let contract = world.contract;
    let run = |world: &mut World, command| world.book.try_by(OFFICER, &Command::Contracts(command));
    let suspend = |at| {
        contracts::Command::SuspendAccess(contracts::SuspendAccess {
            contract,
            at,
            reason: p("a list is due"),
        })
    };
    let resume = contracts::Command::ResumeAccess(contracts::ResumeAccess {
        contract,
        at,
        reason: p("it names nobody"),
    });
    let ahead = p("2026-03-17T00:00:00Z");
    refused(
        run(&mut world, suspend(ahead)),
        "contracts.in_future",
        "after now",
    );
    run(&mut world, suspend(at)).unwrap();
    list(&mut world.book, "SDN", "2026-02-10", 101);
    refused(
        run(&mut world, resume.clone()),
        NOT_PERMITTED,
        "grant-access",
    );
    for who in [world.partner, world.parent, world.client] {
        screen(&mut world.book, who, None);
    }
    let events = run(&mut world, resume).unwrap();
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(
        kinds,
        ["rulebook.determination_made", "contracts.access_resumed"]
    );
}

#[test]
fn a_licence_is_drawn_at_signing_and_used_lot_by_lot() {
    let mut world = world();
    confirm(&mut world.book, world.client, "EL");
    let licence = licence(&mut world.book, "BIS-1", 1000);
    let drawn = |world: &World| {
        let rows = &world.book.state.rulebook.authorisations;
        rows.get(&licence).unwrap().terms.drawn
    };
    let lots = redraft(&mut world, "TWO-LOTS", &[496, 504]);
    declare(&mut world);
    sign(&mut world).unwrap();
    assert_eq!(drawn(&world), 1000);
    let mut second = world.clone();
    redraft(&mut second, "ANOTHER", &[8]);
    declare(&mut second);
    refused(sign(&mut second), NOT_PERMITTED, "us-ear.entity-list");
    for lot in lots {
        world.lot = lot;
        allocate(&mut world);
    }
    assert_eq!(drawn(&world), 1000);
    let determination = world.book.state.rulebook.determinations.iter().last();
    let facts = &determination.unwrap().2.facts;
    assert_eq!(facts.quantity.value, Some(504));
}

#[test]
fn nodes_are_handed_over_when_the_lot_begins_and_not_before_it_is_done() {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    let allocate = |world: &mut World, now: &str, at: &str| {
        world.book.at(now);
        let act = acts::AllocateLot {
            lot: world.lot,
            at: p(at),
        };
        let command = Command::Act(Act::AllocateLot(act));
        world.book.try_by(OFFICER, &command)
    };
    let (before, starts) = ("2026-02-27T00:00:00Z", "2026-02-28T15:00:00Z");
    let ahead = allocate(&mut world, before, starts);
    refused(ahead, "book.instant_ahead", "after now");
    let early = allocate(&mut world, before, before);
    refused(early, "capacity.outside_window", before);
    allocate(&mut world, starts, starts).unwrap();
}

#[test]
fn two_models_draw_on_one_licence_one_after_the_other() {
    let mut world = world();
    confirm(&mut world.book, world.client, "EL");
    let licence = licence(&mut world.book, "BIS-1", 1000);
    let lot = world.draft.lots[0].clone();
    let model = another_model(&mut world, lot.site);
    world.draft.lots.push(contracts::NewLot { model, ..lot });
    for lot in &mut world.draft.lots {
        lot.gpus = GpuCount(496);
    }
    world.draft.reference = p("TWO-MODELS");
    let draft = contracts::Command::DraftContract(world.draft.clone());
    world.book.run(Command::Contracts(draft));
    let drafted = world.book.state.contracts.contracts.iter().last();
    world.contract = *drafted.unwrap().1;
    declare(&mut world);
    sign(&mut world).unwrap();
    let rows = &world.book.state.rulebook.authorisations;
    assert_eq!(rows.get(&licence).unwrap().terms.drawn, 992);
}

/// A second model, with nodes of it on order for the site.
fn another_model(world: &mut World, site: SiteId) -> ModelId {
    use bareboat_fleet::{Command as C, NewTranche, PlaceOrder, RegisterModel};
    world
        .book
        .run(Command::Fleet(C::RegisterModel(RegisterModel {
            code: p("B300"),
            vendor: p("NVIDIA"),
            gpus_per_node: 8,
            memory_gb: 288,
            tdp_watts: 1400,
            tpp: 54_000,
            performance_density_centi: 3_300,
            dram_gbps: 8_000,
            eccn: p("3A090.a"),
            nvlink_domain_gpus: 8,
        })));
    let (model, _) = world.book.state.fleet.model_by_code(&p("B300")).unwrap();
    world.book.run(Command::Fleet(C::PlaceOrder(PlaceOrder {
        supplier: p("Vendor"),
        reference: p("PO-2"),
        entity: None,
        model,
        site,
        nodes: NodeCount(62),
        price: p("30000000.00 USD"),
        placed_on: p("2026-01-05"),
        tranches: vec![NewTranche {
            nodes: NodeCount(62),
            due_on: p("2026-02-20"),
            hall: None,
        }],
    })));
    model
}
