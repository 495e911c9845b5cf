//! Judging one condition: its truth, and the steps that truth follows from.

use bareboat_base::{Code, Share, Text};

use crate::facts::{ChainParty, Fact, Facts, Held, Parent, Source};
use crate::logic::Truth;
use crate::proof::{FactUsed, Missing, Step, StepKind};
use crate::rule::{Condition, Constant, Operand, Parameter, Subject, Test};
use crate::value::{Decimal, Value};

/// A text put together here; too long a one is cut rather than refused.
pub(crate) fn text(words: &str) -> Text {
    let cut: String = words
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(2000)
        .collect();
    Text::new(&cut).unwrap_or_else(|_| Text::new("(nothing to say)").expect("a fixed text"))
}

/// What one rulebook's conditions are judged against.
pub(crate) struct Judge<'a> {
    pub facts: &'a Facts,
    pub parameters: &'a [Parameter],
}

impl Judge<'_> {
    /// The condition's truth with what it follows from. `party` is the one `some party` looks at.
    pub fn step(&self, condition: &Condition, party: Option<&ChainParty>) -> Step {
        match condition {
            Condition::Always => leaf(Truth::Yes, StepKind::Always),
            Condition::All(parts) => self.all(parts, party),
            Condition::Any(parts) => self.any(parts, party),
            Condition::Not(inner) => {
                let inner = self.step(inner, party);
                Step {
                    truth: inner.truth.negate(),
                    kind: StepKind::Not,
                    from: vec![inner],
                }
            }
            Condition::Named { name, meaning } => {
                let inner = self.step(meaning, party);
                Step {
                    truth: inner.truth,
                    kind: StepKind::Named(name.clone()),
                    from: vec![inner],
                }
            }
            Condition::SomeParty { roles, condition } => self.some_party(roles, condition),
            Condition::Fact { subject, test } => self.fact(*subject, test, party),
            Condition::OwnedByListed { lists } => owned_by_listed(lists, party),
        }
    }

    /// One *no* settles it, and is all that is kept.
    fn all(&self, parts: &[Condition], party: Option<&ChainParty>) -> Step {
        let mut from = Vec::with_capacity(parts.len());
        let mut truth = Truth::Yes;
        for part in parts {
            let step = self.step(part, party);
            if step.truth == Truth::No {
                return branch(Truth::No, StepKind::All, vec![step]);
            }
            truth = truth.and(step.truth);
            from.push(step);
        }
        branch(truth, StepKind::All, from)
    }

    /// A *yes* settles it, and only what says yes is kept; all of it, so that every missing fact
    /// is named where a rule asks for missing facts.
    fn any(&self, parts: &[Condition], party: Option<&ChainParty>) -> Step {
        let mut from: Vec<Step> = parts.iter().map(|part| self.step(part, party)).collect();
        let truth = from
            .iter()
            .fold(Truth::No, |truth, step| truth.or(step.truth));
        if truth == Truth::Yes {
            from.retain(|step| step.truth == Truth::Yes);
        }
        branch(truth, StepKind::Any, from)
    }

    /// Every party is looked at, also after the first *yes*: an authorisation must cover them
    /// all, those about whom too little is known included.
    fn some_party(&self, roles: &[crate::facts::Role], condition: &Condition) -> Step {
        let mut truth = Truth::No;
        let mut from = Vec::new();
        for party in &self.facts.chain {
            if !roles.is_empty() && !roles.contains(&party.role) {
                continue;
            }
            let inner = self.step(condition, Some(party));
            truth = truth.or(inner.truth);
            let kind = StepKind::Party {
                role: party.role,
                party: party.party,
                label: party.label.clone(),
            };
            from.push(branch(inner.truth, kind, vec![inner]));
        }
        if truth != Truth::No {
            from.retain(|step| step.truth != Truth::No);
        }
        branch(truth, StepKind::SomeParty, from)
    }

    fn fact(&self, subject: Subject, test: &Test, party: Option<&ChainParty>) -> Step {
        let (mut value, mut source) = self.value(subject, party);
        let known = |value: &Option<Value>| match (value, test) {
            (value, Test::Unknown) => value.is_none().into(),
            (None, _) => Truth::Unknown,
            (Some(value), test) => self.passes(value, test),
        };
        let mut truth = known(&value);
        // One list that names a party says nothing of the others.
        if subject == Subject::PartyListings && truth == Truth::No {
            let unclear = party.map_or(&[][..], |party| &party.unclear);
            let asked = unclear.iter().filter(|row| self.asks(test, &row.list));
            let because: Vec<&str> = asked.map(|row| row.because.as_str()).collect();
            if !because.is_empty() {
                (value, source) = (None, Source::named(text(&because.join("; "))));
                truth = known(&value);
            }
        }
        let used = FactUsed {
            fact: text(subject.as_str()),
            value,
            source,
            test: text(&self.test_in_words(test)),
        };
        leaf(truth, StepKind::Fact(used))
    }

    fn passes(&self, value: &Value, test: &Test) -> Truth {
        if *value == Value::Nothing {
            return Truth::No;
        }
        match test {
            Test::AtLeast(operand) => match (value, self.constant(operand)) {
                (Value::Number(ours), Some(Constant::Number(limit))) => (ours >= limit).into(),
                _ => Truth::Unknown,
            },
            Test::Below(operand) => match (value, self.constant(operand)) {
                (Value::Number(ours), Some(Constant::Number(limit))) => (ours < limit).into(),
                _ => Truth::Unknown,
            },
            Test::In(operand) => match (value, self.constant(operand)) {
                (Value::Country(ours), Some(Constant::Countries(set))) => set.contains(ours).into(),
                (Value::Word(ours), Some(Constant::Words(set))) => set.contains(ours).into(),
                (Value::Words(ours), Some(Constant::Words(set))) => {
                    ours.iter().any(|word| set.contains(word)).into()
                }
                _ => Truth::Unknown,
            },
            Test::Is(wanted) => match value {
                Value::Flag(ours) => (ours == wanted).into(),
                _ => Truth::Unknown,
            },
            Test::Unknown => Truth::No,
        }
    }

    /// Whether a test of listings hangs on what a list says.
    fn asks(&self, test: &Test, list: &Code) -> bool {
        match test {
            Test::In(operand) => match self.constant(operand) {
                Some(Constant::Words(lists)) => lists.contains(list),
                _ => true,
            },
            _ => true,
        }
    }

    fn constant<'b>(&'b self, operand: &'b Operand) -> Option<&'b Constant> {
        match operand {
            Operand::Constant(constant) => Some(constant),
            Operand::Parameter(id) => self.parameter(id).map(|value| &value.value),
        }
    }

    /// A parameter's value on the legal date, as known on the known date.
    fn parameter(&self, id: &Code) -> Option<&crate::rule::ParameterValue> {
        let parameter = self.parameters.iter().find(|p| p.id == *id)?;
        parameter.history.iter().rev().find(|value| {
            value.from <= self.facts.legal_date && value.published_on <= self.facts.known_date
        })
    }

    fn test_in_words(&self, test: &Test) -> String {
        let operand = |operand: &Operand| match operand {
            Operand::Constant(constant) => constant.to_string(),
            Operand::Parameter(id) => match self.parameter(id) {
                Some(value) => match &value.value {
                    Constant::Number(number) => format!("{id} ({number} since {})", value.from),
                    _ => format!("{id} (as it stands since {})", value.from),
                },
                None => format!("{id} (no value on {})", self.facts.legal_date),
            },
        };
        match test {
            Test::AtLeast(limit) => format!(">= {}", operand(limit)),
            Test::Below(limit) => format!("< {}", operand(limit)),
            Test::In(set) => format!("in {}", operand(set)),
            Test::Is(wanted) => format!("is {wanted}"),
            Test::Unknown => "is unknown".to_owned(),
        }
    }

    fn value(&self, subject: Subject, party: Option<&ChainParty>) -> (Option<Value>, Source) {
        let facts = self.facts;
        let usage = &facts.usage;
        match subject {
            Subject::EarActivity => read(&facts.ear_activity, |a| {
                Value::Word(Code::new(a.as_str()).expect("an activity's word is a code"))
            }),
            Subject::FromCountry => read(&facts.from_country, |c| Value::Country(*c)),
            Subject::Quantity => read(&facts.quantity, |n| Value::Number(Decimal::whole(*n))),
            Subject::UsePurpose => read(&usage.purpose, |word| Value::Word(word.clone())),
            Subject::UseWmd => read(&usage.wmd, |f| Value::Flag(*f)),
            Subject::UseMilitaryIntelligence => {
                read(&usage.military_intelligence, |f| Value::Flag(*f))
            }
            Subject::UseTrainingForD5Party => {
                read(&usage.training_for_d5_party, |f| Value::Flag(*f))
            }
            Subject::UseDiversion => read(&usage.diversion, |f| Value::Flag(*f)),
            Subject::ItemModel
            | Subject::ItemTpp
            | Subject::ItemPerformanceDensity
            | Subject::ItemDramGbps
            | Subject::ItemEccn
            | Subject::ItemSiteCountry => self.item_value(subject),
            Subject::PartyDomicile
            | Subject::PartyHeadquarters
            | Subject::PartyUltimateParent
            | Subject::PartyListings => match party {
                Some(party) => party_value(subject, party),
                None => (None, Source::named(text("no party is being looked at"))),
            },
        }
    }

    fn item_value(&self, subject: Subject) -> (Option<Value>, Source) {
        let Some(item) = &self.facts.item else {
            // An investment has no item; anything else without one is incomplete.
            let value = (self.facts.activity == crate::Activity::Invest).then_some(Value::Nothing);
            return (value, Source::named(text("the deal names no item")));
        };
        match subject {
            Subject::ItemModel => read(&item.model, |code| Value::Word(code.clone())),
            Subject::ItemTpp => read(&item.tpp, |n| Value::Number(Decimal::whole(*n))),
            Subject::ItemPerformanceDensity => read(&item.performance_density_centi, |n| {
                Value::Number(Decimal::hundredths(*n))
            }),
            Subject::ItemDramGbps => read(&item.dram_gbps, |n| Value::Number(Decimal::whole(*n))),
            Subject::ItemEccn => read(&item.eccn, |code| Value::Word(code.clone())),
            _ => read(&item.site_country, |c| Value::Country(*c)),
        }
    }
}

