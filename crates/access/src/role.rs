//! Roles, permissions, and the one matrix between them.

use serde::{Deserialize, Serialize};

macro_rules! named {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$variant_doc:meta])* $variant:ident $text:literal;)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All of them, in the order of the matrix.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            /// The error lists every name there is.
            fn from_str(text: &str) -> Result<Self, String> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or_else(|| {
                    let all: Vec<_> = Self::ALL.iter().map(|one| one.as_str()).collect();
                    format!("one of {}", all.join(", "))
                })
            }
        }
    };
}
pub(crate) use named;

named! {
    /// What a principal may be. The first six are the operator's own people and machines.
    Role {
        /// Runs the book itself: organisations, principals, keys, grants.
        Admin "admin";
        /// Orders hardware, plans capacity, drafts contracts.
        Planner "planner";
        /// Decides on parties, hits and determinations; opens sealed values.
        Compliance "compliance";
        /// Receives, repairs and sanitises nodes; reports usage.
        SiteOperator "site_operator";
        /// Issues invoices and posts to the ledger.
        Finance "finance";
        /// Reads everything, changes nothing, opens no sealed value.
        Auditor "auditor";
        /// An intermediary: reads its own contracts and those of its clients.
        Partner "partner";
        /// Runs a tenant's own organisation, and takes its nodes together in blocks.
        TenantAdmin "tenant_admin";
        /// Reads a tenant's own capacity.
        TenantUser "tenant_user";
    }
}

impl Role {
    /// Whether it is a role of the operator's own people: held over the whole book only.
    pub fn is_operator(self) -> bool {
        !matches!(self, Self::Partner | Self::TenantAdmin | Self::TenantUser)
    }
}

named! {
    /// One kind of act. Every route names the one that it needs.
    Permission {
        /// Read the book's own facts: its name, position, root.
        BookRead "book.read";
        /// Read organisations, projects, principals, keys (never secrets) and grants.
        AccessRead "access.read";
        /// Change them.
        AccessManage "access.manage";
        /// Read models, sites and nodes: a tenant those that are its own.
        FleetRead "fleet.read";
        /// Read orders, deliveries, receipts and erasures.
        SupplyRead "supply.read";
        /// Register models, sites and halls; place and slip orders.
        FleetPlan "fleet.plan";
        /// Receive tranches, move nodes between phases, record sanitisations.
        FleetOperate "fleet.operate";
        /// Read reservations, allocations, maintenance and counts of nodes.
        CapacityRead "capacity.read";
        /// Read pools and all that is in their calendars.
        CalendarRead "calendar.read";
        /// Open pools, schedule supply, reserve, end.
        CapacityPlan "capacity.plan";
        /// Name and release nodes.
        CapacityAllocate "capacity.allocate";
        /// Take delivered nodes together in blocks, and give blocks up: a tenant of its own.
        CapacityBlock "capacity.block";
        /// Read parties and interests, sealed fields as sealed.
        PartiesRead "parties.read";
        /// Register and amend parties and interests.
        PartiesWrite "parties.write";
        /// Open sealed values; each opening is an event.
        PartiesOpen "parties.open";
        /// Destroy the key of a party's sealed values.
        PartiesShred "parties.shred";
        /// Read who opened which sealed value, when and why.
        OpeningsRead "openings.read";
        /// Read lists, screenings and hits.
        ScreeningRead "screening.read";
        /// Import lists and screen parties.
        ScreeningRun "screening.run";
        /// Dispose and confirm hits.
        ScreeningDispose "screening.dispose";
        /// Read rulebooks, determinations and authorisations.
        RulebookRead "rulebook.read";
        /// Adopt rulebooks, record and revoke authorisations.
        RulebookAdopt "rulebook.adopt";
        /// Make determinations.
        RulebookDetermine "rulebook.determine";
        /// Read contracts, prices and terms.
        ContractsRead "contracts.read";
        /// Read wind-downs and their steps.
        WindDownsRead "wind_downs.read";
        /// Draft contracts and exercise extensions.
        ContractsDraft "contracts.draft";
        /// Record what a client uses GPUs for, and what diligence knows of it.
        ContractsDeclareUse "contracts.declare_use";
        /// Sign contracts.
        ContractsSign "contracts.sign";
        /// Plan wind-downs and record their steps.
        ContractsWindDown "contracts.wind_down";
        /// Approve wind-downs (another person than who planned).
        ContractsApprove "contracts.approve";
        /// Read invoices.
        BillingRead "billing.read";
        /// Read usage.
        UsageRead "usage.read";
        /// Record usage.
        UsageRecord "usage.record";
        /// Issue invoices.
        BillingIssue "billing.issue";
        /// Read legal entities, accounts and entries.
        LedgerRead "ledger.read";
        /// Register entities, post and reverse entries.
        LedgerPost "ledger.post";
        /// Ask what follows from a change of lists, rules or ownership.
        ImpactRead "impact.read";
        /// Read events, and the stream of them.
        JournalRead "journal.read";
        /// Read who read what, and every authorisation decision.
        AuditRead "audit.read";
        /// Read the server's metrics.
        MetricsRead "metrics.read";
    }
}

