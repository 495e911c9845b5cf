//! Rules as data: what they govern, since when they bind, what they ask, what follows.

use bareboat_base::{Code, Country, Date, Name, Text};
use serde::{Deserialize, Serialize};

use crate::authorisation::AuthorisationKind;
use crate::facts::{Activity, Role, words};
use crate::value::Decimal;

words! {
    /// What a rule or a determination says, weakest first.
    Outcome {
        /// It may be done.
        Permit "permit";
        /// An officer must decide.
        Refer "refer";
        /// It may be done only under an authorisation.
        NeedsAuthorisation "needs-authorisation";
        /// It may not be done.
        Prohibit "prohibit";
    }
}

words! {
    /// A step in a rule's life.
    Status {
        /// Published as a proposal, or a bill pending.
        Proposed "proposed";
        /// Made, not yet binding.
        Enacted "enacted";
        /// It binds.
        Effective "effective";
        /// It binds, and is known to be enforced.
        Enforced "enforced";
        /// In the books, and announced not to be enforced.
        Unenforced "unenforced";
        /// It does not bind for a time.
        Suspended "suspended";
        /// It binds again.
        Reinstated "reinstated";
        /// Struck down or repealed.
        Vacated "vacated";
    }
}

words! {
    /// How a statement was checked.
    Verified {
        /// Read in a public source that is named.
        V "V";
        /// From memory or secondary talk; counsel must check it before relying on it.
        M "M";
    }
}

/// One step in a rule's life, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatusChange {
    /// The first day.
    pub from: Date,
    /// What it is from then on.
    pub status: Status,
    /// When the world could know; before that day the change is not seen.
    pub published_on: Date,
    /// Whether this step follows from the text alone and could not be confirmed.
    pub unverified: bool,
    /// Where it is read.
    pub source: Text,
    /// A remark.
    pub note: Option<Text>,
}

/// Where a rule stands on one day.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Standing {
    /// The status; `None` before the first step.
    pub status: Option<Status>,
    /// Since when.
    pub since: Option<Date>,
    /// Whether it follows from the text alone.
    pub unverified: bool,
}

/// Where a rule is printed, from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Citation {
    /// The first day.
    pub from: Date,
    /// As it is cited.
    pub text: Text,
    /// The sections an authorisation must name to discharge it.
    pub sections: Vec<Text>,
}

/// A named set or number with its history.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name: `D5`.
    pub id: Code,
    /// What it is.
    pub title: Text,
    /// Its values, by first day, ascending.
    pub history: Vec<ParameterValue>,
    /// How it was checked.
    pub verified: Verified,
}

/// What a parameter is from a day on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ParameterValue {
    /// The first day.
    pub from: Date,
    /// When the world could know.
    pub published_on: Date,
    /// The value.
    pub value: Constant,
    /// Where it is read.
    pub source: Text,
}

/// What a rule compares a fact with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constant {
    /// An exact decimal.
    Number(Decimal),
    /// Countries.
    Countries(Vec<Country>),
    /// Words.
    Words(Vec<Code>),
}

/// A constant written in the rule, or the name of a dated parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operand {
    /// Written out.
    Constant(Constant),
    /// Looked up by the day.
    Parameter(Code),
}

words! {
    /// A fact that a rule may ask about.
    Subject {
        /// What the activity amounts to under the EAR: a word.
        EarActivity "deal.ear_activity";
        /// Where the item comes from: a country.
        FromCountry "deal.from_country";
        /// GPUs: a number.
        Quantity "deal.quantity";
        /// The model's code: a word.
        ItemModel "item.model";
        /// Total processing performance: a number.
        ItemTpp "item.tpp";
        /// Performance density: a number.
        ItemPerformanceDensity "item.performance_density";
        /// DRAM bandwidth in GB/s: a number.
        ItemDramGbps "item.dram_gbps";
        /// The classification number: a word.
        ItemEccn "item.eccn";
        /// Where it stands or goes: a country.
        ItemSiteCountry "item.site_country";
        /// What for: a word.
        UsePurpose "use.purpose";
        /// Weapons of mass destruction: yes or no.
        UseWmd "use.wmd";
        /// Military intelligence: yes or no.
        UseMilitaryIntelligence "use.military_intelligence";
        /// Training for a D:5 party: yes or no.
        UseTrainingForD5Party "use.training_for_d5_party";
        /// Diversion: yes or no.
        UseDiversion "use.diversion";
        /// Where a party is incorporated: a country.
        PartyDomicile "party.domicile";
        /// Where a party is run from: a country.
        PartyHeadquarters "party.headquarters";
        /// Where its ultimate parent is run from: a country, or none above.
        PartyUltimateParent "party.ultimate_parent";
        /// The lists that name a party: words.
        PartyListings "party.listings";
    }
}

/// A test of one fact.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Test {
    /// At least this much.
    AtLeast(Operand),
    /// Less than this.
    Below(Operand),
    /// One of these; of a set, any of these.
    In(Operand),
    /// Yes (`true`) or no (`false`).
    Is(bool),
    /// Not known; itself always yes or no.
    Unknown,
}

