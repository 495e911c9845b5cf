//! What one deal looks like to rules. Every fact says where it comes from; a fact that is not
//! known says so, and says who was asked.

use bareboat_base::{Code, Country, Date, Digest, Instant, PartyId, Position, Share, Text};
use serde::{Deserialize, Serialize};

use crate::authorisation::AuthorisationTerms;
use crate::state::Draw;

/// Where a fact comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// In words: `registry extract of 2026-10-01`, `party P-0007 version 2`.
    pub what: Text,
    /// The digest of the document it was read from.
    pub digest: Option<Digest>,
    /// The event of the book that recorded it.
    pub position: Option<Position>,
    /// When the book recorded it.
    pub recorded_at: Option<Instant>,
}

impl Source {
    /// A source that is only named.
    pub fn named(what: Text) -> Self {
        Self {
            what,
            digest: None,
            position: None,
            recorded_at: None,
        }
    }
}

/// A value with its source; `None` is *unknown*, and the source says where it was looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fact<T> {
    /// The value, or `None` when it is not known.
    pub value: Option<T>,
    /// Where it comes from.
    pub source: Source,
}

impl<T> Fact<T> {
    /// A known fact.
    pub fn known(value: T, source: Source) -> Self {
        Self {
            value: Some(value),
            source,
        }
    }

    /// A fact that is not known.
    pub fn unknown(source: Source) -> Self {
        Self {
            value: None,
            source,
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The one a word names.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What is about to be done.
    Activity {
        /// A price is offered.
        Quote "quote";
        /// A contract is signed.
        Sign "sign";
        /// Nodes are bound to a lot.
        Allocate "allocate";
        /// Somebody is let in.
        GrantAccess "grant-access";
        /// A client resells to one more.
        AddSubTenant "add-sub-tenant";
        /// Nodes change country.
        Move "move";
        /// An investor comes into the operator.
        Invest "invest";
        /// Nothing new is done; the same is judged again.
        Rescreen "rescreen";
    }
}

words! {
    /// What the activity amounts to under the Export Administration Regulations.
    EarActivity {
        /// Possession changes inside one country (15 CFR 734.16).
        InCountryTransfer "in-country-transfer";
        /// From one foreign country to another (15 CFR 734.14).
        Reexport "reexport";
        /// Out of the United States (15 CFR 734.13).
        ExportFromUs "export-from-us";
        /// Use over a network; nothing changes hands.
        RemoteAccess "remote-access";
        /// Support by a US person (15 CFR 744.6).
        UsPersonSupport "us-person-support";
        /// Nothing the regulations name.
        None "none";
    }
}

words! {
    /// A party's place in the contract chain.
    Role {
        /// Owns and runs the fleet.
        Operator "operator";
        /// Contracts with the operator and serves clients.
        Partner "partner";
        /// Uses the GPUs under the contract.
        Client "client";
        /// Uses them in the end.
        EndUser "end-user";
        /// To whom a client resells.
        SubTenant "sub-tenant";
        /// To whom a sub-tenant resells.
        SubSubTenant "sub-sub-tenant";
        /// Comes into the operator's capital.
        Investor "investor";
        /// Issues the securities.
        Issuer "issuer";
        /// Buys nodes.
        Buyer "buyer";
    }
}

/// Who stands at the end of a party's control chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Parent {
    /// It is declared that nobody stands above.
    NoneAbove,
    /// Somebody does.
    Party {
        /// How it is shown; a label when it is sealed.
        label: Text,
        /// Where its headquarters are, when known.
        headquarters: Option<Country>,
    },
}

/// One confirmed true match of a party on a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Listing {
    /// The list: `SDN`, `EL`, `MEU`, `1260H` …, or a part of one ([`published_in`]).
    pub list: Code,
    /// The entry or the hit, as it may be shown.
    pub entry: Text,
}

/// A list of which it is not known whether it names a party.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Unclear {
    /// The list.
    pub list: Code,
    /// Why not: it was never imported, the party was not compared with it, a hit is undecided.
    pub because: Text,
}

/// The list in which the entries that rules call `list` are published: `SDN-744.8`, the SDNs under
/// a programme that 15 CFR 744.8(a)(1) names, are a part of `SDN`. Programmes are not read, so
/// every SDN counts among them: stricter.
pub fn published_in(list: &Code) -> Code {
    match list.as_str() {
        "SDN-744.8" => Code::new("SDN").expect("a fixed code"),
        _ => list.clone(),
    }
}

