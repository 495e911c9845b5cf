//! What a request says of a party, read: every field checked before anything is sealed. No
//! message repeats a value, since it may be confidential.

use bareboat_api::Problem;
use bareboat_api::parties as wire;
use bareboat_api::wire::{Digest, Text as Words};
use bareboat_base::{Code, Confidential, Name, PartyId, Text};
use bareboat_journal::SealedBlob;
use bareboat_parties::{self as domain, MAX_ALIASES, MAX_IDENTIFIERS};

use super::sealing::Sealer;
use crate::Ask;

/// A field and what is wrong with it.
pub(super) type Bad = (&'static str, String);

/// The fields that tell who a party is.
pub(super) struct Identity {
    name: Name,
    aliases: Vec<Name>,
    address: Option<Text>,
    identifiers: Vec<(Code, Text)>,
}

impl Identity {
    pub(super) fn read(
        name: &str,
        aliases: Option<Vec<String>>,
        address: Option<&str>,
        identifiers: Option<Vec<wire::NewIdentifier>>,
    ) -> Result<Self, Bad> {
        let aliases = aliases.unwrap_or_default();
        let identifiers = identifiers.unwrap_or_default();
        for (field, found, most) in [
            ("aliases", aliases.len(), MAX_ALIASES),
            ("identifiers", identifiers.len(), MAX_IDENTIFIERS),
        ] {
            if found > most {
                return Err((field, format!("{found} of them; at most {most} are kept")));
            }
        }
        let named = |field, name: &str| Name::new(name).map_err(|bad| (field, bad.to_string()));
        let told = |field, text: &str| Text::new(text).map_err(|bad| (field, bad.to_string()));
        Ok(Self {
            name: named("name", name)?,
            aliases: aliases
                .iter()
                .map(|alias| named("aliases", alias))
                .collect::<Result<_, _>>()?,
            address: address.map(|text| told("address", text)).transpose()?,
            identifiers: identifiers
                .into_iter()
                .map(|one| Ok((one.scheme.0, told("identifiers", &one.value)?)))
                .collect::<Result<_, Bad>>()?,
        })
    }

    /// In the open.
    fn open(self) -> Fields {
        let identifiers = self.identifiers.into_iter();
        Fields {
            name: Confidential::Open(self.name),
            aliases: self.aliases.into_iter().map(Confidential::Open).collect(),
            address: self.address.map(Confidential::Open),
            identifiers: identifiers
                .map(|(scheme, value)| domain::Identifier {
                    scheme,
                    value: Confidential::Open(value),
                })
                .collect(),
        }
    }

    fn sealed(&self, sealer: &mut Sealer<'_>) -> Result<Fields, Problem> {
        let name = sealer.seal("name", &self.name)?;
        let mut aliases = Vec::with_capacity(self.aliases.len());
        for alias in &self.aliases {
            aliases.push(sealer.seal("alias", alias)?);
        }
        let address = match &self.address {
            None => None,
            Some(address) => Some(sealer.seal("address", address)?),
        };
        let mut identifiers = Vec::with_capacity(self.identifiers.len());
        for (scheme, value) in &self.identifiers {
            identifiers.push(domain::Identifier {
                scheme: scheme.clone(),
                value: sealer.seal("identifier", value)?,
            });
        }
        Ok(Fields {
            name,
            aliases,
            address,
            identifiers,
        })
    }

    /// As the command carries it, with what goes to the vault.
    pub(super) fn fields(
        self,
        ask: &Ask,
        party: PartyId,
        seal: bool,
    ) -> Result<(Fields, Vec<SealedBlob>), Problem> {
        if !seal {
            return Ok((self.open(), Vec::new()));
        }
        let mut sealer = Sealer::new(ask, party);
        let fields = self.sealed(&mut sealer)?;
        Ok((fields, sealer.into_blobs()))
    }
}

/// The same, each in the open or sealed.
pub(super) struct Fields {
    pub(super) name: Confidential<Name>,
    pub(super) aliases: Vec<Confidential<Name>>,
    pub(super) address: Option<Confidential<Text>>,
    pub(super) identifiers: Vec<domain::Identifier>,
}

impl Fields {
    /// As a party has them now.
    pub(super) fn of(facts: &domain::PartyFacts) -> Self {
        Self {
            name: facts.name.clone(),
            aliases: facts.aliases.clone(),
            address: facts.address.clone(),
            identifiers: facts.identifiers.clone(),
        }
    }
}

/// What a request says beside who the party is.
pub(super) struct Rest {
    pub(super) kind: domain::PartyKind,
    pub(super) domicile: Option<bareboat_base::Country>,
    pub(super) headquarters: Option<bareboat_base::Country>,
    pub(super) source: domain::Source,
    pub(super) top: domain::TopStatus,
    pub(super) not_held_by_listed: Option<domain::Source>,
}

impl Rest {
    /// Whole facts.
    pub(super) fn with(self, fields: Fields) -> domain::PartyFacts {
        domain::PartyFacts {
            kind: self.kind,
            name: fields.name,
            aliases: fields.aliases,
            domicile: self.domicile,
            headquarters: self.headquarters,
            address: fields.address,
            identifiers: fields.identifiers,
            source: self.source,
            top: self.top,
            not_held_by_listed: self.not_held_by_listed,
        }
    }
}

/// What is declared of who stands above.
pub(super) fn top(
    declared: Option<Words>,
    digest: Option<Digest>,
) -> Result<domain::TopStatus, Bad> {
    match (declared, digest) {
        (Some(what), digest) => Ok(domain::TopStatus::NoParentDeclared {
            source: wire::source(what, digest),
        }),
        (None, Some(_)) => Err(("no_parent_digest", "goes with no_parent".to_owned())),
        (None, None) => Ok(domain::TopStatus::NotDeclared),
    }
}

/// What is declared of holdings by listed parties.
pub(super) fn not_held(
    declared: Option<Words>,
    digest: Option<Digest>,
) -> Result<Option<domain::Source>, Bad> {
    if declared.is_none() && digest.is_some() {
        let why = "goes with not_held_by_listed".to_owned();
        return Err(("not_held_by_listed_digest", why));
    }
    Ok(declared.map(|what| wire::source(what, digest)))
}

/// A registration, read: who, what else, and whether to seal.
pub(super) fn registration(body: wire::RegisterParty) -> Result<(Identity, Rest, bool), Bad> {
    let identity = Identity::read(
        &body.name,
        body.aliases,
        body.address.as_deref(),
        body.identifiers,
    )?;
    let rest = Rest {
        kind: body.kind.into(),
        domicile: body.domicile.map(|country| country.0),
        headquarters: body.headquarters.map(|country| country.0),
        source: wire::source(body.source, body.source_digest),
        top: top(body.no_parent, body.no_parent_digest)?,
        not_held_by_listed: not_held(body.not_held_by_listed, body.not_held_by_listed_digest)?,
    };
    Ok((identity, rest, body.sealed.unwrap_or(false)))
}
