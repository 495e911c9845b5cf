//! What every generated book begins with, so that there is something to act on.

use std::collections::VecDeque;

use bareboat_access as access;
use bareboat_base::Country;
use bareboat_book::Command;
use bareboat_book::command::Create;
use bareboat_fleet as fleet;
use bareboat_ledger as ledger;
use bareboat_screening as screening;

use super::{Act, DAY, Scene, instant, people};
use crate::rules;
use crate::words::{any_country, code, company, country, name, text, zone};

pub(super) fn acts() -> VecDeque<Act> {
    let once: [Act; 5] = [create, bootstrap, adopt, sdn, entity_list];
    let mut acts: VecDeque<Act> = VecDeque::from(once);
    acts.extend([people::register as Act; 8]);
    for _ in 0..2 {
        acts.extend([entity as Act, model, site, hall]);
        acts.extend([partner as Act, project, partner, project]);
    }
    acts.extend([officer as Act; 4]);
    acts
}

fn create(_: &mut Scene<'_>) -> Option<Command> {
    Some(Command::Create(Create {
        operator: name("Sim Compute KK"),
        simulated_clock: true,
    }))
}

fn bootstrap(scene: &mut Scene<'_>) -> Option<Command> {
    Some(Command::Access(access::Command::Bootstrap(
        access::Bootstrap {
            code: code("operator"),
            name: name("Sim Compute KK"),
            administrator: name("administrator"),
            hash: scene.rng.digest(),
            expires_at: instant(scene.now().micros() + 365 * DAY),
        },
    )))
}

fn adopt(_: &mut Scene<'_>) -> Option<Command> {
    let adopt = rules::rulebook().expect("the shipped rules read");
    Some(Command::Rulebook(
        bareboat_rulebook::Command::AdoptRulebook(adopt),
    ))
}

fn sdn(scene: &mut Scene<'_>) -> Option<Command> {
    first_list(scene, "SDN")
}

fn entity_list(scene: &mut Scene<'_>) -> Option<Command> {
    first_list(scene, "EL")
}

fn first_list(scene: &mut Scene<'_>, list: &str) -> Option<Command> {
    let entries = scene.rng.between(50, 100);
    Some(Command::Screening(screening::Command::ImportList(
        screening::ImportList {
            list: code(list),
            publisher: name("a made-up publisher"),
            published_on: scene.today(),
            source: text("made up"),
            original: scene.rng.digest(),
            entries: scene.rng.digest(),
            entry_count: entries,
            malformed: 0,
            previous: None,
            change: screening::ListChange {
                added: entries,
                removed: 0,
                changed: 0,
            },
            confirmed: false,
        },
    )))
}

/// Nothing when a table has as many rows as it needs.
pub(super) fn enough<K, V>(table: &bareboat_base::Table<K, V>, most: usize) -> Option<()>
where
    K: Copy + Eq + std::hash::Hash,
    V: Clone,
{
    (table.len() < most).then_some(())
}

pub(super) fn entity(scene: &mut Scene<'_>) -> Option<Command> {
    enough(&scene.state.ledger.entities, 4)?;
    let number = scene.number;
    let usd = "USD".parse().ok()?;
    Some(Command::Ledger(ledger::Command::RegisterEntity(
        ledger::RegisterEntity {
            code: code(&format!("LE{number}")),
            name: company(scene.rng, number),
            country: any_country(scene.rng),
            functional_currency: usd,
            tax_id: Some(code(&format!("T-{number}"))),
        },
    )))
}

pub(super) fn model(scene: &mut Scene<'_>) -> Option<Command> {
    enough(&scene.state.fleet.models, 3)?;
    let number = scene.number;
    Some(Command::Fleet(fleet::Command::RegisterModel(
        fleet::RegisterModel {
            code: code(&format!("B{number}")),
            vendor: name("a vendor"),
            gpus_per_node: 8,
            memory_gb: 192,
            tdp_watts: 1000,
            tpp: 36_000,
            performance_density_centi: 1_900,
            dram_gbps: 8_000,
            eccn: code("3A090.a"),
            nvlink_domain_gpus: 8,
        },
    )))
}

pub(super) fn site(scene: &mut Scene<'_>) -> Option<Command> {
    enough(&scene.state.fleet.sites, 4)?;
    const PLACES: [(&str, &str); 3] = [
        ("JP", "Asia/Tokyo"),
        ("AU", "Australia/Sydney"),
        ("US", "America/New_York"),
    ];
    let number = scene.number;
    let (letters, zoned) = scene.rng.pick(&PLACES).copied()?;
    let there: Country = country(letters);
    Some(Command::Fleet(fleet::Command::RegisterSite(
        fleet::RegisterSite {
            code: code(&format!("S{number}")),
            name: name(&format!("site {number}")),
            country: there,
            zone: zone(zoned),
            power_kw: 10_000,
            pue_milli: 1_250,
        },
    )))
}

pub(super) fn hall(scene: &mut Scene<'_>) -> Option<Command> {
    enough(&scene.state.fleet.halls, 12)?;
    // The newest site first: it has none.
    let sites = &scene.state.fleet.sites;
    let (_, newest, _) = sites.iter().next_back()?;
    let site = if scene.rng.chance(700) {
        *newest
    } else {
        scene.any(sites)?.0
    };
    let number = scene.number;
    Some(Command::Fleet(fleet::Command::AddHall(fleet::AddHall {
        site,
        code: code(&format!("H{number}")),
    })))
}

fn partner(scene: &mut Scene<'_>) -> Option<Command> {
    let number = scene.number;
    let (party, _) = scene.find(&scene.state.parties.parties, |row| {
        row.facts.headquarters.is_some() && row.facts.not_held_by_listed.is_some()
    })?;
    Some(Command::Access(access::Command::CreateOrganisation(
        access::CreateOrganisation {
            code: code(&format!("P{number}")),
            name: company(scene.rng, number),
            kind: access::OrganisationKind::Partner,
            party: Some(party),
            parent: None,
        },
    )))
}

fn project(scene: &mut Scene<'_>) -> Option<Command> {
    let organisations = &scene.state.access.organisations;
    let (organisation, _) = scene.find(organisations, |row| {
        row.kind == access::OrganisationKind::Partner
    })?;
    let number = scene.number;
    Some(Command::Access(access::Command::CreateProject(
        access::CreateProject {
            organisation,
            code: code(&format!("PRJ{number}")),
        },
    )))
}

fn officer(scene: &mut Scene<'_>) -> Option<Command> {
    let (organisation, _) = scene.find(&scene.state.access.organisations, |row| {
        row.kind == access::OrganisationKind::Operator
    })?;
    Some(Command::Access(access::Command::CreatePrincipal(
        access::CreatePrincipal {
            name: name(&format!("officer {}", scene.number)),
            kind: access::PrincipalKind::Person,
            organisation,
        },
    )))
}
