//! What a contract looks like to the rules: facts gathered from every domain, each with where it
//! comes from, and *unknown* wherever the book does not know.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::{
    Code, ContractId, Country, Date, ModelId, PartyId, Recorded, Share, SiteId, Text,
};
use bareboat_parties::{OwnedByListed as Cascaded, TopStatus, UltimateParent};
use bareboat_rulebook::{
    Activity, ChainParty, Fact, Facts, Held, Item, Listing, OwnedByListed, Parent, Role, Source,
    Use,
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
        let sets = lists.iter().filter_map(|list| self.by_list.get(list));
        sets.flatten().copied().collect()
    }
}

/// The facts of one contract for one activity: one set for each model and site of its lots, since
/// rules judge one item at a time.
pub fn facts_of(
    state: &State,
    listed: &Listed,
    contract: ContractId,
    activity: Activity,
    legal_date: Date,
) -> Result<Vec<Facts>, Rejection> {
    let row = state
        .contracts
        .contract(contract)
        .ok_or_else(|| BookRejection::Unknown {
            kind: "contract",
            id: contract.to_string(),
        })?;
    let chain = [(Role::Partner, row.partner), (Role::Client, row.client)]
        .into_iter()
        .map(|(role, party)| chain_party(state, listed, role, party, legal_date))
        .collect::<Result<Vec<_>, _>>()?;
    let mut items: BTreeMap<(ModelId, SiteId), u32> = BTreeMap::new();
    for (_, lot) in state.contracts.lots_of(contract) {
        let quantity = items.entry((lot.model, lot.site)).or_default();
        *quantity = quantity.saturating_add(lot.gpus.0);
    }
    let (usage, ear_activity) = usage(state, contract)?;
    let authorisations = bareboat_rulebook::authorisations_for(&state.rulebook, legal_date);
    let from = source_of(&format!("contract {}", row.reference), &row.recorded)?;
    items
        .into_iter()
        .map(|((model, site), quantity)| {
            Ok(Facts {
                activity,
                legal_date,
                known_date: legal_date,
                chain: chain.clone(),
                item: Some(item(state, model, site)?),
                usage: usage.clone(),
                ear_activity: ear_activity.clone(),
                from_country: Fact::unknown(from.clone()),
                quantity: Fact::known(quantity, from.clone()),
                authorisations: authorisations.clone(),
                unhandled: Vec::new(),
            })
        })
        .collect()
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

fn item(state: &State, model: ModelId, site: SiteId) -> Result<Item, Rejection> {
    let unknown = |kind, id: String| BookRejection::Unknown { kind, id };
    let chip = state
        .fleet
        .models
        .get(&model)
        .ok_or_else(|| unknown("model", model.to_string()))?;
    let place = state
        .fleet
        .sites
        .get(&site)
        .ok_or_else(|| unknown("site", site.to_string()))?;
    let from = source_of(&format!("model {}", chip.code), &chip.recorded)?;
    let there = source_of(&format!("site {}", place.code), &place.recorded)?;
    Ok(Item {
        model: Fact::known(chip.code.clone(), from.clone()),
        tpp: Fact::known(chip.tpp, from.clone()),
        performance_density_centi: Fact::known(chip.performance_density_centi, from.clone()),
        dram_gbps: Fact::known(chip.dram_gbps, from.clone()),
        eccn: Fact::known(chip.eccn.clone(), from),
        site_country: Fact::known(place.country, there),
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
    role: Role,
    party: PartyId,
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
        listings: listings_of(state, listed, party, row.version, &label)?,
        owned_by_listed: bareboat_rulebook::ownership_sets(&state.rulebook, on, on)
            .into_iter()
            .map(|lists| owned_by(state, listed, party, lists, on))
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
    party: PartyId,
    version: u32,
    label: &str,
) -> Result<Fact<Vec<Listing>>, Rejection> {
    let outdated = bareboat_screening::outdated_lists(&state.screening, party, version);
    let open = bareboat_screening::open_hits(&state.screening, party);
    let confirmed = bareboat_screening::listings(&state.screening, party);
    let mut rows = Vec::new();
    for listing in &confirmed {
        let hit = state
            .screening
            .hits
            .handle(&listing.hit)
            .map_or(0, |handle| handle.number());
        let entry = format!("hit {}", bareboat_base::label::<bareboat_base::HitId>(hit));
        rows.push(Listing {
            list: listing.list.clone(),
            entry: text(&entry)?,
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
    let screening = bareboat_screening::screened(&state.screening, party);
    // A confirmed listing counts even when other lists are still to be screened.
    let unclear = if screening.is_none() {
        Some(format!("party {label} was never screened"))
    } else if !outdated.is_empty() {
        let lists: Vec<&str> = outdated.iter().map(Code::as_str).collect();
        Some(format!(
            "party {label} is not screened against the newest {}",
            lists.join(", ")
        ))
    } else if open.iter().any(|(_, hit)| !is_listing(&hit.status)) {
        Some(format!("party {label} has hits without a disposition"))
    } else {
        None
    };
    match (unclear, screening) {
        (Some(why), _) if rows.is_empty() => Ok(Fact::unknown(Source::named(text(&why)?))),
        (_, Some(screening)) => {
            let what = format!("screening of {label} by {}", screening.engine_version);
            Ok(Fact::known(rows, source_of(&what, &screening.recorded)?))
        }
        (_, None) => Ok(Fact::known(rows, Source::named(text("a supposition")?))),
    }
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
    if let Some(why) = undisclosed_above(state, party, on) {
        return Ok(done(Fact::unknown(Source::named(text(&why)?))));
    }
    let doubtful = doubtful_owners(state, party, on);
    let with_doubt: BTreeSet<PartyId> = on_lists.iter().chain(doubtful.keys()).copied().collect();
    if !doubtful.is_empty() && !matches!(solve(&with_doubt), Cascaded::No) {
        let whys: Vec<&str> = doubtful.values().map(String::as_str).collect();
        return Ok(done(Fact::unknown(Source::named(text(&whys.join("; "))?))));
    }
    Ok(done(Fact::known(
        Held::No,
        Source::named(text("the recorded interests")?),
    )))
}

/// Why half or more of a party may belong to somebody who is not on record, if so.
fn undisclosed_above(state: &State, party: PartyId, on: Date) -> Option<String> {
    let facts = &state.parties.party(party)?.facts;
    let declared = matches!(facts.top, TopStatus::NoParentDeclared { .. })
        || facts.kind == bareboat_parties::PartyKind::Person;
    let hidden = bareboat_parties::undisclosed(&state.parties, party, on);
    let unclear = hidden >= THRESHOLD && !declared;
    unclear.then(|| {
        format!(
            "who owns {hidden} of {} is not on record",
            party_label(state, party)
        )
    })
}

/// Owners above a party that might be listed for all the book knows, with why.
fn doubtful_owners(state: &State, party: PartyId, on: Date) -> BTreeMap<PartyId, String> {
    let mut doubtful = BTreeMap::new();
    let mut seen = BTreeSet::from([party]);
    let mut queue = vec![party];
    while let Some(next) = queue.pop() {
        for (_, interest) in bareboat_parties::owners(&state.parties, next, on) {
            let owner = interest.facts.owner;
            if !seen.insert(owner) {
                continue;
            }
            queue.push(owner);
            let version = state.parties.party(owner).map_or(0, |row| row.version);
            let label = party_label(state, owner);
            if !bareboat_screening::is_current(&state.screening, owner, version) {
                doubtful.insert(
                    owner,
                    format!("{label} is not screened against the newest lists"),
                );
            } else if bareboat_screening::open_hits(&state.screening, owner)
                .iter()
                .any(|(_, hit)| !is_listing(&hit.status))
            {
                doubtful.insert(owner, format!("{label} has hits without a disposition"));
            } else if let Some(why) = undisclosed_above(state, owner, on) {
                doubtful.insert(owner, why);
            }
        }
    }
    doubtful
}

/// Whether a hit counts as a listing: confirmed true, and not yet confirmed to be otherwise.
pub fn is_listing(status: &bareboat_screening::HitStatus) -> bool {
    use bareboat_screening::HitStatus;
    matches!(
        status,
        HitStatus::True { .. } | HitStatus::ProposedFalse { .. }
    )
}
