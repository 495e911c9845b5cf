//! Unknown never permits.

use bareboat_rulebook::{Activity, EarActivity, Facts, Held, Outcome, Parent};
use proptest::prelude::*;

use crate::common::*;

type Forget = fn(&mut Facts);

/// Every fact that any shipped rule asks of a transfer, forgotten in turn.
const ASKED: &[(&str, Forget)] = &[
    ("deal.ear_activity", |f| f.ear_activity.value = None),
    ("item.site_country", |f| {
        f.item.as_mut().unwrap().site_country.value = None
    }),
    ("use.purpose", |f| f.usage.purpose.value = None),
    ("use.wmd", |f| f.usage.wmd.value = None),
    ("use.military_intelligence", |f| {
        f.usage.military_intelligence.value = None
    }),
    ("use.training_for_d5_party", |f| {
        f.usage.training_for_d5_party.value = None
    }),
    ("use.diversion", |f| f.usage.diversion.value = None),
    ("party.domicile", |f| f.chain[2].domicile.value = None),
    ("party.headquarters", |f| {
        f.chain[2].headquarters.value = None
    }),
    ("party.headquarters", |f| {
        f.chain[1].headquarters.value = None
    }),
    ("party.ultimate_parent", |f| {
        f.chain[2].ultimate_parent.value = None
    }),
    ("party.ultimate_parent", |f| {
        f.chain[2].ultimate_parent.value = Some(Parent::Party {
            label: words("someone"),
            headquarters: None,
        });
    }),
    ("party.listings", |f| f.chain[2].listings.value = None),
    ("party.owned_by_listed", |f| {
        f.chain[2].owned_by_listed[0].held.value = None
    }),
    ("party.owned_by_listed", |f| {
        f.chain[2].owned_by_listed[1].held.value = None
    }),
    ("party.owned_by_listed", |f| {
        f.chain[2].owned_by_listed.clear()
    }),
    ("item.eccn", |f| {
        let item = f.item.as_mut().unwrap();
        item.eccn.value = None;
        item.tpp.value = None;
    }),
    ("item.site_country", |f| f.item = None),
];

#[test]
fn every_missing_fact_refers_and_is_named() {
    let book = Book::shipped();
    for activity in EarActivity::ALL {
        let base = clean(TODAY).amounts_to(*activity);
        assert_eq!(book.judge(&base).outcome, Outcome::Permit, "{activity}");
        for (fact, forget) in ASKED {
            let transfer = matches!(
                activity,
                EarActivity::InCountryTransfer | EarActivity::Reexport | EarActivity::ExportFromUs
            );
            let mut facts = base.clone();
            forget(&mut facts);
            let evaluation = book.judge(&facts);
            let asked = transfer
                || *fact != "party.owned_by_listed"
                || facts.chain[2].owned_by_listed.len() != 2
                || facts.chain[2].owned_by_listed[1].held.value.is_none();
            if !asked {
                // The affiliates rule does not govern remote access.
                continue;
            }
            assert_eq!(
                evaluation.outcome,
                Outcome::Refer,
                "{activity}, {fact}\n{}",
                evaluation.to_text()
            );
            assert!(
                evaluation
                    .missing
                    .iter()
                    .any(|missing| missing.fact.as_str() == *fact),
                "{activity}, {fact}: {:?}",
                evaluation.missing
            );
        }
    }
}

#[test]
fn a_missing_fact_says_whose_it_is_and_where_it_was_looked_for() {
    let book = Book::shipped();
    let facts = clean(TODAY).with(|f| f.chain[2].headquarters = unknown());
    let evaluation = book.judge(&facts);
    let missing: Vec<_> = evaluation.missing.iter().map(|m| m.says.as_str()).collect();
    assert_eq!(
        missing,
        [
            "party.headquarters of P-0003 (sealed) (client) is not known (looked for in: nobody told)"
        ]
    );
    assert_eq!(evaluation.missing[0].party, Some(facts.chain[2].party));
}

