//! The engine, over the shipped lists.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{code, shipped};
use crate::engine::{Index, Query, THRESHOLD_PERMILLE};
use crate::formats::{jsonl, ofac_sdn, un_xml};
use crate::*;

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let files = ["ofac_sdn.csv", "ofac_alt.csv", "ofac_add.csv"].map(shipped);
    let sdn = ofac_sdn::parse(&code("SDN"), &files[0], &files[1], &files[2]);
    let un = un_xml::parse(&code("UN"), &shipped("un_consolidated.xml"));
    let el = jsonl::parse(Some(&code("EL")), &shipped("bis_entity_list.jsonl"));
    let companies = jsonl::parse(Some(&code("1260H")), &shipped("dow_1260h.jsonl"));
    let lists = [sdn, un, el, companies];
    let lists: Vec<&[Entry]> = lists.iter().map(|list| list.entries.as_slice()).collect();
    Index::build(&lists)
});

fn best(name: &str) -> Option<(u16, String)> {
    let found = INDEX.screen(&Query::name(name));
    let first = found.into_iter().next();
    first.map(|candidate| (candidate.score_permille, candidate.matched_name))
}

/// Name as asked, and the listed name that must be found for it (anywhere among the hits).
const VARIANTS: &[(&str, &str)] = &[
    ("Huawei Technologies", "Huawei Technologies Co., Ltd."),
    ("HUAWEI TECH. CO LTD", "Huawei Technologies Co., Ltd."),
    ("Technologies Huawei", "Huawei Technologies Co., Ltd."),
    ("Huawie Technologies", "Huawei Technologies Co., Ltd."),
    (
        "Hu\u{200b}аwei Technologies",
        "Huawei Technologies Co., Ltd.",
    ),
    ("华为技术有限公司", "Huawei Technologies Co., Ltd."),
    ("Inspur Grp", "Inspur Group"),
    ("AeroCaribbean", "AERO-CARIBBEAN"),
    ("Banco Nacionál de Cuba", "BANCO NACIONAL DE CUBA"),
    (
        "Semiconductor Mfg Intl Corp",
        "Semiconductor Manufacturing International Corporation",
    ),
    ("Alibaba Group", "Alibaba Group Holding Limited"),
    ("Saddam Husein al Tikriti", "SADDAM HUSSEIN AL-TIKRITI"),
    ("صدام حسين التكريتي", "صدام حسين التكريتي"),
    ("Hussein Saddam", "HUSSEIN, Saddam"),
];

#[test]
fn true_variants_are_found() {
    for (asked, listed) in VARIANTS {
        let found = INDEX.screen(&Query::name(asked));
        // One name may be listed with several legal forms; how it begins says which it is.
        let start = |name: &str| -> String {
            let told = name.chars().filter(|c| c.is_alphanumeric());
            told.flat_map(char::to_lowercase).take(12).collect()
        };
        let entry_has =
            |candidate: &engine::Candidate| start(&candidate.matched_name) == start(listed);
        assert!(found.iter().any(entry_has), "{asked}: {:?}", best(asked));
    }
}

#[test]
fn unlisted_names_do_not_match() {
    for name in [
        "Nagisa Compute Holdings",
        "Microsoft Corporation",
        "Toyota Motor Corporation",
        "Sony Group",
        "Mitsubishi Heavy Industries",
        "Phoenix Energy Solutions",
        "Sydney Harbour Cloud Pty Ltd",
        "General Trading Company",
        "Technology Group Co., Ltd.",
        "National Institute 38",
        "Beijing Technology Development Co., Ltd.",
        "China International Trading Corporation",
        "John Smith",
        "Fatima Jones",
        "",
        "…",
    ] {
        assert_eq!(best(name), None, "{name}");
    }
}

#[test]
fn no_generic_word_matches_alone() {
    for word in engine::generic_words() {
        assert_eq!(best(word), None, "{word}");
    }
}

fn one(entry: Entry) -> Index {
    Index::build(&[&[entry]])
}

fn score(index: &Index, query: &Query) -> u16 {
    let found = index.screen(query);
    found
        .first()
        .map_or(0, |candidate| candidate.score_permille)
}

#[test]
fn numbers_tell_institutes_apart() {
    let name = "China Electronics Zhongdian Research Institute No. 14";
    let index = one(Entry::new(code("EL"), "1", EntryKind::Organisation, name));
    let ask = |name: &str| score(&index, &Query::name(name));
    assert!(ask("14th Research Institute Zhongdian China Electronics") >= 950);
    assert_eq!(
        ask("China Electronics Zhongdian Research Institute No. 38"),
        0
    );
}

