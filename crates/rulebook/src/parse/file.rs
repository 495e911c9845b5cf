//! The files of a regime: TOML whose every key is known, with the line of what is wrong.

use std::ops::Range;
use std::str::FromStr;

use bareboat_base::{Code, Date, Digest, Text};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Known, ParseError, ParsedRulebook, condition};
use crate::authorisation::AuthorisationKind;
use crate::facts::Activity;
use crate::rule::{
    Citation, Condition, Constant, Outcome, Parameter, ParameterValue, Rule, Status, StatusChange,
    Verified,
};

type File<'a> = (&'a str, &'a str);

/// A table with the place it stands at.
struct Row<'a, 'i> {
    file: File<'i>,
    span: Range<usize>,
    table: &'a DeTable<'i>,
}

type Parsed<T> = Result<T, ParseError>;

fn error(file: File<'_>, offset: usize, problem: impl Into<String>) -> ParseError {
    let before = file.1.get(..offset).unwrap_or(file.1);
    ParseError {
        file: file.0.to_owned(),
        line: before.matches('\n').count() + 1,
        problem: problem.into(),
    }
}

fn document<'i>(file: File<'i>) -> Parsed<Spanned<DeTable<'i>>> {
    DeTable::parse(file.1).map_err(|problem| {
        let at = problem.span().map_or(0, |span| span.start);
        error(file, at, format!("not TOML: {}", problem.message()))
    })
}

impl<'a, 'i> Row<'a, 'i> {
    fn top(file: File<'i>, document: &'a Spanned<DeTable<'i>>) -> Self {
        Row {
            file,
            span: 0..0,
            table: document.get_ref(),
        }
    }

    fn error(&self, problem: impl Into<String>) -> ParseError {
        error(self.file, self.span.start, problem)
    }

    fn at(&self, value: &Spanned<DeValue<'i>>, problem: impl Into<String>) -> ParseError {
        error(self.file, value.span().start, problem)
    }

    /// Refuses keys that are not known: a misspelt `unless` must not be ignored.
    fn only(&self, keys: &[&str]) -> Parsed<()> {
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !keys.contains(&word) {
                let problem = format!("key {word:?} is not known; expected {}", keys.join(", "));
                return Err(error(self.file, key.span().start, problem));
            }
        }
        Ok(())
    }

    fn find(&self, key: &str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.table
            .iter()
            .find(|(found, _)| found.get_ref().as_ref() == key)
            .map(|(_, value)| value)
    }

    fn need(&self, key: &str, what: &str) -> Parsed<&'a Spanned<DeValue<'i>>> {
        self.find(key)
            .ok_or_else(|| self.error(format!("`{key}` is missing; expected {what}")))
    }

    fn string(&self, value: &'a Spanned<DeValue<'i>>, what: &str) -> Parsed<&'a str> {
        value.get_ref().as_str().ok_or_else(|| {
            let found = value.get_ref().type_str();
            self.at(value, format!("a {found} stands where {what} was expected"))
        })
    }

    fn parse<T: FromStr>(&self, value: &'a Spanned<DeValue<'i>>, what: &str) -> Parsed<T>
    where
        T::Err: std::fmt::Display,
    {
        self.string(value, what)?
            .parse()
            .map_err(|problem| self.at(value, format!("{problem}; expected {what}")))
    }

    fn text(&self, key: &str) -> Parsed<Text> {
        self.parse(self.need(key, "a text")?, "a text")
    }

    fn optional<T: FromStr>(&self, key: &str, what: &str) -> Parsed<Option<T>>
    where
        T::Err: std::fmt::Display,
    {
        self.find(key)
            .map(|value| self.parse(value, what))
            .transpose()
    }

    fn date(&self, key: &str) -> Parsed<Date> {
        let value = self.need(key, "a day such as 2025-09-29")?;
        self.day(value)
    }

    fn day(&self, value: &'a Spanned<DeValue<'i>>) -> Parsed<Date> {
        let expected = "expected a day such as 2025-09-29";
        let text = match value.get_ref() {
            DeValue::Datetime(day) => day.to_string(),
            DeValue::String(day) => day.to_string(),
            other => {
                let problem = format!("a {} stands here; {expected}", other.type_str());
                return Err(self.at(value, problem));
            }
        };
        text.parse()
            .map_err(|problem| self.at(value, format!("{problem}; {expected}")))
    }

    fn word<T>(
        &self,
        value: &'a Spanned<DeValue<'i>>,
        read: impl Fn(&str) -> Option<T>,
        all: &[&str],
    ) -> Parsed<T> {
        let expected = format!("one of {}", all.join(", "));
        let word = self.string(value, &expected)?;
        read(word)
            .ok_or_else(|| self.at(value, format!("{word:?} is not known; expected {expected}")))
    }

    fn array(&self, value: &'a Spanned<DeValue<'i>>) -> Parsed<Vec<&'a Spanned<DeValue<'i>>>> {
        match value.get_ref() {
            DeValue::Array(items) if items.iter().next().is_some() => Ok(items.iter().collect()),
            _ => Err(self.at(value, "expected a list with at least one item: [\"…\"]")),
        }
    }

    /// The tables `[[key]]`, at least one.
    fn rows(&self, key: &str) -> Parsed<Vec<Row<'a, 'i>>> {
        let value = self.need(key, &format!("at least one [[{key}]]"))?;
        let mut rows = Vec::new();
        for item in self.array(value)? {
            let DeValue::Table(table) = item.get_ref() else {
                return Err(self.at(item, format!("expected a table [[{key}]]")));
            };
            rows.push(Row {
                file: self.file,
                span: item.span(),
                table,
            });
        }
        Ok(rows)
    }

    fn condition(
        &self,
        value: &'a Spanned<DeValue<'i>>,
        known: &Known<'_>,
        party_known: bool,
    ) -> Parsed<Condition> {
        let text = self.string(value, "a condition")?;
        condition::read(text, known, party_known).map_err(|(at, problem)| {
            // Escapes could shift the column, never the line: lines are what is told.
            let raw = &self.file.1[value.span()];
            let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") {
                3
            } else {
                1
            };
            let dropped = usize::from(quotes == 3 && raw[3..].starts_with(['\n', '\r']));
            let lines = text.get(..at).unwrap_or(text).matches('\n').count() + dropped;
            let first = error(self.file, value.span().start, String::new()).line;
            ParseError {
                file: self.file.0.to_owned(),
                line: first + lines,
                problem,
            }
        })
    }
}

