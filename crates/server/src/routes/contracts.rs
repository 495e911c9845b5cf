//! Contracts: drafting, signing, extending, stopping access, and what a client uses GPUs for.

mod bulk;
pub(super) mod documents;
mod draft;
mod lots;
mod wind_downs;

use bareboat_access::Permission as P;
use bareboat_api::contracts as wire;
use bareboat_api::wire::Ref;
use bareboat_api::{Page, Problem, limit};
use bareboat_base::{Code, ContractId, NodeSet};
use bareboat_book::acts::{self, Act as Spanning};
use bareboat_book::{Command, State};
use bareboat_contracts::{self as domain, Command as Contracts};

use super::fleet::holdings::contract_in;
use crate::{Act, Ask, Route};
use documents::{Keep, kept};

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = contracts();
    all.extend(bulk::routes());
    all.extend(acts());
    all.extend(lots::routes());
    all.extend(wind_downs::routes());
    all
}

fn contracts() -> Vec<Route> {
    vec![
        Route::get("/v1/contracts", "listContracts", "List contracts")
            .needs(P::ContractsRead)
            .parameter("status", "Only those that stand so: `draft`, `signed` …")
            .parameter("organisation", "Only this partner's: its id or label.")
            .parameter("client", "Only this client's: the party's id or label.")
            .parameter("reference", "Only the one with this reference.")
            .page(list_contracts),
        Route::post(
            "/v1/contracts",
            "draftContract",
            "Write a contract down, not yet binding",
        )
        .needs(P::ContractsDraft)
        .create::<wire::DraftContract, wire::Contract, _>(draft::draft_contract),
        Route::get("/v1/contracts/{contract}", "getContract", "Read a contract")
            .needs(P::ContractsRead)
            .item(get_contract),
        Route::post(
            "/v1/contracts/{contract}/withdraw",
            "withdrawContract",
            "Give a draft up",
        )
        .needs(P::ContractsDraft)
        .command::<wire::Contract, _>(withdraw_contract),
    ]
}

fn acts() -> Vec<Route> {
    vec![
        Route::post(
            "/v1/contracts/{contract}/sign",
            "signContract",
            "Make a draft binding: determination, reservations, prepayment",
        )
        .needs(P::ContractsSign)
        .change::<wire::SignContract, wire::Contract, _>(sign_contract),
        Route::post(
            "/v1/contracts/{contract}/extend",
            "extendContract",
            "Exercise a contract's extension",
        )
        .needs(P::ContractsSign)
        .change::<wire::ExtendContract, wire::Contract, _>(extend_contract),
        Route::post(
            "/v1/contracts/{contract}/suspend",
            "suspendAccess",
            "Stop access pending a decision; nothing is destroyed",
        )
        .needs(P::ContractsWindDown)
        .change::<wire::ChangeAccess, wire::ContractAccess, _>(suspend_access),
        Route::post(
            "/v1/contracts/{contract}/resume",
            "resumeAccess",
            "Give access back",
        )
        .needs(P::ContractsApprove)
        .change::<wire::ChangeAccess, wire::ContractAccess, _>(resume_access),
        Route::get(
            "/v1/contracts/{contract}/use",
            "getUse",
            "Read what a client uses GPUs for, as last declared",
        )
        .needs(P::RulebookRead)
        .item(get_use),
        Route::post(
            "/v1/contracts/{contract}/use",
            "declareUse",
            "Record what a client uses GPUs for, and what diligence knows of it",
        )
        .needs(P::ContractsDeclareUse)
        .body_limit(limit::BULK_BODY)
        .change::<wire::DeclareUse, wire::EndUse, _>(declare_use),
    ]
}

