//! A story as it is written: `story.toml`, and chapters of dated acts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use bareboat_base::Instant;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::exit;

/// `story.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Story {
    /// What it is called.
    pub title: String,
    /// The operator's name.
    pub operator: String,
    /// The operator's code.
    pub code: String,
    /// The first administrator's name; acts `by = "administrator"` are its.
    pub administrator: String,
    /// When the book begins.
    pub begins_at: String,
    /// The chapters' files, in order.
    pub chapters: Vec<PathBuf>,
    /// The page that is printed at the end: text with `{name.field}` in it.
    pub page: PathBuf,
}

/// A chapter's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chapter {
    /// What it is called.
    pub title: String,
    /// What happens, in order.
    #[serde(rename = "act")]
    pub acts: Vec<Act>,
}

/// One act: one request of the API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// When the book records it.
    pub at: String,
    /// Whose key it is done with: an act that issued a key, or `administrator`.
    pub by: String,
    /// The operation, as the OpenAPI document names it: `createSite`.
    #[serde(rename = "do")]
    pub operation: String,
    /// What its answer is called from here on: `@osaka` is its id, `@osaka.label` its label.
    pub name: Option<String>,
    /// The segments of the path that vary.
    #[serde(default)]
    pub path: BTreeMap<String, toml::Value>,
    /// Query parameters.
    #[serde(default)]
    pub query: BTreeMap<String, toml::Value>,
    /// The JSON body.
    pub with: Option<toml::Value>,
    /// A file that is the body: CSV or JSON Lines.
    pub body_file: Option<PathBuf>,
    /// The problem code that it must be refused with.
    pub refused: Option<String>,
}

/// A story with its chapters, read and checked.
pub struct Script {
    /// Where it lies; files are named from here.
    pub root: PathBuf,
    /// Its head.
    pub story: Story,
    /// Its chapters, each with its file's name.
    pub chapters: Vec<(PathBuf, Chapter)>,
}

impl Script {
    /// Reads a story from its folder. Nothing is run yet.
    pub fn read(root: &Path) -> Result<Self> {
        let story: Story = parse(&root.join("story.toml"))?;
        instant(&root.join("story.toml"), "begins_at", &story.begins_at)?;
        let mut chapters = Vec::new();
        for file in &story.chapters {
            let path = root.join(file);
            let chapter: Chapter = parse(&path)?;
            for (number, act) in chapter.acts.iter().enumerate() {
                instant(&path, &format!("act {}: at", number + 1), &act.at)?;
                if act.with.is_some() && act.body_file.is_some() {
                    let what = format!(
                        "{}: act {}: both `with` and `body_file`",
                        path.display(),
                        number + 1
                    );
                    return Err(exit::usage(what, "give one of them"));
                }
            }
            chapters.push((file.clone(), chapter));
        }
        Ok(Self {
            root: root.to_owned(),
            story,
            chapters,
        })
    }

    /// How many acts there are.
    pub fn acts(&self) -> usize {
        self.chapters
            .iter()
            .map(|(_, chapter)| chapter.acts.len())
            .sum()
    }

    /// The bytes of a file of the story.
    pub fn bytes(&self, file: &Path) -> Result<Vec<u8>> {
        let path = self.root.join(file);
        std::fs::read(&path).map_err(|error| {
            exit::usage(
                format!("could not read {}: {error}", path.display()),
                "correct the story",
            )
        })
    }

    /// The text of a file of the story.
    pub fn text(&self, file: &Path) -> Result<String> {
        String::from_utf8(self.bytes(file)?).map_err(|error| {
            exit::usage(
                format!("{} is not UTF-8: {error}", file.display()),
                "save it as UTF-8",
            )
        })
    }
}

fn parse<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let wrong =
        |what: String| exit::usage(format!("{}: {what}", path.display()), "correct the story");
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    toml::from_str(&text).map_err(|error| wrong(error.to_string()))
}

fn instant(path: &Path, field: &str, text: &str) -> Result<Instant> {
    text.parse().map_err(|error| {
        exit::usage(
            format!("{}: {field}: {error}", path.display()),
            "correct the story",
        )
    })
}
