//! The acts of the reference story, in the pure book: signing, hand-over, an invoice, a listing
//! above the client, and the wind-down that follows.

use bareboat_base::machine::{Decide as _, Fold as _};
use bareboat_base::{Refusal as _, *};
use bareboat_book::acts::{self, Act};
use bareboat_book::explain::{Subject, explain};
use bareboat_book::impact::{Hypothesis, impact};
use bareboat_book::{Command, Event, Rejection, State};
use uuid::Uuid;

#[path = "story/ends.rs"]
mod ends;

fn p<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

struct Book {
    state: State,
    commands: u128,
    now: Instant,
}

const OFFICER: u128 = 1;
const SECOND: u128 = 2;

impl Book {
    fn context(&mut self, actor: u128) -> Context {
        self.commands += 1;
        self.now = self.now.next();
        Context {
            command_id: CommandId::from_uuid(Uuid::from_u128(self.commands << 64)),
            actor: PrincipalId::from_uuid(Uuid::from_u128(actor)),
            recorded_at: self.now,
            part: 0,
        }
    }

    fn try_by(&mut self, actor: u128, command: &Command) -> Result<Vec<Event>, Rejection> {
        let context = self.context(actor);
        let events = self.state.decide(&context, command)?;
        for event in &events {
            let bytes = event.encode();
            assert_eq!(&Event::decode(&bytes).unwrap(), event);
            let position = self.state.position.next();
            let recorded = Recorded {
                position,
                at: context.recorded_at,
                by: context.actor,
            };
            self.state.apply(&recorded, event);
        }
        Ok(events)
    }

    fn by(&mut self, actor: u128, command: Command) -> Vec<Event> {
        self.try_by(actor, &command)
            .unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    fn run(&mut self, command: Command) -> Vec<Event> {
        self.by(OFFICER, command)
    }

    fn at(&mut self, instant: &str) {
        self.now = p(instant);
    }
}

fn adopt(book: &mut Book, regime: &str) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../rulebooks")
        .join(regime);
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    files.sort();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let parsed = bareboat_rulebook::parse_regime(&files).unwrap();
    book.run(Command::Rulebook(
        bareboat_rulebook::Command::AdoptRulebook(parsed.adopt()),
    ));
}

fn source(what: &str) -> bareboat_parties::Source {
    bareboat_parties::Source {
        what: p(what),
        digest: None,
    }
}

fn party(book: &mut Book, name: &str, country: &str, top: bool) -> PartyId {
    use bareboat_parties::{PartyFacts, PartyKind, RegisterParty, TopStatus};
    let top = if top {
        TopStatus::NoParentDeclared {
            source: source("statement"),
        }
    } else {
        TopStatus::NotDeclared
    };
    let facts = PartyFacts {
        kind: PartyKind::Company,
        name: Confidential::Open(p(name)),
        aliases: vec![],
        domicile: Some(p(country)),
        headquarters: Some(p(country)),
        address: None,
        identifiers: vec![],
        source: source("registry"),
        top,
    };
    let events = book.run(Command::Parties(bareboat_parties::Command::RegisterParty(
        RegisterParty { facts },
    )));
    match &events[0] {
        Event::Parties(bareboat_parties::Event::PartyRegistered(event)) => event.party,
        other => panic!("{other:?}"),
    }
}

fn list(book: &mut Book, code: &str, day: &str, entries: u32) -> ListSnapshotId {
    let previous = book.state.screening.newest(&p(code)).map(|(id, _)| id);
    let command = bareboat_screening::ImportList {
        list: p(code),
        publisher: p("Bureau of Industry and Security"),
        published_on: p(day),
        source: p("test"),
        original: Digest::of(&[code.as_bytes(), day.as_bytes()]),
        entries: Digest::of(&[day.as_bytes()]),
        entry_count: entries,
        malformed: 0,
        previous,
        change: bareboat_screening::ListChange {
            added: if previous.is_some() { 1 } else { entries },
            removed: 0,
            changed: 0,
        },
        confirmed: false,
    };
    book.run(Command::Screening(bareboat_screening::Command::ImportList(
        command,
    )));
    book.state.screening.newest(&p(code)).unwrap().0
}

