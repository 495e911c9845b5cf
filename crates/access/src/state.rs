//! The rows, and how events fold into them.

use bareboat_base::{
    Code, Digest, GrantId, Instant, KeyId, Name, OrganisationId, PartyId, PrincipalId, ProjectId,
    Recorded, Table,
};
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::role::{Role, named};

named! {
    /// What an organisation is to the operator.
    OrganisationKind {
        /// The operator itself; there is one.
        Operator "operator";
        /// An intermediary that contracts with the operator.
        Partner "partner";
        /// Who uses the GPUs.
        Tenant "tenant";
    }
}

named! {
    /// What a principal is.
    PrincipalKind {
        /// A person.
        Person "person";
        /// A program.
        Machine "machine";
    }
}

/// An organisation: the first step of every scope path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its code, unique in the book.
    pub code: Code,
    /// Its name.
    pub name: Name,
    /// What it is to the operator.
    pub kind: OrganisationKind,
    /// The party it stands for.
    pub party: Option<PartyId>,
    /// The organisation it belongs under.
    pub parent: Option<OrganisationId>,
    /// The organisations directly under it, in the order they were created.
    pub children: Vec<OrganisationId>,
    /// Its projects, in the order they were created.
    pub projects: Vec<ProjectId>,
    /// The event that created it.
    pub recorded: Recorded,
}

/// A project: the second step of a scope path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Project {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Its code, unique in the organisation.
    pub code: Code,
    /// The event that created it.
    pub recorded: Recorded,
}

/// Someone, or some program, that acts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Principal {
    /// Its name.
    pub name: Name,
    /// A person or a machine.
    pub kind: PrincipalKind,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Every key it was issued, oldest first.
    pub keys: Vec<KeyId>,
    /// The grants it holds now, oldest first.
    pub grants: Vec<GrantId>,
    /// The event that created it.
    pub recorded: Recorded,
}

/// An API key. The secret itself is kept nowhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Key {
    /// Whose it is.
    pub principal: PrincipalId,
    /// SHA-256 of its secret.
    pub hash: Digest,
    /// From then on it is refused.
    pub expires_at: Instant,
    /// When it was revoked.
    pub revoked: Option<Recorded>,
    /// The key it replaced.
    pub rotated_from: Option<KeyId>,
    /// The event that issued it.
    pub recorded: Recorded,
}

impl Key {
    /// Whether it still opens anything at an instant.
    pub fn stands(&self, at: Instant) -> bool {
        self.revoked.is_none() && at < self.expires_at
    }
}

/// Over what a role is granted: the whole book, an organisation with all under it, or a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The organisation; none is the whole book.
    pub organisation: Option<OrganisationId>,
    /// One project of that organisation.
    pub project: Option<ProjectId>,
}

impl Scope {
    /// The whole book.
    pub const BOOK: Self = Self {
        organisation: None,
        project: None,
    };

    /// Whether it is the whole book.
    pub fn is_book(self) -> bool {
        self.organisation.is_none()
    }
}

/// A role given to a principal over a scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub principal: PrincipalId,
    /// Which role.
    pub role: Role,
    /// Over what.
    pub scope: Scope,
    /// When it was revoked.
    pub revoked: Option<Recorded>,
    /// The event that granted it.
    pub recorded: Recorded,
}

/// Everyone, and what they may do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Organisations.
    pub organisations: Table<OrganisationId, Organisation>,
    /// Projects.
    pub projects: Table<ProjectId, Project>,
    /// Principals.
    pub principals: Table<PrincipalId, Principal>,
    /// Keys.
    pub keys: Table<KeyId, Key>,
    /// Grants, revoked ones too.
    pub grants: Table<GrantId, Grant>,
    /// How many grants of [`Role::Admin`] stand.
    pub admin_grants: u32,
}

