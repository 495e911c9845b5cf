//! What is kept word for word: the text of a proof, the data of the shipped rules.
//! `UPDATE_GOLDEN=1` rewrites both.

use crate::common::*;

#[test]
fn the_text_of_a_proof() {
    let mut book = Book::empty();
    for regime in ["us-ear", "us-ofac"] {
        let command = bareboat_rulebook::Command::AdoptRulebook(shipped(regime).adopt());
        book.run(1, command).unwrap();
    }
    let mut facts = clean("2026-11-15").parent_in("CN").held(0, held_yes());
    facts.chain[1].listings = unknown();
    facts.authorisations = vec![licence("742.6(a)(6)(iii)(A)")];
    let evaluation = book.judge(&facts);
    // Digests of texts change with every comment in a rulebook; they are tested elsewhere.
    let mut text = evaluation.to_text();
    for used in &evaluation.proof.rulebooks {
        text = text.replace(&used.text_digest.to_string(), "…");
    }
    text = text.replace(&evaluation.proof.facts.to_string(), "…");
    golden("proof.txt", &text, include_str!("proof.txt"));
}

/// Every date, set, number and citation of the shipped rules, so that none changes unseen.
#[test]
fn the_data_of_the_shipped_rules() {
    let mut text = String::new();
    for (regime, _) in SHIPPED {
        let parsed = shipped(regime);
        text += &format!(
            "{} {} from {}\n",
            parsed.regime, parsed.version, parsed.effective
        );
        for parameter in &parsed.parameters {
            text += &format!("  parameter {} {}\n", parameter.id, parameter.verified);
            for value in &parameter.history {
                text += &format!(
                    "    {} published {}: {}\n",
                    value.from, value.published_on, value.value
                );
            }
        }
        for rule in &parsed.rules {
            let activities: Vec<_> = rule.activities.iter().map(|a| a.as_str()).collect();
            let by: Vec<_> = rule
                .discharged_by
                .iter()
                .map(|kind| kind.as_str())
                .collect();
            text += &format!(
                "  rule {} {} {} by [{}] governs {}\n",
                rule.id,
                rule.verified,
                rule.outcome,
                by.join(", "),
                activities.join(", ")
            );
            for citation in &rule.citations {
                text += &format!(
                    "    {} {} {:?}\n",
                    citation.from, citation.text, citation.sections
                );
            }
            for step in &rule.history {
                let unverified = if step.unverified { ", unverified" } else { "" };
                text += &format!(
                    "    {} {} published {}{unverified}\n",
                    step.from, step.status, step.published_on
                );
            }
        }
    }
    golden("rules.txt", &text, include_str!("rules.txt"));
}

fn golden(name: &str, text: &str, kept: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/");
        std::fs::write(format!("{folder}{name}"), text).unwrap();
    } else {
        assert_eq!(text, kept, "{name}; UPDATE_GOLDEN=1 rewrites it");
    }
}

#[test]
fn digests_follow_the_text_and_the_facts() {
    use bareboat_rulebook::{facts_digest, parse_regime};
    let (_, files) = SHIPPED[0];
    let digest = |files: &[(&str, &str)]| parse_regime(files).unwrap().text_digest;
    let mut turned = files.to_vec();
    turned.reverse();
    assert_eq!(digest(files), digest(&turned));
    let changed = format!("{}\n# a remark\n", turned[0].1);
    turned[0].1 = &changed;
    assert_ne!(digest(files), digest(&turned));
    assert_ne!(
        facts_digest(&clean(TODAY)),
        facts_digest(&clean("2026-11-24"))
    );
    assert_eq!(facts_digest(&clean(TODAY)), facts_digest(&clean(TODAY)));
}
