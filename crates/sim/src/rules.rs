//! The rulebook of generated books: three rules, none of them law.

use bareboat_rulebook::{AdoptRulebook, ParseError, parse_regime};

const FILES: [(&str, &str); 4] = [
    ("rulebook.toml", include_str!("../rules/rulebook.toml")),
    ("held.toml", include_str!("../rules/held.toml")),
    (
        "headquarters.toml",
        include_str!("../rules/headquarters.toml"),
    ),
    ("listed.toml", include_str!("../rules/listed.toml")),
];

/// The command that adopts it.
///
/// # Errors
/// None with the files as they are shipped; a test reads them.
pub fn rulebook() -> Result<AdoptRulebook, ParseError> {
    Ok(parse_regime(&FILES)?.adopt())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_rules_read() {
        assert_eq!(super::rulebook().unwrap().rules.len(), 3);
    }
}