/// A contract with its lots, as it is shown. `office`: to the operator's own people.
pub(super) fn contract(state: &State, id: ContractId, office: bool) -> Option<wire::Contract> {
    let table = &state.contracts.contracts;
    let (handle, row) = (table.handle(&id)?, table.get(&id)?);
    let lots = row.lots.iter();
    let lots = lots.filter_map(|lot| lots::lot(state, *lot)).collect();
    let contracts = &state.contracts;
    Some(wire::Contract::of(contracts, handle, id, row, lots, office))
}

/// The code of the site that nodes stand at.
pub(super) fn site_code(state: &State, nodes: &NodeSet) -> Option<bareboat_api::wire::Code> {
    let site = state.fleet.sites.get(&nodes.site())?;
    Some(site.code.clone().into())
}

/// The contract that a field of the body names: by id, label or reference. It is there only for
/// those who may see it.
pub(super) fn named_contract(
    ask: &Ask,
    field: &str,
    reference: &Ref,
) -> Result<ContractId, Problem> {
    let contracts = &ask.state().contracts;
    let id = match (
        ask.resolve(field, &contracts.contracts, reference),
        Code::new(&reference.0),
    ) {
        (Ok(found), _) => found.id,
        (Err(problem), Err(_)) => return Err(problem),
        // A reference that nobody has reads like one that the caller may not see.
        (Err(_), Ok(code)) => contracts
            .by_reference(&code)
            .ok_or_else(crate::ask::not_found::<ContractId>)?,
    };
    ask.seen(contract_in(ask.state(), ask.reach(), id), id)?;
    Ok(id)
}

fn list_contracts(ask: &Ask) -> Result<Page<wire::Contract>, Problem> {
    let state = ask.state();
    let status: Option<wire::ContractStatus> = ask.parsed("status")?;
    let of = ask.param_ref("organisation", &state.access.organisations)?;
    let client = ask.param_ref("client", &state.parties.parties)?;
    let reference: Option<Code> = ask.parsed("reference")?;
    let office = ask.reach().is_book();
    ask.page(&state.contracts.contracts, |_, id, row| {
        let asked = status.is_none_or(|status| status == row.status.into())
            && of.is_none_or(|of| of == row.organisation)
            && client.is_none_or(|client| client == row.client)
            && reference.as_ref().is_none_or(|one| *one == row.reference);
        if asked && contract_in(state, ask.reach(), id) {
            contract(state, id, office)
        } else {
            None
        }
    })
}

/// The contract that the path names, when the caller may see it.
fn seen_contract(ask: &Ask) -> Result<ContractId, Problem> {
    let id = ask.row("contract", &ask.state().contracts.contracts)?.id;
    ask.seen(contract_in(ask.state(), ask.reach(), id), id)?;
    Ok(id)
}

fn get_contract(ask: &Ask) -> Result<wire::Contract, Problem> {
    let id = seen_contract(ask)?;
    let shown = contract(ask.state(), id, ask.reach().is_book());
    shown.ok_or_else(crate::ask::not_found::<ContractId>)
}

/// The contract that the path names, for an act of the operator's own people.
pub(super) fn written_contract(ask: &Ask) -> Result<ContractId, Problem> {
    let state = ask.state();
    let id = ask.row("contract", &state.contracts.contracts)?.id;
    ask.may_act(id, P::ContractsRead, |part| contract_in(state, part, id))?;
    ask.whole_book()?;
    Ok(id)
}

/// A command that stops access or gives it back. Who does that need not know prices.
fn changing_access(id: ContractId, command: Contracts) -> Act {
    let answer = move |state: &State| {
        let table = &state.contracts.contracts;
        let (handle, row) = (table.handle(&id)?, table.get(&id)?);
        Some(wire::ContractAccess::of(handle, id, row))
    };
    Act::new(Command::Contracts(command), move |state, _| answer(state))
        .guarded(move |state| contract(state, id, true))
}

/// A command that changes a contract, and answers with it.
fn changing(id: ContractId, command: Command) -> Act {
    Act::new(command, move |state, _| contract(state, id, true))
        .guarded(move |state| contract(state, id, true))
}

