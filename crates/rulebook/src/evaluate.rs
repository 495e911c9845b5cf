//! Judging a deal under rulebooks: every applicable rule, strongest first, with its proof.

use std::collections::BTreeSet;

use bareboat_base::{Code, Date, Digest, PartyId, Text};

use crate::authorisation::Uncovered;
use crate::derivation::Derivation;
use crate::facts::{Activity, Facts, Role};
use crate::logic::Truth;
use crate::proof::{Evaluation, Missing, Proof, Reason, RuleProof, RulebookUsed};
use crate::rule::{
    Condition, Constant, Operand, Outcome, Parameter, Rule, Standing, Subject, Test, Verified,
};
use crate::state::{Determination, Rulebook, State, rulebook_in_force};
use crate::step::{Judge, missing, text, triggers};

/// The evaluator's version; a proof names it.
pub const ENGINE_VERSION: &str = "rulebook-2";

/// Judges a deal under the rulebooks of the state.
pub fn evaluate(state: &State, facts: &Facts) -> Evaluation {
    let books = rulebook_in_force(state, facts.legal_date, facts.known_date);
    let books: Vec<&Rulebook> = books.into_iter().map(|(_, book)| book).collect();
    evaluate_under(&books, facts)
}

/// Judges a deal under the rulebooks given: pure, and the same bytes for the same input.
pub fn evaluate_under(rulebooks: &[&Rulebook], facts: &Facts) -> Evaluation {
    let mut found = Found::default();
    let mut rules = Vec::new();
    for book in rulebooks {
        let judge = Judge {
            facts,
            parameters: &book.parameters,
        };
        let governing = |rule: &&Rule| rule.activities.contains(&facts.activity);
        for rule in book.rules.iter().filter(governing) {
            rules.push(judge_rule(&judge, rule, &mut found));
        }
        if book.signed_by.is_none() {
            found.flag(format!(
                "rulebook {} {} is not signed by counsel",
                book.regime, book.version
            ));
        }
    }
    guard(rulebooks, facts, rules.len(), &mut found);
    found.settle(&rules, rulebooks, facts);
    let proof = Proof {
        engine: code(ENGINE_VERSION),
        facts: facts_digest(facts),
        legal_date: facts.legal_date,
        known_date: facts.known_date,
        rulebooks: rulebooks.iter().map(|book| used(book)).collect(),
        rules: Derivation::made(rules),
    };
    found.conclude(proof)
}

/// An evaluation that the state keeps without its derivation, whole again: the same facts judged
/// under the same rulebooks.
///
/// # Errors
/// In words, why that cannot be: a rulebook is gone, or an older evaluator made it. The event that
/// recorded it has the derivation then.
pub fn whole_evaluation(state: &State, row: &Determination) -> Result<Evaluation, String> {
    let kept = &*row.evaluation;
    if kept.proof.engine.as_str() != ENGINE_VERSION {
        return Err(format!(
            "it was made by evaluator {}; this is {ENGINE_VERSION}",
            kept.proof.engine
        ));
    }
    let mut books = Vec::new();
    for used in &kept.proof.rulebooks {
        let same = |book: &&Rulebook| book.regime == used.regime && book.version == used.version;
        let book = state.rulebooks.values().find(same);
        books.push(book.ok_or_else(|| {
            format!(
                "rulebook {} {} is not in the book",
                used.regime, used.version
            )
        })?);
    }
    let whole = evaluate_under(&books, &row.facts);
    if without_derivation(&whole) == *kept {
        Ok(whole)
    } else {
        Err("judged again, it says something else".to_owned())
    }
}

/// The same without its derivation.
pub(crate) fn without_derivation(evaluation: &Evaluation) -> Evaluation {
    let proof = &evaluation.proof;
    Evaluation {
        outcome: evaluation.outcome,
        reasons: evaluation.reasons.clone(),
        missing: evaluation.missing.clone(),
        flags: evaluation.flags.clone(),
        review_policy: evaluation.review_policy.clone(),
        rests_on: evaluation.rests_on.clone(),
        proof: Proof {
            engine: proof.engine.clone(),
            facts: proof.facts,
            legal_date: proof.legal_date,
            known_date: proof.known_date,
            rulebooks: proof.rulebooks.clone(),
            rules: Derivation::left_out(),
        },
    }
}

