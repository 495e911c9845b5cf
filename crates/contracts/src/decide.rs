//! Deciding what may happen to contracts.

use bareboat_base::{
    Code, Context, ContractId, Date, DateWindow, Instant, WindDownId, time::tz_version,
};

use crate::command::{
    ApproveWindDown, Command, EndContract, ExerciseExtension, PlanWindDown, RecordWindDownStep,
    ResumeAccess, SignContract, SuspendAccess, WithdrawDraft, WithdrawWindDown,
};
use crate::draft::draft;
use crate::event::{
    AccessResumed, AccessSuspended, ContractEnded, ContractExtended, ContractSigned,
    DraftWithdrawn, Event, ExtendedLot, SignedLot, WindDownApproved, WindDownPlanned,
    WindDownStepRecorded, WindDownWithdrawn,
};
use crate::lots::settle;
use crate::model::{Cause, Contract, LotExtension, Status, WindDown, WindDownStatus, stated_hours};
use crate::rejection::Rejection;
use crate::state::{State, extension_dates};

/// All the events of one command, or why not.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let event = match command {
        Command::DraftContract(command) => draft(state, context, command)?.into(),
        Command::SettleStarts(command) => settle(state, command)?.into(),
        Command::WithdrawDraft(WithdrawDraft { contract }) => {
            let row = contract_of(state, *contract)?;
            needs(row, *contract, &[Status::Draft], "withdrawn")?;
            Event::from(DraftWithdrawn {
                contract: *contract,
            })
        }
        Command::SignContract(command) => sign(state, command)?.into(),
        Command::ExerciseExtension(command) => extend(state, command)?.into(),
        Command::SuspendAccess(command) => suspend(state, context, command)?.into(),
        Command::ResumeAccess(command) => resume(state, context, command)?.into(),
        Command::PlanWindDown(command) => plan(state, context, command)?.into(),
        Command::WithdrawWindDown(command) => withdraw(state, command)?.into(),
        Command::ApproveWindDown(command) => approve(state, context, command)?.into(),
        Command::RecordWindDownStep(command) => step(state, context, command)?.into(),
        Command::EndContract(command) => end(state, command)?.into(),
    };
    Ok(vec![event])
}

pub(crate) fn contract_of(state: &State, contract: ContractId) -> Result<&Contract, Rejection> {
    state
        .contract(contract)
        .ok_or(Rejection::UnknownContract { contract })
}

fn wind_down_of(state: &State, wind_down: WindDownId) -> Result<&WindDown, Rejection> {
    state
        .wind_down(wind_down)
        .ok_or(Rejection::UnknownWindDown { wind_down })
}

pub(crate) fn needs(
    row: &Contract,
    contract: ContractId,
    any: &[Status],
    act: &'static str,
) -> Result<(), Rejection> {
    if any.contains(&row.status) {
        return Ok(());
    }
    Err(Rejection::WrongStatus {
        contract,
        status: row.status.as_str(),
        act,
    })
}

fn sign(state: &State, command: &SignContract) -> Result<ContractSigned, Rejection> {
    let contract = command.contract;
    let row = contract_of(state, contract)?;
    needs(row, contract, &[Status::Draft], "signed")?;
    if command.signed_on >= row.term.to() {
        return Err(Rejection::SignedAfterEnd {
            signed_on: command.signed_on,
            ends_on: row.term.to(),
        });
    }
    let lots = state.lots_of(contract);
    if command.reservations.len() != lots.len() {
        return Err(Rejection::ReservationsDiffer { contract });
    }
    let mut signed = Vec::with_capacity(lots.len());
    for (id, lot) in lots {
        let held = command.reservations.iter().find(|held| held.lot == id);
        let held = held.ok_or(Rejection::ReservationsDiffer { contract })?;
        signed.push(SignedLot {
            lot: id,
            reservation: held.reservation,
            instants: lot.window.instants_in(&lot.zone)?,
        });
    }
    let prepayment = state
        .prepayment(contract)
        .ok_or(Rejection::UnknownContract { contract })??;
    Ok(ContractSigned {
        contract,
        signed_on: command.signed_on,
        determination: command.determination,
        lots: signed,
        tz_version: tz_code()?,
        prepayment,
    })
}

