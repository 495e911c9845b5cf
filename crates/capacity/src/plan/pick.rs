//! The fewest places that hold so many nodes.

/// The fewest of the places that hold so many nodes, with how many to take of each: those with
/// most room whole, the last the one that the rest fills best.
pub(super) fn fewest(
    rooms: &[u32],
    mut among: Vec<usize>,
    nodes: u32,
) -> Option<Vec<(usize, u32)>> {
    among.sort_by_key(|index| (std::cmp::Reverse(rooms[*index]), *index));
    let mut chosen = Vec::new();
    let mut needed = nodes;
    let mut at = 0;
    while needed > 0 {
        let rest = &among[at..];
        let enough = rest.partition_point(|index| rooms[*index] >= needed);
        if enough > 0 {
            // Of those with as much room, the first in the fabric.
            let room = rooms[rest[enough - 1]];
            let first = rest.partition_point(|index| rooms[*index] > room);
            chosen.push((rest[first], needed));
            return Some(chosen);
        }
        let index = *rest.first()?;
        let room = rooms[index];
        if room == 0 {
            return None;
        }
        chosen.push((index, room));
        needed -= room;
        at += 1;
    }
    Some(chosen)
}

/// Few of the places that hold so many nodes, where larger places, each holding some of these, have
/// room for so many more: those with most room first.
pub(super) fn fewest_within(
    rooms: &[u32],
    mut among: Vec<usize>,
    nodes: u32,
    larger: impl Fn(usize) -> u32,
    left: &mut impl FnMut(u32) -> u32,
    take: &mut impl FnMut(u32, u32),
) -> Option<Vec<(usize, u32)>> {
    among.sort_by_key(|index| (std::cmp::Reverse(rooms[*index]), *index));
    let mut chosen = Vec::new();
    let mut needed = nodes;
    for index in among {
        if needed == 0 {
            break;
        }
        let place = larger(index);
        let count = rooms[index].min(left(place)).min(needed);
        if count > 0 {
            take(place, count);
            chosen.push((index, count));
            needed -= count;
        }
    }
    (needed == 0).then_some(chosen)
}
