//! Questions the edge asks: who is this, what may it do, what may it see.

use std::collections::BTreeSet;

use bareboat_base::{Digest, Instant, KeyId, OrganisationId, PrincipalId, ProjectId};

use crate::{Permission, Role, Scope, State, allows};

/// Why a key is not let in. The edge answers all of them alike and logs which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRefusal {
    /// No such key.
    Unknown,
    /// The secret is not the key's.
    WrongSecret,
    /// It expired.
    Expired,
    /// It was revoked.
    Revoked,
}

/// Who the key belongs to, given SHA-256 of the secret shown with it, at `now`.
///
/// The secret is compared first and in constant time, so that whoever does not hold it learns
/// nothing of whether the key stands.
pub fn authenticate(
    state: &State,
    key: KeyId,
    secret_digest: &Digest,
    now: Instant,
) -> Result<PrincipalId, KeyRefusal> {
    let row = state.keys.get(&key).ok_or(KeyRefusal::Unknown)?;
    let difference = row
        .hash
        .0
        .iter()
        .zip(secret_digest.0.iter())
        .fold(0_u8, |sum, (a, b)| sum | (a ^ b));
    if std::hint::black_box(difference) != 0 {
        return Err(KeyRefusal::WrongSecret);
    }
    if row.revoked.is_some() {
        return Err(KeyRefusal::Revoked);
    }
    if now >= row.expires_at {
        return Err(KeyRefusal::Expired);
    }
    Ok(row.principal)
}

/// The roles a principal holds now, each with its scope, oldest grant first.
pub fn permissions(state: &State, principal: PrincipalId) -> Vec<(Role, Scope)> {
    let Some(row) = state.principals.get(&principal) else {
        return Vec::new();
    };
    row.grants
        .iter()
        .filter_map(|id| state.grants.get(id))
        .map(|grant| (grant.role, grant.scope))
        .collect()
}

/// A part of the book: the whole, or some organisations and projects (perhaps none).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// The whole book.
    Book,
    /// These organisations, whole, and these projects.
    Parts {
        /// Organisations seen whole: those granted and all under them.
        organisations: BTreeSet<OrganisationId>,
        /// Projects seen though their organisation is not.
        projects: BTreeSet<ProjectId>,
    },
}

impl Visibility {
    /// Nothing at all.
    pub fn nothing() -> Self {
        Self::Parts {
            organisations: BTreeSet::new(),
            projects: BTreeSet::new(),
        }
    }

    /// Whether it is nothing at all.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Book => false,
            Self::Parts {
                organisations,
                projects,
            } => organisations.is_empty() && projects.is_empty(),
        }
    }

    /// Whether it is the whole book.
    pub fn is_book(&self) -> bool {
        matches!(self, Self::Book)
    }

    /// Whether what belongs to `organisation` (and, when given, to its `project`) is in it.
    pub fn sees(&self, organisation: OrganisationId, project: Option<ProjectId>) -> bool {
        match self {
            Self::Book => true,
            Self::Parts {
                organisations,
                projects,
            } => {
                organisations.contains(&organisation)
                    || project.is_some_and(|project| projects.contains(&project))
            }
        }
    }
}

/// Where the principal holds the permission.
pub fn reach(state: &State, principal: PrincipalId, permission: Permission) -> Visibility {
    gather(state, principal, |role| allows(role, permission))
}

/// What the principal may see at all: the scopes of all its grants.
pub fn visibility(state: &State, principal: PrincipalId) -> Visibility {
    gather(state, principal, |_| true)
}

fn gather(state: &State, principal: PrincipalId, counts: impl Fn(Role) -> bool) -> Visibility {
    let (mut organisations, mut projects) = (BTreeSet::new(), BTreeSet::new());
    for (role, scope) in permissions(state, principal) {
        if !counts(role) {
            continue;
        }
        match (scope.organisation, scope.project) {
            (None, _) => return Visibility::Book,
            (Some(_), Some(project)) => {
                projects.insert(project);
            }
            (Some(organisation), None) => with_descendants(state, organisation, &mut organisations),
        }
    }
    Visibility::Parts {
        organisations,
        projects,
    }
}

fn with_descendants(state: &State, root: OrganisationId, into: &mut BTreeSet<OrganisationId>) {
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        if into.insert(id)
            && let Some(row) = state.organisations.get(&id)
        {
            waiting.extend(&row.children);
        }
    }
}
