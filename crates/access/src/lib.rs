//! Who may do what: organisations and their projects, principals and their keys, and the roles
//! granted to principals over a scope.
//!
//! It decides nothing about requests: the edge asks [`authenticate`] who a key is, [`reach`]
//! where a principal holds a permission, and [`visibility`] what it may see at all. Start at
//! [`Role`] and its matrix, then at [`State`].

mod decide;
mod event;
mod role;
mod state;
#[cfg(test)]
mod tests;
mod visibility;

pub use decide::{
    Bootstrap, Command, CreateOrganisation, CreatePrincipal, CreateProject, GrantRole, IssueKey,
    Rejection, RevokeGrant, RevokeKey, RotateKey, decide,
};
pub use event::{
    Event, GrantRevoked, KeyIssued, KeyRevoked, KeyRotated, OrganisationCreated, PrincipalCreated,
    ProjectCreated, RoleGranted,
};
pub use role::{Permission, Role, allows};
pub use state::{
    Grant, Key, Organisation, OrganisationKind, Principal, PrincipalKind, Project, Scope, State,
    apply,
};
pub use visibility::{KeyRefusal, Visibility, authenticate, permissions, reach, visibility};

/// The longest a key may live, in days of 86,400 seconds (five years).
pub const MAX_KEY_DAYS: i64 = 1_830;
