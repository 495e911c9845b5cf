//! Commands, refusals, and the decision.

use bareboat_base::{
    Code, Context, Digest, GrantId, Instant, KeyId, Name, OrganisationId, PartyId, PrincipalId,
    ProjectId,
};

use crate::event::{
    Event, GrantRevoked, KeyIssued, KeyRevoked, KeyRotated, OrganisationCreated, PrincipalCreated,
    ProjectCreated, RoleGranted,
};
use crate::{Grant, Key, MAX_KEY_DAYS, OrganisationKind, PrincipalKind, Role, Scope, State};

/// Makes the operator's organisation, its first administrator and that one's key. Only the first
/// command of a book may be it. The ids are the 0th of their kinds.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// The operator's code.
    pub code: Code,
    /// The operator's name.
    pub name: Name,
    /// The first administrator's name.
    pub administrator: Name,
    /// SHA-256 of the key's secret.
    pub hash: Digest,
    /// When the key expires.
    pub expires_at: Instant,
}

/// Creates a partner's or a tenant's organisation.
#[derive(Clone, Debug)]
pub struct CreateOrganisation {
    /// Its code, unique in the book.
    pub code: Code,
    /// Its name.
    pub name: Name,
    /// What it is to the operator.
    pub kind: OrganisationKind,
    /// The party it stands for (the book checks that it exists).
    pub party: Option<PartyId>,
    /// The partner it belongs under; only a tenant has one.
    pub parent: Option<OrganisationId>,
}

/// Creates a project.
#[derive(Clone, Debug)]
pub struct CreateProject {
    /// Whose.
    pub organisation: OrganisationId,
    /// Its code, unique in the organisation.
    pub code: Code,
}

/// Creates a principal.
#[derive(Clone, Debug)]
pub struct CreatePrincipal {
    /// Its name.
    pub name: Name,
    /// A person or a machine.
    pub kind: PrincipalKind,
    /// Whose.
    pub organisation: OrganisationId,
}

/// Issues a key; the secret was drawn at the edge.
#[derive(Clone, Debug)]
pub struct IssueKey {
    /// To whom.
    pub principal: PrincipalId,
    /// SHA-256 of the secret.
    pub hash: Digest,
    /// When it expires: in the future, at most [`MAX_KEY_DAYS`] away.
    pub expires_at: Instant,
}

/// Replaces a key.
#[derive(Clone, Debug)]
pub struct RotateKey {
    /// The key to replace.
    pub key: KeyId,
    /// SHA-256 of the new secret.
    pub hash: Digest,
    /// When the new key expires.
    pub expires_at: Instant,
    /// How long the old key lives on; none ends it now.
    pub overlap_until: Option<Instant>,
}

/// Revokes a key, at once.
#[derive(Clone, Debug)]
pub struct RevokeKey {
    /// The key.
    pub key: KeyId,
}

/// Grants a role.
#[derive(Clone, Debug)]
pub struct GrantRole {
    /// To whom.
    pub principal: PrincipalId,
    /// Which.
    pub role: Role,
    /// Over what.
    pub scope: Scope,
}

/// Revokes a grant.
#[derive(Clone, Debug)]
pub struct RevokeGrant {
    /// The grant.
    pub grant: GrantId,
}

/// What someone asks for.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make the operator and its first administrator.
    Bootstrap(Bootstrap),
    /// Create an organisation.
    CreateOrganisation(CreateOrganisation),
    /// Create a project.
    CreateProject(CreateProject),
    /// Create a principal.
    CreatePrincipal(CreatePrincipal),
    /// Issue a key.
    IssueKey(IssueKey),
    /// Rotate a key.
    RotateKey(RotateKey),
    /// Revoke a key.
    RevokeKey(RevokeKey),
    /// Grant a role.
    GrantRole(GrantRole),
    /// Revoke a grant.
    RevokeGrant(RevokeGrant),
}