fn tz_code() -> Result<Code, Rejection> {
    Code::new(tz_version()).map_err(|error| Rejection::OutOfRange {
        reason: error.to_string(),
    })
}

fn extend(state: &State, command: &ExerciseExtension) -> Result<ContractExtended, Rejection> {
    let contract = command.contract;
    let row = contract_of(state, contract)?;
    let Some(extension) = row.extension else {
        return Err(Rejection::NoExtension { contract });
    };
    needs(row, contract, &[Status::Signed], "extended")?;
    if let Some((wind_down, _)) = state.open_wind_down(contract) {
        return Err(Rejection::WindDownOpen {
            contract,
            wind_down,
        });
    }
    let lots = state.lots_of(contract);
    // The option runs out with the first lot that ends.
    let first_end = lots.iter().map(|(_, lot)| lot.window.to()).min();
    let latest = minus_days(first_end.unwrap_or(row.term.to()), extension.notice_days)?;
    if command.on > latest {
        return Err(Rejection::NoticeTooLate {
            on: command.on,
            latest,
        });
    }
    let mut extended = Vec::with_capacity(lots.len());
    for (lot, row) in lots {
        let window = extension_dates(row, extension.months)?;
        let extension = LotExtension {
            window,
            instants: window.instants_in(&row.zone)?,
            stated_hours: stated_hours(window),
        };
        extended.push(ExtendedLot { lot, extension });
    }
    Ok(ContractExtended {
        contract,
        on: command.on,
        lots: extended,
        tz_version: tz_code()?,
    })
}

fn plus_days(date: Date, days: u32) -> Result<Date, Rejection> {
    let days = i32::try_from(days).map_err(|_| bareboat_base::time::TimeError::OutOfRange)?;
    Ok(date.plus_days(days)?)
}

fn minus_days(date: Date, days: u32) -> Result<Date, Rejection> {
    let days = i32::try_from(days).map_err(|_| bareboat_base::time::TimeError::OutOfRange)?;
    Ok(date.plus_days(-days)?)
}

const RUNNING: [Status; 3] = [Status::Signed, Status::Extended, Status::Terminating];

/// What is recorded as done was done.
fn check_past(context: &Context, at: Instant) -> Result<(), Rejection> {
    let now = context.recorded_at;
    if at > now {
        return Err(Rejection::InFuture { at, now });
    }
    Ok(())
}

fn suspend(
    state: &State,
    context: &Context,
    command: &SuspendAccess,
) -> Result<AccessSuspended, Rejection> {
    let contract = command.contract;
    let row = contract_of(state, contract)?;
    needs(row, contract, &RUNNING, "suspended")?;
    if row.suspension.is_some() {
        return Err(Rejection::AlreadySuspended { contract });
    }
    check_past(context, command.at)?;
    Ok(AccessSuspended {
        contract,
        at: command.at,
        reason: command.reason.clone(),
    })
}

fn resume(
    state: &State,
    context: &Context,
    command: &ResumeAccess,
) -> Result<AccessResumed, Rejection> {
    let contract = command.contract;
    let row = contract_of(state, contract)?;
    let Some(suspension) = &row.suspension else {
        return Err(Rejection::NotSuspended { contract });
    };
    if row.status == Status::Terminating {
        return Err(Rejection::SuspendedByWindDown { contract });
    }
    needs(row, contract, &RUNNING, "resumed")?;
    if command.at < suspension.at {
        return Err(Rejection::ResumedBeforeSuspension { contract });
    }
    check_past(context, command.at)?;
    Ok(AccessResumed {
        contract,
        at: command.at,
        reason: command.reason.clone(),
    })
}

