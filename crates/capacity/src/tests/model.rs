//! Random histories against a model that counts hour by hour and node by node.

use std::collections::{BTreeMap, BTreeSet};

use bareboat_base::{AllocationId, Code, NodeCount, NodeRef, PoolId};
use proptest::prelude::*;

use super::*;
use crate::{
    Allocate, EndReservation, EndUnavailability, ExerciseOption, LapseOption, MoveSupply,
    ReceiveSupply, ReleaseAllocation, ReservationStatus, ScheduleSupply, SetSpareFloor,
    SetUnavailable,
};

pub(super) const HOURS: i64 = 40;

/// One step of a history; indices are taken modulo what there is.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Schedule {
        nodes: u32,
        from: i64,
    },
    Move {
        which: usize,
        from: i64,
    },
    Receive {
        which: usize,
        at: i64,
        count: u32,
    },
    Floor {
        nodes: u32,
    },
    Reserve {
        nodes: u32,
        from: i64,
        length: i64,
        option: i64,
    },
    Allocate {
        which: usize,
        late: i64,
        exclude: Option<u32>,
    },
    Release {
        which: usize,
        at: i64,
    },
    Replace {
        which: usize,
        node: usize,
        at: i64,
    },
    End {
        which: usize,
        at: i64,
    },
    Exercise {
        which: usize,
    },
    Lapse {
        which: usize,
    },
    Unavailable {
        first: u32,
        count: u32,
        from: i64,
        length: i64,
    },
    /// Ends what has nodes out of supply, or what has them for having failed.
    Back {
        first: u32,
        count: u32,
        at: i64,
        failed: bool,
    },
}

pub(super) fn promise() -> impl Strategy<Value = Step> {
    (1_u32..5, 0..25_i64, 1..12_i64, 0..8_i64).prop_map(|(nodes, from, length, option)| {
        Step::Reserve {
            nodes,
            from,
            length,
            option: (option - 4).max(0),
        }
    })
}

/// What sells, names in any order, and frees nothing early.
fn sale() -> impl Strategy<Value = Step> {
    let named = (0_usize..30, 0..3_i64);
    let named = named.prop_map(|(which, late)| Step::Allocate {
        which,
        late,
        exclude: None,
    });
    let exercised = (0_usize..30).prop_map(|which| Step::Exercise { which });
    prop_oneof![5 => promise(), 4 => named, 1 => exercised]
}

pub(super) fn ending() -> impl Strategy<Value = Step> {
    let which = 0_usize..30;
    prop_oneof![
        (which.clone(), 0..HOURS).prop_map(|(which, at)| Step::End { which, at }),
        which.clone().prop_map(|which| Step::Exercise { which }),
        which.prop_map(|which| Step::Lapse { which }),
    ]
}

fn replaced() -> impl Strategy<Value = Step> {
    let some = (0_usize..30, 0_usize..4, 0..30_i64);
    some.prop_map(|(which, node, at)| Step::Replace { which, node, at })
}

pub(super) fn anything() -> impl Strategy<Value = Step> {
    let which = 0_usize..30;
    prop_oneof![
        8 => sale(),
        2 => ending(),
        1 => (which.clone(), 0..HOURS).prop_map(|(which, at)| Step::Release { which, at }),
        2 => replaced(),
        1 => (1_u32..6, 0..20_i64).prop_map(|(nodes, from)| Step::Schedule { nodes, from }),
        1 => (which.clone(), 0..30_i64).prop_map(|(which, from)| Step::Move { which, from }),
        2 => (which.clone(), 0..20_i64, 1_u32..5)
            .prop_map(|(which, at, count)| Step::Receive { which, at, count }),
        1 => (0_u32..3).prop_map(|nodes| Step::Floor { nodes }),
        1 => (which, 0..3_i64, proptest::option::of(1_u32..12))
            .prop_map(|(which, late, exclude)| Step::Allocate { which, late, exclude }),
        2 => (1_u32..12, 1_u32..4, 0..25_i64, 1..10_i64).prop_map(|(first, count, from, length)| {
            Step::Unavailable { first, count, from, length }
        }),
        2 => (1_u32..12, 1_u32..4, 0..35_i64, any::<bool>()).prop_map(
            |(first, count, at, failed)| Step::Back { first, count, at, failed },
        ),
    ]
}

