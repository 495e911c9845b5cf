//! Every event of the book: each domain's, and the book's own.

use bareboat_base::event::{DecodeError, Outer, no_upcast};

pub use crate::end_use::UseDeclared;
pub use crate::genesis::Created;
pub use crate::seals::{DocumentKept, DocumentSealed, KeyShredded, SealedOpened};

bareboat_base::events! {
    /// Events that belong to no domain.
    pub enum BookEvent upcast no_upcast {
        /// The book began.
        Created = "book.created" 1;
        /// A sealed value was opened.
        SealedOpened = "book.sealed_opened" 1;
        /// A party's key was destroyed.
        KeyShredded = "book.key_shredded" 1;
        /// A document was kept.
        DocumentKept = "book.document_kept" 1;
        /// A document was kept under a sealed party's key.
        DocumentSealed = "book.document_sealed" 1;
        /// A client's use of the GPUs was declared.
        UseDeclared = "book.use_declared" 1;
    }
}

macro_rules! compose {
    ($($variant:ident $prefix:literal $event:ty;)*) => {
        /// Something that happened, in whichever domain.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(clippy::large_enum_variant)]
        pub enum Event {
            $(
                #[doc = concat!("An event whose type begins with `", $prefix, ".`.")]
                $variant($event),
            )*
        }

        $(
            impl From<$event> for Event {
                fn from(event: $event) -> Self {
                    Self::$variant(event)
                }
            }
        )*

        impl Event {
            /// Every stored event type with its newest version.
            pub fn kinds() -> impl Iterator<Item = (&'static str, u32)> {
                [$(<$event>::KINDS),*].into_iter().flatten().copied()
            }

            /// The stored type name.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(event) => event.kind(),)* }
            }

            /// The stored bytes.
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$variant(event) => event.encode(),)* }
            }

            /// Reads stored bytes.
            pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
                let outer = Outer::read(bytes)?;
                let domain = outer.kind.split_once('.').map_or("", |(domain, _)| domain);
                let read = match domain {
                    $($prefix => <$event>::decode(&outer).map(|read| read.map(Self::$variant)),)*
                    _ => None,
                };
                read.unwrap_or_else(|| Err(DecodeError::UnknownType(outer.kind.to_owned())))
            }
        }
    };
}

compose! {
    Book "book" BookEvent;
    Access "access" bareboat_access::Event;
    Fleet "fleet" bareboat_fleet::Event;
    Capacity "capacity" bareboat_capacity::Event;
    Parties "parties" bareboat_parties::Event;
    Screening "screening" bareboat_screening::Event;
    Rulebook "rulebook" bareboat_rulebook::Event;
    Contracts "contracts" bareboat_contracts::Event;
    Billing "billing" bareboat_billing::Event;
    Ledger "ledger" bareboat_ledger::Event;
}
