//! Parties, interests and ownership on the wire.

use bareboat_base::id::label;
use bareboat_base::{Confidential, Handle, InterestId, PartyId, ShareRange as BaseRange};
use bareboat_parties as domain;
use serde::de::{self, DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::mirror::mirror;
use crate::wire;

mirror! {
    /// What a party is.
    PartyKind of domain::PartyKind {
        /// A legal entity.
        Company "company",
        /// A natural person.
        Person "person",
        /// A trust, a nominee holding, a fund without personality.
        Arrangement "arrangement",
        /// A state, a ministry, an agency.
        StateBody "state-body",
        /// Not known yet.
        Unknown "unknown",
    }
}

/// Reads a value that may be confidential: an error does not repeat it.
pub(crate) fn quietly<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    from: D,
) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(from)
        .map_err(|_| de::Error::custom("this is not JSON, and not repeated here"))?;
    serde_json::from_value(value).map_err(|_| {
        de::Error::custom(
            "not what the schema says of it; the value is not repeated, as it may be confidential",
        )
    })
}

/// A field as a caller may see it: the id of a sealed value only when it may be opened.
pub fn confidential<T: ToString>(field: &Confidential<T>, opens: bool) -> wire::Confidential {
    let mut shown = wire::Confidential::from(field);
    if !opens {
        shown.sealed = None;
    }
    shown
}

/// A source as the domain keeps it.
pub fn source(what: wire::Text, digest: Option<wire::Digest>) -> domain::Source {
    domain::Source {
        what: what.0,
        digest: digest.map(|digest| digest.0),
    }
}

/// A number or code by which a register knows a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Identifier {
    /// Which register: `LEI`, `JP-CN`.
    pub scheme: wire::Code,
    /// The value in it.
    pub value: wire::Confidential,
}

/// A party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Party {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `P-0042`.
    pub label: String,
    /// Which version of the facts, from 1.
    pub version: u32,
    /// What it is.
    pub kind: PartyKind,
    /// Whether who it is, is kept from all but named roles.
    pub sealed: bool,
    /// Whether the key of its sealed values was destroyed.
    pub shredded: bool,
    /// Its name.
    pub name: wire::Confidential,
    /// Its other names; of a sealed party, shown to those who may open them.
    pub aliases: Vec<wire::Confidential>,
    /// Where it is incorporated, or resident when a person.
    pub domicile: Option<wire::Country>,
    /// Where its headquarters are.
    pub headquarters: Option<wire::Country>,
    /// Its address; of a sealed party, shown to those who may open it.
    pub address: Option<wire::Confidential>,
    /// How registers know it; of a sealed party, shown to those who may open them.
    pub identifiers: Vec<Identifier>,
    /// Where this comes from, in words that stand in the open: of a sealed party, words that do not
    /// tell who it is.
    pub source: wire::Text,
    /// The document that it comes from, when one was kept.
    pub source_digest: Option<wire::Digest>,
    /// Who declared that nobody stands above it, and where; absent when nothing is declared.
    pub no_parent: Option<wire::Text>,
    /// The document of that declaration, when one was kept.
    pub no_parent_digest: Option<wire::Digest>,
    /// Who declared that listed parties do not hold half of it or more, and where; absent when
    /// nothing is declared.
    pub not_held_by_listed: Option<wire::Text>,
    /// The document of that declaration, when one was kept.
    pub not_held_by_listed_digest: Option<wire::Digest>,
    /// How it came to be.
    pub recorded: wire::Recorded,
    /// Its last amendment; its registration when it has none.
    pub amended: wire::Recorded,
}

impl Party {
    /// From the row, for a caller who may or may not open what is sealed of it.
    pub fn of(
        handle: Handle,
        id: PartyId,
        row: &domain::Party,
        opens: bool,
        shredded: bool,
    ) -> Self {
        let facts = &row.facts;
        let tells = opens || !facts.is_sealed();
        let aliases = facts.aliases.iter().filter(|_| tells);
        let identifiers = facts.identifiers.iter().filter(|_| tells);
        let address = facts.address.as_ref().filter(|_| tells);
        let declared = match &facts.top {
            domain::TopStatus::NotDeclared => None,
            domain::TopStatus::NoParentDeclared { source } => Some(source),
        };
        let not_held = facts.not_held_by_listed.as_ref();
        Self {
            id: id.into(),
            label: label::<PartyId>(handle.number()),
            version: row.version,
            kind: facts.kind.into(),
            sealed: facts.is_sealed(),
            shredded,
            name: confidential(&facts.name, opens),
            aliases: aliases.map(|alias| confidential(alias, opens)).collect(),
            domicile: facts.domicile.map(Into::into),
            headquarters: facts.headquarters.map(Into::into),
            address: address.map(|address| confidential(address, opens)),
            identifiers: identifiers
                .map(|one| Identifier {
                    scheme: one.scheme.clone().into(),
                    value: confidential(&one.value, opens),
                })
                .collect(),
            source: facts.source.what.clone().into(),
            source_digest: facts.source.digest.map(Into::into),
            no_parent: declared.map(|source| source.what.clone().into()),
            no_parent_digest: declared.and_then(|source| source.digest.map(Into::into)),
            not_held_by_listed: not_held.map(|source| source.what.clone().into()),
            not_held_by_listed_digest: not_held.and_then(|source| source.digest.map(Into::into)),
            recorded: row.recorded.into(),
            amended: row.amended.into(),
        }
    }
}

