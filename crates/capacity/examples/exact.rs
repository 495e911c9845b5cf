//! Small cases with the calendar's verdict, for an exact solver to judge: `cargo xtask exact`.
//!
//!     cargo run -p bareboat-capacity --example exact -- SEED CASES > cases.jsonl
//!
//! At most 8 nodes on 2 to 4 leaves, some of them to come; a spare floor; older lots and quotes,
//! some with options, shapes, or nodes named ahead; maintenance; and one new lot. What is written
//! was noted as it was asked, and is not read from the state: `tools/capacity/exact.py` says what
//! each field means.

#![allow(clippy::print_stdout)] // Its output is its product.

mod common;

use bareboat_base::{
    Code, FabricLevel, MicroPrice, NodeCount, NodeSet, Refusal as _, ReservationId, Run, Shape,
    Spread, Window,
};
use bareboat_capacity::{
    Event, MakeQuote, PlacedRun, ReceiveSupply, Rejection, Reserve, ScheduleSupply, SetSpareFloor,
    SetUnavailable,
};
use common::{Asked, Desk, Draw, day, days, id, leaf_run};
use serde_json::{Value, json};

/// Days of a case.
const END: i64 = 14;
const NODES: u32 = 8;
const DEMANDS: usize = 7;

fn in_days(window: Window) -> (i64, i64) {
    let day = |at: bareboat_base::Instant| at.micros() / common::DAY;
    (day(window.from()), day(window.to()))
}

/// The shape as the judge reads it.
fn shape(reserve: &Reserve) -> Value {
    let asked = reserve.shape;
    let mut shape = serde_json::Map::new();
    let mut limit = |name: &str, most: Option<u32>| {
        shape.extend(most.map(|most| (name.to_owned(), Value::from(most))));
    };
    limit("max_leaves", asked.max_leaves);
    limit("max_spine_groups", asked.max_spine_groups);
    limit("max_domains", asked.max_nvlink_domains);
    limit("whole_domains", asked.whole_nvlink_domains.then_some(1));
    limit("contiguous", asked.contiguous.then_some(1));
    if let Some(Spread { over, most }) = asked.spread {
        let name = match over {
            FabricLevel::NvlinkDomain => "max_per_domain",
            FabricLevel::Leaf => "max_per_leaf",
            _ => "max_per_spine_group",
        };
        limit(name, Some(most));
    }
    Value::Object(shape)
}

struct Case {
    draw: Draw,
    desk: Desk,
    /// Nodes in an NVLink domain: 1 or 2; then every leaf has whole ones.
    per_domain: u32,
    /// Of every node its leaf, its spine group, and from when it is there.
    nodes: Vec<Value>,
    /// Those with a number; they come first.
    named: u32,
    floor: u32,
    /// What promises hold without names; what binds nodes; what takes them out of supply.
    demands: Vec<Value>,
    pins: Vec<Value>,
    out: Vec<Value>,
    /// Which of the demands are reservations.
    lots: Vec<(usize, ReservationId)>,
    /// Something was taken out of supply after something was promised, or nodes were named after
    /// a quote, which gives way to them.
    late: bool,
    quotes: u64,
}

impl Case {
    fn new(seed: u64) -> Self {
        let mut draw = Draw(seed);
        draw.next();
        let per_domain = if draw.chance(30) { 2 } else { 1 };
        let mut case = Self {
            draw,
            desk: Desk::empty(per_domain),
            per_domain,
            nodes: Vec::new(),
            named: 0,
            floor: 0,
            demands: Vec::new(),
            pins: Vec::new(),
            out: Vec::new(),
            lots: Vec::new(),
            late: false,
            quotes: 0,
        };
        case.lay_out();
        case
    }

