//! Organisations, projects, principals, keys and grants.
//!
//! The example for every other domain: the table first, then for each operation a function that
//! finds what is named, checks that the caller may see and touch it, and makes one command.

use bareboat_access::{self as domain, Command as Access, Permission as P, Visibility};
use bareboat_api::access as wire;
use bareboat_api::{KeyText, Page, Problem};
use bareboat_base::id::derive_id;
use bareboat_base::{GrantId, KeyId, OrganisationId, PrincipalId, ProjectId};
use bareboat_book::{Command, State};
use serde_json::{Map, Value};

use crate::{Act, Ask, Route, random};

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = organisations();
    all.extend(principals());
    all.extend(keys());
    all.extend(grants());
    all
}

fn organisations() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/organisations",
            "listOrganisations",
            "List organisations",
        )
        .needs(P::AccessRead)
        .parameter("kind", "Only `operator`, `partner` or `tenant`.")
        .page(list_organisations),
        Route::post(
            "/v1/organisations",
            "createOrganisation",
            "Create a partner or a tenant",
        )
        .needs(P::AccessManage)
        .create::<wire::CreateOrganisation, wire::Organisation, _>(create_organisation),
        Route::get(
            "/v1/organisations/{organisation}",
            "getOrganisation",
            "Read an organisation",
        )
        .needs(P::AccessRead)
        .item(get_organisation),
        Route::get("/v1/projects", "listProjects", "List projects")
            .needs(P::AccessRead)
            .parameter("organisation", "Only this organisation's: its id or label.")
            .page(list_projects),
        Route::post(
            "/v1/projects",
            "createProject",
            "Create a project in an organisation",
        )
        .needs(P::AccessManage)
        .create::<wire::CreateProject, wire::Project, _>(create_project),
        Route::get("/v1/projects/{project}", "getProject", "Read a project")
            .needs(P::AccessRead)
            .item(get_project),
    ]
}

fn principals() -> Vec<Route> {
    vec![
        Route::get("/v1/principals", "listPrincipals", "List principals")
            .needs(P::AccessRead)
            .parameter("organisation", "Only this organisation's: its id or label.")
            .page(list_principals),
        Route::post("/v1/principals", "createPrincipal", "Create a principal")
            .needs(P::AccessManage)
            .create::<wire::CreatePrincipal, wire::Principal, _>(create_principal),
        Route::get(
            "/v1/principals/{principal}",
            "getPrincipal",
            "Read a principal",
        )
        .needs(P::AccessRead)
        .item(get_principal),
    ]
}

fn keys() -> Vec<Route> {
    vec![
        Route::get("/v1/keys", "listKeys", "List keys, without their secrets")
            .needs(P::AccessRead)
            .parameter("principal", "Only this principal's: its id or label.")
            .page(list_keys),
        Route::post(
            "/v1/keys",
            "issueKey",
            "Issue a key; its secret is answered once",
        )
        .needs(P::AccessManage)
        .create::<wire::IssueKey, wire::Key, _>(issue_key),
        Route::get("/v1/keys/{key}", "getKey", "Read a key, without its secret")
            .needs(P::AccessRead)
            .item(get_key),
        Route::post(
            "/v1/keys/{key}/rotate",
            "rotateKey",
            "Put a new key in a key's place",
        )
        .needs(P::AccessManage)
        .create::<wire::RotateKey, wire::Key, _>(rotate_key),
        Route::post(
            "/v1/keys/{key}/revoke",
            "revokeKey",
            "Revoke a key, at once",
        )
        .needs(P::AccessManage)
        .command::<wire::Key, _>(revoke_key),
    ]
}

fn grants() -> Vec<Route> {
    vec![
        Route::get("/v1/grants", "listGrants", "List grants, revoked ones too")
            .needs(P::AccessRead)
            .parameter("principal", "Only this principal's: its id or label.")
            .page(list_grants),
        Route::post(
            "/v1/grants",
            "grantRole",
            "Grant a role to a principal over a scope",
        )
        .needs(P::AccessManage)
        .create::<wire::GrantRole, wire::Grant, _>(grant_role),
        Route::get("/v1/grants/{grant}", "getGrant", "Read a grant")
            .needs(P::AccessRead)
            .item(get_grant),
        Route::post("/v1/grants/{grant}/revoke", "revokeGrant", "Revoke a grant")
            .needs(P::AccessManage)
            .command::<wire::Grant, _>(revoke_grant),
    ]
}

