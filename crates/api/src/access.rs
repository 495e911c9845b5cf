//! Organisations, projects, principals, keys and grants on the wire.

use bareboat_access as domain;
use bareboat_base::id::label;
use bareboat_base::{GrantId, Handle, KeyId, OrganisationId, PrincipalId, ProjectId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::wire;

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Organisation {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `ORG-0002`.
    pub label: String,
    /// Its code, unique in the book.
    pub code: wire::Code,
    /// Its name.
    pub name: wire::Name,
    /// `operator`, `partner` or `tenant`.
    pub kind: String,
    /// The party it stands for.
    pub party: Option<wire::Id>,
    /// The partner it lies under.
    pub parent: Option<wire::Id>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Organisation {
    /// From the row.
    pub fn of(handle: Handle, id: OrganisationId, row: &domain::Organisation) -> Self {
        Self {
            id: id.into(),
            label: label::<OrganisationId>(handle.number()),
            code: row.code.clone().into(),
            name: row.name.clone().into(),
            kind: row.kind.to_string(),
            party: row.party.map(Into::into),
            parent: row.parent.map(Into::into),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks for an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOrganisation {
    /// Its code, unique in the book.
    pub code: wire::Code,
    /// Its name. For a sealed client, one that does not tell.
    pub name: wire::Name,
    /// `partner` or `tenant`.
    pub kind: String,
    /// The party it stands for.
    pub party: Option<wire::Ref>,
    /// The partner it lies under; only a tenant has one.
    pub parent: Option<wire::Ref>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Project {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Whose it is.
    pub organisation: wire::Id,
    /// Its code, unique in the organisation.
    pub code: wire::Code,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Project {
    /// From the row.
    pub fn of(handle: Handle, id: ProjectId, row: &domain::Project) -> Self {
        Self {
            id: id.into(),
            label: label::<ProjectId>(handle.number()),
            organisation: row.organisation.into(),
            code: row.code.clone().into(),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks for a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateProject {
    /// Whose.
    pub organisation: wire::Ref,
    /// Its code, unique in the organisation.
    pub code: wire::Code,
}

/// A principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Principal {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Its name.
    pub name: wire::Name,
    /// `person` or `machine`.
    pub kind: String,
    /// Whose it is.
    pub organisation: wire::Id,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Principal {
    /// From the row.
    pub fn of(handle: Handle, id: PrincipalId, row: &domain::Principal) -> Self {
        Self {
            id: id.into(),
            label: label::<PrincipalId>(handle.number()),
            name: row.name.clone().into(),
            kind: row.kind.to_string(),
            organisation: row.organisation.into(),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks for a principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreatePrincipal {
    /// Its name.
    pub name: wire::Name,
    /// `person` or `machine`.
    pub kind: String,
    /// Whose.
    pub organisation: wire::Ref,
}

/// An API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Key {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// Whose it is.
    pub principal: wire::Id,
    /// From then on it is refused.
    pub expires_at: wire::Instant,
    /// When it was revoked.
    pub revoked: Option<wire::Recorded>,
    /// The key that it replaced.
    pub rotated_from: Option<wire::Id>,
    /// How it came to be.
    pub recorded: wire::Recorded,
    /// The whole key, in the answer to the request that made it and never again.
    pub secret: Option<String>,
}

impl Key {
    /// From the row.
    pub fn of(handle: Handle, id: KeyId, row: &domain::Key) -> Self {
        Self {
            id: id.into(),
            label: label::<KeyId>(handle.number()),
            principal: row.principal.into(),
            expires_at: row.expires_at.into(),
            revoked: row.revoked.map(Into::into),
            rotated_from: row.rotated_from.map(Into::into),
            recorded: row.recorded.into(),
            secret: None,
        }
    }
}

/// Asks for a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueKey {
    /// To whom.
    pub principal: wire::Ref,
    /// When it expires: at most 1,830 days ahead.
    pub expires_at: wire::Instant,
}

/// Asks for a key in place of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// When the new key expires: at most 1,830 days ahead.
    pub expires_at: wire::Instant,
    /// How long the old key lives on; it ends at once when left out.
    pub overlap_until: Option<wire::Instant>,
}

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Grant {
    /// Its id.
    pub id: wire::Id,
    /// Its label.
    pub label: String,
    /// To whom.
    pub principal: wire::Id,
    /// Which role.
    pub role: String,
    /// Over which organisation; none is the whole book.
    pub organisation: Option<wire::Id>,
    /// Over which project of it.
    pub project: Option<wire::Id>,
    /// When it was revoked.
    pub revoked: Option<wire::Recorded>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Grant {
    /// From the row.
    pub fn of(handle: Handle, id: GrantId, row: &domain::Grant) -> Self {
        Self {
            id: id.into(),
            label: label::<GrantId>(handle.number()),
            principal: row.principal.into(),
            role: row.role.to_string(),
            organisation: row.scope.organisation.map(Into::into),
            project: row.scope.project.map(Into::into),
            revoked: row.revoked.map(Into::into),
            recorded: row.recorded.into(),
        }
    }
}

/// Asks for a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRole {
    /// To whom.
    pub principal: wire::Ref,
    /// Which role.
    pub role: String,
    /// Over which organisation; left out, the whole book.
    pub organisation: Option<wire::Ref>,
    /// Over which project of it.
    pub project: Option<wire::Ref>,
}
