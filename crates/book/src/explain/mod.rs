//! Why something is as it is: from any record back to what it follows from.
//!
//! An invoice line leads to its contract, usage, price and ledger entries; an allocation to its
//! determination and citations; each with the event that recorded it. Sealed values are never in
//! an explanation.

use bareboat_base::{PartyId, Recorded, TypedId};

use crate::state::State;

mod deals;
mod law;
mod money;
mod subject;
mod things;

pub use subject::{Subject, find};

/// How deep an explanation goes before it only names what is below.
const DEPTH: u32 = 6;

/// One record, what it says, and what it follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The kind of record: `allocation`.
    pub kind: &'static str,
    /// Its label: `A-0003`.
    pub label: String,
    /// Its id.
    pub id: String,
    /// What it is, in a line.
    pub title: String,
    /// What it says, in order.
    pub facts: Vec<Fact>,
    /// The event that recorded it.
    pub recorded: Option<Recorded>,
    /// What it follows from.
    pub because: Vec<Explanation>,
}

/// Something that a record says.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is: `price`.
    pub name: String,
    /// What it says.
    pub value: String,
    /// Who may read it.
    pub audience: Audience,
}

/// Who may read a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Who may read the record.
    Readers,
    /// Of these, the operator's own people.
    Office,
    /// Of these, who may read the party that it names.
    PartyReaders(PartyId),
}

impl Explanation {
    fn new<I: TypedId>(id: I, label: String, title: impl Into<String>) -> Self {
        Self {
            kind: I::KIND,
            label,
            id: id.uuid().hyphenated().to_string(),
            title: title.into(),
            facts: Vec::new(),
            recorded: None,
            because: Vec::new(),
        }
    }

    fn fact(self, name: &str, value: impl std::fmt::Display) -> Self {
        self.fact_for(Audience::Readers, name, value)
    }

    fn fact_for(mut self, audience: Audience, name: &str, value: impl std::fmt::Display) -> Self {
        self.facts.push(Fact {
            name: name.to_owned(),
            value: value.to_string(),
            audience,
        });
        self
    }

    fn recorded(mut self, recorded: Recorded) -> Self {
        self.recorded = Some(recorded);
        self
    }

    fn because(mut self, reason: Option<Explanation>) -> Self {
        self.because.extend(reason);
        self
    }

    fn because_all(mut self, reasons: impl IntoIterator<Item = Explanation>) -> Self {
        self.because.extend(reasons);
        self
    }
}

/// Explains a record of the book; `None` when there is none.
pub fn explain(state: &State, subject: Subject) -> Option<Explanation> {
    Explainer { state }.of(subject, DEPTH)
}

struct Explainer<'a> {
    state: &'a State,
}

impl Explainer<'_> {
    fn of(&self, subject: Subject, depth: u32) -> Option<Explanation> {
        let depth = depth.checked_sub(1)?;
        match subject {
            Subject::PurchaseOrder(id) => self.purchase_order(id),
            Subject::Tranche(id) => self.tranche(id, depth),
            Subject::Node(node) => self.node(node, depth),
            Subject::Quote(id) => self.quote(id, depth),
            Subject::Reservation(id) => self.reservation(id, depth),
            Subject::Allocation(id) => self.allocation(id, depth),
            Subject::Block(id) => self.block(id, depth),
            Subject::Party(id) => self.party(id),
            Subject::Hit(id) => self.hit(id, depth),
            Subject::ListSnapshot(id) => self.list_snapshot(id),
            Subject::Determination(id) => self.determination(id),
            Subject::Contract(id) => self.contract(id, depth),
            Subject::Lot(id) => self.lot(id, depth),
            Subject::WindDown(id) => self.wind_down(id, depth),
            Subject::Usage(id) => self.usage(id, depth),
            Subject::Invoice(id) => self.invoice(id, depth),
            Subject::InvoiceLine(id) => self.invoice_line(id, depth),
            Subject::Entry(id) => self.entry(id, depth),
        }
    }
}

/// The label of a row: its kind's prefix and its number.
fn label_of<I, V>(table: &bareboat_base::Table<I, V>, id: I) -> String
where
    I: TypedId,
    V: Clone,
{
    match table.handle(&id) {
        Some(handle) => bareboat_base::label::<I>(handle.number()),
        None => id.uuid().hyphenated().to_string(),
    }
}