/// What the model knows of a reservation.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub(super) id: ReservationId,
    pub(super) nodes: i64,
    pub(super) firm: (i64, i64),
    pub(super) option: i64,
}

/// Plain lists, counted afresh for every question.
#[derive(Default)]
pub(super) struct Model {
    pub(super) pool: Option<PoolId>,
    pub(super) floor: i64,
    /// Tranche → (from, owed).
    pub(super) owed: BTreeMap<u128, (i64, u32)>,
    /// Node → from when.
    pub(super) named: BTreeMap<u32, i64>,
    pub(super) promises: Vec<Promise>,
    /// (node, hour) → the allocation that has it.
    pub(super) taken: BTreeMap<(u32, i64), AllocationId>,
    /// (node, hour) out of supply.
    pub(super) out: BTreeSet<(u32, i64)>,
    /// (node, from, to, whether it failed): what was said, as far as it still holds.
    outages: Vec<(u32, i64, i64, bool)>,
}

impl Model {
    fn count_out(&mut self) {
        let said = self.outages.iter();
        let hours = said.flat_map(|(node, from, to, _)| (*from..*to).map(move |at| (*node, at)));
        self.out = hours.collect();
    }

    fn installed(&self, at: i64) -> i64 {
        let owed = self.owed.values().filter(|(from, _)| *from <= at);
        let owed: i64 = owed.map(|(_, nodes)| i64::from(*nodes)).sum();
        owed + self.named.values().filter(|from| **from <= at).count() as i64
    }

    fn firm(&self, at: i64) -> i64 {
        let held = self
            .promises
            .iter()
            .filter(|p| p.firm.0 <= at && at < p.firm.1);
        held.map(|p| p.nodes).sum()
    }

    fn option(&self, at: i64) -> i64 {
        let held = self
            .promises
            .iter()
            .filter(|p| p.firm.1 <= at && at < p.option);
        held.map(|p| p.nodes).sum()
    }

    fn unavailable(&self, at: i64) -> i64 {
        let out = self
            .out
            .iter()
            .filter(|(node, hour)| *hour == at && self.named[node] <= at);
        out.count() as i64
    }

    pub(super) fn free(&self, at: i64) -> i64 {
        self.installed(at) - self.firm(at) - self.option(at) - self.unavailable(at) - self.floor
    }

    /// The first hour with less than `nodes` free, and the least free, in [from, to).
    fn scan(&self, from: i64, to: i64, nodes: i64) -> (Option<(i64, i64)>, i64) {
        let free: Vec<(i64, i64)> = (from..to).map(|at| (at, self.free(at))).collect();
        let short = free.iter().find(|(_, free)| *free < nodes).copied();
        (short, free.iter().map(|(_, free)| *free).min().unwrap())
    }
}

fn pick<T>(items: &[T], which: usize) -> Option<&T> {
    (!items.is_empty()).then(|| &items[which % items.len()])
}