    fn lay_out(&mut self) {
        let leaves = self.draw.count(2, 4);
        let (mut first, mut largest) = (1, 0);
        for leaf in 0..leaves {
            let each = self.per_domain;
            let room = NODES + 1 - first - (leaves - 1 - leaf) * each;
            let mut count = self.draw.count(1, room.min(4) / each) * each;
            let to_come = leaf > 0 && leaf == leaves - 1 && self.draw.chance(20);
            if to_come {
                // As many as hang on a leaf of the pool.
                count = count.min(largest);
            }
            largest = largest.max(count);
            let late = to_come || self.draw.chance(15);
            let from = if late {
                self.draw.within(1, END / 2)
            } else {
                0
            };
            let tranche = id(100 + u64::from(leaf));
            self.desk.must(ScheduleSupply {
                pool: self.desk.pool,
                tranche,
                nodes: NodeCount(count),
                from: day(from),
            });
            if !to_come {
                let runs = (first..first + count).step_by(each as usize);
                let runs = runs.map(|first| PlacedRun {
                    nvlink_domain: (each > 1).then_some(first / each),
                    ..leaf_run(leaf, leaf / 2, Run { first, count: each })
                });
                self.desk.must(ReceiveSupply {
                    pool: self.desk.pool,
                    tranche,
                    at: day(from),
                    nodes: runs.collect(),
                });
                self.named += count;
            }
            let spine = if to_come { 99 } else { leaf / 2 };
            self.nodes.extend((first - 1..first - 1 + count).map(
                |node| json!({ "leaf": leaf, "spine": spine, "domain": node / each, "from": from }),
            ));
            first += count;
        }
        if self.draw.chance(25) {
            self.floor = 1;
            self.desk.must(SetSpareFloor {
                pool: self.desk.pool,
                nodes: NodeCount(1),
            });
        }
    }

    /// A lot that might be asked for.
    fn ask(&mut self) -> Reserve {
        let most = u32::try_from(self.nodes.len()).unwrap_or(NODES);
        let nodes = self.draw.count(1, (most / 2 + 1).min(most));
        let length = self.draw.within(1, 7);
        let asked = Asked {
            from: self.draw.within(1, END - length),
            days: length,
            nodes,
        };
        let shape = self.shape(nodes);
        let option = if self.draw.chance(20) {
            self.draw.within(1, 3)
        } else {
            0
        };
        self.desk.reserve_shaped(asked, shape, option)
    }

    /// A third of the lots have one, of these a few with two limits.
    fn shape(&mut self, nodes: u32) -> Shape {
        let mut shape = Shape::ANY;
        let mut more = 35;
        while self.draw.chance(more) {
            more = 15;
            let kinds = if self.per_domain > 1 { 7 } else { 4 };
            match self.draw.count(0, kinds) {
                0 | 1 => shape.max_leaves = Some(self.draw.count(1, nodes.min(3))),
                2 => shape.max_spine_groups = Some(1),
                3 => shape.contiguous = true,
                5 => shape.max_nvlink_domains = Some(nodes.div_ceil(self.per_domain)),
                6 | 7 => shape.whole_nvlink_domains = true,
                _ => {
                    let over = match self.draw.count(0, 9) {
                        0..=4 => FabricLevel::Leaf,
                        5..=7 => FabricLevel::SpineGroup,
                        _ => FabricLevel::NvlinkDomain,
                    };
                    let most = self.draw.count(1, 3);
                    shape.spread = Some(Spread { over, most });
                }
            }
        }
        shape
    }

    fn demand(&self, reserve: &Reserve, kind: &str) -> Value {
        let (from, to) = in_days(reserve.window);
        let to = reserve.option.map_or(to, |option| in_days(option).1);
        json!({ "kind": kind, "nodes": reserve.nodes.0, "from": from, "to": to, "shape": shape(reserve) })
    }

