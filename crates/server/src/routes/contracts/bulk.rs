//! Contracts in bulk: drafts from CSV or JSONL, all of them or none; and the same out again.

use bareboat_access::Permission as P;
use bareboat_api::capacity::{FabricLevel, Shape, ShapeSpread};
use bareboat_api::contracts as wire;
use bareboat_api::wire::{self as value, Ref};
use bareboat_api::{Problem, contracts::Treatment};
use bareboat_base::id::label;
use bareboat_base::{
    Context, ContractId, Handle, PartyId, ProjectId, Refusal as _, Table, TypedId,
};
use bareboat_book::draft::Draft;
use bareboat_book::{Command, Event, State, command};
use bareboat_contracts as domain;
use serde::{Deserialize, Serialize};

use super::draft;
use crate::bulk::{self, Errors, Rows};
use crate::routes::fleet::holdings::contract_in;
use crate::{Act, Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/contracts/import",
            "importContracts",
            "Draft contracts from a file: all of them, or none",
        )
        .needs(P::ContractsDraft)
        .import::<wire::ContractsImported, _>(bulk::MEDIA_TYPES, import),
        Route::get(
            "/v1/contracts/export.csv",
            "exportContractsCsv",
            "Write contracts as CSV, a row for each lot, as an import takes them",
        )
        .needs(P::ContractsRead)
        .slow()
        .download(bulk::CSV, |ask| {
            let rows = exported(ask);
            let rows = rows.iter().flat_map(ContractRow::of);
            bulk::to_csv(rows)
        }),
        Route::get(
            "/v1/contracts/export.jsonl",
            "exportContractsJsonl",
            "Write contracts as JSON lines, as an import takes them",
        )
        .needs(P::ContractsRead)
        .slow()
        .download(bulk::JSONL, |ask| bulk::to_jsonl(exported(ask))),
    ]
}

/// A row of CSV: a lot with its contract. Rows of one reference make one contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractRow {
    reference: value::Code,
    entity: Ref,
    partner: Ref,
    client: Ref,
    organisation: Ref,
    client_organisation: Option<Ref>,
    project: Ref,
    currency: value::Currency,
    billing_zone: value::Zone,
    model: Ref,
    site: Ref,
    gpus: u32,
    from: value::Date,
    to: value::Date,
    stated_hours: Option<u32>,
    max_leaves: Option<u32>,
    max_nvlink_domains: Option<u32>,
    max_spine_groups: Option<u32>,
    contiguous: Option<bool>,
    whole_nvlink_domains: Option<bool>,
    spread_over: Option<FabricLevel>,
    spread_most: Option<u32>,
    /// `2027-03-01:1024 2027-04-01:1024`: GPUs from a day on.
    deliveries: Option<String>,
    latest_start: Option<value::Date>,
    price_total: Option<value::Money>,
    price_per_gpu_hour: Option<value::MicroPrice>,
    take_or_pay: value::Share,
    prepayment_share: Option<value::Share>,
    prepayment_credited_after_months: Option<u32>,
    extension_months: Option<u32>,
    extension_notice_days: Option<u32>,
    extension_price_total: Option<value::Money>,
    extension_price_per_gpu_hour: Option<value::MicroPrice>,
    termination_notice_days: Option<u32>,
    termination_refund_unearned: Option<bool>,
    treatment: Treatment,
}

fn price(
    what: &str,
    total: Option<&value::Money>,
    per_gpu_hour: Option<&value::MicroPrice>,
) -> Result<wire::ContractPrice, String> {
    match (total, per_gpu_hour) {
        (Some(total), None) => Ok(wire::ContractPrice::Total(total.clone())),
        (None, Some(price)) => Ok(wire::ContractPrice::PerGpuHour(price.clone())),
        _ => Err(format!(
            "exactly one of {what}_total and {what}_per_gpu_hour is needed"
        )),
    }
}

/// One delivery: `2027-03-01:1024`.
fn delivery(text: &str) -> Result<wire::LotDelivery, String> {
    let parts = text.split_once(':');
    let read = parts.and_then(|(from, gpus)| {
        Some(wire::LotDelivery {
            from: value::Date(from.parse().ok()?),
            gpus: gpus.parse().ok()?,
        })
    });
    read.ok_or_else(|| format!("{text:?} is not a delivery: give DATE:GPUS, as 2027-03-01:1024"))
}

/// Deliveries as a row has them; nothing where there are none.
fn all_deliveries(deliveries: &[wire::LotDelivery]) -> Option<String> {
    let all = deliveries.iter();
    let all = all.map(|delivery| format!("{}:{}", delivery.from.0, delivery.gpus));
    let all: Vec<String> = all.collect();
    (!all.is_empty()).then(|| all.join(" "))
}

