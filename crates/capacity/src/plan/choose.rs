//! Which free nodes a demand gets: as it asks them to lie, or the neatest.

use std::collections::BTreeMap;

use bareboat_base::{LotId, NodeSet};

use super::NoPlace;
use super::blocks::{Mask, lowest};
use super::fabric::{Fabric, Laid};
use super::pick::fewest;
use super::shape::Wanted;
use crate::calendar::Calendar;
use crate::choose::Bits;
use crate::{Reservation, State};

/// The fewest leaves, in one spine group where one holds them.
pub(super) fn neatest(fabric: &Fabric, free: &[u64], nodes: u32) -> Result<Vec<Mask>, NoPlace> {
    let rooms = fabric.rooms(free);
    let all = 0..rooms.len();
    let chosen = match fabric.best_group(&rooms, nodes) {
        Some(group) => {
            let inside = all.filter(|leaf| fabric.leaves[*leaf].spine_group == group);
            fewest(&rooms, inside.collect(), nodes)
        }
        None => fewest(&rooms, all.collect(), nodes),
    };
    let chosen = chosen.ok_or_else(|| NoPlace::TooFew(rooms.iter().sum()))?;
    let mut masks = Vec::new();
    for (leaf, count) in chosen {
        fabric.take(leaf, count, free, &mut masks);
    }
    Ok(masks)
}

/// Free nodes that lie as asked, or the neatest.
pub(super) fn choose(
    fabric: &Fabric,
    free: &[u64],
    wanted: Wanted<'_>,
) -> Result<Vec<Mask>, NoPlace> {
    if wanted.shape.is_any() {
        return neatest(fabric, free, wanted.nodes);
    }
    let found: u32 = free.iter().map(|word| word.count_ones()).sum();
    if found < wanted.nodes {
        return Err(NoPlace::TooFew(found));
    }
    fabric.shaped(free, wanted)
}

/// Named nodes of those that are free, that lie as a reservation asks together with the lot's
/// other deliveries, or the neatest.
pub(crate) fn choose_named(
    state: &State,
    calendar: &Calendar,
    free: &Bits,
    row: &Reservation,
) -> Result<NodeSet, NoPlace> {
    let laid = Laid::of(state, calendar);
    let fabric = &laid.fabric;
    let words = fabric.words_of(free);
    let kin = kin(state, calendar, fabric);
    let kin = kin_of_row(row).and_then(|lot| kin.get(&lot));
    let wanted = Wanted {
        nodes: row.nodes.0,
        shape: row.shape,
        kin: kin.map_or(&[], Vec::as_slice),
    };
    let masks = choose(fabric, &words, wanted)?;
    let numbers = fabric.numbers(&masks).ok_or(NoPlace::TooFew(0))?;
    let site = state.pools.get(&row.pool).map(|pool| pool.site);
    let nodes = site.and_then(|site| NodeSet::from_numbers(site, numbers).ok());
    nodes.ok_or(NoPlace::TooFew(0))
}

/// Whether nodes lie as their reservation asks, together with the lot's other deliveries.
pub(crate) fn lie_as_asked(
    state: &State,
    calendar: &Calendar,
    row: &Reservation,
    nodes: &NodeSet,
) -> bool {
    if row.shape.is_any() {
        return true;
    }
    let laid = Laid::of(state, calendar);
    let fabric = &laid.fabric;
    let mut kin = kin(state, calendar, fabric);
    let mut kin = kin_of_row(row)
        .and_then(|lot| kin.remove(&lot))
        .unwrap_or_default();
    let own = row.allocation.and_then(|id| state.allocations.get(&id));
    if let Some(own) = own {
        take_out(&mut kin, &fabric.masks(&own.nodes));
    }
    fabric.keeps(&fabric.masks(nodes), &kin, &row.shape)
}

pub(super) fn kin_of_row(row: &Reservation) -> Option<LotId> {
    row.part.filter(|_| !row.shape.is_any()).map(|part| part.of)
}

/// The named nodes of lots that are delivered in parts and have a shape.
pub(super) fn kin(
    state: &State,
    calendar: &Calendar,
    fabric: &Fabric,
) -> BTreeMap<LotId, Vec<Mask>> {
    let mut kin: BTreeMap<LotId, Vec<Mask>> = BTreeMap::new();
    for row in calendar.parts.iter() {
        let Some((_, row)) = state.reservations.at(*row) else {
            continue;
        };
        let nodes = row.allocation.and_then(|id| state.allocations.get(&id));
        if let Some((lot, nodes)) = kin_of_row(row).zip(nodes) {
            kin.entry(lot)
                .or_default()
                .extend(fabric.masks(&nodes.nodes));
        }
    }
    kin
}

/// Takes places out of others.
pub(super) fn take_out(from: &mut Vec<Mask>, masks: &[Mask]) {
    for Mask { block, nodes } in masks {
        for mask in from.iter_mut().filter(|mask| mask.block == *block) {
            mask.nodes &= !nodes;
        }
    }
    from.retain(|mask| mask.nodes != 0);
}

/// The first so many of some places.
pub(super) fn first_of(masks: Vec<Mask>, nodes: u32) -> Vec<Mask> {
    let mut needed = nodes;
    let masks = masks.into_iter().map_while(|Mask { block, nodes }| {
        let nodes = lowest(nodes, needed);
        needed -= nodes.count_ones();
        (nodes != 0).then_some(Mask { block, nodes })
    });
    masks.collect()
}
