//! Deciding: what a command makes happen, or why not.

use std::collections::BTreeSet;

use bareboat_base::{Code, Context, Date, DeterminationId};

use crate::authorisation::AuthorisationTerms;
use crate::command::{
    AdoptRulebook, Command, ConfirmResolution, Determine, RecordAuthorisation, ResolveReferral,
    RevokeAuthorisation,
};
use crate::evaluate::evaluate;
use crate::event::{
    AuthorisationRecorded, AuthorisationRevoked, DeterminationMade, Event, ReferralResolved,
    ResolutionConfirmed, RulebookAdopted,
};
use crate::facts::Facts;
use crate::proof::Evaluation;
use crate::rejection::Rejection;
use crate::rule::{Condition, MAX_DEPTH, Operand, Outcome, Parameter, Rule, Test};
use crate::state::{Determination, Draw, State};

/// All the events of a command, or a refusal.
///
/// # Errors
/// A [`Rejection`] when the command does not fit the state; nothing happens then.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let event = match command {
        Command::AdoptRulebook(command) => adopt(state, context, command)?,
        Command::RecordAuthorisation(command) => record(state, context, command)?,
        Command::RevokeAuthorisation(command) => revoke(state, command)?,
        Command::Determine(command) => determine(state, context, command)?,
        Command::ResolveReferral(command) => resolve(state, command)?,
        Command::ConfirmResolution(command) => confirm(state, context, command)?,
    };
    Ok(vec![event])
}

fn adopt(state: &State, context: &Context, command: &AdoptRulebook) -> Result<Event, Rejection> {
    let AdoptRulebook {
        regime, version, ..
    } = command;
    let taken = |book: &crate::Rulebook| book.regime == *regime && book.version == *version;
    if state.rulebooks.values().any(taken) {
        return Err(Rejection::VersionTaken {
            regime: regime.clone(),
            version: version.clone(),
        });
    }
    if command.rules.is_empty() {
        return Err(Rejection::NoRules {
            regime: regime.clone(),
        });
    }
    let mut names = BTreeSet::new();
    for rule in &command.rules {
        if !names.insert(&rule.id) {
            return Err(Rejection::RuleTwice {
                rule: rule.id.clone(),
            });
        }
        check_rule(regime, rule, &command.parameters)?;
    }
    for parameter in &command.parameters {
        in_order(
            &parameter.id,
            parameter.history.iter().map(|value| value.from),
        )?;
    }
    Ok(RulebookAdopted {
        rulebook: context.mint(0),
        regime: regime.clone(),
        version: version.clone(),
        text_digest: command.text_digest,
        parameters: command.parameters.clone(),
        rules: command.rules.clone(),
        signed_by: command.signed_by.clone(),
        effective: command.effective,
    }
    .into())
}

fn check_rule(regime: &Code, rule: &Rule, parameters: &[Parameter]) -> Result<(), Rejection> {
    let prefixed = rule.id.as_str().strip_prefix(regime.as_str());
    if !prefixed.is_some_and(|rest| rest.starts_with('.')) {
        return Err(Rejection::RuleOfOtherRegime {
            rule: rule.id.clone(),
            regime: regime.clone(),
        });
    }
    in_order(&rule.id, rule.history.iter().map(|step| step.from))?;
    in_order(
        &rule.id,
        rule.citations.iter().map(|citation| citation.from),
    )?;
    for condition in std::iter::once(&rule.when).chain(&rule.unless) {
        if condition.depth() > MAX_DEPTH {
            return Err(Rejection::TooDeep {
                rule: rule.id.clone(),
                most: MAX_DEPTH,
            });
        }
        for named in parameters_named(condition) {
            if !parameters.iter().any(|parameter| parameter.id == *named) {
                return Err(Rejection::ParameterMissing {
                    rule: rule.id.clone(),
                    parameter: named.clone(),
                });
            }
        }
    }
    Ok(())
}

/// At least one day, each later than the one before it.
fn in_order(of: &Code, days: impl Iterator<Item = Date>) -> Result<(), Rejection> {
    let days: Vec<_> = days.collect();
    if days.is_empty() || days.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(Rejection::HistoryOutOfOrder { rule: of.clone() });
    }
    Ok(())
}

fn parameters_named(condition: &Condition) -> Vec<&Code> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().flat_map(parameters_named).collect()
        }
        Condition::Not(inner)
        | Condition::Named { meaning: inner, .. }
        | Condition::SomeParty {
            condition: inner, ..
        } => parameters_named(inner),
        Condition::Fact {
            test:
                Test::AtLeast(Operand::Parameter(id))
                | Test::Below(Operand::Parameter(id))
                | Test::In(Operand::Parameter(id)),
            ..
        } => vec![id],
        Condition::Always | Condition::Fact { .. } | Condition::OwnedByListed { .. } => Vec::new(),
    }
}

