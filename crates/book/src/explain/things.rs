//! Where nodes come from and whose they are.

use bareboat_base::{
    AllocationId, BlockId, ContractId, DeterminationId, NodeRef, Position, PurchaseOrderId,
    QuoteId, ReservationId, TrancheId,
};
use bareboat_rulebook::Activity;

use super::{Explainer, Explanation, Subject, label_of};

impl Explainer<'_> {
    pub(super) fn purchase_order(&self, id: PurchaseOrderId) -> Option<Explanation> {
        let fleet = &self.state.fleet;
        let row = fleet.orders.get(&id)?;
        let told = Explanation::new(
            id,
            label_of(&fleet.orders, id),
            format!("order {}", row.reference),
        )
        .fact("supplier", &row.supplier)
        .fact("nodes", row.nodes.0)
        .fact("price", format!("{:#}", row.price))
        .fact("placed on", row.placed_on)
        .recorded(row.recorded);
        Some(told)
    }

    pub(super) fn tranche(&self, id: TrancheId, depth: u32) -> Option<Explanation> {
        let fleet = &self.state.fleet;
        let row = fleet.tranches.get(&id)?;
        let mut told = Explanation::new(
            id,
            label_of(&fleet.tranches, id),
            format!("{} nodes due {}", row.nodes.0, row.due_on),
        )
        .fact("received", row.received.0)
        .recorded(row.recorded);
        for slip in row.slips.iter() {
            told = told.fact(
                "slipped",
                format!(
                    "from {} to {}: {}",
                    slip.old_due_on, slip.new_due_on, slip.reason
                ),
            );
        }
        Some(told.because(self.of(Subject::PurchaseOrder(row.order), depth)))
    }

    pub(super) fn node(&self, node: NodeRef, depth: u32) -> Option<Explanation> {
        let fleet = &self.state.fleet;
        let view = fleet.node(&node)?;
        let label = fleet.label_of(&node)?;
        let told = Explanation::new(
            view.row.id,
            label,
            format!("node {}", view.row.facts.serial),
        )
        .fact(
            "phase",
            format!("{} since {}", view.phase.as_str(), view.phase_since),
        )
        .fact("rack", &view.row.facts.rack)
        .fact("leaf", view.row.facts.leaf)
        .fact("spine group", view.row.facts.spine_group)
        .recorded(view.row.recorded);
        let tranche = fleet
            .receipts
            .get(&view.row.receipt)
            .map(|receipt| receipt.tranche);
        let allocation = self.holder(node);
        Some(
            told.because(allocation.and_then(|id| self.of(Subject::Allocation(id), depth)))
                .because(tranche.and_then(|id| self.of(Subject::Tranche(id), depth))),
        )
    }

    fn holder(&self, node: NodeRef) -> Option<AllocationId> {
        let live = |row: &bareboat_capacity::Allocation| {
            row.status == bareboat_capacity::AllocationStatus::Live
                && row.nodes.site() == node.site
                && row.nodes.contains(node.number)
        };
        let found = self
            .state
            .capacity
            .allocations
            .iter()
            .find(|(_, _, row)| live(row));
        found.map(|(_, id, _)| *id)
    }

    pub(super) fn block(&self, id: BlockId, depth: u32) -> Option<Explanation> {
        let row = self.state.capacity.blocks.get(&id)?;
        let within = row.within.as_str();
        let mut told = Explanation::new(
            id,
            label_of(&self.state.capacity.blocks, id),
            format!("{} nodes together within a {within}", row.nodes.count().0),
        )
        .fact("purpose", &row.purpose)
        .fact("nodes", row.nodes.as_ref())
        .fact("from", row.from)
        .fact("until", self.state.capacity.block_ends_at(row))
        .recorded(row.recorded);
        for replaced in row.replaced.iter() {
            let (node, spare, at) = (replaced.node, replaced.spare, replaced.at);
            told = told.fact("replaced", format!("{node} by {spare}, {at}"));
        }
        Some(told.because(self.of(Subject::Allocation(row.allocation), depth)))
    }

    pub(super) fn quote(&self, id: QuoteId, depth: u32) -> Option<Explanation> {
        let row = self.state.capacity.quotes.get(&id)?;
        let now = self.state.recorded_at?;
        let nodes: u32 = row.holds.iter().map(|hold| hold.nodes.0).sum();
        let told = Explanation::new(
            id,
            label_of(&self.state.capacity.quotes, id),
            format!("{nodes} nodes offered until {}", row.expires_at),
        )
        .fact("status", row.status_at(now).as_str())
        .fact("price per GPU-hour", row.price)
        .recorded(row.recorded);
        let made = self.determination_before(row.contract, Activity::Quote, row.recorded.position);
        let made = made.and_then(|id| self.of(Subject::Determination(id), depth));
        Some(
            told.because(made)
                .because(self.of(Subject::Contract(row.contract), depth)),
        )
    }

    /// The determination that an act recorded just before what it did.
    fn determination_before(
        &self,
        contract: ContractId,
        activity: Activity,
        position: Position,
    ) -> Option<DeterminationId> {
        bareboat_rulebook::determinations_of(&self.state.rulebook, contract)
            .rev()
            .filter(|(_, made)| made.activity == activity)
            .find(|(_, made)| made.recorded.position < position)
            .map(|(id, _)| id)
    }

    pub(super) fn reservation(&self, id: ReservationId, depth: u32) -> Option<Explanation> {
        let row = self.state.capacity.reservations.get(&id)?;
        let label = label_of(&self.state.capacity.reservations, id);
        let mut told = Explanation::new(
            id,
            label,
            format!("{} nodes held {}", row.nodes.0, row.window),
        )
        .fact("nodes", row.nodes.0)
        .fact("window", row.window)
        .recorded(row.recorded);
        if let Some(option) = row.option {
            told = told.fact("option hold", option);
        }
        Some(told.because(self.of(Subject::Lot(row.lot), depth)))
    }

    pub(super) fn allocation(&self, id: AllocationId, depth: u32) -> Option<Explanation> {
        let row = self.state.capacity.allocations.get(&id)?;
        let label = label_of(&self.state.capacity.allocations, id);
        let site = self
            .state
            .fleet
            .sites
            .get(&row.nodes.site())
            .map_or_else(String::new, |s| s.code.to_string());
        let mut told = Explanation::new(
            id,
            label,
            format!("{} nodes at {site}", row.nodes.count().0),
        )
        .fact("nodes", format!("{site} {}", row.nodes))
        .fact("window", row.window)
        .recorded(row.recorded);
        if let bareboat_capacity::AllocationStatus::Released { at } = row.status {
            told = told.fact("released", at);
        }
        for replaced in row.replaced.iter() {
            let (node, spare) = (replaced.node, replaced.spare);
            let near = replaced.near.as_str();
            let says = format!(
                "{site} {node} by {spare}, nearest in {near}, {}",
                replaced.at
            );
            told = told.fact("replaced", says);
        }
        let position = row.recorded.position;
        let made = self.determination_before(row.contract, Activity::Allocate, position);
        Some(
            told.because(made.and_then(|id| self.of(Subject::Determination(id), depth)))
                .because(self.of(Subject::Reservation(row.reservation), depth)),
        )
    }
}