#[test]
fn every_missing_fact_is_named_not_only_the_first() {
    let facts = clean(TODAY).with(|f| {
        f.usage.purpose.value = None;
        f.item.as_mut().unwrap().site_country.value = None;
        f.chain[1].domicile.value = None;
        f.chain[2].domicile.value = None;
        f.chain[2].headquarters.value = None;
    });
    let evaluation = Book::shipped().judge(&facts);
    let named: Vec<_> = evaluation
        .missing
        .iter()
        .map(|m| (m.fact.as_str(), m.party))
        .collect();
    assert_eq!(
        named,
        [
            ("item.site_country", None),
            ("party.domicile", Some(id(2))),
            ("party.domicile", Some(id(3))),
            ("party.headquarters", Some(id(3))),
            ("use.purpose", None),
        ]
    );
}

#[test]
fn what_no_rule_reads_is_referred() {
    let book = Book::shipped();
    let odd = clean(TODAY).with(|f| {
        f.unhandled
            .push(words("the site lies in a disputed region"))
    });
    let evaluation = book.judge(&odd);
    assert_eq!(evaluation.outcome, Outcome::Refer);
    assert!(
        evaluation.reasons[0]
            .because
            .as_str()
            .contains("disputed region")
    );
    let empty = clean(TODAY).with(|f| f.chain.clear());
    assert_eq!(
        says(&book.judge(&empty), "engine.empty-chain"),
        Some("refer")
    );
    let none = Book::empty().judge(&clean(TODAY));
    assert_eq!(
        (none.outcome, says(&none, "engine.no-rulebook")),
        (Outcome::Refer, Some("refer"))
    );
    // Only a rulebook about investments is adopted: it must not let an allocation pass.
    let mut narrow = Book::empty();
    let adopt = bareboat_rulebook::Command::AdoptRulebook(shipped("jp-fefa").adopt());
    narrow.run(1, adopt).unwrap();
    let evaluation = narrow.judge(&clean(TODAY));
    assert_eq!(
        says(&evaluation, "engine.activity-not-governed"),
        Some("refer")
    );
    assert_eq!(evaluation.outcome, Outcome::Refer);
}

#[test]
fn a_second_party_about_whom_too_little_is_known_is_not_covered_by_the_firsts_licence() {
    let mut facts = clean(TODAY).client_in("CN");
    facts.authorisations = vec![licence("742.6(a)(6)(iii)(A)")];
    let book = Book::shipped();
    assert_eq!(book.judge(&facts).outcome, Outcome::Permit);
    facts.chain[1].headquarters.value = None;
    assert_eq!(book.judge(&facts).outcome, Outcome::NeedsAuthorisation);
}

fn unclear(list: &str) -> bareboat_rulebook::Unclear {
    bareboat_rulebook::Unclear {
        list: code(list),
        because: words(&format!("hit HIT-0001 on {list} is undecided")),
    }
}

#[test]
fn one_list_that_names_a_party_says_nothing_of_the_others() {
    let book = Book::shipped();
    let mut facts = clean(TODAY);
    facts.authorisations = vec![licence("744.11")];
    facts.chain[2].listings = known(
        vec![bareboat_rulebook::Listing {
            list: code("EL"),
            entry: words("hit HIT-0002"),
        }],
        "screening",
    );
    assert_eq!(book.judge(&facts).outcome, Outcome::Permit);
    facts.chain[2].unclear = vec![unclear("SDN")];
    let evaluation = book.judge(&facts);
    assert_eq!(evaluation.outcome, Outcome::Refer);
    assert_eq!(says(&evaluation, "us-ofac.sdn"), Some("refer"));
    let missing = evaluation.missing.iter();
    let mut missing = missing.filter(|row| row.says.as_str().contains("hit HIT-0001 on SDN"));
    assert!(missing.next().is_some(), "{:?}", evaluation.missing);
}

#[test]
fn a_list_that_no_rule_judges_is_referred_while_it_is_unclear() {
    let mut narrow = Book::empty();
    let adopt = bareboat_rulebook::Command::AdoptRulebook(shipped("us-ofac").adopt());
    narrow.run(1, adopt).unwrap();
    let mut facts = clean(TODAY);
    assert_eq!(narrow.judge(&facts).outcome, Outcome::Permit);
    facts.chain[2].unclear = vec![unclear("UN")];
    let evaluation = narrow.judge(&facts);
    assert_eq!(says(&evaluation, "engine.list-not-judged"), Some("refer"));
    let state = &Book::shipped().state;
    let named = bareboat_rulebook::lists_named(state, Activity::Sign, date(TODAY), date(TODAY));
    let named: Vec<&str> = named.iter().map(bareboat_base::Code::as_str).collect();
    let all = ["1260H", "DPL", "EL", "MEU", "SDN", "SDN-744.8", "UVL"];
    assert_eq!(named, all);
}

