//! What a contract looks like to the rules: facts gathered from every domain, each with where it
//! comes from, and *unknown* wherever the book does not know.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::{
    Code, ContractId, Country, Date, Digest, HitId, ListSnapshotId, LotId, ModelId, PartyId,
    Recorded, Share, SiteId, Text, label,
};
use bareboat_parties::{OwnedByListed as Cascaded, UltimateParent};
use bareboat_rulebook::{
    Activity, ChainParty, Draw, Fact, Facts, Held, Item, Listing, OwnedByListed, Parent, Role,
    Source, Unclear, Use, published_in,
};

use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

/// The threshold of OFAC's 50 percent rule and of the BIS affiliates rule.
const THRESHOLD: Share = Share::HALF;

/// Which parties are confirmed on which lists; found once, used for many contracts.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    by_list: BTreeMap<Code, BTreeSet<PartyId>>,
}

impl Listed {
    /// Looks through all confirmed hits.
    pub fn of(state: &State) -> Self {
        let mut by_list: BTreeMap<Code, BTreeSet<PartyId>> = BTreeMap::new();
        for (_, _, hit) in state.screening.hits.iter() {
            if is_listing(&hit.status) {
                by_list
                    .entry(hit.found.list.clone())
                    .or_default()
                    .insert(hit.party);
            }
        }
        Self { by_list }
    }

    /// Supposes that a party is confirmed on a list.
    pub fn suppose(&mut self, party: PartyId, list: Code) {
        self.by_list.entry(list).or_default().insert(party);
    }

    fn lists_of(&self, party: PartyId) -> impl Iterator<Item = &Code> {
        let on = self
            .by_list
            .iter()
            .filter(move |(_, set)| set.contains(&party));
        on.map(|(list, _)| list)
    }

    fn on_any(&self, lists: &[Code]) -> BTreeSet<PartyId> {
        let sets = lists
            .iter()
            .filter_map(|list| self.by_list.get(&published_in(list)));
        sets.flatten().copied().collect()
    }
}

/// The facts of one contract for one activity: one set for each model and country of its lots, or
/// of one of them, since rules judge one item at a time and see no more of a site.
pub fn facts_of(
    state: &State,
    listed: &Listed,
    contract: ContractId,
    activity: Activity,
    legal_date: Date,
    lot: Option<LotId>,
) -> Result<Vec<Facts>, Rejection> {
    let row = state
        .contracts
        .contract(contract)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "contract",
            id: contract.to_string(),
        })?;
    let asked = Asked::of(state, activity, legal_date);
    let chain = [(Role::Partner, row.partner), (Role::Client, row.client)]
        .into_iter()
        .map(|(role, party)| chain_party(state, listed, &asked, (role, party), legal_date))
        .collect::<Result<Vec<_>, _>>()?;
    let (usage, ear_activity) = usage(state, contract)?;
    let authorisations = bareboat_rulebook::authorisations_for(&state.rulebook, legal_date);
    let from = source_of(&format!("contract {}", row.reference), &row.recorded)?;
    items_of(state, contract, lot)?
        .into_iter()
        .map(|((model, country), judged)| {
            Ok(Facts {
                activity,
                legal_date,
                known_date: legal_date,
                chain: chain.clone(),
                item: Some(item(state, model, country, &judged.sites)?),
                usage: usage.clone(),
                ear_activity: ear_activity.clone(),
                from_country: Fact::unknown(from.clone()),
                quantity: Fact::known(judged.gpus, from.clone()),
                authorisations: authorisations.clone(),
                held: held_for(state, contract, (model, country), lot),
                unhandled: Vec::new(),
            })
        })
        .collect()
}

/// Lots that rules see as one item.
#[derive(Default)]
struct Judged {
    sites: BTreeSet<SiteId>,
    gpus: u32,
}

fn items_of(
    state: &State,
    contract: ContractId,
    only: Option<LotId>,
) -> Result<BTreeMap<(ModelId, Country), Judged>, Rejection> {
    let mut items: BTreeMap<(ModelId, Country), Judged> = BTreeMap::new();
    for (id, lot) in state.contracts.lots_of(contract) {
        if only.is_some_and(|only| only != id) {
            continue;
        }
        let country = site_row(state, lot.site)?.country;
        let judged = items.entry((lot.model, country)).or_default();
        judged.sites.insert(lot.site);
        judged.gpus = judged.gpus.saturating_add(lot.gpus.0);
    }
    Ok(items)
}