fn screen(book: &mut Book, party: PartyId, list: ListSnapshotId, hit: bool) -> Option<HitId> {
    let version = book.state.parties.party(party).unwrap().version;
    let hits = hit.then(|| bareboat_screening::NewHit {
        snapshot: list,
        list: p("EL"),
        entry: Confidential::Open(p("el-1: the parent")),
        entry_key: Digest::of(&[b"el-1"]),
        entry_version: Digest::of(&[b"el-1 v1"]),
        score_permille: 990,
        reasons: Confidential::Open(p("same name")),
    });
    let command = bareboat_screening::RecordScreening {
        party,
        party_version: version,
        current_party_version: version,
        lists: vec![list],
        engine_version: p("test-1"),
        query: Digest::of(&[b"query"]),
        hits: hits.into_iter().collect(),
    };
    book.run(Command::Screening(
        bareboat_screening::Command::RecordScreening(command),
    ));
    book.state.screening.hits_of(party).map(|(id, _)| id).last()
}

struct World {
    book: Book,
    lot: LotId,
    contract: ContractId,
    partner: PartyId,
    client: PartyId,
    parent: PartyId,
}

fn found(event: Option<&Event>) -> String {
    format!("{event:?}")
}

fn fleet(book: &mut Book) -> (ModelId, SiteId) {
    use bareboat_fleet::{AddHall, Command as C, RegisterModel, RegisterSite};
    let run = |book: &mut Book, command| book.run(Command::Fleet(command));
    run(
        book,
        C::RegisterModel(RegisterModel {
            code: p("B200"),
            vendor: p("NVIDIA"),
            gpus_per_node: 8,
            memory_gb: 192,
            tdp_watts: 1000,
            tpp: 36000,
            performance_density_centi: 2200,
            dram_gbps: 8000,
            eccn: p("3A090.a"),
            nvlink_domain_gpus: 8,
        }),
    );
    run(
        book,
        C::RegisterSite(RegisterSite {
            code: p("OSA"),
            name: p("Osaka"),
            country: p("JP"),
            zone: p("Asia/Tokyo"),
            power_kw: 9000,
            pue_milli: 1250,
        }),
    );
    let (model, _) = book.state.fleet.model_by_code(&p("B200")).unwrap();
    let (site, _) = book.state.fleet.site_by_code(&p("OSA")).unwrap();
    run(
        book,
        C::AddHall(AddHall {
            site,
            code: p("H1"),
        }),
    );
    order_and_receive(book, model, site);
    (model, site)
}

fn order_and_receive(book: &mut Book, model: ModelId, site: SiteId) {
    use bareboat_fleet::{Command as C, NewNode, NewTranche, PlaceOrder, ReceiveTranche};
    let run = |book: &mut Book, command| book.run(Command::Fleet(command));
    let (hall, _) = book.state.fleet.hall_by_code(site, &p("H1")).unwrap();
    run(
        book,
        C::PlaceOrder(PlaceOrder {
            supplier: p("Vendor"),
            reference: p("PO-1"),
            entity: None,
            model,
            site,
            nodes: NodeCount(630),
            price: p("272000000.00 USD"),
            placed_on: p("2026-01-05"),
            tranches: vec![NewTranche {
                nodes: NodeCount(630),
                due_on: p("2026-02-15"),
            }],
        }),
    );
    let tranche = book
        .state
        .fleet
        .tranches
        .iter()
        .next()
        .map(|(_, id, _)| *id)
        .unwrap();
    book.at("2026-02-16T00:00:00Z");
    let nodes = (0..630_u32).map(|n| NewNode {
        serial: p(&format!("S{n:05}")),
        hall,
        rack: p(&format!("R{}", n / 4)),
        leaf: n / 32,
        spine_group: n / 512,
        nvlink_domain: None,
        bmc: p(&format!("10.0.{}.{}", n / 250, n % 250)),
        gpus: vec![],
    });
    run(
        book,
        C::ReceiveTranche(ReceiveTranche {
            tranche,
            received_on: p("2026-02-16"),
            nodes: nodes.collect(),
        }),
    );
    make_ready(book, site);
}

fn make_ready(book: &mut Book, site: SiteId) {
    use bareboat_fleet::{AdvanceNodes, Command as C, Phase};
    let run = |book: &mut Book, command| book.run(Command::Fleet(command));
    let all = NodeSet::from_runs(
        site,
        vec![Run {
            first: 1,
            count: 630,
        }],
    )
    .unwrap();
    for to in [
        Phase::Racked,
        Phase::Discovered,
        Phase::Validating,
        Phase::Ready,
    ] {
        book.now = book.now.next();
        let at = book.now;
        run(
            book,
            C::AdvanceNodes(AdvanceNodes {
                nodes: all.clone(),
                to,
                at,
                reason: None,
            }),
        );
    }
}