/// An identifier to register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIdentifier {
    /// Which register: `LEI`, `JP-CN`.
    pub scheme: wire::Code,
    /// The value in it.
    pub value: String,
}

/// Asks to register a party. A row of a JSONL import has the same fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterParty {
    /// What it is.
    pub kind: PartyKind,
    /// Its name.
    #[serde(deserialize_with = "quietly")]
    pub name: String,
    /// Its other names.
    #[serde(default, deserialize_with = "quietly")]
    pub aliases: Option<Vec<String>>,
    /// Where it is incorporated, or resident when a person.
    pub domicile: Option<wire::Country>,
    /// Where its headquarters are.
    pub headquarters: Option<wire::Country>,
    /// Its address.
    #[serde(default, deserialize_with = "quietly")]
    pub address: Option<String>,
    /// How registers know it.
    #[serde(default, deserialize_with = "quietly")]
    pub identifiers: Option<Vec<NewIdentifier>>,
    /// Where this comes from, in words that stand in the open: of a sealed party, words that do not
    /// tell who it is.
    pub source: wire::Text,
    /// The document that it comes from, when one was kept.
    pub source_digest: Option<wire::Digest>,
    /// Who declared that nobody stands above it, and where.
    pub no_parent: Option<wire::Text>,
    /// The document of that declaration, when one was kept; only with `no_parent`.
    pub no_parent_digest: Option<wire::Digest>,
    /// Who declared, and where, that listed parties do not hold half of it or more in aggregate: for
    /// owners that are not on record, as those of a widely held company.
    pub not_held_by_listed: Option<wire::Text>,
    /// The document of that declaration, when one was kept; only with `not_held_by_listed`.
    pub not_held_by_listed_digest: Option<wire::Digest>,
    /// Whether to seal its name, other names, address and identifiers; `false` when absent.
    pub sealed: Option<bool>,
}

/// Asks to replace what is known of a party, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendParty {
    /// The version that the caller saw.
    pub expected_version: u32,
    /// What it is.
    pub kind: PartyKind,
    /// Its name. When absent, name, other names, address and identifiers stay as they are.
    #[serde(default, deserialize_with = "quietly")]
    pub name: Option<String>,
    /// Its other names; only with a name.
    #[serde(default, deserialize_with = "quietly")]
    pub aliases: Option<Vec<String>>,
    /// Where it is incorporated, or resident when a person.
    pub domicile: Option<wire::Country>,
    /// Where its headquarters are.
    pub headquarters: Option<wire::Country>,
    /// Its address; only with a name.
    #[serde(default, deserialize_with = "quietly")]
    pub address: Option<String>,
    /// How registers know it; only with a name.
    #[serde(default, deserialize_with = "quietly")]
    pub identifiers: Option<Vec<NewIdentifier>>,
    /// Where this comes from, in words that stand in the open: of a sealed party, words that do not
    /// tell who it is.
    pub source: wire::Text,
    /// The document that it comes from, when one was kept.
    pub source_digest: Option<wire::Digest>,
    /// Who declared that nobody stands above it, and where.
    pub no_parent: Option<wire::Text>,
    /// The document of that declaration, when one was kept; only with `no_parent`.
    pub no_parent_digest: Option<wire::Digest>,
    /// Who declared, and where, that listed parties do not hold half of it or more in aggregate: for
    /// owners that are not on record, as those of a widely held company.
    pub not_held_by_listed: Option<wire::Text>,
    /// The document of that declaration, when one was kept; only with `not_held_by_listed`.
    pub not_held_by_listed_digest: Option<wire::Digest>,
    /// Whether to seal what the name and the fields beside it say; only with a name. When absent,
    /// as the party is now. A party in the open cannot be sealed: register a new one.
    pub sealed: Option<bool>,
}

/// What is known of a share: it lies between the two, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareRange {
    /// The least it can be.
    pub min: wire::Share,
    /// The most it can be.
    pub max: wire::Share,
}

impl From<BaseRange> for ShareRange {
    fn from(range: BaseRange) -> Self {
        Self {
            min: range.min().into(),
            max: range.max().into(),
        }
    }
}

/// A dated interest of one party in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Interest {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `INT-0042`.
    pub label: String,
    /// Who holds it.
    pub owner: wire::Id,
    /// The owner's label.
    pub owner_label: String,
    /// In whom.
    pub owned: wire::Id,
    /// The owned party's label.
    pub owned_label: String,
    /// The share of votes.
    pub voting: ShareRange,
    /// The share of capital and profit.
    pub economic: ShareRange,
    /// The first day on which it is held.
    pub from: wire::Date,
    /// The first day on which it no longer is.
    pub until: Option<wire::Date>,
    /// Where this comes from, in words that stand in the open: of a sealed party, words that do not
    /// tell who it is.
    pub source: wire::Text,
    /// The document that it comes from, when one was kept.
    pub source_digest: Option<wire::Digest>,
    /// How it came to be.
    pub recorded: wire::Recorded,
    /// How its end was recorded.
    pub ended: Option<wire::Recorded>,
}

