//! Finding what has a code: a model, a site, a hall, an entity is named by its id, its label or
//! its code.

use std::hash::Hash;

use bareboat_api::Problem;
use bareboat_api::code::Edge;
use bareboat_api::wire::Ref;
use bareboat_base::id::label_number;
use bareboat_base::{Code, EntityId, HallId, Handle, ModelId, PoolId, SiteId, Table, TypedId};

use crate::Ask;
use crate::ask::not_found;
use crate::query::invalid;

/// The row that a text names, `None` when no row has that name; an error when it can be no name.
/// An id or label comes first, so that no code can be put in front of a thing that exists.
pub(crate) fn find<I: TypedId + Hash, V: Clone>(
    table: &Table<I, V>,
    text: &str,
    code: impl Fn(&V) -> Option<&Code>,
) -> Result<Option<I>, String> {
    if let Ok(uuid) = uuid::Uuid::try_parse(text) {
        let id = I::from_uuid(uuid);
        return Ok(table.contains(&id).then_some(id));
    }
    let handle = label_number::<I>(text).and_then(Handle::from_number);
    if let Some((id, _)) = handle.and_then(|handle| table.at(handle)) {
        return Ok(Some(*id));
    }
    let wanted = Code::new(text).map_err(|error| {
        let shown: String = text.chars().take(64).collect();
        format!("{shown:?} is neither an id nor a label nor a code: {error}")
    })?;
    let mut rows = table.iter();
    let found = rows.find(|(_, _, row)| code(row) == Some(&wanted));
    Ok(found.map(|(_, id, _)| *id))
}

/// The row that a segment of the path names.
pub(crate) fn path<I: TypedId + Hash, V: Clone>(
    ask: &Ask,
    name: &str,
    table: &Table<I, V>,
    code: impl Fn(&V) -> &Code,
) -> Result<I, Problem> {
    let found = find(table, ask.argument(name), |row| Some(code(row)));
    let found = found.map_err(|why| Problem::edge(Edge::InvalidPath, format!("{name}: {why}")))?;
    found.ok_or_else(not_found::<I>)
}

/// The row that a query parameter names: a nil id, which no row has, when there is none.
pub(crate) fn param<I: TypedId + Hash, V: Clone>(
    ask: &Ask,
    name: &str,
    table: &Table<I, V>,
    code: impl Fn(&V) -> &Code,
) -> Result<Option<I>, Problem> {
    let Some(text) = ask.param(name) else {
        return Ok(None);
    };
    let found = find(table, text, |row| Some(code(row))).map_err(|why| invalid(name, why))?;
    Ok(Some(
        found.unwrap_or_else(|| I::from_uuid(uuid::Uuid::nil())),
    ))
}

/// The row that a field of the body names.
pub(crate) fn field<I: TypedId + Hash, V: Clone>(
    ask: &Ask,
    name: &str,
    table: &Table<I, V>,
    reference: &Ref,
    code: impl Fn(&V) -> Option<&Code>,
) -> Result<I, Problem> {
    let found = find(table, &reference.0, code).map_err(|why| ask.field(name, why))?;
    found.ok_or_else(not_found::<I>)
}

/// The site that a field of the body names.
pub(crate) fn site(ask: &Ask, name: &str, reference: &Ref) -> Result<SiteId, Problem> {
    let table = &ask.state().fleet.sites;
    field(ask, name, table, reference, |row| Some(&row.code))
}

/// The model that a field of the body names.
pub(crate) fn model(ask: &Ask, name: &str, reference: &Ref) -> Result<ModelId, Problem> {
    let table = &ask.state().fleet.models;
    field(ask, name, table, reference, |row| Some(&row.code))
}

/// The legal entity that a field of the body names.
pub(crate) fn entity(ask: &Ask, name: &str, reference: &Ref) -> Result<EntityId, Problem> {
    let table = &ask.state().ledger.entities;
    field(ask, name, table, reference, |row| Some(&row.code))
}

/// The hall of a site that a text names: its code there, its id or its label.
pub(crate) fn hall_of(ask: &Ask, site: SiteId, text: &str) -> Result<HallId, String> {
    let halls = &ask.state().fleet.halls;
    let found = find(halls, text, |row| (row.site == site).then_some(&row.code))?;
    let found = found.filter(|id| halls.get(id).is_some_and(|row| row.site == site));
    found.ok_or_else(|| {
        let shown: String = text.chars().take(64).collect();
        format!("the site has no hall {shown}")
    })
}

/// The pool that a text names: its id, its label, or `SITE:MODEL` by their codes.
pub(crate) fn find_pool(ask: &Ask, text: &str) -> Result<Option<PoolId>, String> {
    let state = ask.state();
    let Some((site, model)) = text.split_once(':') else {
        return find(&state.capacity.pools, text, |_| None);
    };
    let site = find(&state.fleet.sites, site, |row| Some(&row.code))?;
    let model = find(&state.fleet.models, model, |row| Some(&row.code))?;
    let pair = site.zip(model);
    Ok(pair.and_then(|(site, model)| state.capacity.pool_of(site, model)))
}