pub(super) fn head(file: File<'_>) -> Parsed<ParsedRulebook> {
    let document = document(file)?;
    let row = Row::top(file, &document);
    row.only(&["regime", "version", "effective", "signed_by", "covers"])?;
    row.text("covers")?;
    Ok(ParsedRulebook {
        regime: row.parse(row.need("regime", "a code")?, "a code")?,
        version: row.parse(row.need("version", "a code")?, "a code")?,
        effective: row.date("effective")?,
        signed_by: row.optional("signed_by", "counsel's name")?,
        text_digest: Digest::of(&[]),
        parameters: Vec::new(),
        rules: Vec::new(),
    })
}

pub(super) fn parameters(file: File<'_>) -> Parsed<Vec<Parameter>> {
    let document = document(file)?;
    let top = Row::top(file, &document);
    top.only(&["parameter"])?;
    let mut parameters: Vec<Parameter> = Vec::new();
    for row in top.rows("parameter")? {
        row.only(&["id", "title", "verified", "value"])?;
        let id: Code = row.parse(row.need("id", "a code")?, "a code")?;
        if parameters.iter().any(|other| other.id == id) {
            return Err(row.error(format!("parameter {id} stands twice")));
        }
        let mut history: Vec<ParameterValue> = Vec::new();
        for value in row.rows("value")? {
            let read = parameter_value(&value)?;
            if let Some(last) = history.last() {
                if last.from >= read.from {
                    return Err(value.error(
                        "the values are not in order of their days; expected the earliest first",
                    ));
                }
                if std::mem::discriminant(&last.value) != std::mem::discriminant(&read.value) {
                    return Err(value.error("the value is of another type than the one before it"));
                }
            }
            history.push(read);
        }
        parameters.push(Parameter {
            id,
            title: row.text("title")?,
            history,
            verified: verified(&row)?,
        });
    }
    Ok(parameters)
}

fn parameter_value(row: &Row<'_, '_>) -> Parsed<ParameterValue> {
    row.only(&[
        "from",
        "published_on",
        "source",
        "number",
        "countries",
        "words",
    ])?;
    let value = match (row.find("number"), row.find("countries"), row.find("words")) {
        (Some(number), None, None) => {
            Constant::Number(row.parse(number, "a number in quotes, such as \"5.92\"")?)
        }
        (None, Some(set), None) => Constant::Countries(
            row.array(set)?
                .into_iter()
                .map(|item| row.parse(item, "a country of ISO 3166 in two capital letters"))
                .collect::<Parsed<_>>()?,
        ),
        (None, None, Some(set)) => Constant::Words(
            row.array(set)?
                .into_iter()
                .map(|item| row.parse(item, "a word"))
                .collect::<Parsed<_>>()?,
        ),
        _ => return Err(row.error("expected one of `number`, `countries` and `words`")),
    };
    Ok(ParameterValue {
        from: row.date("from")?,
        published_on: row.date("published_on")?,
        value,
        source: row.text("source")?,
    })
}

pub(super) fn definitions(file: File<'_>, known: &mut Known<'_>) -> Parsed<()> {
    let document = document(file)?;
    let top = Row::top(file, &document);
    top.only(&["definition"])?;
    for row in top.rows("definition")? {
        row.only(&["id", "citation", "verified", "is"])?;
        row.text("citation")?;
        verified(&row)?;
        let id: Code = row.parse(row.need("id", "a code")?, "a code")?;
        if known.definitions.iter().any(|(other, _)| *other == id) {
            return Err(row.error(format!("definition {id} stands twice")));
        }
        // It knows only those above it, so nothing can refer to itself.
        let is = row.condition(row.need("is", "a condition")?, known, true)?;
        known.definitions.push((id, is));
    }
    Ok(())
}