/// What the contract drew from authorisations for an item; when one lot of it is judged, less
/// what its other lots have been handed.
fn held_for(
    state: &State,
    contract: ContractId,
    (model, country): (ModelId, Country),
    lot: Option<LotId>,
) -> Vec<Draw> {
    let code = state.fleet.models.get(&model).map(|row| &row.code);
    let drawn =
        code.map(|code| bareboat_rulebook::drawn_by(&state.rulebook, contract, code, country));
    let mut held = drawn.unwrap_or_default();
    let Some(lot) = lot else { return held };
    let handed_over = state
        .contracts
        .lots_of(contract)
        .iter()
        .filter(|(id, row)| *id != lot && row.model == model)
        .filter(|(_, row)| site_row(state, row.site).is_ok_and(|site| site.country == country))
        .filter(|(_, row)| {
            let reservation = row
                .reservation
                .and_then(|id| state.capacity.reservations.get(&id));
            reservation.is_some_and(|row| row.allocation.is_some())
        })
        .fold(0_u32, |sum, (_, row)| sum.saturating_add(row.gpus.0));
    for draw in &mut held {
        draw.quantity = draw.quantity.saturating_sub(handed_over);
    }
    held.retain(|draw| draw.quantity > 0);
    held
}

fn site_row(state: &State, site: SiteId) -> Result<&bareboat_fleet::Site, BookRejection> {
    state
        .fleet
        .sites
        .get(&site)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "site",
            id: site.to_string(),
        })
}

/// What rules in force ask of lists.
struct Asked {
    /// The lists they name.
    named: BTreeSet<Code>,
    /// Those and all that were imported.
    lists: BTreeSet<Code>,
    /// The sets over which they ask a 50% cascade.
    sets: BTreeSet<Vec<Code>>,
}

impl Asked {
    fn of(state: &State, activity: Activity, on: Date) -> Self {
        let named = bareboat_rulebook::lists_named(&state.rulebook, activity, on, on);
        let imported = state.screening.lists.keys().cloned();
        Self {
            lists: imported.chain(named.iter().cloned()).collect(),
            named,
            sets: bareboat_rulebook::ownership_sets(&state.rulebook, on, on),
        }
    }
}

fn text(words: &str) -> Result<Text, Rejection> {
    Ok(
        Text::new(words).map_err(|error| BookRejection::Inconsistent {
            problem: error.to_string(),
        })?,
    )
}

fn source_of(what: &str, recorded: &Recorded) -> Result<Source, Rejection> {
    Ok(Source {
        what: text(what)?,
        digest: None,
        position: Some(recorded.position),
        recorded_at: Some(recorded.at),
    })
}

fn item(
    state: &State,
    model: ModelId,
    country: Country,
    sites: &BTreeSet<SiteId>,
) -> Result<Item, Rejection> {
    let chip = state
        .fleet
        .models
        .get(&model)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "model",
            id: model.to_string(),
        })?;
    let mut places = sites
        .iter()
        .map(|site| site_row(state, *site))
        .collect::<Result<Vec<_>, _>>()?;
    places.sort_by_key(|place| place.recorded.position);
    let codes: Vec<&str> = places.iter().map(|place| place.code.as_str()).collect();
    let said = format!("site {}", codes.join(", "));
    let there = match places.last() {
        Some(newest) => source_of(&said, &newest.recorded)?,
        None => Source::named(text(&said)?),
    };
    let from = source_of(&format!("model {}", chip.code), &chip.recorded)?;
    Ok(Item {
        model: Fact::known(chip.code.clone(), from.clone()),
        tpp: Fact::known(chip.tpp, from.clone()),
        performance_density_centi: Fact::known(chip.performance_density_centi, from.clone()),
        dram_gbps: Fact::known(chip.dram_gbps, from.clone()),
        eccn: Fact::known(chip.eccn.clone(), from),
        site_country: Fact::known(country, there),
    })
}

