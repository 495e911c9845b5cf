//! Why a determination says what it says.

use bareboat_base::{DeterminationId, HitId, ListSnapshotId, PartyId};

use super::{Audience, Explainer, Explanation, label_of};
use crate::facts::party_label;

impl Explainer<'_> {
    pub(super) fn determination(&self, id: DeterminationId) -> Option<Explanation> {
        let rulebook = &self.state.rulebook;
        let row = rulebook.determinations.get(&id)?;
        let label = label_of(&rulebook.determinations, id);
        let mut told =
            Explanation::new(id, label, format!("{} to {}", row.outcome(), row.activity))
                .fact("outcome", row.outcome())
                .fact("activity", row.activity)
                .fact("legal date", row.facts.legal_date)
                .recorded(row.recorded);
        for party in &row.facts.chain {
            told = told.fact(party.role.as_str(), &party.label);
        }
        for reason in &row.evaluation.reasons {
            told = told.fact(
                &format!("rule {}", reason.rule),
                format!(
                    "{}: {} [{}]",
                    reason.outcome, reason.because, reason.citation
                ),
            );
        }
        for missing in &row.evaluation.missing {
            told = told.fact("missing", &missing.says);
        }
        for flag in &row.evaluation.flags {
            told = told.fact("flag", flag);
        }
        for used in &row.evaluation.proof.rulebooks {
            let signed = used
                .signed_by
                .as_ref()
                .map_or("unsigned".to_owned(), |by| format!("signed by {by}"));
            told = told.fact(
                "rulebook",
                format!(
                    "{} {} ({signed}; {})",
                    used.regime, used.version, used.text_digest
                ),
            );
        }
        for draw in &row.draws {
            told = told.fact(
                "draws",
                format!(
                    "{} GPUs from authorisation {}",
                    draw.quantity, draw.authorisation
                ),
            );
        }
        Some(
            told.because_all(
                row.facts
                    .chain
                    .iter()
                    .filter_map(|party| self.party(party.party)),
            ),
        )
    }

    pub(super) fn party(&self, id: PartyId) -> Option<Explanation> {
        let row = self.state.parties.party(id)?;
        let label = label_of(&self.state.parties.parties, id);
        let shown = |value: Option<bareboat_base::Country>| {
            value.map_or("unknown".to_owned(), |c| c.to_string())
        };
        let told = Explanation::new(id, label, party_label(self.state, id))
            .fact("version", row.version)
            .fact("domicile", shown(row.facts.domicile))
            .fact("headquarters", shown(row.facts.headquarters))
            .fact("source", &row.facts.source.what)
            .recorded(row.amended);
        let listings = bareboat_screening::listings(&self.state.screening, id);
        Some(
            told.because_all(
                listings
                    .iter()
                    .filter_map(|listing| self.hit(listing.hit, 1)),
            ),
        )
    }

    pub(super) fn hit(&self, id: HitId, depth: u32) -> Option<Explanation> {
        let screening = &self.state.screening;
        let row = screening.hits.get(&id)?;
        let told = Explanation::new(
            id,
            label_of(&screening.hits, id),
            format!("hit on {}", row.found.list),
        )
        .fact_for(
            Audience::PartyReaders(row.party),
            "party",
            party_label(self.state, row.party),
        )
        .fact("list", &row.found.list)
        .fact("entry", &row.found.entry)
        .fact("score", format!("{} of 1000", row.found.score_permille))
        .fact("reasons", &row.found.reasons)
        .fact("status", row.status.word())
        .recorded(row.recorded);
        let list = (depth > 0)
            .then(|| self.list_snapshot(row.found.snapshot))
            .flatten();
        Some(told.because(list))
    }

    pub(super) fn list_snapshot(&self, id: ListSnapshotId) -> Option<Explanation> {
        let row = self.state.screening.snapshots.get(&id)?;
        let label = label_of(&self.state.screening.snapshots, id);
        let told = Explanation::new(
            id,
            label,
            format!("{} as published on {}", row.list, row.published_on),
        )
        .fact("publisher", &row.publisher)
        .fact("source", &row.source)
        .fact("entries", row.entry_count)
        .fact("publisher's bytes", row.original)
        .recorded(row.recorded);
        Some(told)
    }
}