fn party_value(subject: Subject, party: &ChainParty) -> (Option<Value>, Source) {
    match subject {
        Subject::PartyDomicile => read(&party.domicile, |c| Value::Country(*c)),
        Subject::PartyHeadquarters => read(&party.headquarters, |c| Value::Country(*c)),
        Subject::PartyUltimateParent => {
            let fact = &party.ultimate_parent;
            let value = match &fact.value {
                Some(Parent::NoneAbove) => Some(Value::Nothing),
                Some(Parent::Party { headquarters, .. }) => headquarters.map(Value::Country),
                None => None,
            };
            (value, fact.source.clone())
        }
        _ => read(&party.listings, |listings| {
            if listings.is_empty() {
                Value::Nothing
            } else {
                Value::Words(listings.iter().map(|l| l.list.clone()).collect())
            }
        }),
    }
}

fn owned_by_listed(lists: &[Code], party: Option<&ChainParty>) -> Step {
    let found = party.and_then(|party| {
        party
            .owned_by_listed
            .iter()
            .find(|row| row.lists == lists && row.threshold == Share::HALF)
    });
    let (truth, value, source) = match found {
        None => (
            Truth::Unknown,
            None,
            Source::named(text("no cascade over these lists was given")),
        ),
        Some(row) => match &row.held.value {
            None => (Truth::Unknown, None, row.held.source.clone()),
            Some(Held::No) => (Truth::No, Some(Value::Flag(false)), row.held.source.clone()),
            Some(Held::Yes { path, .. }) => {
                let mut source = row.held.source.clone();
                source.what = text(&format!("{}: {path}", source.what));
                (Truth::Yes, Some(Value::Flag(true)), source)
            }
        },
    };
    let names: Vec<_> = lists.iter().map(Code::as_str).collect();
    let used = FactUsed {
        fact: text("party.owned_by_listed"),
        value,
        source,
        test: text(&format!(
            "at least 50% held, in aggregate, by parties on [{}]",
            names.join(", ")
        )),
    };
    leaf(truth, StepKind::Fact(used))
}

