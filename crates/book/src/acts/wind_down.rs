//! The steps of an approved wind-down, each in every domain it touches, and the settlement.

use bareboat_base::{
    AllocationId, ContractId, Date, Digest, Instant, Name, NodeSet, ReservationId, Text, WindDownId,
};
use bareboat_capacity as capacity;
use bareboat_contracts as contracts;
use bareboat_contracts::Step;
use bareboat_fleet as fleet;

use crate::acts::invoice;
use crate::acts::sign::{self, in_contracts, unknown_contract};
use crate::acts::supply::{in_capacity, in_fleet};
use crate::draft::Draft;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// Does the next step of an approved wind-down.
#[derive(Clone, Debug)]
pub struct DoStep {
    /// The wind-down.
    pub wind_down: WindDownId,
    /// The step; steps come in their order.
    pub step: Step,
    /// When it was done.
    pub at: Instant,
    /// SHA-256 of the document that shows it.
    pub evidence: Digest,
    /// Anything to add.
    pub note: Option<Text>,
    /// How the nodes were erased and by whom; needed for [`Step::Sanitise`] alone.
    pub erasure: Option<Erasure>,
}

/// How nodes were erased (NIST SP 800-88).
#[derive(Clone, Debug)]
pub struct Erasure {
    /// Clear or purge.
    pub method: fleet::SanitisationMethod,
    /// Who did it.
    pub performed_by: Name,
}

/// Settles a contract whose wind-down is complete: the last invoice to the day, the refund of
/// what was paid and not used, the ledger, and the contract's end.
#[derive(Clone, Copy, Debug)]
pub struct Settle {
    /// The wind-down.
    pub wind_down: WindDownId,
    /// The day that the documents and their entries bear, in a period of the ledger that is still
    /// open; today in the contract's billing zone when left out.
    pub issued_on: Option<Date>,
}

pub(crate) fn run(draft: &mut Draft, act: &DoStep) -> Result<(), Rejection> {
    let contract = contract_of(draft.state(), act.wind_down)?;
    let record = contracts::RecordWindDownStep {
        wind_down: act.wind_down,
        step: act.step,
        at: act.at,
        evidence: act.evidence,
        note: act.note.clone(),
    };
    draft.run(
        in_contracts,
        &contracts::Command::RecordWindDownStep(record),
    )?;
    match act.step {
        Step::Notice => Ok(()),
        Step::Suspend => suspend(draft, contract, act),
        Step::Drain => drain(draft, contract, act),
        Step::Sanitise => sanitise(draft, contract, act),
        Step::Return => give_back(draft, contract, act),
    }
}

fn contract_of(state: &State, wind_down: WindDownId) -> Result<ContractId, Rejection> {
    let row = state.contracts.wind_down(wind_down);
    Ok(row
        .map(|row| row.contract)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "wind-down",
            id: wind_down.to_string(),
        })?)
}

/// The live allocations of a contract with their nodes.
pub fn live_allocations(state: &State, contract: ContractId) -> Vec<(AllocationId, NodeSet)> {
    reservations(state, contract)
        .into_iter()
        .filter_map(|reservation| {
            let id = state.capacity.reservations.get(&reservation)?.allocation?;
            let row = state.capacity.allocations.get(&id)?;
            let live = row.status == capacity::AllocationStatus::Live;
            live.then(|| (id, (*row.nodes).clone()))
        })
        .collect()
}

/// Whether an allocation's nodes were handed over: those named ahead may be in another's hands.
fn is_handed_over(state: &State, allocation: AllocationId) -> bool {
    let row = state.capacity.allocations.get(&allocation);
    row.is_some_and(|row| !row.awaited)
}

fn handed_over(state: &State, contract: ContractId) -> Vec<NodeSet> {
    let live = live_allocations(state, contract).into_iter();
    let live = live.filter(|(id, _)| is_handed_over(state, *id));
    live.map(|(_, nodes)| nodes).collect()
}

fn reservations(state: &State, contract: ContractId) -> Vec<ReservationId> {
    let lots = state.contracts.lots_of(contract);
    lots.iter().filter_map(|(_, lot)| lot.reservation).collect()
}

fn suspend(draft: &mut Draft, contract: ContractId, act: &DoStep) -> Result<(), Rejection> {
    let state = draft.state();
    if state
        .contracts
        .contract(contract)
        .is_some_and(|row| row.suspension.is_some())
    {
        return Ok(());
    }
    let reason = state
        .contracts
        .wind_down(act.wind_down)
        .map(|row| row.reason.clone());
    let reason = reason.ok_or_else(|| unknown_contract(contract))?;
    let suspend = contracts::SuspendAccess {
        contract,
        at: act.at,
        reason,
    };
    draft.run(in_contracts, &contracts::Command::SuspendAccess(suspend))?;
    Ok(())
}

