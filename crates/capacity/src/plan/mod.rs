//! A witness that every promise can be kept on nodes, where counting does not tell.
//!
//! While every pin begins no later than any unnamed reservation and no shape is asked, counting
//! is enough ([`crate::place`]) and there is no plan. Otherwise a plan gives every reservation
//! without names nodes for the time being: one that a new reservation is fitted into, between the
//! others, before anything is looked for anew. Where it does not fit, all are placed again in
//! order of start: gaps first, the one that closes soonest before the others, then nodes that
//! stay free. Where that keeps all promises, it is the new plan; where it does not, the
//! reservation is refused as fragmented, though a cleverer placement might exist. Whatever else
//! changes, what has its place keeps it as long as it can.
//!
//! A plan follows from the events, so it is never recorded itself; what it names binds nobody.

mod blocks;
mod choose;
mod fabric;
mod names;
mod pick;
mod repack;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bareboat_base::{Handle, Instant, LotId, NodeSet, Shape, SiteId, Table, Window};
use serde::{Deserialize, Serialize};

use crate::State;
use crate::calendar::Calendar;
use crate::place::{Asker, Demand, Suppose, demand_of, demands, nodes_of};
use blocks::{Blocks, Mask, Micros, lowest};
use choose::{choose, first_of, kin, kin_of_row, neatest, take_out};
pub(crate) use choose::{choose_named, lie_as_asked};
use fabric::Fabric;
pub(crate) use fabric::Laid;
use shape::Wanted;

/// Nodes that a reservation would get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    window: Window,
    masks: Arc<Vec<Mask>>,
    /// The lot that it is a delivery of.
    of: Option<LotId>,
}

/// See the module's words. Copies share what does not change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Plan {
    fabric: Arc<Fabric>,
    /// Pins, arrivals, and the places of what has no names.
    blocks: Blocks,
    places: Table<Asker, Option<Place>>,
    /// Where the deliveries of one lot are, with names or without, when its shape binds them.
    kin: Arc<BTreeMap<LotId, Vec<Mask>>>,
    /// Where the quote that was taken last had its holds: its lots stay there if they can.
    former: Arc<Vec<Vec<Mask>>>,
    /// What found no place.
    unplaced: Arc<Vec<Demand>>,
    /// What was over by then is not in it.
    since: Micros,
}

/// The most that is placed anew for one decision; about 100 ms.
const ANEW: usize = 250_000;

/// Why a demand does not fit into a plan.
pub(crate) enum NoPlace {
    /// So many nodes are free throughout.
    TooFew(u32),
    /// Enough are, but on so many leaves at least.
    Leaves(u32),
    /// Enough are, but they do not lie as asked.
    Shape,
}

impl Plan {
    /// Places everything that is not over at `now` anew.
    pub fn build(
        state: &State,
        calendar: &Calendar,
        now: Option<Instant>,
        suppose: Suppose<'_>,
    ) -> Self {
        let demands = demands(state, calendar, now, suppose);
        let mut plan = Self::without_places(state, calendar, now, &demands);
        plan.suppose(state, suppose);
        plan.unplaced = Arc::new(plan.add_all(demands));
        plan
    }

    /// Places everything anew; what is sold before what quotes hold, where that keeps more.
    pub fn anew(state: &State, calendar: &Calendar, now: Instant, old: &BTreeSet<Asker>) -> Self {
        let plan = Self::build(state, calendar, Some(now), Suppose::default());
        if plan.lost().0 == 0 || calendar.soft.iter().next().is_none() {
            return plan;
        }
        let nothing = Self::without_places(state, calendar, Some(now), &[]);
        let sold_first = nothing.refilled(state, calendar, now);
        if sold_first.worth(old) < plan.worth(old) {
            sold_first
        } else {
            plan
        }
    }

    /// The plan with one more demand in it: between the others, else with one of them or two moved.
    pub fn with(
        &self,
        state: &State,
        calendar: &Calendar,
        demand: Demand,
    ) -> Result<Self, NoPlace> {
        match self.find(demand) {
            Ok(masks) => {
                let mut plan = self.clone();
                plan.put(demand, masks);
                Ok(plan)
            }
            Err(why) => {
                let of = |who| demand_of(state, calendar, who);
                self.repacked(demand, of).ok_or(why)
            }
        }
    }