fn plan(
    state: &State,
    context: &Context,
    command: &PlanWindDown,
) -> Result<WindDownPlanned, Rejection> {
    let contract = command.contract;
    let row = contract_of(state, contract)?;
    needs(
        row,
        contract,
        &[Status::Signed, Status::Extended],
        "wound down",
    )?;
    if let Some((wind_down, _)) = state.open_wind_down(contract) {
        return Err(Rejection::WindDownOpen {
            contract,
            wind_down,
        });
    }
    let notice_days = match (command.cause, row.regulatory_termination) {
        (Cause::RegulatoryChange, None) => return Err(Rejection::NoTerminationRight { contract }),
        (Cause::RegulatoryChange, Some(right)) => right.notice_days,
        (Cause::Breach | Cause::Agreement | Cause::TermEnd, _) => 0,
    };
    let earliest = plus_days(command.notice_on, notice_days)?;
    if command.ends_on < earliest {
        return Err(Rejection::NoticeTooShort {
            notice_on: command.notice_on,
            ends_on: command.ends_on,
            earliest,
        });
    }
    let term = state.full_term(contract).unwrap_or(row.term);
    if command.ends_on < term.from() || command.ends_on > term.to() {
        return Err(Rejection::EndsOutsideTerm {
            ends_on: command.ends_on,
            term,
        });
    }
    if command.cause == Cause::TermEnd && command.ends_on != term.to() {
        return Err(Rejection::NotTermEnd {
            ends_on: command.ends_on,
            term,
        });
    }
    Ok(WindDownPlanned {
        wind_down: context.mint(0),
        contract,
        cause: command.cause,
        reason: command.reason.clone(),
        impact: command.impact.clone(),
        determination: command.determination,
        notice_on: command.notice_on,
        ends_on: command.ends_on,
        ends_at: command.ends_on.start_in(&row.billing_zone)?,
    })
}

fn planned<'a>(
    state: &'a State,
    wind_down: WindDownId,
    act: &'static str,
) -> Result<&'a WindDown, Rejection> {
    let row = wind_down_of(state, wind_down)?;
    match row.status {
        WindDownStatus::Planned => Ok(row),
        _ => Err(Rejection::WindDownStatusWrong { wind_down, act }),
    }
}

fn withdraw(state: &State, command: &WithdrawWindDown) -> Result<WindDownWithdrawn, Rejection> {
    planned(state, command.wind_down, "withdrawn")?;
    Ok(WindDownWithdrawn {
        wind_down: command.wind_down,
        reason: command.reason.clone(),
    })
}

fn approve(
    state: &State,
    context: &Context,
    command: &ApproveWindDown,
) -> Result<WindDownApproved, Rejection> {
    let wind_down = command.wind_down;
    let row = planned(state, wind_down, "approved")?;
    if row.requested_by == context.actor {
        return Err(Rejection::SamePerson { wind_down });
    }
    Ok(WindDownApproved { wind_down })
}

fn step(
    state: &State,
    context: &Context,
    command: &RecordWindDownStep,
) -> Result<WindDownStepRecorded, Rejection> {
    let wind_down = command.wind_down;
    let row = wind_down_of(state, wind_down)?;
    if row.status != WindDownStatus::Approved {
        let act = "carried out";
        return Err(Rejection::WindDownStatusWrong { wind_down, act });
    }
    if row.next_step() != Some(command.step) {
        return Err(Rejection::StepOutOfOrder {
            wind_down,
            step: command.step.as_str(),
            expected: row.next_step().map_or("none", |step| step.as_str()),
        });
    }
    if row.steps.last().is_some_and(|last| command.at < last.at) {
        return Err(Rejection::StepBeforeLast {
            wind_down,
            step: command.step.as_str(),
        });
    }
    check_past(context, command.at)?;
    Ok(WindDownStepRecorded {
        wind_down,
        step: command.step,
        at: command.at,
        evidence: command.evidence,
        note: command.note.clone(),
    })
}

fn end(state: &State, command: &EndContract) -> Result<ContractEnded, Rejection> {
    let EndContract { contract, on } = *command;
    let row = contract_of(state, contract)?;
    needs(row, contract, &RUNNING, "ended")?;
    let wound_down = row
        .wind_down
        .and_then(|id| state.wind_down(id))
        .filter(|wind_down| wind_down.status == WindDownStatus::Completed)
        .map(|wind_down| wind_down.ends_on);
    let expected = match row.status {
        Status::Terminating => wound_down,
        _ => state.full_term(contract).map(DateWindow::to),
    };
    if expected != Some(on) {
        return Err(Rejection::NotOver { contract, on });
    }
    Ok(ContractEnded { contract, on })
}