/// The digest of the facts' canonical JSON: fixed field order, no white space.
pub fn facts_digest(facts: &Facts) -> Digest {
    let bytes = serde_json::to_vec(facts).expect("facts are always expressible as JSON");
    Digest::of(&[&bytes])
}

fn used(book: &Rulebook) -> RulebookUsed {
    RulebookUsed {
        regime: book.regime.clone(),
        version: book.version.clone(),
        text_digest: book.text_digest,
        signed_by: book.signed_by.clone(),
    }
}

fn code(word: &str) -> Code {
    Code::new(word).expect("a fixed code")
}

/// What the rules said so far.
#[derive(Default)]
struct Found {
    reasons: Vec<Reason>,
    missing: Vec<Missing>,
    flags: Vec<Text>,
    review_policy: Option<Text>,
    rests_on: Vec<Code>,
}

impl Found {
    fn flag(&mut self, words: String) {
        let flag = text(&words);
        if !self.flags.contains(&flag) {
            self.flags.push(flag);
        }
    }

    fn reason(&mut self, rule: Code, citation: Text, outcome: Outcome, because: &str) {
        self.reasons.push(Reason {
            rule,
            citation,
            outcome,
            because: text(because),
        });
    }

    /// The reasons in their order; there is always one.
    fn settle(&mut self, rules: &[RuleProof], rulebooks: &[&Rulebook], facts: &Facts) {
        if self.reasons.is_empty() {
            let binding = rules.iter().filter(|r| r.standing.binds()).count();
            let books: Vec<_> = rulebooks
                .iter()
                .map(|book| format!("{} {}", book.regime, book.version))
                .collect();
            self.reason(
                code("engine.nothing-applies"),
                text(&books.join("; ")),
                Outcome::Permit,
                &format!(
                    "none of the {binding} rules in force on {} applies",
                    facts.legal_date
                ),
            );
        }
        // What a permit rests on stands before rules that do not bind. The sort is stable:
        // equals stay in the order of regimes and rule names.
        let relied_on = |reason: &Reason| {
            let of = |rule: &&RuleProof| rule.rule == reason.rule;
            let rule = rules.iter().find(of);
            rule.is_some_and(|rule| rule.discharged_by.is_some())
        };
        self.reasons
            .sort_by_key(|reason| (std::cmp::Reverse(reason.outcome), !relied_on(reason)));
        self.missing.sort();
        self.missing.dedup();
    }

    fn conclude(self, proof: Proof) -> Evaluation {
        Evaluation {
            outcome: self.reasons[0].outcome,
            reasons: self.reasons,
            missing: self.missing,
            flags: self.flags,
            review_policy: self.review_policy,
            rests_on: self.rests_on,
            proof,
        }
    }
}

fn judge_rule(judge: &Judge<'_>, rule: &Rule, found: &mut Found) -> RuleProof {
    let facts = judge.facts;
    let standing = rule.standing(facts.legal_date, facts.known_date);
    let citation = rule.citation(facts.legal_date);
    let when = judge.step(&rule.when, None);
    let unless = rule.unless.as_ref().map(|c| judge.step(c, None));
    let excepted = unless.as_ref().map_or(Truth::No, |step| step.truth);
    let mut proof = RuleProof {
        rule: rule.id.clone(),
        citation: citation.map_or_else(|| text("(no citation)"), |c| c.text.clone()),
        applies: when.truth.and(excepted.negate()),
        standing,
        outcome: None,
        when,
        unless,
        discharged_by: None,
        uncovered: Vec::new(),
    };
    if proof.applies == Truth::No {
        return proof;
    }
    if proof.standing.binds() {
        bind(facts, rule, &mut proof, found);
    } else if let Some(because) = why_not_binding(rule, facts, &proof.standing) {
        proof.outcome = Some(Outcome::Permit);
        let (id, citation) = (rule.id.clone(), proof.citation.clone());
        found.reason(id, citation, Outcome::Permit, &because);
    }
    proof
}

