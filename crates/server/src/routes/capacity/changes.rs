//! The index of capacity: what appeared and left of what the caller may see, and why, read from
//! the journal since the caller last asked. An allocation that runs out by time leaves no event;
//! it is told with the instant up to which the caller has read.

use std::collections::BTreeMap;

use bareboat_access::Permission as P;
use bareboat_api::Problem;
use bareboat_api::capacity as wire;
use bareboat_base::{AllocationId, Instant, NodeRef, NodeSet, Position, SiteId};
use bareboat_book::acts::phases::says_of_itself;
use bareboat_book::{Event, State};
use bareboat_capacity::{self as domain, AllocationStatus, Event as Capacity, ReservationStatus};
use bareboat_fleet::{Event as Fleet, Phase};
use bareboat_journal::StoredEvent;

use super::{sees, sources};
use crate::query::invalid;
use crate::routes::fleet::holdings::moment;
use crate::{Ask, Route, respond};

/// How many events one answer looks through at most, and how many changes it tells at least
/// before it stops.
const SCAN: usize = 20_000;
const ROWS: usize = 1_000;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/capacity/changes",
            "listCapacityChanges",
            "Read what capacity appeared and left since the last answer, and why",
        )
        .needs(P::CapacityRead)
        .parameter(
            "after",
            "What the last answer gave as `next`; the book's beginning when left out.",
        )
        .slow()
        .item(list_changes),
    ]
}

/// Up to where somebody has read: the last event, and the last instant.
#[derive(Clone, Copy)]
struct Mark {
    position: u64,
    micros: i64,
}

impl Mark {
    fn of(ask: &Ask) -> Result<Self, Problem> {
        let Some(text) = ask.param("after") else {
            return Ok(Self {
                position: 0,
                micros: i64::MIN,
            });
        };
        let bad = || {
            invalid(
                "after",
                "what an answer gave as `next`, such as 120.1767225600000000",
            )
        };
        let (position, micros) = text.split_once('.').ok_or_else(bad)?;
        Ok(Self {
            position: position.parse().map_err(|_| bad())?,
            micros: micros.parse().map_err(|_| bad())?,
        })
    }
}

fn list_changes(ask: &Ask) -> Result<wire::CapacityChanges, Problem> {
    let mark = Mark::of(ask)?;
    let end = ask.view().position.0;
    if mark.position > end {
        let why = format!("the book has {end} events, you have read {}", mark.position);
        return Err(invalid("after", why));
    }
    let mut told = Told::new(ask);
    let (mut next, mut scanned, mut upto) = (mark.position.saturating_add(1), 0, None);
    while next <= end && scanned < SCAN && told.rows.len() < ROWS {
        let room = usize::try_from(end - next + 1).unwrap_or(usize::MAX);
        let batch = ask.app().engine.events(Position(next), room.min(1_000));
        let batch = batch.map_err(|error| respond::internal(&error))?;
        if batch.is_empty() {
            break;
        }
        for stored in &batch {
            if told.rows.len() >= ROWS {
                break;
            }
            next = stored.position.0 + 1;
            upto = Some(stored.recorded_at);
            scanned += 1;
            told.event(stored)?;
        }
    }
    let more = next <= end;
    let upto = if more { upto } else { Some(moment(ask)) };
    let upto = upto.unwrap_or_else(|| moment(ask));
    told.ran_out(mark, next, upto);
    let changes = told.finish();
    Ok(wire::CapacityChanges {
        changes,
        next: format!("{}.{}", next - 1, upto.micros().max(mark.micros)),
        more,
    })
}

/// What is true of some nodes.
struct What<'a> {
    change: &'static str,
    reason: &'a str,
    at: Instant,
}

/// When a node was an allocation's.
type Span = (Instant, Instant, AllocationId);

struct Told<'a> {
    ask: &'a Ask,
    rows: Vec<wire::CapacityChange>,
    /// By site and number: made when it is first asked.
    spans: Option<BTreeMap<NodeRef, Vec<Span>>>,
}

impl<'a> Told<'a> {
    fn new(ask: &'a Ask) -> Self {
        Self {
            ask,
            rows: Vec::new(),
            spans: None,
        }
    }