    fn promise(&mut self) {
        let reserve = self.ask();
        if self.draw.chance(20) {
            return self.quote(reserve);
        }
        let Ok(events) = self.desk.run(&reserve.into()) else {
            return;
        };
        let mut demand = self.demand(&reserve, "lot");
        let Some(Event::Reserved(reserved)) = events.first() else {
            return;
        };
        self.lots.push((self.demands.len(), reserved.reservation));
        if self.draw.chance(35)
            && let Ok(events) = self.desk.name(reserved.reservation, reserve.window.from())
            && let Some(Event::Allocated(allocated)) = events.first()
        {
            self.lots.pop();
            self.late |= self.quotes > 0;
            demand["nodes"] = indexes(&allocated.nodes).into();
            self.pins.push(demand);
            return;
        }
        self.demands.push(demand);
    }

    fn quote(&mut self, first: Reserve) {
        let mut asked = vec![first];
        if self.draw.chance(40) && self.demands.len() + 2 <= DEMANDS {
            asked.push(self.ask());
        }
        self.quotes += 1;
        let quote = MakeQuote {
            contract: id(1000 + self.quotes),
            price: "1 USD".parse::<MicroPrice>().expect("a price"),
            expires_at: day(END),
            holds: asked.iter().map(|reserve| (*reserve).into()).collect(),
        };
        if self.desk.run(&quote.into()).is_ok() {
            let held: Vec<Value> = asked.iter().map(|one| self.demand(one, "quote")).collect();
            self.demands.extend(held);
        }
    }

    fn take_out(&mut self) {
        let first = self.draw.count(1, self.named);
        let last = self.draw.count(first, self.named.min(first + 1));
        let length = self.draw.within(1, 4);
        let from = self.draw.within(1, END - length);
        let nodes = NodeSet::from_numbers(id(1), first..=last).expect("nodes");
        self.out
            .push(json!({ "nodes": indexes(&nodes), "from": from, "to": from + length }));
        self.late |= !(self.demands.is_empty() && self.pins.is_empty());
        self.desk.must(SetUnavailable {
            pool: self.desk.pool,
            nodes,
            window: days(from, from + length),
            why: Code::new("maintenance").expect("a word"),
        });
    }

    /// The case with the verdict over one more lot.
    fn judge(mut self, number: u64) -> Value {
        for _ in 0..self.draw.count(0, 2) {
            self.take_out();
        }
        for _ in 0..self.draw.count(3, 12) {
            if self.demands.len() < DEMANDS {
                self.promise();
            }
        }
        if self.draw.chance(15) {
            self.take_out();
        }
        let risks = self.desk.state.risks(self.desk.pool);
        for (demand, reservation) in &self.lots {
            let lost = risks.iter().any(|risk| risk.reservation == *reservation);
            self.demands[*demand]["at_risk"] = lost.into();
        }
        let mut new = self.ask();
        // A count's refusal is plain; look a little for what is not.
        for _ in 0..self.draw.count(0, 6) {
            let explained = self.desk.state.explain(&new, day(0));
            let Ok(Some(bound)) = explained else {
                break;
            };
            if !matches!(bound.rejection, Rejection::ShortOfSupply { .. }) {
                break;
            }
            new = self.ask();
        }
        let asked = self.demand(&new, "lot");
        let (verdict, code) = match self.desk.run(&new.into()) {
            Ok(_) => ("accepted", ""),
            Err(Rejection::ShortOfSupply { .. }) => ("infeasible", ""),
            Err(other) => ("fragmented", other.code()),
        };
        json!({
            "case": number, "nodes": self.nodes, "floor": self.floor, "out": self.out,
            "pins": self.pins, "demands": self.demands, "new": asked, "late": self.late,
            "at_risk": !risks.is_empty(), "verdict": verdict, "code": code,
        })
    }
}

/// From 0.
fn indexes(nodes: &NodeSet) -> Vec<u32> {
    nodes.numbers().map(|number| number - 1).collect()
}

fn main() {
    let mut words = std::env::args().skip(1);
    let mut number = |otherwise: u64| {
        let word = words.next().map(|word| word.parse().expect("a number"));
        word.unwrap_or(otherwise)
    };
    let (seed, cases) = (number(1), number(400));
    for case in 0..cases {
        let number = seed * 1_000_000 + case;
        println!("{}", Case::new(number).judge(number));
    }
}
