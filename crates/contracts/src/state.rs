//! The fold of contract events, and what can be asked of it.

use bareboat_base::{
    Code, ContractId, Date, DateWindow, Digest, LotId, MicroPrice, Money, Rounding, Share, Table,
    WindDownId, Window, money::MoneyError, time::TimeError,
};
use serde::{Deserialize, Serialize};

use crate::model::{Contract, Lot, Price, Segment, SegmentPrice, Status, WindDown, WindDownStatus};

/// Every contract, lot and wind-down.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Contracts, in order of drafting (`C-0001` is the first).
    pub contracts: Table<ContractId, Contract>,
    /// Lots, in order of drafting.
    pub lots: Table<LotId, Lot>,
    /// Wind-downs, in order of planning.
    pub wind_downs: Table<WindDownId, WindDown>,
    /// Contracts by the SHA-256 of their reference.
    pub(crate) references: Table<Digest, ContractId>,
}

pub(crate) fn reference_key(reference: &Code) -> Digest {
    Digest::of(&[reference.as_str().as_bytes()])
}

impl State {
    /// The contract.
    pub fn contract(&self, contract: ContractId) -> Option<&Contract> {
        self.contracts.get(&contract)
    }

    /// The lot.
    pub fn lot(&self, lot: LotId) -> Option<&Lot> {
        self.lots.get(&lot)
    }

    /// The wind-down.
    pub fn wind_down(&self, wind_down: WindDownId) -> Option<&WindDown> {
        self.wind_downs.get(&wind_down)
    }

    /// The contract with a reference.
    pub fn by_reference(&self, reference: &Code) -> Option<ContractId> {
        self.references.get(&reference_key(reference)).copied()
    }

    /// A contract's lots, in order; empty when there is no such contract.
    pub fn lots_of(&self, contract: ContractId) -> Vec<(LotId, &Lot)> {
        let ids = self.contract(contract).map_or(&[][..], |row| &row.lots);
        ids.iter()
            .filter_map(|id| self.lot(*id).map(|lot| (*id, lot)))
            .collect()
    }

    /// The wind-down of a contract that is planned or approved, if one is.
    pub fn open_wind_down(&self, contract: ContractId) -> Option<(WindDownId, &WindDown)> {
        let id = self.contract(contract)?.wind_down?;
        let row = self.wind_down(id)?;
        matches!(
            row.status,
            WindDownStatus::Planned | WindDownStatus::Approved
        )
        .then_some((id, row))
    }

    /// The window the lot is to be held for, in UTC by the compiled tz database.
    pub fn lot_window(&self, lot: LotId) -> Option<Result<Window, TimeError>> {
        let row = self.lot(lot)?;
        Some(match row.instants {
            Some(instants) => Ok(instants),
            None => row.window.instants_in(&row.zone),
        })
    }

    /// The window that the extension option keeps for the lot, directly after the lot's own;
    /// `None` when there is no option (or no such lot).
    pub fn option_window(&self, lot: LotId) -> Option<Result<Window, TimeError>> {
        self.option_of(self.lot(lot)?)
    }

    /// The same for a lot's row.
    pub fn option_of(&self, row: &Lot) -> Option<Result<Window, TimeError>> {
        let extension = self.contract(row.contract)?.extension?;
        Some(extension_dates(row, extension.months).and_then(|dates| dates.instants_in(&row.zone)))
    }

    /// The committed amount of the first term: the fixed total, or the price of every GPU-hour
    /// on stated hours. `None` when there is no such contract.
    pub fn committed(&self, contract: ContractId) -> Option<Result<Money, MoneyError>> {
        let row = self.contract(contract)?;
        Some(match row.price {
            Price::FixedTotal(total) => Ok(total),
            Price::PerGpuHour(price) => {
                let hours = self
                    .lots_of(contract)
                    .iter()
                    .map(|(_, lot)| gpu_hours(lot))
                    .sum();
                price.times(hours, Rounding::HalfUp)
            }
        })
    }

    /// The price per GPU-hour of the first term, on stated hours: the agreed one, or the one that
    /// follows from the total ($406M for 5,000 GPUs over three years: $3.09).
    pub fn price_per_gpu_hour(
        &self,
        contract: ContractId,
    ) -> Option<Result<MicroPrice, MoneyError>> {
        let row = self.contract(contract)?;
        Some(match row.price {
            Price::PerGpuHour(price) => Ok(price),
            Price::FixedTotal(total) => {
                let hours: u64 = self
                    .lots_of(contract)
                    .iter()
                    .map(|(_, lot)| gpu_hours(lot))
                    .sum();
                MicroPrice::of_total(total, hours.max(1))
            }
        })
    }

    /// What is due at signing: the prepaid share of the committed amount, rounded half up to the
    /// minor unit; zero when nothing is prepaid.
    pub fn prepayment(&self, contract: ContractId) -> Option<Result<Money, MoneyError>> {
        let row = self.contract(contract)?;
        let Some(prepayment) = row.prepayment else {
            return Some(Ok(Money::zero(row.currency)));
        };
        Some(
            self.committed(contract)?
                .and_then(|committed| share_of(committed, prepayment.share)),
        )
    }

