//! What screening accepts and refuses, and how events fold in.

use std::collections::BTreeSet;
use std::sync::Arc;

use bareboat_base::{
    Code, Context, Date, HitId, ListSnapshotId, PartyId, PrincipalId, Recorded, ScreeningId, Zone,
};

use crate::*;

bareboat_base::rejections! {
    /// Why screening refuses.
    pub enum Rejection in "screening" {
        /// No such snapshot.
        UnknownSnapshot { snapshot: ListSnapshotId } => NotFound "snapshot_unknown"
            "there is no list snapshot {snapshot}" hint "import the list first";
        /// No such hit.
        UnknownHit { hit: HitId } => NotFound "hit_unknown"
            "there is no hit {hit}" hint "list the party's hits to see their ids";
        /// A list without entries.
        EmptyList { list: Code } => Invalid "list_empty"
            "list {list} would have no entries" hint "check that the whole file was read";
        /// The counts do not add up.
        CountsDisagree { list: Code, found: u32, expected: i64 } => Invalid "list_counts_disagree"
            "list {list} has {found} entries, but its changes would make {expected}"
            hint "compute the changes from the newest snapshot again";
        /// The changes were computed from another snapshot than the newest.
        StaleBase { list: Code } => Conflict "list_base_stale"
            "the changes of list {list} were not computed from its newest snapshot"
            hint "compute the changes from the newest snapshot again";
        /// Published before the newest snapshot.
        OlderThanNewest { list: Code, published_on: Date, newest: Date } => Conflict "list_older"
            "list {list} of {published_on} is older than the newest snapshot, of {newest}"
            hint "import the newest publication";
        /// Published on a day that has not come.
        PublishedAhead { list: Code, published_on: Date, today: Date } => Invalid "list_published_ahead"
            "list {list} is dated {published_on}, after today, {today}"
            hint "check the year; a later publication could not be imported before that day";
        /// It lost more than a fifth of its entries.
        Shrunk { list: Code, removed: u32, before: u32 } => Conflict "list_shrunk"
            "{removed} of the {before} entries of list {list} would go"
            hint "check that the whole file was read, then import it as confirmed";
        /// The party was amended since.
        StaleParty { party: PartyId, screened: u32, current: u32 } => Conflict "party_version_stale"
            "version {screened} of party {party} was screened, it is at version {current}"
            hint "screen the party again";
        /// Compared with no list.
        NoLists { party: PartyId } => Invalid "no_lists"
            "party {party} was compared with no list" hint "import a list first";
        /// Compared with a snapshot that is not the newest of its list.
        StaleSnapshot { snapshot: ListSnapshotId, list: Code } => Conflict "snapshot_stale"
            "snapshot {snapshot} is not the newest of list {list}" hint "screen the party again";
        /// The same list twice.
        ListTwice { list: Code } => Invalid "list_twice"
            "list {list} is named twice" hint "name each list once";
        /// A hit in a list that was not compared.
        HitElsewhere { snapshot: ListSnapshotId, list: Code } => Invalid "hit_elsewhere"
            "a hit in snapshot {snapshot} of list {list} is not in a list that was compared"
            hint "name every snapshot that was compared, with its own list";
        /// Two hits on the same entry.
        HitTwice { list: Code } => Invalid "hit_twice"
            "two hits name the same entry of list {list}" hint "send the better one";
        /// A score over 1000.
        BadScore { score_permille: u16 } => Invalid "score_invalid"
            "a score of {score_permille} per mille is over the whole"
            hint "scores are 0 to 1000 per mille";
        /// Sealed under another party's key, or by half.
        BadSeal { party: PartyId } => Invalid "hit_seal_invalid"
            "a hit's entry and reasons are not sealed alike under the key of party {party}"
            hint "seal both under the screened party's key, or neither";
        /// The hit was decided already.
        AlreadyDecided { hit: HitId, status: &'static str } => Conflict "hit_decided"
            "hit {hit} is {status}" hint "read the hit again; only another decision can change it";
        /// The hit awaits a second person.
        AwaitsConfirmation { hit: HitId } => Conflict "hit_awaits_confirmation"
            "hit {hit} awaits confirmation by a second person"
            hint "confirm it as another person, or decide otherwise";
        /// A later screening took its place.
        Superseded { hit: HitId } => Conflict "hit_superseded"
            "a later screening took the place of hit {hit}" hint "decide on the later hit";
        /// There is nothing to confirm.
        NothingToConfirm { hit: HitId, status: &'static str } => Conflict "nothing_to_confirm"
            "hit {hit} is {status}: there is no decision to confirm"
            hint "decide on the hit first";
        /// The same person twice.
        SamePerson { hit: HitId, principal: PrincipalId } => Forbidden "same_person"
            "the decision on hit {hit} is {principal}'s own" hint "ask a second person to confirm";
    }
}

/// Decides a command: all its events, or why not.
pub fn decide(
    state: &State,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let event = match command {
        Command::ImportList(command) => import(state, context, command)?,
        Command::RecordScreening(command) => screen(state, context, command)?,
        Command::DisposeHit(command) => dispose(state, command)?,
        Command::ConfirmHit(command) => confirm(state, context, command)?,
    };
    Ok(vec![event])
}

fn import(state: &State, context: &Context, command: &ImportList) -> Result<Event, Rejection> {
    let list = command.list.clone();
    if command.entry_count == 0 {
        return Err(Rejection::EmptyList { list });
    }
    // The publisher's day may have begun before the book's.
    let today = context.recorded_at.date_in(&Zone::utc());
    if today
        .plus_days(1)
        .is_ok_and(|latest| command.published_on > latest)
    {
        return Err(Rejection::PublishedAhead {
            list,
            published_on: command.published_on,
            today,
        });
    }
    let newest = state.newest(&list);
    if let Some((snapshot, row)) = newest {
        if command.published_on < row.published_on {
            return Err(Rejection::OlderThanNewest {
                list,
                published_on: command.published_on,
                newest: row.published_on,
            });
        }
        if command.entries == row.entries {
            return Ok(ListUnchanged {
                snapshot,
                published_on: command.published_on,
                source: command.source.clone(),
                original: command.original,
                malformed: command.malformed,
            }
            .into());
        }
    }
    if command.previous != newest.map(|(id, _)| id) {
        return Err(Rejection::StaleBase { list });
    }
    let before = newest.map_or(0, |(_, row)| row.entry_count);
    let change = command.change;
    let expected = i64::from(before) + i64::from(change.added) - i64::from(change.removed);
    if expected != i64::from(command.entry_count) {
        return Err(Rejection::CountsDisagree {
            list,
            found: command.entry_count,
            expected,
        });
    }
    if u64::from(change.removed) * 5 > u64::from(before) && !command.confirmed {
        return Err(Rejection::Shrunk {
            list,
            removed: change.removed,
            before,
        });
    }
    Ok(ListImported {
        snapshot: context.mint(0),
        list,
        publisher: command.publisher.clone(),
        published_on: command.published_on,
        source: command.source.clone(),
        original: command.original,
        entries: command.entries,
        entry_count: command.entry_count,
        malformed: command.malformed,
        previous: command.previous,
        change,
        confirmed: command.confirmed,
    }
    .into())
}

fn screen(state: &State, context: &Context, command: &RecordScreening) -> Result<Event, Rejection> {
    let party = command.party;
    if command.party_version != command.current_party_version {
        return Err(Rejection::StaleParty {
            party,
            screened: command.party_version,
            current: command.current_party_version,
        });
    }
    let lists = compared(state, command)?;
    check_hits(&lists, command)?;
    let screening: ScreeningId = context.mint(0);
    let (mut raised, mut carried) = (Vec::new(), Vec::new());
    let mut superseded = BTreeSet::new();
    for (ordinal, found) in (0_u32..).zip(&command.hits) {
        let earlier = latest_on(state, party, found);
        let stands = earlier.filter(|(_, hit)| stands(hit, command.party_version, found));
        if let Some((hit, _)) = stands {
            carried.push(hit);
            continue;
        }
        if let Some((hit, row)) = earlier
            && undecided(row)
        {
            superseded.insert(hit);
        }
        raised.push(RaisedHit {
            hit: context.mint(ordinal),
            snapshot: found.snapshot,
            list: found.list.clone(),
            entry: found.entry.clone(),
            entry_key: found.entry_key,
            entry_version: found.entry_version,
            score_permille: found.score_permille,
            reasons: found.reasons.clone(),
            earlier: earlier.map(|(hit, _)| hit),
        });
    }
    let gone = state.hits_of(party).filter(|(id, hit)| {
        undecided(hit)
            && lists.iter().any(|(list, _)| *list == hit.found.list)
            && !carried.contains(id)
    });
    superseded.extend(gone.map(|(id, _)| id));
    Ok(ScreeningRecorded {
        screening,
        party,
        party_version: command.party_version,
        lists: lists.into_iter().map(|(_, snapshot)| snapshot).collect(),
        engine_version: command.engine_version.clone(),
        query: command.query,
        raised,
        carried,
        superseded: superseded.into_iter().collect(),
    }
    .into())
}

/// The snapshots compared, ordered by list code: each the newest of its list, each list once.
fn compared(
    state: &State,
    command: &RecordScreening,
) -> Result<Vec<(Code, ListSnapshotId)>, Rejection> {
    let mut lists = Vec::new();
    for snapshot in command.lists.iter().copied() {
        let row = state.snapshots.get(&snapshot);
        let row = row.ok_or(Rejection::UnknownSnapshot { snapshot })?;
        let list = row.list.clone();
        if state
            .newest(&list)
            .is_none_or(|(newest, _)| newest != snapshot)
        {
            return Err(Rejection::StaleSnapshot { snapshot, list });
        }
        lists.push((list, snapshot));
    }
    lists.sort();
    if let Some(pair) = lists.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let list = pair[0].0.clone();
        return Err(Rejection::ListTwice { list });
    }
    if lists.is_empty() {
        let party = command.party;
        return Err(Rejection::NoLists { party });
    }
    Ok(lists)
}

fn check_hits(
    lists: &[(Code, ListSnapshotId)],
    command: &RecordScreening,
) -> Result<(), Rejection> {
    let party = command.party;
    let mut keys = BTreeSet::new();
    for hit in &command.hits {
        let (snapshot, list) = (hit.snapshot, hit.list.clone());
        if !lists.contains(&(list.clone(), snapshot)) {
            return Err(Rejection::HitElsewhere { snapshot, list });
        }
        if hit.score_permille > 1000 {
            let score_permille = hit.score_permille;
            return Err(Rejection::BadScore { score_permille });
        }
        let seals = [hit.entry.sealed(), hit.reasons.sealed()];
        let alike = seals[0].is_some() == seals[1].is_some();
        if !alike || seals.iter().flatten().any(|seal| seal.party != party) {
            return Err(Rejection::BadSeal { party });
        }
        if !keys.insert((list.clone(), hit.entry_key)) {
            return Err(Rejection::HitTwice { list });
        }
    }
    Ok(())
}

/// The party's latest hit on the same entry that still stands for something.
fn latest_on<'a>(state: &'a State, party: PartyId, found: &NewHit) -> Option<(HitId, &'a Hit)> {
    let same = |hit: &Hit| hit.found.list == found.list && hit.found.entry_key == found.entry_key;
    state
        .hits_of(party)
        .filter(|(_, hit)| same(hit) && !matches!(hit.status, HitStatus::Superseded(_)))
        .last()
}

