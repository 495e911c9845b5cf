//! The pages of error codes.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::args::Global;
use crate::{exit, show};

mod pages {
    include!(concat!(env!("OUT_DIR"), "/pages.rs"));
}
pub use pages::PAGES;

/// Explains an error code, or lists them all.
#[derive(Debug, Args)]
pub struct Errors {
    /// The code, such as access.organisation_code_taken; left out, all codes are listed.
    code: Option<String>,
}

impl Errors {
    /// Runs it.
    pub fn run(self, global: &Global) -> Result<()> {
        let Some(code) = self.code else {
            let all: Vec<_> = PAGES
                .iter()
                .map(|(code, _)| json!({ "code": code }))
                .collect();
            return show::rows(&all, &["code"], global.json);
        };
        let page = PAGES.iter().find(|(other, _)| *other == code);
        match page {
            Some((code, text)) if global.json => {
                show::item(&json!({ "code": code, "page": text }), true)
            }
            Some((_, text)) => show::line(text.trim_end()),
            None => Err(exit::Own {
                message: format!("there is no error code {code}"),
                hint: "list all codes with `bareboat errors`".to_owned(),
                code: None,
                exit: exit::NOT_FOUND,
            }
            .into()),
        }
    }
}
