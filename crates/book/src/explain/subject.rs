//! What can be explained, and how people name it.

use bareboat_base::{
    AllocationId, BlockId, ContractId, DeterminationId, EntryId, Handle, HitId, InvoiceId,
    InvoiceLineId, ListSnapshotId, LotId, NodeId, NodeRef, PartyId, PurchaseOrderId, QuoteId,
    ReservationId, Table, TrancheId, TypedId, UsageId, WindDownId, label_number,
};

use crate::state::State;

/// A record that can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Subject {
    PurchaseOrder(PurchaseOrderId),
    Tranche(TrancheId),
    Node(NodeRef),
    Quote(QuoteId),
    Reservation(ReservationId),
    Allocation(AllocationId),
    Block(BlockId),
    Party(PartyId),
    Hit(HitId),
    ListSnapshot(ListSnapshotId),
    Determination(DeterminationId),
    Contract(ContractId),
    Lot(LotId),
    WindDown(WindDownId),
    Usage(UsageId),
    Invoice(InvoiceId),
    InvoiceLine(InvoiceLineId),
    Entry(EntryId),
}

/// Finds a row by its id or its label.
pub fn find_row<I, V>(table: &Table<I, V>, text: &str) -> Option<I>
where
    I: TypedId + std::str::FromStr,
    V: Clone,
{
    if let Ok(id) = text.parse::<I>() {
        return table.contains(&id).then_some(id);
    }
    let handle = Handle::from_number(label_number::<I>(text)?)?;
    table.at(handle).map(|(id, _)| *id)
}

/// Finds what a person names: by its id, or by its label (`INV-0003`, `N-OSA-000317`).
pub fn find(state: &State, text: &str) -> Option<Subject> {
    let contracts = &state.contracts;
    if let Some(node) = state.fleet.node_by_label(text) {
        return Some(Subject::Node(node.row.node));
    }
    if let Some(node) = text
        .parse::<NodeId>()
        .ok()
        .and_then(|id| state.fleet.node_by_id(id))
    {
        return Some(Subject::Node(node.row.node));
    }
    find_row(&contracts.contracts, text)
        .map(Subject::Contract)
        .or_else(|| find_row(&contracts.lots, text).map(Subject::Lot))
        .or_else(|| find_row(&contracts.wind_downs, text).map(Subject::WindDown))
        .or_else(|| find_row(&state.capacity.allocations, text).map(Subject::Allocation))
        .or_else(|| find_row(&state.capacity.blocks, text).map(Subject::Block))
        .or_else(|| find_row(&state.capacity.quotes, text).map(Subject::Quote))
        .or_else(|| find_row(&state.capacity.reservations, text).map(Subject::Reservation))
        .or_else(|| find_row(&state.rulebook.determinations, text).map(Subject::Determination))
        .or_else(|| find_row(&state.billing.invoices, text).map(Subject::Invoice))
        .or_else(|| state.billing.find_line(text).map(Subject::InvoiceLine))
        .or_else(|| find_row(&state.billing.usage, text).map(Subject::Usage))
        .or_else(|| find_row(&state.ledger.entries, text).map(Subject::Entry))
        .or_else(|| find_row(&state.parties.parties, text).map(Subject::Party))
        .or_else(|| find_row(&state.screening.hits, text).map(Subject::Hit))
        .or_else(|| find_row(&state.screening.snapshots, text).map(Subject::ListSnapshot))
        .or_else(|| find_row(&state.fleet.tranches, text).map(Subject::Tranche))
        .or_else(|| find_row(&state.fleet.orders, text).map(Subject::PurchaseOrder))
}
