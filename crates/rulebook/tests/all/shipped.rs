//! What each shipped rule says, at the edges of its conditions, thresholds and dates. Flipping
//! any of them fails a test here or in its sibling `shipped_more`.

use bareboat_rulebook::{EarActivity, Outcome};

use crate::common::*;

#[test]
fn every_regime_parses_and_says_what_it_is() {
    for (regime, files) in SHIPPED {
        let parsed = shipped(regime);
        assert_eq!(parsed.regime.as_str(), *regime);
        assert_eq!(parsed.signed_by, None, "unsigned unless counsel signs");
        let fixed = ["rulebook.toml", "parameters.toml", "definitions.toml"];
        let rules = files
            .iter()
            .filter(|(name, _)| !fixed.contains(name))
            .count();
        assert_eq!(parsed.rules.len(), rules);
    }
}

#[test]
fn a_clean_deal_is_permitted_and_says_on_what_it_rests() {
    let evaluation = judge(&clean(TODAY));
    assert_eq!(
        evaluation.outcome,
        Outcome::Permit,
        "{}",
        evaluation.to_text()
    );
    assert_eq!(says(&evaluation, "us-ear.ai-diffusion"), Some("permit"));
    assert!(evaluation.missing.is_empty());
    let remote = judge(&clean(TODAY).amounts_to(EarActivity::RemoteAccess));
    assert_eq!(remote.reasons.len(), 1);
    assert_eq!(says(&remote, "engine.nothing-applies"), Some("permit"));
    assert!(
        remote.reasons[0]
            .citation
            .as_str()
            .contains("us-ear 2026-11-23")
    );
}

#[test]
fn headquarters() {
    const RULE: &str = "us-ear.headquarters";
    for place in ["CN", "HK", "MO", "RU", "IR", "VE", "NI"] {
        check(
            &clean(TODAY).client_in(place),
            RULE,
            Some("needs-authorisation"),
        );
        check(
            &clean(TODAY).parent_in(place),
            RULE,
            Some("needs-authorisation"),
        );
    }
    for place in ["JP", "TW", "SG", "KH", "AE", "US", "ET"] {
        check(&clean(TODAY).client_in(place), RULE, None);
        check(&clean(TODAY).parent_in(place), RULE, None);
    }
    // Any place in the chain; the domicile does not matter.
    check(
        &clean(TODAY).with(|f| f.chain[1].headquarters = known(country("CN"), "r")),
        RULE,
        Some("needs-authorisation"),
    );
    check(
        &clean(TODAY).with(|f| f.chain[2].domicile = known(country("CN"), "r")),
        RULE,
        None,
    );
    for (activity, expected) in [
        (EarActivity::InCountryTransfer, Some("needs-authorisation")),
        (EarActivity::Reexport, Some("needs-authorisation")),
        (EarActivity::ExportFromUs, Some("needs-authorisation")),
        (EarActivity::RemoteAccess, None),
        (EarActivity::UsPersonSupport, None),
        (EarActivity::None, None),
    ] {
        check(
            &clean(TODAY).client_in("CN").amounts_to(activity),
            RULE,
            expected,
        );
    }
    begins(
        |day| clean(day).client_in("CN"),
        RULE,
        "2023-11-16",
        "2023-11-17",
        "needs-authorisation",
    );
    let evaluation = judge(&clean(TODAY).parent_in("CN"));
    assert_eq!(
        evaluation.review_policy.unwrap().as_str(),
        "presumption of denial"
    );
}

#[test]
fn the_headquarters_rule_is_cited_where_it_was_printed() {
    for (day, section) in [
        ("2025-01-15", "744.23(a)(3)"),
        ("2025-01-16", "742.6(a)(6)(iii)(A)"),
    ] {
        let evaluation = judge(&clean(day).client_in("CN"));
        let reason = evaluation
            .reasons
            .iter()
            .find(|r| r.rule.as_str() == "us-ear.headquarters");
        assert!(reason.unwrap().citation.as_str().contains(section), "{day}");
    }
}

#[test]
fn classification_at_its_thresholds() {
    let (a, b) = ("us-ear.headquarters", "us-ear.headquarters-b");
    let class = |eccn: Option<&str>, tpp, density, expected: (bool, bool)| {
        let evaluation = judge(&clean(TODAY).client_in("CN").item(eccn, tpp, density));
        let found = (
            says(&evaluation, a) == Some("needs-authorisation"),
            says(&evaluation, b) == Some("needs-authorisation"),
        );
        assert_eq!(found, expected, "{eccn:?} TPP {tpp} density {density}/100");
    };
    let (is_a, is_b, neither) = ((true, false), (false, true), (false, false));
    let eccn = Some("EAR99");
    class(eccn, 4_800, 0, is_a);
    class(eccn, 4_799, 159, neither);
    class(eccn, 4_799, 160, is_b);
    class(eccn, 2_400, 160, is_b);
    class(eccn, 2_399, 160, neither);
    class(eccn, 2_399, 319, neither);
    class(eccn, 2_399, 320, is_b);
    class(eccn, 1_600, 320, is_b);
    class(eccn, 1_599, 5_000, neither);
    class(eccn, 1_600, 591, is_b);
    class(eccn, 1_600, 592, is_a);
    // Without a letter, arithmetic can say that it is .a, never that it is not.
    class(None, 4_800, 0, is_a);
    class(None, 1_600, 592, is_a);
    let unlettered = judge(&clean(TODAY).client_in("CN").item(None, 4_799, 159));
    assert_eq!(says(&unlettered, a), Some("refer"));
    assert_eq!(unlettered.missing[0].fact.as_str(), "item.eccn");
    for (eccn, expected) in [
        ("3A090.a", is_a),
        ("4A090.a", is_a),
        ("3A090.b", is_b),
        ("4A090.b", is_b),
        ("3A991.p", neither),
    ] {
        class(Some(eccn), 100, 1, expected);
    }
    begins(
        |day| clean(day).client_in("CN").item(Some("3A090.b"), 100, 1),
        b,
        "2023-11-16",
        "2023-11-17",
        "needs-authorisation",
    );
    check(
        &clean(TODAY)
            .client_in("CN")
            .item(Some("3A090.b"), 100, 1)
            .amounts_to(EarActivity::RemoteAccess),
        b,
        None,
    );
    check(
        &clean(TODAY).client_in("KH").item(Some("3A090.b"), 100, 1),
        b,
        None,
    );
}

