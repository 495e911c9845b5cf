//! What was agreed, and how it ends.

use bareboat_base::{ContractId, LotId, WindDownId};
use bareboat_contracts::Price;

use super::{Audience, Explainer, Explanation, Subject, label_of};
use crate::facts::party_label;

impl Explainer<'_> {
    pub(super) fn contract(&self, id: ContractId, depth: u32) -> Option<Explanation> {
        let contracts = &self.state.contracts;
        let row = contracts.contract(id)?;
        let price = match row.price {
            Price::FixedTotal(total) => format!("{total:#} in all"),
            Price::PerGpuHour(price) => format!("{price} per GPU-hour"),
        };
        let mut told = Explanation::new(
            id,
            label_of(&contracts.contracts, id),
            format!("contract {}", row.reference),
        )
        .fact_for(
            Audience::PartyReaders(row.partner),
            "partner",
            party_label(self.state, row.partner),
        )
        .fact_for(
            Audience::PartyReaders(row.client),
            "client",
            party_label(self.state, row.client),
        )
        .fact("price", price)
        .fact("take or pay", row.take_or_pay)
        .fact("term", row.term)
        .fact("status", row.status.as_str())
        .recorded(row.recorded);
        if let Some(Ok(price)) = contracts.price_per_gpu_hour(id) {
            told = told.fact(
                "price per GPU-hour, derived on stated hours",
                price.rounded(),
            );
        }
        if let Some(signed) = row.signed_on {
            told = told.fact("signed on", signed);
        }
        Some(
            told.because(
                row.determination
                    .and_then(|id| self.of(Subject::Determination(id), depth)),
            ),
        )
    }

    pub(super) fn lot(&self, id: LotId, depth: u32) -> Option<Explanation> {
        let contracts = &self.state.contracts;
        let row = contracts.lot(id)?;
        let code = |found: Option<&bareboat_base::Code>| {
            found.map_or_else(String::new, |code| code.to_string())
        };
        let model = code(
            self.state
                .fleet
                .models
                .get(&row.model)
                .map(|model| &model.code),
        );
        let site = code(self.state.fleet.sites.get(&row.site).map(|site| &site.code));
        let told = Explanation::new(
            id,
            label_of(&contracts.lots, id),
            format!("{} of {model} at {site}", row.gpus),
        )
        .fact("nodes", row.nodes.0)
        .fact("window", row.window)
        .fact("stated hours", row.stated_hours)
        .recorded(row.recorded);
        Some(told.because(self.of(Subject::Contract(row.contract), depth)))
    }

    pub(super) fn wind_down(&self, id: WindDownId, depth: u32) -> Option<Explanation> {
        let contracts = &self.state.contracts;
        let row = contracts.wind_down(id)?;
        let mut told = Explanation::new(
            id,
            label_of(&contracts.wind_downs, id),
            row.reason.to_string(),
        )
        .fact_for(Audience::Office, "impact", &row.impact)
        .fact("requested by", row.requested_by)
        .fact(
            "approved by",
            row.approved_by
                .map_or("nobody yet".to_owned(), |by| by.to_string()),
        )
        .fact("notice on", row.notice_on)
        .fact("ends on", row.ends_on)
        .recorded(row.recorded);
        for step in &row.steps {
            told = told.fact(
                step.step.as_str(),
                format!("{}, evidence {}", step.at, step.evidence),
            );
        }
        Some(
            told.because(
                row.determination
                    .and_then(|id| self.of(Subject::Determination(id), depth)),
            )
            .because(self.of(Subject::Contract(row.contract), depth)),
        )
    }
}
