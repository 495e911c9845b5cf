//! Quotes: capacity held softly for a priced offer, until it is taken, withdrawn or expires.
//!
//! A quote holds all its lots or none, and counts like a reservation. From the instant it expires
//! it holds nothing, whether or not that is recorded: whoever decides a promise first records the
//! lapse of all that expired, and whoever reads asks [`State::settled`].

use std::borrow::Cow;
use std::sync::Arc;

use bareboat_base::{
    Context, ContractId, Instant, LotId, MicroPrice, NodeCount, PoolId, Position, QuoteId,
    Recorded, Shape, Window,
};
use serde::{Deserialize, Serialize};

use crate::counts::Level;
use crate::decide::{Decision, NEWEST, after, plan_of, reserve};
use crate::place::Asker;
use crate::{Event, OptionMode, Part, Rejection, Reserve, State, apply};

/// What a quote holds of one pool for one lot, over a window and its option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The lot.
    pub lot: LotId,
    /// The pool.
    pub pool: PoolId,
    /// How many nodes, throughout.
    pub nodes: NodeCount,
    /// When.
    pub window: Window,
    /// How the nodes lie in the fabric.
    pub shape: Shape,
    /// Set when it is one delivery of several of a lot.
    pub part: Option<Part>,
    /// An extension option, directly after the window.
    pub option: Option<Window>,
}

impl Hold {
    /// Window and option.
    pub fn whole(&self) -> Window {
        let to = self.option.map_or(self.window.to(), |option| option.to());
        Window::new(self.window.from(), to).unwrap_or(self.window)
    }

    /// What its nodes are kept for.
    pub(crate) fn keeps(&self, mode: OptionMode) -> Window {
        match mode {
            OptionMode::Strict => self.whole(),
            OptionMode::Risk => self.window,
        }
    }

    /// The reservation that it would be.
    fn reserve(self, contract: ContractId) -> Reserve {
        Reserve {
            lot: self.lot,
            contract,
            pool: self.pool,
            nodes: self.nodes,
            window: self.window,
            shape: self.shape,
            part: self.part,
            option: self.option,
        }
    }
}

impl From<Reserve> for Hold {
    fn from(reserve: Reserve) -> Self {
        Self {
            lot: reserve.lot,
            pool: reserve.pool,
            nodes: reserve.nodes,
            window: reserve.window,
            shape: reserve.shape,
            part: reserve.part,
            option: reserve.option,
        }
    }
}

/// Whether a quote holds, as far as it is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuoteStatus {
    /// It holds until it expires.
    Open,
    /// It became reservations.
    Taken,
    /// It was given up.
    Withdrawn,
    /// It expired.
    Lapsed,
}

impl QuoteStatus {
    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Taken => "taken",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }
}

/// A priced, dated, expiring offer that holds capacity softly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// The contract that it offers.
    pub contract: ContractId,
    /// What one GPU costs for one hour.
    pub price: MicroPrice,
    /// The first instant at which it holds nothing.
    pub expires_at: Instant,
    /// What it holds.
    pub holds: Vec<Hold>,
    /// What is recorded of it; see [`Quote::status_at`].
    pub status: QuoteStatus,
    /// The event that made it.
    pub recorded: Recorded,
}

impl Quote {
    /// How it stands at an instant: expired is lapsed, recorded or not.
    pub fn status_at(&self, now: Instant) -> QuoteStatus {
        match self.status {
            QuoteStatus::Open if self.expires_at <= now => QuoteStatus::Lapsed,
            status => status,
        }
    }
}

/// Offers a contract at a price, and holds all its capacity or none until the offer expires.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeQuote {
    /// The contract; it has no other quote open.
    pub contract: ContractId,
    /// What one GPU costs for one hour.
    pub price: MicroPrice,
    /// The first instant at which it holds nothing.
    pub expires_at: Instant,
    /// What it holds.
    pub holds: Vec<Hold>,
}

/// Turns all that an open quote holds into reservations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TakeQuote {
    /// The quote.
    pub quote: QuoteId,
}

