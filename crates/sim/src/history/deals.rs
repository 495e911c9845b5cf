//! Contracts: drafted, use declared, signed, allocated.

use bareboat_base::{
    ContractId, Date, DateWindow, GpuCount, Handle, LotId, MicroPrice, Money, OrganisationId,
    PartyId, PoolId, ProjectId, Share, Zone, id::derive_id,
};
use bareboat_book::acts::{Act, AllocateLot, Sign};
use bareboat_book::command::DeclareUse;
use bareboat_book::{Command, Rejection};
use bareboat_contracts::{
    Command as C, DraftContract, Extension, NewLot, Prepayment, Price, RegulatoryTermination,
    Treatment,
};
use bareboat_rulebook::EarActivity;

use super::Maker;
use crate::words::{code, company, text, today};

/// Contracts that have their nodes, with their lot.
pub(super) type Deals = Vec<(ContractId, LotId)>;

/// The first day of every contract.
pub(super) fn first_day() -> Date {
    Date::new(2027, 2, 1).expect("a date")
}

pub(super) fn make(maker: &mut Maker<'_>) -> Result<Deals, Rejection> {
    let projects = projects(maker)?;
    let mut pools: Vec<(PoolId, u32)> = maker
        .state
        .capacity
        .pools
        .iter()
        .map(|(_, id, row)| {
            let counts = maker.state.fleet.counts(row.site, row.model);
            (*id, counts.total().0)
        })
        .collect();
    let mut deals = Vec::new();
    for number in 0..maker.scale.contracts {
        let nodes = if number % 160 == 80 {
            640
        } else {
            maker.rng.between(1, 15)
        };
        let start = number as usize % pools.len().max(1);
        let fit = (0..pools.len())
            .map(|step| (start + step) % pools.len())
            .find(|pool| pools[*pool].1 >= nodes);
        let Some(fit) = fit else { continue };
        pools[fit].1 -= nodes;
        let project = projects[number as usize % projects.len()];
        let drafted = draft(maker, number, project, pools[fit].0, nodes)?;
        deals.push(signed(maker, derive_id(drafted, 0), derive_id(drafted, 0))?);
    }
    // A day later it has begun in every zone.
    let begun = first_day().plus_days(1).expect("a date");
    let begun = begun.start_in(&Zone::utc()).expect("an instant");
    maker.now = maker.now.max(begun.micros());
    for (_, lot) in &deals {
        let (lot, at) = (*lot, maker.now());
        maker.act(Command::Act(Act::AllocateLot(AllocateLot { lot, at })))?;
    }
    Ok(deals)
}

/// A partner with its organisation, and a project of it.
type Side = (PartyId, OrganisationId, ProjectId);

fn projects(maker: &mut Maker<'_>) -> Result<Vec<Side>, Rejection> {
    let mut made = Vec::new();
    for partner in 0..(maker.scale.contracts / 100).clamp(2, 100) {
        let party = party(maker, 100);
        let create = bareboat_access::CreateOrganisation {
            code: code(&format!("partner-{partner}")),
            name: company(&mut maker.rng, partner),
            kind: bareboat_access::OrganisationKind::Partner,
            party: Some(party),
            parent: None,
        };
        let command = bareboat_access::Command::CreateOrganisation(create);
        let organisation = maker.made(Command::Access(command))?;
        for project in 0..5 {
            let create = bareboat_access::CreateProject {
                organisation,
                code: code(&format!("project-{project}")),
            };
            let command = bareboat_access::Command::CreateProject(create);
            made.push((party, organisation, maker.made(Command::Access(command))?));
        }
    }
    Ok(made)
}

/// One of the parties; the partners are among the first hundred.
fn party(maker: &mut Maker<'_>, most: u32) -> PartyId {
    let most = most.min(maker.scale.parties);
    let handle = Handle(maker.rng.below(most));
    let (id, _) = maker
        .state
        .parties
        .parties
        .at(handle)
        .expect("there are parties before contracts");
    *id
}

fn draft(
    maker: &mut Maker<'_>,
    number: u32,
    (partner, organisation, project): Side,
    pool: PoolId,
    nodes: u32,
) -> Result<bareboat_base::CommandId, Rejection> {
    let usd = "USD".parse().expect("a currency");
    let pool = maker.state.capacity.pools.get(&pool).expect("a pool");
    let (model, site, gpus_per_node) = (pool.model, pool.site, pool.gpus_per_node);
    let zone = maker
        .state
        .fleet
        .sites
        .get(&site)
        .expect("a site")
        .zone
        .clone();
    let (entity, _) = maker
        .state
        .ledger
        .entities
        .at(Handle(0))
        .expect("an entity");
    let entity = *entity;
    let gpus = nodes * gpus_per_node;
    let price = if number.is_multiple_of(2) {
        Price::FixedTotal(Money::new(i128::from(gpus) * 8_120_000, usd))
    } else {
        let micro = i128::from(maker.rng.between(2_000_000, 4_000_000));
        Price::PerGpuHour(MicroPrice {
            micro,
            currency: usd,
        })
    };
    let to = first_day().plus_months(36).expect("a date");
    let client = party(maker, u32::MAX);
    let draft = DraftContract {
        reference: code(&format!("CT-{number:05}")),
        entity,
        partner,
        client,
        organisation,
        client_organisation: None,
        project,
        currency: usd,
        billing_zone: Zone::utc(),
        lots: vec![NewLot {
            model,
            gpus_per_node,
            site,
            zone,
            gpus: GpuCount(gpus),
            window: DateWindow::new(first_day(), to).expect("a window"),
            stated_hours: None,
            shape: bareboat_base::Shape::ANY,
            deliveries: Vec::new(),
            latest_start: None,
        }],
        price,
        take_or_pay: Share::from_units(Share::UNITS / 10 * 9).unwrap_or(Share::WHOLE),
        prepayment: number.is_multiple_of(2).then_some(Prepayment {
            share: Share::from_units(Share::UNITS / 10).unwrap_or(Share::WHOLE),
            credited_after_months: 0,
        }),
        extension: number.is_multiple_of(3).then_some(Extension {
            months: 24,
            notice_days: 180,
            price,
        }),
        regulatory_termination: Some(RegulatoryTermination {
            notice_days: 30,
            refund_unearned: true,
        }),
        treatment: Treatment::Lease,
    };
    maker.act(Command::Contracts(C::DraftContract(draft)))
}

fn signed(
    maker: &mut Maker<'_>,
    contract: ContractId,
    lot: LotId,
) -> Result<(ContractId, LotId), Rejection> {
    let day = today(maker.now());
    maker.act(Command::DeclareUse(DeclareUse {
        contract,
        purpose: Some(code("inference")),
        wmd: Some(false),
        military_intelligence: Some(false),
        training_for_d5_party: Some(false),
        diversion: Some(false),
        ear_activity: Some(EarActivity::InCountryTransfer),
        declared_on: day,
        source: text("end-user statement"),
        document: None,
    }))?;
    maker.act(Command::Act(Act::Sign(Sign {
        contract,
        signed_on: day,
    })))?;
    Ok((contract, lot))
}