bareboat_base::rejections! {
    /// Why a change of access is refused.
    pub enum Rejection in "access" {
        /// The book has an operator.
        AlreadyBootstrapped => Conflict "already_bootstrapped"
            "the book already has an operator" hint "a book is initialised once; make another book for another operator";
        /// Only `init` makes the operator.
        OperatorExists => Conflict "operator_exists"
            "a book has one operator, and it exists" hint "create a partner or a tenant";
        /// The code is taken.
        OrganisationCodeTaken { code: Code } => Conflict "organisation_code_taken"
            "organisation code {code} is already used" hint "choose another code";
        /// The project's code is taken.
        ProjectCodeTaken { code: Code } => Conflict "project_code_taken"
            "project code {code} is already used in this organisation" hint "choose another code";
        /// The parent does not fit.
        ParentUnfit { parent: Code } => Invalid "parent_unfit"
            "{parent} cannot be the parent" hint "only a tenant has a parent, and the parent is a partner";
        /// No such organisation.
        OrganisationNotFound { organisation: OrganisationId } => NotFound "organisation_not_found"
            "there is no organisation {organisation}" hint "list organisations with `bareboat organisation list`";
        /// No such project.
        ProjectNotFound { project: ProjectId } => NotFound "project_not_found"
            "there is no project {project} in that organisation" hint "list projects with `bareboat project list`";
        /// No such principal.
        PrincipalNotFound { principal: PrincipalId } => NotFound "principal_not_found"
            "there is no principal {principal}" hint "list principals with `bareboat principal list`";
        /// No such key.
        KeyNotFound { key: KeyId } => NotFound "key_not_found"
            "there is no key {key}" hint "list keys with `bareboat key list`";
        /// No such grant.
        GrantNotFound { grant: GrantId } => NotFound "grant_not_found"
            "there is no grant {grant}" hint "list grants with `bareboat grant list`";
        /// The key does not stand any more.
        KeyNotLive { key: KeyId } => Conflict "key_not_live"
            "key {key} is revoked or expired" hint "issue a new key";
        /// It expires in the past, or too far ahead.
        ExpiryOutOfRange { expires_at: Instant, latest: Instant } => Invalid "expiry_out_of_range"
            "a key cannot expire at {expires_at}" hint "choose an instant after now and at most 1830 days ahead";
        /// It would overlap past the old key's own end, or into the past.
        OverlapOutOfRange { overlap_until: Instant } => Invalid "overlap_out_of_range"
            "the old key cannot live on until {overlap_until}" hint "choose an instant after now and before the old key's own expiry";
        /// The secret's hash is already a key's.
        SecretReused { key: KeyId } => Conflict "secret_reused"
            "key {key} has the same secret" hint "draw a new secret";
        /// The role cannot be held over that scope.
        ScopeUnfit { role: Role } => Invalid "scope_unfit"
            "role {role} cannot be held over that scope" hint "operator roles are held over the whole book; partner over a partner's organisation; tenant roles over a tenant's organisation or project";
        /// The role is not for principals of that organisation.
        RoleUnfit { role: Role } => Invalid "role_unfit"
            "role {role} cannot be given to a principal of that organisation" hint "operator roles go to the operator's principals; others to principals of the organisation in scope or above it";
        /// It is granted already.
        AlreadyGranted { grant: GrantId } => Conflict "already_granted"
            "grant {grant} already gives this role over this scope" hint "nothing needs doing";
        /// It is revoked already.
        AlreadyRevoked => Conflict "already_revoked"
            "it is already revoked" hint "nothing needs doing";
        /// Nobody could administer the book any more.
        LastAdministrator => Conflict "last_administrator"
            "this is the last administrator's grant" hint "grant the admin role to another principal first";
    }
}

/// All the events of a command, or why not.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    match command {
        Command::Bootstrap(c) => bootstrap(state, context, c),
        Command::CreateOrganisation(c) => create_organisation(state, context, c),
        Command::CreateProject(c) => create_project(state, context, c),
        Command::CreatePrincipal(c) => create_principal(state, context, c),
        Command::IssueKey(c) => issue_key(state, context, c),
        Command::RotateKey(c) => rotate_key(state, context, c),
        Command::RevokeKey(c) => revoke_key(state, c),
        Command::GrantRole(c) => grant_role(state, context, c),
        Command::RevokeGrant(c) => revoke_grant(state, c),
    }
}

