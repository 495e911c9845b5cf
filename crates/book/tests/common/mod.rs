//! A book in memory, and a deal in it ready to be signed: a partner, a client and its parent, all
//! screened against the lists that the shipped rules name.

#![allow(dead_code)]

use bareboat_base::machine::{Decide as _, Fold as _};
use bareboat_base::*;
use bareboat_book::acts::{self, Act};
use bareboat_book::{Command, Event, Rejection, State};
use uuid::Uuid;

pub fn p<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse()
        .unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

#[derive(Clone)]
pub struct Book {
    pub state: State,
    pub commands: u128,
    pub now: Instant,
}

/// The lists that the rules adopted here name.
pub const LISTS: [&str; 5] = ["DPL", "EL", "MEU", "SDN", "UVL"];

pub const OFFICER: u128 = 1;
pub const SECOND: u128 = 2;

impl Book {
    pub fn context(&mut self, actor: u128) -> Context {
        self.commands += 1;
        self.now = self.now.next().unwrap();
        Context {
            command_id: CommandId::from_uuid(Uuid::from_u128(self.commands << 64)),
            actor: PrincipalId::from_uuid(Uuid::from_u128(actor)),
            recorded_at: self.now,
            part: 0,
        }
    }

    pub fn try_by(&mut self, actor: u128, command: &Command) -> Result<Vec<Event>, Rejection> {
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

    pub fn by(&mut self, actor: u128, command: Command) -> Vec<Event> {
        self.try_by(actor, &command)
            .unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }

    pub fn run(&mut self, command: Command) -> Vec<Event> {
        self.by(OFFICER, command)
    }

    pub fn at(&mut self, instant: &str) {
        self.now = p(instant);
    }
}

pub fn adopt(book: &mut Book, regime: &str) {
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

pub fn source(what: &str) -> bareboat_parties::Source {
    bareboat_parties::Source {
        what: p(what),
        digest: None,
    }
}

pub fn party(book: &mut Book, name: &str, country: &str, top: bool) -> PartyId {
    use bareboat_parties::{PartyFacts, PartyKind, RegisterParty, TopStatus};
    let not_held = top.then(|| source("statement"));
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
        not_held_by_listed: not_held,
    };
    let events = book.run(Command::Parties(bareboat_parties::Command::RegisterParty(
        RegisterParty { facts },
    )));
    match &events[0] {
        Event::Parties(bareboat_parties::Event::PartyRegistered(event)) => event.party,
        other => panic!("{other:?}"),
    }
}

pub fn list(book: &mut Book, code: &str, day: &str, entries: u32) -> ListSnapshotId {
    let previous = book.state.screening.newest(&p(code)).map(|(id, _)| id);
    let command = bareboat_screening::ImportList {
        list: p(code),
        publisher: p("Bureau of Industry and Security"),
        published_on: p(day),
        source: p("test"),
        original: Digest::of(&[code.as_bytes(), day.as_bytes()]),
        entries: Digest::of(&[code.as_bytes(), day.as_bytes()]),
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

/// Screens a party against every newest list, with a hit on one of them or none.
pub fn screen(book: &mut Book, party: PartyId, hit: Option<&str>) -> Option<HitId> {
    let version = book.state.parties.party(party).unwrap().version;
    let newest = book.state.screening.newest_snapshots();
    let lists: Vec<ListSnapshotId> = newest.map(|(id, _)| id).collect();
    let hits = hit.map(|list| bareboat_screening::NewHit {
        snapshot: book.state.screening.newest(&p(list)).unwrap().0,
        list: p(list),
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
        lists,
        engine_version: p("test-1"),
        query: Digest::of(&[b"query"]),
        hits: hits.into_iter().collect(),
    };
    book.run(Command::Screening(
        bareboat_screening::Command::RecordScreening(command),
    ));
    book.state.screening.hits_of(party).map(|(id, _)| id).last()
}

#[derive(Clone)]
pub struct World {
    pub book: Book,
    pub draft: bareboat_contracts::DraftContract,
    pub lot: LotId,
    pub contract: ContractId,
    pub partner: PartyId,
    pub client: PartyId,
    pub parent: PartyId,
}

pub fn found(event: Option<&Event>) -> String {
    format!("{event:?}")
}

pub fn fleet(book: &mut Book) -> (ModelId, SiteId) {
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

pub fn order_and_receive(book: &mut Book, model: ModelId, site: SiteId) {
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
                hall: None,
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
        nvlink_domain: Some(n / 9),
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

pub fn make_ready(book: &mut Book, site: SiteId) {
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
        book.now = book.now.next().unwrap();
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

pub fn world() -> World {
    world_with(&LISTS)
}

/// The same with these lists imported.
pub fn world_with(lists: &[&str]) -> World {
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
    for code in lists {
        list(&mut book, code, "2026-01-01", 100);
    }
    for who in [partner, parent, client] {
        screen(&mut book, who, None);
    }
    drafted(book, (model, site), (partner, client, parent))
}

pub fn drafted(
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
            shape: Shape::ANY,
            deliveries: Vec::new(),
            latest_start: None,
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
        bareboat_contracts::Command::DraftContract(draft.clone()),
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
        draft,
        contract,
        partner,
        client,
        parent,
    }
}

pub fn entity(book: &mut Book) -> EntityId {
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

pub fn organisation(book: &mut Book, party: PartyId) -> (OrganisationId, ProjectId) {
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

pub fn declare(world: &mut World) {
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

pub fn sign(world: &mut World) -> Result<Vec<Event>, Rejection> {
    let act = acts::Sign {
        contract: world.contract,
        signed_on: p("2026-02-17"),
    };
    world.book.at("2026-02-17T05:00:00Z");
    world.book.try_by(OFFICER, &Command::Act(Act::Sign(act)))
}

pub fn allocate(world: &mut World) {
    world.book.at("2026-02-28T15:00:00Z");
    let act = acts::AllocateLot {
        lot: world.lot,
        at: p("2026-02-28T15:00:00Z"),
    };
    world.book.run(Command::Act(Act::AllocateLot(act)));
}

pub fn invoice(world: &mut World, from: &str, to: &str) {
    let act = acts::IssueInvoice {
        contract: world.contract,
        period: DateWindow::new(p(from), p(to)).unwrap(),
        issued_on: p(to),
    };
    world.book.run(Command::Act(Act::IssueInvoice(act)));
}

/// Another draft of the deal, over lots of so many GPUs: it is what the world is about then.
pub fn redraft(world: &mut World, reference: &str, gpus: &[u32]) -> Vec<LotId> {
    let mut draft = world.draft.clone();
    draft.reference = p(reference);
    let lot = draft.lots[0].clone();
    draft.lots = gpus
        .iter()
        .map(|gpus| bareboat_contracts::NewLot {
            gpus: GpuCount(*gpus),
            ..lot.clone()
        })
        .collect();
    world.book.run(Command::Contracts(
        bareboat_contracts::Command::DraftContract(draft),
    ));
    let contracts = &world.book.state.contracts.contracts;
    let (_, id, row) = contracts.iter().last().unwrap();
    let lots = row.lots.to_vec();
    (world.contract, world.lot) = (*id, lots[0]);
    lots
}

/// Confirms by two people that a party is on a list.
pub fn confirm(book: &mut Book, party: PartyId, list: &str) {
    use bareboat_screening as s;
    let hit = screen(book, party, Some(list)).unwrap();
    book.run(Command::Screening(s::Command::DisposeHit(s::DisposeHit {
        hit,
        verdict: s::Verdict::True,
        grounds: p("same registration number"),
    })));
    let confirm = s::ConfirmHit {
        hit,
        grounds: p("agreed"),
    };
    book.by(SECOND, Command::Screening(s::Command::ConfirmHit(confirm)));
}

/// A licence for a party on the Entity List.
pub fn licence(book: &mut Book, reference: &str, quantity: u32) -> AuthorisationId {
    use bareboat_rulebook::{AuthorisationKind, AuthorisationTerms, RecordAuthorisation, Scope};
    let terms = AuthorisationTerms {
        id: None,
        reference: p(reference),
        authority: p("BIS"),
        kind: AuthorisationKind::Licence,
        covers: vec![p("744.11")],
        parties: Scope::Any,
        items: Scope::Any,
        sites: Scope::Any,
        activities: Scope::Any,
        valid_from: p("2026-01-01"),
        valid_to: p("2028-12-31"),
        quantity: Some(quantity),
        drawn: 0,
        open_conditions: vec![],
        document: None,
    };
    book.run(Command::Rulebook(
        bareboat_rulebook::Command::RecordAuthorisation(RecordAuthorisation { terms }),
    ));
    let rows = &book.state.rulebook.authorisations;
    rows.iter().last().map(|(_, id, _)| *id).unwrap()
}
