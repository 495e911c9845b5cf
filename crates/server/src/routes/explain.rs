//! Why something is as it is.

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_api::explain as wire;
use bareboat_base::{
    AllocationId, BlockId, ContractId, DeterminationId, EntryId, HitId, InvoiceId, InvoiceLineId,
    ListSnapshotId, LotId, NodeId, PartyId, PurchaseOrderId, QuoteId, ReservationId, TrancheId,
    TypedId as _, UsageId, WindDownId,
};
use bareboat_book::State;
use bareboat_book::explain::{self as domain, Audience, Subject};

use super::fleet::holdings::contract_in;
use super::parties::sight::Sight;
use super::parties::veil::Veil;
use crate::{Ask, Route};

/// The routes.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/explain/{record}",
            "explain",
            "Explain a record by its id or label: what it says and what it follows from",
        )
        .needs(P::ContractsRead)
        .item(explain),
    ]
}

fn explain(ask: &Ask) -> Result<wire::Explanation, Problem> {
    let state = ask.state();
    let hidden = || {
        let detail = "there is no record with that id or label, or none that you may see";
        Problem::edge(Edge::NotFound, detail)
    };
    let subject = domain::find(state, ask.argument("record")).ok_or_else(hidden)?;
    let told = domain::explain(state, subject).ok_or_else(hidden)?;
    let reader = Reader {
        ask,
        contract: contract_of(state, subject),
        sight: Sight::of(ask),
        veil: Veil::of(ask),
    };
    reader.shown(told).ok_or_else(hidden)
}

/// What the record hangs on. Nothing of the law's, the ledger's and the fleet's own records does:
/// only who reads the whole book has them explained.
fn contract_of(state: &State, subject: Subject) -> Option<ContractId> {
    match subject {
        Subject::Contract(id) => Some(id),
        Subject::Lot(id) => state.contracts.lot(id).map(|row| row.contract),
        Subject::Quote(id) => state.capacity.quotes.get(&id).map(|row| row.contract),
        Subject::Reservation(id) => state.capacity.reservations.get(&id).map(|row| row.contract),
        Subject::Allocation(id) => state.capacity.allocations.get(&id).map(|row| row.contract),
        Subject::Block(id) => state.capacity.blocks.get(&id).map(|row| row.contract),
        Subject::Usage(id) => state.billing.usage_interval(id).map(|row| row.contract),
        Subject::Invoice(id) => state.billing.invoice(id).map(|row| row.contract),
        Subject::InvoiceLine(id) => state
            .billing
            .line(id)
            .map(|(_, invoice, _)| invoice.contract),
        Subject::WindDown(id) => state.contracts.wind_down(id).map(|row| row.contract),
        Subject::PurchaseOrder(_)
        | Subject::Tranche(_)
        | Subject::Node(_)
        | Subject::Party(_)
        | Subject::Hit(_)
        | Subject::ListSnapshot(_)
        | Subject::Determination(_)
        | Subject::Entry(_) => None,
    }
}

/// Who asks, and the contract that all of the explanation hangs on.
struct Reader<'a> {
    ask: &'a Ask,
    contract: Option<ContractId>,
    sight: Sight,
    veil: Option<Veil>,
}

impl Reader<'_> {
    /// The explanation without the records and facts that their own routes do not show the caller.
    fn shown(&self, told: domain::Explanation) -> Option<wire::Explanation> {
        let reach = self.ask.reach_of(reading(told.kind)?);
        let state = self.ask.state();
        let own = |contract| of_contracts(told.kind) && contract_in(state, &reach, contract);
        if !reach.is_book() && !self.contract.is_some_and(own) {
            return None;
        }
        let facts = told.facts.into_iter().filter(|fact| match fact.audience {
            Audience::Readers => true,
            Audience::Office => reach.is_book(),
            Audience::PartyReaders(party) => self.sight.reads(party),
        });
        let because = told.because.into_iter();
        Some(wire::Explanation {
            kind: told.kind.to_owned(),
            label: told.label,
            id: told.id,
            title: told.title,
            facts: facts
                .map(|fact| wire::Fact {
                    name: fact.name,
                    value: match &self.veil {
                        Some(veil) => veil.words(state, &fact.value),
                        None => fact.value,
                    },
                })
                .collect(),
            recorded: told.recorded.map(Into::into),
            because: because.filter_map(|below| self.shown(below)).collect(),
        })
    }
}

/// What reading a record of a kind needs at its own route.
fn reading(kind: &str) -> Option<P> {
    Some(match kind {
        ContractId::KIND | LotId::KIND | QuoteId::KIND => P::ContractsRead,
        WindDownId::KIND => P::WindDownsRead,
        ReservationId::KIND | AllocationId::KIND | BlockId::KIND => P::CapacityRead,
        UsageId::KIND => P::UsageRead,
        InvoiceId::KIND | InvoiceLineId::KIND => P::BillingRead,
        EntryId::KIND => P::LedgerRead,
        DeterminationId::KIND => P::RulebookRead,
        HitId::KIND | ListSnapshotId::KIND => P::ScreeningRead,
        PartyId::KIND => P::PartiesRead,
        NodeId::KIND => P::FleetRead,
        TrancheId::KIND | PurchaseOrderId::KIND => P::SupplyRead,
        _ => return None,
    })
}

/// Whether records of a kind are read by a contract's partner and client.
fn of_contracts(kind: &str) -> bool {
    [
        ContractId::KIND,
        LotId::KIND,
        WindDownId::KIND,
        QuoteId::KIND,
        ReservationId::KIND,
        AllocationId::KIND,
        BlockId::KIND,
        UsageId::KIND,
        InvoiceId::KIND,
        InvoiceLineId::KIND,
    ]
    .contains(&kind)
}
