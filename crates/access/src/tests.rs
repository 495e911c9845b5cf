//! The matrix as a golden table, decisions as cases, and reach against a naive reading.

use bareboat_base::event::Outer;
use bareboat_base::{
    Code, CommandId, Context, Digest, GrantId, Instant, KeyId, Name, OrganisationId, Position,
    PrincipalId, ProjectId, Recorded, Refusal as _, derive_id,
};
use proptest::prelude::*;

use crate::*;

const GOLDEN: &str = include_str!("../tests/matrix.txt");

fn matrix() -> String {
    let mut text = String::new();
    for permission in Permission::ALL {
        let roles: Vec<_> = Role::ALL
            .iter()
            .filter(|role| allows(**role, *permission))
            .map(|role| role.as_str())
            .collect();
        text.push_str(&format!("{permission:<22}{}\n", roles.join(" ")));
    }
    text
}

#[test]
fn the_matrix_is_the_golden_one() {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write("tests/matrix.txt", matrix()).unwrap();
        return;
    }
    assert_eq!(
        matrix(),
        GOLDEN,
        "UPDATE_GOLDENS=1 rewrites tests/matrix.txt"
    );
}

#[test]
fn an_auditor_changes_nothing_and_opens_nothing() {
    for permission in Permission::ALL {
        if allows(Role::Auditor, *permission) {
            assert!(permission.as_str().ends_with(".read"), "{permission}");
        }
    }
}

#[test]
fn names_read_back_and_the_error_lists_them() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse::<Role>(), Ok(*role));
    }
    assert!("root".parse::<Role>().unwrap_err().contains("tenant_admin"));
}

/// A book of access rights with its own clock.
#[derive(Default)]
struct Book {
    state: State,
    position: u64,
    commands: u128,
}

impl Book {
    fn now(&self) -> Instant {
        let micros = 1_700_000_000_000_000 + i64::try_from(self.position).unwrap() * 1_000_000;
        Instant::from_micros(micros).unwrap()
    }

    fn later(&self, days: i64) -> Instant {
        Instant::from_micros(self.now().micros() + days * 86_400_000_000).unwrap()
    }

    fn act(&mut self, command: Command) -> Result<CommandId, Rejection> {
        self.commands += 1;
        let context = Context {
            command_id: numbered(self.commands),
            actor: numbered(0),
            recorded_at: self.now(),
            part: 0,
        };
        for event in decide(&self.state, &context, &command)? {
            self.position += 1;
            let bytes = event.encode();
            let read = Event::decode(&Outer::read(&bytes).unwrap())
                .unwrap()
                .unwrap();
            assert_eq!(read, event);
            let recorded = Recorded {
                position: Position(self.position),
                at: context.recorded_at,
                by: context.actor,
            };
            apply(&mut self.state, &recorded, &read);
        }
        Ok(context.command_id)
    }

    fn start() -> (Self, PrincipalId, KeyId, GrantId) {
        let mut book = Self::default();
        let command = Command::Bootstrap(Bootstrap {
            code: code("OP"),
            name: name("Nagisa Compute"),
            administrator: name("Aiko"),
            hash: Digest::of(&[b"secret"]),
            expires_at: book.later(365),
        });
        let id = book.act(command.clone()).unwrap();
        assert_eq!(book.act(command), Err(Rejection::AlreadyBootstrapped));
        (book, derive_id(id, 0), derive_id(id, 0), derive_id(id, 0))
    }

    fn organisation(
        &mut self,
        text: &str,
        kind: OrganisationKind,
        parent: Option<OrganisationId>,
    ) -> OrganisationId {
        let command = CreateOrganisation {
            code: code(text),
            name: name(text),
            kind,
            party: None,
            parent,
        };
        derive_id(self.act(Command::CreateOrganisation(command)).unwrap(), 0)
    }

    fn project(&mut self, organisation: OrganisationId, text: &str) -> ProjectId {
        let command = CreateProject {
            organisation,
            code: code(text),
        };
        derive_id(self.act(Command::CreateProject(command)).unwrap(), 0)
    }

    fn principal(&mut self, organisation: OrganisationId) -> PrincipalId {
        let command = CreatePrincipal {
            name: name("someone"),
            kind: PrincipalKind::Machine,
            organisation,
        };
        derive_id(self.act(Command::CreatePrincipal(command)).unwrap(), 0)
    }

    fn grant(
        &mut self,
        principal: PrincipalId,
        role: Role,
        organisation: Option<OrganisationId>,
        project: Option<ProjectId>,
    ) -> Result<GrantId, Rejection> {
        let scope = Scope {
            organisation,
            project,
        };
        let command = GrantRole {
            principal,
            role,
            scope,
        };
        Ok(derive_id(self.act(Command::GrantRole(command))?, 0))
    }
}