fn bootstrap(state: &State, context: &Context, c: &Bootstrap) -> Result<Vec<Event>, Rejection> {
    if !state.organisations.is_empty() {
        return Err(Rejection::AlreadyBootstrapped);
    }
    check_expiry(context, c.expires_at)?;
    let organisation = context.mint(0);
    let principal = context.mint(0);
    Ok(vec![
        Event::from(OrganisationCreated {
            organisation,
            code: c.code.clone(),
            name: c.name.clone(),
            kind: OrganisationKind::Operator,
            party: None,
            parent: None,
        }),
        Event::from(PrincipalCreated {
            principal,
            name: c.administrator.clone(),
            kind: PrincipalKind::Person,
            organisation,
        }),
        Event::from(RoleGranted {
            grant: context.mint(0),
            principal,
            role: Role::Admin,
            scope: Scope::BOOK,
        }),
        Event::from(KeyIssued {
            key: context.mint(0),
            principal,
            hash: c.hash,
            expires_at: c.expires_at,
        }),
    ])
}

fn create_organisation(
    state: &State,
    context: &Context,
    c: &CreateOrganisation,
) -> Result<Vec<Event>, Rejection> {
    if c.kind == OrganisationKind::Operator {
        return Err(Rejection::OperatorExists);
    }
    if let Some(id) = c.parent {
        let parent = organisation(state, id)?;
        let fits = c.kind == OrganisationKind::Tenant && parent.kind == OrganisationKind::Partner;
        if !fits {
            return Err(Rejection::ParentUnfit {
                parent: parent.code.clone(),
            });
        }
    }
    if state.organisation_by_code(&c.code).is_some() {
        return Err(Rejection::OrganisationCodeTaken {
            code: c.code.clone(),
        });
    }
    Ok(vec![Event::from(OrganisationCreated {
        organisation: context.mint(0),
        code: c.code.clone(),
        name: c.name.clone(),
        kind: c.kind,
        party: c.party,
        parent: c.parent,
    })])
}

fn create_project(
    state: &State,
    context: &Context,
    c: &CreateProject,
) -> Result<Vec<Event>, Rejection> {
    let row = organisation(state, c.organisation)?;
    let mut projects = row.projects.iter().filter_map(|id| state.projects.get(id));
    if projects.any(|project| project.code == c.code) {
        return Err(Rejection::ProjectCodeTaken {
            code: c.code.clone(),
        });
    }
    Ok(vec![Event::from(ProjectCreated {
        project: context.mint(0),
        organisation: c.organisation,
        code: c.code.clone(),
    })])
}

fn create_principal(
    state: &State,
    context: &Context,
    c: &CreatePrincipal,
) -> Result<Vec<Event>, Rejection> {
    organisation(state, c.organisation)?;
    Ok(vec![Event::from(PrincipalCreated {
        principal: context.mint(0),
        name: c.name.clone(),
        kind: c.kind,
        organisation: c.organisation,
    })])
}

fn issue_key(state: &State, context: &Context, c: &IssueKey) -> Result<Vec<Event>, Rejection> {
    if !state.principals.contains(&c.principal) {
        return Err(Rejection::PrincipalNotFound {
            principal: c.principal,
        });
    }
    check_expiry(context, c.expires_at)?;
    check_secret(state, c.principal, &c.hash)?;
    Ok(vec![Event::from(KeyIssued {
        key: context.mint(0),
        principal: c.principal,
        hash: c.hash,
        expires_at: c.expires_at,
    })])
}

fn rotate_key(state: &State, context: &Context, c: &RotateKey) -> Result<Vec<Event>, Rejection> {
    let old = key(state, c.key)?;
    if old.revoked.is_some() || old.expires_at <= context.recorded_at {
        return Err(Rejection::KeyNotLive { key: c.key });
    }
    check_expiry(context, c.expires_at)?;
    check_secret(state, old.principal, &c.hash)?;
    if let Some(overlap_until) = c.overlap_until
        && (overlap_until <= context.recorded_at || overlap_until > old.expires_at)
    {
        return Err(Rejection::OverlapOutOfRange { overlap_until });
    }
    Ok(vec![Event::from(KeyRotated {
        key: context.mint(0),
        old: c.key,
        principal: old.principal,
        hash: c.hash,
        expires_at: c.expires_at,
        old_expires_at: c.overlap_until.unwrap_or(context.recorded_at),
    })])
}

