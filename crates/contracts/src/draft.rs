//! What makes a contract: the checks of a draft.

use bareboat_base::{Context, DateWindow, MicroPrice, Money, Share};

use crate::command::DraftContract;
use crate::event::ContractDrafted;
use crate::lots;
use crate::model::{Extension, MOST_LOTS, Prepayment, Price};
use crate::rejection::Rejection;
use crate::state::{State, credit_dates};

/// The largest total, in minor units: a million million million.
const LARGEST_TOTAL: i128 = 1_000_000_000_000_000_000;
/// The largest price of a GPU-hour, in micro-units: a million.
const LARGEST_PRICE: i128 = 1_000_000_000_000;

pub(crate) fn draft(
    state: &State,
    context: &Context,
    command: &DraftContract,
) -> Result<ContractDrafted, Rejection> {
    if state.by_reference(&command.reference).is_some() {
        return Err(Rejection::ReferenceTaken {
            reference: command.reference.to_string(),
        });
    }
    if command.lots.is_empty() || command.lots.len() > MOST_LOTS {
        return Err(Rejection::LotCount {
            found: command.lots.len(),
            most: MOST_LOTS,
        });
    }
    let lots = lots::draft(context, &command.lots)?;
    if lots.len() > MOST_LOTS {
        return Err(Rejection::LotCount {
            found: lots.len(),
            most: MOST_LOTS,
        });
    }
    check_price(command.price, command)?;
    let term = term_of(lots.iter().map(|lot| lot.window))?;
    check_prepayment(command.prepayment, term)?;
    check_extension(command, term)?;
    Ok(ContractDrafted {
        contract: context.mint(0),
        reference: command.reference.clone(),
        entity: command.entity,
        partner: command.partner,
        client: command.client,
        organisation: command.organisation,
        client_organisation: command.client_organisation,
        project: command.project,
        currency: command.currency,
        billing_zone: command.billing_zone.clone(),
        lots,
        term,
        price: command.price,
        take_or_pay: command.take_or_pay,
        prepayment: command.prepayment,
        extension: command.extension,
        regulatory_termination: command.regulatory_termination,
        treatment: command.treatment,
    })
}

/// From the first day of all lots to the last.
pub(crate) fn term_of(
    lots: impl Iterator<Item = DateWindow> + Clone,
) -> Result<DateWindow, Rejection> {
    let from = lots.clone().map(|lot| lot.from()).min();
    let to = lots.map(|lot| lot.to()).max();
    match (from, to) {
        (Some(from), Some(to)) => Ok(DateWindow::new(from, to)?),
        _ => Err(Rejection::LotCount {
            found: 0,
            most: MOST_LOTS,
        }),
    }
}

fn check_price(price: Price, command: &DraftContract) -> Result<(), Rejection> {
    let bad = |reason: String| Err(Rejection::BadPrice { reason });
    if price.currency() != command.currency {
        return bad(format!(
            "it is in {}, the contract in {}",
            price.currency(),
            command.currency
        ));
    }
    let (amount, largest) = match price {
        Price::FixedTotal(Money { minor, .. }) => (minor, LARGEST_TOTAL),
        Price::PerGpuHour(MicroPrice { micro, .. }) => (micro, LARGEST_PRICE),
    };
    if amount <= 0 {
        return bad("it must be positive".to_owned());
    }
    if amount > largest {
        return bad("it is larger than any price that can be billed".to_owned());
    }
    Ok(())
}

pub(crate) fn check_prepayment(
    prepayment: Option<Prepayment>,
    term: DateWindow,
) -> Result<(), Rejection> {
    let Some(prepayment) = prepayment else {
        return Ok(());
    };
    let uncovered = |reason: String| Err(Rejection::PrepaymentUncovered { reason });
    if prepayment.share.units() == 0 {
        return uncovered("the share is zero; leave the prepayment out".to_owned());
    }
    let Ok(window) = credit_dates(term, prepayment.credited_after_months) else {
        return uncovered("crediting would begin after the term ends".to_owned());
    };
    // Credits run evenly over the window, charges over the term: a day's credit is covered by a
    // day's charge while share / window <= 1 / term.
    let credit = i128::from(prepayment.share.units()) * i128::from(term.days());
    let charge = i128::from(Share::UNITS) * i128::from(window.days());
    if credit > charge {
        return uncovered(format!(
            "{} of the price does not fit into the charges of {} of {} days",
            prepayment.share,
            window.days(),
            term.days()
        ));
    }
    Ok(())
}

fn check_extension(command: &DraftContract, term: DateWindow) -> Result<(), Rejection> {
    let Some(extension) = command.extension else {
        return Ok(());
    };
    check_price(extension.price, command)?;
    check_extension_term(extension, term)
}

pub(crate) fn check_extension_term(
    extension: Extension,
    term: DateWindow,
) -> Result<(), Rejection> {
    let bad = |reason: &str| {
        Err(Rejection::BadExtension {
            reason: reason.to_owned(),
        })
    };
    if extension.months == 0 || extension.months > 600 {
        return bad("it lasts 1 to 600 months");
    }
    if i64::from(extension.notice_days) > term.days() {
        return bad("its notice is longer than the term");
    }
    Ok(())
}
