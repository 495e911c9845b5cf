//! Contracts alone, where the book adds only what no domain can see.

use bareboat_access::OrganisationKind;
use bareboat_base::Context;
use bareboat_contracts as contracts;
use bareboat_rulebook::Activity;

use crate::acts::determine::{self, Determine};
use crate::acts::quote;
use crate::acts::sign::{in_contracts, unknown_contract};
use crate::draft::Draft;
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
        C::SettleStarts(_)
        | C::SignContract(_)
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
        C::WithdrawDraft(withdraw) => {
            return quote::withdraw_draft(state, context, command, withdraw.contract);
        }
        C::ResumeAccess(resume) => return resume_access(state, context, resume),
        _ => {}
    }
    let events = contracts::decide(&state.contracts, context, command)?;
    Ok(events.into_iter().map(Event::from).collect())
}

/// Access is given back only to those whom the rules let in today.
fn resume_access(
    state: &State,
    context: &Context,
    resume: &contracts::ResumeAccess,
) -> Result<Vec<Event>, Rejection> {
    let contract = resume.contract;
    if state.contracts.open_wind_down(contract).is_some() {
        let problem = "access is not given back while a wind-down is open".to_owned();
        return Err(BookRejection::Inconsistent { problem }.into());
    }
    let command = contracts::Command::ResumeAccess(resume.clone());
    // The domain's own refusal says it best; nothing else needs to be judged first.
    contracts::decide(&state.contracts, context, &command)?;
    let row = state.contracts.contract(contract);
    let row = row.ok_or_else(|| unknown_contract(contract))?;
    let judge = Determine {
        contract,
        activity: Activity::GrantAccess,
        legal_date: context.recorded_at.date_in(&row.billing_zone),
    };
    let mut draft = Draft::new(state, context);
    determine::require(&mut draft, &judge, None, false)?;
    draft.run(in_contracts, &command)?;
    Ok(draft.finish())
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
    check_organisations(state, draft)?;
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

/// Whoever is given access must be whom the rules judge: the organisations of a draft stand for
/// its parties.
fn check_organisations(state: &State, draft: &contracts::DraftContract) -> Result<(), Rejection> {
    let partner = (draft.organisation, OrganisationKind::Partner, draft.partner);
    let client = draft
        .client_organisation
        .map(|organisation| (organisation, OrganisationKind::Tenant, draft.client));
    for (organisation, kind, party) in std::iter::once(partner).chain(client) {
        let Some(row) = state.access.organisations.get(&organisation) else {
            let (kind, id) = ("organisation", organisation.to_string());
            return Err(BookRejection::Unknown { kind, id }.into());
        };
        let problem = if row.kind != kind {
            format!("organisation {} is no {}", row.code, kind.as_str())
        } else if row.party != Some(party) {
            let label = state.parties.party_label(party);
            let label = label.unwrap_or_else(|| party.to_string());
            format!("organisation {} does not stand for party {label}", row.code)
        } else if kind == OrganisationKind::Tenant && row.parent != Some(draft.organisation) {
            format!("organisation {} is not under the partner's", row.code)
        } else {
            continue;
        };
        return Err(BookRejection::Inconsistent { problem }.into());
    }
    Ok(())
}
