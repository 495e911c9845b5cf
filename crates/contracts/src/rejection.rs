//! Why contracts refuse.

use bareboat_base::{
    ContractId, Date, DateWindow, GpuCount, Instant, LotId, WindDownId, money::MoneyError,
    time::TimeError,
};

bareboat_base::rejections! {
    /// Why contracts refuse.
    pub enum Rejection in "contracts" {
        /// No such contract.
        UnknownContract { contract: ContractId } => NotFound "unknown_contract"
            "there is no contract {contract}" hint "list the contracts to find its id";
        /// No such lot in the contract.
        UnknownLot { contract: ContractId, lot: LotId } => NotFound "unknown_lot"
            "contract {contract} has no lot {lot}" hint "read the contract for its lots";
        /// No such wind-down.
        UnknownWindDown { wind_down: WindDownId } => NotFound "unknown_wind_down"
            "there is no wind-down {wind_down}" hint "read the contract for its wind-down";
        /// Another contract has the reference.
        ReferenceTaken { reference: String } => Conflict "reference_taken"
            "reference {reference} is already used" hint "choose another reference";
        /// No lots, or too many.
        LotCount { found: usize, most: usize } => Invalid "lot_count"
            "a contract has 1 to {most} lots, not {found}" hint "split the contract, or add a lot";
        /// GPUs that do not fill nodes.
        PartNodes { gpus: GpuCount, gpus_per_node: u32, below: GpuCount, above: GpuCount } => Invalid "part_nodes"
            "{gpus} do not fill nodes of {gpus_per_node}: the nearest counts are {below} and {above}"
            hint "nodes are sold whole; take one of the two";
        /// A lot without GPUs.
        NoGpus => Invalid "no_gpus"
            "a lot must hold at least one GPU" hint "give the number of GPUs";
        /// A lot that is too long.
        TermTooLong { window: DateWindow, most_days: i64 } => Invalid "term_too_long"
            "the lot {window} is longer than {most_days} days" hint "shorten it, or add an extension option";
        /// Deliveries that do not make the lot.
        BadDeliveries { reason: String } => Invalid "bad_deliveries"
            "the deliveries do not make the lot: {reason}"
            hint "give them in the order of their days, the first on the lot's first day, together all its GPUs";
        /// A shape that no nodes can have.
        BadShape { what: &'static str } => Invalid "bad_shape"
            "{what} in the lot's shape is zero" hint "give at least 1, or leave it out";
        /// A latest start that is none.
        BadLatestStart { latest: Date, from: Date, most_days: i64 } => Invalid "bad_latest_start"
            "the lot may begin on {latest} at the latest, and begins on {from} at the earliest"
            hint "give a day 1 to 366 days after the first, or leave it out";
        /// A lot that may not begin so late.
        NotFlexible { lot: LotId, days: u32 } => Conflict "not_flexible"
            "lot {lot} may not begin {days} days later" hint "draft it with a latest start";
        /// Stated hours of zero, or more than the lot has.
        StatedHours { found: u32, most: u32 } => Invalid "stated_hours"
            "the lot's price is stated on 1 to {most} hours, not {found}"
            hint "leave the stated hours out to have them computed";
        /// A price that is no price.
        BadPrice { reason: String } => Invalid "bad_price"
            "the price cannot be used: {reason}" hint "give a positive price in the contract's currency";
        /// A prepayment that could not be credited back.
        PrepaymentUncovered { reason: String } => Invalid "prepayment_uncovered"
            "the prepayment cannot be credited back: {reason}"
            hint "begin crediting earlier, or prepay a smaller share";
        /// An extension that makes no sense.
        BadExtension { reason: String } => Invalid "bad_extension"
            "the extension cannot be used: {reason}" hint "give its months, its notice and its price";
        /// The contract is not where the act needs it.
        WrongStatus { contract: ContractId, status: &'static str, act: &'static str } => Conflict "wrong_status"
            "contract {contract} is {status}: it cannot be {act}" hint "read the contract for where it stands";
        /// Not one reservation for each lot.
        ReservationsDiffer { contract: ContractId } => Invalid "reservations_differ"
            "contract {contract} needs exactly one reservation for each of its lots"
            hint "reserve every lot before signing";
        /// Signed after it should have begun to end.
        SignedAfterEnd { signed_on: Date, ends_on: Date } => Invalid "signed_after_end"
            "a contract that ends on {ends_on} cannot be signed on {signed_on}" hint "check the dates";
        /// There is no extension option.
        NoExtension { contract: ContractId } => Conflict "no_extension"
            "contract {contract} has no extension option" hint "draft a new contract for a further term";
        /// Notice of the extension is too late.
        NoticeTooLate { on: Date, latest: Date } => Conflict "notice_too_late"
            "the extension had to be exercised by {latest}, not on {on}"
            hint "the option has lapsed; draft a new contract";
        /// Access is already stopped.
        AlreadySuspended { contract: ContractId } => Conflict "already_suspended"
            "access under contract {contract} is already suspended" hint "nothing needs to be done";
        /// Access is not stopped.
        NotSuspended { contract: ContractId } => Conflict "not_suspended"
            "access under contract {contract} is not suspended" hint "nothing needs to be done";
        /// Access is stopped by an approved wind-down.
        SuspendedByWindDown { contract: ContractId } => Refused "suspended_by_wind_down"
            "contract {contract} is being wound down: access stays suspended"
            hint "an approved wind-down is not undone; a new contract may be drafted";
        /// Access given back before it was stopped.
        ResumedBeforeSuspension { contract: ContractId } => Invalid "resumed_before_suspension"
            "access under contract {contract} cannot resume before it was suspended" hint "check the instant";
        /// A suspension, a resumption or a step in the future.
        InFuture { at: Instant, now: Instant } => Invalid "in_future"
            "it is dated {at}, after now, {now}" hint "record it once it is done";
        /// A wind-down is already open.
        WindDownOpen { contract: ContractId, wind_down: WindDownId } => Conflict "wind_down_open"
            "contract {contract} already has the open wind-down {wind_down}"
            hint "go on with it, or withdraw it while it is only planned";
        /// The contract cannot be ended for this cause.
        NoTerminationRight { contract: ContractId } => Refused "no_termination_right"
            "contract {contract} does not allow termination for regulatory change"
            hint "end it by agreement, or suspend access while counsel is asked";
        /// Too little notice.
        NoticeTooShort { notice_on: Date, ends_on: Date, earliest: Date } => Refused "notice_too_short"
            "notice on {notice_on} allows an end on {earliest} at the earliest, not on {ends_on}"
            hint "end later, or give notice earlier";
        /// The wind-down ends outside the term.
        EndsOutsideTerm { ends_on: Date, term: DateWindow } => Invalid "ends_outside_term"
            "an end on {ends_on} is not within the term {term}" hint "end it within its term, or with it";
        /// The term's end is another day.
        NotTermEnd { ends_on: Date, term: DateWindow } => Invalid "not_term_end"
            "the term {term} does not end on {ends_on}" hint "plan a term's end for its own day, or name another cause";
        /// The same person asked and approves.
        SamePerson { wind_down: WindDownId } => Forbidden "same_person"
            "wind-down {wind_down} must be approved by another person than who asked for it"
            hint "have a second person approve it";
        /// The wind-down is not where the act needs it.
        WindDownStatusWrong { wind_down: WindDownId, act: &'static str } => Conflict "wind_down_status"
            "wind-down {wind_down} cannot be {act} as it stands" hint "read the wind-down for where it stands";
        /// A step out of order.
        StepOutOfOrder { wind_down: WindDownId, step: &'static str, expected: &'static str } => Conflict "step_out_of_order"
            "wind-down {wind_down} expects the step {expected}, not {step}"
            hint "record the steps in order: notice, suspend, drain, sanitise, return";
        /// A step before the one before it.
        StepBeforeLast { wind_down: WindDownId, step: &'static str } => Invalid "step_before_last"
            "the step {step} of wind-down {wind_down} cannot be earlier than the step before it"
            hint "check the instant";
        /// Neither term nor wind-down is over.
        NotOver { contract: ContractId, on: Date } => Conflict "not_over"
            "contract {contract} cannot end on {on}: neither its term nor a wind-down ends then"
            hint "wait for the term's end, or complete the wind-down";
        /// Arithmetic that left the range.
        OutOfRange { reason: String } => Invalid "out_of_range"
            "the contract cannot be computed: {reason}" hint "check the amounts and dates";
    }
}

impl From<TimeError> for Rejection {
    fn from(error: TimeError) -> Self {
        Self::OutOfRange {
            reason: error.to_string(),
        }
    }
}

impl From<MoneyError> for Rejection {
    fn from(error: MoneyError) -> Self {
        Self::OutOfRange {
            reason: error.to_string(),
        }
    }
}