impl ContractRow {
    fn lot(&self) -> Result<wire::NewLot, String> {
        let spread = match (self.spread_over, self.spread_most) {
            (None, None) => None,
            (Some(over), Some(most)) => Some(ShapeSpread { over, most }),
            _ => return Err("a spread has spread_over and spread_most".to_owned()),
        };
        Ok(wire::NewLot {
            model: self.model.clone(),
            site: self.site.clone(),
            gpus: self.gpus,
            window: value::DateWindow {
                from: self.from.clone(),
                to: self.to.clone(),
            },
            stated_hours: self.stated_hours,
            shape: Shape {
                max_leaves: self.max_leaves,
                max_nvlink_domains: self.max_nvlink_domains,
                max_spine_groups: self.max_spine_groups,
                contiguous: self.contiguous.unwrap_or(false),
                whole_nvlink_domains: self.whole_nvlink_domains.unwrap_or(false),
                spread,
            },
            deliveries: match &self.deliveries {
                None => Vec::new(),
                Some(text) => text
                    .split_whitespace()
                    .map(delivery)
                    .collect::<Result<_, _>>()?,
            },
            latest_start: self.latest_start.clone(),
        })
    }

    /// The contract, with this row's lot alone.
    fn contract(&self) -> Result<wire::DraftContract, String> {
        let pair = "a prepayment has a share and the months after which it is credited";
        let prepayment = match (
            &self.prepayment_share,
            self.prepayment_credited_after_months,
        ) {
            (None, None) => None,
            (Some(share), Some(months)) => Some(wire::Prepayment {
                share: *share,
                credited_after_months: months,
            }),
            _ => return Err(pair.to_owned()),
        };
        Ok(wire::DraftContract {
            reference: self.reference.clone(),
            entity: self.entity.clone(),
            partner: self.partner.clone(),
            client: self.client.clone(),
            organisation: self.organisation.clone(),
            client_organisation: self.client_organisation.clone(),
            project: self.project.clone(),
            currency: self.currency.clone(),
            billing_zone: self.billing_zone.clone(),
            lots: vec![self.lot()?],
            price: price(
                "price",
                self.price_total.as_ref(),
                self.price_per_gpu_hour.as_ref(),
            )?,
            take_or_pay: self.take_or_pay,
            prepayment,
            extension: self.extension()?,
            regulatory_termination: self.termination()?,
            treatment: self.treatment,
        })
    }

    fn extension(&self) -> Result<Option<wire::ContractExtension>, String> {
        let total = self.extension_price_total.as_ref();
        let per_hour = self.extension_price_per_gpu_hour.as_ref();
        match (self.extension_months, self.extension_notice_days) {
            (None, None) if total.is_none() && per_hour.is_none() => Ok(None),
            (Some(months), Some(notice_days)) => Ok(Some(wire::ContractExtension {
                months,
                notice_days,
                price: price("extension_price", total, per_hour)?,
            })),
            _ => Err("an extension has months, notice days and a price".to_owned()),
        }
    }

    fn termination(&self) -> Result<Option<wire::RegulatoryTermination>, String> {
        match (
            self.termination_notice_days,
            self.termination_refund_unearned,
        ) {
            (None, None) => Ok(None),
            (Some(notice_days), Some(refund_unearned)) => Ok(Some(wire::RegulatoryTermination {
                notice_days,
                refund_unearned,
            })),
            _ => Err("a right to terminate has notice days and refund_unearned".to_owned()),
        }
    }

