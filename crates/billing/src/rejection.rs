//! Why billing refuses.

use bareboat_base::{
    ContractId, Date, DateWindow, InvoiceId, Money, UsageId, Window, money::MoneyError,
    time::TimeError,
};

bareboat_base::rejections! {
    /// Why billing refuses.
    pub enum Rejection in "billing" {
        /// No intervals, or too many.
        IntervalCount { found: usize, most: usize } => Invalid "interval_count"
            "a record of usage has 1 to {most} intervals, not {found}" hint "send it in several records";
        /// An interval that is too long.
        IntervalTooLong { window: Window, most_days: i64 } => Invalid "interval_too_long"
            "the interval {window} is longer than {most_days} days" hint "send it as several intervals";
        /// A node in two states at once, in one record.
        IntervalsOverlap { first: Window, second: Window } => Invalid "intervals_overlap"
            "the intervals {first} and {second} name the same node at one instant"
            hint "a node is in one state at a time";
        /// A node's use at that instant is already recorded.
        UsageOverlaps { window: Window, usage: UsageId } => Conflict "usage_overlaps"
            "the interval {window} names a node whose use is already recorded by {usage}"
            hint "leave out what is already recorded";
        /// Nothing falls into the period.
        NothingToBill { contract: ContractId, period: DateWindow } => Conflict "nothing_to_bill"
            "contract {contract} has nothing to bill for {period}" hint "name a period within the contract's term";
        /// Lines that are not in one currency, do not add up, or are too many.
        BadDraft { reason: String } => Invalid "bad_draft"
            "the document cannot be issued: {reason}" hint "preview it anew";
        /// The same document is already issued.
        AlreadyIssued { invoice: InvoiceId } => Conflict "already_issued"
            "this document is already issued as {invoice}" hint "read it; running twice gives the same document";
        /// Part of the period is already billed.
        PeriodOverlaps { period: DateWindow, invoice: InvoiceId, billed: DateWindow } => Conflict "period_overlaps"
            "{period} overlaps {billed}, which {invoice} already bills" hint "begin where the last document ends";
        /// More credited or paid back than was prepaid.
        OverPrepayment { contract: ContractId, prepaid: Money, asked: Money } => Conflict "over_prepayment"
            "of the {prepaid} prepaid under contract {contract}, {asked} cannot be credited or paid back"
            hint "issue the prepayment first, and preview the document anew";
        /// A contract without a prepayment.
        NoPrepayment { contract: ContractId } => Conflict "no_prepayment"
            "contract {contract} has no prepayment" hint "nothing needs to be done";
        /// A settlement without an end.
        NoEnd { contract: ContractId } => Conflict "no_end"
            "contract {contract} has no day on which it ends" hint "plan and approve its wind-down first";
        /// Use billed before it is known.
        PeriodNotOver { period: DateWindow, today: Date } => Conflict "period_not_over"
            "{period} is billed by use and is not over on {today}" hint "issue its invoice once it is over; preview it until then";
        /// An earlier period is not billed.
        PeriodMissing { period: DateWindow } => Conflict "period_missing"
            "{period} is not billed yet" hint "issue its invoice before the settlement";
        /// Arithmetic that left the range.
        OutOfRange { reason: String } => Invalid "out_of_range"
            "the bill cannot be computed: {reason}" hint "check the amounts and dates";
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
