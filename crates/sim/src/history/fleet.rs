//! Sites of up to 25,000 nodes, one hall and one tranche for each 2,500.

use bareboat_base::{Money, NodeCount, NodeSet, Run, SiteId, TrancheId, id::derive_id};
use bareboat_book::{Command, Rejection};
use bareboat_fleet::{
    AddHall, AdvanceNodes, Command as C, NewTranche, NodeFacts, Phase, PlaceOrder, ReceiveTranche,
    RegisterModel, RegisterSite,
};
use bareboat_ledger as ledger;

use super::Maker;
use crate::words::{code, country, name, plus_days, today, zone};

const SITE: u32 = 25_000;
const HALL: u32 = 2_500;
const LEAF: u32 = 32;
const PLACES: [(&str, &str, &str); 5] = [
    ("OSA", "JP", "Asia/Tokyo"),
    ("SYD", "AU", "Australia/Sydney"),
    ("IAD", "US", "America/New_York"),
    ("FRA", "DE", "Europe/Berlin"),
    ("SIN", "SG", "Asia/Singapore"),
];

pub(super) fn make(maker: &mut Maker<'_>) -> Result<(), Rejection> {
    let usd = "USD".parse().expect("a currency");
    let entity = maker.made(Command::Ledger(ledger::Command::RegisterEntity(
        ledger::RegisterEntity {
            code: code("JP1"),
            name: name("Sim Compute KK"),
            country: country("JP"),
            functional_currency: usd,
            tax_id: Some(code("T-1")),
        },
    )))?;
    let model = maker.made(Command::Fleet(C::RegisterModel(RegisterModel {
        code: code("B200"),
        vendor: name("a vendor"),
        gpus_per_node: 8,
        memory_gb: 192,
        tdp_watts: 1_000,
        tpp: 36_000,
        performance_density_centi: 2_200,
        dram_gbps: 8_000,
        eccn: code("3A090.a"),
        nvlink_domain_gpus: 8,
    })))?;
    let mut left = maker.scale.nodes;
    let mut number = 0;
    while left > 0 {
        let nodes = left.min(SITE);
        let (letters, land, zoned) = PLACES[number as usize % PLACES.len()];
        let site: SiteId = maker.made(Command::Fleet(C::RegisterSite(RegisterSite {
            code: code(&format!("{letters}{number}")),
            name: name(&format!("{letters} {number}")),
            country: country(land),
            zone: zone(zoned),
            power_kw: 60_000,
            pue_milli: 1_200,
        })))?;
        let placed_on = today(maker.now());
        let tranches: Vec<NewTranche> = (0..nodes.div_ceil(HALL))
            .map(|step| NewTranche {
                nodes: NodeCount((nodes - step * HALL).min(HALL)),
                due_on: plus_days(placed_on, -1),
                hall: None,
            })
            .collect();
        let counts: Vec<u32> = tranches.iter().map(|tranche| tranche.nodes.0).collect();
        let order = maker.act(Command::Fleet(C::PlaceOrder(PlaceOrder {
            supplier: name("a supplier"),
            reference: code(&format!("PO-{number}")),
            entity: Some(entity),
            model,
            site,
            nodes: NodeCount(nodes),
            price: Money::new(i128::from(nodes) * 43_520_000, usd),
            placed_on: plus_days(placed_on, -90),
            tranches,
        })))?;
        let mut first = 1;
        for (hall, count) in (0_u32..).zip(counts) {
            // Tranches are the order's ids in their order.
            let tranche = derive_id(order, u64::from(hall));
            receive(maker, site, tranche, hall, first, count)?;
            first += count;
        }
        left -= nodes;
        number += 1;
    }
    Ok(())
}

fn receive(
    maker: &mut Maker<'_>,
    site: SiteId,
    tranche: TrancheId,
    number: u32,
    first: u32,
    count: u32,
) -> Result<(), Rejection> {
    let hall = maker.made(Command::Fleet(C::AddHall(AddHall {
        site,
        code: code(&format!("H{number}")),
    })))?;
    let batch = maker.number;
    let nodes = (0..count).map(|node| {
        let leaf = node / LEAF;
        NodeFacts {
            serial: code(&format!("SN{batch:06}-{node:04}")),
            hall,
            rack: code(&format!("R{:03}", node / 4)),
            leaf,
            spine_group: number * 16 + leaf / 8,
            nvlink_domain: None,
            bmc: name(&format!("10.{number}.{}.{}", node / 250, node % 250)),
            gpus: (0..8)
                .map(|gpu| code(&format!("G{batch:06}{node:04}{gpu}")))
                .collect(),
        }
    });
    let nodes = nodes.collect();
    let received_on = plus_days(today(maker.now()), -1);
    maker.act(Command::Fleet(C::ReceiveTranche(ReceiveTranche {
        tranche,
        received_on,
        nodes,
    })))?;
    let set = NodeSet::from_runs(site, vec![Run { first, count }]).expect("a tranche has nodes");
    for to in [
        Phase::Racked,
        Phase::Discovered,
        Phase::Validating,
        Phase::Ready,
    ] {
        let at = maker.now();
        maker.act(Command::Fleet(C::AdvanceNodes(AdvanceNodes {
            nodes: set.clone(),
            to,
            at,
            reason: None,
        })))?;
    }
    Ok(())
}