fn read<T>(fact: &Fact<T>, value: impl Fn(&T) -> Value) -> (Option<Value>, Source) {
    (fact.value.as_ref().map(value), fact.source.clone())
}

fn leaf(truth: Truth, kind: StepKind) -> Step {
    branch(truth, kind, Vec::new())
}

fn branch(truth: Truth, kind: StepKind, from: Vec<Step>) -> Step {
    Step { truth, kind, from }
}

/// The facts that are not known and on which the step hangs.
pub(crate) fn missing(step: &Step, facts: &Facts, into: &mut Vec<Missing>) {
    walk(step, None, facts, into);
}

fn walk(
    step: &Step,
    party: Option<bareboat_base::PartyId>,
    facts: &Facts,
    into: &mut Vec<Missing>,
) {
    let party = match &step.kind {
        StepKind::Party { party, .. } => Some(*party),
        StepKind::Fact(used) if used.value.is_none() => {
            into.push(missing_fact(used, party, facts));
            return;
        }
        _ => party,
    };
    for child in &step.from {
        walk(child, party, facts, into);
    }
}

fn missing_fact(used: &FactUsed, party: Option<bareboat_base::PartyId>, facts: &Facts) -> Missing {
    let whose = party
        .and_then(|id| facts.chain.iter().find(|row| row.party == id))
        .map(|row| format!(" of {} ({})", row.label, row.role))
        .unwrap_or_default();
    Missing {
        fact: used.fact.clone(),
        party,
        says: text(&format!(
            "{}{whose} is not known (looked for in: {})",
            used.fact, used.source.what
        )),
    }
}

/// The parties through whom a condition holds or may hold: those an authorisation must name.
pub(crate) fn triggers(step: &Step, into: &mut Vec<bareboat_base::PartyId>) {
    match &step.kind {
        StepKind::Not => {}
        StepKind::Party { party, .. } => {
            if step.truth != Truth::No && !into.contains(party) {
                into.push(*party);
            }
        }
        _ => {
            for child in &step.from {
                triggers(child, into);
            }
        }
    }
}
