//! Tests: stories by hand, and histories against a naive model.

mod ahead;
mod alternatives;
mod blocks;
mod faults;
mod intervals;
mod model;
mod names;
mod options;
mod outage;
mod quotes;
mod replace;
mod risk;
mod scale;
mod shapes;
mod stories;

use bareboat_base::{
    CommandId, Context, ContractId, HallId, Instant, LotId, ModelId, NodeCount, NodeSet, PoolId,
    Position, PrincipalId, Recorded, ReservationId, Run, Shape, SiteId, TrancheId, TypedId, Window,
};

use crate::{Command, Event, OpenPool, PlacedRun, Rejection, Reserve, State, apply, decide};

/// An id made of a small number, as an edge would draw it.
pub(crate) fn id<I: TypedId>(number: u128) -> I {
    let text = format!("\"{}\"", uuid_text(number));
    let command: CommandId = serde_json::from_str(&text).unwrap();
    I::from_uuid(command.uuid())
}

fn uuid_text(number: u128) -> String {
    let hex = format!("{number:032x}");
    let (a, b, c, d, e) = (
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    );
    format!("{a}-{b}-{c}-{d}-{e}")
}

/// So many hours after the epoch.
pub(crate) fn hour(hours: i64) -> Instant {
    Instant::from_micros(hours * 3_600_000_000).unwrap()
}

pub(crate) fn window(from: i64, to: i64) -> Window {
    Window::new(hour(from), hour(to)).unwrap()
}

pub(crate) fn site() -> SiteId {
    id(1)
}

pub(crate) fn set(numbers: impl IntoIterator<Item = u32>) -> NodeSet {
    NodeSet::from_numbers(site(), numbers).unwrap()
}

pub(crate) fn placed(leaf: u32, spine_group: u32, first: u32, count: u32) -> PlacedRun {
    PlacedRun {
        hall: id::<HallId>(2),
        leaf,
        spine_group,
        nvlink_domain: None,
        run: Run { first, count },
    }
}

/// A state with what commands and events need around it.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub state: State,
    pub position: u64,
    pub commands: u128,
    pub now: i64,
}

impl World {
    /// Decides at `now`, applies, and says what happened.
    pub fn run(&mut self, command: impl Into<Command>) -> Result<Vec<Event>, Rejection> {
        self.commands += 1;
        let ctx = Context {
            command_id: id::<CommandId>(1000 + self.commands),
            actor: id::<PrincipalId>(3),
            recorded_at: hour(self.now),
            part: 0,
        };
        let events = decide(&self.state, &ctx, &command.into())?;
        for event in &events {
            self.position += 1;
            let recorded = Recorded {
                position: Position(self.position),
                at: ctx.recorded_at,
                by: ctx.actor,
            };
            apply(&mut self.state, &recorded, event);
        }
        Ok(events)
    }

    pub fn open_pool(&mut self) -> PoolId {
        let command = OpenPool {
            site: site(),
            model: id::<ModelId>(4),
            gpus_per_node: 8,
            nodes_per_domain: 1,
        };
        self.run(command).unwrap();
        self.state.pool_of(site(), id(4)).unwrap()
    }

    /// The reservation made last.
    pub fn last_reservation(&self) -> ReservationId {
        *self.state.reservations.iter().next_back().unwrap().1
    }
}

pub(crate) fn tranche(number: u128) -> TrancheId {
    id(100_000 + number)
}

pub(crate) fn ask(pool: PoolId, nodes: u32, from: i64, to: i64) -> Reserve {
    Reserve {
        lot: id::<LotId>(5),
        contract: id::<ContractId>(6),
        pool,
        nodes: NodeCount(nodes),
        window: window(from, to),
        shape: Shape::ANY,
        part: None,
        option: None,
    }
}