/// Runs one step on both and compares what they say.
pub(super) fn step(world: &mut World, model: &mut Model, step: &Step) -> Result<(), TestCaseError> {
    let pool = *model.pool.get_or_insert_with(|| world.open_pool());
    let tranches: Vec<u128> = model.owed.keys().copied().collect();
    match *step {
        Step::Schedule { nodes, from } => {
            let number = tranches.len() as u128;
            let command = ScheduleSupply {
                pool,
                tranche: tranche(number),
                nodes: NodeCount(nodes),
                from: hour(from),
            };
            world.run(command).unwrap();
            model.owed.insert(number, (from, nodes));
        }
        Step::Move { which, from } => {
            let Some(number) = pick(&tranches, which) else {
                return Ok(());
            };
            let moved = world.run(MoveSupply {
                tranche: tranche(*number),
                from: hour(from),
            });
            let owed = model.owed.get_mut(number).unwrap();
            prop_assert_eq!(moved.is_ok(), owed.1 > 0);
            owed.0 = from;
        }
        Step::Receive { which, at, count } => {
            let Some(number) = pick(&tranches, which) else {
                return Ok(());
            };
            receive(world, model, pool, *number, at, count)?;
        }
        Step::Floor { nodes } => {
            world
                .run(SetSpareFloor {
                    pool,
                    nodes: NodeCount(nodes),
                })
                .unwrap();
            model.floor = i64::from(nodes);
        }
        Step::Unavailable {
            first,
            count,
            from,
            length,
        } => {
            let nodes = set(first..first + count);
            let during = window(from, from + length);
            let failed = first % 2 == 0;
            let why = Code::new(if failed { "failed" } else { "maintenance" }).unwrap();
            let done = world.run(SetUnavailable {
                pool,
                nodes,
                window: during,
                why,
            });
            let known = (first..first + count).all(|node| model.named.contains_key(&node));
            prop_assert_eq!(done.is_ok(), known);
            if known {
                let said = (first..first + count).map(|node| (node, from, from + length, failed));
                model.outages.extend(said);
                model.count_out();
            }
        }
        Step::Back { .. } => back(world, model, pool, step)?,
        _ => sell(world, model, pool, step)?,
    }
    Ok(())
}

/// Nodes come back early: refused unless all of them are out.
fn back(
    world: &mut World,
    model: &mut Model,
    pool: PoolId,
    step: &Step,
) -> Result<(), TestCaseError> {
    let Step::Back {
        first,
        count,
        at,
        failed,
    } = *step
    else {
        return Ok(());
    };
    let nodes = first..first + count;
    let ends = |said: &(u32, i64, i64, bool)| {
        let runs = said.1 <= at && at < said.2;
        runs && nodes.contains(&said.0) && (said.3 || !failed)
    };
    let out: BTreeSet<u32> = model
        .outages
        .iter()
        .filter(|said| ends(said))
        .map(|said| said.0)
        .collect();
    let why = failed.then(|| Code::new("failed").unwrap());
    let done = world.run(EndUnavailability {
        pool,
        nodes: set(nodes.clone()),
        at: hour(at),
        why: why.into_iter().collect(),
    });
    prop_assert_eq!(done.is_ok(), out.len() == nodes.len());
    if done.is_ok() {
        for said in model.outages.iter_mut().filter(|said| ends(said)) {
            said.2 = at;
        }
        model.count_out();
    }
    Ok(())
}

/// Runs one step of selling, naming and ending.
fn sell(
    world: &mut World,
    model: &mut Model,
    pool: PoolId,
    step: &Step,
) -> Result<(), TestCaseError> {
    match *step {
        Step::Reserve {
            nodes,
            from,
            length,
            option,
        } => {
            reserve(world, model, pool, nodes, (from, from + length, option))?;
        }
        Step::Allocate {
            which,
            late,
            exclude,
        } => {
            let Some(promise) = pick(&model.promises, which).cloned() else {
                return Ok(());
            };
            let _ = allocate(world, model, &promise, promise.firm.0 + late, exclude)?;
        }
        Step::Release { which, at } => {
            let live: Vec<_> = world
                .state
                .allocations
                .iter()
                .map(|(_, id, _)| *id)
                .collect();
            let Some(allocation) = pick(&live, which) else {
                return Ok(());
            };
            if world
                .run(ReleaseAllocation {
                    allocation: *allocation,
                    at: hour(at),
                })
                .is_ok()
            {
                model
                    .taken
                    .retain(|(_, hour), who| who != allocation || *hour < at);
            }
        }
        Step::Replace { which, node, at } => {
            replace::step(world, &model.out, &mut model.taken, (which, node, at))?;
        }
        Step::End { which, at } => end(world, model, which, at),
        Step::Exercise { which } | Step::Lapse { which } => {
            let exercise = matches!(step, Step::Exercise { .. });
            option(world, model, which, exercise)?;
        }
        _ => {}
    }
    Ok(())
}

