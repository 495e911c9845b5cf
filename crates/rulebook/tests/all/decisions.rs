//! Adopting, recording, determining, resolving: what is accepted, what is refused, what follows.

use bareboat_base::{ContractId, DeterminationId, Refusal as _};
use bareboat_rulebook::rule::{Condition, Constant, Operand, Subject, Test};
use bareboat_rulebook::{
    Activity, AdoptRulebook, AuthorisationKind, AuthorisationTerms, Command, ConfirmResolution,
    Derivation, Determine, Evaluation, Event, Facts, Outcome, RecordAuthorisation, Rejection,
    ResolveReferral, RevokeAuthorisation, Rulebook, Scope, State, authorisations_for,
    determinations_of, latest_determination, ownership_sets, rulebook_in_force, touching,
};

use crate::common::*;

const SECTION: &str = "742.6(a)(6)(iii)(A)";

fn adopt(change: impl FnOnce(&mut AdoptRulebook)) -> Command {
    let mut command = shipped("us-ear").adopt();
    change(&mut command);
    Command::AdoptRulebook(command)
}

fn refused(book: &mut Book, command: Command, code: &str) {
    let before = book.state.clone();
    let rejection = book.run(1, command).unwrap_err();
    assert_eq!(rejection.code(), code, "{rejection}");
    assert!(book.state == before);
}

fn determine(facts: Facts, draw: bool) -> Command {
    Command::Determine(Determine {
        contract: Some(id::<ContractId>(9)),
        facts,
        draw,
    })
}

