//! How long a replacement takes: 12,500 nodes, 1,000 lots of 12 nodes that have theirs, and a year
//! of faults, by month. `cargo run --release -p bareboat-capacity --example replace`

use std::io::Write as _;
use std::time::Instant as Stopwatch;

use bareboat_base::{
    Code, CommandId, Context, Instant, NodeCount, NodeSet, PoolId, Position, PrincipalId, Recorded,
    Run, Shape, SiteId, TypedId, Window,
};
use bareboat_capacity::faults::bits;
use bareboat_capacity::{
    Allocate, Command, Event, OpenPool, PlacedRun, ReceiveSupply, Rejection, ReplaceNode, Reserve,
    ScheduleSupply, SetUnavailable, State, apply, decide,
};

const NODES: u32 = 12_500;
const LOTS: u32 = 1_000;
const EACH: u32 = 12;
/// 1.53 faults a node and year.
const FAULTS: i64 = 19_125;
const HOUR: i64 = 3_600_000_000;

fn id<I: TypedId>(number: u64) -> I {
    let text = format!("\"00000000-0000-8000-8000-{number:012x}\"");
    let command: CommandId = serde_json::from_str(&text).expect("an id");
    I::from_uuid(command.uuid())
}

fn at(hours: i64) -> Instant {
    Instant::from_micros(hours * HOUR).expect("an instant")
}

#[derive(Default)]
struct World {
    state: State,
    commands: u64,
    decide_us: f64,
    apply_us: f64,
}

impl World {
    fn run(&mut self, command: impl Into<Command>) -> Result<Vec<Event>, Rejection> {
        self.commands += 1;
        let context = Context {
            command_id: id(1_000_000 + self.commands),
            actor: id::<PrincipalId>(3),
            recorded_at: at(0),
            part: 0,
        };
        let command = command.into();
        let begun = Stopwatch::now();
        let events = decide(&self.state, &context, &command)?;
        self.decide_us = begun.elapsed().as_secs_f64() * 1e6;
        let begun = Stopwatch::now();
        for event in &events {
            let recorded = Recorded {
                position: Position(self.commands),
                at: at(0),
                by: context.actor,
            };
            apply(&mut self.state, &recorded, event);
        }
        self.apply_us = begun.elapsed().as_secs_f64() * 1e6;
        Ok(events)
    }
}

fn supplied(world: &mut World) -> Result<PoolId, Rejection> {
    let site: SiteId = id(1);
    let open = OpenPool {
        site,
        model: id(2),
        gpus_per_node: 8,
        nodes_per_domain: 1,
    };
    world.run(open)?;
    let pool = world.state.pool_of(site, id(2)).expect("a pool");
    let schedule = ScheduleSupply {
        pool,
        tranche: id(4),
        nodes: NodeCount(NODES),
        from: at(0),
    };
    world.run(schedule)?;
    let leaf = |leaf: u32| PlacedRun {
        hall: id(5),
        nvlink_domain: None,
        leaf,
        spine_group: leaf / 16,
        run: Run {
            first: leaf * 32 + 1,
            count: 32.min(NODES - leaf * 32),
        },
    };
    let receive = ReceiveSupply {
        pool,
        tranche: id(4),
        at: at(0),
        nodes: (0..NODES.div_ceil(32)).map(leaf).collect(),
    };
    world.run(receive)?;
    for lot in 0..LOTS {
        let reserve = Reserve {
            lot: id(100 + u64::from(lot)),
            contract: id(6),
            pool,
            nodes: NodeCount(EACH),
            window: Window::new(at(0), at(30_000)).expect("a window"),
            shape: Shape::ANY,
            part: None,
            option: None,
        };
        world.run(reserve)?;
        let reservation = *world.state.reservations.iter().next_back().expect("one").1;
        let allocate = Allocate {
            reservation,
            at: at(0),
            exclude: None,
        };
        world.run(allocate)?;
    }
    Ok(pool)
}

fn percentile(of: &mut [f64], share: f64) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    let index = (of.len() as f64 * share).ceil() as usize;
    of.get(index.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// Which column counts it.
fn nearness(events: &[Event]) -> usize {
    match events {
        [Event::NodeReplaced(event)] => event.near as usize,
        _ => 3,
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = World::default();
    let pool = supplied(&mut world)?;
    let site: SiteId = id(1);
    let live: Vec<_> = world
        .state
        .allocations
        .iter()
        .map(|(_, id, _)| *id)
        .collect();
    let mut random = bits(1);
    let mut draw =
        |most: u32| ((u128::from(random.next().unwrap_or(0)) * u128::from(most)) >> 64) as u32;
    let (mut decided, mut applied, mut near) = (Vec::new(), Vec::new(), [0_u32; 4]);
    let mut out = std::io::stdout();
    for fault in 0..FAULTS {
        let allocation = live[draw(LOTS) as usize];
        let row = world
            .state
            .allocations
            .get(&allocation)
            .expect("a live one");
        let node = row
            .nodes
            .numbers()
            .nth(draw(EACH) as usize)
            .expect("a node");
        let hour = 1 + fault * 8766 / FAULTS;
        // Every tenth repair takes 13 days, the others 20 hours.
        let repair = if draw(10) == 0 { 312 } else { 20 };
        let unavailable = SetUnavailable {
            pool,
            nodes: NodeSet::from_numbers(site, [node])?,
            window: Window::new(at(hour), at(hour + repair))?,
            why: Code::new("failed")?,
        };
        world.run(unavailable)?;
        let replace = ReplaceNode {
            allocation,
            node,
            at: at(hour),
            exclude: None,
        };
        match world.run(replace) {
            Ok(events) => {
                decided.push(world.decide_us);
                applied.push(world.apply_us);
                near[nearness(&events)] += 1;
            }
            Err(_) => near[3] += 1,
        }
        if (fault + 1) % (FAULTS / 12) == 0 {
            writeln!(
                out,
                "after {} faults: decide p50 {:.1} µs, p99 {:.1} µs; apply p50 {:.1} µs, p99 {:.1} µs; \
                 leaf, spine group, hall, none: {near:?}",
                fault + 1,
                percentile(&mut decided, 0.5),
                percentile(&mut decided, 0.99),
                percentile(&mut applied, 0.5),
                percentile(&mut applied, 0.99),
            )?;
            decided.clear();
            applied.clear();
        }
    }
    Ok(())
}
