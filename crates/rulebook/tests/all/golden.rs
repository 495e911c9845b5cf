//! The text of a proof, as people read it, word for word. `UPDATE_GOLDEN=1` rewrites it.

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
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/proof.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap());
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
