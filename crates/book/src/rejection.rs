//! Every refusal of the book: each domain's, and those of acts that span domains.

use bareboat_base::{Class, Date, Instant, LotId, Refusal, rejections};

rejections! {
    /// Why an act that spans domains is refused.
    pub enum BookRejection in "book" {
        /// The book has begun already.
        AlreadyCreated => Conflict "already_created"
            "the book has already begun" hint "open it, or make another file";
        /// The book has not begun.
        NotCreated => Conflict "not_created"
            "the book has not begun" hint "run `bareboat init` first";
        /// A thing named does not exist.
        Unknown { kind: &'static str, id: String } => NotFound "unknown"
            "there is no {kind} {id}" hint "list what there is, and use its id or label";
        /// A site has no such model's pool.
        NoPool { site: String, model: String } => Conflict "no_pool"
            "no {model} was ever ordered for {site}" hint "place a purchase order for that model and site first";
        /// The law, a list or a missing fact stands in the way.
        NotPermitted { activity: String, outcome: String, reasons: String } => Refused "not_permitted"
            "{activity} is not permitted: {outcome}; {reasons}"
            hint "read the determination; supply the missing facts, obtain an authorisation, or do not proceed";
        /// A lot that may begin later can be held on none of its days.
        NoStart { lot: LotId, days: u32, why: String } => Conflict "no_start"
            "lot {lot} can be held from none of the first {days} days on which it may begin: on the first, {why}"
            hint "let it begin later, ask for fewer nodes, or take what `bareboat capacity explain` (POST /v1/capacity/explain) lists";
        /// No rulebook is adopted, so nothing can be determined.
        NoRulebook => Refused "no_rulebook"
            "no rulebook is adopted, so no determination can be made" hint "adopt the rulebooks that apply, then try again";
        /// Fewer nodes are ready than the lot needs.
        NotEnoughReady { asked: u32, ready: u32 } => Conflict "not_enough_ready"
            "the lot needs {asked} nodes and {ready} of the free ones are ready"
            hint "rack, discover and validate more nodes, or allocate later";
        /// The lot has no live reservation.
        LotNotReserved { lot: String } => Conflict "lot_not_reserved"
            "lot {lot} has no reservation" hint "sign its contract first";
        /// The lot has its nodes already.
        LotAllocated { lot: String } => Conflict "lot_allocated"
            "lot {lot} is allocated already" hint "release its allocation first";
        /// Nobody has the node.
        NodeNotHeld { node: String } => Conflict "node_not_held"
            "node {node} is of no live allocation" hint "only a node that a lot has is replaced; move others with `bareboat node advance`";
        /// A date that has not come yet.
        EffectiveDateAhead { on: Date, today: Date } => Invalid "effective_date_ahead"
            "the date {on} is after today, {today}" hint "give a date that has come";
        /// An instant that has not come yet.
        InstantAhead { at: Instant, now: Instant } => Invalid "instant_ahead"
            "the instant {at} is after now, {now}" hint "give an instant that has come";
        /// A step of a wind-down before the one it follows.
        StepOutOfOrder { step: String, waiting_for: String } => Conflict "step_out_of_order"
            "{step} comes after {waiting_for}, which is not done" hint "do the steps in their order";
        /// A money figure too large, or of another currency.
        Amount { problem: String } => Invalid "amount"
            "the amounts do not work out: {problem}" hint "check amounts and currencies";
        /// A date or window that cannot be resolved.
        Time { problem: String } => Invalid "time"
            "the dates do not work out: {problem}" hint "check the dates and the site's time zone";
        /// The value's key is destroyed.
        Shredded { id: String } => Conflict "shredded"
            "the value {id} is shredded: its key was destroyed" hint "nothing can bring it back; the journal says who destroyed the key and why";
        /// The document is under a party's key.
        DocumentSealed { id: String } => Conflict "document_sealed"
            "the document is about a sealed party, and lies sealed as {id}"
            hint "open that value with `bareboat sealed open`, if you may: the opening is recorded";
        /// The key is destroyed already.
        AlreadyShredded { party: String } => Conflict "already_shredded"
            "the key of party {party} is destroyed already" hint "nothing is left to do";
        /// A fact at variance with the book.
        Inconsistent { problem: String } => Conflict "inconsistent"
            "the act does not fit the book: {problem}" hint "read the things it names again, and repeat";
    }
}

macro_rules! compose {
    ($($variant:ident $rejection:ty;)*) => {
        /// A refusal, from whichever domain.
        #[derive(Clone, Debug, PartialEq, thiserror::Error)]
        pub enum Rejection {
            $(
                #[doc = concat!("From ", stringify!($variant), ".")]
                #[error(transparent)]
                $variant(#[from] $rejection),
            )*
        }

        impl Rejection {
            /// Every code the book can refuse with.
            pub fn codes() -> impl Iterator<Item = &'static str> {
                [$(<$rejection>::CODES),*].into_iter().flatten().copied()
            }

            fn refusal(&self) -> &dyn Refusal {
                match self { $(Self::$variant(rejection) => rejection,)* }
            }
        }
    };
}

compose! {
    Book BookRejection;
    Access bareboat_access::Rejection;
    Fleet bareboat_fleet::Rejection;
    Capacity bareboat_capacity::Rejection;
    Parties bareboat_parties::Rejection;
    Screening bareboat_screening::Rejection;
    Rulebook bareboat_rulebook::Rejection;
    Contracts bareboat_contracts::Rejection;
    Billing bareboat_billing::Rejection;
    Ledger bareboat_ledger::Rejection;
}

impl Refusal for Rejection {
    fn code(&self) -> &'static str {
        self.refusal().code()
    }

    fn hint(&self) -> &'static str {
        self.refusal().hint()
    }

    fn class(&self) -> Class {
        self.refusal().class()
    }
}
