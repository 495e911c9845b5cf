//! Contracts alone, where the book adds only what no domain can see.

use bareboat_base::Context;
use bareboat_contracts as contracts;

use crate::event::Event;
use crate::rejection::{BookRejection, Rejection};
use crate::state::State;

pub(crate) fn decide(
    state: &State,
    context: &Context,
    command: &contracts::Command,
) -> Result<Vec<Event>, Rejection> {
    use contracts::Command as C;
    match command {
        C::DraftContract(draft) => check_draft(state, draft)?,
        // Each of these is part of a wider act, and never happens alone.
        C::SignContract(_)
        | C::ExerciseExtension(_)
        | C::RecordWindDownStep(_)
        | C::EndContract(_) => {
            let problem =
                "signing, extending, a wind-down's steps and ending are acts of the whole book";
            return Err(BookRejection::Inconsistent {
                problem: problem.to_owned(),
            }
            .into());
        }
        C::ResumeAccess(resume) if state.contracts.open_wind_down(resume.contract).is_some() => {
            let problem = "access is not given back while a wind-down is open";
            return Err(BookRejection::Inconsistent {
                problem: problem.to_owned(),
            }
            .into());
        }
        _ => {}
    }
    let events = contracts::decide(&state.contracts, context, command)?;
    Ok(events.into_iter().map(Event::from).collect())
}

/// Everything a draft names must be in the book, and agree with it.
fn check_draft(state: &State, draft: &contracts::DraftContract) -> Result<(), Rejection> {
    let unknown = |kind: &'static str, id: String| Err(BookRejection::Unknown { kind, id }.into());
    if state.ledger.entity(draft.entity).is_none() {
        return unknown("entity", draft.entity.to_string());
    }
    for party in [draft.partner, draft.client] {
        if state.parties.party(party).is_none() {
            return unknown("party", party.to_string());
        }
    }
    for organisation in [Some(draft.organisation), draft.client_organisation]
        .into_iter()
        .flatten()
    {
        if !state.access.organisations.contains(&organisation) {
            return unknown("organisation", organisation.to_string());
        }
    }
    match state.access.projects.get(&draft.project) {
        None => return unknown("project", draft.project.to_string()),
        Some(project)
            if ![Some(draft.organisation), draft.client_organisation]
                .contains(&Some(project.organisation)) =>
        {
            let problem = format!(
                "project {} belongs to neither the partner nor the client",
                project.code
            );
            return Err(BookRejection::Inconsistent { problem }.into());
        }
        Some(_) => {}
    }
    for lot in &draft.lots {
        let Some(model) = state.fleet.models.get(&lot.model) else {
            return unknown("model", lot.model.to_string());
        };
        let Some(site) = state.fleet.sites.get(&lot.site) else {
            return unknown("site", lot.site.to_string());
        };
        if model.gpus_per_node != lot.gpus_per_node || site.zone != lot.zone {
            let problem = format!(
                "lot of {} at {} does not carry the fleet's facts",
                model.code, site.code
            );
            return Err(BookRejection::Inconsistent { problem }.into());
        }
    }
    Ok(())
}