fn revoke_key(state: &State, c: &RevokeKey) -> Result<Vec<Event>, Rejection> {
    if key(state, c.key)?.revoked.is_some() {
        return Err(Rejection::AlreadyRevoked);
    }
    Ok(vec![Event::from(KeyRevoked { key: c.key })])
}

fn grant_role(state: &State, context: &Context, c: &GrantRole) -> Result<Vec<Event>, Rejection> {
    let Some(principal) = state.principals.get(&c.principal) else {
        return Err(Rejection::PrincipalNotFound {
            principal: c.principal,
        });
    };
    check_scope(state, c.role, c.scope)?;
    let home = organisation(state, principal.organisation)?;
    let fits = match c.scope.organisation {
        None => home.kind == OrganisationKind::Operator,
        // A principal acts for its own organisation, or for one under it.
        Some(id) => {
            id == principal.organisation
                || organisation(state, id)?.parent == Some(principal.organisation)
        }
    };
    if !fits {
        return Err(Rejection::RoleUnfit { role: c.role });
    }
    let same = |grant: &Grant| grant.role == c.role && grant.scope == c.scope;
    let standing = principal.grants.iter();
    if let Some(grant) = standing
        .copied()
        .find(|id| state.grants.get(id).is_some_and(same))
    {
        return Err(Rejection::AlreadyGranted { grant });
    }
    Ok(vec![Event::from(RoleGranted {
        grant: context.mint(0),
        principal: c.principal,
        role: c.role,
        scope: c.scope,
    })])
}

fn check_scope(state: &State, role: Role, scope: Scope) -> Result<(), Rejection> {
    let unfit = Rejection::ScopeUnfit { role };
    let Some(id) = scope.organisation else {
        let fits = role.is_operator() && scope.project.is_none();
        return if fits { Ok(()) } else { Err(unfit) };
    };
    let kind = organisation(state, id)?.kind;
    if let Some(project) = scope.project {
        let inside = state.projects.get(&project);
        if inside.is_none_or(|row| row.organisation != id) {
            return Err(Rejection::ProjectNotFound { project });
        }
    }
    let fits = match role {
        Role::Partner => kind == OrganisationKind::Partner && scope.project.is_none(),
        Role::TenantAdmin | Role::TenantUser => kind == OrganisationKind::Tenant,
        _ => false,
    };
    if fits { Ok(()) } else { Err(unfit) }
}

fn revoke_grant(state: &State, c: &RevokeGrant) -> Result<Vec<Event>, Rejection> {
    let Some(grant) = state.grants.get(&c.grant) else {
        return Err(Rejection::GrantNotFound { grant: c.grant });
    };
    if grant.revoked.is_some() {
        return Err(Rejection::AlreadyRevoked);
    }
    if grant.role == Role::Admin && state.admin_grants <= 1 {
        return Err(Rejection::LastAdministrator);
    }
    Ok(vec![Event::from(GrantRevoked { grant: c.grant })])
}

fn organisation(state: &State, id: OrganisationId) -> Result<&crate::Organisation, Rejection> {
    state
        .organisations
        .get(&id)
        .ok_or(Rejection::OrganisationNotFound { organisation: id })
}

fn key(state: &State, id: KeyId) -> Result<&Key, Rejection> {
    state
        .keys
        .get(&id)
        .ok_or(Rejection::KeyNotFound { key: id })
}

fn check_expiry(context: &Context, expires_at: Instant) -> Result<(), Rejection> {
    let now = context.recorded_at;
    let latest = now.micros().saturating_add(MAX_KEY_DAYS * 86_400_000_000);
    let latest = Instant::from_micros(latest).unwrap_or(now);
    if expires_at <= now || expires_at > latest {
        return Err(Rejection::ExpiryOutOfRange { expires_at, latest });
    }
    Ok(())
}

fn check_secret(state: &State, principal: PrincipalId, hash: &Digest) -> Result<(), Rejection> {
    let keys = state.principals.get(&principal).into_iter();
    let mut keys = keys.flat_map(|row| row.keys.iter().copied());
    match keys.find(|id| state.keys.get(id).is_some_and(|key| key.hash == *hash)) {
        Some(key) => Err(Rejection::SecretReused { key }),
        None => Ok(()),
    }
}