fn world() -> World {
    let mut book = Book {
        state: State::default(),
        commands: 0,
        now: p("2026-01-05T00:00:00Z"),
    };
    book.run(Command::Create(bareboat_book::genesis::Create {
        operator: p("Harbour"),
        simulated_clock: true,
    }));
    for regime in ["us-ear", "us-ofac"] {
        adopt(&mut book, regime);
    }
    let (model, site) = fleet(&mut book);
    let partner = party(&mut book, "Setouchi Cloud Partners KK", "JP", true);
    let parent = party(&mut book, "Northgate Orchid Holdings", "SG", true);
    let client = party(&mut book, "Marlin Vision Labs", "SG", false);
    use bareboat_parties::{InterestFacts, RecordInterest};
    let whole = ShareRange::exact(Share::WHOLE);
    let facts = InterestFacts {
        owner: parent,
        owned: client,
        voting: whole,
        economic: whole,
        from: p("2020-01-01"),
        until: None,
        source: source("register"),
    };
    book.run(Command::Parties(bareboat_parties::Command::RecordInterest(
        RecordInterest { facts },
    )));
    let el = list(&mut book, "EL", "2026-01-01", 100);
    for who in [partner, parent, client] {
        screen(&mut book, who, el, false);
    }
    drafted(book, (model, site), (partner, client, parent))
}

fn drafted(
    mut book: Book,
    (model, site): (ModelId, SiteId),
    (partner, client, parent): (PartyId, PartyId, PartyId),
) -> World {
    let entity = entity(&mut book);
    let (organisation, project) = organisation(&mut book, partner);
    use bareboat_contracts::{
        DraftContract, NewLot, Prepayment, Price, RegulatoryTermination, Treatment,
    };
    let draft = DraftContract {
        reference: p("OSA-2026-01"),
        entity,
        partner,
        client,
        organisation,
        client_organisation: None,
        project,
        currency: p("USD"),
        billing_zone: p("Asia/Tokyo"),
        lots: vec![NewLot {
            model,
            gpus_per_node: 8,
            site,
            zone: p("Asia/Tokyo"),
            gpus: GpuCount(5000),
            window: DateWindow::new(p("2026-03-01"), p("2029-03-01")).unwrap(),
            stated_hours: None,
            max_leaves: None,
        }],
        price: Price::FixedTotal(p("406000000.00 USD")),
        take_or_pay: Share::WHOLE,
        prepayment: Some(Prepayment {
            share: p("20"),
            credited_after_months: 24,
        }),
        extension: None,
        regulatory_termination: Some(RegulatoryTermination {
            notice_days: 10,
            refund_unearned: true,
        }),
        treatment: Treatment::Lease,
    };
    book.run(Command::Contracts(
        bareboat_contracts::Command::DraftContract(draft),
    ));
    let (contract, row) = book
        .state
        .contracts
        .contracts
        .iter()
        .next()
        .map(|(_, id, row)| (*id, row.clone()))
        .unwrap();
    World {
        lot: row.lots[0],
        book,
        contract,
        partner,
        client,
        parent,
    }
}

fn entity(book: &mut Book) -> EntityId {
    use bareboat_ledger::{Command as C, RegisterEntity};
    book.run(Command::Ledger(C::RegisterEntity(RegisterEntity {
        code: p("HC-JP"),
        name: p("Harbour Compute KK"),
        country: p("JP"),
        functional_currency: p("JPY"),
        tax_id: None,
    })));
    book.state.ledger.entity_by_code(&p("HC-JP")).unwrap()
}

fn organisation(book: &mut Book, party: PartyId) -> (OrganisationId, ProjectId) {
    use bareboat_access::{Command as C, CreateOrganisation, CreateProject, OrganisationKind};
    let events = book.run(Command::Access(C::CreateOrganisation(CreateOrganisation {
        code: p("SETO"),
        name: p("Setouchi"),
        kind: OrganisationKind::Partner,
        party: Some(party),
        parent: None,
    })));
    let (_, id, _) = book.state.access.organisations.iter().last().unwrap();
    let id = *id;
    assert_eq!(events.len(), 1, "{}", found(events.first()));
    book.run(Command::Access(C::CreateProject(CreateProject {
        organisation: id,
        code: p("P1"),
    })));
    let project = book
        .state
        .access
        .projects
        .iter()
        .last()
        .map(|(_, id, _)| *id)
        .unwrap();
    (id, project)
}

fn declare(world: &mut World) {
    world
        .book
        .run(Command::DeclareUse(bareboat_book::end_use::UseDeclared {
            contract: world.contract,
            purpose: Some(p("training")),
            wmd: Some(false),
            military_intelligence: Some(false),
            training_for_d5_party: Some(false),
            diversion: Some(false),
            ear_activity: Some(bareboat_rulebook::EarActivity::InCountryTransfer),
            declared_on: p("2026-02-16"),
            source: p("end-user statement"),
            document: None,
        }));
}

