//! Options in risk mode on the wire.

use bareboat_base::{PoolId, Window};
use bareboat_capacity as domain;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Sources;
use crate::fleet::label_in;
use crate::mirror::mirror;
use crate::wire;

mirror! {
    /// What the capacity of a pool's options may be used for until they lapse.
    OptionMode of domain::OptionMode {
        /// For nothing.
        Strict "strict",
        /// It may be sold: exposure says what could not be honoured then.
        Risk "risk",
    }
}

/// Says what the capacity of a pool's options may be used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetOptionMode {
    /// From now on; back to `strict` only where every option can be honoured.
    pub mode: OptionMode,
}

/// An option that might not be honoured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExposedOption {
    /// The contract.
    pub contract: wire::Id,
    /// The contract's label.
    pub contract_label: String,
    /// The contract's reference.
    pub contract_reference: Option<wire::Code>,
    /// The reservation that has the option.
    pub reservation: wire::Id,
    /// The reservation's label.
    pub reservation_label: String,
    /// How many nodes the option holds.
    pub nodes: u32,
}

/// What of a pool's options could not be honoured within a month, were all of them exercised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExposedMonth {
    /// The month in the site's zone: `2029-03`.
    pub month: String,
    /// Its instants, as far as they were asked for.
    pub window: wire::Window,
    /// The most nodes that options hold at an instant of it.
    pub held: u32,
    /// The most of them that could not be honoured at an instant of it.
    pub uncovered: u32,
    /// The options held at such an instant: any of them may be the one.
    pub options: Vec<ExposedOption>,
}

/// What of a pool's options could not be honoured, month by month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Exposure {
    /// The pool.
    pub pool: wire::Id,
    /// The pool's label.
    pub pool_label: String,
    /// The site's code.
    pub site_code: Option<wire::Code>,
    /// The model's code.
    pub model_code: Option<wire::Code>,
    /// `strict` or `risk`.
    pub option_mode: OptionMode,
    /// Months in which options hold nodes, in order.
    pub months: Vec<ExposedMonth>,
}

impl Exposure {
    /// The exposure of a pool in months that are named.
    pub fn of(sources: Sources<'_>, id: PoolId, months: Vec<(String, Window)>) -> Option<Self> {
        let row = sources.capacity.pools.get(&id)?;
        let (site_code, model_code, _) = sources.codes(id);
        let (names, windows): (Vec<_>, Vec<_>) = months.into_iter().unzip();
        let found = sources.capacity.exposure(id, &windows);
        let months = names.into_iter().zip(found);
        let held = months.filter(|(_, one)| one.held.0 > 0);
        Some(Self {
            pool: id.into(),
            pool_label: label_in(&sources.capacity.pools, id),
            site_code,
            model_code,
            option_mode: row.option_mode().into(),
            months: held
                .map(|(month, one)| ExposedMonth {
                    month,
                    window: one.window.into(),
                    held: one.held.0,
                    uncovered: one.uncovered.0,
                    options: exposed(sources, &one),
                })
                .collect(),
        })
    }
}

fn exposed(sources: Sources<'_>, one: &domain::Exposure) -> Vec<ExposedOption> {
    let options = one.options.iter();
    let options = options.map(|(reservation, contract, nodes)| ExposedOption {
        contract: (*contract).into(),
        contract_label: sources.contract_label(*contract),
        contract_reference: sources.reference(*contract),
        reservation: (*reservation).into(),
        reservation_label: label_in(&sources.capacity.reservations, *reservation),
        nodes: nodes.0,
    });
    options.collect()
}
