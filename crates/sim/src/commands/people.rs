//! Parties, interests, lists, screenings, hits, sealed values.

use bareboat_base::{Confidential, PartyId, SealedRef, Share, ShareRange, Text};
use bareboat_book::Command;
use bareboat_book::command::{OpenSealed, ShredKey};
use bareboat_parties::{
    AmendParty, Command as C, EndInterest, Identifier, InterestFacts, PartyFacts, PartyKind,
    RecordInterest, RegisterParty, Source, TopStatus,
};
use bareboat_screening as screening;
use bareboat_screening::{HitStatus, Verdict};

use super::{Act, Scene};
use crate::words::{any_country, code, company, plus_days, text};

pub(super) const ACTS: &[(u32, Act)] = &[
    (8, register),
    (2, register_sealed),
    (3, amend),
    (6, interest),
    (2, end_interest),
    (1, list),
    (1, same_list),
    (16, screen),
    (6, dispose),
    (5, confirm),
    (2, open_sealed),
    (1, shred),
];

fn source() -> Source {
    Source {
        what: text("a made-up register"),
        digest: None,
    }
}

fn facts(scene: &mut Scene<'_>) -> PartyFacts {
    let declared = TopStatus::NoParentDeclared { source: source() };
    PartyFacts {
        kind: if scene.rng.chance(100) {
            PartyKind::Person
        } else {
            PartyKind::Company
        },
        name: Confidential::Open(company(scene.rng, scene.number)),
        aliases: Vec::new(),
        domicile: Some(any_country(scene.rng)),
        headquarters: scene.rng.chance(950).then(|| any_country(scene.rng)),
        address: Some(Confidential::Open(text("1 Harbour Street"))),
        identifiers: vec![Identifier {
            scheme: code("LEI"),
            value: Confidential::Open(text(&format!("LEI{:017}", scene.number))),
        }],
        source: source(),
        top: if scene.rng.chance(900) {
            declared
        } else {
            TopStatus::NotDeclared
        },
        not_held_by_listed: scene.rng.chance(950).then(source),
    }
}

pub(super) fn register(scene: &mut Scene<'_>) -> Option<Command> {
    let facts = facts(scene);
    Some(Command::Parties(C::RegisterParty(RegisterParty { facts })))
}

fn seal(scene: &mut Scene<'_>, party: PartyId) -> SealedRef {
    let at = scene.now();
    SealedRef {
        id: scene.rng.id(at),
        party,
        commitment: scene.rng.digest(),
    }
}

fn register_sealed(scene: &mut Scene<'_>) -> Option<Command> {
    let party: PartyId = scene.context.mint(0);
    let mut facts = facts(scene);
    facts.name = Confidential::Sealed(seal(scene, party));
    facts.address = Some(Confidential::Sealed(seal(scene, party)));
    facts.identifiers = vec![Identifier {
        scheme: code("LEI"),
        value: Confidential::Sealed(seal(scene, party)),
    }];
    Some(Command::Parties(C::RegisterParty(RegisterParty { facts })))
}

fn amend(scene: &mut Scene<'_>) -> Option<Command> {
    let (party, row) = scene.any(&scene.state.parties.parties)?;
    let mut facts = (*row.facts).clone();
    facts.headquarters = Some(any_country(scene.rng));
    let stale = u32::from(scene.rng.chance(100));
    Some(Command::Parties(C::AmendParty(AmendParty {
        party,
        expected_version: row.version + stale,
        facts,
    })))
}

fn interest(scene: &mut Scene<'_>) -> Option<Command> {
    let (owner, _) = scene.any(&scene.state.parties.parties)?;
    let (owned, _) = scene.find(&scene.state.parties.parties, |row| {
        row.facts.kind == PartyKind::Company
    })?;
    let percent = |percent: u32| Share::from_units(u64::from(percent) * (Share::UNITS / 100));
    let least = percent(scene.rng.between(5, 60))?;
    let range = if scene.rng.chance(300) {
        ShareRange::new(least, percent(scene.rng.between(60, 75))?).ok()?
    } else {
        ShareRange::exact(least)
    };
    Some(Command::Parties(C::RecordInterest(RecordInterest {
        facts: InterestFacts {
            owner,
            owned,
            voting: range,
            economic: range,
            from: plus_days(scene.today(), -(scene.rng.below(500) as i32)),
            until: None,
            source: source(),
        },
    })))
}

fn end_interest(scene: &mut Scene<'_>) -> Option<Command> {
    let (interest, _) = scene.find(&scene.state.parties.interests, |row| row.ended.is_none())?;
    let on = scene.today();
    Some(Command::Parties(C::EndInterest(EndInterest {
        interest,
        on,
    })))
}

fn list(scene: &mut Scene<'_>) -> Option<Command> {
    // Rarely: every party is to be screened again then.
    scene.rng.chance(250).then_some(())?;
    import(scene, false)
}