fn sign(world: &mut World) -> Result<Vec<Event>, Rejection> {
    let act = acts::Sign {
        contract: world.contract,
        signed_on: p("2026-02-17"),
    };
    world.book.at("2026-02-17T05:00:00Z");
    world.book.try_by(OFFICER, &Command::Act(Act::Sign(act)))
}

fn allocate(world: &mut World) {
    world.book.at("2026-02-28T15:00:00Z");
    let act = acts::AllocateLot {
        lot: world.lot,
        at: p("2026-02-28T15:00:00Z"),
    };
    world.book.run(Command::Act(Act::AllocateLot(act)));
}

fn invoice(world: &mut World, from: &str, to: &str) {
    let act = acts::IssueInvoice {
        contract: world.contract,
        period: DateWindow::new(p(from), p(to)).unwrap(),
        issued_on: p(to),
    };
    world.book.run(Command::Act(Act::IssueInvoice(act)));
}

#[test]
fn what_is_not_known_is_not_signed() {
    let mut world = world();
    let refused = sign(&mut world).unwrap_err();
    assert_eq!(refused.code(), "book.not_permitted");
    assert!(refused.to_string().contains("refer"), "{refused}");
    declare(&mut world);
    let before = world.book.state.clone();
    let events = sign(&mut world).unwrap();
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(
        kinds,
        [
            "rulebook.determination_made",
            "capacity.reserved",
            "contracts.contract_signed",
            "billing.invoice_issued",
            "ledger.account_opened",
            "ledger.account_opened",
            "ledger.entry_posted",
        ]
    );
    assert_eq!(
        before.contracts.contracts.len(),
        world.book.state.contracts.contracts.len()
    );
    assert!(
        before.capacity.reservations.is_empty(),
        "the fork did not leak"
    );
}

#[test]
fn a_listing_above_the_client_ends_in_a_settled_wind_down() {
    let mut world = world();
    declare(&mut world);
    sign(&mut world).unwrap();
    allocate(&mut world);
    assert_eq!(
        acts::wind_down::live_allocations(&world.book.state, world.contract).len(),
        1
    );
    for month in ["03", "04", "05", "06", "07", "08", "09", "10"] {
        let from: Date = p(&format!("2026-{month}-01"));
        world.book.now = from
            .plus_months(1)
            .unwrap()
            .start_in(&p("Asia/Tokyo"))
            .unwrap();
        invoice(
            &mut world,
            &from.to_string(),
            &from.plus_months(1).unwrap().to_string(),
        );
    }
    supposed_listing_shows_the_impact(&mut world);
    real_listing_and_wind_down(&mut world);
    settled(&mut world);
}

fn supposed_listing_shows_the_impact(world: &mut World) {
    world.book.at("2026-11-20T00:00:00Z");
    let context = world.book.context(OFFICER);
    let listed = Hypothesis::Listed {
        party: world.parent,
        list: p("EL"),
    };
    let what_if = impact(
        &world.book.state,
        &context,
        std::slice::from_ref(&listed),
        p("2026-11-20"),
    )
    .unwrap();
    assert_eq!((what_if.judged, what_if.flips.len()), (1, 1));
    let flip = &what_if.flips[0];
    assert_eq!(flip.after.as_str(), "needs-authorisation");
    assert!(
        flip.reasons
            .iter()
            .any(|reason| reason.rule.as_str() == "us-ear.affiliates-50"),
        "{:?}",
        flip.reasons
    );
    assert_eq!(flip.ends_on, p("2026-11-30"));
    assert!(!flip.revenue_lost.is_zero() && flip.capacity_freed[0].nodes == NodeCount(625));
    // In the year of its suspension the affiliates rule does not bind: a red flag, not a licence.
    let earlier = impact(&world.book.state, &context, &[listed], p("2026-11-09")).unwrap();
    assert_eq!(earlier.flips[0].after.as_str(), "refer");
}

fn real_listing_and_wind_down(world: &mut World) {
    let book = &mut world.book;
    let el = list(book, "EL", "2026-11-19", 101);
    for who in [world.partner, world.client] {
        screen(book, who, el, false);
    }
    let hit = screen(book, world.parent, el, true).unwrap();
    use bareboat_screening as s;
    let dispose = s::DisposeHit {
        hit,
        verdict: s::Verdict::True,
        grounds: p("same registration number"),
    };
    book.run(Command::Screening(s::Command::DisposeHit(dispose)));
    let confirm = s::ConfirmHit {
        hit,
        grounds: p("agreed"),
    };
    assert!(
        book.try_by(
            OFFICER,
            &Command::Screening(s::Command::ConfirmHit(confirm.clone()))
        )
        .is_err()
    );
    book.by(SECOND, Command::Screening(s::Command::ConfirmHit(confirm)));
    wind_down(world);
}

