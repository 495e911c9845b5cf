//! Nonsense about who may act, parties, lists, seals.

use bareboat_access as access;
use bareboat_book::Command;
use bareboat_book::command::{Create, OpenSealed, ShredKey};
use bareboat_parties as parties;
use bareboat_screening as screening;

use super::Make;
use super::junk::Junk;
use crate::words::{code, name, text};

pub(super) const ALL: &[Make] = &[
    create,
    organisation,
    project,
    principal,
    issue,
    rotate,
    revoke,
    grant,
    revoke_grant,
    register,
    amend,
    interest,
    end_interest,
    import,
    screen,
    dispose,
    confirm,
    open,
    shred,
    all,
];

fn create(junk: &mut Junk<'_>) -> Command {
    if junk.rng.chance(500) {
        return Command::Access(access::Command::Bootstrap(access::Bootstrap {
            code: code("x"),
            name: name("x"),
            administrator: name("x"),
            hash: junk.rng.digest(),
            expires_at: junk.instant(),
        }));
    }
    Command::Create(Create {
        operator: name("x"),
        simulated_clock: false,
    })
}

fn organisation(junk: &mut Junk<'_>) -> Command {
    use access::OrganisationKind as Kind;
    let kinds = [Kind::Operator, Kind::Partner, Kind::Tenant];
    Command::Access(access::Command::CreateOrganisation(
        access::CreateOrganisation {
            code: code(&format!("x{}", junk.number())),
            name: name("x"),
            kind: kinds[junk.rng.below(3) as usize],
            party: junk.maybe(|junk| junk.id(&junk.state.parties.parties)),
            parent: junk.maybe(|junk| junk.id(&junk.state.access.organisations)),
        },
    ))
}

fn project(junk: &mut Junk<'_>) -> Command {
    Command::Access(access::Command::CreateProject(access::CreateProject {
        organisation: junk.id(&junk.state.access.organisations),
        code: code("x"),
    }))
}

fn principal(junk: &mut Junk<'_>) -> Command {
    Command::Access(access::Command::CreatePrincipal(access::CreatePrincipal {
        name: name("x"),
        kind: access::PrincipalKind::Machine,
        organisation: junk.id(&junk.state.access.organisations),
    }))
}

fn issue(junk: &mut Junk<'_>) -> Command {
    Command::Access(access::Command::IssueKey(access::IssueKey {
        principal: junk.id(&junk.state.access.principals),
        hash: junk.rng.digest(),
        expires_at: junk.instant(),
    }))
}

fn rotate(junk: &mut Junk<'_>) -> Command {
    Command::Access(access::Command::RotateKey(access::RotateKey {
        key: junk.id(&junk.state.access.keys),
        hash: junk.rng.digest(),
        expires_at: junk.instant(),
        overlap_until: junk.maybe(Junk::instant),
    }))
}

fn revoke(junk: &mut Junk<'_>) -> Command {
    let key = junk.id(&junk.state.access.keys);
    Command::Access(access::Command::RevokeKey(access::RevokeKey { key }))
}

fn grant(junk: &mut Junk<'_>) -> Command {
    let roles = access::Role::ALL;
    Command::Access(access::Command::GrantRole(access::GrantRole {
        principal: junk.id(&junk.state.access.principals),
        role: roles[junk.rng.below(roles.len() as u32) as usize],
        scope: access::Scope {
            organisation: junk.maybe(|junk| junk.id(&junk.state.access.organisations)),
            project: junk.maybe(|junk| junk.id(&junk.state.access.projects)),
        },
    }))
}

fn revoke_grant(junk: &mut Junk<'_>) -> Command {
    let grant = junk.id(&junk.state.access.grants);
    Command::Access(access::Command::RevokeGrant(access::RevokeGrant { grant }))
}

fn source(junk: &mut Junk<'_>) -> parties::Source {
    parties::Source {
        what: text("x"),
        digest: junk.maybe(|junk| junk.rng.digest()),
    }
}