/// What must be so for a rule to apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Whatever the facts.
    Always,
    /// Every one.
    All(Vec<Condition>),
    /// At least one.
    Any(Vec<Condition>),
    /// Not so.
    Not(Box<Condition>),
    /// What a definition says, spelled out.
    Named {
        /// The definition.
        name: Code,
        /// What it says.
        meaning: Box<Condition>,
    },
    /// At least one party of the chain, in one of the roles (none named: any role).
    SomeParty {
        /// The roles.
        roles: Vec<Role>,
        /// What must be so of it.
        condition: Box<Condition>,
    },
    /// One fact passes one test.
    Fact {
        /// The fact.
        subject: Subject,
        /// The test.
        test: Test,
    },
    /// The party is held, in aggregate and through the chain, by parties on any of the lists.
    OwnedByListed {
        /// The lists, sorted.
        lists: Vec<Code>,
    },
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Its name: `us-ear.headquarters`.
    pub id: Code,
    /// What it is about, in a line.
    pub title: Text,
    /// Where it is printed, by first day, ascending.
    pub citations: Vec<Citation>,
    /// Its words, or a summary that says it is one.
    pub quoted: Text,
    /// What it governs.
    pub activities: Vec<Activity>,
    /// Its life, by first day, ascending.
    pub history: Vec<StatusChange>,
    /// When it applies.
    pub when: Condition,
    /// Except when.
    pub unless: Option<Condition>,
    /// What follows.
    pub outcome: Outcome,
    /// How applications are reviewed, for `needs-authorisation`.
    pub review_policy: Option<Text>,
    /// The kinds of authorisation that can discharge it.
    pub discharged_by: Vec<AuthorisationKind>,
    /// What to do about it.
    pub remedy: Text,
    /// How it was checked.
    pub verified: Verified,
    /// The operator's counsel who signed this rule.
    pub signed_by: Option<Name>,
}

impl std::fmt::Display for Constant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Countries(set) => {
                let words: Vec<_> = set.iter().map(|country| country.as_str()).collect();
                write!(f, "[{}]", words.join(", "))
            }
            Self::Words(set) => {
                let words: Vec<_> = set.iter().map(Code::as_str).collect();
                write!(f, "[{}]", words.join(", "))
            }
        }
    }
}

impl Status {
    /// Whether a rule of this status binds.
    pub fn binds(self) -> bool {
        matches!(self, Self::Effective | Self::Enforced | Self::Reinstated)
    }
}

impl Standing {
    /// Whether the rule binds.
    pub fn binds(&self) -> bool {
        self.status.is_some_and(Status::binds)
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.status, self.since) {
            (Some(status), Some(since)) => {
                write!(f, "{status} since {since}")?;
                if self.unverified {
                    f.write_str(", by its text; extension unverified")?;
                }
                Ok(())
            }
            _ => f.write_str("not yet made"),
        }
    }
}

impl Rule {
    /// Where the rule stands on the legal date, as far as the world could know on the known one.
    pub fn standing(&self, legal_date: Date, known_date: Date) -> Standing {
        let step = self
            .history
            .iter()
            .rev()
            .find(|step| step.from <= legal_date && step.published_on <= known_date);
        Standing {
            status: step.map(|step| step.status),
            since: step.map(|step| step.from),
            unverified: step.is_some_and(|step| step.unverified),
        }
    }

    /// The next step after the legal date that was published by the known one.
    pub fn next_step(&self, legal_date: Date, known_date: Date) -> Option<&StatusChange> {
        self.history
            .iter()
            .find(|step| step.from > legal_date && step.published_on <= known_date)
    }

    /// Where it is printed on a day; before its first citation, that one.
    pub fn citation(&self, on: Date) -> Option<&Citation> {
        self.citations
            .iter()
            .rev()
            .find(|citation| citation.from <= on)
            .or_else(|| self.citations.first())
    }
}

/// The deepest a condition may be nested, definitions spelled out: what is stored must be
/// readable again by readers that bound their recursion.
pub const MAX_DEPTH: usize = 24;

impl Condition {
    /// How deep it is nested, from 1.
    pub fn depth(&self) -> usize {
        let deepest = match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::depth).max().unwrap_or(0),
            Self::Not(inner) | Self::Named { meaning: inner, .. } => inner.depth(),
            // One level for the quantifier, one for each party it looks at.
            Self::SomeParty { condition, .. } => condition.depth() + 1,
            Self::Always | Self::Fact { .. } | Self::OwnedByListed { .. } => 0,
        };
        deepest + 1
    }

    /// Whether it asks about a party without saying which: it then only makes sense inside
    /// *some party*.
    pub fn needs_party(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::needs_party),
            Self::Not(inner) | Self::Named { meaning: inner, .. } => inner.needs_party(),
            Self::Fact { subject, .. } => subject.kind().1,
            Self::OwnedByListed { .. } => true,
            Self::Always | Self::SomeParty { .. } => false,
        }
    }
}

/// What type of value a fact has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number.
    Number,
    /// A country.
    Country,
    /// A word, or several.
    Word,
    /// Yes or no.
    Flag,
}

impl Subject {
    /// What type of value it has, and whether it is a party's.
    pub fn kind(self) -> (Kind, bool) {
        match self {
            Self::Quantity | Self::ItemTpp | Self::ItemPerformanceDensity | Self::ItemDramGbps => {
                (Kind::Number, false)
            }
            Self::FromCountry | Self::ItemSiteCountry => (Kind::Country, false),
            Self::EarActivity | Self::ItemModel | Self::ItemEccn | Self::UsePurpose => {
                (Kind::Word, false)
            }
            Self::UseWmd
            | Self::UseMilitaryIntelligence
            | Self::UseTrainingForD5Party
            | Self::UseDiversion => (Kind::Flag, false),
            Self::PartyDomicile | Self::PartyHeadquarters | Self::PartyUltimateParent => {
                (Kind::Country, true)
            }
            Self::PartyListings => (Kind::Word, true),
        }
    }
}
