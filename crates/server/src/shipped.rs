//! The rulebooks that are shipped with the program.

macro_rules! shipped {
    ($($regime:literal { $($file:literal)* })*) => {
        /// Each regime with its files, by name.
        pub const RULEBOOKS: &[(&str, &[(&str, &str)])] = &[
            $(($regime, &[$(
                ($file, include_str!(concat!("../../../rulebooks/", $regime, "/", $file))),
            )*])),*
        ];
    };
}

shipped! {
    "jp-fefa" { "investment.toml" "rulebook.toml" }
    "us-bills" { "parameters.toml" "remote-access-security-act.toml" "rulebook.toml" }
    "us-dod-1260h" { "listed.toml" "rulebook.toml" }
    "us-ear" {
        "affiliates-50.toml" "affiliates-red-flag.toml" "ai-diffusion.toml" "ai-training.toml"
        "definitions.toml" "denied-persons.toml" "destination.toml" "diversion.toml"
        "entity-list.toml" "five-facts.toml" "h20-letter.toml" "headquarters-b.toml"
        "headquarters.toml" "listed-remote-access.toml" "military-end-user.toml"
        "parameters.toml" "rulebook.toml" "unverified-list.toml" "weapons-end-use.toml"
    }
    "us-ofac" { "rulebook.toml" "sdn-50.toml" "sdn.toml" }
}

/// The files of a shipped rulebook.
pub fn rulebook(regime: &str) -> Option<&'static [(&'static str, &'static str)]> {
    let mut all = RULEBOOKS.iter();
    all.find(|(name, _)| *name == regime)
        .map(|(_, files)| *files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_shipped_and_every_regime_parses() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rulebooks");
        let mut found = Vec::new();
        for regime in std::fs::read_dir(&root)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            if !regime.is_dir() {
                continue;
            }
            for file in std::fs::read_dir(&regime)
                .unwrap()
                .map(|entry| entry.unwrap().path())
            {
                let name = |path: &std::path::Path| {
                    path.file_name().unwrap().to_string_lossy().into_owned()
                };
                found.push((name(&regime), name(&file)));
            }
        }
        found.sort();
        let shipped = RULEBOOKS.iter().flat_map(|(regime, files)| {
            files
                .iter()
                .map(move |(file, _)| ((*regime).to_owned(), (*file).to_owned()))
        });
        let mut shipped: Vec<_> = shipped.collect();
        shipped.sort();
        assert_eq!(shipped, found);
        for (regime, files) in RULEBOOKS {
            let parsed = bareboat_rulebook::parse_regime(files).unwrap();
            assert_eq!(parsed.regime.as_str(), *regime);
        }
    }
}