    /// The rows of a contract, one for each lot.
    fn of(draft: &wire::DraftContract) -> impl Iterator<Item = Self> + '_ {
        let prices = |price: &wire::ContractPrice| match price {
            wire::ContractPrice::Total(total) => (Some(total.clone()), None),
            wire::ContractPrice::PerGpuHour(price) => (None, Some(price.clone())),
        };
        draft.lots.iter().map(move |lot| {
            let (price_total, price_per_gpu_hour) = prices(&draft.price);
            let extension = draft.extension.as_ref();
            let (extension_price_total, extension_price_per_gpu_hour) =
                extension.map_or((None, None), |extension| prices(&extension.price));
            let termination = draft.regulatory_termination.as_ref();
            let prepayment = draft.prepayment.as_ref();
            Self {
                reference: draft.reference.clone(),
                entity: draft.entity.clone(),
                partner: draft.partner.clone(),
                client: draft.client.clone(),
                organisation: draft.organisation.clone(),
                client_organisation: draft.client_organisation.clone(),
                project: draft.project.clone(),
                currency: draft.currency.clone(),
                billing_zone: draft.billing_zone.clone(),
                model: lot.model.clone(),
                site: lot.site.clone(),
                gpus: lot.gpus,
                from: lot.window.from.clone(),
                to: lot.window.to.clone(),
                stated_hours: lot.stated_hours,
                max_leaves: lot.shape.max_leaves,
                max_nvlink_domains: lot.shape.max_nvlink_domains,
                max_spine_groups: lot.shape.max_spine_groups,
                contiguous: lot.shape.contiguous.then_some(true),
                whole_nvlink_domains: lot.shape.whole_nvlink_domains.then_some(true),
                spread_over: lot.shape.spread.map(|spread| spread.over),
                spread_most: lot.shape.spread.map(|spread| spread.most),
                deliveries: all_deliveries(&lot.deliveries),
                latest_start: lot.latest_start.clone(),
                price_total,
                price_per_gpu_hour,
                take_or_pay: draft.take_or_pay,
                prepayment_share: prepayment.map(|row| row.share),
                prepayment_credited_after_months: prepayment.map(|row| row.credited_after_months),
                extension_months: extension.map(|row| row.months),
                extension_notice_days: extension.map(|row| row.notice_days),
                extension_price_total,
                extension_price_per_gpu_hour,
                termination_notice_days: termination.map(|row| row.notice_days),
                termination_refund_unearned: termination.map(|row| row.refund_unearned),
                treatment: draft.treatment,
            }
        })
    }
}

/// Contracts of rows, each with its row's lot alone.
fn single(rows: &[(u64, ContractRow)]) -> Result<Vec<(u64, wire::DraftContract)>, Problem> {
    let mut errors = Errors::default();
    let mut contracts = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        match row.contract() {
            Ok(contract) => contracts.push((*line, contract)),
            Err(why) => errors.note(*line, why),
        }
    }
    errors.none()?;
    Ok(contracts)
}

/// Rows of one reference lie next to each other, differ in the lot alone, and make one contract.
fn joined(
    rows: Vec<(u64, wire::DraftContract)>,
) -> Result<Vec<(u64, wire::DraftContract)>, Problem> {
    let mut errors = Errors::default();
    let mut contracts: Vec<(u64, wire::DraftContract)> = Vec::new();
    for (line, mut contract) in rows {
        match contracts.last_mut() {
            Some((first, last)) if last.reference == contract.reference => {
                let lots = std::mem::take(&mut contract.lots);
                let others = std::mem::take(&mut last.lots);
                if *last != contract {
                    let why = format!("it differs from line {first} in more than its lot");
                    errors.note(line, why);
                }
                last.lots = others;
                last.lots.extend(lots);
            }
            _ => contracts.push((line, contract)),
        }
    }
    errors.none()?;
    Ok(contracts)
}

/// The commands that drafts ask for; what they name is found, or their lines are told.
fn commands(
    ask: &Ask,
    drafts: &[(u64, wire::DraftContract)],
) -> Result<Vec<(u64, Command)>, Problem> {
    let mut errors = Errors::default();
    let mut commands = Vec::with_capacity(drafts.len());
    for (line, draft) in drafts {
        match draft::command(ask, draft) {
            Ok(command) => commands.push((*line, command)),
            Err(problem) => errors.note(*line, problem.detail),
        }
    }
    errors.none()?;
    Ok(commands)
}

fn import(ask: &Ask, bytes: &[u8]) -> Result<Act, Problem> {
    ask.whole_book()?;
    let drafts = match bulk::read(ask.media_type(), bytes)? {
        Rows::Csv(rows) => {
            let rows = single(&rows)?;
            // Each row by itself first: an error in a contract's third lot names the third line.
            commands(ask, &rows)?;
            joined(rows)?
        }
        Rows::Jsonl(rows) => rows,
    };
    let commands = commands(ask, &drafts)?;
    tried(ask, &commands)?;
    let commands = commands.into_iter().map(|(_, command)| command).collect();
    Ok(Act::new(Command::All(commands), imported))
}

/// Decides every row on a fork, each on the outcome of those before it, so that a refusal names
/// its line.
fn tried(ask: &Ask, commands: &[(u64, Command)]) -> Result<(), Problem> {
    let context = Context {
        command_id: ask.command_id(),
        actor: ask.caller().principal,
        recorded_at: ask.now(),
        part: 0,
    };
    let mut fork = Draft::new(ask.state(), &context);
    let mut errors = Errors::default();
    for (line, one) in commands {
        if let Err(refusal) = fork.run(command::decide, one) {
            errors.note(*line, format!("{refusal} ({})", refusal.code()));
        }
    }
    errors.none()
}