/// Whether an earlier hit stands as it was: a true match (or one proposed as true) always, any
/// other while neither the party nor the entry has changed.
fn stands(hit: &Hit, party_version: u32, found: &NewHit) -> bool {
    match hit.status {
        HitStatus::True { .. } | HitStatus::ProposedTrue(_) | HitStatus::ProposedFalse { .. } => {
            true
        }
        HitStatus::Superseded(_) => false,
        HitStatus::Open | HitStatus::NeedsInformation(_) | HitStatus::False(_) => {
            hit.party_version == party_version && hit.found.entry_version == found.entry_version
        }
    }
}

fn undecided(hit: &Hit) -> bool {
    matches!(hit.status, HitStatus::Open | HitStatus::NeedsInformation(_))
}

fn dispose(state: &State, command: &DisposeHit) -> Result<Event, Rejection> {
    let hit = command.hit;
    let row = state.hits.get(&hit).ok_or(Rejection::UnknownHit { hit })?;
    let decided = || Rejection::AlreadyDecided {
        hit,
        status: row.status.word(),
    };
    match (&row.status, command.verdict) {
        (HitStatus::Superseded(_), _) => return Err(Rejection::Superseded { hit }),
        (HitStatus::ProposedTrue(_), Verdict::True)
        | (HitStatus::ProposedFalse { .. }, Verdict::False) => {
            return Err(Rejection::AwaitsConfirmation { hit });
        }
        (HitStatus::False(_), Verdict::False)
        | (HitStatus::True { .. }, Verdict::True | Verdict::NeedsInformation)
        | (HitStatus::ProposedFalse { .. }, Verdict::NeedsInformation) => return Err(decided()),
        _ => {}
    }
    Ok(HitDisposed {
        hit,
        verdict: command.verdict,
        grounds: command.grounds.clone(),
    }
    .into())
}