fn facts(junk: &mut Junk<'_>) -> parties::PartyFacts {
    use parties::PartyKind as Kind;
    let kinds = [
        Kind::Company,
        Kind::Person,
        Kind::Arrangement,
        Kind::Unknown,
    ];
    parties::PartyFacts {
        kind: kinds[junk.rng.below(4) as usize],
        name: match junk.maybe(Junk::sealed) {
            Some(sealed) => bareboat_base::Confidential::Sealed(sealed),
            None => bareboat_base::Confidential::Open(name("x")),
        },
        aliases: Vec::new(),
        domicile: None,
        headquarters: None,
        address: junk.maybe(Junk::confidential),
        identifiers: junk.several(|junk| parties::Identifier {
            scheme: code("x"),
            value: junk.confidential(),
        }),
        source: source(junk),
        top: parties::TopStatus::NotDeclared,
        not_held_by_listed: None,
    }
}

fn register(junk: &mut Junk<'_>) -> Command {
    let facts = facts(junk);
    Command::Parties(parties::Command::RegisterParty(parties::RegisterParty {
        facts,
    }))
}

fn amend(junk: &mut Junk<'_>) -> Command {
    Command::Parties(parties::Command::AmendParty(parties::AmendParty {
        party: junk.id(&junk.state.parties.parties),
        expected_version: junk.number(),
        facts: facts(junk),
    }))
}

fn interest(junk: &mut Junk<'_>) -> Command {
    Command::Parties(parties::Command::RecordInterest(parties::RecordInterest {
        facts: parties::InterestFacts {
            owner: junk.id(&junk.state.parties.parties),
            owned: junk.id(&junk.state.parties.parties),
            voting: junk.shares(),
            economic: junk.shares(),
            from: junk.date(),
            until: junk.maybe(Junk::date),
            source: source(junk),
        },
    }))
}

fn end_interest(junk: &mut Junk<'_>) -> Command {
    Command::Parties(parties::Command::EndInterest(parties::EndInterest {
        interest: junk.id(&junk.state.parties.interests),
        on: junk.date(),
    }))
}

fn import(junk: &mut Junk<'_>) -> Command {
    let lists = ["SDN", "EL", "NEW"];
    Command::Screening(screening::Command::ImportList(screening::ImportList {
        list: code(lists[junk.rng.below(3) as usize]),
        publisher: name("x"),
        published_on: junk.date(),
        source: text("x"),
        original: junk.rng.digest(),
        entries: junk.rng.digest(),
        entry_count: junk.number(),
        malformed: junk.number(),
        previous: junk.maybe(|junk| junk.id(&junk.state.screening.snapshots)),
        change: screening::ListChange {
            added: junk.number(),
            removed: junk.number(),
            changed: junk.number(),
        },
        confirmed: junk.rng.chance(500),
    }))
}

fn screen(junk: &mut Junk<'_>) -> Command {
    Command::Screening(screening::Command::RecordScreening(
        screening::RecordScreening {
            party: junk.id(&junk.state.parties.parties),
            party_version: junk.number(),
            current_party_version: junk.number(),
            lists: junk.several(|junk| junk.id(&junk.state.screening.snapshots)),
            engine_version: code("x"),
            query: junk.rng.digest(),
            hits: junk.several(|junk| screening::NewHit {
                snapshot: junk.id(&junk.state.screening.snapshots),
                list: code("SDN"),
                entry: junk.confidential(),
                entry_key: junk.rng.digest(),
                entry_version: junk.rng.digest(),
                score_permille: junk.rng.bits() as u16,
                reasons: junk.confidential(),
            }),
        },
    ))
}

fn dispose(junk: &mut Junk<'_>) -> Command {
    Command::Screening(screening::Command::DisposeHit(screening::DisposeHit {
        hit: junk.id(&junk.state.screening.hits),
        verdict: screening::Verdict::True,
        grounds: text("x"),
    }))
}

fn confirm(junk: &mut Junk<'_>) -> Command {
    Command::Screening(screening::Command::ConfirmHit(screening::ConfirmHit {
        hit: junk.id(&junk.state.screening.hits),
        grounds: text("x"),
    }))
}

fn open(junk: &mut Junk<'_>) -> Command {
    Command::OpenSealed(OpenSealed {
        sealed: junk.sealed(),
        field: text("x"),
        purpose: text("x"),
    })
}

fn shred(junk: &mut Junk<'_>) -> Command {
    Command::ShredKey(ShredKey {
        party: junk.id(&junk.state.parties.parties),
        reason: text("x"),
    })
}

/// Several at once, of which all or none count.
fn all(junk: &mut Junk<'_>) -> Command {
    let several = junk.several(|junk| super::garbage(junk.rng, junk.state));
    Command::All(several)
}