/// Why a rule that looks applicable does not bind; `None` when nobody had heard of it yet.
fn why_not_binding(rule: &Rule, facts: &Facts, standing: &Standing) -> Option<String> {
    let next = rule.next_step(facts.legal_date, facts.known_date);
    let next = next.map(|step| format!("; {} from {}", step.status, step.from));
    if standing.status.is_none() && next.is_none() {
        return None;
    }
    Some(format!(
        "it would say {} but does not bind: {standing}{}",
        rule.outcome,
        next.unwrap_or_default()
    ))
}

/// A rule in force that applies, or may apply.
fn bind(facts: &Facts, rule: &Rule, proof: &mut RuleProof, found: &mut Found) {
    let certain = proof.applies == Truth::Yes;
    if !certain && rule.outcome == Outcome::Permit {
        return;
    }
    missing(&proof.when, facts, &mut found.missing);
    if let Some(unless) = proof
        .unless
        .as_ref()
        .filter(|step| step.truth == Truth::Unknown)
    {
        missing(unless, facts, &mut found.missing);
    }
    if proof.standing.unverified {
        found.flag(format!(
            "{}: in force by its text; extension unverified",
            rule.id
        ));
    }
    if rule.verified == Verified::M {
        found.flag(format!("{}: marked M, for counsel to check", rule.id));
    }
    let (outcome, because) = if !certain {
        (
            Outcome::Refer,
            format!("{}: it cannot be ruled out", rule.title),
        )
    } else if rule.outcome == Outcome::NeedsAuthorisation && discharged(facts, rule, proof) {
        let reference = proof.discharged_by.clone().expect("it was just discharged");
        let because = format!("{}: {reference} covers it", rule.title);
        if !found.rests_on.contains(&reference) {
            found.rests_on.push(reference);
        }
        (Outcome::Permit, because)
    } else {
        (
            rule.outcome,
            format!("{}{}", rule.title, parties(facts, proof)),
        )
    };
    if outcome == Outcome::NeedsAuthorisation && found.review_policy.is_none() {
        found.review_policy.clone_from(&rule.review_policy);
    }
    proof.outcome = Some(outcome);
    let (id, citation) = (rule.id.clone(), proof.citation.clone());
    found.reason(id, citation, outcome, &because);
}

/// Through whom a rule applies, in words.
fn parties(facts: &Facts, proof: &RuleProof) -> String {
    let mut through = Vec::new();
    triggers(&proof.when, &mut through);
    let labels: Vec<_> = facts
        .chain
        .iter()
        .filter(|row| through.contains(&row.party))
        .map(|row| format!("{} ({})", row.label, row.role))
        .collect();
    if labels.is_empty() {
        String::new()
    } else {
        format!("; through {}", labels.join(", "))
    }
}

/// Looks for an authorisation that covers the requirement; notes why the others do not.
fn discharged(facts: &Facts, rule: &Rule, proof: &mut RuleProof) -> bool {
    let mut through: Vec<PartyId> = Vec::new();
    triggers(&proof.when, &mut through);
    if through.is_empty() {
        // The rule looks at no party: everyone but the operator must be named.
        let others = facts.chain.iter().filter(|row| row.role != Role::Operator);
        through.extend(others.map(|row| row.party));
    }
    let citation = rule.citation(facts.legal_date);
    let sections = citation.map_or(&[][..], |citation| &citation.sections);
    for terms in &facts.authorisations {
        match terms.covers(facts, sections, &rule.discharged_by, &through) {
            Ok(()) => {
                proof.discharged_by = Some(terms.reference.clone());
                return true;
            }
            Err(because) => proof.uncovered.push(Uncovered {
                reference: terms.reference.clone(),
                because: text(&because),
            }),
        }
    }
    false
}