    /// Whether to place everything anew is work for a single decision: demands times blocks.
    pub fn may_be_anew(&self) -> bool {
        let blocks = self.fabric.nodes().div_ceil(64);
        let placed = self.places.iter();
        let placed = placed.filter(|(_, _, place)| place.is_some()).count();
        placed.saturating_mul(blocks) <= ANEW
    }

    /// Whether placing everything anew leaves out none but these.
    pub fn keeps(
        state: &State,
        calendar: &Calendar,
        now: Option<Instant>,
        suppose: Suppose<'_>,
        but: &BTreeSet<Asker>,
    ) -> bool {
        let demands = demands(state, calendar, now, suppose);
        let mut plan = Self::without_places(state, calendar, now, &demands);
        plan.suppose(state, suppose);
        let mut demands = demands.into_iter();
        demands.all(|demand| plan.add(demand).is_ok() || but.contains(&demand.who))
    }

    fn suppose(&mut self, state: &State, suppose: Suppose<'_>) {
        let Some((row, nodes, window)) = suppose.named else {
            return;
        };
        let (from, to) = span(window);
        let masks = self.fabric.masks(nodes);
        self.blocks.add(from, to, &masks);
        let of = state
            .reservations
            .at(row)
            .and_then(|(_, row)| kin_of_row(row));
        if let Some(of) = of {
            let kin = Arc::make_mut(&mut self.kin);
            kin.entry(of).or_default().extend(masks);
        }
    }

    /// Leaves what has its place where it is, as far as it still can be there, and places the
    /// rest; all of it anew when that keeps more.
    pub fn mended(&self, state: &State, calendar: &Calendar, now: Instant) -> Self {
        let plan = self.refilled(state, calendar, now);
        if plan.unplaced.is_empty() {
            return plan;
        }
        let old = self.left_out();
        let loses_one = plan.worth(&old).0 > 0;
        if !loses_one && !self.may_be_anew() {
            return plan;
        }
        let anew = Self::anew(state, calendar, now, &old);
        if anew.worth(&old) < plan.worth(&old) {
            anew
        } else {
            plan
        }
    }

    /// How little is lost, first of all by those who had a place: how many of what is sold lose
    /// theirs, then how many have none.
    pub fn worth(&self, old: &BTreeSet<Asker>) -> (usize, (usize, usize)) {
        let sold = self.unplaced.iter();
        let sold = sold.filter(|demand| demand.who.reservation().is_some());
        let newly = sold.filter(|demand| !old.contains(&demand.who));
        (newly.count(), self.lost())
    }

    /// The older places as far as they can be kept, then what is sold, then what quotes hold.
    fn refilled(&self, state: &State, calendar: &Calendar, now: Instant) -> Self {
        let demands = demands(state, calendar, Some(now), Suppose::default());
        let mut plan = Self::without_places(state, calendar, Some(now), &demands);
        // Quotes give way to what is sold.
        let (held, sold): (Vec<_>, Vec<_>) = demands
            .into_iter()
            .partition(|demand| demand.who.reservation().is_none());
        let rest = sold.into_iter().filter(|demand| !plan.keep(self, *demand));
        let rest: Vec<_> = rest.collect();
        let mut unplaced = plan.add_all(rest);
        let rest = held.into_iter().filter(|demand| !plan.keep(self, *demand));
        let rest: Vec<_> = rest.collect();
        unplaced.extend(plan.add_all(rest));
        plan.unplaced = Arc::new(unplaced);
        plan
    }

    /// How many find no place: of what is sold, and of all.
    pub fn lost(&self) -> (usize, usize) {
        let sold = |demand: &&Demand| demand.who.reservation().is_some();
        (
            self.unplaced.iter().filter(sold).count(),
            self.unplaced.len(),
        )
    }