/// Gives an open quote up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WithdrawQuote {
    /// The quote.
    pub quote: QuoteId,
}

/// A quote was made. Fields as in [`Quote`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuoteMade {
    pub quote: QuoteId,
    pub contract: ContractId,
    pub price: MicroPrice,
    pub expires_at: Instant,
    pub holds: Vec<Hold>,
}

/// A quote became reservations: those that follow in the same act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuoteTaken {
    pub quote: QuoteId,
}

/// A quote was given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuoteWithdrawn {
    pub quote: QuoteId,
}

/// A quote expired; it held nothing since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct QuoteLapsed {
    pub quote: QuoteId,
}

impl State {
    /// The quote of a contract that is open at an instant.
    pub fn open_quote(&self, contract: ContractId, now: Instant) -> Option<(QuoteId, &Quote)> {
        let id = *self.quote_of.get(&contract)?;
        let row = self.quotes.get(&id)?;
        (row.status_at(now) == QuoteStatus::Open).then_some((id, row))
    }

    /// The state in which every quote that expired by an instant holds nothing: what a reader
    /// who knows that instant is to see.
    pub fn settled(&self, now: Instant) -> Cow<'_, Self> {
        let lapsed = expired(self, now);
        if lapsed.is_empty() {
            return Cow::Borrowed(self);
        }
        let mut state = self.clone();
        for quote in lapsed {
            close(&mut state, quote, QuoteStatus::Lapsed);
        }
        Cow::Owned(state)
    }
}

/// The quotes that expired by an instant and are not recorded as lapsed.
pub(crate) fn expired(state: &State, now: Instant) -> Vec<QuoteId> {
    let open = state.expiring.iter();
    let expired = open.take_while(|(expires_at, _)| *expires_at <= now);
    let rows = expired.filter_map(|(_, row)| state.quotes.at(*row));
    rows.map(|(id, _)| *id).collect()
}

/// Folds a quote in.
pub(crate) fn made(state: &mut State, recorded: Recorded, e: &QuoteMade) -> Option<()> {
    let row = Quote {
        contract: e.contract,
        price: e.price,
        expires_at: e.expires_at,
        holds: e.holds.clone(),
        status: QuoteStatus::Open,
        recorded,
    };
    let handle = state.quotes.insert(e.quote, row);
    state.expiring.insert((e.expires_at, handle));
    match state.quote_of.get_mut(&e.contract) {
        Some(newest) => *newest = e.quote,
        None => {
            state.quote_of.insert(e.contract, e.quote);
        }
    }
    for (index, hold) in (0..).zip(&e.holds) {
        let calendar = state.calendar_mut(hold.pool)?;
        let key = (hold.window.from(), handle, index);
        calendar.soft.insert(key);
        calendar.shaped += u32::from(!hold.shape.is_any());
        let level = Level::soft(i64::from(hold.nodes.0));
        calendar.counts.change_over(hold.whole(), level);
    }
    Some(())
}

/// Folds the end of a quote in: it holds nothing more.
pub(crate) fn close(state: &mut State, quote: QuoteId, status: QuoteStatus) -> Option<()> {
    let handle = state.quotes.handle(&quote)?;
    let row = state.quotes.at_mut(handle)?;
    if row.status != QuoteStatus::Open {
        return Some(());
    }
    row.status = status;
    let (expires_at, holds) = (row.expires_at, row.holds.clone());
    state.expiring.remove(&(expires_at, handle));
    for (index, hold) in (0..).zip(&holds) {
        let calendar = state.calendar_mut(hold.pool)?;
        let key = (hold.window.from(), handle, index);
        calendar.soft.remove(&key);
        calendar.shaped -= u32::from(!hold.shape.is_any());
        if let Some(plan) = &mut calendar.plan {
            let plan = Arc::make_mut(plan);
            match status {
                QuoteStatus::Taken => plan.taken(handle, index),
                _ => {
                    plan.ended(Asker::Hold(handle, index));
                }
            }
        }
        let level = Level::soft(-i64::from(hold.nodes.0));
        calendar.counts.change_over(hold.whole(), level);
    }
    Some(())
}