/// Nodes of the set in one of the phases; the rest were quarantined or retired meanwhile.
fn in_phase(state: &State, nodes: &NodeSet, wanted: fleet::Phase) -> Option<NodeSet> {
    let site = nodes.site();
    let numbers = nodes.numbers().filter(|number| {
        let node = state.fleet.node(&bareboat_base::NodeRef {
            site,
            number: *number,
        });
        node.is_some_and(|node| node.phase == wanted)
    });
    NodeSet::from_numbers(site, numbers).ok()
}

fn drain(draft: &mut Draft, contract: ContractId, act: &DoStep) -> Result<(), Rejection> {
    for nodes in handed_over(draft.state(), contract) {
        let Some(nodes) = in_phase(draft.state(), &nodes, fleet::Phase::Allocated) else {
            continue;
        };
        let reason = act.note.clone();
        let advance = fleet::AdvanceNodes {
            nodes,
            to: fleet::Phase::Sanitising,
            at: act.at,
            reason,
        };
        draft.run(in_fleet, &fleet::Command::AdvanceNodes(advance))?;
    }
    Ok(())
}

fn sanitise(draft: &mut Draft, contract: ContractId, act: &DoStep) -> Result<(), Rejection> {
    let Some(erasure) = &act.erasure else {
        let problem = "the sanitise step must say how the nodes were erased and by whom".to_owned();
        return Err(BookRejection::Inconsistent { problem }.into());
    };
    for nodes in handed_over(draft.state(), contract) {
        let Some(nodes) = in_phase(draft.state(), &nodes, fleet::Phase::Sanitising) else {
            continue;
        };
        let command = fleet::RecordSanitisation {
            nodes,
            method: erasure.method,
            performed_at: act.at,
            evidence: act.evidence,
            performed_by: erasure.performed_by.clone(),
        };
        draft.run(in_fleet, &fleet::Command::RecordSanitisation(command))?;
    }
    Ok(())
}

fn give_back(draft: &mut Draft, contract: ContractId, act: &DoStep) -> Result<(), Rejection> {
    for (allocation, nodes) in live_allocations(draft.state(), contract) {
        let phases = [fleet::Phase::Allocated, fleet::Phase::Sanitising];
        let mut phases = phases
            .into_iter()
            .filter(|_| is_handed_over(draft.state(), allocation));
        let held =
            phases.find_map(|phase| in_phase(draft.state(), &nodes, phase).map(|set| (set, phase)));
        if let Some((set, phase)) = held {
            let problem = format!(
                "{} of its nodes are still {}",
                set.count().0,
                phase.as_str()
            );
            return Err(BookRejection::Inconsistent { problem }.into());
        }
        let release = capacity::ReleaseAllocation {
            allocation,
            at: act.at,
        };
        draft.run(in_capacity, &capacity::Command::ReleaseAllocation(release))?;
    }
    for reservation in reservations(draft.state(), contract) {
        let row = draft.state().capacity.reservations.get(&reservation);
        if row.is_some_and(|row| row.status == capacity::ReservationStatus::Held) {
            let end = capacity::EndReservation {
                reservation,
                at: act.at,
            };
            draft.run(in_capacity, &capacity::Command::EndReservation(end))?;
        }
    }
    Ok(())
}

/// Whether what was paid and not used is paid back: as the regulatory right says where the
/// contract ends by it; not to a buyer who broke it; otherwise it is the buyer's.
fn refunds(state: &State, contract: ContractId, cause: contracts::Cause) -> bool {
    let row = state.contracts.contract(contract);
    let right = row.and_then(|row| row.regulatory_termination);
    match cause {
        contracts::Cause::RegulatoryChange => right.is_some_and(|right| right.refund_unearned),
        contracts::Cause::Breach => false,
        contracts::Cause::Agreement | contracts::Cause::TermEnd => true,
    }
}

pub(crate) fn settle(draft: &mut Draft, act: &Settle) -> Result<(), Rejection> {
    let contract = contract_of(draft.state(), act.wind_down)?;
    let row = draft.state().contracts.wind_down(act.wind_down);
    let (ends_on, next, cause) = row
        .map(|row| (row.ends_on, row.next_step(), row.cause))
        .ok_or_else(|| unknown_contract(contract))?;
    if let Some(step) = next {
        let step = BookRejection::StepOutOfOrder {
            step: "settlement".to_owned(),
            waiting_for: step.as_str().to_owned(),
        };
        return Err(step.into());
    }
    let today = sign::today(draft.state(), &draft.context(), contract, ends_on)?;
    let refund = refunds(draft.state(), contract, cause);
    let issued_on = act.issued_on.unwrap_or(today);
    invoice::settle(draft, contract, act.wind_down, refund, issued_on)?;
    let end = contracts::EndContract {
        contract,
        on: ends_on,
    };
    draft.run(in_contracts, &contracts::Command::EndContract(end))?;
    Ok(())
}
