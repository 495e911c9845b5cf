//! Judging a contract under the rules in force: alone, and as the first part of other acts.

use bareboat_base::{ContractId, Date, DeterminationId, LotId};
use bareboat_rulebook::{Activity, Evaluation, Facts, Outcome};

use crate::draft::Draft;
use crate::event::Event;
use crate::facts::{Listed, facts_of};
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// Judges a contract for an activity, and records the judgement, whatever it is.
#[derive(Clone, Copy, Debug)]
pub struct Determine {
    /// The contract.
    pub contract: ContractId,
    /// What is about to be done.
    pub activity: Activity,
    /// Whose law: a civil date.
    pub legal_date: Date,
}

pub(crate) fn run(draft: &mut Draft, act: &Determine) -> Result<(), Rejection> {
    record(draft, act, None, false)?;
    Ok(())
}

/// Records a determination for each item of the contract, or of one of its lots; the strongest
/// first.
fn record(
    draft: &mut Draft,
    act: &Determine,
    lot: Option<LotId>,
    draw: bool,
) -> Result<Vec<(DeterminationId, Evaluation)>, Rejection> {
    if draft.state().rulebook.rulebooks.is_empty() {
        return Err(BookRejection::NoRulebook.into());
    }
    let listed = Listed::of(draft.state());
    let all = facts_of(
        draft.state(),
        &listed,
        act.contract,
        act.activity,
        act.legal_date,
        lot,
    )?;
    let mut made = Vec::new();
    for mut facts in all {
        // The items before it may have drawn from the same licence.
        facts.authorisations =
            bareboat_rulebook::authorisations_for(&draft.state().rulebook, act.legal_date);
        let command = bareboat_rulebook::Command::Determine(bareboat_rulebook::Determine {
            contract: Some(act.contract),
            facts,
            draw,
        });
        let events = draft.run(
            |state, context, command| bareboat_rulebook::decide(&state.rulebook, context, command),
            &command,
        )?;
        for event in events {
            if let Event::Rulebook(bareboat_rulebook::Event::DeterminationMade(event)) = event {
                made.push((event.determination, event.evaluation.clone()));
            }
        }
    }
    made.sort_by_key(|(_, evaluation)| std::cmp::Reverse(evaluation.outcome));
    Ok(made)
}

/// Records the determinations of an act about to be done, and refuses it unless every one lets
/// it pass: permitted now, or referred on these very facts and let pass by two officers. Gives
/// the determination the act rests on. When the act promises or hands over capacity, it draws on
/// the licences it rests on, for what the contract does not hold of them yet: so two contracts
/// cannot be signed on one licence, and a lot draws at its hand-over only what signing did not.
pub(crate) fn require(
    draft: &mut Draft,
    act: &Determine,
    lot: Option<LotId>,
    draw: bool,
) -> Result<DeterminationId, Rejection> {
    let before = draft.state().clone();
    let made = record(draft, act, lot, draw)?;
    let mut rests_on = None;
    for (id, evaluation) in &made {
        let passed = match evaluation.outcome {
            Outcome::Permit => Some(*id),
            Outcome::Refer => resolved(&before, draft.state(), *id),
            Outcome::NeedsAuthorisation | Outcome::Prohibit => None,
        };
        let Some(passed) = passed else {
            return Err(refusal(act.activity, evaluation).into());
        };
        rests_on.get_or_insert(passed);
    }
    Ok(rests_on.ok_or(BookRejection::NoRulebook)?)
}

/// The earlier referral on the same facts, but for the dates, of which two officers decided last,
/// when they let it pass.
fn resolved(before: &State, now: &State, id: DeterminationId) -> Option<DeterminationId> {
    let row = now.rulebook.determinations.get(&id)?;
    let same = |other: &Facts| {
        let dated = Facts {
            legal_date: row.facts.legal_date,
            known_date: row.facts.known_date,
            ..other.clone()
        };
        dated == *row.facts
    };
    bareboat_rulebook::determinations_of(&before.rulebook, row.contract?)
        .filter(|(_, earlier)| {
            earlier.activity == row.activity
                && same(&earlier.facts)
                && earlier.evaluation.reasons == row.evaluation.reasons
        })
        .filter_map(|(id, earlier)| {
            let confirmed = earlier.resolution.as_ref()?.confirmed?;
            Some((confirmed.position, id, earlier.lets_pass()))
        })
        .max()
        .filter(|(_, _, lets_pass)| *lets_pass)
        .map(|(_, id, _)| id)
}

fn refusal(activity: Activity, evaluation: &Evaluation) -> BookRejection {
    let reasons: Vec<String> = evaluation
        .reasons
        .iter()
        .filter(|reason| reason.outcome == evaluation.outcome)
        .map(|reason| format!("{} ({}): {}", reason.rule, reason.citation, reason.because))
        .chain(
            evaluation
                .missing
                .iter()
                .map(|missing| format!("missing: {}", missing.says)),
        )
        .collect();
    BookRejection::NotPermitted {
        activity: activity.to_string(),
        outcome: evaluation.outcome.to_string(),
        reasons: reasons.join("; "),
    }
}

/// What the rules would say of a contract now, strongest first, recording nothing.
pub fn judge(
    state: &State,
    listed: &Listed,
    contract: ContractId,
    activity: Activity,
    legal_date: Date,
) -> Result<Vec<(Facts, Evaluation)>, Rejection> {
    let mut judged: Vec<(Facts, Evaluation)> =
        facts_of(state, listed, contract, activity, legal_date, None)?
            .into_iter()
            .map(|facts| {
                let evaluation = bareboat_rulebook::evaluate(&state.rulebook, &facts);
                (facts, evaluation)
            })
            .collect();
    judged.sort_by_key(|(_, evaluation)| std::cmp::Reverse(evaluation.outcome));
    Ok(judged)
}
