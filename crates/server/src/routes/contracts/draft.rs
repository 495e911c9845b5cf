//! Drafting a contract: what a draft names is found by id, label or code.

use bareboat_api::Problem;
use bareboat_api::contracts as wire;
use bareboat_api::wire::Ref;
use bareboat_base::id::derive_id;
use bareboat_base::{DateWindow, GpuCount, OrganisationId, ProjectId};
use bareboat_book::Command;
use bareboat_contracts::{self as domain, Command as Contracts};

use super::contract;
use crate::routes::fleet::refs;
use crate::{Act, Ask};

pub(super) fn draft_contract(ask: &Ask, body: wire::DraftContract) -> Result<Act, Problem> {
    ask.whole_book()?;
    let command = command(ask, &body)?;
    let id = derive_id(ask.command_id(), 0);
    Ok(Act::new(command, move |state, _| contract(state, id, true)))
}

/// The command that a draft asks for.
pub(super) fn command(ask: &Ask, body: &wire::DraftContract) -> Result<Command, Problem> {
    let state = ask.state();
    let parties = &state.parties.parties;
    let organisation = organisation(ask, "organisation", &body.organisation)?;
    let client_organisation = match &body.client_organisation {
        None => None,
        Some(client) => Some(self::organisation(ask, "client_organisation", client)?),
    };
    let owners = [Some(organisation), client_organisation];
    let lots = (0..)
        .zip(&body.lots)
        .map(|(index, lot)| new_lot(ask, index, lot))
        .collect::<Result<Vec<_>, _>>()?;
    let draft = domain::DraftContract {
        reference: body.reference.0.clone(),
        entity: refs::entity(ask, "entity", &body.entity)?,
        partner: ask.resolve("partner", parties, &body.partner)?.id,
        client: ask.resolve("client", parties, &body.client)?.id,
        organisation,
        client_organisation,
        project: project(ask, &body.project, &owners)?,
        currency: body.currency.0,
        billing_zone: body.billing_zone.0.clone(),
        lots,
        price: (&body.price).into(),
        take_or_pay: body.take_or_pay.0,
        prepayment: body.prepayment.as_ref().map(|row| domain::Prepayment {
            share: row.share.0,
            credited_after_months: row.credited_after_months,
        }),
        extension: body.extension.as_ref().map(|row| domain::Extension {
            months: row.months,
            notice_days: row.notice_days,
            price: (&row.price).into(),
        }),
        regulatory_termination: body.regulatory_termination.as_ref().map(|row| {
            domain::RegulatoryTermination {
                notice_days: row.notice_days,
                refund_unearned: row.refund_unearned,
            }
        }),
        treatment: body.treatment.into(),
    };
    Ok(Command::Contracts(Contracts::DraftContract(draft)))
}

fn organisation(ask: &Ask, field: &str, reference: &Ref) -> Result<OrganisationId, Problem> {
    let table = &ask.state().access.organisations;
    refs::field(ask, field, table, reference, |row| Some(&row.code))
}

/// A project: its code is meant among those of the contract's organisations.
fn project(
    ask: &Ask,
    reference: &Ref,
    owners: &[Option<OrganisationId>],
) -> Result<ProjectId, Problem> {
    let table = &ask.state().access.projects;
    refs::field(ask, "project", table, reference, |row| {
        owners
            .contains(&Some(row.organisation))
            .then_some(&row.code)
    })
}

fn new_lot(ask: &Ask, index: usize, lot: &wire::NewLot) -> Result<domain::NewLot, Problem> {
    let field = |name: &str| format!("lots[{index}].{name}");
    let fleet = &ask.state().fleet;
    let model = refs::model(ask, &field("model"), &lot.model)?;
    let site = refs::site(ask, &field("site"), &lot.site)?;
    let facts = fleet.models.get(&model).zip(fleet.sites.get(&site));
    let Some((model_row, site_row)) = facts else {
        return Err(ask.field(&field("model"), "it is not in the fleet"));
    };
    let window = DateWindow::try_from(lot.window.clone())
        .map_err(|error| ask.field(&field("window"), error))?;
    Ok(domain::NewLot {
        model,
        gpus_per_node: model_row.gpus_per_node,
        site,
        zone: site_row.zone.clone(),
        gpus: GpuCount(lot.gpus),
        window,
        stated_hours: lot.stated_hours,
        shape: lot.shape.into(),
        deliveries: lot
            .deliveries
            .iter()
            .map(|delivery| domain::Delivery {
                from: delivery.from.0,
                gpus: GpuCount(delivery.gpus),
            })
            .collect(),
        latest_start: lot.latest_start.as_ref().map(|date| date.0),
    })
}
