//! The book's rulebooks, authorisations and determinations.

use std::collections::BTreeSet;
use std::sync::Arc;

use bareboat_base::{
    AuthorisationId, Code, ContractId, Date, DeterminationId, Digest, Name, PartyId, PrincipalId,
    Recorded, RulebookId, Table, Text,
};
use serde::{Deserialize, Serialize};

use crate::authorisation::{Authorisation, AuthorisationTerms};
use crate::facts::{Activity, Facts};
use crate::proof::Evaluation;
use crate::rule::{Condition, Outcome, Parameter, Rule};

/// What the rulebook domain knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Every adopted version.
    pub rulebooks: Table<RulebookId, Rulebook>,
    /// Every authorisation.
    pub authorisations: Table<AuthorisationId, Authorisation>,
    /// Every determination.
    pub determinations: Table<DeterminationId, Determination>,
    /// The determinations of each contract, oldest first.
    pub by_contract: Table<ContractId, Vec<DeterminationId>>,
    /// The newest determinations that each party stands in: one for a contract, activity, model
    /// and country.
    pub by_party: Table<PartyId, Vec<DeterminationId>>,
}

/// A version of a regime's rulebook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rulebook {
    /// The regime.
    pub regime: Code,
    /// The version.
    pub version: Code,
    /// The digest of the texts.
    pub text_digest: Digest,
    /// Its dated parameters.
    pub parameters: Arc<Vec<Parameter>>,
    /// Its rules.
    pub rules: Arc<Vec<Rule>>,
    /// Who signed it.
    pub signed_by: Option<Name>,
    /// From which day on it is used.
    pub effective: Date,
    /// The event that adopted it.
    pub recorded: Recorded,
}

/// One judgement of one deal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Determination {
    /// What was about to be done.
    pub activity: Activity,
    /// The contract it is about.
    pub contract: Option<ContractId>,
    /// The deal as it was judged.
    pub facts: Arc<Facts>,
    /// The judgement with its proof.
    pub evaluation: Arc<Evaluation>,
    /// What it drew from authorisations.
    pub draws: Vec<Draw>,
    /// What officers made of a referral.
    pub resolution: Option<Resolution>,
    /// The event that made it.
    pub recorded: Recorded,
}

/// What a determination takes from an authorisation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Draw {
    /// From which.
    pub authorisation: AuthorisationId,
    /// How many GPUs.
    pub quantity: u32,
}

/// What officers made of a referral.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolution {
    /// Whether to go on.
    pub proceed: bool,
    /// On what grounds.
    pub grounds: Text,
    /// The first officer, and when.
    pub resolved: Recorded,
    /// The second, and when.
    pub confirmed: Option<Recorded>,
}

impl Determination {
    /// What it says.
    pub fn outcome(&self) -> Outcome {
        self.evaluation.outcome
    }

    /// Whether the act may go on: permitted, or referred and let pass by two officers.
    pub fn lets_pass(&self) -> bool {
        match self.outcome() {
            Outcome::Permit => true,
            Outcome::Refer => self
                .resolution
                .as_ref()
                .is_some_and(|resolution| resolution.proceed && resolution.confirmed.is_some()),
            Outcome::NeedsAuthorisation | Outcome::Prohibit => false,
        }
    }

    /// Who resolved it first.
    pub fn resolved_by(&self) -> Option<PrincipalId> {
        self.resolution.as_ref().map(|r| r.resolved.by)
    }
}

