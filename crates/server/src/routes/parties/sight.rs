//! Which parties a caller may see, and of which it may open what is sealed.

use std::collections::BTreeSet;
use std::sync::Arc;

use bareboat_access::{Permission as P, Visibility};
use bareboat_api::parties as wire;
use bareboat_base::PartyId;
use bareboat_book::State;
use bareboat_parties::{Interest, touches_sealed};

use crate::Ask;

/// Some parties, or all.
#[derive(Clone)]
enum Part {
    All,
    Only(Arc<BTreeSet<PartyId>>),
}

impl Part {
    /// The parties of a part of the book. A partner's are its own and those of its contracts; a
    /// tenant's its own. A draft is the operator's word alone, and lets nobody in.
    fn of(state: &State, reach: &Visibility) -> Self {
        if reach.is_book() {
            return Self::All;
        }
        let mut parties = BTreeSet::new();
        if reach.is_nothing() {
            return Self::Only(Arc::new(parties));
        }
        for (_, id, row) in state.access.organisations.iter() {
            parties.extend(row.party.filter(|_| reach.sees(*id, None)));
        }
        let contracts = state.contracts.contracts.iter();
        for (_, _, row) in contracts.filter(|(_, _, row)| row.status.is_signed()) {
            let project = Some(row.project);
            let in_project = state.access.projects.get(&row.project);
            let partners = in_project.is_some_and(|one| one.organisation == row.organisation);
            let whole = reach.sees(row.organisation, project.filter(|_| partners));
            if whole {
                parties.extend([row.partner, row.client]);
            } else if let Some(client) = row.client_organisation
                && reach.sees(client, project)
            {
                parties.insert(row.client);
            }
        }
        Self::Only(Arc::new(parties))
    }

    fn holds(&self, party: PartyId) -> bool {
        match self {
            Self::All => true,
            Self::Only(parties) => parties.contains(&party),
        }
    }
}

/// What a caller may see of parties. Cheap to clone into an answer.
#[derive(Clone)]
pub(crate) struct Sight {
    reads: Part,
    opens: Part,
}

impl Sight {
    /// The caller's.
    pub(crate) fn of(ask: &Ask) -> Self {
        Self::within(ask.state(), |permission| ask.reach_of(permission))
    }

    /// That of whoever holds permissions so.
    pub(crate) fn within(state: &State, reach: impl Fn(P) -> Visibility) -> Self {
        Self {
            reads: Part::of(state, &reach(P::PartiesRead)),
            opens: Part::of(state, &reach(P::PartiesOpen)),
        }
    }

    /// Whether the party exists for the caller.
    pub(crate) fn reads(&self, party: PartyId) -> bool {
        self.reads.holds(party)
    }

    /// Whether the caller may open what is sealed of the party.
    pub(crate) fn opens(&self, party: PartyId) -> bool {
        self.opens.holds(party)
    }

    /// Whether the interest exists for the caller: both ends do, and an end that is sealed may be
    /// opened, since an interest that touches a sealed party inherits its seal.
    pub(crate) fn interest(&self, state: &bareboat_parties::State, row: &Interest) -> bool {
        let ends = [row.facts.owner, row.facts.owned];
        let sealed = touches_sealed(state, row);
        let seen = |end: PartyId| {
            let shut = sealed
                && state
                    .party(end)
                    .is_some_and(bareboat_parties::Party::is_sealed);
            self.reads(end) && (!shut || self.opens(end))
        };
        ends.into_iter().all(seen)
    }

    /// A party as the caller may see it.
    pub(crate) fn party(&self, state: &State, id: PartyId) -> Option<wire::Party> {
        let table = &state.parties.parties;
        let (handle, row) = (table.handle(&id)?, table.get(&id)?);
        let shredded = state.seals.shredded.contains(&id);
        Some(wire::Party::of(handle, id, row, self.opens(id), shredded))
    }

    /// A party's names as the caller may see them.
    pub(crate) fn named(&self, state: &bareboat_parties::State, id: PartyId) -> wire::PartyName {
        let name = state.party(id).map(|row| &row.facts.name);
        let unknown = bareboat_api::wire::Confidential {
            value: None,
            sealed: None,
        };
        wire::PartyName {
            id: id.into(),
            label: state.party_label(id).unwrap_or_default(),
            name: name.map_or(unknown, |name| wire::confidential(name, self.opens(id))),
        }
    }
}
