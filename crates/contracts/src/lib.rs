//! Capacity agreements: who sells what to whom, through whom, for how long, at what price, and
//! how it ends.
//!
//! It is not where capacity is held (`capacity`), where the law is read (`rulebook`) or where
//! money is counted (`billing`, `ledger`): the book brings their facts in commands and composes
//! what follows. Start at [`Contract`], then [`decide`].

mod apply;
mod command;
mod decide;
mod draft;
mod event;
mod lots;
mod model;
mod rejection;
mod state;
#[cfg(test)]
mod tests;

pub use apply::apply;
pub use command::{
    ApproveWindDown, Command, Delivery, DraftContract, EndContract, ExerciseExtension, NewLot,
    PlanWindDown, RecordWindDownStep, ResumeAccess, SettleStarts, SignContract, SignedReservation,
    SuspendAccess, WithdrawDraft, WithdrawWindDown,
};
pub use decide::decide;
pub use event::{
    AccessResumed, AccessSuspended, ContractDrafted, ContractEnded, ContractExtended,
    ContractSigned, DraftWithdrawn, Event, ExtendedLot, LotDrafted, SettledLot, SignedLot,
    StartsSettled, WindDownApproved, WindDownPlanned, WindDownStepRecorded, WindDownWithdrawn,
};
pub use model::{
    Cause, Contract, Extension, Flexible, LONGEST_TERM_DAYS, Lot, LotExtension, LotPart, MOST_LOTS,
    Prepayment, Price, RegulatoryTermination, STATED_HOURS_PER_MONTH, Segment, SegmentPrice,
    Status, Step, StepRecord, Suspension, Treatment, WindDown, WindDownStatus, stated_hours,
};
pub use rejection::Rejection;
pub use state::State;