fn same_list(scene: &mut Scene<'_>) -> Option<Command> {
    import(scene, true)
}

fn import(scene: &mut Scene<'_>, same: bool) -> Option<Command> {
    let all: Vec<_> = scene.state.screening.newest_snapshots().collect();
    let (previous, newest) = *scene.rng.pick(&all)?;
    let added = scene.rng.below(20);
    let removed = scene.rng.below(30);
    let fresh = scene.rng.digest();
    Some(Command::Screening(screening::Command::ImportList(
        screening::ImportList {
            list: newest.list.clone(),
            publisher: newest.publisher.clone(),
            published_on: scene.today(),
            source: text("made up"),
            original: scene.rng.digest(),
            entries: if same { newest.entries } else { fresh },
            entry_count: if same {
                newest.entry_count
            } else {
                (newest.entry_count + added).saturating_sub(removed)
            },
            malformed: scene.rng.below(2),
            previous: Some(previous),
            change: screening::ListChange {
                added,
                removed,
                changed: scene.rng.below(5),
            },
            confirmed: scene.rng.chance(500),
        },
    )))
}

fn screen(scene: &mut Scene<'_>) -> Option<Command> {
    let state = scene.state;
    let start = scene.rng.below(state.parties.parties.len() as u32);
    let stale = state
        .parties
        .parties
        .iter_from(bareboat_base::Handle(start))
        .find(|(_, id, row)| !screening::is_current(&state.screening, **id, row.version));
    let (party, row) = match stale {
        Some((_, id, row)) => (*id, row),
        None => scene.any(&state.parties.parties)?,
    };
    let lists: Vec<_> = state.screening.newest_snapshots().collect();
    let mut hits = Vec::new();
    for (snapshot, list) in &lists {
        if !scene.rng.chance(80) {
            continue;
        }
        let entry = scene.rng.below(50);
        let sealed = row.is_sealed();
        let shown = |scene: &mut Scene<'_>, words: &str| -> Confidential<Text> {
            if sealed {
                Confidential::Sealed(seal(scene, party))
            } else {
                Confidential::Open(text(words))
            }
        };
        hits.push(screening::NewHit {
            snapshot: *snapshot,
            list: list.list.clone(),
            entry: shown(scene, &format!("{entry}: somebody")),
            entry_key: screening::entry_key(&list.list, &entry.to_string(), None),
            entry_version: scene.rng.digest(),
            score_permille: scene.rng.between(700, 1000) as u16,
            reasons: shown(scene, "the names are alike"),
        });
    }
    Some(Command::Screening(screening::Command::RecordScreening(
        screening::RecordScreening {
            party,
            party_version: row.version,
            current_party_version: row.version,
            lists: lists.iter().map(|(id, _)| *id).collect(),
            engine_version: code("sim-1"),
            query: scene.rng.digest(),
            hits,
        },
    )))
}

fn dispose(scene: &mut Scene<'_>) -> Option<Command> {
    let (hit, _) = scene.find(&scene.state.screening.hits, |row| {
        matches!(row.status, HitStatus::Open | HitStatus::NeedsInformation(_))
    })?;
    let verdict = match scene.rng.below(10) {
        0 => Verdict::NeedsInformation,
        1 | 2 => Verdict::True,
        _ => Verdict::False,
    };
    Some(Command::Screening(screening::Command::DisposeHit(
        screening::DisposeHit {
            hit,
            verdict,
            grounds: text("the birth dates differ, or do not"),
        },
    )))
}

fn confirm(scene: &mut Scene<'_>) -> Option<Command> {
    let (hit, _) = scene.find(&scene.state.screening.hits, |row| {
        matches!(
            row.status,
            HitStatus::ProposedTrue(_) | HitStatus::ProposedFalse { .. }
        )
    })?;
    Some(Command::Screening(screening::Command::ConfirmHit(
        screening::ConfirmHit {
            hit,
            grounds: text("seen and agreed"),
        },
    )))
}

fn sealed_name(scene: &mut Scene<'_>) -> Option<SealedRef> {
    let (_, row) = scene.find(&scene.state.parties.parties, |row| row.is_sealed())?;
    row.facts.name.sealed().copied()
}

fn open_sealed(scene: &mut Scene<'_>) -> Option<Command> {
    let sealed = sealed_name(scene)?;
    Some(Command::OpenSealed(OpenSealed {
        sealed,
        field: text("name"),
        purpose: text("screening"),
    }))
}

fn shred(scene: &mut Scene<'_>) -> Option<Command> {
    super::setup::enough(&scene.state.seals.shredded, 3)?;
    let party = sealed_name(scene)?.party;
    Some(Command::ShredKey(ShredKey {
        party,
        reason: text("the retention period has ended"),
    }))
}
