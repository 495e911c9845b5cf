//! The shipped rulebooks, embedded; deals to judge; a book to judge them in.

use std::str::FromStr;

use bareboat_base::{
    Code, CommandId, Context, Country, Date, Instant, PartyId, Position, PrincipalId, Recorded,
    Share, Text,
};
use bareboat_rulebook::{
    Activity, AuthorisationKind, AuthorisationTerms, ChainParty, Command, EarActivity, Evaluation,
    Event, Fact, Facts, Held, Item, Listing, OwnedByListed, Parent, ParsedRulebook, Rejection,
    Role, Scope, Source, State, Use, apply, decide, evaluate, parse_regime,
};

/// Every regime under `rulebooks/`, file by file.
pub const SHIPPED: &[(&str, &[(&str, &str)])] = &[
    (
        "jp-fefa",
        &[
            (
                "investment.toml",
                include_str!("../../../../rulebooks/jp-fefa/investment.toml"),
            ),
            (
                "rulebook.toml",
                include_str!("../../../../rulebooks/jp-fefa/rulebook.toml"),
            ),
        ],
    ),
    (
        "us-bills",
        &[
            (
                "parameters.toml",
                include_str!("../../../../rulebooks/us-bills/parameters.toml"),
            ),
            (
                "remote-access-security-act.toml",
                include_str!("../../../../rulebooks/us-bills/remote-access-security-act.toml"),
            ),
            (
                "rulebook.toml",
                include_str!("../../../../rulebooks/us-bills/rulebook.toml"),
            ),
        ],
    ),
    (
        "us-dod-1260h",
        &[
            (
                "listed.toml",
                include_str!("../../../../rulebooks/us-dod-1260h/listed.toml"),
            ),
            (
                "rulebook.toml",
                include_str!("../../../../rulebooks/us-dod-1260h/rulebook.toml"),
            ),
        ],
    ),
    (
        "us-ear",
        &[
            (
                "affiliates-50.toml",
                include_str!("../../../../rulebooks/us-ear/affiliates-50.toml"),
            ),
            (
                "affiliates-red-flag.toml",
                include_str!("../../../../rulebooks/us-ear/affiliates-red-flag.toml"),
            ),
            (
                "ai-diffusion.toml",
                include_str!("../../../../rulebooks/us-ear/ai-diffusion.toml"),
            ),
            (
                "ai-training.toml",
                include_str!("../../../../rulebooks/us-ear/ai-training.toml"),
            ),
            (
                "definitions.toml",
                include_str!("../../../../rulebooks/us-ear/definitions.toml"),
            ),
            (
                "denied-persons.toml",
                include_str!("../../../../rulebooks/us-ear/denied-persons.toml"),
            ),
            (
                "destination.toml",
                include_str!("../../../../rulebooks/us-ear/destination.toml"),
            ),
            (
                "diversion.toml",
                include_str!("../../../../rulebooks/us-ear/diversion.toml"),
            ),
            (
                "entity-list.toml",
                include_str!("../../../../rulebooks/us-ear/entity-list.toml"),
            ),
            (
                "five-facts.toml",
                include_str!("../../../../rulebooks/us-ear/five-facts.toml"),
            ),
            (
                "h20-letter.toml",
                include_str!("../../../../rulebooks/us-ear/h20-letter.toml"),
            ),
            (
                "headquarters-b.toml",
                include_str!("../../../../rulebooks/us-ear/headquarters-b.toml"),
            ),
            (
                "headquarters.toml",
                include_str!("../../../../rulebooks/us-ear/headquarters.toml"),
            ),
            (
                "listed-remote-access.toml",
                include_str!("../../../../rulebooks/us-ear/listed-remote-access.toml"),
            ),
            (
                "military-end-user.toml",
                include_str!("../../../../rulebooks/us-ear/military-end-user.toml"),
            ),
            (
                "parameters.toml",
                include_str!("../../../../rulebooks/us-ear/parameters.toml"),
            ),
            (
                "rulebook.toml",
                include_str!("../../../../rulebooks/us-ear/rulebook.toml"),
            ),
            (
                "unverified-list.toml",
                include_str!("../../../../rulebooks/us-ear/unverified-list.toml"),
            ),
            (
                "weapons-end-use.toml",
                include_str!("../../../../rulebooks/us-ear/weapons-end-use.toml"),
            ),
        ],
    ),
    (
        "us-ofac",
        &[
            (
                "rulebook.toml",
                include_str!("../../../../rulebooks/us-ofac/rulebook.toml"),
            ),
            (
                "sdn-50.toml",
                include_str!("../../../../rulebooks/us-ofac/sdn-50.toml"),
            ),
            (
                "sdn.toml",
                include_str!("../../../../rulebooks/us-ofac/sdn.toml"),
            ),
        ],
    ),
];

