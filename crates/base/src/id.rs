//! The one registry of typed ids. Passing a tenant where a contract is meant does not compile.
//!
//! A command carries a UUIDv7 drawn at the edge. Every id that it creates is a UUIDv8 that
//! follows from it: the first 16 bytes of SHA-256(command id, kind, ordinal), with the version
//! and variant bits of RFC 9562 §5.8 set. People see a label beside it (`C-0042`).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::hash::Digest;

/// An id of one kind, registered in this module.
pub trait TypedId: Copy + Eq + std::hash::Hash + std::fmt::Debug {
    /// The kind's name: snake case, part of the hash that makes an id; never changed.
    const KIND: &'static str;
    /// What a person's label begins with (`C` in `C-0042`).
    const PREFIX: &'static str;
    /// Wraps a UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID inside.
    fn uuid(self) -> Uuid;
}

/// The id that `command` creates as its `ordinal`-th of kind `I`.
pub fn derive_id<I: TypedId>(command: CommandId, ordinal: u64) -> I {
    let digest = Digest::of(&[
        command.uuid().as_bytes(),
        I::KIND.as_bytes(),
        &[0],
        &ordinal.to_be_bytes(),
    ]);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.0[..16]);
    I::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// The label people see for the `number`-th (from 1) row of a kind: `C-0042`.
pub fn label<I: TypedId>(number: u32) -> String {
    format!("{}-{number:04}", I::PREFIX)
}

/// The number in a label of kind `I`, or `None` when the text is no such label.
pub fn label_number<I: TypedId>(text: &str) -> Option<u32> {
    let digits = text.strip_prefix(I::PREFIX)?.strip_prefix('-')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|number| *number > 0)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $kind:literal $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(Uuid);

            impl TypedId for $name {
                const KIND: &'static str = $kind;
                const PREFIX: &'static str = $prefix;
                fn from_uuid(uuid: Uuid) -> Self {
                    Self(uuid)
                }
                fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    self.0.hyphenated().fmt(f)
                }
            }

            impl std::fmt::Debug for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    write!(f, concat!($kind, ":{}"), self.0.hyphenated())
                }
            }

            impl std::str::FromStr for $name {
                type Err = uuid::Error;
                fn from_str(text: &str) -> Result<Self, uuid::Error> {
                    Uuid::try_parse(text).map(Self)
                }
            }
        )*

        /// Every kind of id: its name and the prefix of its labels.
        pub const KINDS: &[(&str, &str)] = &[$(($kind, $prefix)),*];
    };
}

ids! {
    /// One request to change the book (UUIDv7, drawn at the edge).
    CommandId "command" "CMD";
    /// Who acts: a person, a machine, or the book's own background work.
    PrincipalId "principal" "PR";
    /// An API key of a principal.
    KeyId "key" "KEY";
    /// A role given to a principal over a scope.
    GrantId "grant" "GR";
    /// An organisation that holds projects: the operator, a partner, a tenant.
    OrganisationId "organisation" "ORG";
    /// A project inside an organisation.
    ProjectId "project" "PRJ";
    /// One of the operator's own legal entities.
    EntityId "entity" "LE";
    /// An accelerator model.
    ModelId "model" "M";
    /// A data centre.
    SiteId "site" "SITE";
    /// A hall inside a site.
    HallId "hall" "HALL";
    /// A schedulable bare-metal machine.
    NodeId "node" "N";
    /// An order of nodes from a supplier.
    PurchaseOrderId "purchase_order" "PO";
    /// A dated delivery of so many nodes of a purchase order.
    TrancheId "tranche" "TR";
    /// The record that nodes of a tranche arrived.
    ReceiptId "receipt" "RC";
    /// Evidence that a node was erased between tenants.
    SanitisationId "sanitisation" "SAN";
    /// All nodes of one model at one site.
    PoolId "pool" "POOL";
    /// Capacity held for a lot before nodes are named.
    ReservationId "reservation" "R";
    /// A priced, dated, expiring offer that holds capacity softly.
    QuoteId "quote" "Q";
    /// Named nodes bound to a lot.
    AllocationId "allocation" "A";
    /// Nodes of an allocation that stand together, for one purpose.
    BlockId "block" "BL";
    /// A legal entity or person.
    PartyId "party" "P";
    /// Who holds how much of whom.
    InterestId "interest" "INT";
    /// One published restricted-party list (SDN, Entity List …).
    ListId "list" "L";
    /// One dated snapshot of a list.
    ListSnapshotId "list_snapshot" "LS";
    /// One comparison of a party with lists.
    ScreeningId "screening" "SC";
    /// A candidate match found by a screening.
    HitId "hit" "HIT";
    /// One regime's rulebook.
    RulebookId "rulebook" "RB";
    /// One decided determination.
    DeterminationId "determination" "D";
    /// A licence or clearance relied on.
    AuthorisationId "authorisation" "AU";
    /// A capacity agreement.
    ContractId "contract" "C";
    /// One line of a contract.
    LotId "lot" "LOT";
    /// The staged ending of an allocation.
    WindDownId "wind_down" "WD";
    /// One node's use over one interval.
    UsageId "usage" "U";
    /// An invoice.
    InvoiceId "invoice" "INV";
    /// One line of an invoice.
    InvoiceLineId "invoice_line" "IL";
    /// A ledger account.
    AccountId "account" "ACC";
    /// A balanced ledger entry.
    EntryId "entry" "E";
    /// A confidential value kept apart from the journal.
    SealedId "sealed" "SEAL";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_command() {
        let command =
            CommandId::from_uuid(Uuid::from_u128(0x0192_f0e0_0000_7000_8000_0000_0000_0001));
        let first: ContractId = derive_id(command, 0);
        assert_eq!(first, derive_id(command, 0));
        assert_ne!(first, derive_id(command, 1));
        assert_ne!(first.uuid(), derive_id::<LotId>(command, 0).uuid());
        assert_eq!(first.uuid().get_version_num(), 8);
    }

    #[test]
    fn labels_read_back() {
        assert_eq!(label::<ContractId>(42), "C-0042");
        assert_eq!(label_number::<ContractId>("C-0042"), Some(42));
        assert_eq!(label_number::<ContractId>("C-123456"), Some(123_456));
        for bad in ["C-", "C-0", "X-0001", "C-+1", "C0001", "C-99999999999"] {
            assert_eq!(label_number::<ContractId>(bad), None, "{bad}");
        }
    }

    #[test]
    fn kinds_and_prefixes_are_unique() {
        let kinds: std::collections::BTreeSet<_> = KINDS.iter().map(|(kind, _)| kind).collect();
        let prefixes: std::collections::BTreeSet<_> = KINDS.iter().map(|(_, p)| p).collect();
        assert_eq!((kinds.len(), prefixes.len()), (KINDS.len(), KINDS.len()));
    }
}
