//! The shipped rules on ownership, end use and pending law; siblings of those in `shipped`.

use bareboat_rulebook::{Activity, EarActivity, Facts, Held, Outcome};

use crate::common::*;

#[test]
fn the_affiliates_rule_by_its_days() {
    const RULE: &str = "us-ear.affiliates-50";
    const FLAG: &str = "us-ear.affiliates-50: in force by its text; extension unverified";
    let cases = [
        ("2025-09-28", None, Outcome::Refer, false),
        (
            "2025-09-29",
            Some("needs-authorisation"),
            Outcome::NeedsAuthorisation,
            false,
        ),
        (
            "2025-10-15",
            Some("needs-authorisation"),
            Outcome::NeedsAuthorisation,
            false,
        ),
        (
            "2025-11-09",
            Some("needs-authorisation"),
            Outcome::NeedsAuthorisation,
            false,
        ),
        ("2025-11-10", Some("permit"), Outcome::Refer, false),
        ("2025-12-01", Some("permit"), Outcome::Refer, false),
        ("2026-11-09", Some("permit"), Outcome::Refer, false),
        (
            "2026-11-10",
            Some("needs-authorisation"),
            Outcome::NeedsAuthorisation,
            true,
        ),
        (
            "2026-11-15",
            Some("needs-authorisation"),
            Outcome::NeedsAuthorisation,
            true,
        ),
    ];
    for (day, expected, outcome, flagged) in cases {
        let facts = clean(day).held(0, held_yes());
        check(&facts, RULE, expected);
        let evaluation = judge(&facts);
        assert_eq!(evaluation.outcome, outcome, "{day}");
        assert_eq!(
            evaluation.flags.iter().any(|flag| flag.as_str() == FLAG),
            flagged,
            "{day}"
        );
        // The red flag stands exactly where the rule does not bind.
        let red_flag = says(&evaluation, "us-ear.affiliates-red-flag");
        assert_eq!(
            red_flag == Some("refer"),
            outcome == Outcome::Refer,
            "{day}"
        );
        // Straddling shares refer, on every day.
        assert_eq!(
            judge(&clean(day).held(0, None)).outcome,
            Outcome::Refer,
            "{day}"
        );
        assert_eq!(judge(&clean(day)).outcome, Outcome::Permit, "{day}");
    }
}

#[test]
fn the_affiliates_rule_as_known_and_as_told() {
    const RULE: &str = "us-ear.affiliates-50";
    // Suspended in law, and not yet known to be.
    let unheard = clean("2025-11-12")
        .held(0, held_yes())
        .with(|f| f.known_date = date("2025-11-09"));
    check(&unheard, RULE, Some("needs-authorisation"));
    check(
        &clean(TODAY)
            .held(0, held_yes())
            .amounts_to(EarActivity::RemoteAccess),
        RULE,
        None,
    );
    let reason = judge(&clean("2025-12-01").held(0, held_yes()));
    let reason = reason
        .reasons
        .iter()
        .find(|r| r.rule.as_str() == RULE)
        .unwrap();
    assert_eq!(
        reason.because.as_str(),
        "it would say needs-authorisation but does not bind: suspended since 2025-11-10; reinstated from 2026-11-10"
    );
    begins(
        |day| clean(day).held(0, held_yes()),
        "us-ear.affiliates-red-flag",
        "2008-08-20",
        "2008-08-21",
        "refer",
    );
}

#[test]
fn blocked_by_ownership() {
    const RULE: &str = "us-ofac.sdn-50";
    check(&clean(TODAY).held(1, held_yes()), RULE, Some("prohibit"));
    check(&clean(TODAY).held(1, None), RULE, Some("refer"));
    check(&clean(TODAY).held(1, Some(Held::No)), RULE, None);
    begins(
        |day| clean(day).held(1, held_yes()),
        RULE,
        "2014-08-12",
        "2014-08-13",
        "prohibit",
    );
    // A cascade that was not computed is not a cascade that found nothing.
    check(
        &clean(TODAY).with(|f| {
            f.chain[2].owned_by_listed.pop();
        }),
        RULE,
        Some("refer"),
    );
    let other = |f: &mut Facts| f.chain[2].owned_by_listed[1].threshold = "51".parse().unwrap();
    check(&clean(TODAY).with(other), RULE, Some("refer"));
}

#[test]
fn end_use() {
    let training = |wmd, intelligence, place: &str, day: &str| {
        clean(day)
            .client_in(place)
            .amounts_to(EarActivity::RemoteAccess)
            .with(|f| {
                f.usage.training_for_d5_party.value = Some(true);
                f.usage.wmd.value = wmd;
                f.usage.military_intelligence.value = intelligence;
            })
    };
    const RULE: &str = "us-ear.ai-training";
    check(
        &training(Some(true), Some(false), "CN", TODAY),
        RULE,
        Some("needs-authorisation"),
    );
    check(
        &training(Some(false), Some(true), "CN", TODAY),
        RULE,
        Some("needs-authorisation"),
    );
    check(&training(Some(false), Some(false), "CN", TODAY), RULE, None);
    check(
        &training(None, Some(false), "CN", TODAY),
        RULE,
        Some("refer"),
    );
    check(&training(Some(true), None, "JP", TODAY), RULE, None);
    check(
        &training(Some(true), Some(true), "CN", TODAY).item(Some("EAR99"), 100, 1),
        RULE,
        None,
    );
    check(
        &training(Some(true), Some(true), "CN", TODAY)
            .with(|f| f.usage.training_for_d5_party.value = Some(false)),
        RULE,
        None,
    );
    begins(
        |day| training(Some(true), None, "CN", day),
        RULE,
        "2025-05-12",
        "2025-05-13",
        "needs-authorisation",
    );
}