    /// Takes a place over from an older plan, where it still can be.
    fn keep(&mut self, older: &Self, demand: Demand) -> bool {
        let place = older.places.get(&demand.who).and_then(Option::as_ref);
        let Some(place) = place.filter(|_| !demand.replaces) else {
            return false;
        };
        let masks = if older.fabric == self.fabric {
            Some(place.masks.to_vec())
        } else {
            let numbers = older.fabric.numbers(&place.masks);
            numbers.map(|numbers| self.fabric.masks_of(numbers))
        };
        let masks = masks.filter(|masks| self.holds(masks, demand));
        let kept = masks.is_some();
        if let Some(masks) = masks {
            self.put(demand, masks);
        }
        kept
    }

    fn without_places(
        state: &State,
        calendar: &Calendar,
        now: Option<Instant>,
        demands: &[Demand],
    ) -> Self {
        let first = demands.first().map(|demand| demand.window.from());
        let since = match now.into_iter().chain(first).min() {
            Some(since) if now.is_some() => since.micros(),
            _ => Micros::MIN,
        };
        let laid = Laid::of(state, calendar);
        let fabric = Arc::clone(&laid.fabric);
        let mut blocks = Blocks::new(fabric.nodes());
        for (from, masks) in &laid.arrivals {
            blocks.add(Micros::MIN, *from, masks);
        }
        for pin in calendar.pins.iter().filter(|pin| pin.to.micros() > since) {
            if let Some(nodes) = nodes_of(state, pin) {
                blocks.add(pin.from.micros(), pin.to.micros(), &fabric.masks(nodes));
            }
        }
        Self {
            kin: Arc::new(kin(state, calendar, &fabric)),
            fabric,
            blocks,
            places: Table::new(),
            former: Arc::default(),
            unplaced: Arc::default(),
            since,
        }
    }

    /// Places what can be placed, and answers with the rest.
    fn add_all(&mut self, demands: Vec<Demand>) -> Vec<Demand> {
        let demands = demands.into_iter();
        demands
            .filter(|demand| self.add(*demand).is_err())
            .collect()
    }

    /// Whether just these nodes are free for a demand.
    fn holds(&self, masks: &[Mask], demand: Demand) -> bool {
        let (from, to) = span(demand.window);
        let count: u32 = masks.iter().map(|mask| mask.nodes.count_ones()).sum();
        count == demand.nodes
            && self
                .fabric
                .keeps(masks, self.kin_of(demand.kin()), &demand.shape)
            && masks
                .iter()
                .all(|mask| self.blocks.are_free(from, to, *mask))
    }

    /// What found no place, in order of start.
    pub fn unplaced(&self) -> &[Demand] {
        &self.unplaced
    }

    /// Who found none.
    pub fn left_out(&self) -> BTreeSet<Asker> {
        self.unplaced.iter().map(|demand| demand.who).collect()
    }

    /// Fits a demand in, between the others.
    pub fn add(&mut self, demand: Demand) -> Result<(), NoPlace> {
        let masks = self.find(demand)?;
        self.put(demand, masks);
        Ok(())
    }

    /// Whether a demand fits in, between the others.
    pub fn has_place(&self, demand: Demand) -> Result<(), NoPlace> {
        self.find(demand).map(|_| ())
    }

    fn put(&mut self, demand: Demand, masks: Vec<Mask>) {
        let (from, to) = span(demand.window);
        self.blocks.add(from, to, &masks);
        // What replaces nodes out of supply is looked for anew each time.
        if demand.replaces {
            return;
        }
        if let Some(of) = demand.kin() {
            let kin = Arc::make_mut(&mut self.kin);
            kin.entry(of).or_default().extend(&masks);
        }
        let place = Place {
            window: demand.window,
            masks: Arc::new(masks),
            of: demand.kin(),
        };
        match self.places.get_mut(&demand.who) {
            Some(row) => *row = Some(place),
            None => {
                self.places.insert(demand.who, Some(place));
            }
        }
    }