/// Everything a rule could read, drawn from values that matter. The last of each list is unknown.
fn deal() -> impl Strategy<Value = Facts> {
    let place = || prop::sample::select(vec![Some("JP"), Some("CN"), Some("MO"), Some("KH"), None]);
    let flag = || prop::sample::select(vec![Some(false), Some(false), Some(true), None]);
    let item = (
        prop::sample::select(vec![Some("EAR99"), Some("3A090.a"), Some("3A090.b"), None]),
        prop::sample::select(vec![
            Some(100),
            Some(1_600),
            Some(2_400),
            Some(36_000),
            None,
        ]),
        prop::sample::select(vec![Some(10), Some(320), Some(2_200), None]),
        place(),
    );
    let party = (
        place(),
        prop::sample::select(vec![Some("none"), Some("JP"), Some("CN"), Some("?"), None]),
        prop::sample::select(vec![
            Some(""),
            Some("EL"),
            Some("SDN"),
            Some("1260H"),
            Some("UN"),
            None,
        ]),
        flag(),
        flag(),
    );
    let usage = (flag(), flag(), flag(), flag());
    let activity = prop::sample::select(vec![
        Some(EarActivity::InCountryTransfer),
        Some(EarActivity::RemoteAccess),
        Some(EarActivity::None),
        None,
    ]);
    (item, party, usage, activity)
        .prop_map(|(item, party, usage, activity)| build(item, party, usage, activity))
}

type ItemDraw = (
    Option<&'static str>,
    Option<u32>,
    Option<u32>,
    Option<&'static str>,
);
type PartyDraw = (
    Option<&'static str>,
    Option<&'static str>,
    Option<&'static str>,
    Option<bool>,
    Option<bool>,
);
type UseDraw = (Option<bool>, Option<bool>, Option<bool>, Option<bool>);

fn build(item: ItemDraw, party: PartyDraw, usage: UseDraw, activity: Option<EarActivity>) -> Facts {
    clean(TODAY).with(|f| {
        let row = f.item.as_mut().unwrap();
        row.eccn.value = item.0.map(code);
        row.tpp.value = item.1;
        row.performance_density_centi.value = item.2;
        row.site_country.value = item.3.map(country);
        let client = &mut f.chain[2];
        client.headquarters.value = party.0.map(country);
        client.ultimate_parent.value = party.1.map(|parent| match parent {
            "none" => Parent::NoneAbove,
            place => Parent::Party {
                label: words("parent"),
                headquarters: place.parse().ok(),
            },
        });
        client.listings.value = party.2.map(|list| {
            let listing = |list| bareboat_rulebook::Listing {
                list: code(list),
                entry: words("entry"),
            };
            if list.is_empty() {
                Vec::new()
            } else {
                vec![listing(list)]
            }
        });
        let held = |yes: bool| if yes { held_yes().unwrap() } else { Held::No };
        client.owned_by_listed[0].held.value = party.3.map(held);
        client.owned_by_listed[1].held.value = party.4.map(held);
        f.usage.wmd.value = usage.0;
        f.usage.military_intelligence.value = usage.1;
        f.usage.training_for_d5_party.value = usage.2;
        f.usage.diversion.value = usage.3;
        f.ear_activity.value = activity;
    })
}

fn fill<T: Clone>(value: &mut Option<T>, other: &Option<T>, clean: &Option<T>) {
    if value.is_none() {
        *value = other.clone().or_else(|| clean.clone());
    }
}

