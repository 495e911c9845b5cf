//! What-if: forks of the big book, and the impact of one listing.

use bareboat_base::{Context, Date, Handle, PartyId, TypedId as _};
use bareboat_book::impact::{Hypothesis, impact as judge};
use bareboat_book::{Event, State};
use bareboat_sim::{commands, fold};

use crate::Asked;
use crate::big;
use crate::gauge::{clock, millis, spread, worked};

/// Forks the state, writes to every table of the fork, and drops it.
pub(crate) fn run(asked: &Asked) -> anyhow::Result<()> {
    let engine = big::open(&big::path(asked))?;
    let view = engine.view();
    let events = touching_everything();
    println!(
        "{} events of {} kinds on each fork",
        events.len(),
        kinds(&events)
    );
    let (mut clones, mut forks) = (Vec::new(), Vec::new());
    for _ in 0..asked.runs.max(20) {
        let (took, fork) = worked(|| view.state.clone());
        clones.push(millis(took));
        drop(fork);
        let (took, fork) = worked(|| {
            let mut fork = view.state.clone();
            fold(&mut fork, view.recorded_at, big::actor(), &events);
            fork
        });
        forks.push(millis(took));
        drop(fork);
    }
    spread("clone", "ms", &clones);
    spread("fork: clone, and writes to every table", "ms", &forks);
    Ok(())
}

fn kinds(events: &[Event]) -> usize {
    let kinds: std::collections::BTreeSet<_> = events.iter().map(Event::kind).collect();
    kinds.len()
}

/// The events of a small generated life: every kind, so rows in every table.
fn touching_everything() -> Vec<Event> {
    let mut state = State::default();
    commands(3, 1_200)
        .filter_map(|ask| ask.play(&mut state).ok())
        .flatten()
        // There is an operator, a book and rulebooks already.
        .filter(|event| event.kind() != "book.created")
        .collect()
}

/// Supposes that the partner of many contracts is listed, and judges every contract twice.
pub(crate) fn impact(asked: &Asked) -> anyhow::Result<()> {
    let engine = big::open(&big::path(asked))?;
    let view = engine.view();
    let state = &view.state;
    let (_, contract) = state.contracts.contracts.at(Handle(0)).expect("a contract");
    let context = Context {
        command_id: bareboat_base::CommandId::from_uuid(uuid::Uuid::from_u128(1)),
        actor: big::actor(),
        recorded_at: clock().now(),
        part: 0,
    };
    let suppose = |party: PartyId| Hypothesis::Listed {
        party,
        list: bareboat_base::Code::new("SDN").expect("a code"),
    };
    let day = Date::new(2027, 3, 1)?;
    let mut times = Vec::new();
    for _ in 0..asked.runs {
        let (took, answer) = worked(|| judge(state, &context, &[suppose(contract.partner)], day));
        let answer = answer?;
        times.push(millis(took));
        println!(
            "{} contracts judged, {} change",
            answer.judged,
            answer.flips.len()
        );
    }
    spread("impact of one listing", "ms", &times);
    Ok(())
}