/// Whether listed parties hold a party, as a cascade found it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// At or above the threshold even at the lower ends of all shares.
    Yes {
        /// The lists its holders are on.
        lists: Vec<Code>,
        /// Who holds whom, in words.
        path: Text,
    },
    /// Below it even at the upper ends.
    No,
}

/// One cascade: is the party held by parties on any of `lists`, in aggregate?
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OwnedByListed {
    /// The lists whose parties counted as listed, sorted; see [`crate::ownership_sets`].
    pub lists: Vec<Code>,
    /// The share from which on a party counts as held.
    pub threshold: Share,
    /// What the cascade found; unknown when the shares' intervals straddle the threshold.
    pub held: Fact<Held>,
}

/// One party of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChainParty {
    /// Its place.
    pub role: Role,
    /// The party.
    pub party: PartyId,
    /// How it is shown: its name, or `P-0007 (sealed)`. Never a sealed value.
    pub label: Text,
    /// Where it is incorporated or lives.
    pub domicile: Fact<Country>,
    /// Where it is run from.
    pub headquarters: Fact<Country>,
    /// The end of its control chain.
    pub ultimate_parent: Fact<Parent>,
    /// The lists that name it; unknown when it was never screened.
    pub listings: Fact<Vec<Listing>>,
    /// The lists of which it is not known whether they name it.
    #[serde(default)]
    pub unclear: Vec<Unclear>,
    /// What the cascades say, one for each set of lists that rules ask about.
    pub owned_by_listed: Vec<OwnedByListed>,
}

/// What is used.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Item {
    /// The accelerator model's code.
    pub model: Fact<Code>,
    /// Total processing performance: dense TOPS × bit length.
    pub tpp: Fact<u32>,
    /// TPP per mm² of die, in hundredths.
    pub performance_density_centi: Fact<u32>,
    /// Total DRAM bandwidth in GB/s.
    pub dram_gbps: Fact<u32>,
    /// The export control classification number, from the vendor's letter; `EAR99` when the
    /// letter says that no number applies.
    pub eccn: Fact<Code>,
    /// Where it stands, or is going.
    pub site_country: Fact<Country>,
}

/// What it is used for, and what the operator knows of that.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Use {
    /// `training`, `inference` …
    pub purpose: Fact<Code>,
    /// For weapons of mass destruction (15 CFR 744.2 to 744.4).
    pub wmd: Fact<bool>,
    /// For military intelligence (15 CFR 744.22).
    pub military_intelligence: Fact<bool>,
    /// To train models for or on behalf of a party headquartered in D:5 or Macau.
    pub training_for_d5_party: Fact<bool>,
    /// To be diverted from what was declared.
    pub diversion: Fact<bool>,
}

/// One deal as rules see it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Facts {
    /// What is about to be done.
    pub activity: Activity,
    /// The day whose law is asked for, a civil date in the regime's zone.
    pub legal_date: Date,
    /// The day whose knowledge of the law is asked for; usually the same.
    pub known_date: Date,
    /// The contract chain, whole.
    pub chain: Vec<ChainParty>,
    /// What is used; `None` when the activity has no item (an investment).
    pub item: Option<Item>,
    /// What for.
    pub usage: Use,
    /// What the activity amounts to under the EAR.
    pub ear_activity: Fact<EarActivity>,
    /// Where the item comes from when it moves.
    pub from_country: Fact<Country>,
    /// How many GPUs.
    pub quantity: Fact<u32>,
    /// What may be relied on, as it stood (see [`crate::authorisations_for`]).
    pub authorisations: Vec<AuthorisationTerms>,
    /// What the contract has drawn from them for what is judged: that much of the quantity is not
    /// asked for again.
    #[serde(default)]
    pub held: Vec<Draw>,
    /// Circumstances that no rule can read, in words. Each makes the outcome at least `refer`.
    pub unhandled: Vec<Text>,
}

impl Facts {
    /// How many GPUs are asked of an authorisation beyond those it gives the contract already;
    /// `None` when it is not known how many are meant.
    pub(crate) fn asked_of(&self, terms: &AuthorisationTerms) -> Option<u32> {
        let held = self
            .held
            .iter()
            .filter(|draw| Some(draw.authorisation) == terms.id);
        let held = held.fold(0_u32, |sum, draw| sum.saturating_add(draw.quantity));
        Some(self.quantity.value?.saturating_sub(held))
    }
}
