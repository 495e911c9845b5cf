//! Why the ledger refuses.

use bareboat_base::{Currency, Date, EntityId, EntryId, Money};

bareboat_base::rejections! {
    /// Why the ledger refuses.
    pub enum Rejection in "ledger" {
        /// No such entity.
        UnknownEntity { entity: EntityId } => NotFound "unknown_entity"
            "there is no legal entity {entity}" hint "register it first, or list the entities";
        /// No such entry.
        UnknownEntry { entry: EntryId } => NotFound "unknown_entry"
            "there is no entry {entry}" hint "list the entries to find its id";
        /// Another entity has the code.
        EntityCodeTaken { code: String } => Conflict "entity_code_taken"
            "legal entity code {code} is already used" hint "choose another code";
        /// Too few or too many postings.
        PostingCount { found: usize, most: usize } => Invalid "posting_count"
            "an entry has 2 to {most} postings, not {found}" hint "an entry needs a debit and a credit";
        /// A posting of nothing.
        ZeroPosting { account: String } => Invalid "zero_posting"
            "the posting to {account} is zero" hint "leave it out";
        /// A posting past the limit.
        AmountTooLarge { amount: Money } => Invalid "amount_too_large"
            "{amount} is more than one posting can hold" hint "check the amount";
        /// Debits and credits differ.
        Unbalanced { currency: Currency, difference: Money } => Invalid "unbalanced"
            "debits and credits in {currency} differ by {difference}"
            hint "every currency of an entry must add up to zero";
        /// An open account is of another kind.
        AccountKindDiffers { account: String } => Conflict "account_kind_differs"
            "account {account} is already open as another kind" hint "use another code, or the account's kind";
        /// The day is in a closed period.
        PeriodIsClosed { date: Date, closed_through: Date } => Conflict "period_is_closed"
            "{date} is in a closed period: everything through {closed_through} is closed"
            hint "post on a later day; a closed period is corrected by a new entry";
        /// Already closed.
        AlreadyClosed { through: Date, closed_through: Date } => Conflict "already_closed"
            "periods are already closed through {closed_through}; {through} is no later" hint "name a later day";
        /// Already reversed.
        AlreadyReversed { entry: EntryId, by: EntryId } => Conflict "already_reversed"
            "entry {entry} is already reversed by {by}" hint "nothing needs to be done";
        /// A reversal cannot be reversed.
        ReversalOfReversal { entry: EntryId } => Conflict "reversal_of_reversal"
            "entry {entry} is itself a reversal" hint "post the entry anew instead";
        /// A reversal must be asked for as one.
        ReversalAsEntry => Invalid "reversal_as_entry"
            "a reversal cannot be posted as an ordinary entry" hint "reverse the entry instead";
    }
}
