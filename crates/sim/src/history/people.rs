//! Parties in trees of ownership, one in ten sealed, and every one screened.

use bareboat_base::{
    CommandId, Confidential, ListSnapshotId, PartyId, SealedRef, Share, ShareRange, id::derive_id,
};
use bareboat_book::{Command, Rejection};
use bareboat_parties::{
    Command as C, Identifier, InterestFacts, PartyFacts, PartyKind, RecordInterest, RegisterParty,
    Source, TopStatus,
};
use bareboat_screening as screening;

use super::Maker;
use crate::words::{any_country, code, company, plus_days, text, today};

const LISTS: [&str; 7] = ["SDN", "EL", "MEU", "1260H", "UFLPA", "DPL", "UVL"];

pub(super) fn make(maker: &mut Maker<'_>) -> Result<(), Rejection> {
    for number in 0..maker.scale.parties {
        let has_owner = number > 10 && number % 5 != 0;
        let sealed = number % 10 == 7;
        let command = maker.act_with(|maker, id| register(maker, id, number, sealed, has_owner))?;
        if has_owner {
            let owned: PartyId = derive_id(command, 0);
            own(maker, owned, number)?;
        }
    }
    for list in LISTS {
        import(maker, list)?;
    }
    let parties: Vec<PartyId> = maker
        .state
        .parties
        .parties
        .iter()
        .map(|(_, id, _)| *id)
        .collect();
    for (number, party) in (0_u32..).zip(parties) {
        screen(maker, party, number % 300 == 299)?;
    }
    Ok(())
}

fn source() -> Source {
    Source {
        what: text("extract of the commercial register, 2026-12-01"),
        digest: None,
    }
}

fn register(
    maker: &mut Maker<'_>,
    id: CommandId,
    number: u32,
    sealed: bool,
    has_owner: bool,
) -> Command {
    let party: PartyId = derive_id(id, 0);
    let at = maker.now();
    let rng = &mut maker.rng;
    let mut seal = || SealedRef {
        id: rng.id(at),
        party,
        commitment: rng.digest(),
    };
    let (name, address, lei) = if sealed {
        (
            Confidential::Sealed(seal()),
            Confidential::Sealed(seal()),
            Confidential::Sealed(seal()),
        )
    } else {
        (
            Confidential::Open(company(rng, number)),
            Confidential::Open(text(&format!(
                "{} Harbour Street, Port Example",
                number % 99
            ))),
            Confidential::Open(text(&format!("{number:020}"))),
        )
    };
    let mut domicile = any_country(&mut maker.rng);
    while domicile.as_str() == "NL" {
        // The generated rulebook asks for a licence there.
        domicile = any_country(&mut maker.rng);
    }
    Command::Parties(C::RegisterParty(RegisterParty {
        facts: PartyFacts {
            kind: PartyKind::Company,
            name,
            aliases: Vec::new(),
            domicile: Some(domicile),
            headquarters: Some(domicile),
            address: Some(address),
            identifiers: vec![Identifier {
                scheme: code("LEI"),
                value: lei,
            }],
            source: source(),
            top: if has_owner {
                TopStatus::NotDeclared
            } else {
                TopStatus::NoParentDeclared { source: source() }
            },
            not_held_by_listed: Some(source()),
        },
    }))
}

/// One owner with most of it, registered before: so there are no circles.
fn own(maker: &mut Maker<'_>, owned: PartyId, number: u32) -> Result<(), Rejection> {
    let before = maker.rng.below(number);
    let before = if maker.rng.chance(500) {
        before / 10
    } else {
        before
    };
    let handle = bareboat_base::Handle(before);
    let Some((owner, _)) = maker.state.parties.parties.at(handle) else {
        return Ok(());
    };
    let owner = *owner;
    let percent = u64::from(maker.rng.between(51, 100));
    let share = Share::from_units(percent * (Share::UNITS / 100)).unwrap_or(Share::WHOLE);
    let from = plus_days(today(maker.now()), -1_000);
    maker.act(Command::Parties(C::RecordInterest(RecordInterest {
        facts: InterestFacts {
            owner,
            owned,
            voting: ShareRange::exact(share),
            economic: ShareRange::exact(share),
            from,
            until: None,
            source: source(),
        },
    })))?;
    Ok(())
}

/// The next publication of a list.
pub(super) fn import(maker: &mut Maker<'_>, list: &str) -> Result<(), Rejection> {
    let newest = maker.state.screening.newest(&code(list));
    let previous = newest.map(|(id, _)| id);
    let before = newest.map_or(0, |(_, row)| row.entry_count);
    let added = if previous.is_none() { 3_000 } else { 10 };
    let published_on = today(maker.now());
    let import = screening::ImportList {
        list: code(list),
        publisher: crate::words::name("a publisher"),
        published_on,
        source: text("as published"),
        original: maker.rng.digest(),
        entries: maker.rng.digest(),
        entry_count: before + added,
        malformed: 0,
        previous,
        change: screening::ListChange {
            added,
            removed: 0,
            changed: 0,
        },
        confirmed: false,
    };
    maker.act(Command::Screening(screening::Command::ImportList(import)))?;
    Ok(())
}

/// Screens a party against the newest lists; with a hit that an officer dismisses, when asked.
pub(super) fn screen(maker: &mut Maker<'_>, party: PartyId, hit: bool) -> Result<(), Rejection> {
    let newest = maker.state.screening.newest_snapshots();
    let lists: Vec<ListSnapshotId> = newest.map(|(id, _)| id).collect();
    let row = maker.state.parties.party(party);
    let version = row.map_or(1, |row| row.version);
    let open = row.is_some_and(|row| !row.is_sealed());
    let first = lists.first().copied().filter(|_| hit && open);
    let list = first.and_then(|id| maker.state.screening.snapshots.get(&id));
    let hits = match (first, list.map(|row| row.list.clone())) {
        (Some(snapshot), Some(list)) => vec![screening::NewHit {
            snapshot,
            entry_key: screening::entry_key(&list, &maker.number.to_string(), None),
            list,
            entry: Confidential::Open(text("12345: Somebody Else Trading")),
            entry_version: maker.rng.digest(),
            score_permille: 870,
            reasons: Confidential::Open(text("the names are alike")),
        }],
        _ => Vec::new(),
    };
    let raised = !hits.is_empty();
    let record = screening::RecordScreening {
        party,
        party_version: version,
        current_party_version: version,
        lists,
        engine_version: code("sim-1"),
        query: maker.rng.digest(),
        hits,
    };
    let command = maker.act(Command::Screening(screening::Command::RecordScreening(
        record,
    )))?;
    if raised {
        maker.act(Command::Screening(screening::Command::DisposeHit(
            screening::DisposeHit {
                hit: derive_id(command, 0),
                verdict: screening::Verdict::False,
                grounds: text("another birth date, another country"),
            },
        )))?;
    }
    Ok(())
}