/// What no rule says and may yet not pass in silence.
fn guard(rulebooks: &[&Rulebook], facts: &Facts, governing: usize, found: &mut Found) {
    let mut refer = |name: &str, because: &str| {
        let citation = text("the evaluator's own rule: unknown never permits");
        found.reason(code(name), citation, Outcome::Refer, because);
    };
    if rulebooks.is_empty() {
        refer("engine.no-rulebook", "no rulebook is adopted");
    } else if governing == 0 {
        refer(
            "engine.activity-not-governed",
            &format!("no adopted rule governs {}", facts.activity),
        );
    }
    if facts.chain.is_empty() {
        refer("engine.empty-chain", "the contract chain names no party");
    }
    for words in &facts.unhandled {
        refer(
            "engine.circumstance",
            &format!("no rule can read this circumstance: {words}"),
        );
    }
    let judged = lists_judged(rulebooks, facts);
    for party in &facts.chain {
        for listing in party.listings.value.iter().flatten() {
            if !judged.contains(&listing.list) {
                refer(
                    "engine.list-not-judged",
                    &format!(
                        "{} ({}) is on {}, which no rule in force judges",
                        party.label, party.role, listing.list
                    ),
                );
            }
        }
        for row in &party.unclear {
            if !judged.contains(&row.list) {
                refer("engine.list-not-judged", row.because.as_str());
            }
        }
    }
}

/// The rules that bind on the day and govern the activity.
fn binding<'a>(
    rulebooks: &'a [&Rulebook],
    facts_of: (Activity, Date, Date),
) -> impl Iterator<Item = (&'a Rulebook, &'a Rule)> {
    let (activity, legal_date, known_date) = facts_of;
    rulebooks
        .iter()
        .flat_map(|book| book.rules.iter().map(move |rule| (*book, rule)))
        .filter(move |(_, rule)| {
            rule.standing(legal_date, known_date).binds() && rule.activities.contains(&activity)
        })
}

/// The lists that rules in force ask about for the activity.
fn lists_judged(rulebooks: &[&Rulebook], facts: &Facts) -> BTreeSet<Code> {
    let mut lists = BTreeSet::new();
    let day = (facts.activity, facts.legal_date, facts.known_date);
    for (_, rule) in binding(rulebooks, day) {
        lists_in(&rule.when, &mut lists);
    }
    lists
}

/// Every list that a rule which binds on the day and governs the activity names, whether it asks
/// for a party's own listing or for those of its owners. What it says is not known while the list
/// is not in the book.
pub fn lists_named(
    state: &State,
    activity: Activity,
    legal_date: Date,
    known_date: Date,
) -> BTreeSet<Code> {
    let books = rulebook_in_force(state, legal_date, known_date);
    let books: Vec<&Rulebook> = books.into_iter().map(|(_, book)| book).collect();
    let mut lists = BTreeSet::new();
    for (book, rule) in binding(&books, (activity, legal_date, known_date)) {
        for condition in std::iter::once(&rule.when).chain(&rule.unless) {
            named_in(condition, &book.parameters, &mut lists);
        }
    }
    lists
}

fn named_in(condition: &Condition, parameters: &[Parameter], into: &mut BTreeSet<Code>) {
    let mut words = |constant: &Constant| {
        if let Constant::Words(words) = constant {
            into.extend(words.iter().cloned());
        }
    };
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                named_in(part, parameters, into);
            }
        }
        Condition::Not(inner)
        | Condition::Named { meaning: inner, .. }
        | Condition::SomeParty {
            condition: inner, ..
        } => named_in(inner, parameters, into),
        Condition::Fact {
            subject: Subject::PartyListings,
            test: Test::In(Operand::Constant(constant)),
        } => words(constant),
        Condition::Fact {
            subject: Subject::PartyListings,
            test: Test::In(Operand::Parameter(id)),
        } => {
            let history = parameters.iter().filter(|parameter| parameter.id == *id);
            for value in history.flat_map(|parameter| &parameter.history) {
                words(&value.value);
            }
        }
        Condition::OwnedByListed { lists } => into.extend(lists.iter().cloned()),
        Condition::Always | Condition::Fact { .. } => {}
    }
}

fn lists_in(condition: &Condition, into: &mut BTreeSet<Code>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                lists_in(part, into);
            }
        }
        Condition::Named { meaning: inner, .. }
        | Condition::SomeParty {
            condition: inner, ..
        } => lists_in(inner, into),
        Condition::Fact {
            subject: Subject::PartyListings,
            test: Test::In(Operand::Constant(Constant::Words(words))),
        } => into.extend(words.iter().cloned()),
        Condition::Not(_)
        | Condition::Always
        | Condition::Fact { .. }
        | Condition::OwnedByListed { .. } => {}
    }
}
