//! Quotes on the wire.

use bareboat_base::{Instant, QuoteId};
use bareboat_capacity as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Shape, Sources};
use crate::fleet::label_in;
use crate::wire;

/// Offers a draft at the price of its terms, and holds its capacity until the offer expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeQuote {
    /// The first instant at which it holds nothing.
    pub expires_at: wire::Instant,
}

/// What a quote holds for one lot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hold {
    /// The lot.
    pub lot: wire::Id,
    /// The lot's label.
    pub lot_label: String,
    /// The pool.
    pub pool: wire::Id,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// How many nodes, throughout.
    pub nodes: u32,
    /// How many GPUs those are.
    pub gpus: Option<u32>,
    /// When.
    pub window: wire::Window,
    /// An extension option, directly after the window.
    pub option: Option<wire::Window>,
    /// How the nodes lie in the fabric.
    pub shape: Shape,
}

impl Hold {
    fn of(sources: Sources<'_>, hold: &domain::Hold) -> Self {
        let (site_code, model_code, gpus_per_node) = sources.codes(hold.pool);
        Self {
            lot: hold.lot.into(),
            lot_label: sources.lot_label(hold.lot),
            pool: hold.pool.into(),
            site_code,
            model_code,
            nodes: hold.nodes.0,
            gpus: hold.nodes.gpus(gpus_per_node).map(|gpus| gpus.0),
            window: hold.window.into(),
            option: hold.option.map(Into::into),
            shape: hold.shape.into(),
        }
    }
}

/// A priced, dated, expiring offer that holds capacity softly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quote {
    /// Its id.
    pub id: wire::Id,
    /// Its label: `Q-0001`.
    pub label: String,
    /// The contract that it offers.
    pub contract: wire::Id,
    /// The contract's label.
    pub contract_label: String,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// `open`, `taken`, `withdrawn` or `lapsed`: lapsed from the instant of its expiry.
    pub status: String,
    /// What one GPU costs for one hour.
    pub price_per_gpu_hour: wire::MicroPrice,
    /// What the contract's first term comes to.
    pub committed: Option<wire::Money>,
    /// The first instant at which it holds nothing.
    pub expires_at: wire::Instant,
    /// What it holds while it is open.
    pub holds: Vec<Hold>,
    /// How it came to be.
    pub recorded: wire::Recorded,
}

impl Quote {
    /// The quote with an id, as it stands at an instant.
    pub fn of(sources: Sources<'_>, id: QuoteId, now: Instant) -> Option<Self> {
        let row = sources.capacity.quotes.get(&id)?;
        let committed = sources.contracts.committed(row.contract);
        let holds = row.holds.iter();
        Some(Self {
            id: id.into(),
            label: label_in(&sources.capacity.quotes, id),
            contract: row.contract.into(),
            contract_label: sources.contract_label(row.contract),
            contract_reference: sources.reference(row.contract),
            status: row.status_at(now).as_str().to_owned(),
            price_per_gpu_hour: row.price.into(),
            committed: committed.and_then(Result::ok).map(Into::into),
            expires_at: row.expires_at.into(),
            holds: holds.map(|hold| Hold::of(sources, hold)).collect(),
            recorded: row.recorded.into(),
        })
    }
}