fn wind_down(world: &mut World) {
    use bareboat_contracts as c;
    approved(
        world,
        c::Cause::RegulatoryChange,
        "2026-11-20",
        "2026-11-30",
    );
    for (step, at) in [
        (c::Step::Notice, "2026-11-20T03:00:00Z"),
        (c::Step::Suspend, "2026-11-20T04:00:00Z"),
        (c::Step::Drain, "2026-11-21T00:00:00Z"),
        (c::Step::Sanitise, "2026-11-22T00:00:00Z"),
        (c::Step::Return, "2026-11-29T15:00:00Z"),
    ] {
        do_step(world, step, at);
    }
}

/// Plans a wind-down and has it approved.
fn approved(
    world: &mut World,
    cause: bareboat_contracts::Cause,
    notice_on: &str,
    ends_on: &str,
) -> WindDownId {
    use bareboat_contracts as c;
    let book = &mut world.book;
    let plan = c::PlanWindDown {
        contract: world.contract,
        cause,
        reason: p("the client's parent is listed"),
        impact: p("625 nodes"),
        determination: None,
        notice_on: p(notice_on),
        ends_on: p(ends_on),
    };
    book.run(Command::Contracts(c::Command::PlanWindDown(plan)));
    let wind_down = wind_down_of(world);
    let book = &mut world.book;
    let approve = Command::Contracts(c::Command::ApproveWindDown(c::ApproveWindDown {
        wind_down,
    }));
    assert!(
        book.try_by(OFFICER, &approve).is_err(),
        "the one who asked may not approve"
    );
    book.by(SECOND, approve);
    wind_down
}

fn wind_down_of(world: &World) -> WindDownId {
    let row = world.book.state.contracts.contract(world.contract).unwrap();
    row.wind_down.unwrap()
}

fn do_step(world: &mut World, step: bareboat_contracts::Step, at: &str) {
    let wind_down = wind_down_of(world);
    let sanitises = step == bareboat_contracts::Step::Sanitise;
    let act = acts::DoStep {
        wind_down,
        step,
        at: p(at),
        evidence: Digest::of(&[at.as_bytes()]),
        note: None,
        erasure: sanitises.then(|| acts::wind_down::Erasure {
            method: bareboat_fleet::SanitisationMethod::Purge,
            performed_by: p("site team"),
        }),
    };
    world.book.at(at);
    world.book.run(Command::Act(Act::DoStep(act)));
}

fn settled(world: &mut World) {
    let wind_down = wind_down_of(world);
    let book = &mut world.book;
    book.at("2026-12-01T00:00:00Z");
    book.run(Command::Act(Act::Settle(acts::Settle {
        wind_down,
        issued_on: None,
    })));
    let state = &book.state;
    assert_eq!(
        state.contracts.contract(world.contract).unwrap().status,
        bareboat_contracts::Status::Ended
    );
    let (entity, totals) = state
        .ledger
        .entities
        .iter()
        .next()
        .map(|(_, id, _)| (*id, state.ledger.trial_totals(*id)))
        .unwrap();
    assert!(
        totals.values().all(|total| *total == 0),
        "{entity}: {totals:?}"
    );
    // 9 of 36 months were used: the whole prepayment of 20% comes back, since none was credited.
    let refund = state.billing.refunded(world.contract, p("USD")).unwrap();
    assert_eq!(refund, p("81200000.00 USD"));
    let (_, line, _) = state
        .billing
        .invoices
        .iter()
        .find_map(|(_, _, invoice)| {
            (invoice.kind == bareboat_billing::DocumentKind::Period)
                .then(|| (0, invoice.lines[0].id, 0))
        })
        .unwrap();
    let told = explain(state, Subject::InvoiceLine(line)).unwrap();
    let text = format!("{told:?}");
    for needle in [
        "contract OSA-2026-01",
        "406,000,000.00 USD",
        "entry",
        "determination",
        "90 FR 4544",
    ] {
        assert!(text.contains(needle), "{needle} is not in {text}");
    }
    let bytes = state.to_snapshot();
    let back = State::from_snapshot(&bytes).unwrap();
    assert!(back == *state && back.to_snapshot() == bytes);
}