    /// The days over which the prepayment is credited back: from so many months into the term to
    /// the term's end. `None` when nothing is prepaid.
    pub fn credit_window(&self, contract: ContractId) -> Option<Result<DateWindow, TimeError>> {
        let row = self.contract(contract)?;
        let prepayment = row.prepayment?;
        Some(credit_dates(row.term, prepayment.credited_after_months))
    }

    /// What each stretch of each lot costs, first term and exercised extension; `None` until the
    /// contract is signed. The totals of one term's segments add up to the contract's total.
    pub fn segments(&self, contract: ContractId) -> Option<Result<Vec<Segment>, MoneyError>> {
        let row = self.contract(contract)?;
        let lots = self.lots_of(contract);
        if lots.iter().any(|(_, lot)| lot.instants.is_none()) {
            return None;
        }
        let first: Vec<_> = lots
            .iter()
            .filter_map(|(id, lot)| Some((*id, *lot, lot.window, lot.instants?, lot.stated_hours)))
            .collect();
        let further: Vec<_> = lots
            .iter()
            .filter_map(|(id, lot)| {
                let added = lot.extended_to?;
                Some((*id, *lot, added.window, added.instants, added.stated_hours))
            })
            .collect();
        let priced = price_segments(&first, row.price, false).and_then(|mut all| {
            if let Some(extension) = row.extension {
                all.extend(price_segments(&further, extension.price, true)?);
            }
            Ok(all)
        });
        Some(priced)
    }

    /// The last day's end of the contract as it stands: its wind-down's when one is approved,
    /// else its extension's when exercised, else its term's.
    pub fn end_date(&self, contract: ContractId) -> Option<Date> {
        let row = self.contract(contract)?;
        if let Some(on) = row.ended_on {
            return Some(on);
        }
        let winding = row.wind_down.and_then(|id| self.wind_down(id));
        if let (Status::Terminating, Some(wind_down)) = (row.status, winding) {
            return Some(wind_down.ends_on);
        }
        Some(self.full_term(contract)?.to())
    }

    /// The term with its exercised extension.
    pub fn full_term(&self, contract: ContractId) -> Option<DateWindow> {
        let row = self.contract(contract)?;
        let end = self
            .lots_of(contract)
            .iter()
            .filter_map(|(_, lot)| lot.extended_to.map(|added| added.window.to()))
            .max();
        let to = end.map_or(row.term.to(), |end| end.max(row.term.to()));
        DateWindow::new(row.term.from(), to).ok()
    }
}

type Stretch<'a> = (LotId, &'a Lot, DateWindow, Window, u32);

/// Prices the stretches of one term. A total is divided among them by GPU-hours on stated hours,
/// by cumulative rounding in the order of the lots, so that the parts add up exactly.
fn price_segments(
    stretches: &[Stretch<'_>],
    price: Price,
    extension: bool,
) -> Result<Vec<Segment>, MoneyError> {
    let weight = |(_, lot, _, _, hours): &Stretch<'_>| i128::from(lot.gpus.0) * i128::from(*hours);
    let whole: i128 = stretches.iter().map(weight).sum();
    let mut from = 0;
    let mut segments = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        let to = from + weight(stretch);
        let price = match price {
            Price::FixedTotal(total) => SegmentPrice::Total(total.part_of_total(from, to, whole)?),
            Price::PerGpuHour(price) => SegmentPrice::PerGpuHour(price),
        };
        from = to;
        let (lot, row, dates, instants, stated_hours) = *stretch;
        segments.push(Segment {
            lot,
            extension,
            gpus: row.gpus,
            gpus_per_node: row.gpus_per_node,
            dates,
            instants,
            stated_hours,
            price,
        });
    }
    Ok(segments)
}

fn gpu_hours(lot: &Lot) -> u64 {
    u64::from(lot.gpus.0) * u64::from(lot.stated_hours)
}

pub(crate) fn share_of(amount: Money, share: Share) -> Result<Money, MoneyError> {
    amount.scaled(
        i128::from(share.units()),
        i128::from(Share::UNITS),
        Rounding::HalfUp,
    )
}

pub(crate) fn extension_dates(lot: &Lot, months: u32) -> Result<DateWindow, TimeError> {
    let months = i32::try_from(months).map_err(|_| TimeError::OutOfRange)?;
    let from = lot.window.to();
    DateWindow::new(from, from.plus_months(months)?)
}

pub(crate) fn credit_dates(term: DateWindow, after_months: u32) -> Result<DateWindow, TimeError> {
    let months = i32::try_from(after_months).map_err(|_| TimeError::OutOfRange)?;
    DateWindow::new(term.from().plus_months(months)?, term.to())
}