fn confirm(state: &State, context: &Context, command: &ConfirmHit) -> Result<Event, Rejection> {
    let hit = command.hit;
    let row = state.hits.get(&hit).ok_or(Rejection::UnknownHit { hit })?;
    let (proposed, verdict) = match &row.status {
        HitStatus::ProposedTrue(proposed) => (proposed, Verdict::True),
        HitStatus::ProposedFalse { proposed_false, .. } => (proposed_false, Verdict::False),
        HitStatus::Superseded(_) => return Err(Rejection::Superseded { hit }),
        other => {
            let status = other.word();
            return Err(Rejection::NothingToConfirm { hit, status });
        }
    };
    if proposed.recorded.by == context.actor {
        let principal = context.actor;
        return Err(Rejection::SamePerson { hit, principal });
    }
    Ok(HitConfirmed {
        hit,
        verdict,
        grounds: command.grounds.clone(),
    }
    .into())
}

/// Folds an event in.
pub fn apply(state: &mut State, recorded: &Recorded, event: &Event) {
    match event {
        Event::ListImported(event) => apply_import(state, recorded, event),
        Event::ListUnchanged(event) => {
            if let Some(row) = state.snapshots.get_mut(&event.snapshot) {
                row.seen = *recorded;
            }
        }
        Event::ScreeningRecorded(event) => apply_screening(state, recorded, event),
        Event::HitDisposed(event) => {
            if let Some(row) = state.hits.get_mut(&event.hit) {
                row.status = disposed(&row.status, recorded, event);
            }
        }
        Event::HitConfirmed(event) => {
            if let Some(row) = state.hits.get_mut(&event.hit) {
                row.status = confirmed(&row.status, recorded, event);
            }
        }
    }
}

