//! Documents about a contract: kept in the open, or under the key of a sealed party.

use bareboat_api::Problem;
use bareboat_api::evidence::{Evidence, Shown};
use bareboat_base::{ContractId, Digest, PartyId};
use bareboat_book::State;
use bareboat_book::command::DocumentSealed;
use bareboat_journal::{Document, SealedBlob};

use crate::routes::parties::sealing::Sealer;
use crate::{Act, Ask, respond};

/// What is to be kept of a document that came with a request.
pub(in crate::routes) enum Keep {
    /// Only its digest came.
    Nothing,
    /// All of it, in the open.
    Open(Document),
    /// All of it, under a party's key.
    Sealed(DocumentSealed, Vec<SealedBlob>),
}

impl Keep {
    /// The act, with the document when there is one.
    pub(in crate::routes) fn with(self, act: Act) -> Act {
        match self {
            Self::Nothing => act,
            Self::Open(document) => act.with_document(document),
            Self::Sealed(document, blobs) => act.with_sealed_document(document, blobs),
        }
    }
}

/// A document that came with a request about a contract: the digest that the record shows, and
/// what is to be kept. A document may name the client: when client or partner is sealed it is
/// sealed too, and the digest is the salted commitment.
pub(in crate::routes) fn kept(
    ask: &Ask,
    contract: ContractId,
    field: &str,
    evidence: &Evidence,
) -> Result<(Digest, Keep), Problem> {
    let (media_type, bytes) = match evidence.read().map_err(|why| ask.field(field, why))? {
        Shown::Digest(digest) => return Ok((digest, Keep::Nothing)),
        Shown::Document { media_type, bytes } => (media_type, bytes),
    };
    let Some(party) = sealed_party(ask.state(), contract) else {
        let document = Document::new(&media_type, bytes);
        return Ok((document.digest, Keep::Open(document)));
    };
    let mut sealer = Sealer::new(ask, party);
    let sealed = sealer.seal_bytes("document", &bytes)?;
    let media_type = media_type
        .parse()
        .map_err(|error: bareboat_base::text::BadText| respond::internal(&error))?;
    let document = DocumentSealed { sealed, media_type };
    let keep = Keep::Sealed(document, sealer.into_blobs());
    Ok((sealed.commitment, keep))
}

/// The party whose key keeps what is written of a contract: its client when that is sealed, else
/// its partner when that is.
fn sealed_party(state: &State, contract: ContractId) -> Option<PartyId> {
    let row = state.contracts.contract(contract)?;
    let mut parties = [row.client, row.partner].into_iter();
    parties.find(|party| {
        let party = state.parties.party(*party);
        party.is_some_and(bareboat_parties::Party::is_sealed)
    })
}
