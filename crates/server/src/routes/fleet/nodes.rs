//! Nodes: what they are, where they stand, whose they are, how they move, how they were erased.

use bareboat_access::Permission as P;
use bareboat_api::capacity::Outages;
use bareboat_api::code::Edge;
use bareboat_api::fleet as wire;
use bareboat_api::{Page, Problem};
use bareboat_base::node::parse_node_label;
use bareboat_base::{
    ModelId, NodeId, NodeSet, SanitisationId, SiteId, TypedId as _, id::derive_id,
};
use bareboat_book::Command;
use bareboat_fleet::{self as domain, Command as Fleet, NodeView, Phase};

use super::holdings::{self, Holdings, moment};
use super::{bulk, refs};
use crate::ask::not_found;
use crate::bulk::{CSV, JSONL, to_csv, to_jsonl};
use crate::routes::capacity::aftermath::Before;
use crate::{Act, Ask, Route};

pub(super) fn routes() -> Vec<Route> {
    let mut all = vec![
        Route::get("/v1/nodes", "listNodes", "List nodes")
            .needs(P::FleetRead)
            .parameter("site", "Only at this site: its code, label or id.")
            .parameter("model", "Only of this model: its code, label or id.")
            .parameter("phase", "Only in this phase.")
            .parameter("allocation", "Only this allocation's now: its id or label.")
            .slow()
            .page(list_nodes),
        Route::get("/v1/nodes/{node}", "getNode", "Read a node, by label or id")
            .needs(P::FleetRead)
            .slow()
            .item(get_node),
        Route::post(
            "/v1/nodes/advance",
            "advanceNodes",
            "Move nodes to another phase, all or none; the answer lists what that newly puts at risk",
        )
        .needs(P::FleetOperate)
        .slow()
        .change::<wire::AdvanceNodes, wire::Advanced, _>(advance_nodes),
    ];
    all.extend(exports());
    all.extend(sanitisations());
    all
}

fn exports() -> Vec<Route> {
    let filtered = |path, operation, summary| {
        Route::get(path, operation, summary)
            .needs(P::FleetRead)
            .parameter("site", "Only at this site: its code, label or id.")
            .parameter("model", "Only of this model: its code, label or id.")
            .parameter("phase", "Only in this phase.")
            .slow()
    };
    let csv = filtered(
        "/v1/nodes/export.csv",
        "exportNodesCsv",
        "Export nodes as CSV",
    );
    let lines = filtered(
        "/v1/nodes/export.jsonl",
        "exportNodesJsonl",
        "Export nodes as JSONL",
    );
    vec![
        csv.download(CSV, |ask| {
            let wanted = Wanted::of(ask)?;
            to_csv(exported(ask, &wanted).map(bulk::CsvRow::from))
        }),
        lines.download(JSONL, |ask| {
            let wanted = Wanted::of(ask)?;
            to_jsonl(exported(ask, &wanted))
        }),
    ]
}

fn sanitisations() -> Vec<Route> {
    vec![
        Route::get(
            "/v1/sanitisations",
            "listSanitisations",
            "List records of erasure",
        )
        .needs(P::SupplyRead)
        .parameter("site", "Only at this site: its code, label or id.")
        .page(list_sanitisations),
        Route::post(
            "/v1/sanitisations",
            "recordSanitisation",
            "Record that nodes were erased; they move on to validation",
        )
        .needs(P::FleetOperate)
        .create::<wire::RecordSanitisation, wire::Sanitisation, _>(record_sanitisation),
        Route::get(
            "/v1/sanitisations/{sanitisation}",
            "getSanitisation",
            "Read a record of erasure",
        )
        .needs(P::SupplyRead)
        .item(get_sanitisation),
    ]
}

/// What is asked of the nodes, and who asks.
struct Wanted<'a> {
    holdings: Holdings,
    outages: Outages<'a>,
    whole: bool,
    site: Option<SiteId>,
    model: Option<ModelId>,
    phase: Option<Phase>,
}

impl<'a> Wanted<'a> {
    fn of(ask: &'a Ask) -> Result<Self, Problem> {
        let fleet = &ask.state().fleet;
        Ok(Self {
            holdings: Holdings::of(ask),
            outages: Outages::at(&ask.state().capacity, moment(ask)),
            whole: ask.reach().is_book(),
            site: refs::param(ask, "site", &fleet.sites, |row| &row.code)?,
            model: refs::param(ask, "model", &fleet.models, |row| &row.code)?,
            phase: ask.parsed("phase")?,
        })
    }

    /// The node on the wire, when it is asked for and may be seen.
    fn node(&self, ask: &Ask, id: NodeId) -> Option<wire::Node> {
        let view = ask.state().fleet.node_by_id(id)?;
        let asked = self.site.is_none_or(|site| site == view.node.site)
            && self.model.is_none_or(|model| model == view.model)
            && self.phase.is_none_or(|phase| phase == view.phase)
            && (self.whole || self.holdings.contains(&view.node));
        asked.then(|| shown(ask, (&self.holdings, &self.outages), &view, self.whole))
    }
}