fn usage(
    state: &State,
    contract: ContractId,
) -> Result<(Use, Fact<bareboat_rulebook::EarActivity>), Rejection> {
    fn fact<T>(value: Option<T>, source: &Source) -> Fact<T> {
        Fact {
            value,
            source: source.clone(),
        }
    }
    let Some(row) = state.uses.get(&contract) else {
        let nowhere = Source::named(text("no declaration of use is on record")?);
        let usage = Use {
            purpose: Fact::unknown(nowhere.clone()),
            wmd: Fact::unknown(nowhere.clone()),
            military_intelligence: Fact::unknown(nowhere.clone()),
            training_for_d5_party: Fact::unknown(nowhere.clone()),
            diversion: Fact::unknown(nowhere.clone()),
        };
        return Ok((usage, Fact::unknown(nowhere)));
    };
    let declared = &row.declared;
    let mut from = source_of(declared.source.as_str(), &row.recorded)?;
    from.digest = declared.document;
    let usage = Use {
        purpose: fact(declared.purpose.clone(), &from),
        wmd: fact(declared.wmd, &from),
        military_intelligence: fact(declared.military_intelligence, &from),
        training_for_d5_party: fact(declared.training_for_d5_party, &from),
        diversion: fact(declared.diversion, &from),
    };
    Ok((usage, fact(declared.ear_activity, &from)))
}

/// How a party is shown where its name may not be: `P-0007 (sealed)`.
pub fn party_label(state: &State, party: PartyId) -> String {
    let label = state
        .parties
        .party_label(party)
        .unwrap_or_else(|| party.to_string());
    match state
        .parties
        .party(party)
        .and_then(|row| row.facts.name.open())
    {
        Some(name) => name.to_string(),
        None => format!("{label} (sealed)"),
    }
}

fn chain_party(
    state: &State,
    listed: &Listed,
    asked: &Asked,
    (role, party): (Role, PartyId),
    on: Date,
) -> Result<ChainParty, Rejection> {
    let row = state
        .parties
        .party(party)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "party",
            id: party.to_string(),
        })?;
    let label = state
        .parties
        .party_label(party)
        .unwrap_or_else(|| party.to_string());
    let mut from = source_of(
        &format!("party {label} version {}", row.version),
        &row.amended,
    )?;
    from.digest = row.facts.source.digest;
    let place = |value: Option<Country>| Fact {
        value,
        source: from.clone(),
    };
    Ok(ChainParty {
        role,
        party,
        label: text(&party_label(state, party))?,
        domicile: place(row.facts.domicile),
        headquarters: place(row.facts.headquarters),
        ultimate_parent: parent_of(state, party, on, &from)?,
        listings: listings_of(state, listed, asked, party, &label)?,
        unclear: unclear_of(state, listed, asked, party, &label)?,
        owned_by_listed: asked
            .sets
            .iter()
            .map(|lists| owned_by(state, listed, party, lists.clone(), on))
            .collect::<Result<_, _>>()?,
    })
}

fn parent_of(
    state: &State,
    party: PartyId,
    on: Date,
    from: &Source,
) -> Result<Fact<Parent>, Rejection> {
    match bareboat_parties::ultimate_parent(&state.parties, party, on) {
        UltimateParent::Itself => Ok(Fact::known(Parent::NoneAbove, from.clone())),
        UltimateParent::Party { party: top, path } => {
            let chain: Vec<String> = path.iter().map(|p| party_label(state, *p)).collect();
            let top_row = state.parties.party(top);
            let headquarters = top_row.and_then(|row| row.facts.headquarters);
            let mut source = Source::named(text(&format!("control: {}", chain.join(" ← ")))?);
            source.position = top_row.map(|row| row.amended.position);
            source.recorded_at = top_row.map(|row| row.amended.at);
            Ok(Fact::known(
                Parent::Party {
                    label: text(&party_label(state, top))?,
                    headquarters,
                },
                source,
            ))
        }
        UltimateParent::Unknown { at, missing } => {
            let what = format!(
                "who stands above {} is not known: {missing:?}",
                party_label(state, at)
            );
            Ok(Fact::unknown(Source::named(text(&what)?)))
        }
    }
}

