//! The fold of ledger events, and what can be asked of it.

use std::collections::BTreeMap;

use bareboat_base::{
    AccountId, Code, ContractId, Currency, Date, Digest, EntityId, EntryId, Money, Table, TypedId,
};
use serde::{Deserialize, Serialize};

use crate::model::{Account, Entry, LegalEntity, SourceRef};

/// Every legal entity, account and entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Legal entities, in order of registration.
    pub entities: Table<EntityId, LegalEntity>,
    /// Accounts, in order of opening.
    pub accounts: Table<AccountId, Account>,
    /// Entries, in order of posting.
    pub entries: Table<EntryId, Entry>,
    /// Entities by the SHA-256 of their code.
    pub(crate) codes: Table<Digest, EntityId>,
    /// Accounts by the SHA-256 of (entity, code, contract, currency).
    pub(crate) keys: Table<Digest, AccountId>,
    /// Entries by what they follow from; manual ones are not kept here.
    pub(crate) sources: Table<SourceRef, Vec<EntryId>>,
    /// The accounts kept for a contract.
    pub(crate) of_contracts: Table<ContractId, Vec<AccountId>>,
}

/// One line of a trial balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialLine {
    /// The account.
    pub account: AccountId,
    /// The sum of its postings: debits positive, credits negative.
    pub balance: Money,
}

pub(crate) fn code_key(code: &Code) -> Digest {
    Digest::of(&[code.as_str().as_bytes()])
}

pub(crate) fn account_key(
    entity: EntityId,
    code: &Code,
    contract: Option<ContractId>,
    currency: Currency,
) -> Digest {
    let contract = contract.map_or([0; 16], |id| *id.uuid().as_bytes());
    // A code holds no NUL and all else is of fixed length, so no two keys run together.
    Digest::of(&[
        entity.uuid().as_bytes(),
        &contract,
        currency.code().as_bytes(),
        code.as_str().as_bytes(),
    ])
}

impl State {
    /// The legal entity.
    pub fn entity(&self, entity: EntityId) -> Option<&LegalEntity> {
        self.entities.get(&entity)
    }

    /// The legal entity with a code.
    pub fn entity_by_code(&self, code: &Code) -> Option<EntityId> {
        self.codes.get(&code_key(code)).copied()
    }

    /// The account.
    pub fn account(&self, account: AccountId) -> Option<&Account> {
        self.accounts.get(&account)
    }

    /// The account under (entity, code, contract, currency), if it is open.
    pub fn find_account(
        &self,
        entity: EntityId,
        code: &Code,
        contract: Option<ContractId>,
        currency: Currency,
    ) -> Option<AccountId> {
        let key = account_key(entity, code, contract, currency);
        self.keys.get(&key).copied()
    }

    /// What an account comes to; zero when it was never opened.
    pub fn balance(
        &self,
        entity: EntityId,
        code: &Code,
        contract: Option<ContractId>,
        currency: Currency,
    ) -> Money {
        self.find_account(entity, code, contract, currency)
            .and_then(|id| self.account(id))
            .map_or(Money::zero(currency), |account| account.balance)
    }

    /// The accounts kept for a contract, in order of opening.
    pub fn accounts_of(&self, contract: ContractId) -> &[AccountId] {
        self.of_contracts.get(&contract).map_or(&[], Vec::as_slice)
    }

    /// The entry.
    pub fn entry(&self, entry: EntryId) -> Option<&Entry> {
        self.entries.get(&entry)
    }

    /// The entries that follow from something, in order of posting.
    pub fn entries_of(&self, source: SourceRef) -> &[EntryId] {
        self.sources.get(&source).map_or(&[], Vec::as_slice)
    }

    /// Every account of an entity and what it comes to, in order of opening.
    pub fn trial_balance(&self, entity: EntityId) -> Vec<TrialLine> {
        self.accounts
            .iter()
            .filter(|(_, _, account)| account.entity == entity)
            .map(|(_, id, account)| TrialLine {
                account: *id,
                balance: account.balance,
            })
            .collect()
    }

    /// The trial balance from the entries dated on or before a day; reads every entry.
    pub fn trial_balance_on(&self, entity: EntityId, date: Date) -> Vec<TrialLine> {
        let mut sums: BTreeMap<AccountId, i128> = BTreeMap::new();
        let counted = |entry: &&Entry| entry.entity == entity && entry.date <= date;
        for posting in self
            .entries
            .values()
            .filter(counted)
            .flat_map(|e| &e.postings)
        {
            *sums.entry(posting.account).or_default() += posting.amount.minor;
        }
        self.accounts
            .iter()
            .filter_map(|(_, id, account)| {
                let minor = *sums.get(id)?;
                Some(TrialLine {
                    account: *id,
                    balance: Money::new(minor, account.balance.currency),
                })
            })
            .collect()
    }

    /// What an entity's accounts add up to in each currency: zero, always.
    pub fn trial_totals(&self, entity: EntityId) -> BTreeMap<Currency, i128> {
        let mut totals = BTreeMap::new();
        for line in self.trial_balance(entity) {
            *totals.entry(line.balance.currency).or_default() += line.balance.minor;
        }
        totals
    }
}