fn numbered<I: std::str::FromStr<Err: std::fmt::Debug>>(number: u128) -> I {
    format!("00000000-0000-7000-8000-{number:012x}")
        .parse()
        .unwrap()
}

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn keys_are_let_in_until_they_expire_or_are_revoked() {
    let (mut book, admin, key, _) = Book::start();
    let right = Digest::of(&[b"secret"]);
    let check = |book: &Book, key, digest, now| authenticate(&book.state, key, &digest, now);
    assert_eq!(check(&book, key, right, book.now()), Ok(admin));
    let wrong = Digest::of(&[b"guess"]);
    assert_eq!(
        check(&book, key, wrong, book.now()),
        Err(KeyRefusal::WrongSecret)
    );
    assert_eq!(
        check(&book, key, right, book.later(366)),
        Err(KeyRefusal::Expired)
    );
    assert_eq!(
        check(&book, numbered(9), right, book.now()),
        Err(KeyRefusal::Unknown)
    );

    let rotate = RotateKey {
        key,
        hash: Digest::of(&[b"second"]),
        expires_at: book.later(30),
        overlap_until: Some(book.later(1)),
    };
    let second = derive_id(book.act(Command::RotateKey(rotate.clone())).unwrap(), 0);
    assert_eq!(check(&book, key, right, book.now()), Ok(admin));
    assert_eq!(
        check(&book, key, right, book.later(2)),
        Err(KeyRefusal::Expired)
    );
    assert_eq!(check(&book, second, rotate.hash, book.later(2)), Ok(admin));
    assert_eq!(
        book.state.keys.get(&second).unwrap().rotated_from,
        Some(key)
    );
    let again = book.act(Command::RotateKey(rotate));
    assert_eq!(again, Err(Rejection::SecretReused { key: second }));

    book.act(Command::RevokeKey(RevokeKey { key: second }))
        .unwrap();
    let refused = check(&book, second, Digest::of(&[b"second"]), book.now());
    assert_eq!(refused, Err(KeyRefusal::Revoked));
    let twice = book.act(Command::RevokeKey(RevokeKey { key: second }));
    assert_eq!(twice, Err(Rejection::AlreadyRevoked));
    let rotate = RotateKey {
        key: second,
        hash: Digest::of(&[b"third"]),
        expires_at: book.later(30),
        overlap_until: None,
    };
    let dead = book.act(Command::RotateKey(rotate)).unwrap_err();
    assert_eq!(
        (dead.code(), dead),
        ("access.key_not_live", Rejection::KeyNotLive { key: second })
    );
}

#[test]
fn a_key_expires_within_reason() {
    let (mut book, admin, ..) = Book::start();
    for (days, fits) in [
        (-1, false),
        (0, false),
        (1, true),
        (1_830, true),
        (1_831, false),
    ] {
        let command = IssueKey {
            principal: admin,
            hash: Digest::of(&[&i64::to_be_bytes(days)]),
            expires_at: book.later(days),
        };
        let issued = book.act(Command::IssueKey(command));
        assert_eq!(issued.is_ok(), fits, "{days} days: {issued:?}");
    }
}

#[test]
fn the_last_administrator_stays() {
    let (mut book, admin, _, grant) = Book::start();
    let revoke = |grant| Command::RevokeGrant(RevokeGrant { grant });
    assert_eq!(book.act(revoke(grant)), Err(Rejection::LastAdministrator));
    let operator = book.state.operator().unwrap();
    let other = book.principal(operator);
    let second = book.grant(other, Role::Admin, None, None).unwrap();
    book.act(revoke(grant)).unwrap();
    assert!(permissions(&book.state, admin).is_empty());
    assert!(visibility(&book.state, admin).is_nothing());
    assert_eq!(book.act(revoke(grant)), Err(Rejection::AlreadyRevoked));
    assert_eq!(book.act(revoke(second)), Err(Rejection::LastAdministrator));
}

#[test]
fn roles_go_where_they_fit() {
    let (mut book, admin, ..) = Book::start();
    let operator = book.state.operator().unwrap();
    let partner = book.organisation("PA", OrganisationKind::Partner, None);
    let tenant = book.organisation("TA", OrganisationKind::Tenant, Some(partner));
    let project = book.project(tenant, "main");
    let (p, t) = (book.principal(partner), book.principal(tenant));
    let cases = [
        (admin, Role::Planner, None, None, Ok(())),
        (
            admin,
            Role::Planner,
            None,
            None,
            Err("access.already_granted"),
        ),
        (
            admin,
            Role::Planner,
            Some(operator),
            None,
            Err("access.scope_unfit"),
        ),
        (
            admin,
            Role::TenantUser,
            None,
            None,
            Err("access.scope_unfit"),
        ),
        (t, Role::Admin, None, None, Err("access.role_unfit")),
        (t, Role::TenantUser, Some(tenant), Some(project), Ok(())),
        (
            t,
            Role::TenantUser,
            Some(partner),
            None,
            Err("access.scope_unfit"),
        ),
        (
            t,
            Role::Partner,
            Some(partner),
            None,
            Err("access.role_unfit"),
        ),
        (p, Role::Partner, Some(partner), None, Ok(())),
        (
            p,
            Role::Partner,
            Some(partner),
            Some(project),
            Err("access.project_not_found"),
        ),
        (p, Role::TenantUser, Some(tenant), None, Ok(())),
    ];
    for (principal, role, organisation, project, expected) in cases {
        let found = book.grant(principal, role, organisation, project);
        let found = found.map(|_| ()).map_err(|rejection| rejection.code());
        assert_eq!(found, expected, "{role} over {organisation:?} {project:?}");
    }
    let nobody = numbered(77);
    assert_eq!(
        book.grant(nobody, Role::Admin, None, None),
        Err(Rejection::PrincipalNotFound { principal: nobody })
    );
}