    fn state(&self) -> &'a State {
        self.ask.state()
    }

    /// An allocation that the caller may see.
    fn allocation(&self, id: AllocationId) -> Option<&'a domain::Allocation> {
        let row = self.state().capacity.allocations.get(&id)?;
        sees(self.ask, row.contract).then_some(row)
    }

    fn event(&mut self, stored: &StoredEvent) -> Result<(), Problem> {
        let event = Event::decode(&stored.bytes).map_err(|error| respond::internal(&error))?;
        match &event {
            Event::Capacity(event) => self.capacity(stored, event),
            Event::Fleet(Fleet::NodesAdvanced(event)) => {
                let (change, reason) = match event.to {
                    Phase::Quarantined | Phase::InRepair | Phase::Retired => {
                        ("unhealthy", "failed")
                    }
                    Phase::Ready => ("healthy", "repaired"),
                    _ => return Ok(()),
                };
                let what = What {
                    change,
                    reason,
                    at: event.at,
                };
                self.held(stored, &event.nodes, &what, None);
            }
            _ => {}
        }
        Ok(())
    }

    fn capacity(&mut self, stored: &StoredEvent, event: &Capacity) {
        match event {
            Capacity::HandoverSet(event) => self.handed_over(stored, event),
            Capacity::Allocated(event) if event.window.from() <= stored.recorded_at => {
                let what = What {
                    change: "appeared",
                    reason: "delivered",
                    at: event.window.from(),
                };
                self.tell(Some(stored), event.allocation, event.nodes.clone(), &what);
            }
            Capacity::AllocationReleased(event) => {
                let row = self.allocation(event.allocation);
                let Some(row) = row.filter(|row| !row.awaited) else {
                    return;
                };
                let reservation = self.state().capacity.reservations.get(&row.reservation);
                let ended = ReservationStatus::Ended { at: event.at };
                let ended = reservation.is_some_and(|row| row.status == ended);
                let what = What {
                    change: "left",
                    reason: if ended { "ended" } else { "released" },
                    at: event.at,
                };
                self.tell(
                    Some(stored),
                    event.allocation,
                    row.nodes.as_ref().clone(),
                    &what,
                );
            }
            Capacity::NodeReplaced(event) => self.replaced(stored, event),
            // What a node's phase or its failure says is told by the fleet, or by its spare.
            Capacity::UnavailableSet(event) if !says_of_itself(&event.why) => {
                let what = What {
                    change: "unhealthy",
                    reason: event.why.as_str(),
                    at: event.window.from(),
                };
                self.held(stored, &event.nodes, &what, Some(event.window.to()));
            }
            Capacity::UnavailabilityEnded(event)
                if event.why.is_empty() || !event.why.iter().all(says_of_itself) =>
            {
                let what = What {
                    change: "healthy",
                    reason: "repaired",
                    at: event.at,
                };
                self.held(stored, &event.nodes, &what, None);
            }
            _ => {}
        }
    }

    /// Nodes named ahead appear when they are handed over.
    fn handed_over(&mut self, stored: &StoredEvent, event: &domain::HandoverSet) {
        let Some(at) = event.at else {
            let id = bareboat_api::wire::Id::from(event.allocation);
            let delivered =
                |row: &wire::CapacityChange| row.allocation == id && row.reason == "delivered";
            self.rows.retain(|row| !delivered(row));
            return;
        };
        let Some(row) = self.allocation(event.allocation) else {
            return;
        };
        let what = What {
            change: "appeared",
            reason: "delivered",
            at,
        };
        let nodes = row.nodes.as_ref().clone();
        self.tell(Some(stored), event.allocation, nodes, &what);
    }

    fn replaced(&mut self, stored: &StoredEvent, event: &domain::NodeReplaced) {
        let Some(row) = self.allocation(event.allocation) else {
            return;
        };
        let site = row.nodes.site();
        let label = |number| self.state().fleet.label_of(&NodeRef { site, number });
        let (node, spare) = (label(event.node), label(event.spare));
        for (number, change, reason) in [
            (event.node, "left", "failed"),
            (event.spare, "appeared", "replaced"),
        ] {
            let Ok(nodes) = NodeSet::from_numbers(site, [number]) else {
                continue;
            };
            let what = What {
                change,
                reason,
                at: event.at,
            };
            self.tell(Some(stored), event.allocation, nodes, &what);
            if let Some(row) = self.rows.last_mut() {
                match change {
                    "left" => row.replaced_by.clone_from(&spare),
                    _ => row.replaces.clone_from(&node),
                }
            }
        }
    }

    /// Tells of those nodes that were somebody's whom the caller may see.
    fn held(
        &mut self,
        stored: &StoredEvent,
        nodes: &NodeSet,
        what: &What<'_>,
        until: Option<Instant>,
    ) {
        let spans = match self.spans.take() {
            Some(spans) => spans,
            None => self.all_spans(),
        };
        // What lasts is told of whoever has the node meanwhile, from when they do.
        let mut whose: BTreeMap<(AllocationId, Instant), Vec<u32>> = BTreeMap::new();
        let site: SiteId = nodes.site();
        for number in nodes.numbers() {
            let of_node = spans.get(&NodeRef { site, number });
            for (from, to, id) in of_node.into_iter().flatten() {
                let begun = *from <= what.at || until.is_some_and(|until| *from < until);
                if begun && what.at < *to {
                    let key = (*id, what.at.max(*from));
                    whose.entry(key).or_default().push(number);
                }
            }
        }
        self.spans = Some(spans);
        for ((id, at), numbers) in whose {
            if let Ok(nodes) = NodeSet::from_numbers(site, numbers) {
                self.tell(Some(stored), id, nodes, &What { at, ..*what });
                if let Some(row) = self.rows.last_mut() {
                    row.until = until.map(Into::into);
                }
            }
        }
    }

    fn all_spans(&self) -> BTreeMap<NodeRef, Vec<Span>> {
        let mut spans: BTreeMap<NodeRef, Vec<Span>> = BTreeMap::new();
        for (_, id, row) in self.state().capacity.allocations.iter() {
            if row.awaited || !sees(self.ask, row.contract) {
                continue;
            }
            for (nodes, from, to) in row.spans() {
                let site = nodes.site();
                for number in nodes.numbers() {
                    let of_node = spans.entry(NodeRef { site, number }).or_default();
                    of_node.push((from, to, *id));
                }
            }
        }
        spans
    }

    /// Allocations that ran out by time since they were last read, and up to an instant; of those
    /// recorded before the position that is read next.
    fn ran_out(&mut self, mark: Mark, next: u64, upto: Instant) {
        for (_, id, row) in self.state().capacity.allocations.iter() {
            let at = row.window.to();
            let recorded = row.recorded.position.0;
            let ran_out = row.status == AllocationStatus::Live
                && !row.awaited
                && (at.micros() > mark.micros || recorded > mark.position)
                && (at <= upto && recorded < next);
            if ran_out && sees(self.ask, row.contract) {
                let what = What {
                    change: "left",
                    reason: "ended",
                    at,
                };
                self.tell(None, *id, row.nodes.as_ref().clone(), &what);
            }
        }
    }

    fn tell(
        &mut self,
        stored: Option<&StoredEvent>,
        id: AllocationId,
        nodes: NodeSet,
        what: &What<'_>,
    ) {
        let Some(row) = self.allocation(id) else {
            return;
        };
        let shown = wire::Allocation::of(sources(self.state()), id);
        let Some(shown) = shown else { return };
        let account = sources(self.state()).account(row.contract);
        self.rows.push(wire::CapacityChange {
            position: stored.map(|stored| stored.position.0),
            recorded_at: stored.map_or(what.at, |stored| stored.recorded_at).into(),
            at: what.at.into(),
            change: what.change.to_owned(),
            reason: what.reason.to_owned(),
            site: nodes.site().into(),
            site_code: shown.site_code,
            model_code: shown.model_code,
            nodes: (&nodes).into(),
            count: nodes.count().0,
            replaces: None,
            replaced_by: None,
            until: None,
            allocation: shown.id,
            allocation_label: shown.label,
            contract: shown.contract,
            contract_reference: shown.contract_reference,
            lot: shown.lot,
            lot_label: shown.lot_label,
            organisation: account.map(|(organisation, _)| organisation.into()),
            project: account.map(|(_, project)| project.into()),
        });
    }

    /// The rows in the order in which the book learned them.
    fn finish(mut self) -> Vec<wire::CapacityChange> {
        self.rows.sort_by_key(|row| row.recorded_at.0);
        self.rows
    }
}