fn made(event: Event) -> (DeterminationId, Outcome) {
    match event {
        Event::DeterminationMade(event) => (event.determination, event.evaluation.outcome),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rulebook_is_adopted_once_and_only_when_it_is_whole() {
    let mut book = Book::empty();
    refused(&mut book, adopt(|c| c.rules.clear()), "rulebook.no_rules");
    refused(
        &mut book,
        adopt(|c| c.rules.push(c.rules[0].clone())),
        "rulebook.rule_twice",
    );
    refused(
        &mut book,
        adopt(|c| c.regime = code("us-ea")),
        "rulebook.rule_of_other_regime",
    );
    refused(
        &mut book,
        adopt(|c| c.parameters.retain(|p| p.id.as_str() != "D5")),
        "rulebook.parameter_missing",
    );
    refused(
        &mut book,
        adopt(|c| c.rules[0].history.reverse()),
        "rulebook.history_out_of_order",
    );
    refused(
        &mut book,
        adopt(|c| c.rules[0].history.clear()),
        "rulebook.history_out_of_order",
    );
    refused(
        &mut book,
        adopt(|c| c.rules[0].citations.clear()),
        "rulebook.history_out_of_order",
    );
    refused(
        &mut book,
        adopt(|c| c.parameters[0].history.clear()),
        "rulebook.history_out_of_order",
    );
    let deep = |depth: usize| {
        adopt(move |c| {
            for _ in 1..depth {
                let inner = std::mem::replace(&mut c.rules[0].when, Condition::Always);
                c.rules[0].when = Condition::Not(Box::new(inner));
            }
        })
    };
    refused(&mut book, deep(25), "rulebook.too_deep");
    book.run(1, adopt(|_| {})).unwrap();
    refused(&mut book, adopt(|_| {}), "rulebook.version_taken");
    book.run(1, adopt(|c| c.version = code("next"))).unwrap();
}

#[test]
fn the_deepest_condition_is_read_back_from_its_stored_bytes() {
    let mut book = Book::empty();
    let command = adopt(|c| {
        let rule = &mut c.rules[0];
        rule.when = Condition::Fact {
            subject: Subject::ItemTpp,
            test: Test::AtLeast(Operand::Constant(Constant::Number("1".parse().unwrap()))),
        };
        while rule.when.depth() < 23 {
            let inner = std::mem::replace(&mut rule.when, Condition::Always);
            rule.when = Condition::Named {
                name: code("deeper"),
                meaning: Box::new(inner),
            };
        }
        let inner = std::mem::replace(&mut rule.when, Condition::Always);
        rule.when = Condition::All(vec![inner]);
    });
    book.run(1, command).unwrap();
    // `run` reads both events back from JSON, the proof with its deepest steps included.
    book.run(1, determine(clean(TODAY), false)).unwrap();
}

#[test]
fn texts_that_look_like_a_derivation_are_texts() {
    let mut book = Book::shipped();
    for words in [r#"a,"rules":[b"#, r#"a]}},"draws":[b"#, r#"\"}},"draws":["#] {
        let facts = clean(TODAY).with(|f| f.unhandled.push(words.parse().unwrap()));
        // `run` reads the event back and compares the two.
        book.run(1, determine(facts, false)).unwrap();
    }
}

#[test]
fn the_version_in_force_is_chosen_by_day() {
    let mut book = Book::empty();
    for (version, day) in [
        ("a", "2026-01-01"),
        ("b", "2026-06-01"),
        ("c", "2026-06-01"),
        ("d", "2027-01-01"),
    ] {
        let command = adopt(|c| {
            c.version = code(version);
            c.effective = date(day);
        });
        book.run(1, command).unwrap();
    }
    let chosen = |legal: &str, known: &str| {
        let found = rulebook_in_force(&book.state, date(legal), date(known));
        assert_eq!(found.len(), 1);
        found[0].1.version.to_string()
    };
    for (legal, known, expected) in [
        ("2020-01-01", "2020-01-01", "a"),
        ("2026-05-31", "2026-05-31", "a"),
        ("2026-06-01", "2026-06-01", "c"),
        ("2025-01-01", "2026-07-01", "c"),
        ("2027-01-01", "2026-07-01", "d"),
    ] {
        assert_eq!(chosen(legal, known), expected, "{legal} {known}");
    }
    let sets = ownership_sets(&Book::shipped().state, date(TODAY), date(TODAY));
    let sets: Vec<Vec<String>> = sets
        .into_iter()
        .map(|set| set.iter().map(ToString::to_string).collect())
        .collect();
    assert_eq!(sets, [vec!["EL", "MEU", "SDN-744.8"], vec!["SDN"]]);
}

#[test]
fn authorisations_are_recorded_once_and_revoked_once() {
    let mut book = Book::empty();
    let record = |change: fn(&mut AuthorisationTerms)| {
        let mut terms = licence(SECTION);
        change(&mut terms);
        Command::RecordAuthorisation(RecordAuthorisation { terms })
    };
    refused(
        &mut book,
        record(|t| t.valid_to = date("2026-01-09")),
        "rulebook.validity_reversed",
    );
    refused(&mut book, record(|t| t.drawn = 1_001), "rulebook.overdrawn");
    let Event::AuthorisationRecorded(event) = book.run(1, record(|_| {})).unwrap() else {
        panic!()
    };
    let id = event.authorisation;
    refused(&mut book, record(|_| {}), "rulebook.reference_taken");
    let held = |book: &Book, day: &str| authorisations_for(&book.state, date(day)).len();
    for (day, count) in [
        ("2026-01-09", 0),
        ("2026-01-10", 1),
        ("2026-12-31", 1),
        ("2027-01-01", 0),
    ] {
        assert_eq!(held(&book, day), count, "{day}");
    }
    let revoke = |authorisation| {
        Command::RevokeAuthorisation(RevokeAuthorisation {
            authorisation,
            on: date("2026-06-01"),
            reason: words("BIS letter"),
        })
    };
    refused(
        &mut book,
        revoke(crate::common::id(77)),
        "rulebook.no_such_authorisation",
    );
    book.run(1, revoke(id)).unwrap();
    assert_eq!(
        (held(&book, "2026-05-31"), held(&book, "2026-06-01")),
        (1, 0)
    );
    refused(&mut book, revoke(id), "rulebook.already_revoked");
}

/// A deal that needs a licence, judged with one that was changed.
fn licensed(change: impl Fn(&mut AuthorisationTerms), facts: &Facts) -> Evaluation {
    thread_local! {
        static BOOK: Book = Book::shipped();
    }
    let mut terms = licence(SECTION);
    change(&mut terms);
    let facts = facts.clone().with(|f| f.authorisations = vec![terms]);
    BOOK.with(|book| book.judge(&facts))
}

/// Each respect in which a licence may fall short.
#[test]
fn an_authorisation_covers_only_what_it_says() {
    let base = clean(TODAY).client_in("CN");
    let fine = licensed(|_| {}, &base);
    assert_eq!(fine.outcome, Outcome::Permit, "{}", fine.to_text());
    assert_eq!(fine.rests_on, [code("BIS-LIC-0001")]);
    let reason = &fine.reasons[0];
    assert!(
        reason.because.as_str().contains("BIS-LIC-0001")
            && reason.citation.as_str().contains(SECTION)
    );

    type Change = (&'static str, fn(&mut AuthorisationTerms));
    let short: &[Change] = &[
        ("the rule accepts no exception", |t| {
            t.kind = AuthorisationKind::Exception
        }),
        ("the rule accepts no clearance", |t| {
            t.kind = AuthorisationKind::Clearance
        }),
        ("it is for another section", |t| {
            t.covers = vec![words("742.6(a)(6)(iii)")]
        }),
        ("it is for another section", |t| t.covers.clear()),
        ("not on 2026-11-23", |t| t.valid_from = date("2026-11-24")),
        ("not on 2026-11-23", |t| t.valid_to = date("2026-11-22")),
        ("it does not name P-0003 (sealed)", |t| {
            t.parties = Scope::Only(vec![id(2)])
        }),
        ("it does not name P-0003 (sealed)", |t| {
            t.parties = Scope::Only(Vec::new())
        }),
        ("it does not name the model", |t| {
            t.items = Scope::Only(vec![code("B300")])
        }),
        ("it does not name the country", |t| {
            t.sites = Scope::Only(vec![country("AU")])
        }),
        ("it is not for allocate", |t| {
            t.activities = Scope::Only(vec![Activity::Quote])
        }),
        ("15 GPUs are left, 16 are asked for", |t| t.drawn = 985),
        ("0 GPUs are left", |t| t.quantity = Some(0)),
        ("a condition is not recorded as met", |t| {
            t.open_conditions.push(words("report monthly"))
        }),
    ];
    for (because, change) in short {
        let evaluation = licensed(change, &base);
        assert_eq!(evaluation.outcome, Outcome::NeedsAuthorisation, "{because}");
        let rules = evaluation.proof.rules.read().unwrap().unwrap();
        let proof = rules
            .iter()
            .find(|r| r.rule.as_str() == "us-ear.headquarters");
        let uncovered = &proof.unwrap().uncovered[0];
        assert!(
            uncovered.because.as_str().contains(because),
            "{}",
            uncovered.because
        );
        assert!(evaluation.rests_on.is_empty());
    }
}

#[test]
fn an_authorisation_covers_up_to_its_edges() {
    let base = clean(TODAY).client_in("CN");
    let enough: &[fn(&mut AuthorisationTerms)] = &[
        |t| t.valid_from = date(TODAY),
        |t| t.valid_to = date(TODAY),
        |t| t.drawn = 984,
        |t| t.quantity = None,
        |t| t.parties = Scope::Any,
        |t| t.items = Scope::Any,
        |t| t.sites = Scope::Any,
        |t| t.activities = Scope::Only(vec![Activity::Allocate]),
    ];
    for change in enough {
        assert_eq!(licensed(change, &base).outcome, Outcome::Permit);
    }
    // Facts that the licence would have to match and that nobody knows.
    let forget: &[fn(&mut Facts)] = &[
        |f| f.quantity.value = None,
        |f| f.item.as_mut().unwrap().model.value = None,
        |f| f.item.as_mut().unwrap().site_country.value = None,
    ];
    for change in forget {
        assert_eq!(
            licensed(|_| {}, &base.clone().with(change)).outcome,
            Outcome::NeedsAuthorisation
        );
    }
}

#[test]
fn an_authorisation_discharges_one_requirement() {
    let base = clean(TODAY).client_in("CN");
    // It discharges one requirement, not a prohibition, nor another rule's requirement.
    assert_eq!(
        licensed(|_| {}, &base.clone().listed("SDN")).outcome,
        Outcome::Prohibit
    );
    assert_eq!(
        licensed(|_| {}, &base.clone().listed("EL")).outcome,
        Outcome::NeedsAuthorisation
    );
    // An exception serves where the rule accepts one.
    let b = base.item(Some("3A090.b"), 100, 1);
    let exception = |t: &mut AuthorisationTerms| {
        t.kind = AuthorisationKind::Exception;
        t.covers = vec![words("744.23(a)(3)")];
    };
    assert_eq!(licensed(exception, &b).outcome, Outcome::Permit);
}

#[test]
fn a_licence_for_a_rule_that_looks_at_no_party_names_everyone_but_the_operator() {
    let book = Book::shipped();
    let mut facts =
        clean(TODAY).with(|f| f.item.as_mut().unwrap().site_country.value = Some(country("AE")));
    let mut terms = licence("742.6(a)(6)(iii)");
    terms.sites = Scope::Only(vec![country("AE")]);
    facts.authorisations = vec![terms];
    assert_eq!(book.judge(&facts).outcome, Outcome::NeedsAuthorisation);
    facts.authorisations[0].parties = Scope::Only(vec![id(2), id(3)]);
    assert_eq!(book.judge(&facts).outcome, Outcome::Permit);
}

#[test]
fn a_permit_draws_the_quantity_down_until_it_is_gone() {
    let mut book = Book::shipped();
    let terms = AuthorisationTerms {
        quantity: Some(40),
        ..licence(SECTION)
    };
    let Event::AuthorisationRecorded(event) = book
        .run(
            1,
            Command::RecordAuthorisation(RecordAuthorisation { terms }),
        )
        .unwrap()
    else {
        panic!()
    };
    let held = event.authorisation;
    let facts = |state: &State| {
        clean(TODAY)
            .client_in("CN")
            .with(|f| f.authorisations = authorisations_for(state, date(TODAY)))
    };
    let drawn = |book: &Book| book.state.authorisations.get(&held).unwrap().terms.drawn;
    let first = facts(&book.state);
    for (draw, outcome, left) in [
        (false, Outcome::Permit, 0),
        (true, Outcome::Permit, 16),
        (true, Outcome::Permit, 32),
        (true, Outcome::NeedsAuthorisation, 32),
    ] {
        let command = determine(facts(&book.state), draw);
        assert_eq!(made(book.run(1, command).unwrap()).1, outcome);
        assert_eq!(drawn(&book), left);
    }
    refused(
        &mut book,
        determine(first, true),
        "rulebook.stale_authorisation",
    );
    let unheld = clean(TODAY).with(|f| f.authorisations = vec![licence(SECTION)]);
    refused(
        &mut book,
        determine(unheld, false),
        "rulebook.stale_authorisation",
    );
    let before = facts(&book.state);
    let revoke = RevokeAuthorisation {
        authorisation: held,
        on: date(TODAY),
        reason: words("letter"),
    };
    book.run(1, Command::RevokeAuthorisation(revoke)).unwrap();
    refused(
        &mut book,
        determine(before, false),
        "rulebook.stale_authorisation",
    );
}

#[test]
fn a_licence_that_was_not_needed_is_not_drawn() {
    let mut other = Book::shipped();
    other
        .run(
            1,
            Command::RecordAuthorisation(RecordAuthorisation {
                terms: licence(SECTION),
            }),
        )
        .unwrap();
    let unneeded =
        clean(TODAY).with(|f| f.authorisations = authorisations_for(&other.state, date(TODAY)));
    let Event::DeterminationMade(event) = other.run(1, determine(unneeded, true)).unwrap() else {
        panic!()
    };
    assert_eq!(
        (event.evaluation.outcome, event.draws.len()),
        (Outcome::Permit, 0)
    );
}

#[test]
fn a_referral_passes_by_two_officers_and_nothing_else_does() {
    let mut book = Book::shipped();
    let (referred, outcome) = made(
        book.run(1, determine(clean(TODAY).listed("1260H"), false))
            .unwrap(),
    );
    assert_eq!(outcome, Outcome::Refer);
    let (banned, _) = made(
        book.run(1, determine(clean(TODAY).listed("SDN"), false))
            .unwrap(),
    );
    let resolve = |determination, proceed| {
        Command::ResolveReferral(ResolveReferral {
            determination,
            proceed,
            grounds: words("memo 7"),
        })
    };
    let confirm = |determination| Command::ConfirmResolution(ConfirmResolution { determination });
    let passes = |book: &Book, id| book.state.determinations.get(&id).unwrap().lets_pass();
    refused(&mut book, resolve(banned, true), "rulebook.not_referred");
    refused(&mut book, confirm(referred), "rulebook.not_resolved");
    refused(
        &mut book,
        resolve(id(99), true),
        "rulebook.no_such_determination",
    );
    refused(
        &mut book,
        Command::Determine(Determine {
            contract: None,
            facts: clean(TODAY).with(|f| f.chain.clear()),
            draw: false,
        }),
        "rulebook.empty_chain",
    );
    book.run(1, resolve(referred, true)).unwrap();
    assert!(!passes(&book, referred));
    refused(
        &mut book,
        resolve(referred, false),
        "rulebook.already_resolved",
    );
    refused(&mut book, confirm(referred), "rulebook.same_officer");
    book.run(2, confirm(referred)).unwrap();
    assert!(passes(&book, referred) && !passes(&book, banned));
    let again = book.run(3, confirm(referred)).unwrap_err();
    assert!(matches!(again, Rejection::AlreadyResolved { .. }));
    let (declined, _) = made(
        book.run(1, determine(clean(TODAY).listed("1260H"), false))
            .unwrap(),
    );
    book.run(1, resolve(declined, false)).unwrap();
    book.run(2, confirm(declined)).unwrap();
    assert!(!passes(&book, declined));
    let (permitted, _) = made(book.run(1, determine(clean(TODAY), false)).unwrap());
    assert!(passes(&book, permitted));
}

#[test]
fn determinations_are_found_by_contract_and_party_and_survive_a_snapshot() {
    let mut book = Book::shipped();
    let (first, _) = made(book.run(1, determine(clean(TODAY), false)).unwrap());
    let quote = clean(TODAY).with(|f| f.activity = Activity::Quote);
    let (quoted, _) = made(book.run(1, determine(quote, false)).unwrap());
    let elsewhere =
        clean(TODAY).with(|f| f.item.as_mut().unwrap().site_country.value = Some(country("AU")));
    let (sydney, _) = made(book.run(1, determine(elsewhere, false)).unwrap());
    let (second, _) = made(book.run(1, determine(clean(TODAY), false)).unwrap());
    let contract = id::<ContractId>(9);
    let all: Vec<_> = determinations_of(&book.state, contract)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(all, [first, quoted, sydney, second]);
    let newest = |activity| latest_determination(&book.state, contract, activity).map(|(id, _)| id);
    assert_eq!(newest(Activity::Allocate), Some(second));
    assert_eq!(newest(Activity::Quote), Some(quoted));
    assert_eq!(newest(Activity::Sign), None);
    assert_eq!(touching(&book.state, id(3)), [quoted, sydney, second]);
    assert!(touching(&book.state, id(33)).is_empty());
    let bytes = postcard::to_stdvec(&book.state).unwrap();
    assert!(postcard::from_bytes::<State>(&bytes).unwrap() == book.state);
    let json = serde_json::to_vec(&book.state).unwrap();
    assert!(serde_json::from_slice::<State>(&json).unwrap() == book.state);
    let kinds: std::collections::BTreeSet<_> = book.events.iter().map(Event::kind).collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["rulebook.adopted", "rulebook.determination_made"]
    );
    // What a determination says is what the evaluator says again from its own facts and books.
    let row = book.state.determinations.get(&second).unwrap();
    let books: Vec<&Rulebook> =
        rulebook_in_force(&book.state, row.facts.legal_date, row.facts.known_date)
            .into_iter()
            .map(|(_, book)| book)
            .collect();
    let again = bareboat_rulebook::evaluate_under(&books, &row.facts);
    assert_eq!(
        bareboat_rulebook::whole_evaluation(&book.state, row),
        Ok(again)
    );
    assert_eq!(row.evaluation.proof.rules, Derivation::left_out());
}

#[test]
fn every_refusal_has_a_code_of_its_own() {
    let codes: std::collections::BTreeSet<_> = Rejection::CODES.iter().collect();
    assert_eq!(codes.len(), Rejection::CODES.len());
    let rejection = Rejection::EmptyChain;
    assert_eq!(
        (rejection.code(), rejection.class()),
        ("rulebook.empty_chain", bareboat_base::Class::Invalid)
    );
}
