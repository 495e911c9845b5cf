//! What the book wrote down of sealed ownership, kept from those who may not open it. An interest
//! that touches a sealed party inherits its seal, so whoever may not read it there is not told of
//! it by an event, a determination or a refusal either.

use std::collections::BTreeSet;

use bareboat_access::Visibility;
use bareboat_access::{Permission as P, reach};
use bareboat_api::Problem;
use bareboat_base::{InterestId, PartyId, PrincipalId};
use bareboat_book::State;
use bareboat_rulebook::{Determination, Evaluation, Missing};
use serde_json::{Value, json};

use super::sight::Sight;
use crate::{Ask, respond};

/// What stands in the place of what is kept back.
const WITHHELD: &str = "withheld: it tells who owns a sealed party";

/// Facts that are found by walking interests.
const OF_OWNERS: [&str; 2] = ["party.ultimate_parent", "party.owned_by_listed"];

/// Where a missing fact's words begin to say what was found on the way.
const FOUND: &str = " is not known (looked for in: ";

/// Before each missing fact in a refusal.
const MISSING: &str = "missing: ";

/// Over what a caller reads who may not open sealed parties everywhere. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Veil {
    sight: Sight,
}

impl Veil {
    /// The caller's; none for who may open every party.
    pub(crate) fn of(ask: &Ask) -> Option<Self> {
        let opens = ask.reach_of(P::PartiesOpen);
        Self::over(opens, || Sight::of(ask))
    }

    /// A principal's, whatever it is asking for.
    pub(crate) fn of_principal(state: &State, principal: PrincipalId) -> Option<Self> {
        let part = |permission| reach(&state.access, principal, permission);
        Self::over(part(P::PartiesOpen), || Sight::within(state, part))
    }

    fn over(opens: Visibility, sight: impl FnOnce() -> Sight) -> Option<Self> {
        (!opens.is_book()).then(|| Self { sight: sight() })
    }

    /// Whether an interest above the party, or the party itself, is sealed to the caller.
    fn covers(&self, state: &State, party: PartyId) -> bool {
        let all = &state.parties;
        let mut seen = BTreeSet::from([party]);
        let mut queue = vec![party];
        while let Some(next) = queue.pop() {
            let Some(row) = all.party(next) else {
                return true;
            };
            if row.is_sealed() && !self.sight.opens(next) {
                return true;
            }
            let owners = row.owner_interests.iter();
            let owners = owners.filter_map(|id| Some(all.interest(*id)?.facts.owner));
            queue.extend(owners.filter(|owner| seen.insert(*owner)));
        }
        false
    }

    fn covers_interest(&self, state: &State, data: &Value) -> bool {
        let id = data["interest"].as_str();
        let id = id.and_then(|text| text.parse::<InterestId>().ok());
        let row = id.and_then(|id| state.parties.interest(id));
        row.is_none_or(|row| !self.sight.interest(&state.parties, row))
    }

    /// An event as the caller may read it.
    pub(crate) fn event(&self, state: &State, event: &mut Value) {
        match event["type"].as_str() {
            Some("parties.interest_recorded" | "parties.interest_ended")
                if self.covers_interest(state, &event["data"]) =>
            {
                event["data"] = json!({ "withheld": WITHHELD });
            }
            Some("rulebook.determination_made") => self.judged(state, &mut event["data"], None),
            _ => {}
        }
    }

    /// A determination as the caller may read it.
    pub(crate) fn determination(
        &self,
        state: &State,
        row: &Determination,
    ) -> Result<Determination, Problem> {
        Ok(Determination {
            evaluation: self.evaluation(state, &row.evaluation)?.into(),
            ..row.clone()
        })
    }

    /// An evaluation as the caller may read it.
    pub(crate) fn evaluation(
        &self,
        state: &State,
        evaluation: &Evaluation,
    ) -> Result<Evaluation, Problem> {
        let failed = |error: serde_json::Error| respond::internal(&error);
        let mut judged = serde_json::to_value(evaluation).map_err(failed)?;
        self.judged(state, &mut judged, None);
        serde_json::from_value(judged).map_err(failed)
    }

    /// What is missing, in words.
    pub(crate) fn missing(&self, state: &State, missing: &Missing) -> String {
        let says = missing.says.as_str();
        let covered = missing.party.is_some_and(|party| self.covers(state, party));
        if covered && of_owners(missing.fact.as_str()) {
            cut(says)
        } else {
            says.to_owned()
        }
    }

    /// Words of the book that may hold missing facts: a refusal, a line of an explanation.
    pub(crate) fn words(&self, state: &State, words: &str) -> String {
        let parts = words.split(MISSING).map(|part| {
            if of_owners(part) && self.covers_named(state, part) {
                let more = if part.ends_with("; ") { "; " } else { "" };
                cut(part) + more
            } else {
                part.to_owned()
            }
        });
        parts.collect::<Vec<_>>().join(MISSING)
    }

    /// Whether the party is covered that a missing fact's words name; one that cannot be told
    /// is.
    fn covers_named(&self, state: &State, says: &str) -> bool {
        let named = says.split_once(FOUND).and_then(|(before, _)| {
            let (_, whose) = before.split_once(" of ")?;
            Some(whose.rsplit_once(" (")?.0)
        });
        let Some(named) = named else { return true };
        let parties = state.parties.parties.iter();
        let mut of_that_name = parties
            .filter(|(_, _, row)| row.facts.name.open().is_some_and(|n| n.as_str() == named))
            .map(|(_, id, _)| *id)
            .peekable();
        of_that_name.peek().is_none() || of_that_name.any(|id| self.covers(state, id))
    }

    /// Facts and steps of a judgement, wherever they are. `whose`: the party that they are about.
    fn judged(&self, state: &State, value: &mut Value, whose: Option<PartyId>) {
        let fields = match value {
            Value::Array(parts) => {
                for part in parts {
                    self.judged(state, part, whose);
                }
                return;
            }
            Value::Object(fields) => fields,
            _ => return,
        };
        let id = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
        let named = fields.get("party").and_then(id);
        let of_step = fields
            .get("kind")
            .and_then(|kind| id(&kind["party"]["party"]));
        let whose = named.or(of_step).or(whose);
        let covered = || whose.is_none_or(|party| self.covers(state, party));
        let fact = fields.get("fact").and_then(Value::as_str);
        if fact.is_some_and(of_owners) && covered() {
            if let Some(Value::String(says)) = fields.get_mut("says") {
                *says = cut(says);
            }
            if fields.contains_key("source") {
                withhold(fields);
            }
        }
        for (name, part) in fields.iter_mut() {
            match (name.as_str(), part) {
                ("ultimate_parent" | "held", Value::Object(fact)) if covered() => withhold(fact),
                (_, part) => self.judged(state, part, whose),
            }
        }
    }
}

fn of_owners(words: &str) -> bool {
    OF_OWNERS.iter().any(|fact| words.starts_with(fact))
}

/// A missing fact's words without what was found on the way.
fn cut(says: &str) -> String {
    match says.split_once(FOUND) {
        Some((whose, _)) => format!("{whose} is not known ({WITHHELD})"),
        None => WITHHELD.to_owned(),
    }
}

/// A fact without its value and its source.
fn withhold(fact: &mut serde_json::Map<String, Value>) {
    fact.insert("value".to_owned(), Value::Null);
    let source = json!({
        "what": WITHHELD, "digest": null, "position": null, "recorded_at": null,
    });
    fact.insert("source".to_owned(), source);
}