    fn find(&self, demand: Demand) -> Result<Vec<Mask>, NoPlace> {
        let (from, to) = span(demand.window);
        let nodes = demand.nodes;
        if from < self.since {
            return Err(NoPlace::TooFew(0));
        }
        if let Some(masks) = self.former.iter().find(|masks| self.holds(masks, demand)) {
            return Ok(masks.clone());
        }
        let mut free = self.blocks.free(from, to);
        let count: u32 = free.iter().map(|word| word.count_ones()).sum();
        if count < nodes {
            return Err(NoPlace::TooFew(count));
        }
        if !demand.shape.is_any() {
            return self.shaped(demand, &free);
        }
        let mut masks = Vec::new();
        let mut needed = nodes;
        for (_, Mask { block, nodes }) in self.blocks.gaps(to, &mut free) {
            if needed == 0 {
                break;
            }
            let nodes = lowest(nodes, needed);
            needed -= nodes.count_ones();
            masks.push(Mask { block, nodes });
        }
        if needed > 0 {
            masks.extend(neatest(&self.fabric, &free, needed)?);
        }
        Ok(masks)
    }

    /// Where the other deliveries of a lot are.
    fn kin_of(&self, lot: Option<LotId>) -> &[Mask] {
        lot.and_then(|lot| self.kin.get(&lot))
            .map_or(&[], Vec::as_slice)
    }

    /// Free nodes that lie as asked: for a delivery among room for those after it, where there is.
    fn shaped(&self, demand: Demand, free: &[u64]) -> Result<Vec<Mask>, NoPlace> {
        let wanted = Wanted {
            nodes: demand.nodes,
            shape: demand.shape,
            kin: self.kin_of(demand.kin()),
        };
        let to_come = demand.part.map_or(0, |part| part.to_come.0);
        if to_come > demand.nodes {
            let all = Wanted {
                nodes: to_come,
                ..wanted
            };
            if let Ok(all) = self.fabric.shaped(free, all) {
                let first = first_of(all, demand.nodes);
                if self.fabric.keeps(&first, wanted.kin, &demand.shape) {
                    return Ok(first);
                }
            }
        }
        self.fabric.shaped(free, wanted)
    }

    /// Nodes with names for a reservation that has its place here: none that another was given.
    /// `None` where there are too few, or on too many leaves.
    pub fn name(
        &self,
        (who, window): (Asker, Window),
        nodes: u32,
        shape: Shape,
        (site, exclude): (SiteId, Option<&NodeSet>),
    ) -> Option<NodeSet> {
        let own = self.places.get(&who)?.as_ref()?;
        if own.window.from() > window.from() || own.window.to() < window.to() {
            return None;
        }
        let (from, to) = span(window);
        let mut free = self.blocks.free(from, to);
        for mask in own.masks.iter() {
            free[mask.block as usize] |= mask.nodes;
        }
        for mask in exclude.map_or(Vec::new(), |nodes| self.fabric.masks(nodes)) {
            free[mask.block as usize] &= !mask.nodes;
        }
        self.fabric.only_named(&mut free);
        let mut kin = self.kin_of(own.of).to_vec();
        take_out(&mut kin, &own.masks);
        let kin = &kin;
        let wanted = Wanted { nodes, shape, kin };
        let masks = choose(&self.fabric, &free, wanted).or_else(|why| {
            // What it has lies as asked, whether or not it would be found again.
            let named = |mask: &Mask| mask.nodes & !free[mask.block as usize] == 0;
            let own = own.masks.iter().all(named).then(|| own.masks.to_vec());
            own.ok_or(why)
        });
        let masks = masks.ok()?;
        NodeSet::from_numbers(site, self.fabric.numbers(&masks)?).ok()
    }

    /// Whether nodes were given to nobody over a window.
    pub fn has_free(&self, nodes: &NodeSet, window: Window) -> bool {
        let (from, to) = span(window);
        let masks = self.fabric.masks(nodes);
        masks
            .iter()
            .all(|mask| self.blocks.are_free(from, to, *mask))
    }