/// Every regime's version that judges a deal of these two days: the one with the newest
/// `effective` day that either day has reached, the later adopted of equals; before the first
/// version, the first, since its rules carry their own history.
pub fn rulebook_in_force(
    state: &State,
    legal_date: Date,
    known_date: Date,
) -> Vec<(RulebookId, &Rulebook)> {
    let day = legal_date.max(known_date);
    let mut chosen: Vec<(RulebookId, &Rulebook)> = Vec::new();
    for (_, id, book) in state.rulebooks.iter() {
        match chosen
            .iter_mut()
            .find(|(_, other)| other.regime == book.regime)
        {
            None => chosen.push((*id, book)),
            Some(slot) => {
                let (ours, theirs) = (book.effective, slot.1.effective);
                let better = match (ours <= day, theirs <= day) {
                    (true, true) => ours >= theirs,
                    (true, false) => true,
                    (false, true) => false,
                    (false, false) => ours < theirs,
                };
                if better {
                    *slot = (*id, book);
                }
            }
        }
    }
    chosen.sort_by(|a, b| a.1.regime.cmp(&b.1.regime));
    chosen
}

/// The sets of lists for which rules of the versions in force ask whether a party is held by
/// listed parties. The caller computes one 50 % cascade for each and gives it in the facts.
pub fn ownership_sets(state: &State, legal_date: Date, known_date: Date) -> BTreeSet<Vec<Code>> {
    let mut sets = BTreeSet::new();
    for (_, book) in rulebook_in_force(state, legal_date, known_date) {
        for rule in book.rules.iter() {
            for condition in std::iter::once(&rule.when).chain(&rule.unless) {
                collect_sets(condition, &mut sets);
            }
        }
    }
    sets
}

fn collect_sets(condition: &Condition, sets: &mut BTreeSet<Vec<Code>>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                collect_sets(part, sets);
            }
        }
        Condition::Not(inner)
        | Condition::Named { meaning: inner, .. }
        | Condition::SomeParty {
            condition: inner, ..
        } => collect_sets(inner, sets),
        Condition::OwnedByListed { lists } => {
            sets.insert(lists.clone());
        }
        Condition::Always | Condition::Fact { .. } => {}
    }
}

/// The authorisations that hold on a day, as facts carry them.
pub fn authorisations_for(state: &State, on: Date) -> Vec<AuthorisationTerms> {
    state
        .authorisations
        .values()
        .filter(|row| row.terms.valid_from <= on && on <= row.terms.valid_to)
        .filter(|row| row.revoked.as_ref().is_none_or(|(from, _)| on < *from))
        .map(|row| row.terms.clone())
        .collect()
}

/// The determinations of a contract, oldest first.
pub fn determinations_of(
    state: &State,
    contract: ContractId,
) -> impl DoubleEndedIterator<Item = (DeterminationId, &Determination)> {
    state
        .by_contract
        .get(&contract)
        .into_iter()
        .flatten()
        .filter_map(|id| Some((*id, state.determinations.get(id)?)))
}

/// What a contract drew from authorisations for one model in one country.
pub fn drawn_by(
    state: &State,
    contract: ContractId,
    model: &Code,
    country: bareboat_base::Country,
) -> Vec<Draw> {
    let mut drawn: Vec<Draw> = Vec::new();
    for (_, row) in determinations_of(state, contract) {
        let item = row.facts.item.as_ref();
        let same = item.is_some_and(|item| {
            item.model.value.as_ref() == Some(model) && item.site_country.value == Some(country)
        });
        for draw in row.draws.iter().filter(|_| same) {
            let of = |row: &&mut Draw| row.authorisation == draw.authorisation;
            match drawn.iter_mut().find(of) {
                Some(row) => row.quantity = row.quantity.saturating_add(draw.quantity),
                None => drawn.push(draw.clone()),
            }
        }
    }
    drawn
}

/// The newest determination of a contract for an activity.
pub fn latest_determination(
    state: &State,
    contract: ContractId,
    activity: Activity,
) -> Option<(DeterminationId, &Determination)> {
    determinations_of(state, contract)
        .rev()
        .find(|(_, row)| row.activity == activity)
}

/// The newest determinations that a party stands in: one for a contract, activity, model and
/// country.
pub fn touching(state: &State, party: PartyId) -> &[DeterminationId] {
    state.by_party.get(&party).map_or(&[], Vec::as_slice)
}