impl Interest {
    /// From the row.
    pub fn of(
        handle: Handle,
        id: InterestId,
        row: &domain::Interest,
        state: &domain::State,
    ) -> Self {
        let facts = &row.facts;
        let name = |party| state.party_label(party).unwrap_or_default();
        Self {
            id: id.into(),
            label: label::<InterestId>(handle.number()),
            owner: facts.owner.into(),
            owner_label: name(facts.owner),
            owned: facts.owned.into(),
            owned_label: name(facts.owned),
            voting: facts.voting.into(),
            economic: facts.economic.into(),
            from: facts.from.into(),
            until: facts.until.map(Into::into),
            source: facts.source.what.clone().into(),
            source_digest: facts.source.digest.map(Into::into),
            recorded: row.recorded.into(),
            ended: row.ended.map(Into::into),
        }
    }
}

/// Asks to record an interest. A row of a JSONL import has the same fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordInterest {
    /// Who holds it.
    pub owner: wire::Ref,
    /// In whom.
    pub owned: wire::Ref,
    /// The share of votes.
    pub voting: ShareRange,
    /// The share of capital and profit; as the votes when absent.
    pub economic: Option<ShareRange>,
    /// The first day on which it is held.
    pub from: wire::Date,
    /// The first day on which it no longer is, when that is known.
    pub until: Option<wire::Date>,
    /// Where this comes from, in words that stand in the open: of a sealed party, words that do not
    /// tell who it is.
    pub source: wire::Text,
    /// The document that it comes from, when one was kept.
    pub source_digest: Option<wire::Digest>,
}

/// Asks to end an interest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndInterest {
    /// The first day on which it is no longer held.
    pub on: wire::Date,
}

/// What an import wrote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Imported {
    /// How many rows, each one thing.
    pub count: u32,
    /// The label of the first.
    pub first: Option<String>,
    /// The label of the last.
    pub last: Option<String>,
}

/// A party by its names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartyName {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Its name.
    pub name: wire::Confidential,
}

/// One stake of one party in another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stake {
    /// The recorded interest.
    pub interest: wire::Id,
    /// Who is at the other end.
    pub party: PartyName,
    /// The share of votes.
    pub voting: ShareRange,
    /// The share of capital and profit.
    pub economic: ShareRange,
}

/// Who stands at the top of a party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UltimateParent {
    /// `itself`, `party` or `unknown`.
    pub status: String,
    /// The ultimate parent; when unknown, the highest party known to control.
    pub party: Option<PartyName>,
    /// From the party asked about to its ultimate parent.
    pub path: Vec<PartyName>,
    /// What would have to be known.
    pub missing: Option<String>,
}

/// What parties on one list hold of a party, together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldByListed {
    /// The list.
    pub list: wire::Code,
    /// `yes` when they hold it to half or more for certain; else `unknown`.
    pub status: String,
    /// What the stakes that count add up to.
    pub share: ShareRange,
    /// A chain of ownership from the party up to a listed one.
    pub path: Vec<PartyName>,
}

/// Who owns a party and what it owns on a day, computed from what the caller may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ownership {
    /// The party.
    pub party: PartyName,
    /// The day.
    pub on: wire::Date,
    /// Who holds interests in it, in order of recording; at most 1,000.
    pub owners: Vec<Stake>,
    /// What it holds interests in, in order of recording; at most 1,000.
    pub owned: Vec<Stake>,
    /// The least of its capital of which nothing is recorded.
    pub undisclosed: wire::Share,
    /// Who stands at the top.
    pub ultimate_parent: UltimateParent,
    /// For each list with a party above it: whether half or more is held by parties on that list.
    /// Absent for callers who may not read screenings.
    pub held_by_listed: Option<Vec<HeldByListed>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_does_not_repeat_what_may_be_sealed() {
        for body in [
            r#"{"kind":"company","name":["Hidden Harbour"],"source":"x"}"#,
            r#"{"kind":"company","name":"a","aliases":"Hidden Harbour","source":"x"}"#,
            r#"{"kind":"company","name":"a","address":{"street":"Hidden Harbour"},"source":"x"}"#,
            r#"{"kind":"company","name":"a","identifiers":[{"scheme":"Hidden Harbour","value":"1"}],"source":"x"}"#,
        ] {
            let error = serde_json::from_str::<RegisterParty>(body).unwrap_err();
            assert!(!error.to_string().contains("Hidden"), "{error}");
        }
        let least = r#"{"kind":"state-body","name":"a","source":"x"}"#;
        assert!(serde_json::from_str::<RegisterParty>(least).is_ok());
    }
}