use Permission as P;

/// What the operator's office reads.
const READS: &[P] = &[
    P::BookRead,
    P::AccessRead,
    P::FleetRead,
    P::SupplyRead,
    P::CapacityRead,
    P::CalendarRead,
    P::PartiesRead,
    P::ScreeningRead,
    P::RulebookRead,
    P::ContractsRead,
    P::WindDownsRead,
    P::BillingRead,
    P::UsageRead,
    P::LedgerRead,
    P::ImpactRead,
];

/// What partners and tenants read of their own.
const OWN_READS: &[P] = &[
    P::BookRead,
    P::FleetRead,
    P::CapacityRead,
    P::PartiesRead,
    P::ContractsRead,
    P::WindDownsRead,
    P::BillingRead,
    P::UsageRead,
];

/// What people at a site read: no prices, no parties.
const SITE_READS: &[P] = &[
    P::BookRead,
    P::FleetRead,
    P::SupplyRead,
    P::CapacityRead,
    P::CalendarRead,
    P::WindDownsRead,
    P::UsageRead,
];

/// What a tenant's administrator does of its own organisation's.
const TENANT_ADMINISTERS: &[P] = &[
    P::AccessRead,
    P::AccessManage,
    P::CapacityBlock,
    P::PartiesOpen,
];

/// What a role holds: a shared set of reads, and more of its own.
fn held(role: Role) -> (&'static [P], &'static [P]) {
    match role {
        Role::Admin => (
            READS,
            &[
                P::AccessManage,
                P::JournalRead,
                P::AuditRead,
                P::MetricsRead,
            ],
        ),
        Role::Planner => (
            READS,
            &[
                P::FleetPlan,
                P::CapacityPlan,
                P::CapacityAllocate,
                P::CapacityBlock,
                P::PartiesWrite,
                P::ContractsDraft,
                P::ContractsSign,
                P::ContractsWindDown,
            ],
        ),
        Role::Compliance => (
            READS,
            &[
                P::PartiesWrite,
                P::PartiesOpen,
                P::PartiesShred,
                P::OpeningsRead,
                P::ScreeningRun,
                P::ScreeningDispose,
                P::RulebookAdopt,
                P::RulebookDetermine,
                P::ContractsDeclareUse,
                P::ContractsWindDown,
                P::ContractsApprove,
                P::JournalRead,
            ],
        ),
        Role::SiteOperator => (
            SITE_READS,
            &[
                P::FleetOperate,
                P::CapacityAllocate,
                P::ContractsWindDown,
                P::UsageRecord,
                P::MetricsRead,
            ],
        ),
        Role::Finance => (READS, &[P::UsageRecord, P::BillingIssue, P::LedgerPost]),
        Role::Auditor => (
            READS,
            &[
                P::OpeningsRead,
                P::JournalRead,
                P::AuditRead,
                P::MetricsRead,
            ],
        ),
        // The client itself and its own partner may read what is sealed of it.
        Role::Partner => (OWN_READS, &[P::AccessRead, P::PartiesOpen]),
        Role::TenantAdmin => (OWN_READS, TENANT_ADMINISTERS),
        Role::TenantUser => (OWN_READS, &[]),
    }
}

/// Whether the role holds the permission, inside the scope that it is granted over.
pub fn allows(role: Role, permission: Permission) -> bool {
    let (shared, own) = held(role);
    shared.contains(&permission) || own.contains(&permission)
}