fn apply_import(state: &mut State, recorded: &Recorded, event: &ListImported) {
    state.snapshots.insert(
        event.snapshot,
        ListSnapshot {
            list: event.list.clone(),
            publisher: event.publisher.clone(),
            published_on: event.published_on,
            source: event.source.clone(),
            original: event.original,
            entries: event.entries,
            entry_count: event.entry_count,
            malformed: event.malformed,
            change: event.change,
            previous: event.previous,
            recorded: *recorded,
            seen: *recorded,
        },
    );
    let lists = Arc::make_mut(&mut state.lists);
    let list = lists.entry(event.list.clone()).or_insert_with(|| List {
        newest: event.snapshot,
        snapshots: Vec::new(),
    });
    list.newest = event.snapshot;
    list.snapshots.push(event.snapshot);
}

fn apply_screening(state: &mut State, recorded: &Recorded, event: &ScreeningRecorded) {
    let screening = event.screening;
    for found in &event.raised {
        state.hits.insert(
            found.hit,
            Hit {
                party: event.party,
                party_version: event.party_version,
                screening,
                found: Arc::new(found.clone()),
                last_found: screening,
                status: HitStatus::Open,
                recorded: *recorded,
            },
        );
    }
    for hit in &event.carried {
        if let Some(row) = state.hits.get_mut(hit) {
            row.last_found = screening;
        }
    }
    for hit in &event.superseded {
        if let Some(row) = state.hits.get_mut(hit) {
            row.status = HitStatus::Superseded(screening);
        }
    }
    let raised: Vec<HitId> = event.raised.iter().map(|found| found.hit).collect();
    cover(state, event, &raised);
    state.screenings.insert(
        screening,
        Screening {
            party: event.party,
            party_version: event.party_version,
            lists: Arc::new(event.lists.clone()),
            engine_version: event.engine_version.clone(),
            query: event.query,
            raised: Arc::new(raised),
            carried: Arc::new(event.carried.clone()),
            recorded: *recorded,
        },
    );
}