fn imported(state: &State, events: &[Event]) -> wire::ContractsImported {
    let drafted = events.iter().filter_map(|event| match event {
        Event::Contracts(domain::Event::ContractDrafted(drafted)) => Some(drafted),
        _ => None,
    });
    let contracts = drafted.map(|drafted| wire::ImportedContract {
        id: drafted.contract.into(),
        label: label_of::<ContractId, _>(&state.contracts.contracts, drafted.contract),
        reference: drafted.reference.clone().into(),
    });
    wire::ContractsImported {
        contracts: contracts.collect(),
    }
}

fn label_of<I: TypedId, V: Clone>(table: &Table<I, V>, id: I) -> String {
    table.handle(&id).map(Handle::number).map_or_else(
        || id.uuid().hyphenated().to_string(),
        |number| label::<I>(number),
    )
}

/// The contracts that the caller may see, as drafts: what they name by code or label.
fn exported(ask: &Ask) -> Vec<wire::DraftContract> {
    let state = ask.state();
    let rows = state.contracts.contracts.iter();
    rows.filter(|(_, id, _)| contract_in(state, ask.reach(), **id))
        .map(|(_, id, row)| drafted(state, *id, row))
        .collect()
}

fn drafted(state: &State, id: ContractId, row: &domain::Contract) -> wire::DraftContract {
    let organisation = |id| {
        let table = &state.access.organisations;
        let code = table.get(&id).map(|row| row.code.to_string());
        Ref(code.unwrap_or_else(|| label_of(table, id)))
    };
    let entity = state.ledger.entity(row.entity);
    let entity = entity.map_or_else(
        || label_of(&state.ledger.entities, row.entity),
        |entity| entity.code.to_string(),
    );
    let party = |id| Ref(label_of::<PartyId, _>(&state.parties.parties, id));
    let lots = state.contracts.lots_of(id);
    let of = |lot: &domain::Lot| lot.part.map(|part| part.of);
    let same_lot =
        |a: &(_, &domain::Lot), b: &(_, &domain::Lot)| of(a.1).is_some() && of(a.1) == of(b.1);
    let lots = lots
        .chunk_by(same_lot)
        .map(|parts| exported_lot(state, parts));
    wire::DraftContract {
        reference: row.reference.clone().into(),
        entity: Ref(entity),
        partner: party(row.partner),
        client: party(row.client),
        organisation: organisation(row.organisation),
        client_organisation: row.client_organisation.map(organisation),
        project: Ref(label_of::<ProjectId, _>(
            &state.access.projects,
            row.project,
        )),
        currency: row.currency.into(),
        billing_zone: row.billing_zone.clone().into(),
        lots: lots.collect(),
        price: row.price.into(),
        take_or_pay: row.take_or_pay.into(),
        prepayment: row.prepayment.map(Into::into),
        extension: row.extension.map(Into::into),
        regulatory_termination: row.regulatory_termination.map(Into::into),
        treatment: row.treatment.into(),
    }
}

/// A lot as it was asked for, its deliveries together.
fn exported_lot(state: &State, parts: &[(bareboat_base::LotId, &domain::Lot)]) -> wire::NewLot {
    let lot = parts[0].1;
    let deliveries = match lot.part {
        None => Vec::new(),
        Some(_) => parts
            .iter()
            .map(|(_, part)| wire::LotDelivery {
                from: part.window.from().into(),
                gpus: part.gpus.0,
            })
            .collect(),
    };
    let latest_start = lot.flexible.and_then(|flexible| {
        let days = i32::try_from(flexible.days).ok()?;
        flexible.earliest.from().plus_days(days).ok()
    });
    wire::NewLot {
        model: Ref(state.fleet.models.get(&lot.model).map_or_else(
            || label_of(&state.fleet.models, lot.model),
            |model| model.code.to_string(),
        )),
        site: Ref(state.fleet.sites.get(&lot.site).map_or_else(
            || label_of(&state.fleet.sites, lot.site),
            |site| site.code.to_string(),
        )),
        gpus: parts.iter().map(|(_, part)| part.gpus.0).sum(),
        window: lot.window.into(),
        stated_hours: lot.part.is_none().then_some(lot.stated_hours),
        shape: lot.shape.into(),
        deliveries,
        latest_start: latest_start
            .filter(|latest| *latest > lot.window.from())
            .map(Into::into),
    }
}
