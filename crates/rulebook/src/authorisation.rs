//! Licences, exceptions and clearances: they discharge a requirement only when they truly
//! cover it.

use bareboat_base::{AuthorisationId, Code, Country, Date, Digest, Name, PartyId, Recorded, Text};
use serde::{Deserialize, Serialize};

use crate::facts::{Activity, Facts, words};

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

impl<T: PartialEq> Scope<T> {
    /// Whether it reaches the value.
    pub fn reaches(&self, value: &T) -> bool {
        match self {
            Self::Any => true,
            Self::Only(these) => these.contains(value),
        }
    }

    /// Whether it reaches a value that may not be known.
    fn reaches_known(&self, value: Option<&T>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(these) => value.is_some_and(|value| these.contains(value)),
        }
    }
}

impl AuthorisationTerms {
    /// Whether it discharges a requirement printed in one of `sections`, that binds because of
    /// `triggers`, for kinds the rule accepts. The error says in words why not: scope, validity
    /// or quantity.
    pub fn covers(
        &self,
        facts: &Facts,
        sections: &[Text],
        kinds: &[AuthorisationKind],
        triggers: &[PartyId],
    ) -> Result<(), String> {
        if !kinds.contains(&self.kind) {
            return Err(format!("the rule accepts no {}", self.kind));
        }
        if !self.covers.iter().any(|section| sections.contains(section)) {
            return Err("it is for another section".to_owned());
        }
        if facts.legal_date < self.valid_from || facts.legal_date > self.valid_to {
            return Err(format!(
                "it holds from {} to {}, not on {}",
                self.valid_from, self.valid_to, facts.legal_date
            ));
        }
        if let Some(condition) = self.open_conditions.first() {
            return Err(format!("a condition is not recorded as met: {condition}"));
        }
        if !self.activities.reaches(&facts.activity) {
            return Err(format!("it is not for {}", facts.activity));
        }
        if let Some(party) = triggers.iter().find(|party| !self.parties.reaches(party)) {
            let label = facts.chain.iter().find(|row| row.party == *party);
            let label = label.map_or_else(|| party.to_string(), |row| row.label.to_string());
            return Err(format!("it does not name {label}"));
        }
        let item = facts.item.as_ref();
        if !self
            .items
            .reaches_known(item.and_then(|item| item.model.value.as_ref()))
        {
            return Err("it does not name the model".to_owned());
        }
        if !self
            .sites
            .reaches_known(item.and_then(|item| item.site_country.value.as_ref()))
        {
            return Err("it does not name the country of the site".to_owned());
        }
        self.has_left(facts.asked_of(self))
    }

    fn has_left(&self, asked: Option<u32>) -> Result<(), String> {
        let Some(quantity) = self.quantity else {
            return Ok(());
        };
        let Some(asked) = asked else {
            return Err("how many GPUs are meant is not known".to_owned());
        };
        let left = quantity.saturating_sub(self.drawn);
        if asked > left {
            return Err(format!("{left} GPUs are left, {asked} are asked for"));
        }
        Ok(())
    }
}
