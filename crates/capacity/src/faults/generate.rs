//! Outages: drawn by rates, laid out from a trace, put together where they overlap.

use super::{BadFaults, Fabric, Rates, YEAR};

/// A node is down, from a second to before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outage {
    /// The node, from 0.
    pub node: u32,
    /// The first second.
    pub from: u64,
    /// The first second up again.
    pub to: u64,
}

/// Pseudo-random bits for a seed, the same on every machine: SplitMix64 (Steele, Lea, Flood 2014).
pub fn bits(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::from_fn(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Some(z ^ (z >> 31))
    })
}

/// Outages in order, those of one node that overlap or touch made one, and cut at the horizon.
pub fn merged(mut outages: Vec<Outage>, horizon: u64) -> Vec<Outage> {
    outages.sort_unstable();
    let mut apart: Vec<Outage> = Vec::with_capacity(outages.len());
    for mut outage in outages {
        outage.to = outage.to.min(horizon);
        if outage.from >= outage.to {
            continue;
        }
        match apart.last_mut() {
            Some(last) if last.node == outage.node && outage.from <= last.to => {
                last.to = last.to.max(outage.to);
            }
            _ => apart.push(outage),
        }
    }
    apart
}

/// An outage on a clock that begins again at the horizon: what runs over its end is at its
/// beginning, so that every second is like the others.
fn around(node: u32, from: u64, length: u64, horizon: u64) -> impl Iterator<Item = Outage> {
    let to = from.saturating_add(length.min(horizon));
    let over = to.saturating_sub(horizon);
    let first = Outage {
        node,
        from,
        to: to.min(horizon),
    };
    let second = Outage {
        node,
        from: 0,
        to: over,
    };
    [first, second].into_iter().filter(|one| one.from < one.to)
}

/// Outages at rates. Of every unit as many faults as are expected within the horizon, at
/// independent instants and units, each as likely as the others (a Poisson process, given its
/// count). Whole numbers only: the same bits give the same outages everywhere.
pub fn generate(
    fabric: &Fabric,
    rates: &Rates,
    horizon: u64,
    random: &mut impl Iterator<Item = u64>,
) -> Result<Vec<Outage>, BadFaults> {
    let mut draw = || {
        let bits = random.next();
        bits.ok_or_else(|| BadFaults("the random bits ended".to_owned()))
    };
    let mut outages = Vec::new();
    for rate in rates {
        let size = fabric.size(rate.unit).min(fabric.nodes);
        let units = fabric.nodes.div_ceil(size);
        let whole = u128::from(YEAR) * 1_000_000;
        let expected =
            u128::from(units) * u128::from(rate.faults_micro_per_year) * u128::from(horizon);
        // Half a fault counts as one.
        let faults = (expected + whole / 2) / whole;
        if faults * u128::from(size) > 50_000_000 {
            let problem = "that is more than 50,000,000 outages; take fewer years";
            return Err(BadFaults(problem.to_owned()));
        }
        for _ in 0..faults {
            let unit = ((u128::from(draw()?) * u128::from(units)) >> 64) as u32;
            let from = ((u128::from(draw()?) * u128::from(horizon)) >> 64) as u64;
            let length = rate.repair.draw(draw()?);
            let first = unit * size;
            let end = first.saturating_add(size).min(fabric.nodes);
            outages.extend((first..end).flat_map(|node| around(node, from, length, horizon)));
        }
    }
    Ok(merged(outages, horizon))
}

/// A trace of fewer nodes laid out over more: copy after copy, each begun at another instant, so
/// that copies do not fail together. The first is as it was.
pub fn tiled(
    trace: &[Outage],
    traced: u32,
    nodes: u32,
    horizon: u64,
    random: &mut impl Iterator<Item = u64>,
) -> Result<Vec<Outage>, BadFaults> {
    let mut outages = Vec::new();
    for copy in 0..nodes.div_ceil(traced.max(1)) {
        let shift = if copy == 0 { Some(0) } else { random.next() };
        let shift = shift.ok_or_else(|| BadFaults("the random bits ended".to_owned()))?;
        let shift = ((u128::from(shift) * u128::from(horizon)) >> 64) as u64;
        for outage in trace {
            let node = copy * traced + outage.node;
            if node >= nodes {
                continue;
            }
            let from = (outage.from + shift) % horizon;
            outages.extend(around(node, from, outage.to - outage.from, horizon));
        }
    }
    Ok(merged(outages, horizon))
}
