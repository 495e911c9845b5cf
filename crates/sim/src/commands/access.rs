//! Organisations, principals, keys, grants.

use bareboat_access::{
    Command as C, CreateOrganisation, CreatePrincipal, CreateProject, GrantRole, IssueKey,
    OrganisationKind, PrincipalKind, RevokeGrant, RevokeKey, Role, RotateKey, Scope,
};
use bareboat_book::Command;

use super::{Act, DAY, Scene, instant};
use crate::words::{code, company, name};

pub(super) const ACTS: &[(u32, Act)] = &[
    (1, organisation),
    (1, project),
    (1, principal),
    (2, issue),
    (1, rotate),
    (1, revoke),
    (2, grant),
    (1, revoke_grant),
];

fn organisation(scene: &mut Scene<'_>) -> Option<Command> {
    let number = scene.number;
    let partner = scene.find(&scene.state.access.organisations, |row| {
        row.kind == OrganisationKind::Partner
    });
    let tenant = scene.rng.chance(600);
    Some(Command::Access(C::CreateOrganisation(CreateOrganisation {
        code: code(&format!("O{number}")),
        name: company(scene.rng, number),
        kind: if tenant {
            OrganisationKind::Tenant
        } else {
            OrganisationKind::Partner
        },
        party: None,
        parent: partner.map(|(id, _)| id).filter(|_| tenant),
    })))
}

fn project(scene: &mut Scene<'_>) -> Option<Command> {
    let (organisation, _) = scene.any(&scene.state.access.organisations)?;
    // Now and then a code that is taken.
    let number = if scene.rng.chance(100) {
        1
    } else {
        scene.number
    };
    Some(Command::Access(C::CreateProject(CreateProject {
        organisation,
        code: code(&format!("PRJ{number}")),
    })))
}

fn principal(scene: &mut Scene<'_>) -> Option<Command> {
    let (organisation, _) = scene.any(&scene.state.access.organisations)?;
    Some(Command::Access(C::CreatePrincipal(CreatePrincipal {
        name: name(&format!("somebody {}", scene.number)),
        kind: if scene.rng.chance(500) {
            PrincipalKind::Machine
        } else {
            PrincipalKind::Person
        },
        organisation,
    })))
}

fn issue(scene: &mut Scene<'_>) -> Option<Command> {
    let (principal, _) = scene.any(&scene.state.access.principals)?;
    let days = i64::from(scene.rng.between(1, 2_000));
    Some(Command::Access(C::IssueKey(IssueKey {
        principal,
        hash: scene.rng.digest(),
        expires_at: instant(scene.now().micros() + days * DAY),
    })))
}

fn rotate(scene: &mut Scene<'_>) -> Option<Command> {
    let (key, row) = scene.find(&scene.state.access.keys, |row| row.revoked.is_none())?;
    let overlap = instant(scene.now().micros() + DAY / 2);
    Some(Command::Access(C::RotateKey(RotateKey {
        key,
        hash: scene.rng.digest(),
        expires_at: instant(scene.now().micros() + 100 * DAY),
        overlap_until: scene.rng.chance(500).then_some(overlap.min(row.expires_at)),
    })))
}

fn revoke(scene: &mut Scene<'_>) -> Option<Command> {
    let (key, _) = scene.find(&scene.state.access.keys, |row| row.revoked.is_none())?;
    Some(Command::Access(C::RevokeKey(RevokeKey { key })))
}

fn grant(scene: &mut Scene<'_>) -> Option<Command> {
    let (principal, row) = scene.any(&scene.state.access.principals)?;
    let role = *scene.rng.pick(Role::ALL)?;
    let scope = if role.is_operator() {
        Scope::BOOK
    } else {
        Scope {
            organisation: Some(row.organisation),
            project: None,
        }
    };
    Some(Command::Access(C::GrantRole(GrantRole {
        principal,
        role,
        scope,
    })))
}

fn revoke_grant(scene: &mut Scene<'_>) -> Option<Command> {
    let (grant, _) = scene.find(&scene.state.access.grants, |row| row.revoked.is_none())?;
    Some(Command::Access(C::RevokeGrant(RevokeGrant { grant })))
}