fn receive(
    world: &mut World,
    model: &mut Model,
    pool: PoolId,
    number: u128,
    at: i64,
    count: u32,
) -> Result<(), TestCaseError> {
    let first = model.named.len() as u32 + 1;
    // Three nodes on a leaf, two leaves in a spine group.
    let runs = (first..first + count).map(|node| placed((node - 1) / 3, (node - 1) / 6, node, 1));
    let command = ReceiveSupply {
        pool,
        tranche: tranche(number),
        at: hour(at),
        nodes: runs.collect(),
    };
    let done = world.run(command);
    let owed = model.owed.get_mut(&number).unwrap();
    prop_assert_eq!(done.is_ok(), owed.1 >= count);
    if done.is_ok() {
        owed.1 -= count;
        model
            .named
            .extend((first..first + count).map(|node| (node, at)));
    }
    Ok(())
}

fn reserve(
    world: &mut World,
    model: &mut Model,
    pool: PoolId,
    nodes: u32,
    (from, to, option): (i64, i64, i64),
) -> Result<(), TestCaseError> {
    let mut command = ask(pool, nodes, from, to);
    command.option = (option > 0).then(|| window(to, to + option));
    let (short, least) = model.scan(from, to + option, i64::from(nodes));
    let most = world.state.max_free(pool, window(from, to + option));
    prop_assert_eq!(i64::from(most.0), least.max(0));
    match (world.run(command), short) {
        (Ok(_), None) => model.promises.push(Promise {
            id: world.last_reservation(),
            nodes: i64::from(nodes),
            firm: (from, to),
            option: to + option,
        }),
        (Err(Rejection::ShortOfSupply { at, free, fits, .. }), Some((hours, left))) => {
            prop_assert_eq!(at, hour(hours));
            prop_assert_eq!(i64::from(free.0), left.max(0));
            prop_assert_eq!(i64::from(fits.0), least.max(0));
        }
        // Counting is only necessary; what fits must then be less, and true.
        (Err(Rejection::Fragmented { fits, .. }), None) => {
            prop_assert!(fits.0 < nodes);
            if fits.0 > 0 {
                let smaller = Reserve {
                    nodes: fits,
                    ..command
                };
                prop_assert!(world.clone().run(smaller).is_ok());
            }
        }
        (answer, short) => prop_assert!(false, "{answer:?} where the count says {short:?}"),
    }
    Ok(())
}

/// Allocates, checks every node and hour of what was named, and says whether it was.
fn allocate(
    world: &mut World,
    model: &mut Model,
    promise: &Promise,
    at: i64,
    exclude: Option<u32>,
) -> Result<bool, TestCaseError> {
    let command = Allocate {
        reservation: promise.id,
        at: hour(at),
        exclude: exclude.map(|node| set([node])),
    };
    let Ok(events) = world.run(command) else {
        return Ok(false);
    };
    let [Event::Allocated(event)] = &events[..] else {
        return Err(TestCaseError::fail(format!("{events:?}")));
    };
    prop_assert_eq!(i64::from(event.nodes.count().0), promise.nodes);
    prop_assert!(event.window.from() >= hour(at.max(promise.firm.0)));
    prop_assert_eq!(event.window.to(), hour(promise.firm.1));
    let begin = event.window.from().micros() / 3_600_000_000;
    for node in event.nodes.numbers() {
        prop_assert!(model.named[&node] <= begin, "node {node} is not there yet");
        prop_assert_ne!(Some(node), exclude);
        for hour in begin..promise.option {
            prop_assert!(
                !model.out.contains(&(node, hour)),
                "node {node} is out at {hour}"
            );
            let other = model.taken.insert((node, hour), event.allocation);
            prop_assert_eq!(other, None, "node {} is sold twice at {}", node, hour);
        }
    }
    Ok(true)
}

