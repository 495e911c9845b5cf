//! Nodes out of supply that come back before their window ends.
//!
//! A window is what was said; what of it takes nodes out of supply are its pieces, which never
//! overlap: of several windows of a node the earliest recorded has the piece. So when one ends
//! early, the others take over what it had, as far as they reach.

use std::collections::BTreeMap;
use std::sync::Arc;

use bareboat_base::{Code, Instant, NodeRef, NodeSet, PoolId, Run, SiteId, Window};
use serde::{Deserialize, Serialize};

use crate::calendar::{Pin, Pinned};
use crate::counts::Level;
use crate::decide::the_pool;
use crate::place::single;
use crate::{Event, Piece, Rejection, State, Unavailability};

/// Brings nodes back into supply before what was said of them ends: mended, or done early.
#[derive(Clone, Debug, PartialEq)]
pub struct EndUnavailability {
    /// The pool.
    pub pool: PoolId,
    /// The nodes, all of them out of supply then.
    pub nodes: NodeSet,
    /// From when they are back. What is planned to begin later stays.
    pub at: Instant,
    /// Only what was said for one of these reasons; all of it when there is none.
    pub why: Vec<Code>,
}

/// Nodes came back into supply early. Fields as in [`EndUnavailability`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct UnavailabilityEnded {
    pub pool: PoolId,
    pub nodes: NodeSet,
    pub at: Instant,
    pub why: Vec<Code>,
}

/// Nodes for which a window ended early.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Back {
    /// From when they are back.
    pub at: Instant,
    /// Which.
    pub nodes: NodeSet,
}

impl Unavailability {
    /// To when one of its nodes is out.
    pub fn until(&self, number: u32) -> Instant {
        let back = self.back.iter().filter(|back| back.nodes.contains(number));
        let back = back.map(|back| back.at);
        back.fold(self.window.to(), Instant::min)
    }

    /// To when the last of its nodes is out.
    pub fn ends_at(&self) -> Instant {
        let ends = self.nodes.numbers().map(|number| self.until(number));
        ends.max().unwrap_or(self.window.to())
    }

    /// Its nodes that are out at an instant, if it was said for one of the reasons.
    fn out_at<'a>(&'a self, at: Instant, why: &[Code]) -> impl Iterator<Item = u32> + 'a {
        let runs = self.window.contains(at) && (why.is_empty() || why.contains(&self.why));
        let numbers = runs.then(|| self.nodes.numbers());
        let numbers = numbers.into_iter().flatten();
        numbers.filter(move |number| at < self.until(*number))
    }
}

impl State {
    /// All nodes that are out of supply at an instant, and why: of two windows the one recorded
    /// last.
    pub fn outages_at(&self, at: Instant) -> BTreeMap<NodeRef, &Code> {
        let nodes = self.unavailabilities.values().flat_map(|row| {
            let site = row.nodes.site();
            let numbers = row.out_at(at, &[]);
            numbers.map(move |number| (NodeRef { site, number }, &row.why))
        });
        nodes.collect()
    }

    /// The nodes of a pool that are out of supply at an instant for one of the reasons, for any
    /// when there is none.
    pub fn out_of_supply(&self, pool: PoolId, at: Instant, why: &[Code]) -> Option<NodeSet> {
        let site = self.pools.get(&pool)?.site;
        let rows = self.unavailabilities.values();
        let rows = rows.filter(|row| row.pool == pool);
        NodeSet::from_numbers(site, rows.flat_map(|row| row.out_at(at, why))).ok()
    }
}

pub(crate) fn decide(state: &State, c: &EndUnavailability) -> Result<Vec<Event>, Rejection> {
    the_pool(state, c.pool)?;
    let out = state.out_of_supply(c.pool, c.at, &c.why);
    let out = out.filter(|out| out.site() == c.nodes.site());
    let is_out = |number: &u32| out.as_ref().is_some_and(|out| out.contains(*number));
    let mut numbers = c.nodes.numbers();
    if let Some(number) = numbers.find(|number| !is_out(number)) {
        return Err(Rejection::NotUnavailable {
            pool: c.pool,
            number,
            at: c.at,
        });
    }
    Ok(vec![Event::from(UnavailabilityEnded {
        pool: c.pool,
        nodes: c.nodes.clone(),
        at: c.at,
        why: c.why.clone(),
    })])
}

/// By node, the windows that nothing has out of supply any more.
type Freed = BTreeMap<u32, Vec<Window>>;

