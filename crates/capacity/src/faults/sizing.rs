//! How many spares, by formula.
//!
//! A unit that fails `f` times in a year of the calendar and is repaired in `r` years on average is
//! down for `f·r` of the time, whatever the distribution of its repairs. Units fail
//! independently, so in the steady state the number of nodes down is a sum of binomials: one of
//! nodes, one of leaves times the nodes of a leaf, and so on. A node that is down twice is counted
//! twice, which errs towards more spares. Spares serve their own hall; that no hall is short is
//! bounded by the sum over halls.
//!
//! Shares of time are exact ratios of integers; probabilities are `f64`, from sums, products and
//! quotients alone (no function of a library, so the same everywhere). Every term is off by less
//! than 2⁻⁵² for each step of the recurrence that it is away from the mode, at most 10⁻⁹ of itself
//! for a million nodes.

use super::{BadFaults, Fabric, Outage, Rates, Unit, YEAR};

/// A share of the time, exactly: `down` of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The part.
    pub down: u128,
    /// Of how much.
    pub of: u128,
}

/// Spares by formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizing {
    /// How many, in all halls.
    pub spares: u32,
    /// Nodes down on average.
    pub mean_down: f64,
    /// The share of the time in which more nodes of a hall are down than it has spares, at most.
    pub short: f64,
    /// Whether that is as asked; it cannot be where a whole hall is down too often.
    pub reached: bool,
}

impl Sizing {
    /// For rates, so that no lot is short for `target_ppm` millionths of the time.
    pub fn by_rates(fabric: &Fabric, rates: &Rates, target_ppm: u32) -> Result<Self, BadFaults> {
        let shares = rates.iter().map(|rate| {
            let (sum, count) = rate.repair.mean();
            let down = u128::from(rate.faults_micro_per_year) * sum;
            let of = u128::from(YEAR) * 1_000_000 * count;
            (rate.unit, Share { down, of })
        });
        let shares: Vec<(Unit, Share)> = shares.collect();
        Self::by_shares(fabric, &shares, target_ppm)
    }

    /// For what a trace of so many nodes shows: the share of the time in which its nodes were down.
    pub fn by_trace(
        fabric: &Fabric,
        (trace, traced, horizon): (&[Outage], u32, u64),
        target_ppm: u32,
    ) -> Result<Self, BadFaults> {
        let down = trace.iter().map(|one| u128::from(one.to - one.from)).sum();
        let of = u128::from(traced) * u128::from(horizon);
        Self::by_shares(fabric, &[(Unit::Node, Share { down, of })], target_ppm)
    }

    fn by_shares(
        fabric: &Fabric,
        shares: &[(Unit, Share)],
        target_ppm: u32,
    ) -> Result<Self, BadFaults> {
        if !(1..1_000_000).contains(&target_ppm) {
            let problem = "the target must lie between 0 and 100 per cent";
            return Err(BadFaults(problem.to_owned()));
        }
        if shares.iter().any(|(_, share)| share.down >= share.of) {
            return Err(BadFaults("units that are always down".to_owned()));
        }
        let halls: Vec<u32> = fabric.halls().map(|hall| hall.len() as u32).collect();
        let allowed = f64::from(1_000_000 - target_ppm) / 1e6 / halls.len() as f64;
        let mut sizing = Self {
            spares: 0,
            mean_down: 0.0,
            short: 0.0,
            reached: true,
        };
        let mut known: Option<(u32, (u32, f64, f64))> = None;
        for nodes in halls {
            // All halls but the last are alike.
            let (spares, mean, short) = match known {
                Some((like, found)) if like == nodes => found,
                _ => hall_spares(fabric, shares, nodes, allowed),
            };
            known = Some((nodes, (spares, mean, short)));
            sizing.spares += spares;
            sizing.mean_down += mean;
            sizing.short += short;
            sizing.reached &= short <= allowed && spares < nodes;
        }
        Ok(sizing)
    }
}

/// Spares for one hall, its mean, and how often that is too few.
fn hall_spares(
    fabric: &Fabric,
    shares: &[(Unit, Share)],
    nodes: u32,
    allowed: f64,
) -> (u32, f64, f64) {
    let mut down = vec![1.0];
    let mut mean = 0.0;
    for (unit, share) in shares {
        let size = fabric.size(*unit).min(nodes);
        let units = nodes.div_ceil(size);
        let odds = share.down as f64 / (share.of - share.down) as f64;
        mean += f64::from(units * size) * (share.down as f64 / share.of as f64);
        down = add(&down, &binomial(units, odds), size as usize);
    }
    // From the far end, so that small terms are not lost.
    let mut beyond = 0.0;
    let mut spares = down.len() - 1;
    while spares > 0 && beyond + down[spares] <= allowed {
        beyond += down[spares];
        spares -= 1;
    }
    let spares = u32::try_from(spares).unwrap_or(u32::MAX).min(nodes);
    (spares, mean, beyond)
}

/// What is too small to matter.
const NOTHING: f64 = 1e-18;

/// How likely each number of units is down, for the odds of one; what is less likely than
/// [`NOTHING`] beside the likeliest is left out at the far end.
fn binomial(units: u32, odds: f64) -> Vec<f64> {
    let n = f64::from(units);
    let ratio = |k: f64| (n - k) / (k + 1.0) * odds;
    let mut mode = 0_u32;
    while mode < units && ratio(f64::from(mode)) > 1.0 {
        mode += 1;
    }
    let mut terms = vec![0.0; mode as usize + 1];
    let mut term = 1.0;
    for k in (0..=mode).rev() {
        terms[k as usize] = term;
        if k > 0 {
            term /= ratio(f64::from(k - 1));
        }
    }
    let mut term = 1.0;
    for k in mode..units {
        term *= ratio(f64::from(k));
        if term < NOTHING {
            break;
        }
        terms.push(term);
    }
    let all: f64 = terms.iter().sum();
    terms.iter().map(|term| term / all).collect()
}

/// How likely each number of nodes is down, once units of `size` nodes each are added.
fn add(down: &[f64], units: &[f64], size: usize) -> Vec<f64> {
    let mut sum = vec![0.0; down.len() + (units.len() - 1) * size];
    for (count, likely) in units.iter().enumerate().filter(|(_, p)| **p > NOTHING) {
        for (nodes, other) in down.iter().enumerate() {
            sum[nodes + count * size] += likely * other;
        }
    }
    sum
}