#[test]
fn organisations_and_projects_have_codes_of_their_own() {
    let (mut book, ..) = Book::start();
    let partner = book.organisation("PA", OrganisationKind::Partner, None);
    let mut create = CreateOrganisation {
        code: code("PA"),
        name: name("again"),
        kind: OrganisationKind::Tenant,
        party: None,
        parent: Some(partner),
    };
    let mut code_of = |create: &CreateOrganisation| {
        book.act(Command::CreateOrganisation(create.clone()))
            .unwrap_err()
            .code()
    };
    assert_eq!(code_of(&create), "access.organisation_code_taken");
    create.kind = OrganisationKind::Partner;
    assert_eq!(code_of(&create), "access.parent_unfit");
    create.kind = OrganisationKind::Operator;
    assert_eq!(code_of(&create), "access.operator_exists");
    create.kind = OrganisationKind::Tenant;
    create.parent = Some(numbered(5));
    assert_eq!(code_of(&create), "access.organisation_not_found");
    book.project(partner, "x");
    let again = CreateProject {
        organisation: partner,
        code: code("x"),
    };
    let refused = book.act(Command::CreateProject(again)).unwrap_err();
    assert_eq!(refused.code(), "access.project_code_taken");
}

#[test]
fn a_partner_sees_its_clients_and_a_project_sees_itself() {
    let (mut book, admin, ..) = Book::start();
    let partner = book.organisation("PA", OrganisationKind::Partner, None);
    let tenant = book.organisation("TA", OrganisationKind::Tenant, Some(partner));
    let other = book.organisation("TB", OrganisationKind::Tenant, None);
    let (one, two) = (book.project(tenant, "one"), book.project(tenant, "two"));
    let (p, t) = (book.principal(partner), book.principal(tenant));
    book.grant(p, Role::Partner, Some(partner), None).unwrap();
    book.grant(t, Role::TenantUser, Some(tenant), Some(one))
        .unwrap();
    assert!(visibility(&book.state, admin).is_book());
    let seen = visibility(&book.state, p);
    assert!(seen.sees(partner, None) && seen.sees(tenant, Some(two)));
    assert!(!seen.sees(other, None));
    let seen = visibility(&book.state, t);
    assert!(seen.sees(tenant, Some(one)) && !seen.sees(tenant, Some(two)));
    assert!(!seen.sees(tenant, None) && !seen.is_nothing());
    assert!(reach(&book.state, t, Permission::AccessManage).is_nothing());
    assert!(reach(&book.state, t, Permission::ContractsRead).sees(tenant, Some(one)));
}

proptest! {
    #[test]
    fn reach_is_what_the_grants_say(grants in proptest::collection::vec((0_usize..9, 0_usize..3, any::<bool>()), 0..12)) {
        let (mut book, admin, ..) = Book::start();
        let partner = book.organisation("PA", OrganisationKind::Partner, None);
        let tenants = [
            book.organisation("TA", OrganisationKind::Tenant, Some(partner)),
            book.organisation("TB", OrganisationKind::Tenant, Some(partner)),
        ];
        let projects = tenants.map(|tenant| book.project(tenant, "p"));
        let holder = book.principal(partner);
        let mut held = Vec::new();
        for (role, place, narrow) in grants {
            let role = Role::ALL[role];
            let organisation = [partner, tenants[0], tenants[1]][place];
            let project = (narrow && place > 0).then(|| projects[place - 1]);
            if book.grant(holder, role, Some(organisation), project).is_ok() {
                held.push((role, organisation, project));
            }
        }
        for permission in Permission::ALL {
            let reached = reach(&book.state, holder, *permission);
            for (i, tenant) in tenants.into_iter().enumerate() {
                let naive = held.iter().any(|(role, organisation, project)| {
                    allows(*role, *permission)
                        && match project {
                            Some(project) => *project == projects[i],
                            None => *organisation == tenant || *organisation == partner,
                        }
                });
                prop_assert_eq!(reached.sees(tenant, Some(projects[i])), naive);
            }
        }
        let bytes = postcard::to_stdvec(&book.state).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<State>(&bytes).unwrap(), &book.state);
        let json = serde_json::to_string(&book.state).unwrap();
        prop_assert_eq!(&serde_json::from_str::<State>(&json).unwrap(), &book.state);
        prop_assert!(visibility(&book.state, admin).is_book());
    }
}