pub fn shipped(regime: &str) -> ParsedRulebook {
    let (_, files) = SHIPPED.iter().find(|(name, _)| *name == regime).unwrap();
    parse_regime(files).unwrap()
}

pub fn date(day: &str) -> Date {
    day.parse().unwrap()
}

pub fn code(word: &str) -> Code {
    Code::new(word).unwrap()
}

pub fn words(words: &str) -> Text {
    Text::new(words).unwrap()
}

pub fn country(code: &str) -> Country {
    code.parse().unwrap()
}

/// The `number`-th id of a kind.
pub fn id<I: FromStr<Err: std::fmt::Debug>>(number: u32) -> I {
    format!("00000000-0000-7000-8000-{number:012x}")
        .parse()
        .unwrap()
}

pub fn known<T>(value: T, what: &str) -> Fact<T> {
    Fact::known(value, Source::named(words(what)))
}

pub fn unknown<T>() -> Fact<T> {
    Fact::unknown(Source::named(words("nobody told")))
}

/// A book that takes commands.
pub struct Book {
    pub state: State,
    pub events: Vec<Event>,
    next: u32,
}

impl Book {
    pub fn empty() -> Self {
        Self {
            state: State::default(),
            events: Vec::new(),
            next: 1,
        }
    }

    /// With every shipped regime adopted.
    pub fn shipped() -> Self {
        let mut book = Self::empty();
        for (regime, _) in SHIPPED {
            book.run(1, Command::AdoptRulebook(shipped(regime).adopt()))
                .unwrap();
        }
        book
    }

    /// Decides a command of the `actor`-th principal and applies what follows, read back from
    /// its stored bytes.
    pub fn run(&mut self, actor: u32, command: Command) -> Result<Event, Rejection> {
        let context = Context {
            command_id: id::<CommandId>(self.next),
            actor: id::<PrincipalId>(actor),
            recorded_at: Instant::from_micros(i64::from(self.next)).unwrap(),
            part: 0,
        };
        let mut events = decide(&self.state, &context, &command)?;
        assert_eq!(events.len(), 1, "every command here makes one event");
        let event = events.remove(0);
        let bytes = event.encode();
        let outer = bareboat_base::event::Outer::read(&bytes).unwrap();
        assert_eq!(Event::decode(&outer).unwrap().unwrap(), event);
        let recorded = Recorded {
            position: Position(u64::from(self.next)),
            at: context.recorded_at,
            by: context.actor,
        };
        apply(&mut self.state, &recorded, &event);
        self.next += 1;
        self.events.push(event.clone());
        Ok(event)
    }

    pub fn judge(&self, facts: &Facts) -> Evaluation {
        evaluate(&self.state, facts)
    }
}

/// A party with nothing against it, based in Japan.
pub fn party(number: u32, role: Role) -> ChainParty {
    let lists = [&["EL", "MEU", "SDN-744.8"][..], &["SDN"]];
    ChainParty {
        role,
        party: id::<PartyId>(number),
        label: words(&format!("P-{number:04} (sealed)")),
        domicile: known(country("JP"), "register"),
        headquarters: known(country("JP"), "register"),
        ultimate_parent: known(Parent::NoneAbove, "declaration"),
        listings: known(Vec::new(), "screening SC-0001"),
        unclear: Vec::new(),
        owned_by_listed: lists
            .into_iter()
            .map(|lists| OwnedByListed {
                lists: lists.iter().map(|list| code(list)).collect(),
                threshold: Share::HALF,
                held: known(Held::No, "cascade"),
            })
            .collect(),
    }
}

/// B200 handed over in Osaka to a party with nothing against it: permitted.
pub fn clean(day: &str) -> Facts {
    Facts {
        activity: Activity::Allocate,
        legal_date: date(day),
        known_date: date(day),
        chain: vec![
            party(1, Role::Operator),
            party(2, Role::Partner),
            party(3, Role::Client),
        ],
        item: Some(Item {
            model: known(code("B200"), "model M-0001"),
            tpp: known(36_000, "vendor's letter"),
            performance_density_centi: known(2_200, "vendor's letter"),
            dram_gbps: known(8_000, "vendor's letter"),
            eccn: known(code("3A090.a"), "vendor's letter"),
            site_country: known(country("JP"), "site OSA"),
        }),
        usage: Use {
            purpose: known(code("training"), "end-use statement"),
            wmd: known(false, "end-use statement"),
            military_intelligence: known(false, "end-use statement"),
            training_for_d5_party: known(false, "end-use statement"),
            diversion: known(false, "end-use statement"),
        },
        ear_activity: known(EarActivity::InCountryTransfer, "counsel's memo"),
        from_country: known(country("JP"), "site OSA"),
        quantity: known(16, "contract C-0001"),
        authorisations: Vec::new(),
        held: Vec::new(),
        unhandled: Vec::new(),
    }
}

