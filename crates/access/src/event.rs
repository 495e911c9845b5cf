//! What happened to principals, keys and grants.

use bareboat_base::event::no_upcast;
use bareboat_base::{
    Code, Digest, GrantId, Instant, KeyId, Name, OrganisationId, PartyId, PrincipalId, ProjectId,
};
use serde::{Deserialize, Serialize};

use crate::{OrganisationKind, PrincipalKind, Role, Scope};

/// An organisation was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrganisationCreated {
    /// Its id.
    pub organisation: OrganisationId,
    /// Its code, unique in the book.
    pub code: Code,
    /// Its name. A sealed client's organisation goes by a name that does not tell.
    pub name: Name,
    /// What it is to the operator.
    pub kind: OrganisationKind,
    /// The party it stands for.
    pub party: Option<PartyId>,
    /// The organisation it belongs under: a client's partner.
    pub parent: Option<OrganisationId>,
}

/// A project was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProjectCreated {
    /// Its id.
    pub project: ProjectId,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Its code, unique in the organisation.
    pub code: Code,
}

/// A principal was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrincipalCreated {
    /// Its id.
    pub principal: PrincipalId,
    /// Its name.
    pub name: Name,
    /// A person or a machine.
    pub kind: PrincipalKind,
    /// Whose it is.
    pub organisation: OrganisationId,
}

/// A key was issued.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyIssued {
    /// Its id.
    pub key: KeyId,
    /// Whose it is.
    pub principal: PrincipalId,
    /// SHA-256 of its secret.
    pub hash: Digest,
    /// From then on it is refused.
    pub expires_at: Instant,
}

/// A key was replaced by a new one; the old one lives on until `old_expires_at`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyRotated {
    /// The new key's id.
    pub key: KeyId,
    /// The key it replaces.
    pub old: KeyId,
    /// Whose they are.
    pub principal: PrincipalId,
    /// SHA-256 of the new secret.
    pub hash: Digest,
    /// From then on the new key is refused.
    pub expires_at: Instant,
    /// From then on the old key is refused.
    pub old_expires_at: Instant,
}

/// A key was revoked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeyRevoked {
    /// The key.
    pub key: KeyId,
}

/// A role was granted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoleGranted {
    /// The grant's id.
    pub grant: GrantId,
    /// To whom.
    pub principal: PrincipalId,
    /// Which role.
    pub role: Role,
    /// Over what.
    pub scope: Scope,
}

/// A grant was revoked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrantRevoked {
    /// The grant.
    pub grant: GrantId,
}

bareboat_base::events! {
    /// What happened.
    pub enum Event upcast no_upcast {
        /// An organisation was created.
        OrganisationCreated = "access.organisation_created" 1;
        /// A project was created.
        ProjectCreated = "access.project_created" 1;
        /// A principal was created.
        PrincipalCreated = "access.principal_created" 1;
        /// A key was issued.
        KeyIssued = "access.key_issued" 1;
        /// A key was rotated.
        KeyRotated = "access.key_rotated" 1;
        /// A key was revoked.
        KeyRevoked = "access.key_revoked" 1;
        /// A role was granted.
        RoleGranted = "access.role_granted" 1;
        /// A grant was revoked.
        GrantRevoked = "access.grant_revoked" 1;
    }
}