fn listings_of(
    state: &State,
    listed: &Listed,
    asked: &Asked,
    party: PartyId,
    label: &str,
) -> Result<Fact<Vec<Listing>>, Rejection> {
    let mut rows = Vec::new();
    for listing in bareboat_screening::listings(&state.screening, party) {
        rows.push(Listing {
            list: listing.list,
            entry: text(&format!("hit {}", hit_label(state, listing.hit)))?,
        });
    }
    for list in listed.lists_of(party) {
        if !rows.iter().any(|row| row.list == *list) {
            rows.push(Listing {
                list: list.clone(),
                entry: text("supposed")?,
            });
        }
    }
    for part in &asked.named {
        let whole = published_in(part);
        let found = rows.iter().find(|row| row.list == whole && whole != *part);
        if let Some(entry) = found.map(|row| row.entry.clone()) {
            let list = part.clone();
            rows.push(Listing { list, entry });
        }
    }
    match bareboat_screening::screened(&state.screening, party) {
        Some(screening) => {
            let what = format!("screening of {label} by {}", screening.engine_version);
            Ok(Fact::known(rows, source_of(&what, &screening.recorded)?))
        }
        None if rows.is_empty() => {
            let what = format!("party {label} was never screened");
            Ok(Fact::unknown(Source::named(text(&what)?)))
        }
        None => Ok(Fact::known(rows, Source::named(text("a supposition")?))),
    }
}

fn hit_label(state: &State, hit: HitId) -> String {
    let handle = state.screening.hits.handle(&hit);
    label::<HitId>(handle.map_or(0, |handle| handle.number()))
}

/// The lists of which it is not known whether they name a party, but for those it is on.
fn unclear_of(
    state: &State,
    listed: &Listed,
    asked: &Asked,
    party: PartyId,
    label: &str,
) -> Result<Vec<Unclear>, Rejection> {
    let on: Vec<&Code> = listed.lists_of(party).collect();
    asked
        .lists
        .iter()
        .filter(|list| !on.contains(&&published_in(list)))
        .filter_map(|list| Some((list, why_unclear(state, party, list)?)))
        .map(|(list, why)| {
            Ok(Unclear {
                list: list.clone(),
                because: text(&format!("party {label}: {why}"))?,
            })
        })
        .collect()
}

/// Why it is not known whether a list names a party, if so. It names snapshots and hits, so that
/// what officers let pass once is another fact when another list or hit comes.
fn why_unclear(state: &State, party: PartyId, list: &Code) -> Option<String> {
    let list = &published_in(list);
    let screening = &state.screening;
    let Some((newest, row)) = screening.newest(list) else {
        return Some(format!("list {list} was never imported; import it"));
    };
    let version = state.parties.party(party).map_or(0, |row| row.version);
    if !bareboat_screening::is_covered(screening, party, version, newest) {
        let handle = screening.snapshots.handle(&newest);
        let snapshot = label::<ListSnapshotId>(handle.map_or(0, |handle| handle.number()));
        let published_on = row.published_on;
        return Some(format!(
            "it is not screened against {list} of {published_on} ({snapshot})"
        ));
    }
    let open = bareboat_screening::open_hits(screening, party);
    let hits: Vec<String> = open
        .iter()
        .filter(|(_, hit)| hit.found.list == *list && !is_listing(&hit.status))
        .map(|(id, hit)| format!("hit {} is {}", hit_label(state, *id), hit.status.word()))
        .collect();
    (!hits.is_empty()).then(|| format!("on {list}, {}", hits.join(", ")))
}