fn organisation(state: &State, id: OrganisationId) -> Option<wire::Organisation> {
    let table = &state.access.organisations;
    Some(wire::Organisation::of(
        table.handle(&id)?,
        id,
        table.get(&id)?,
    ))
}

fn list_organisations(ask: &Ask) -> Result<Page<wire::Organisation>, Problem> {
    let kind: Option<domain::OrganisationKind> = ask.parsed("kind")?;
    ask.page(&ask.state().access.organisations, |handle, id, row| {
        let shown = ask.reach().sees(id, None) && kind.is_none_or(|kind| kind == row.kind);
        shown.then(|| wire::Organisation::of(handle, id, row))
    })
}

fn get_organisation(ask: &Ask) -> Result<wire::Organisation, Problem> {
    let found = ask.row("organisation", &ask.state().access.organisations)?;
    ask.seen(ask.reach().sees(found.id, None), found.id)?;
    Ok(wire::Organisation::of(found.handle, found.id, found.row))
}

fn create_organisation(ask: &Ask, body: wire::CreateOrganisation) -> Result<Act, Problem> {
    ask.whole_book()?;
    let state = ask.state();
    let parent = match &body.parent {
        None => None,
        Some(parent) => Some(
            ask.resolve("parent", &state.access.organisations, parent)?
                .id,
        ),
    };
    let party = match &body.party {
        None => None,
        Some(party) => Some(ask.resolve("party", &state.parties.parties, party)?.id),
    };
    let command = domain::CreateOrganisation {
        code: body.code.0,
        name: body.name.0,
        kind: ask.parse("kind", &body.kind)?,
        party,
        parent,
    };
    let id = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Access(Access::CreateOrganisation(command)),
        move |state, _| organisation(state, id),
    ))
}

fn project(state: &State, id: ProjectId) -> Option<wire::Project> {
    let table = &state.access.projects;
    Some(wire::Project::of(table.handle(&id)?, id, table.get(&id)?))
}

fn list_projects(ask: &Ask) -> Result<Page<wire::Project>, Problem> {
    let access = &ask.state().access;
    let of = ask.param_ref("organisation", &access.organisations)?;
    ask.page(&access.projects, |handle, id, row| {
        let shown = ask.reach().sees(row.organisation, Some(id))
            && of.is_none_or(|of| of == row.organisation);
        shown.then(|| wire::Project::of(handle, id, row))
    })
}

fn get_project(ask: &Ask) -> Result<wire::Project, Problem> {
    let found = ask.row("project", &ask.state().access.projects)?;
    let visible = ask.reach().sees(found.row.organisation, Some(found.id));
    ask.seen(visible, found.id)?;
    Ok(wire::Project::of(found.handle, found.id, found.row))
}

/// The organisation that a field names, when the caller may manage it.
fn managed(
    ask: &Ask,
    field: &str,
    reference: &bareboat_api::wire::Ref,
) -> Result<OrganisationId, Problem> {
    let id = ask
        .resolve(field, &ask.state().access.organisations, reference)?
        .id;
    ask.may_act(id, P::AccessRead, |part| part.sees(id, None))?;
    Ok(id)
}

fn create_project(ask: &Ask, body: wire::CreateProject) -> Result<Act, Problem> {
    let command = domain::CreateProject {
        organisation: managed(ask, "organisation", &body.organisation)?,
        code: body.code.0,
    };
    let id = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Access(Access::CreateProject(command)),
        move |state, _| project(state, id),
    ))
}

fn principal(state: &State, id: PrincipalId) -> Option<wire::Principal> {
    let table = &state.access.principals;
    Some(wire::Principal::of(table.handle(&id)?, id, table.get(&id)?))
}