#[test]
fn cambodia_leaves_d5_in_effect_before_the_text() {
    const RULE: &str = "us-ear.headquarters";
    check(
        &clean("2025-11-06").client_in("KH"),
        RULE,
        Some("needs-authorisation"),
    );
    check(&clean("2025-11-07").client_in("KH"), RULE, None);
    check(&clean("2026-02-03").client_in("KH"), RULE, None);
    // The law of the 7th as it was known on the 6th.
    check(
        &clean("2025-11-07")
            .client_in("KH")
            .with(|f| f.known_date = date("2025-11-06")),
        RULE,
        Some("needs-authorisation"),
    );
    // The law of the 6th, asked today.
    check(
        &clean("2025-11-06")
            .client_in("KH")
            .with(|f| f.known_date = date(TODAY)),
        RULE,
        Some("needs-authorisation"),
    );
}

#[test]
fn destination() {
    const RULE: &str = "us-ear.destination";
    let at = |place: &str| {
        clean(TODAY).with(|f| f.item.as_mut().unwrap().site_country.value = Some(country(place)))
    };
    for place in ["CN", "MO", "AE", "SA", "VN", "KH", "CU", "KZ"] {
        check(&at(place), RULE, Some("needs-authorisation"));
    }
    for place in ["JP", "AU", "SG", "IL", "CY", "IN", "US"] {
        check(&at(place), RULE, None);
    }
    check(&at("CN").item(Some("EAR99"), 100, 1), RULE, None);
    check(
        &at("CN").item(Some("3A090.b"), 100, 1),
        RULE,
        Some("needs-authorisation"),
    );
    check(&at("CN").amounts_to(EarActivity::RemoteAccess), RULE, None);
    let on = |day: &str| {
        clean(day).with(|f| f.item.as_mut().unwrap().site_country.value = Some(country("AE")))
    };
    begins(on, RULE, "2023-11-16", "2023-11-17", "needs-authorisation");
}

#[test]
fn lists_each_with_its_own_consequence() {
    let cases = [
        ("EL", "us-ear.entity-list", "needs-authorisation", true),
        ("DPL", "us-ear.denied-persons", "prohibit", true),
        ("MEU", "us-ear.military-end-user", "refer", false),
        ("UVL", "us-ear.unverified-list", "refer", false),
        ("SDN", "us-ofac.sdn", "prohibit", false),
        ("SDN-744.8", "us-ofac.sdn", "prohibit", false),
        ("1260H", "us-dod-1260h.listed", "refer", false),
    ];
    for (list, rule, outcome, only_transfers) in cases {
        for activity in EarActivity::ALL {
            let transfer = matches!(
                activity,
                EarActivity::InCountryTransfer | EarActivity::Reexport | EarActivity::ExportFromUs
            );
            let facts = clean(TODAY).listed(list).amounts_to(*activity);
            let expected = (transfer || !only_transfers).then_some(outcome);
            check(&facts, rule, expected);
            let remote = (!transfer && only_transfers).then_some("refer");
            check(&facts, "us-ear.listed-remote-access", remote);
            assert!(judge(&facts).outcome > Outcome::Permit, "{list} {activity}");
        }
    }
    for other in ["UFLPA", "NS-CMIC", "UN"] {
        check(
            &clean(TODAY).listed(other),
            "engine.list-not-judged",
            Some("refer"),
        );
    }
    check(&clean(TODAY).listed("EL"), "engine.list-not-judged", None);
}

#[test]
fn lists_begin_on_their_days() {
    for (list, rule, before, from, outcome) in [
        (
            "EL",
            "us-ear.entity-list",
            "2008-08-20",
            "2008-08-21",
            "needs-authorisation",
        ),
        (
            "DPL",
            "us-ear.denied-persons",
            "1996-05-23",
            "1996-05-24",
            "prohibit",
        ),
        (
            "MEU",
            "us-ear.military-end-user",
            "2020-12-22",
            "2020-12-23",
            "refer",
        ),
        (
            "UVL",
            "us-ear.unverified-list",
            "2013-12-18",
            "2013-12-19",
            "refer",
        ),
        ("SDN", "us-ofac.sdn", "1977-12-27", "1977-12-28", "prohibit"),
        (
            "1260H",
            "us-dod-1260h.listed",
            "2020-12-31",
            "2021-01-01",
            "refer",
        ),
    ] {
        begins(|day| clean(day).listed(list), rule, before, from, outcome);
    }
    begins(
        |day| {
            clean(day)
                .listed("EL")
                .amounts_to(EarActivity::RemoteAccess)
        },
        "us-ear.listed-remote-access",
        "2008-08-20",
        "2008-08-21",
        "refer",
    );
}