/// One 50% cascade, at its worst: owners that are not screened, or whose own owners are not on
/// record, might be listed, so they make *no* into *unknown*, never the other way.
fn owned_by(
    state: &State,
    listed: &Listed,
    party: PartyId,
    lists: Vec<Code>,
    on: Date,
) -> Result<OwnedByListed, Rejection> {
    let on_lists = listed.on_any(&lists);
    let solve = |listed: &BTreeSet<PartyId>| {
        bareboat_parties::cascade_of(&state.parties, party, listed, THRESHOLD, on)
    };
    let names = |path: &[PartyId]| -> String {
        let labels: Vec<String> = path.iter().map(|p| party_label(state, *p)).collect();
        labels.join(" ← ")
    };
    let done = |held| OwnedByListed {
        lists: lists.clone(),
        threshold: THRESHOLD,
        held,
    };
    match solve(&on_lists) {
        Cascaded::Yes(holding) => {
            let source = Source::named(text("the recorded interests")?);
            let path = text(&format!("{}: {}", holding.share, names(&holding.path)))?;
            let on: Vec<Code> = lists
                .iter()
                .filter(|list| {
                    let set = listed.on_any(std::slice::from_ref(list));
                    holding.path.last().is_some_and(|top| set.contains(top))
                })
                .cloned()
                .collect();
            return Ok(done(Fact::known(Held::Yes { lists: on, path }, source)));
        }
        Cascaded::Unknown(holding) => {
            let what = format!(
                "{} held, so the threshold is not settled: {}",
                holding.share,
                names(&holding.path)
            );
            return Ok(done(Fact::unknown(Source::named(text(&what)?))));
        }
        Cascaded::No => {}
    }
    let doubts = doubtful_owners(state, party, &lists, on);
    let doubted: BTreeSet<PartyId> = on_lists.iter().chain(doubts.keys()).copied().collect();
    if bareboat_parties::may_be_held(&state.parties, party, &doubted, THRESHOLD, on) {
        let mut whys: Vec<String> = doubts.into_values().collect();
        for above in bareboat_parties::ancestors(&state.parties, party, on) {
            let share = bareboat_parties::unaccounted(&state.parties, above, &doubted, on);
            if share > Share::ZERO {
                let who = party_label(state, above);
                whys.push(format!("who owns {share} of {who} is not on record"));
            }
        }
        return Ok(done(Fact::unknown(Source::named(text(&in_brief(&whys))?))));
    }
    Ok(done(Fact::known(Held::No, declared(state, party, on)?)))
}

/// Reasons in one text; cut when long, and then with a digest, so that it differs whenever one of
/// them does.
fn in_brief(whys: &[String]) -> String {
    const MOST: usize = 2_000;
    let all = whys.join("; ");
    if all.chars().count() <= MOST {
        return all;
    }
    let told: String = all.chars().take(MOST).collect();
    format!("{told} … (in full: {})", Digest::of(&[all.as_bytes()]))
}

/// The recorded interests, and the declarations that speak for what they leave out.
fn declared(state: &State, party: PartyId, on: Date) -> Result<Source, Rejection> {
    let mut says = vec!["the recorded interests".to_owned()];
    for above in bareboat_parties::ancestors(&state.parties, party, on) {
        let row = state.parties.party(above);
        if let Some(source) = row.and_then(|row| row.facts.not_held_by_listed.as_ref()) {
            let who = party_label(state, above);
            says.push(format!("declared of {who}: {}", source.what));
        }
    }
    Ok(Source::named(text(&in_brief(&says))?))
}

/// Owners above a party that might be on one of the lists for all the book knows, with why.
fn doubtful_owners(
    state: &State,
    party: PartyId,
    lists: &[Code],
    on: Date,
) -> BTreeMap<PartyId, String> {
    let above = bareboat_parties::ancestors(&state.parties, party, on);
    let owners = above.into_iter().filter(|above| *above != party);
    owners
        .filter_map(|owner| {
            let whys: Vec<String> = lists
                .iter()
                .filter_map(|list| why_unclear(state, owner, list))
                .collect();
            let said = format!("{}: {}", party_label(state, owner), whys.join(", "));
            (!whys.is_empty()).then_some((owner, said))
        })
        .collect()
}

/// Whether a hit counts as a listing: confirmed true, and not yet confirmed to be otherwise.
pub fn is_listing(status: &bareboat_screening::HitStatus) -> bool {
    use bareboat_screening::HitStatus;
    matches!(
        status,
        HitStatus::True { .. } | HitStatus::ProposedFalse { .. }
    )
}
