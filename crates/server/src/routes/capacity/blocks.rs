//! Blocks: nodes that were delivered to a tenant, taken together by it for one purpose.

use bareboat_access::Permission as P;
use bareboat_api::capacity as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{BlockId, ContractId, Instant, NodeCount};
use bareboat_book::acts::{self, Act as Spanning};
use bareboat_book::{Command, State};
use bareboat_capacity as domain;

use super::{sees, sources};
use crate::ask::not_found;
use crate::query::invalid;
use crate::routes::fleet::holdings::{contract_in, moment};
use crate::{Act, Ask, Route};

const STATUSES: [&str; 3] = ["live", "released", "ended"];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/blocks", "listBlocks", "List blocks of nodes that stand together")
            .needs(P::CapacityRead)
            .parameter("contract", "Only this contract's: its id or label.")
            .parameter("allocation", "Only this allocation's: its id or label.")
            .parameter("status", "Only `live`, `released` or `ended` ones.")
            .slow()
            .page(list_blocks),
        Route::get(
            "/v1/blocks/{block}",
            "getBlock",
            "Read a block with its nodes and where they stand",
        )
        .needs(P::CapacityRead)
        .slow()
        .item(get_block),
        Route::post(
            "/v1/blocks",
            "allocateBlock",
            "Take delivered nodes together within one leaf, NVLink domain or spine group, all or none",
        )
        .needs(P::CapacityBlock)
        .create::<wire::AllocateBlock, wire::Block, _>(allocate_block),
        Route::post(
            "/v1/blocks/{block}/release",
            "releaseBlock",
            "Give a block up; its nodes stay the allocation's",
        )
        .needs(P::CapacityBlock)
        .command::<wire::Block, _>(release_block),
    ]
}

fn list_blocks(ask: &Ask) -> Result<Page<wire::Block>, Problem> {
    let (state, at) = (ask.state(), moment(ask));
    let contract = ask.param_ref("contract", &state.contracts.contracts)?;
    let allocation = ask.param_ref("allocation", &state.capacity.allocations)?;
    let status = ask.param("status");
    if status.is_some_and(|status| !STATUSES.contains(&status)) {
        return Err(invalid("status", format!("one of {}", STATUSES.join(", "))));
    }
    let outages = wire::Outages::at(&state.capacity, at);
    ask.page(&state.capacity.blocks, |_, id, row| {
        let stands = wire::block_status_at(&state.capacity, row, at);
        let asked = contract.is_none_or(|contract| contract == row.contract)
            && allocation.is_none_or(|allocation| allocation == row.allocation)
            && status.is_none_or(|status| status == stands)
            && sees(ask, row.contract);
        let shown = asked.then(|| wire::Block::of(sources(state), &outages, id, at));
        shown.flatten()
    })
}

fn get_block(ask: &Ask) -> Result<wire::BlockDetail, Problem> {
    let (state, at) = (ask.state(), moment(ask));
    let found = ask.row("block", &state.capacity.blocks)?;
    ask.seen(sees(ask, found.row.contract), found.id)?;
    let outages = wire::Outages::at(&state.capacity, at);
    let shown = wire::BlockDetail::of(sources(state), &outages, found.id, at);
    shown.ok_or_else(not_found::<BlockId>)
}

/// The block as the newest event left it.
fn shown(state: &State, id: BlockId, at: Instant) -> Option<wire::Block> {
    let outages = wire::Outages::at(&state.capacity, at);
    wire::Block::of(sources(state), &outages, id, at)
}

/// Lets through who may take and give up blocks of a contract's nodes.
fn acts_for<I: bareboat_base::TypedId>(
    ask: &Ask,
    id: I,
    contract: ContractId,
) -> Result<(), Problem> {
    ask.may_act(id, P::CapacityRead, |part| {
        contract_in(ask.state(), part, contract)
    })
}

fn allocate_block(ask: &Ask, body: wire::AllocateBlock) -> Result<Act, Problem> {
    let state = ask.state();
    let allocations = &state.capacity.allocations;
    let found = ask.resolve("allocation", allocations, &body.allocation)?;
    acts_for(ask, found.id, found.row.contract)?;
    let act = acts::AllocateBlock {
        allocation: found.id,
        nodes: NodeCount(body.nodes),
        within: ask.parse("within", &body.within)?,
        purpose: body.purpose.0,
    };
    let command = Command::Act(Spanning::AllocateBlock(act));
    Ok(Act::new(command, |state, _| {
        let (_, id, _) = state.capacity.blocks.iter().next_back()?;
        shown(state, *id, state.recorded_at?)
    }))
}

fn release_block(ask: &Ask) -> Result<Act, Problem> {
    let found = ask.row("block", &ask.state().capacity.blocks)?;
    let block = found.id;
    acts_for(ask, block, found.row.contract)?;
    let now = moment(ask);
    let command = Command::Capacity(domain::ReleaseBlock { block }.into());
    let act = Act::new(command, move |state, _| {
        shown(state, block, state.recorded_at?)
    });
    Ok(act.guarded(move |state| shown(state, block, now)))
}