fn withdraw_contract(ask: &Ask) -> Result<Act, Problem> {
    let contract = written_contract(ask)?;
    let command = Contracts::WithdrawDraft(domain::WithdrawDraft { contract });
    Ok(changing(contract, Command::Contracts(command)))
}

fn sign_contract(ask: &Ask, body: wire::SignContract) -> Result<Act, Problem> {
    let contract = written_contract(ask)?;
    let act = acts::Sign {
        contract,
        signed_on: body.signed_on.0,
    };
    Ok(changing(contract, Command::Act(Spanning::Sign(act))))
}

fn extend_contract(ask: &Ask, body: wire::ExtendContract) -> Result<Act, Problem> {
    let contract = written_contract(ask)?;
    let act = acts::Extend {
        contract,
        on: body.on.0,
    };
    Ok(changing(contract, Command::Act(Spanning::Extend(act))))
}

fn suspend_access(ask: &Ask, body: wire::ChangeAccess) -> Result<Act, Problem> {
    let contract = written_contract(ask)?;
    let command = Contracts::SuspendAccess(domain::SuspendAccess {
        contract,
        at: body.at.0,
        reason: body.reason.0,
    });
    Ok(changing_access(contract, command))
}

fn resume_access(ask: &Ask, body: wire::ChangeAccess) -> Result<Act, Problem> {
    let contract = written_contract(ask)?;
    let command = Contracts::ResumeAccess(domain::ResumeAccess {
        contract,
        at: body.at.0,
        reason: body.reason.0,
    });
    Ok(changing_access(contract, command))
}

fn end_use(state: &State, id: ContractId) -> Option<wire::EndUse> {
    let row = state.uses.get(&id)?;
    let declared = row.declared.clone();
    Some(wire::EndUse {
        contract: id.into(),
        purpose: declared.purpose.map(Into::into),
        wmd: declared.wmd,
        military_intelligence: declared.military_intelligence,
        training_for_d5_party: declared.training_for_d5_party,
        diversion: declared.diversion,
        ear_activity: declared.ear_activity.map(Into::into),
        declared_on: declared.declared_on.into(),
        source: declared.source.into(),
        document: declared.document.map(Into::into),
        document_sealed: declared.document.and_then(|digest| {
            let document = state.seals.documents.get(&digest)?;
            Some(document.sealed.id.into())
        }),
        recorded: row.recorded.into(),
    })
}

fn get_use(ask: &Ask) -> Result<wire::EndUse, Problem> {
    let id = ask.row("contract", &ask.state().contracts.contracts)?.id;
    // What diligence knows of a client is not for the client.
    ask.seen(ask.reach().is_book(), id)?;
    let none = "no use has been declared for the contract";
    let missing = || Problem::edge(bareboat_api::code::Edge::NotFound, none);
    end_use(ask.state(), id).ok_or_else(missing)
}

fn declare_use(ask: &Ask, body: wire::DeclareUse) -> Result<Act, Problem> {
    let contract = written_contract(ask)?;
    let (document, keep) = match &body.document {
        None => (None, Keep::Nothing),
        Some(evidence) => {
            let (digest, keep) = kept(ask, contract, "document", evidence)?;
            (Some(digest), keep)
        }
    };
    let declared = bareboat_book::command::DeclareUse {
        contract,
        purpose: body.purpose.map(|code| code.0),
        wmd: body.wmd,
        military_intelligence: body.military_intelligence,
        training_for_d5_party: body.training_for_d5_party,
        diversion: body.diversion,
        ear_activity: body.ear_activity.map(Into::into),
        declared_on: body.declared_on.0,
        source: body.source.0,
        document,
    };
    let act = Act::new(Command::DeclareUse(declared), move |state, _| {
        end_use(state, contract)
    });
    let act = act.guarded(move |state| end_use(state, contract));
    Ok(keep.with(act))
}
