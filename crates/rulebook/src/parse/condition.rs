//! The language of conditions; its grammar is in the module above.

use bareboat_base::{Code, Country};

use super::Known;
use crate::facts::{EarActivity, Role};
use crate::rule::{Condition, Constant, Kind, MAX_DEPTH, Operand, Subject, Test};

/// What was wrong, and at which byte of the condition.
pub(super) type Problem = (usize, String);

/// Reads a condition. `party_known` says whether it stands inside *some party* or may.
pub(super) fn read(text: &str, known: &Known<'_>, party_known: bool) -> Result<Condition, Problem> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.trim_end().len(),
        known,
        depth: 0,
    };
    let condition = parser.condition()?;
    if let Some((at, token)) = parser.peek() {
        return Err((
            at,
            format!("{token:?} stands where `and`, `or` or the end was expected"),
        ));
    }
    if condition.depth() > MAX_DEPTH {
        return Err((
            0,
            format!("the condition is nested deeper than {MAX_DEPTH}"),
        ));
    }
    if !party_known && condition.needs_party() {
        return Err((
            0,
            "a party's fact stands outside `some party ( … )`; expected one around it".to_owned(),
        ));
    }
    Ok(condition)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn tokens(text: &str) -> Result<Vec<(usize, &str)>, Problem> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let at = text.len() - rest.len();
        let length = match first {
            c if c.is_whitespace() => {
                rest = &rest[c.len_utf8()..];
                continue;
            }
            '(' | ')' | '[' | ']' | ',' | '<' => 1,
            '>' if rest.starts_with(">=") => 2,
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => {
                return Err((
                    at,
                    format!(
                        "{c:?} is no part of a condition; expected a word, a bracket, `>=` or `<`"
                    ),
                ));
            }
        };
        tokens.push((at, &rest[..length]));
        rest = &rest[length..];
    }
    Ok(tokens)
}

struct Parser<'a, 'k> {
    tokens: Vec<(usize, &'a str)>,
    next: usize,
    end: usize,
    known: &'k Known<'k>,
    depth: usize,
}

impl<'a> Parser<'a, '_> {
    fn peek(&self) -> Option<(usize, &'a str)> {
        self.tokens.get(self.next).copied()
    }

    fn take(&mut self, expected: &str) -> Result<(usize, &'a str), Problem> {
        let token = self.peek().ok_or_else(|| {
            (
                self.end,
                format!("the condition ends where {expected} was expected"),
            )
        })?;
        self.next += 1;
        Ok(token)
    }

    fn take_if(&mut self, wanted: &str) -> bool {
        let found = self.peek().is_some_and(|(_, token)| token == wanted);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &str) -> Result<(), Problem> {
        let (at, token) = self.take(&format!("`{wanted}`"))?;
        if token == wanted {
            Ok(())
        } else {
            Err((
                at,
                format!("{token:?} stands where `{wanted}` was expected"),
            ))
        }
    }

