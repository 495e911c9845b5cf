//! The evaluator.

use bareboat_base::Digest;

use crate::{Evaluation, Facts, Outcome, Proof, Rulebook, State, rulebook_in_force};

/// The evaluator's version; a proof names it.
pub const ENGINE_VERSION: &str = "rulebook-1";

/// Judges a deal under the rulebooks of the state.
pub fn evaluate(state: &State, facts: &Facts) -> Evaluation {
    let books = rulebook_in_force(state, facts.legal_date, facts.known_date);
    let books: Vec<&Rulebook> = books.into_iter().map(|(_, book)| book).collect();
    evaluate_under(&books, facts)
}

/// Judges a deal under the rulebooks given: pure, and the same bytes for the same input.
pub fn evaluate_under(rulebooks: &[&Rulebook], facts: &Facts) -> Evaluation {
    let _ = rulebooks;
    Evaluation {
        outcome: Outcome::Refer,
        reasons: Vec::new(),
        missing: Vec::new(),
        flags: Vec::new(),
        review_policy: None,
        rests_on: Vec::new(),
        proof: Proof {
            engine: ENGINE_VERSION.parse().expect("a code"),
            facts: Digest::of(&[]),
            legal_date: facts.legal_date,
            known_date: facts.known_date,
            rulebooks: Vec::new(),
            rules: Vec::new(),
        },
    }
}