pub const TODAY: &str = "2026-11-23";

impl Shape for Facts {}

/// Ways to bend a deal.
pub trait Shape: Sized + Into<Facts> {
    /// The client's headquarters.
    fn client_in(self, place: &str) -> Facts {
        let mut facts: Facts = self.into();
        facts.chain[2].headquarters = known(country(place), "register");
        facts
    }

    /// The client's ultimate parent's headquarters.
    fn parent_in(self, place: &str) -> Facts {
        let mut facts: Facts = self.into();
        facts.chain[2].ultimate_parent = known(
            Parent::Party {
                label: words("the parent"),
                headquarters: Some(country(place)),
            },
            "ownership chart",
        );
        facts
    }

    /// The client is on a list.
    fn listed(self, list: &str) -> Facts {
        let mut facts: Facts = self.into();
        let listing = Listing {
            list: code(list),
            entry: words("an entry"),
        };
        facts.chain[2].listings = known(vec![listing], "screening SC-0002");
        facts
    }

    /// What the cascade over a set of lists says of the client.
    fn held(self, set: usize, held: Option<Held>) -> Facts {
        let mut facts: Facts = self.into();
        facts.chain[2].owned_by_listed[set].held.value = held;
        facts
    }

    fn with(self, change: impl FnOnce(&mut Facts)) -> Facts {
        let mut facts: Facts = self.into();
        change(&mut facts);
        facts
    }

    fn item(self, eccn: Option<&str>, tpp: u32, density_centi: u32) -> Facts {
        self.with(|facts| {
            let item = facts.item.as_mut().unwrap();
            item.eccn.value = eccn.map(code);
            item.tpp.value = Some(tpp);
            item.performance_density_centi.value = Some(density_centi);
        })
    }

    fn amounts_to(self, activity: EarActivity) -> Facts {
        self.with(|facts| facts.ear_activity.value = Some(activity))
    }
}

/// Held by parties on the Entity List.
pub fn held_yes() -> Option<Held> {
    Some(Held::Yes {
        lists: vec![code("EL")],
        path: words("X 60% of P-0003"),
    })
}

/// A licence for the client, its B200 and Japan: 1,000 GPUs in 2026.
pub fn licence(section: &str) -> AuthorisationTerms {
    AuthorisationTerms {
        id: None,
        reference: code("BIS-LIC-0001"),
        authority: "BIS".parse().unwrap(),
        kind: AuthorisationKind::Licence,
        covers: vec![words(section)],
        parties: Scope::Only(vec![id(3)]),
        items: Scope::Only(vec![code("B200")]),
        sites: Scope::Only(vec![country("JP")]),
        activities: Scope::Any,
        valid_from: date("2026-01-10"),
        valid_to: date("2026-12-31"),
        quantity: Some(1_000),
        drawn: 0,
        open_conditions: Vec::new(),
        document: None,
    }
}

/// The outcome of one rule in an evaluation, when it is among the reasons.
pub fn says(evaluation: &Evaluation, rule: &str) -> Option<&'static str> {
    let reason = evaluation
        .reasons
        .iter()
        .find(|reason| reason.rule.as_str() == rule)?;
    Some(reason.outcome.as_str())
}

/// Judges a deal under all shipped regimes.
pub fn judge(facts: &Facts) -> Evaluation {
    thread_local! {
        static BOOK: Book = Book::shipped();
    }
    BOOK.with(|book| book.judge(facts))
}

/// What one rule says of a deal.
pub fn check(facts: &Facts, rule: &str, expected: Option<&str>) {
    let evaluation = judge(facts);
    assert_eq!(
        says(&evaluation, rule),
        expected,
        "{rule}\n{}",
        evaluation.to_text()
    );
}

/// On the day before `from` the rule says nothing (or does not bind), from that day on it does.
pub fn begins(
    facts: impl Fn(&str) -> Facts,
    rule: &str,
    before: &str,
    from: &str,
    says_then: &str,
) {
    let earlier = judge(&facts(before));
    let then = says(&earlier, rule);
    assert!(
        matches!(then, None | Some("permit")),
        "{rule} on {before}: {then:?}"
    );
    check(&facts(from), rule, Some(says_then));
}