/// Keeps, for the party, with which snapshot of each list it was last compared, and its hits.
fn cover(state: &mut State, event: &ScreeningRecorded, raised: &[HitId]) {
    if !state.parties.contains(&event.party) {
        state.parties.insert(
            event.party,
            PartyScreenings {
                latest: event.screening,
                covered: Arc::default(),
                hits: Arc::default(),
            },
        );
    }
    let snapshots = &state.snapshots;
    let list_of = |id: &ListSnapshotId| snapshots.get(id).map(|row| &row.list);
    let Some(row) = state.parties.get_mut(&event.party) else {
        return;
    };
    row.latest = event.screening;
    if !raised.is_empty() {
        Arc::make_mut(&mut row.hits).extend(raised);
    }
    let covered = Arc::make_mut(&mut row.covered);
    for snapshot in &event.lists {
        let coverage = Coverage {
            snapshot: *snapshot,
            screening: event.screening,
            party_version: event.party_version,
        };
        match covered.binary_search_by(|c| list_of(&c.snapshot).cmp(&list_of(snapshot))) {
            Ok(at) => covered[at] = coverage,
            Err(at) => covered.insert(at, coverage),
        }
    }
}

fn disposed(before: &HitStatus, recorded: &Recorded, event: &HitDisposed) -> HitStatus {
    let disposition = Disposition {
        verdict: event.verdict,
        grounds: event.grounds.clone(),
        recorded: *recorded,
    };
    match (before.clone(), event.verdict) {
        (
            HitStatus::True {
                proposed,
                confirmed,
            },
            _,
        ) => HitStatus::ProposedFalse {
            proposed_true: proposed,
            confirmed_true: confirmed,
            proposed_false: disposition,
        },
        (
            HitStatus::ProposedFalse {
                proposed_true,
                confirmed_true,
                ..
            },
            _,
        ) => HitStatus::True {
            proposed: proposed_true,
            confirmed: confirmed_true,
        },
        (_, Verdict::True) => HitStatus::ProposedTrue(disposition),
        (_, Verdict::False) => HitStatus::False(disposition),
        (_, Verdict::NeedsInformation) => HitStatus::NeedsInformation(disposition),
    }
}

fn confirmed(before: &HitStatus, recorded: &Recorded, event: &HitConfirmed) -> HitStatus {
    let disposition = Disposition {
        verdict: event.verdict,
        grounds: event.grounds.clone(),
        recorded: *recorded,
    };
    match before.clone() {
        HitStatus::ProposedTrue(proposed) => HitStatus::True {
            proposed,
            confirmed: disposition,
        },
        HitStatus::ProposedFalse { .. } => HitStatus::False(disposition),
        other => other,
    }
}
