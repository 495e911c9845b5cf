//! What contracts and accounts have: now, in use, and when that changes next.

use bareboat_access::Permission as P;
use bareboat_api::capacity as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{ContractId, LotId, OrganisationId, ProjectId, TypedId as _};

use super::{sees, sources};
use crate::routes::fleet::holdings::moment;
use crate::{Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/contracts/{contract}/capacity",
            "getContractCapacity",
            "Read what a contract's lots hold: now, in use, the next change, all dated intervals",
        )
        .needs(P::CapacityRead)
        .slow()
        .item(get_contract_capacity),
        Route::get(
            "/v1/capacity/groups",
            "listCapacityGroups",
            "List what contracts' lots hold: now, in use, the next change, all dated intervals",
        )
        .needs(P::CapacityRead)
        .parameter("contract", "Only this contract's: its id or label.")
        .parameter("lot", "Only this lot's: its id or label.")
        .parameter("organisation", "Only this account's: its id or label.")
        .parameter("project", "Only this project's: its id or label.")
        .slow()
        .page(list_groups),
        Route::get(
            "/v1/capacity/accounts",
            "listAccountCapacity",
            "List how many nodes are delivered, healthy, reserved and in use, by account and project",
        )
        .needs(P::CapacityRead)
        .parameter("organisation", "Only this account's: its id or label.")
        .parameter("project", "Only this project's: its id or label.")
        .slow()
        .page(list_accounts),
    ]
}

fn get_contract_capacity(ask: &Ask) -> Result<wire::ContractCapacity, Problem> {
    let state = ask.state();
    let found = ask.row("contract", &state.contracts.contracts)?;
    ask.seen(sees(ask, found.id), found.id)?;
    let told = wire::ContractCapacity::of(sources(state), found.id, moment(ask));
    Ok(told)
}

/// The groups that are asked for and may be seen.
fn groups(
    ask: &Ask,
    (contract, lot): (Option<ContractId>, Option<LotId>),
) -> Result<Vec<wire::CapacityGroup>, Problem> {
    let state = ask.state();
    let account: Option<OrganisationId> =
        ask.param_ref("organisation", &state.access.organisations)?;
    let project: Option<ProjectId> = ask.param_ref("project", &state.access.projects)?;
    let counts = |id: ContractId| {
        let row = state.contracts.contract(id);
        let asked = row.is_some_and(|row| {
            let whose = row.client_organisation.unwrap_or(row.organisation);
            contract.is_none_or(|one| one == id)
                && account.is_none_or(|one| one == whose)
                && project.is_none_or(|one| one == row.project)
        });
        asked && sees(ask, id)
    };
    let mut groups = wire::groups_of(sources(state), moment(ask), counts);
    groups.retain(|group| lot.is_none_or(|lot| group.lot.0 == lot.uuid()));
    Ok(groups)
}

fn list_groups(ask: &Ask) -> Result<Page<wire::CapacityGroup>, Problem> {
    let contracts = &ask.state().contracts;
    let contract = ask.param_ref("contract", &contracts.contracts)?;
    let lot = ask.param_ref("lot", &contracts.lots)?;
    let groups = groups(ask, (contract, lot))?;
    ask.page_by_key((0_u32..).map(|n| n.to_be_bytes().to_vec()).zip(groups))
}

fn list_accounts(ask: &Ask) -> Result<Page<wire::AccountCapacity>, Problem> {
    let groups = groups(ask, (None, None))?;
    let state = ask.state();
    let rows = wire::AccountCapacity::of(&state.access, &state.fleet, &groups);
    ask.page_by_key(rows)
}