    /// A reservation got names, for a window; `false` where they are another's, or where its lot's
    /// deliveries no longer lie as asked together.
    pub fn named(&mut self, who: Asker, nodes: &NodeSet, window: Window, shape: &Shape) -> bool {
        let Some(place) = self.drop(who) else {
            return false;
        };
        let fits = self.has_free(nodes, window);
        let (from, to) = span(window);
        let masks = self.fabric.masks(nodes);
        self.blocks.add(from, to, &masks);
        if let Some(of) = place.of {
            let kin = Arc::make_mut(&mut self.kin);
            kin.entry(of).or_default().extend(masks);
        }
        // With the lot's other deliveries where they are, too.
        let fits = fits && self.fabric.keeps(&[], self.kin_of(place.of), shape);
        fits && place.window.from() <= window.from()
    }

    /// A hold's quote was taken: its place is free for the lot that it becomes.
    pub fn taken(&mut self, quote: Handle, index: u32) {
        if index == 0 {
            self.former = Arc::default();
        }
        if let Some(place) = self.drop(Asker::Hold(quote, index)) {
            Arc::make_mut(&mut self.former).push(place.masks.to_vec());
        }
    }

    /// Takes a place back; `false` where others wait for one.
    pub fn ended(&mut self, who: Asker) -> bool {
        self.drop(who);
        self.unplaced.is_empty()
    }

    /// What is wrong with it, pair by pair: nodes given twice, or before they are there, or while
    /// they are bound; places of another size than what is asked.
    #[cfg(test)]
    pub fn problems(&self, state: &State, calendar: &Calendar) -> Vec<String> {
        let mut problems = Vec::new();
        let (fabric, arrivals) = Fabric::new(state, calendar);
        assert_eq!(fabric, *self.fabric);
        let share = |a: &[Mask], b: &[Mask]| {
            let both = |x: &Mask, y: &Mask| x.block == y.block && x.nodes & y.nodes != 0;
            a.iter().any(|x| b.iter().any(|y| both(x, y)))
        };
        let places: Vec<_> = self
            .places
            .iter()
            .filter_map(|(_, row, place)| Some((row, place.as_ref()?)))
            .collect();
        for (index, (row, place)) in places.iter().enumerate() {
            for (other, second) in &places[index + 1..] {
                if place.window.overlaps(second.window) && share(&place.masks, &second.masks) {
                    problems.push(format!("{row:?} and {other:?} share nodes"));
                }
            }
            for pin in calendar.pins.iter() {
                let near = pin.from < place.window.to() && place.window.from() < pin.to;
                let bound = nodes_of(state, pin).map(|nodes| fabric.masks(nodes));
                if near && bound.is_some_and(|bound| share(&place.masks, &bound)) {
                    problems.push(format!("{row:?} is on nodes of {pin:?}"));
                }
            }
            for (at, masks) in &arrivals {
                if *at > place.window.from().micros() && share(&place.masks, masks) {
                    problems.push(format!("{row:?} is on nodes to come"));
                }
            }
        }
        for demand in demands(state, calendar, None, Suppose::default()) {
            if demand.replaces {
                continue;
            }
            let who = demand.who;
            let place = self.places.get(&who).and_then(Option::as_ref);
            let nodes = place.map(|place| place.masks.iter().map(|mask| mask.nodes.count_ones()));
            let nodes: Option<u32> = nodes.map(Iterator::sum);
            let covers = place.is_some_and(|place| place.window.to() >= demand.window.to());
            let over = demand.window.to().micros() <= self.since;
            let left_out = self.left_out().contains(&who);
            if !over && !left_out && (nodes != Some(demand.nodes) || !covers) {
                problems.push(format!("{who:?} has {nodes:?} of {} nodes", demand.nodes));
            }
        }
        problems
    }

    fn drop(&mut self, who: Asker) -> Option<Place> {
        let place = self.places.get_mut(&who)?.take()?;
        let (from, to) = span(place.window);
        self.blocks.remove(from, to, &place.masks);
        if let Some(kin) = place
            .of
            .and_then(|of| Arc::make_mut(&mut self.kin).get_mut(&of))
        {
            take_out(kin, &place.masks);
        }
        Some(place)
    }
}

fn span(window: Window) -> (Micros, Micros) {
    (window.from().micros(), window.to().micros())
}