/// Fills what is unknown in `facts` from `other`; what both do not know, from the clean deal.
fn filled(facts: &Facts, other: &Facts) -> Facts {
    let (mut out, plain) = (facts.clone(), clean(TODAY));
    fill(
        &mut out.ear_activity.value,
        &other.ear_activity.value,
        &plain.ear_activity.value,
    );
    let (item, from, base) = (
        out.item.as_mut().unwrap(),
        other.item.as_ref().unwrap(),
        plain.item.as_ref().unwrap(),
    );
    fill(&mut item.eccn.value, &from.eccn.value, &base.eccn.value);
    fill(&mut item.tpp.value, &from.tpp.value, &base.tpp.value);
    fill(
        &mut item.performance_density_centi.value,
        &from.performance_density_centi.value,
        &base.performance_density_centi.value,
    );
    fill(
        &mut item.site_country.value,
        &from.site_country.value,
        &base.site_country.value,
    );
    fill_use(&mut out, other, &plain);
    fill_client(&mut out, other, &plain);
    out
}

fn fill_use(out: &mut Facts, other: &Facts, plain: &Facts) {
    let (usage, from, base) = (&mut out.usage, &other.usage, &plain.usage);
    fill(&mut usage.wmd.value, &from.wmd.value, &base.wmd.value);
    fill(
        &mut usage.military_intelligence.value,
        &from.military_intelligence.value,
        &base.military_intelligence.value,
    );
    fill(
        &mut usage.training_for_d5_party.value,
        &from.training_for_d5_party.value,
        &base.training_for_d5_party.value,
    );
    fill(
        &mut usage.diversion.value,
        &from.diversion.value,
        &base.diversion.value,
    );
}

fn fill_client(out: &mut Facts, other: &Facts, plain: &Facts) {
    let (client, from, base) = (&mut out.chain[2], &other.chain[2], &plain.chain[2]);
    fill(
        &mut client.headquarters.value,
        &from.headquarters.value,
        &base.headquarters.value,
    );
    let open = |fact: &Option<Parent>| {
        matches!(
            fact,
            None | Some(Parent::Party {
                headquarters: None,
                ..
            })
        )
    };
    if open(&client.ultimate_parent.value) {
        let source = if open(&from.ultimate_parent.value) {
            base
        } else {
            from
        };
        client.ultimate_parent = source.ultimate_parent.clone();
    }
    fill(
        &mut client.listings.value,
        &from.listings.value,
        &base.listings.value,
    );
    for set in 0..2 {
        fill(
            &mut client.owned_by_listed[set].held.value,
            &from.owned_by_listed[set].held.value,
            &base.owned_by_listed[set].held.value,
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A permit under unknown facts is a permit whatever they turn out to be, and a prohibition
    /// or a requirement is one too.
    #[test]
    fn what_is_unknown_changes_no_permit(facts in deal(), other in deal()) {
        thread_local! { static BOOK: Book = Book::shipped(); }
        let (partial, full) = BOOK.with(|book| (book.judge(&facts), book.judge(&filled(&facts, &other))));
        match partial.outcome {
            Outcome::Permit => prop_assert_eq!(full.outcome, Outcome::Permit, "{}", full.to_text()),
            Outcome::Refer => prop_assert!(!partial.reasons.is_empty()),
            strong => prop_assert!(full.outcome >= strong, "{}", full.to_text()),
        }
    }

    /// The strongest reason decides and stands first; the same facts give the same bytes.
    #[test]
    fn the_strongest_reason_wins_and_bytes_repeat(facts in deal(), activity in prop::sample::select(Activity::ALL.to_vec())) {
        thread_local! { static BOOK: Book = Book::shipped(); }
        let facts = facts.with(|f| f.activity = activity);
        let evaluation = BOOK.with(|book| book.judge(&facts));
        let strongest = evaluation.reasons.iter().map(|reason| reason.outcome).max();
        prop_assert_eq!(Some(evaluation.outcome), strongest);
        prop_assert!(evaluation.reasons.windows(2).all(|pair| pair[0].outcome >= pair[1].outcome));
        let again = BOOK.with(|book| book.judge(&facts));
        let bytes = serde_json::to_vec(&evaluation).unwrap();
        prop_assert_eq!(&bytes, &serde_json::to_vec(&again).unwrap());
        let read: bareboat_rulebook::Evaluation = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&read, &evaluation);
    }
}