pub(crate) fn apply(state: &mut State, e: &UnavailabilityEnded) -> Option<()> {
    let rows = state.unavailabilities.iter();
    let rows = rows.filter(|(_, _, row)| row.pool == e.pool);
    let rows: Vec<u32> = rows.map(|(_, number, _)| *number).collect();
    let mut freed = Freed::new();
    for number in &rows {
        end(state, *number, e, &mut freed)?;
    }
    // What another window has too is still out, now by that one.
    for number in rows {
        take_over(state, number, &mut freed)?;
    }
    Some(())
}

/// Ends one row for the nodes of the event that it has out.
fn end(state: &mut State, number: u32, e: &UnavailabilityEnded, freed: &mut Freed) -> Option<()> {
    let row = state.unavailabilities.get(&number)?;
    let gone = row.out_at(e.at, &e.why);
    let gone = gone.filter(|number| e.nodes.contains(*number));
    let Ok(gone) = NodeSet::from_numbers(row.nodes.site(), gone) else {
        return Some(());
    };
    let mut kept: BTreeMap<Window, Vec<Run>> = BTreeMap::new();
    for Piece { window, nodes } in row.pieces.iter() {
        for node in nodes.numbers() {
            let ends = gone.contains(node);
            let to = if ends {
                window.to().min(e.at)
            } else {
                window.to()
            };
            if let Ok(before) = Window::new(window.from(), to) {
                kept.entry(before).or_default().push(single(node));
            }
            if ends && let Ok(after) = Window::new(window.from().max(e.at), window.to()) {
                freed.entry(node).or_default().push(after);
            }
        }
    }
    let site = row.nodes.site();
    let row = state.unavailabilities.get_mut(&number)?;
    Arc::make_mut(&mut row.back).push(Back {
        at: e.at,
        nodes: gone,
    });
    set_pieces(state, number, pieces(site, kept))
}

/// Gives a row what was freed and lies in its window.
fn take_over(state: &mut State, number: u32, freed: &mut Freed) -> Option<()> {
    let row = state.unavailabilities.get(&number)?;
    let mut gained: BTreeMap<Window, Vec<Run>> = BTreeMap::new();
    for (node, windows) in freed
        .iter_mut()
        .filter(|(node, _)| row.nodes.contains(**node))
    {
        let Ok(own) = Window::new(row.window.from(), row.until(*node)) else {
            continue;
        };
        for window in std::mem::take(windows) {
            let Some(both) = window.intersection(own) else {
                windows.push(window);
                continue;
            };
            gained.entry(both).or_default().push(single(*node));
            let before = Window::new(window.from(), both.from());
            let after = Window::new(both.to(), window.to());
            windows.extend([before, after].into_iter().flatten());
        }
    }
    if gained.is_empty() {
        return Some(());
    }
    for Piece { window, nodes } in row.pieces.iter() {
        gained.entry(*window).or_default().extend(nodes.runs());
    }
    let pieces = pieces(row.nodes.site(), gained);
    set_pieces(state, number, pieces)
}

/// Nodes with the same windows stand together.
pub(crate) fn pieces(site: SiteId, by_window: BTreeMap<Window, Vec<Run>>) -> Vec<Piece> {
    let pieces = by_window.into_iter().filter_map(|(window, runs)| {
        let nodes = NodeSet::from_runs(site, runs).ok()?;
        Some(Piece { window, nodes })
    });
    pieces.collect()
}

/// Puts a row's pieces in the place of those that it had, in the counts and among the pins.
fn set_pieces(state: &mut State, row: u32, pieces: Vec<Piece>) -> Option<()> {
    let value = state.unavailabilities.get_mut(&row)?;
    let new = Arc::new(pieces);
    let old = std::mem::replace(&mut value.pieces, Arc::clone(&new));
    let pool = value.pool;
    let calendar = state.calendar_mut(pool)?;
    for (pieces, sign) in [(&old, -1), (&new, 1)] {
        for (piece, Piece { window, nodes }) in (0..).zip(pieces.iter()) {
            let count = i64::from(nodes.count().0) * sign;
            let counts = &mut calendar.counts;
            counts.change_over(*window, Level::unavailable(count));
            let pin = Pin {
                from: window.from(),
                to: window.to(),
                what: Pinned::Unavailable { row, piece },
            };
            if sign > 0 {
                calendar.pins.insert(pin);
            } else {
                calendar.pins.remove(&pin);
            }
        }
    }
    Some(())
}