#[test]
fn weapons_and_diversion() {
    const WEAPONS: &str = "us-ear.weapons-end-use";
    let weapons = |day: &str| clean(day).with(|f| f.usage.wmd.value = Some(true));
    check(&weapons(TODAY), WEAPONS, Some("needs-authorisation"));
    check(
        &clean(TODAY).with(|f| f.usage.military_intelligence.value = Some(true)),
        WEAPONS,
        Some("needs-authorisation"),
    );
    check(&clean(TODAY), WEAPONS, None);
    begins(
        weapons,
        WEAPONS,
        "2021-03-15",
        "2021-03-16",
        "needs-authorisation",
    );

    let diverted = |day: &str| clean(day).with(|f| f.usage.diversion.value = Some(true));
    check(&diverted(TODAY), "us-ear.diversion", Some("prohibit"));
    check(&clean(TODAY), "us-ear.diversion", None);
    begins(
        diverted,
        "us-ear.diversion",
        "1996-05-23",
        "1996-05-24",
        "prohibit",
    );
}

#[test]
fn h20_and_the_letter() {
    const RULE: &str = "us-ear.h20-letter";
    let h20 = |day: &str| {
        clean(day)
            .item(Some("3A991.p"), 2_368, 10)
            .with(|f| f.item.as_mut().unwrap().model.value = Some(code("H20")))
    };
    check(&h20(TODAY).client_in("CN"), RULE, Some("refer"));
    check(&h20(TODAY), RULE, None);
    check(&clean(TODAY).client_in("CN"), RULE, None);
    check(
        &h20(TODAY)
            .client_in("CN")
            .amounts_to(EarActivity::RemoteAccess),
        RULE,
        None,
    );
    begins(
        |day| h20(day).client_in("CN"),
        RULE,
        "2025-04-14",
        "2025-04-15",
        "refer",
    );
}

#[test]
fn the_diffusion_rule_never_binds() {
    const RULE: &str = "us-ear.ai-diffusion";
    check(&clean("2025-01-12"), RULE, None);
    for day in [
        "2025-01-15",
        "2025-04-01",
        "2025-05-12",
        "2025-05-13",
        TODAY,
    ] {
        check(&clean(day), RULE, Some("permit"));
    }
    for (day, word) in [
        ("2025-05-12", "enacted since 2025-01-13"),
        ("2025-05-13", "unenforced since 2025-05-13"),
    ] {
        let evaluation = judge(&clean(day));
        let reason = evaluation
            .reasons
            .iter()
            .find(|r| r.rule.as_str() == RULE)
            .unwrap();
        assert!(
            reason.because.as_str().contains(word),
            "{day}: {}",
            reason.because
        );
    }
    check(&clean(TODAY).item(Some("EAR99"), 100, 1), RULE, None);
    check(
        &clean(TODAY).amounts_to(EarActivity::RemoteAccess),
        RULE,
        None,
    );
}

#[test]
fn a_bill_is_not_law_and_an_investment_is_referred() {
    const BILL: &str = "us-bills.remote-access-security-act";
    let remote = |day: &str| {
        clean(day)
            .parent_in("CN")
            .amounts_to(EarActivity::RemoteAccess)
    };
    check(&remote(TODAY), BILL, Some("permit"));
    assert_eq!(judge(&remote(TODAY)).outcome, Outcome::Permit);
    check(&remote("2026-01-11"), BILL, None);
    for place in ["CN", "MO"] {
        check(
            &clean(TODAY)
                .client_in(place)
                .amounts_to(EarActivity::RemoteAccess),
            BILL,
            Some("permit"),
        );
    }
    check(
        &clean(TODAY).amounts_to(EarActivity::RemoteAccess),
        BILL,
        None,
    );
    check(&clean(TODAY).parent_in("CN"), BILL, None);
    check(
        &clean(TODAY)
            .parent_in("MO")
            .amounts_to(EarActivity::RemoteAccess),
        BILL,
        Some("permit"),
    );

    let invest = |day: &str| {
        clean(day).with(|f| {
            f.activity = Activity::Invest;
            f.item = None;
        })
    };
    check(&invest(TODAY), "jp-fefa.investment", Some("refer"));
    check(
        &invest(TODAY).listed("SDN"),
        "us-ofac.sdn",
        Some("prohibit"),
    );
    check(&clean(TODAY), "jp-fefa.investment", None);
    begins(
        invest,
        "jp-fefa.investment",
        "2020-05-07",
        "2020-05-08",
        "refer",
    );
}
