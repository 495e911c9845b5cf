//! What billing is told of a contract.

use bareboat_base::ContractId;
use bareboat_billing as billing;
use bareboat_contracts as contracts;

use crate::acts::sign::{amount, time, unknown_contract};
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// The terms of a signed contract as billing needs them.
pub fn terms_of(state: &State, contract: ContractId) -> Result<billing::Terms, Rejection> {
    let row = state
        .contracts
        .contract(contract)
        .ok_or_else(|| unknown_contract(contract))?;
    let segments =
        state
            .contracts
            .segments(contract)
            .ok_or_else(|| BookRejection::Inconsistent {
                problem: format!("contract {} is not signed", row.reference),
            })?;
    let segments = segments.map_err(|error| amount(&error))?;
    let prepayment = match row.prepayment {
        // What was left of it was paid back or kept when the contract was settled.
        _ if row.status == contracts::Status::Ended => None,
        None => None,
        Some(prepayment) => {
            let missing = || unknown_contract(contract);
            let committed = state.contracts.committed(contract).ok_or_else(missing)?;
            let paid = state.contracts.prepayment(contract).ok_or_else(missing)?;
            let credited = state
                .contracts
                .credit_window(contract)
                .ok_or_else(missing)?;
            Some(billing::PrepaymentTerms {
                committed: committed.map_err(|error| amount(&error))?,
                share: prepayment.share,
                amount: paid.map_err(|error| amount(&error))?,
                credited: credited.map_err(|error| time(&error))?,
            })
        }
    };
    Ok(billing::Terms {
        contract,
        currency: row.currency,
        billing_zone: row.billing_zone.clone(),
        segments: segments.into_iter().map(segment).collect(),
        take_or_pay: row.take_or_pay,
        prepayment,
        // A plan that is not approved yet ends nothing.
        ends_on: match row.status {
            contracts::Status::Terminating | contracts::Status::Ended => {
                state.contracts.end_date(contract)
            }
            _ => None,
        },
    })
}

fn segment(segment: contracts::Segment) -> billing::Segment {
    billing::Segment {
        lot: segment.lot,
        gpus: segment.gpus,
        gpus_per_node: segment.gpus_per_node,
        dates: segment.dates,
        instants: segment.instants,
        price: match segment.price {
            contracts::SegmentPrice::Total(total) => billing::SegmentPrice::Total(total),
            contracts::SegmentPrice::PerGpuHour(price) => billing::SegmentPrice::PerGpuHour(price),
        },
    }
}
