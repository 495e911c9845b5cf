//! Why the rulebook domain refuses.

use bareboat_base::{AuthorisationId, Code, Date, DeterminationId};

bareboat_base::rejections! {
    /// Why the rulebook domain refuses.
    pub enum Rejection in "rulebook" {
        /// The regime has a version of that name.
        VersionTaken { regime: Code, version: Code } => Conflict "version_taken"
            "rulebook {regime} already has a version {version}"
            hint "give the new text a version of its own";
        /// A rulebook without rules.
        NoRules { regime: Code } => Invalid "no_rules"
            "rulebook {regime} holds no rule"
            hint "a regime without rules would permit everything; adopt at least one rule";
        /// Two rules of one name.
        RuleTwice { rule: Code } => Invalid "rule_twice"
            "rule {rule} stands twice"
            hint "rule names are unique over all regimes";
        /// A rule's name does not begin with its regime.
        RuleOfOtherRegime { rule: Code, regime: Code } => Invalid "rule_of_other_regime"
            "rule {rule} does not belong to regime {regime}"
            hint "a rule's name is its regime, a full stop, and a word: us-ear.headquarters";
        /// A rule names a parameter that is not there.
        ParameterMissing { rule: Code, parameter: Code } => Invalid "parameter_missing"
            "rule {rule} names parameter {parameter}, which the rulebook does not hold"
            hint "add the parameter, or correct its name";
        /// A rule without a history, or one that is not in order.
        HistoryOutOfOrder { rule: Code } => Invalid "history_out_of_order"
            "the history or the citations of {rule} are empty or not in order of their days"
            hint "list each step once, earliest first";
        /// A condition nested too deep to be stored.
        TooDeep { rule: Code, most: usize } => Invalid "too_deep"
            "a condition of rule {rule} is nested deeper than {most}"
            hint "flatten the condition, or split the rule in two";
        /// The last day is before the first.
        ValidityReversed { from: Date, to: Date } => Invalid "validity_reversed"
            "the authorisation would end on {to}, before it begins on {from}"
            hint "give the first and the last day on which it holds";
        /// More drawn than there is.
        OverDrawn { drawn: u32, quantity: u32 } => Invalid "overdrawn"
            "{drawn} GPUs are drawn of an authorisation for {quantity}"
            hint "check the quantity and what was drawn before it came into the book";
        /// Two authorisations of one number.
        ReferenceTaken { reference: Code } => Conflict "reference_taken"
            "an authorisation {reference} is already recorded"
            hint "each authorisation has the number its authority gave it";
        /// No such authorisation.
        NoSuchAuthorisation { authorisation: AuthorisationId } => NotFound "no_such_authorisation"
            "authorisation {authorisation} is not in the book"
            hint "list the authorisations to find it";
        /// It is revoked already.
        AlreadyRevoked { authorisation: AuthorisationId } => Conflict "already_revoked"
            "authorisation {authorisation} is already revoked"
            hint "nothing is left to do";
        /// A deal without parties.
        EmptyChain => Invalid "empty_chain"
            "the contract chain names no party"
            hint "give the whole chain, from the operator to who uses the GPUs";
        /// The facts carry an authorisation that the book knows otherwise.
        StaleAuthorisation { reference: Code } => Conflict "stale_authorisation"
            "the facts rely on authorisation {reference} otherwise than the book holds it"
            hint "gather the facts again and decide anew";
        /// No such determination.
        NoSuchDetermination { determination: DeterminationId } => NotFound "no_such_determination"
            "determination {determination} is not in the book"
            hint "list the determinations to find it";
        /// Only a referral is resolved by officers.
        NotReferred { determination: DeterminationId } => Refused "not_referred"
            "determination {determination} was not referred, so there is nothing to resolve"
            hint "a prohibition or a missing licence is not an officer's to lift";
        /// It is resolved already.
        AlreadyResolved { determination: DeterminationId } => Conflict "already_resolved"
            "determination {determination} is already resolved"
            hint "determine anew when the facts have changed";
        /// Nothing to confirm.
        NotResolved { determination: DeterminationId } => Conflict "not_resolved"
            "determination {determination} has no resolution to confirm"
            hint "an officer resolves it first";
        /// The same person twice.
        SameOfficer { determination: DeterminationId } => Forbidden "same_officer"
            "the officer who resolved {determination} may not confirm it"
            hint "ask another officer";
    }
}