fn shown(
    ask: &Ask,
    (holdings, outages): (&Holdings, &Outages<'_>),
    view: &NodeView<'_>,
    whole: bool,
) -> wire::Node {
    let holder = holdings.holder(&view.node);
    let holder = holder.and_then(|id| holdings::holder(ask.state(), id, &view.node, moment(ask)));
    let known = (holder, outages.health(view));
    wire::Node::of(&ask.state().fleet, view, known, whole)
}

fn list_nodes(ask: &Ask) -> Result<Page<wire::Node>, Problem> {
    let state = ask.state();
    let wanted = Wanted::of(ask)?;
    let allocation = ask.param_ref("allocation", &state.capacity.allocations)?;
    ask.page(&state.fleet.nodes, |_, id, row| {
        let held = allocation.is_none_or(|id| wanted.holdings.holder(&row.node) == Some(id));
        held.then(|| wanted.node(ask, id)).flatten()
    })
}

fn exported<'a>(ask: &'a Ask, wanted: &'a Wanted<'_>) -> impl Iterator<Item = wire::Node> + 'a {
    let nodes = ask.state().fleet.nodes.iter();
    nodes.filter_map(|(_, id, _)| wanted.node(ask, *id))
}

/// The node that the path names, by label or id.
pub(super) fn named(ask: &Ask) -> Result<Option<NodeView<'_>>, Problem> {
    let fleet = &ask.state().fleet;
    let text = ask.argument("node");
    if let Ok(uuid) = uuid::Uuid::try_parse(text) {
        Ok(fleet.node_by_id(NodeId::from_uuid(uuid)))
    } else if parse_node_label(text).is_some() {
        Ok(fleet.node_by_label(text))
    } else {
        let shown: String = text.chars().take(64).collect();
        let why = "is neither a UUID nor a label such as N-OSA-000317";
        let detail = format!("node: {shown:?} {why}");
        Err(Problem::edge(Edge::InvalidPath, detail))
    }
}

fn get_node(ask: &Ask) -> Result<wire::Node, Problem> {
    let view = named(ask)?.ok_or_else(not_found::<NodeId>)?;
    let (holdings, whole) = (Holdings::of(ask), ask.reach().is_book());
    ask.seen(whole || holdings.contains(&view.node), view.id)?;
    let outages = Outages::at(&ask.state().capacity, moment(ask));
    Ok(shown(ask, (&holdings, &outages), &view, whole))
}

/// The nodes with numbers at a site, all of which must exist: a range may not stand for more
/// nodes than there are.
pub(crate) fn existing(
    ask: &Ask,
    site: SiteId,
    numbers: wire::Numbers,
) -> Result<NodeSet, Problem> {
    let nodes = numbers
        .at(site)
        .map_err(|error| ask.field("nodes", error))?;
    let received = ask.state().fleet.received_at(site);
    let beyond = nodes.runs().iter().find(|run| run.end() - 1 > received);
    match beyond {
        None => Ok(nodes),
        Some(run) => {
            let number = run.first.max(received + 1);
            let refused = domain::Rejection::NodeUnknown { site, number };
            Err(Problem::refused(&refused))
        }
    }
}

fn advance_nodes(ask: &Ask, body: wire::AdvanceNodes) -> Result<Act, Problem> {
    ask.whole_book()?;
    let site = refs::site(ask, "site", &body.site)?;
    let to: Phase = ask.parse("to", &body.to)?;
    if to == Phase::Allocated {
        // Else a node could be in a client's hands that no calendar and no determination knows.
        return Err(ask.field("to", "nodes come to be allocated with a lot only"));
    }
    let at = body.at.map_or_else(|| ask.now(), |at| at.0);
    let nodes = existing(ask, site, body.nodes)?;
    let command = domain::AdvanceNodes {
        nodes: nodes.clone(),
        to,
        at,
        reason: body.reason.map(|reason| reason.0),
    };
    let pools = if to.is_out() {
        let of = bareboat_book::acts::phases::by_pool(ask.state(), &nodes);
        of.into_iter().map(|(pool, _)| pool).collect()
    } else {
        Vec::new()
    };
    let before = Before::of(ask, pools);
    Ok(Act::new(
        Command::Fleet(Fleet::AdvanceNodes(command)),
        move |state, _| wire::Advanced {
            site: site.into(),
            site_code: state
                .fleet
                .sites
                .get(&site)
                .map(|row| row.code.clone().into()),
            nodes: (&nodes).into(),
            count: nodes.count().0,
            phase: to.to_string(),
            at: at.into(),
            at_risk: before.newly(state),
        },
    ))
}

fn list_sanitisations(ask: &Ask) -> Result<Page<wire::Sanitisation>, Problem> {
    let fleet = &ask.state().fleet;
    let site = refs::param(ask, "site", &fleet.sites, |row| &row.code)?;
    ask.page(&fleet.sanitisations, |_, id, row| {
        let asked = site.is_none_or(|site| site == row.nodes.site());
        asked.then(|| wire::Sanitisation::of(fleet, id)).flatten()
    })
}

fn get_sanitisation(ask: &Ask) -> Result<wire::Sanitisation, Problem> {
    let fleet = &ask.state().fleet;
    let id = ask.row("sanitisation", &fleet.sanitisations)?.id;
    wire::Sanitisation::of(fleet, id).ok_or_else(not_found::<SanitisationId>)
}

fn record_sanitisation(ask: &Ask, body: wire::RecordSanitisation) -> Result<Act, Problem> {
    ask.whole_book()?;
    let site = refs::site(ask, "site", &body.site)?;
    let method = match body.method.as_str() {
        "clear" => domain::SanitisationMethod::Clear,
        "purge" => domain::SanitisationMethod::Purge,
        _ => return Err(ask.field("method", "one of clear, purge")),
    };
    let command = domain::RecordSanitisation {
        nodes: existing(ask, site, body.nodes)?,
        method,
        performed_at: body.performed_at.0,
        evidence: body.evidence.0,
        performed_by: body.performed_by.0,
    };
    let id: SanitisationId = derive_id(ask.command_id(), 0);
    Ok(Act::new(
        Command::Fleet(Fleet::RecordSanitisation(command)),
        move |state, _| wire::Sanitisation::of(&state.fleet, id),
    ))
}
