//! Licences, exceptions and clearances: they discharge a requirement only when they truly
//! cover it.

use bareboat_base::{AuthorisationId, Code, Country, Date, Digest, Name, PartyId, Recorded, Text};
use serde::{Deserialize, Serialize};

use crate::facts::{Activity, words};

words! {
    /// What kind of permission it is.
    AuthorisationKind {
        /// Issued by the authority for this case.
        Licence "licence";
        /// Given by the regulation to whoever meets its terms.
        Exception "exception";
        /// A regulator's clearance or no-action letter.
        Clearance "clearance";
    }
}

/// What an authorisation reaches in one respect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope<T> {
    /// It does not limit this respect.
    Any,
    /// Only these.
    Only(Vec<T>),
}

/// The terms of an authorisation, as facts and events carry them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AuthorisationTerms {
    /// Its row in the book; `None` in a hypothetical deal.
    pub id: Option<AuthorisationId>,
    /// The authority's own number: `BIS-LIC-0001`.
    pub reference: Code,
    /// Who granted it.
    pub authority: Name,
    /// What kind it is.
    pub kind: AuthorisationKind,
    /// The sections whose requirement it discharges: `742.6(a)(6)(iii)(A)`.
    pub covers: Vec<Text>,
    /// The parties it names.
    pub parties: Scope<PartyId>,
    /// The accelerator models, by code.
    pub items: Scope<Code>,
    /// The countries in which the item may stand.
    pub sites: Scope<Country>,
    /// The activities.
    pub activities: Scope<Activity>,
    /// The first day.
    pub valid_from: Date,
    /// The last day, inclusive.
    pub valid_to: Date,
    /// GPUs in all; `None` when it does not limit them.
    pub quantity: Option<u32>,
    /// GPUs drawn so far.
    pub drawn: u32,
    /// Conditions that nobody has recorded as met; while any stands, it covers nothing.
    pub open_conditions: Vec<Text>,
    /// The digest of the document.
    pub document: Option<Digest>,
}

/// An authorisation in the book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Authorisation {
    /// Its terms, with what was drawn so far.
    pub terms: AuthorisationTerms,
    /// From which day on it is revoked, and why.
    pub revoked: Option<(Date, Text)>,
    /// The event that recorded it.
    pub recorded: Recorded,
}

/// Why an authorisation does not cover a requirement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Uncovered {
    /// The authority's number.
    pub reference: Code,
    /// Why not, in words.
    pub because: Text,
}