fn list_principals(ask: &Ask) -> Result<Page<wire::Principal>, Problem> {
    let access = &ask.state().access;
    let of = ask.param_ref("organisation", &access.organisations)?;
    ask.page(&access.principals, |handle, id, row| {
        let shown =
            ask.reach().sees(row.organisation, None) && of.is_none_or(|of| of == row.organisation);
        shown.then(|| wire::Principal::of(handle, id, row))
    })
}

fn get_principal(ask: &Ask) -> Result<wire::Principal, Problem> {
    let found = ask.row("principal", &ask.state().access.principals)?;
    ask.seen(ask.reach().sees(found.row.organisation, None), found.id)?;
    Ok(wire::Principal::of(found.handle, found.id, found.row))
}

fn create_principal(ask: &Ask, body: wire::CreatePrincipal) -> Result<Act, Problem> {
    let command = domain::CreatePrincipal {
        name: body.name.0,
        kind: ask.parse("kind", &body.kind)?,
        organisation: managed(ask, "organisation", &body.organisation)?,
    };
    let id = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Access(Access::CreatePrincipal(command)),
        move |state, _| principal(state, id),
    ))
}

/// Whether a principal belongs to a part of the book.
fn belongs(state: &State, id: PrincipalId, part: &Visibility) -> bool {
    let row = state.access.principals.get(&id);
    row.is_some_and(|row| part.sees(row.organisation, None))
}

fn key(state: &State, id: KeyId) -> Option<wire::Key> {
    let table = &state.access.keys;
    Some(wire::Key::of(table.handle(&id)?, id, table.get(&id)?))
}

fn list_keys(ask: &Ask) -> Result<Page<wire::Key>, Problem> {
    let access = &ask.state().access;
    let of = ask.param_ref("principal", &access.principals)?;
    ask.page(&access.keys, |handle, id, row| {
        let shown = belongs(ask.state(), row.principal, ask.reach())
            && of.is_none_or(|of| of == row.principal);
        shown.then(|| wire::Key::of(handle, id, row))
    })
}

fn get_key(ask: &Ask) -> Result<wire::Key, Problem> {
    let found = ask.row("key", &ask.state().access.keys)?;
    let visible = belongs(ask.state(), found.row.principal, ask.reach());
    ask.seen(visible, found.id)?;
    Ok(wire::Key::of(found.handle, found.id, found.row))
}

/// Shows the whole key, in the first answer only: it is stored nowhere.
fn reveal(key: KeyText) -> impl FnOnce(bool) -> Result<Map<String, Value>, Problem> + Send {
    move |replayed| {
        let mut fields = Map::new();
        if !replayed {
            fields.insert("secret".to_owned(), Value::from(key.reveal()));
        }
        Ok(fields)
    }
}

fn issue_key(ask: &Ask, body: wire::IssueKey) -> Result<Act, Problem> {
    let state = ask.state();
    let holder = ask
        .resolve("principal", &state.access.principals, &body.principal)?
        .id;
    ask.may_act(holder, P::AccessRead, |part| belongs(state, holder, part))?;
    let text = KeyText::new(derive_id(ask.command_id(), 0), random());
    let command = domain::IssueKey {
        principal: holder,
        hash: text.digest(),
        expires_at: body.expires_at.0,
    };
    let id = text.id;
    let act = Act::new(
        Command::Access(Access::IssueKey(command)),
        move |state, _| key(state, id),
    );
    Ok(act.revealing(reveal(text)))
}

/// The key that the path names, when the caller may manage it.
fn managed_key(ask: &Ask) -> Result<KeyId, Problem> {
    let state = ask.state();
    let found = ask.row("key", &state.access.keys)?;
    let holder = found.row.principal;
    ask.may_act(found.id, P::AccessRead, |part| belongs(state, holder, part))?;
    Ok(found.id)
}

