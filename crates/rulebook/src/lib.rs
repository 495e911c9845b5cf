//! Rulebooks, authorisations and determinations: who may use it, under which rule, on which day,
//! and the proof.
//!
//! Rules are data ([`rule`]): dated, cited, three-valued. [`parse_regime`] reads them from text,
//! [`Command::AdoptRulebook`] puts them into the book, [`evaluate`] judges [`Facts`] under them
//! and says why, [`Command::Determine`] records the judgement. Unknown never permits: it refers
//! to an officer with the missing fact named.
//!
//! It is not a screening engine and computes no ownership: what lists and cascades say reaches
//! rules as facts. It opens no sealed value: parties are shown by a label. Not legal advice.

mod apply;
mod authorisation;
mod command;
mod decide;
mod derivation;
mod evaluate;
mod event;
pub mod facts;
pub mod logic;
pub mod parse;
pub mod proof;
mod rejection;
pub mod rule;
mod state;
mod step;
pub mod value;

pub use apply::apply;
pub use authorisation::{Authorisation, AuthorisationKind, AuthorisationTerms, Scope, Uncovered};
pub use command::{
    AdoptRulebook, Command, ConfirmResolution, Determine, RecordAuthorisation, ResolveReferral,
    RevokeAuthorisation,
};
pub use decide::decide;
pub use derivation::Derivation;
pub use evaluate::{
    ENGINE_VERSION, evaluate, evaluate_under, facts_digest, lists_named, whole_evaluation,
};
pub use event::{
    AuthorisationRecorded, AuthorisationRevoked, DeterminationMade, Event, ReferralResolved,
    ResolutionConfirmed, RulebookAdopted,
};
pub use facts::{
    Activity, ChainParty, EarActivity, Fact, Facts, Held, Item, Listing, OwnedByListed, Parent,
    Role, Source, Unclear, Use, published_in,
};
pub use logic::Truth;
pub use parse::{ParseError, ParsedRulebook, parse_regime};
pub use proof::{Evaluation, Missing, Proof, Reason};
pub use rejection::Rejection;
pub use rule::{Outcome, Parameter, Rule, Standing, Status};
pub use state::{
    Determination, Draw, Resolution, Rulebook, State, authorisations_for, determinations_of,
    drawn_by, latest_determination, ownership_sets, rulebook_in_force, touching,
};