#[test]
fn what_else_is_known_raises_or_lowers() {
    let mut entry = Entry::new(
        code("SDN"),
        "1",
        EntryKind::Person,
        "PETROVSKY, Ivan Sergeevich",
    );
    entry.countries = vec!["RU".parse().unwrap()];
    entry.birth_dates = vec!["1960-06-29".to_owned()];
    entry.identifiers = vec![EntryIdentifier {
        scheme: "Passport".to_owned(),
        value: "AB 123-4567".to_owned(),
    }];
    let index = one(entry);
    let plain = Query::name("Ivan Petrovsky");
    let base = score(&index, &plain);
    assert!((THRESHOLD_PERMILLE..1000).contains(&base), "{base}");
    let with = |change: &dyn Fn(&mut Query)| {
        let mut query = plain.clone();
        change(&mut query);
        score(&index, &query)
    };
    assert!(with(&|q| q.countries = vec!["RU".parse().unwrap()]) > base);
    assert!(with(&|q| q.countries = vec!["JP".parse().unwrap()]) < base);
    assert!(with(&|q| q.birth_dates = vec!["1960-06-29".to_owned()]) > base);
    assert_eq!(with(&|q| q.birth_dates = vec!["1985".to_owned()]), 0);
    assert_eq!(with(&|q| q.kind = Some(EntryKind::Organisation)), 0);
    assert_eq!(with(&|q| q.kind = Some(EntryKind::Person)), base);
    let passport = EntryIdentifier {
        scheme: String::new(),
        value: "AB1234567".to_owned(),
    };
    assert_eq!(with(&|q| q.identifiers = vec![passport.clone()]), 1000);
    let mut other = Query::name("Somebody Else");
    other.identifiers = vec![passport];
    let found = index.screen(&other);
    assert_eq!(found[0].score_permille, 950);
    assert_eq!(
        found[0].explanation(),
        "the same identifier AB1234567 (+950)"
    );
}

#[test]
fn the_same_name_is_a_hit_whatever_else_differs() {
    let mut entry = Entry::new(
        code("SDN"),
        "1",
        EntryKind::Person,
        "PETROVSKY, Ivan Sergeevich",
    );
    entry.countries = vec!["RU".parse().unwrap()];
    entry.birth_dates = vec!["1960".to_owned()];
    let index = one(entry);
    for name in ["Ivan Sergeevich Petrovsky", "Petrovsky Ivan Sergeevich Ltd"] {
        let query = Query {
            kind: Some(EntryKind::Organisation),
            countries: vec!["CY".parse().unwrap()],
            birth_dates: vec!["1985".to_owned()],
            ..Query::name(name)
        };
        let found = index.screen(&query);
        assert_eq!(score(&index, &query), THRESHOLD_PERMILLE, "{found:?}");
        let sum: i16 = found[0].reasons.iter().map(|r| r.effect_permille).sum();
        assert_eq!(u16::try_from(sum).unwrap(), THRESHOLD_PERMILLE);
    }
}

#[test]
fn the_reasons_add_up_to_the_score() {
    for (asked, _) in VARIANTS {
        for candidate in INDEX.screen(&Query::name(asked)) {
            let sum: i32 = candidate
                .reasons
                .iter()
                .map(|r| i32::from(r.effect_permille))
                .sum();
            assert_eq!(sum, i32::from(candidate.score_permille), "{candidate:?}");
        }
    }
}

#[test]
fn a_parent_added_to_a_list_is_found_in_its_next_snapshot() {
    let base = jsonl::parse(Some(&code("EL")), &shipped("bis_entity_list.jsonl")).entries;
    let row = br#"{"id":"demo-1","schema":"Organization","names":["Haiyun Zhicheng Holdings Group Co., Ltd.","Haiyun Group"],"countries":["CN"],"citation":"a fictional notice"}"#;
    let added = jsonl::parse(Some(&code("EL")), row);
    assert!(added.malformed.is_empty());
    let next = formats::overlay(&base, &added.entries);
    assert_eq!(formats::diff(&base, &next).added, ["demo-1"]);
    let query = Query::name("Haiyun Zhicheng Holding Group");
    assert!(Index::build(&[&base]).screen(&query).is_empty());
    let found = Index::build(&[&next]).screen(&query);
    assert_eq!(found[0].entry_id, "demo-1");
    assert!(found[0].score_permille >= 950);
}

#[test]
fn a_query_has_one_digest() {
    let query = Query::name("a");
    assert_eq!(query.digest(&[]), query.clone().digest(&[]));
    assert_ne!(query.digest(&[]), query.digest(&[0; 32]));
    let split = Query {
        names: vec!["a".to_owned(), "b".to_owned()],
        ..Query::default()
    };
    assert_ne!(split.digest(&[]), Query::name("ab").digest(&[]));
}

#[test]
fn hostile_names_are_bounded() {
    let marks = format!("Hua{}wei Technologies", "\u{301}".repeat(1_000_000));
    assert!(best(&marks).is_some());
    for hostile in [
        "a".repeat(1_000_000),
        "a ".repeat(500_000),
        "\u{fdfa}".repeat(100_000),
        "\u{202e}\u{2066}".repeat(100_000),
        "co ltd ".repeat(100_000),
    ] {
        let _ = best(&hostile);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_name_can_be_indexed_and_asked(names in proptest::collection::vec("\\PC{1,30}", 1..5), asked in "\\PC{0,40}") {
        let entries: Vec<Entry> = (0..)
            .zip(&names)
            .map(|(n, name)| Entry::new(code("L"), &format!("{n}"), EntryKind::Unknown, name))
            .collect();
        let index = Index::build(&[&entries]);
        for name in names.iter().chain([&asked]) {
            for candidate in index.screen(&Query::name(name)) {
                prop_assert!((THRESHOLD_PERMILLE..=1000).contains(&candidate.score_permille));
            }
        }
    }

    #[test]
    fn word_order_case_and_legal_form_do_not_hide_a_name(first in "[b-df-hj-np-tv-z]{4}[aeiou]{2}[bdfg]", second in "[klmnrst]{3}[aeiou]{2}[zxv]{2}") {
        let listed = format!("{first} {second} Co., Ltd.");
        let index = one(Entry::new(code("L"), "1", EntryKind::Organisation, &listed));
        let asked = format!("{} {} LLC", second.to_uppercase(), first);
        prop_assert!(score(&index, &Query::name(&asked)) >= 900, "{}", asked);
    }
}