impl State {
    /// The operator's organisation; none before the book's first command.
    pub fn operator(&self) -> Option<OrganisationId> {
        self.organisations
            .iter()
            .find(|(_, _, row)| row.kind == OrganisationKind::Operator)
            .map(|(_, id, _)| *id)
    }

    /// The organisation with this code.
    pub fn organisation_by_code(&self, code: &Code) -> Option<OrganisationId> {
        self.organisations
            .iter()
            .find(|(_, _, row)| row.code == *code)
            .map(|(_, id, _)| *id)
    }
}

/// Folds one event in.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    let recorded = *recorded;
    match event {
        Event::OrganisationCreated(e) => {
            let row = Organisation {
                code: e.code.clone(),
                name: e.name.clone(),
                kind: e.kind,
                party: e.party,
                parent: e.parent,
                children: Vec::new(),
                projects: Vec::new(),
                recorded,
            };
            state.organisations.insert(e.organisation, row);
            if let Some(parent) = e.parent.and_then(|id| state.organisations.get_mut(&id)) {
                parent.children.push(e.organisation);
            }
        }
        Event::ProjectCreated(e) => {
            let row = Project {
                organisation: e.organisation,
                code: e.code.clone(),
                recorded,
            };
            state.projects.insert(e.project, row);
            if let Some(organisation) = state.organisations.get_mut(&e.organisation) {
                organisation.projects.push(e.project);
            }
        }
        Event::PrincipalCreated(e) => {
            let row = Principal {
                name: e.name.clone(),
                kind: e.kind,
                organisation: e.organisation,
                keys: Vec::new(),
                grants: Vec::new(),
                recorded,
            };
            state.principals.insert(e.principal, row);
        }
        Event::KeyIssued(e) => insert_key(
            state,
            e.key,
            new_key(e.principal, e.hash, e.expires_at, recorded),
        ),
        Event::KeyRotated(e) => {
            if let Some(old) = state.keys.get_mut(&e.old) {
                old.expires_at = old.expires_at.min(e.old_expires_at);
            }
            let mut row = new_key(e.principal, e.hash, e.expires_at, recorded);
            row.rotated_from = Some(e.old);
            insert_key(state, e.key, row);
        }
        Event::KeyRevoked(e) => {
            if let Some(key) = state.keys.get_mut(&e.key) {
                key.revoked = Some(recorded);
            }
        }
        Event::RoleGranted(_) | Event::GrantRevoked(_) => apply_grant(state, recorded, event),
    }
}

fn apply_grant(state: &mut State, recorded: Recorded, event: &Event) {
    match event {
        Event::RoleGranted(e) => {
            let row = Grant {
                principal: e.principal,
                role: e.role,
                scope: e.scope,
                revoked: None,
                recorded,
            };
            state.grants.insert(e.grant, row);
            state.admin_grants += u32::from(e.role == Role::Admin);
            if let Some(principal) = state.principals.get_mut(&e.principal) {
                principal.grants.push(e.grant);
            }
        }
        Event::GrantRevoked(e) => {
            let Some(grant) = state.grants.get_mut(&e.grant) else {
                debug_assert!(false, "only a grant that exists is revoked");
                return;
            };
            grant.revoked = Some(recorded);
            let (role, holder) = (grant.role, grant.principal);
            state.admin_grants -= u32::from(role == Role::Admin);
            if let Some(principal) = state.principals.get_mut(&holder) {
                principal.grants.retain(|id| *id != e.grant);
            }
        }
        _ => {}
    }
}

fn new_key(principal: PrincipalId, hash: Digest, expires_at: Instant, recorded: Recorded) -> Key {
    Key {
        principal,
        hash,
        expires_at,
        revoked: None,
        rotated_from: None,
        recorded,
    }
}

fn insert_key(state: &mut State, id: KeyId, key: Key) {
    if let Some(principal) = state.principals.get_mut(&key.principal) {
        principal.keys.push(id);
    }
    state.keys.insert(id, key);
}