pub(super) fn rule(file: File<'_>, regime: &Code, known: &Known<'_>) -> Parsed<Rule> {
    let document = document(file)?;
    let row = Row::top(file, &document);
    row.only(&[
        "id",
        "title",
        "verified",
        "signed_by",
        "activities",
        "outcome",
        "review_policy",
        "discharged_by",
        "remedy",
        "quoted",
        "when",
        "unless",
        "citation",
        "status",
    ])?;
    let id_value = row.need("id", "the rule's name")?;
    let id: Code = row.parse(id_value, "the rule's name")?;
    let expected = format!("{regime}.{}", file.0.trim_end_matches(".toml"));
    if id.as_str() != expected || !file.0.ends_with(".toml") {
        let problem = format!("rule {id} stands in {}; expected {expected}", file.0);
        return Err(row.at(id_value, problem));
    }
    let outcome_value = row.need("outcome", "an outcome")?;
    let outcome = row.word(
        outcome_value,
        Outcome::from_word,
        &words(Outcome::ALL, Outcome::as_str),
    )?;
    let discharged_by = discharged_by(&row, outcome, outcome_value)?;
    let all = words(Activity::ALL, Activity::as_str);
    Ok(Rule {
        id,
        title: row.text("title")?,
        citations: citations(&row)?,
        quoted: row.text("quoted")?,
        activities: row
            .array(row.need("activities", "a list of activities")?)?
            .into_iter()
            .map(|item| row.word(item, Activity::from_word, &all))
            .collect::<Parsed<_>>()?,
        history: history(&row)?,
        when: row.condition(row.need("when", "a condition")?, known, false)?,
        unless: row
            .find("unless")
            .map(|value| row.condition(value, known, false))
            .transpose()?,
        outcome,
        review_policy: row.optional("review_policy", "a text")?,
        discharged_by,
        remedy: row.text("remedy")?,
        verified: verified(&row)?,
        signed_by: row.optional("signed_by", "counsel's name")?,
    })
}

fn discharged_by(
    row: &Row<'_, '_>,
    outcome: Outcome,
    outcome_value: &Spanned<DeValue<'_>>,
) -> Parsed<Vec<AuthorisationKind>> {
    let kinds: Vec<AuthorisationKind> = match row.find("discharged_by") {
        None => Vec::new(),
        Some(value) => {
            let all = words(AuthorisationKind::ALL, AuthorisationKind::as_str);
            row.array(value)?
                .into_iter()
                .map(|item| row.word(item, AuthorisationKind::from_word, &all))
                .collect::<Parsed<_>>()?
        }
    };
    if kinds.is_empty() == (outcome == Outcome::NeedsAuthorisation) {
        return Err(row.at(
            outcome_value,
            "expected `discharged_by` with needs-authorisation, and only with it",
        ));
    }
    Ok(kinds)
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| word(*one)).collect()
}

fn verified(row: &Row<'_, '_>) -> Parsed<Verified> {
    let value = row.need(
        "verified",
        "\"V\" (read in a source) or \"M\" (from memory)",
    )?;
    row.word(value, Verified::from_word, &["V", "M"])
}

fn citations(row: &Row<'_, '_>) -> Parsed<Vec<Citation>> {
    let mut citations: Vec<Citation> = Vec::new();
    for row in row.rows("citation")? {
        row.only(&["from", "text", "sections"])?;
        let from = row.date("from")?;
        if citations.last().is_some_and(|last| last.from >= from) {
            return Err(row.error(
                "the citations are not in order of their days; expected the earliest first",
            ));
        }
        let sections = row.array(row.need("sections", "a list of sections")?)?;
        citations.push(Citation {
            from,
            text: row.text("text")?,
            sections: sections
                .into_iter()
                .map(|item| row.parse(item, "a section"))
                .collect::<Parsed<_>>()?,
        });
    }
    Ok(citations)
}

fn history(row: &Row<'_, '_>) -> Parsed<Vec<StatusChange>> {
    let mut history: Vec<StatusChange> = Vec::new();
    let all = words(Status::ALL, Status::as_str);
    for row in row.rows("status")? {
        row.only(&[
            "from",
            "status",
            "published_on",
            "unverified",
            "source",
            "note",
        ])?;
        let from = row.date("from")?;
        if history.last().is_some_and(|last| last.from >= from) {
            return Err(
                row.error("the history is not in order of its days; expected the earliest first")
            );
        }
        let unverified = match row.find("unverified") {
            None => false,
            Some(value) => value
                .get_ref()
                .as_bool()
                .ok_or_else(|| row.at(value, "expected true or false"))?,
        };
        history.push(StatusChange {
            from,
            status: row.word(row.need("status", "a status")?, Status::from_word, &all)?,
            published_on: row.date("published_on")?,
            unverified,
            source: row.text("source")?,
            note: row.optional("note", "a text")?,
        });
    }
    Ok(history)
}