fn record(
    state: &State,
    context: &Context,
    command: &RecordAuthorisation,
) -> Result<Event, Rejection> {
    let terms = &command.terms;
    if terms.valid_to < terms.valid_from {
        return Err(Rejection::ValidityReversed {
            from: terms.valid_from,
            to: terms.valid_to,
        });
    }
    if let Some(quantity) = terms.quantity.filter(|quantity| terms.drawn > *quantity) {
        return Err(Rejection::OverDrawn {
            drawn: terms.drawn,
            quantity,
        });
    }
    let same = |row: &crate::Authorisation| row.terms.reference == terms.reference;
    if state.authorisations.values().any(same) {
        return Err(Rejection::ReferenceTaken {
            reference: terms.reference.clone(),
        });
    }
    let authorisation = context.mint(0);
    Ok(AuthorisationRecorded {
        authorisation,
        terms: AuthorisationTerms {
            id: Some(authorisation),
            ..terms.clone()
        },
    }
    .into())
}

fn revoke(state: &State, command: &RevokeAuthorisation) -> Result<Event, Rejection> {
    let authorisation = command.authorisation;
    let row = state
        .authorisations
        .get(&authorisation)
        .ok_or(Rejection::NoSuchAuthorisation { authorisation })?;
    if row.revoked.is_some() {
        return Err(Rejection::AlreadyRevoked { authorisation });
    }
    Ok(AuthorisationRevoked {
        authorisation,
        on: command.on,
        reason: command.reason.clone(),
    }
    .into())
}

fn determine(state: &State, context: &Context, command: &Determine) -> Result<Event, Rejection> {
    let facts = &command.facts;
    if facts.chain.is_empty() {
        return Err(Rejection::EmptyChain);
    }
    for terms in &facts.authorisations {
        if !is_held(state, terms, facts.legal_date) {
            return Err(Rejection::StaleAuthorisation {
                reference: terms.reference.clone(),
            });
        }
    }
    let evaluation = evaluate(state, facts);
    let draws = if command.draw {
        draws(facts, &evaluation)
    } else {
        Vec::new()
    };
    Ok(DeterminationMade {
        determination: context.mint(0),
        contract: command.contract,
        facts: facts.clone(),
        evaluation,
        draws,
    }
    .into())
}

/// Whether the book holds the authorisation just so, unrevoked on the day.
fn is_held(state: &State, terms: &AuthorisationTerms, on: Date) -> bool {
    let row = terms.id.and_then(|id| state.authorisations.get(&id));
    row.is_some_and(|row| {
        let revoked = row.revoked.as_ref().is_some_and(|(from, _)| *from <= on);
        row.terms == *terms && !revoked
    })
}

/// What goes ahead takes from the authorisations it rests on: a permit, or a referral that
/// officers may let pass. The caller records neither unless it does go ahead.
fn draws(facts: &Facts, evaluation: &Evaluation) -> Vec<Draw> {
    if !matches!(evaluation.outcome, Outcome::Permit | Outcome::Refer) {
        return Vec::new();
    }
    let relied_on = |terms: &&AuthorisationTerms| evaluation.rests_on.contains(&terms.reference);
    facts
        .authorisations
        .iter()
        .filter(relied_on)
        .filter(|terms| terms.quantity.is_some())
        .filter_map(|terms| {
            let quantity = facts.asked_of(terms).filter(|asked| *asked > 0)?;
            let authorisation = terms.id?;
            Some(Draw {
                authorisation,
                quantity,
            })
        })
        .collect()
}

fn referral(state: &State, determination: DeterminationId) -> Result<&Determination, Rejection> {
    let row = state
        .determinations
        .get(&determination)
        .ok_or(Rejection::NoSuchDetermination { determination })?;
    if row.outcome() != Outcome::Refer {
        return Err(Rejection::NotReferred { determination });
    }
    Ok(row)
}

fn resolve(state: &State, command: &ResolveReferral) -> Result<Event, Rejection> {
    let determination = command.determination;
    if referral(state, determination)?.resolution.is_some() {
        return Err(Rejection::AlreadyResolved { determination });
    }
    Ok(ReferralResolved {
        determination,
        proceed: command.proceed,
        grounds: command.grounds.clone(),
    }
    .into())
}

fn confirm(
    state: &State,
    context: &Context,
    command: &ConfirmResolution,
) -> Result<Event, Rejection> {
    let determination = command.determination;
    let resolution = referral(state, determination)?
        .resolution
        .as_ref()
        .ok_or(Rejection::NotResolved { determination })?;
    if resolution.confirmed.is_some() {
        return Err(Rejection::AlreadyResolved { determination });
    }
    if resolution.resolved.by == context.actor {
        return Err(Rejection::SameOfficer { determination });
    }
    Ok(ResolutionConfirmed { determination }.into())
}