    fn condition(&mut self) -> Result<Condition, Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let at = self.peek().map_or(self.end, |(at, _)| at);
            return Err((
                at,
                format!("the condition is nested deeper than {MAX_DEPTH}"),
            ));
        }
        let first = self.part()?;
        let joined = match self.peek() {
            Some((_, joiner @ ("and" | "or"))) => self.joined(first, joiner)?,
            _ => first,
        };
        self.depth -= 1;
        Ok(joined)
    }

    fn joined(&mut self, first: Condition, joiner: &str) -> Result<Condition, Problem> {
        let mut parts = vec![first];
        while self.take_if(joiner) {
            parts.push(self.part()?);
        }
        if let Some((at, other @ ("and" | "or"))) = self.peek() {
            return Err((
                at,
                format!("`{other}` follows `{joiner}`; put brackets to say which binds first"),
            ));
        }
        Ok(if joiner == "and" {
            Condition::All(parts)
        } else {
            Condition::Any(parts)
        })
    }

    fn part(&mut self) -> Result<Condition, Problem> {
        let (at, token) = self.take("a condition")?;
        match token {
            "always" => Ok(Condition::Always),
            "not" => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err((
                        at,
                        format!("the condition is nested deeper than {MAX_DEPTH}"),
                    ));
                }
                let inner = self.part()?;
                self.depth -= 1;
                Ok(Condition::Not(Box::new(inner)))
            }
            "(" => {
                let inner = self.condition()?;
                self.expect(")")?;
                Ok(inner)
            }
            "definition" => self.definition(),
            "some" => self.some_party(),
            "held" => {
                self.expect("by")?;
                self.expect("listed")?;
                let mut lists = self.words()?;
                lists.sort();
                lists.dedup();
                Ok(Condition::OwnedByListed { lists })
            }
            word => self.fact(at, word),
        }
    }

    fn definition(&mut self) -> Result<Condition, Problem> {
        let (at, name) = self.take("the name of a definition")?;
        let definitions = &self.known.definitions;
        match definitions.iter().find(|(known, _)| known.as_str() == name) {
            Some((name, meaning)) => Ok(Condition::Named {
                name: name.clone(),
                meaning: Box::new(meaning.clone()),
            }),
            None => {
                let names = definitions.iter().map(|(name, _)| name.as_str());
                Err((
                    at,
                    format!(
                        "no definition {name:?} stands above; expected one of {}",
                        list(names)
                    ),
                ))
            }
        }
    }

    fn some_party(&mut self) -> Result<Condition, Problem> {
        self.expect("party")?;
        let mut roles = Vec::new();
        if self.take_if("as") {
            for (at, word) in self.bracketed()? {
                roles.push(Role::from_word(word).ok_or_else(|| {
                    let names = Role::ALL.iter().map(|role| role.as_str());
                    (
                        at,
                        format!("{word:?} is no role; expected one of {}", list(names)),
                    )
                })?);
            }
        }
        self.expect("(")?;
        let condition = self.condition()?;
        self.expect(")")?;
        Ok(Condition::SomeParty {
            roles,
            condition: Box::new(condition),
        })
    }

    fn fact(&mut self, at: usize, word: &str) -> Result<Condition, Problem> {
        let subject = Subject::from_word(word).ok_or_else(|| {
            let names = Subject::ALL.iter().map(|subject| subject.as_str());
            (
                at,
                format!("{word:?} is no fact; expected one of {}", list(names)),
            )
        })?;
        let (kind, _) = subject.kind();
        let (at, verb) = self.take("a test")?;
        let test = match (verb, kind) {
            (">=", Kind::Number) => Test::AtLeast(self.number()?),
            ("<", Kind::Number) => Test::Below(self.number()?),
            ("in", Kind::Country | Kind::Word) => Test::In(self.set(subject)?),
            ("is", kind) => self.is(kind)?,
            (verb, kind) => {
                let expected = match kind {
                    Kind::Number => "`>=`, `<` or `is unknown`",
                    Kind::Country | Kind::Word => "`in` or `is unknown`",
                    Kind::Flag => "`is true`, `is false` or `is unknown`",
                };
                return Err((
                    at,
                    format!("{verb:?} does not test {word}; expected {expected}"),
                ));
            }
        };
        Ok(Condition::Fact { subject, test })
    }

    fn is(&mut self, kind: Kind) -> Result<Test, Problem> {
        let (at, word) = self.take("`unknown`")?;
        match (word, kind) {
            ("unknown", _) => Ok(Test::Unknown),
            ("true", Kind::Flag) => Ok(Test::Is(true)),
            ("false", Kind::Flag) => Ok(Test::Is(false)),
            (word, Kind::Flag) => Err((
                at,
                format!("{word:?} stands where `true`, `false` or `unknown` was expected"),
            )),
            (word, _) => Err((at, format!("{word:?} stands where `unknown` was expected"))),
        }
    }

    fn number(&mut self) -> Result<Operand, Problem> {
        let (at, word) = self.take("a number or a parameter")?;
        if let Ok(number) = word.parse() {
            return Ok(Operand::Constant(Constant::Number(number)));
        }
        self.parameter(at, word, "a number", |value| {
            matches!(value, Constant::Number(_))
        })
    }

    fn set(&mut self, subject: Subject) -> Result<Operand, Problem> {
        let country = subject.kind().0 == Kind::Country;
        if self.peek().is_none_or(|(_, token)| token != "[") {
            let (at, word) = self.take("`[` or a parameter")?;
            return self.parameter(at, word, "a set of the fact's type", |value| match value {
                Constant::Countries(_) => country,
                Constant::Words(_) => !country,
                Constant::Number(_) => false,
            });
        }
        if !country {
            let start = self.peek().map_or(self.end, |(at, _)| at);
            let words = self.words()?;
            let odd = |word: &&Code| EarActivity::from_word(word.as_str()).is_none();
            if let Some(word) = words
                .iter()
                .find(odd)
                .filter(|_| subject == Subject::EarActivity)
            {
                let names = EarActivity::ALL.iter().map(|activity| activity.as_str());
                return Err((
                    start,
                    format!(
                        "{:?} is no such activity; expected one of {}",
                        word.as_str(),
                        list(names)
                    ),
                ));
            }
            return Ok(Operand::Constant(Constant::Words(words)));
        }
        let mut countries = Vec::new();
        for (at, word) in self.bracketed()? {
            countries.push(word.parse::<Country>().map_err(|problem| {
                (
                    at,
                    format!("{problem}; expected two capital letters of ISO 3166"),
                )
            })?);
        }
        Ok(Operand::Constant(Constant::Countries(countries)))
    }

    fn parameter(
        &self,
        at: usize,
        word: &str,
        what: &str,
        fits: impl Fn(&Constant) -> bool,
    ) -> Result<Operand, Problem> {
        let parameters = self.known.parameters;
        let Some(parameter) = parameters.iter().find(|p| p.id.as_str() == word) else {
            let names = parameters.iter().map(|parameter| parameter.id.as_str());
            return Err((
                at,
                format!(
                    "{word:?} is neither {what} nor a parameter; parameters are {}",
                    list(names)
                ),
            ));
        };
        if !parameter.history.iter().all(|value| fits(&value.value)) {
            return Err((at, format!("parameter {word} is not {what}")));
        }
        Ok(Operand::Parameter(parameter.id.clone()))
    }

    fn words(&mut self) -> Result<Vec<Code>, Problem> {
        let mut words = Vec::new();
        for (at, word) in self.bracketed()? {
            words.push(Code::new(word).map_err(|problem| (at, problem.to_string()))?);
        }
        Ok(words)
    }

    /// `[ word, word ]`, at least one.
    fn bracketed(&mut self) -> Result<Vec<(usize, &'a str)>, Problem> {
        self.expect("[")?;
        let mut words = Vec::new();
        loop {
            let (at, word) = self.take("a word")?;
            if !word.chars().all(is_word) {
                return Err((at, format!("{word:?} stands where a word was expected")));
            }
            words.push((at, word));
            let (at, token) = self.take("`,` or `]`")?;
            match token {
                "," => {}
                "]" => return Ok(words),
                other => {
                    return Err((
                        at,
                        format!("{other:?} stands where `,` or `]` was expected"),
                    ));
                }
            }
        }
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        "none, since none is known".to_owned()
    } else {
        names.join(", ")
    }
}