fn end(world: &mut World, model: &mut Model, which: usize, at: i64) {
    let Some(promise) = pick(&model.promises, which).cloned() else {
        return;
    };
    let allocation = world
        .state
        .reservations
        .get(&promise.id)
        .unwrap()
        .allocation;
    let command = EndReservation {
        reservation: promise.id,
        at: hour(at),
    };
    if world.run(command).is_err() {
        return;
    }
    model
        .taken
        .retain(|(_, hour), who| Some(*who) != allocation || *hour < at);
    let promise = model
        .promises
        .iter_mut()
        .find(|p| p.id == promise.id)
        .unwrap();
    promise.firm.1 = promise.firm.1.min(at.max(promise.firm.0));
    promise.option = promise.firm.1;
}

fn option(
    world: &mut World,
    model: &mut Model,
    which: usize,
    exercise: bool,
) -> Result<(), TestCaseError> {
    let Some(promise) = pick(&model.promises, which).cloned() else {
        return Ok(());
    };
    let reservation = promise.id;
    let row = world.state.reservations.get(&reservation).unwrap().clone();
    let done = if exercise {
        world.run(ExerciseOption { reservation })
    } else {
        world.run(LapseOption { reservation })
    };
    let open = row.status == ReservationStatus::Held && promise.option > promise.firm.1;
    prop_assert_eq!(done.is_ok(), open);
    if open {
        let promise = model
            .promises
            .iter_mut()
            .find(|p| p.id == reservation)
            .unwrap();
        if exercise {
            promise.firm.1 = promise.option;
        } else {
            promise.option = promise.firm.1;
            let until = promise.firm.1;
            model
                .taken
                .retain(|(_, hour), who| Some(*who) != row.allocation || *hour < until);
        }
    }
    Ok(())
}

/// Counts, busy windows and both encodings agree with the model.
pub(super) fn compare(world: &World, model: &Model) -> Result<(), TestCaseError> {
    let Some(pool) = model.pool else {
        return Ok(());
    };
    let steps = world.state.profile(pool, window(0, HOURS));
    prop_assert_eq!(steps.first().unwrap().window.from(), hour(0));
    prop_assert_eq!(steps.last().unwrap().window.to(), hour(HOURS));
    for at in 0..HOURS {
        let step = steps
            .iter()
            .find(|step| step.window.contains(hour(at)))
            .unwrap();
        let shown = [step.installed, step.firm, step.option, step.unavailable];
        let counted = [
            model.installed(at),
            model.firm(at),
            model.option(at),
            model.unavailable(at),
        ];
        prop_assert_eq!(
            shown.map(|count| i64::from(count.0)),
            counted,
            "at hour {}",
            at
        );
        let free = i64::from(step.free.0) - i64::from(step.short.0);
        prop_assert_eq!(free, model.free(at), "at hour {}", at);
    }
    for number in model.named.keys() {
        let busy = world.state.busy(&NodeRef {
            site: site(),
            number: *number,
        });
        for at in 0..HOURS {
            let taken = model.taken.contains_key(&(*number, at));
            let out = model.out.contains(&(*number, at)) && model.named[number] <= at;
            let found = busy
                .iter()
                .filter(|busy| busy.window.contains(hour(at)))
                .count();
            prop_assert_eq!(
                found,
                usize::from(taken) + usize::from(out),
                "node {} at {}",
                number,
                at
            );
        }
    }
    sound_plan(world, pool)?;
    let bytes = postcard::to_stdvec(&world.state).unwrap();
    let read: State = postcard::from_bytes(&bytes).unwrap();
    prop_assert!(read == world.state);
    prop_assert_eq!(postcard::to_stdvec(&read).unwrap(), bytes);
    let text = serde_json::to_string(&world.state).unwrap();
    prop_assert!(serde_json::from_str::<State>(&text).unwrap() == world.state);
    Ok(())
}

