//! Models, sites, halls; orders, deliveries and receipts; nodes and their erasures.

mod bulk;
mod halls;
pub(crate) mod holdings;
pub(crate) mod nodes;
mod orders;
pub(crate) mod refs;
mod replace;

use bareboat_access::Permission as P;
use bareboat_api::fleet as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::{HallId, ModelId, SiteId, id::derive_id};
use bareboat_book::Command;
use bareboat_fleet::{self as domain, Command as Fleet};

use crate::{Act, Ask, Route};
use holdings::Holdings;

/// The routes.
pub fn routes() -> Vec<Route> {
    let mut all = models();
    all.extend(sites());
    all.extend(halls());
    all.extend(orders::routes());
    all.extend(halls::routes());
    all.extend(nodes::routes());
    all.extend(replace::routes());
    all
}

fn models() -> Vec<Route> {
    vec![
        Route::get("/v1/models", "listModels", "List accelerator models")
            .needs(P::FleetRead)
            .page(list_models),
        Route::post(
            "/v1/models",
            "registerModel",
            "Make an accelerator model known",
        )
        .needs(P::FleetPlan)
        .create::<wire::RegisterModel, wire::Model, _>(register_model),
        Route::get(
            "/v1/models/{model}",
            "getModel",
            "Read an accelerator model, by code, label or id",
        )
        .needs(P::FleetRead)
        .item(get_model),
    ]
}

fn sites() -> Vec<Route> {
    vec![
        Route::get("/v1/sites", "listSites", "List sites")
            .needs(P::FleetRead)
            .page(list_sites),
        Route::post("/v1/sites", "registerSite", "Make a site known")
            .needs(P::FleetPlan)
            .create::<wire::RegisterSite, wire::Site, _>(register_site),
        Route::get(
            "/v1/sites/{site}",
            "getSite",
            "Read a site, by code, label or id",
        )
        .needs(P::FleetRead)
        .item(get_site),
    ]
}

fn halls() -> Vec<Route> {
    vec![
        Route::get("/v1/halls", "listHalls", "List halls")
            .needs(P::FleetRead)
            .parameter("site", "Only this site's: its code, label or id.")
            .slow()
            .page(list_halls),
        Route::post("/v1/halls", "addHall", "Add a hall to a site")
            .needs(P::FleetPlan)
            .create::<wire::AddHall, wire::Hall, _>(add_hall),
        Route::get("/v1/halls/{hall}", "getHall", "Read a hall")
            .needs(P::FleetRead)
            .slow()
            .item(get_hall),
    ]
}

fn list_models(ask: &Ask) -> Result<Page<wire::Model>, Problem> {
    let fleet = &ask.state().fleet;
    ask.page(&fleet.models, |_, id, _| wire::Model::of(fleet, id))
}

fn get_model(ask: &Ask) -> Result<wire::Model, Problem> {
    let id = refs::path(ask, "model", &ask.state().fleet.models, |row| &row.code)?;
    wire::Model::of(&ask.state().fleet, id).ok_or_else(crate::ask::not_found::<ModelId>)
}

fn register_model(ask: &Ask, body: wire::RegisterModel) -> Result<Act, Problem> {
    ask.whole_book()?;
    let command = domain::RegisterModel {
        code: body.code.0,
        vendor: body.vendor.0,
        gpus_per_node: body.gpus_per_node,
        memory_gb: body.memory_gb,
        tdp_watts: body.tdp_watts,
        tpp: body.tpp,
        performance_density_centi: body.performance_density_centi,
        dram_gbps: body.dram_gbps,
        eccn: body.eccn.0,
        nvlink_domain_gpus: body.nvlink_domain_gpus,
    };
    let id: ModelId = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Fleet(Fleet::RegisterModel(command)),
        move |state, _| wire::Model::of(&state.fleet, id),
    ))
}

fn list_sites(ask: &Ask) -> Result<Page<wire::Site>, Problem> {
    let fleet = &ask.state().fleet;
    let whole = ask.reach().is_book();
    ask.page(&fleet.sites, |_, id, _| wire::Site::of(fleet, id, whole))
}

fn get_site(ask: &Ask) -> Result<wire::Site, Problem> {
    let fleet = &ask.state().fleet;
    let id = refs::path(ask, "site", &fleet.sites, |row| &row.code)?;
    let found = wire::Site::of(fleet, id, ask.reach().is_book());
    found.ok_or_else(crate::ask::not_found::<SiteId>)
}

fn register_site(ask: &Ask, body: wire::RegisterSite) -> Result<Act, Problem> {
    ask.whole_book()?;
    let command = domain::RegisterSite {
        code: body.code.0,
        name: body.name.0,
        country: body.country.0,
        zone: body.zone.0,
        power_kw: body.power_kw,
        pue_milli: body.pue_milli,
    };
    let id: SiteId = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Fleet(Fleet::RegisterSite(command)),
        move |state, _| wire::Site::of(&state.fleet, id, true),
    ))
}

/// Which halls the caller may see: all, or those that nodes of its own stand in.
fn shown_halls(ask: &Ask) -> impl Fn(HallId) -> bool + use<> {
    let own = (!ask.reach().is_book()).then(|| Holdings::of(ask).halls(&ask.state().fleet));
    move |id| own.as_ref().is_none_or(|own| own.contains(&id))
}

fn list_halls(ask: &Ask) -> Result<Page<wire::Hall>, Problem> {
    let fleet = &ask.state().fleet;
    let site = refs::param(ask, "site", &fleet.sites, |row| &row.code)?;
    let shown = shown_halls(ask);
    ask.page(&fleet.halls, |_, id, row| {
        let asked = site.is_none_or(|site| site == row.site) && shown(id);
        asked.then(|| wire::Hall::of(fleet, id)).flatten()
    })
}

fn get_hall(ask: &Ask) -> Result<wire::Hall, Problem> {
    let fleet = &ask.state().fleet;
    let id = ask.row("hall", &fleet.halls)?.id;
    ask.seen(shown_halls(ask)(id), id)?;
    wire::Hall::of(fleet, id).ok_or_else(crate::ask::not_found::<HallId>)
}

fn add_hall(ask: &Ask, body: wire::AddHall) -> Result<Act, Problem> {
    ask.whole_book()?;
    let command = domain::AddHall {
        site: refs::site(ask, "site", &body.site)?,
        code: body.code.0,
    };
    let id: HallId = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Fleet(Fleet::AddHall(command)),
        move |state, _| wire::Hall::of(&state.fleet, id),
    ))
}