fn rotate_key(ask: &Ask, body: wire::RotateKey) -> Result<Act, Problem> {
    let old = managed_key(ask)?;
    let text = KeyText::new(derive_id(ask.command_id(), 0), random());
    let command = domain::RotateKey {
        key: old,
        hash: text.digest(),
        expires_at: body.expires_at.0,
        overlap_until: body.overlap_until.map(|instant| instant.0),
    };
    let id = text.id;
    let act = Act::new(
        Command::Access(Access::RotateKey(command)),
        move |state, _| key(state, id),
    );
    Ok(act
        .guarded(move |state| key(state, old))
        .revealing(reveal(text)))
}

fn revoke_key(ask: &Ask) -> Result<Act, Problem> {
    let id = managed_key(ask)?;
    let command = Command::Access(Access::RevokeKey(domain::RevokeKey { key: id }));
    let act = Act::new(command, move |state, _| key(state, id));
    Ok(act.guarded(move |state| key(state, id)))
}

fn grant(state: &State, id: GrantId) -> Option<wire::Grant> {
    let table = &state.access.grants;
    Some(wire::Grant::of(table.handle(&id)?, id, table.get(&id)?))
}

/// Whether a grant belongs to a part of the book: by its holder, or by what it is over.
fn concerns(state: &State, row: &domain::Grant, part: &Visibility) -> bool {
    let scope = row.scope;
    let over = scope.organisation.map(|id| part.sees(id, scope.project));
    over.unwrap_or(false) || belongs(state, row.principal, part)
}

fn list_grants(ask: &Ask) -> Result<Page<wire::Grant>, Problem> {
    let access = &ask.state().access;
    let of = ask.param_ref("principal", &access.principals)?;
    ask.page(&access.grants, |handle, id, row| {
        let shown =
            concerns(ask.state(), row, ask.reach()) && of.is_none_or(|of| of == row.principal);
        shown.then(|| wire::Grant::of(handle, id, row))
    })
}

fn get_grant(ask: &Ask) -> Result<wire::Grant, Problem> {
    let found = ask.row("grant", &ask.state().access.grants)?;
    ask.seen(concerns(ask.state(), found.row, ask.reach()), found.id)?;
    Ok(wire::Grant::of(found.handle, found.id, found.row))
}

fn grant_role(ask: &Ask, body: wire::GrantRole) -> Result<Act, Problem> {
    let state = ask.state();
    let holder = ask
        .resolve("principal", &state.access.principals, &body.principal)?
        .id;
    // First of all: what is said of the rest would tell that there is such a principal.
    ask.may_act(holder, P::AccessRead, |part| belongs(state, holder, part))?;
    let mut scope = domain::Scope::BOOK;
    match (&body.organisation, &body.project) {
        (None, Some(_)) => {
            return Err(ask.field("project", "a project goes with its organisation"));
        }
        (None, None) => ask.whole_book()?,
        (Some(named), project) => {
            let organisations = &state.access.organisations;
            let id = ask.resolve("organisation", organisations, named)?.id;
            scope.organisation = Some(id);
            if let Some(named) = project {
                let found = ask.resolve("project", &state.access.projects, named)?;
                let reads = ask.reach_of(P::AccessRead);
                let visible = reads.sees(found.row.organisation, Some(found.id));
                ask.seen(visible, found.id)?;
                scope.project = Some(found.id);
            }
            ask.may_act(id, P::AccessRead, |part| part.sees(id, scope.project))?;
        }
    }
    let command = domain::GrantRole {
        principal: holder,
        role: ask.parse("role", &body.role)?,
        scope,
    };
    let id = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Access(Access::GrantRole(command)),
        move |state, _| grant(state, id),
    ))
}

fn revoke_grant(ask: &Ask) -> Result<Act, Problem> {
    let state = ask.state();
    let found = ask.row("grant", &state.access.grants)?;
    let (id, row) = (found.id, found.row);
    // A grant over the whole book is the whole book's, whoever holds it.
    let inside = |part: &Visibility| {
        if row.scope.is_book() {
            part.is_book()
        } else {
            concerns(state, row, part)
        }
    };
    ask.may_act(id, P::AccessRead, inside)?;
    let command = Command::Access(Access::RevokeGrant(domain::RevokeGrant { grant: id }));
    let act = Act::new(command, move |state, _| grant(state, id));
    Ok(act.guarded(move |state| grant(state, id)))
}