/// The plan of a pool, where there is one, gives no node twice.
fn sound_plan(world: &World, pool: PoolId) -> Result<(), TestCaseError> {
    let calendar = &world.state.pools.get(&pool).unwrap().calendar;
    let plan = calendar.plan.as_ref();
    let problems = plan.map(|plan| plan.problems(&world.state, calendar));
    prop_assert_eq!(problems.unwrap_or_default(), Vec::<String>::new());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn counts_and_nodes_as_a_plain_model_has_them(
        steps in proptest::collection::vec(anything(), 1..40),
    ) {
        let (mut world, mut model) = (World::default(), Model::default());
        for number in 0..3 {
            step(&mut world, &mut model, &Step::Schedule { nodes: 4, from: number * 5 })?;
        }
        step(&mut world, &mut model, &Step::Receive { which: 0, at: 0, count: 4 })?;
        for one in &steps {
            let before = world.state.clone();
            let events = world.position;
            step(&mut world, &mut model, one)?;
            if let Some(pool) = model.pool {
                sound_plan(&world, pool)?;
            }
            if world.position == events {
                prop_assert!(world.state == before, "a refusal changes nothing");
            }
        }
        compare(&world, &model)?;
    }

    /// Where supply comes as scheduled and nothing is freed early, every promise is kept:
    /// whatever was named in advance, all that is still unnamed finds its nodes, in order of
    /// start.
    #[test]
    fn every_promise_is_kept(
        outages in proptest::collection::vec((1_u32..10, 0..25_i64, 1..8_i64), 0..4),
        steps in proptest::collection::vec(sale(), 1..40),
    ) {
        let (mut world, mut model) = supplied()?;
        for (first, from, length) in outages {
            step(&mut world, &mut model, &Step::Unavailable { first, count: 1, from, length })?;
        }
        for one in &steps {
            step(&mut world, &mut model, one)?;
            prop_assert_eq!(world.state.at_risk(model.pool.unwrap()), []);
            sound_plan(&world, model.pool.unwrap())?;
        }
        while let Some(promise) = first_waiting(&world, &model) {
            let named = allocate(&mut world, &mut model, &promise, promise.firm.0, None)?;
            prop_assert!(named, "{promise:?} was promised");
        }
        compare(&world, &model)?;
    }

    /// Where nodes are named in order of start, every promise is kept, whatever ends, lapses or
    /// is exercised between.
    #[test]
    fn promises_outlive_the_end_of_others(
        promises in proptest::collection::vec(promise(), 1..30),
        endings in proptest::collection::vec(ending(), 0..30),
    ) {
        let (mut world, mut model) = supplied()?;
        for one in &promises {
            step(&mut world, &mut model, one)?;
        }
        let mut endings = endings.iter();
        while let Some(promise) = first_waiting(&world, &model) {
            prop_assert_eq!(world.state.at_risk(model.pool.unwrap()), []);
            let named = allocate(&mut world, &mut model, &promise, promise.firm.0, None)?;
            prop_assert!(named, "{promise:?} was promised");
            if let Some(ending) = endings.next() {
                step(&mut world, &mut model, ending)?;
            }
        }
        compare(&world, &model)?;
    }
}

/// Six nodes from hour 0, four more from hour 8, all received.
pub(super) fn supplied() -> Result<(World, Model), TestCaseError> {
    let (mut world, mut model) = (World::default(), Model::default());
    for (which, (nodes, at)) in [(6, 0), (4, 8)].into_iter().enumerate() {
        step(&mut world, &mut model, &Step::Schedule { nodes, from: at })?;
        let count = nodes;
        step(&mut world, &mut model, &Step::Receive { which, at, count })?;
    }
    Ok((world, model))
}

/// The unnamed promise that begins first.
fn first_waiting(world: &World, model: &Model) -> Option<Promise> {
    let waiting = model.promises.iter().filter_map(|promise| {
        let row = world.state.reservations.get(&promise.id)?;
        let unnamed = row.allocation.is_none() && row.unnamed_from < row.window.to();
        let held = row.status == ReservationStatus::Held;
        (unnamed && held).then_some((row.unnamed_from, promise))
    });
    // The first of equals: the one made first.
    waiting
        .min_by_key(|(from, _)| *from)
        .map(|(_, promise)| promise.clone())
}