/// Since when a new reservation of a contract counts: since its quote, when it comes of one.
pub(crate) fn since(state: &State, contract: ContractId, own: Position) -> Position {
    let quote = state.quote_of.get(&contract);
    let row = quote.and_then(|quote| state.quotes.get(quote));
    let taken = row.filter(|row| row.status == QuoteStatus::Taken);
    taken.map_or(own, |row| row.recorded.position)
}

fn open(state: &State, now: Instant, quote: QuoteId) -> Result<&Quote, Rejection> {
    let row = state.quotes.get(&quote);
    let row = row.ok_or(Rejection::QuoteUnknown { quote })?;
    match row.status_at(now) {
        QuoteStatus::Open => Ok(row),
        status => Err(Rejection::QuoteOver {
            quote,
            status: status.as_str(),
        }),
    }
}

pub(crate) fn make(state: &State, ctx: &Context, c: &MakeQuote) -> Decision {
    let now = ctx.recorded_at;
    if c.expires_at <= now {
        let expires_at = c.expires_at;
        return Err(Rejection::QuoteExpiryPast { expires_at, now });
    }
    if let Some((quote, _)) = state.open_quote(c.contract, now) {
        let contract = c.contract;
        return Err(Rejection::QuoteOpen { contract, quote });
    }
    if c.holds.is_empty() {
        return Err(Rejection::QuoteEmpty {
            contract: c.contract,
        });
    }
    // It may hold what could be reserved, all of it together.
    reserve_all(state, ctx, c.contract, &c.holds, NEWEST)?;
    let made = vec![Event::from(QuoteMade {
        quote: ctx.mint(0),
        contract: c.contract,
        price: c.price,
        expires_at: c.expires_at,
        holds: c.holds.clone(),
    })];
    // Each found its place after the other; all of them must have theirs at once.
    let then = after(state, ctx, &made);
    for hold in &c.holds {
        // Where there is no plan, one is made: what found no place before is not the quote's doing.
        let now = Some(ctx.recorded_at.min(hold.window.from()));
        let left_out = |state: &State| {
            let pool = state.pools.get(&hold.pool);
            pool.map(|pool| plan_of(state, &pool.calendar, now).left_out())
                .unwrap_or_default()
        };
        if !left_out(&then).is_subset(&left_out(state)) {
            return Err(Rejection::Fragmented {
                pool: hold.pool,
                window: hold.whole(),
                asked: hold.nodes,
                fits: NodeCount::ZERO,
            });
        }
    }
    Ok(made)
}

pub(crate) fn take(state: &State, ctx: &Context, c: &TakeQuote) -> Decision {
    let row = open(state, ctx.recorded_at, c.quote)?;
    let since = row.recorded.position;
    let mut events = vec![Event::from(QuoteTaken { quote: c.quote })];
    let without = after(state, ctx, &events);
    events.extend(reserve_all(&without, ctx, row.contract, &row.holds, since)?);
    Ok(events)
}

pub(crate) fn withdraw(state: &State, ctx: &Context, c: &WithdrawQuote) -> Decision {
    open(state, ctx.recorded_at, c.quote)?;
    Ok(vec![Event::from(QuoteWithdrawn { quote: c.quote })])
}

/// Reservations for all of the holds, each on what those before it leave.
fn reserve_all(
    state: &State,
    ctx: &Context,
    contract: ContractId,
    holds: &[Hold],
    since: Position,
) -> Decision {
    let mut state = Cow::Borrowed(state);
    let recorded = Recorded {
        position: since,
        at: ctx.recorded_at,
        by: ctx.actor,
    };
    let mut events = Vec::with_capacity(holds.len());
    for (ordinal, hold) in (0..).zip(holds) {
        let asked = hold.reserve(contract);
        let event = reserve(&state, ctx, &asked, (ordinal, since))?;
        if events.len() + 1 < holds.len() {
            apply(state.to_mut(), &recorded, &event);
        }
        events.push(event);
    }
    Ok(events)
}
