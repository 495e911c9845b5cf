//! How alike two names are, per mille, in integers throughout: the same everywhere.
//!
//! The words of the one are paired with those of the other, exact or within a few edits, in any
//! order; each weighs by how rare it is over the lists (in 64ths of a bit), less when it is a
//! generic word, a place or a legal form. The score is the paired weight over all weight of both
//! names. A pair of names whose shared words tell nobody apart never scores, unless the names
//! are the same throughout.

use std::borrow::Cow;

use super::index::Kept;
use super::words::Class;
use super::{Candidate, Feature, Query, Reason, THRESHOLD_PERMILLE};
use crate::{EntryKind, Quality};

/// 64ths of a bit that shared words must tell for two names to be alike at all: 5.5 bits, a word
/// that one entry in 45 holds.
const LEAST_TOLD: u32 = 352;

/// A folded word with its weight, in 64ths of a bit.
#[derive(Clone, Debug)]
pub(super) struct Weighed<'a> {
    pub text: Cow<'a, str>,
    pub class: Class,
    pub weight: u32,
}

/// A folded name.
#[derive(Clone, Debug)]
pub(super) struct Named<'a> {
    pub words: Vec<Weighed<'a>>,
    pub joined: Cow<'a, str>,
}

/// What a word held by `with` of `total` entries weighs: log2(total / with), by linear
/// interpolation between powers of two; at least one bit.
pub(super) fn weigh(class: Class, total: u64, with: u64) -> u32 {
    let ratio = (total << 16) / with.max(1);
    let whole = ratio.max(1 << 16).ilog2();
    let fraction = (ratio >> (whole - 6)) & 63;
    // At most 48 bits of 64 parts each.
    let weight = (whole - 16) * 64 + fraction as u32;
    cap(class, weight.max(64))
}

/// A word's weight, within what its class may weigh.
pub(super) fn cap(class: Class, weight: u32) -> u32 {
    match class {
        Class::Form => 16,
        Class::Generic => weight.clamp(64, 3 * 64),
        Class::Place => weight.clamp(64, 4 * 64),
        Class::Number => weight.clamp(3 * 64, 6 * 64),
        Class::Plain => weight,
    }
}

/// Edits allowed between two words of which the longer has so many letters.
pub(super) fn edits_allowed(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=8 => 1,
        9..=14 => 2,
        _ => 3,
    }
}

/// The number of edits (insert, delete, replace, swap neighbours) between two ASCII texts, or
/// `None` over `most`.
pub(super) fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    if a == b {
        return Some(0);
    }
    if most == 0 {
        return None;
    }
    let width = b.len() + 1;
    let mut before: Vec<usize> = vec![0; width];
    let mut above: Vec<usize> = (0..width).collect();
    let mut row: Vec<usize> = vec![0; width];
    for i in 1..=a.len() {
        row[0] = i;
        let mut least = i;
        for j in 1..width {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut cost = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row[j] = cost;
            least = least.min(cost);
        }
        if least > most {
            return None;
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    Some(above[b.len()]).filter(|edits| *edits <= most)
}

/// How alike two words are, per mille; 0 when they are not.
fn likeness(a: &Weighed<'_>, b: &Weighed<'_>, person: bool) -> u32 {
    if a.text == b.text {
        return 1000;
    }
    if a.class == Class::Number || b.class == Class::Number {
        return 0;
    }
    if person && a.text.len().min(b.text.len()) == 1 {
        // An initial.
        return if a.text.as_bytes()[0] == b.text.as_bytes()[0] {
            600
        } else {
            0
        };
    }
    let length = a.text.len().max(b.text.len());
    match distance(&a.text, &b.text, edits_allowed(length)) {
        // Both lengths are at most a few thousand.
        Some(edits) => 1000 - 700 * edits as u32 / length as u32,
        None => 0,
    }
}

struct Pair {
    query: usize,
    entry: usize,
    likeness: u32,
}

/// Pairs words, the most alike and heaviest first; each word once.
fn pairs(query: &Named<'_>, entry: &Named<'_>, person: bool) -> Vec<Pair> {
    let mut possible: Vec<(u32, u32, usize, usize)> = Vec::new();
    for (q, a) in query.words.iter().enumerate() {
        for (e, b) in entry.words.iter().enumerate() {
            let likeness = likeness(a, b, person);
            if likeness > 0 {
                possible.push((likeness, b.weight, q, e));
            }
        }
    }
    possible.sort_unstable_by(|a, b| (b.0, b.1, a.2, a.3).cmp(&(a.0, a.1, b.2, b.3)));
    let mut taken = (
        vec![false; query.words.len()],
        vec![false; entry.words.len()],
    );
    let mut pairs = Vec::new();
    for (likeness, _, query, entry) in possible {
        if !taken.0[query] && !taken.1[entry] {
            (taken.0[query], taken.1[entry]) = (true, true);
            pairs.push(Pair {
                query,
                entry,
                likeness,
            });
        }
    }
    pairs
}

/// A score with its reasons.
pub(super) struct Scored {
    score: i32,
    reasons: Vec<Reason>,
}

impl Scored {
    pub(super) fn candidate(self, entry: &Kept, matched: &str, asked: &str) -> Candidate {
        Candidate {
            list: entry.list.clone(),
            entry_id: entry.id.clone(),
            entry_name: entry.name.clone(),
            matched_name: matched.to_owned(),
            query_name: asked.to_owned(),
            // Between 0 and 1000.
            score_permille: self.score.clamp(0, 1000) as u16,
            reasons: self.reasons,
        }
    }

    fn add(&mut self, feature: Feature, effect: i32, text: String) {
        self.score += effect;
        self.reasons.push(Reason {
            feature,
            text,
            // Effects are within a thousand.
            effect_permille: effect as i16,
        });
    }
}

/// How alike two names are; `None` when what they share tells nobody apart.
pub(super) fn score(
    query: &Named<'_>,
    entry: &Named<'_>,
    quality: Quality,
    asked: &Query,
    identifiers: &[String],
    kept: &Kept,
) -> Option<Scored> {
    let person = kept.kind == EntryKind::Person;
    let pairs = pairs(query, entry, person);
    let by_words = by_words(query, entry, &pairs, person);
    let by_joined = by_joined(query, entry);
    let mut scored = match (by_words, by_joined) {
        (Some(words), Some(joined)) if joined.score > words.score => joined,
        (Some(words), _) => words,
        (None, joined) => joined?,
    };
    if numbers_differ(query, entry) {
        scored.add(Feature::Number, -250, "the numbers differ".to_owned());
    }
    if quality == Quality::Weak {
        let effect = -scored.score / 10;
        scored.add(
            Feature::Name,
            effect,
            "the list calls the alias weak".to_owned(),
        );
    }
    qualify(&mut scored, asked, identifiers, kept);
    let short = i32::from(THRESHOLD_PERMILLE) - scored.score;
    if short > 0 && same_name(query, entry, &pairs) {
        let text = "the same name always counts, whatever else differs".to_owned();
        scored.add(Feature::Name, short, text);
    }
    Some(scored)
}

/// Whether nothing but legal forms, order and spacing tells the names apart.
fn same_name(query: &Named<'_>, entry: &Named<'_>, pairs: &[Pair]) -> bool {
    let told = |named: &Named<'_>| {
        let words = named.words.iter().filter(|word| word.class != Class::Form);
        words.count()
    };
    let same = pairs
        .iter()
        .filter(|pair| pair.likeness == 1000 && query.words[pair.query].class != Class::Form);
    let same = same.count();
    query.joined == entry.joined || (same == told(query) && same == told(entry))
}

fn by_words(query: &Named<'_>, entry: &Named<'_>, pairs: &[Pair], person: bool) -> Option<Scored> {
    let whole = pairs.len() == query.words.len()
        && pairs.len() == entry.words.len()
        && pairs.iter().all(|pair| pair.likeness == 1000);
    // What the shared words tell: generic ones tell nothing, nor does a word that is an edit
    // away from one.
    let plain = |pair: &&Pair| {
        let classes = [query.words[pair.query].class, entry.words[pair.entry].class];
        classes == [Class::Plain, Class::Plain]
    };
    let told: u32 = pairs
        .iter()
        .filter(plain)
        .map(|pair| entry.words[pair.entry].weight * pair.likeness / 1000)
        .sum();
    let telling = entry
        .words
        .iter()
        .filter(|word| word.class != Class::Form)
        .count();
    if told < LEAST_TOLD && !(whole && telling >= 2) {
        return None;
    }
    let mut left = (vec![true; query.words.len()], vec![true; entry.words.len()]);
    let (mut alike, mut paired) = (0_u64, 0_u64);
    for pair in pairs {
        (left.0[pair.query], left.1[pair.entry]) = (false, false);
        // A misspelt word weighs what the word it stands for weighs.
        let weight = u64::from(entry.words[pair.entry].weight);
        alike += 2 * weight * u64::from(pair.likeness);
        paired += 2 * weight;
    }
    let (asked_over, asked_words) = over(query, &left.0);
    let (mut entry_over, entry_words) = over(entry, &left.1);
    // A person is often asked for without a middle name or a patronymic.
    if person && asked_words.is_empty() && pairs.len() >= 2 {
        entry_over /= 2;
    }
    // Both at most 1000.
    let shared = alike.checked_div(paired)? as i32;
    let whole = (alike / (paired + asked_over + entry_over)) as i32;
    let mut scored = Scored {
        score: 0,
        reasons: Vec::new(),
    };
    let text = format!("shared: {}", shared_words(query, entry, pairs));
    scored.add(Feature::Name, shared, text);
    if !asked_words.is_empty() || !entry_words.is_empty() {
        let sides = [("only asked", asked_words), ("only listed", entry_words)];
        let told = sides.iter().filter(|(_, words)| !words.is_empty());
        let told: Vec<String> = told
            .map(|(side, words)| format!("{side}: {words}"))
            .collect();
        let text = told.join("; ");
        scored.add(Feature::Missing, whole - shared, text);
    } else if whole != shared {
        let text = "legal forms differ".to_owned();
        scored.add(Feature::Missing, whole - shared, text);
    }
    Some(scored)
}

/// What words left over weigh, and those of them that say anything.
fn over(named: &Named<'_>, left: &[bool]) -> (u64, String) {
    let words = named.words.iter().zip(left).filter(|(_, left)| **left);
    let words: Vec<&Weighed<'_>> = words.map(|(word, _)| word).collect();
    let weight = words.iter().map(|word| u64::from(word.weight)).sum();
    let told = words.iter().filter(|word| word.class != Class::Form);
    let told: Vec<&str> = told.map(|word| &*word.text).collect();
    (weight, told.join(", "))
}

fn shared_words(query: &Named<'_>, entry: &Named<'_>, pairs: &[Pair]) -> String {
    let words = pairs.iter().map(|pair| {
        let (asked, listed) = (&query.words[pair.query], &entry.words[pair.entry]);
        match pair.likeness {
            1000 => listed.text.to_string(),
            _ => format!("{}~{}", asked.text, listed.text),
        }
    });
    let words: Vec<String> = words.collect();
    words.join(", ")
}

/// The joined forms: `AeroCaribbean` and `Aero Caribbean`, `习近平` and `Xi Jinping`.
fn by_joined(query: &Named<'_>, entry: &Named<'_>) -> Option<Scored> {
    let telling = |named: &Named<'_>| {
        let words = named.words.iter().filter(|word| word.class == Class::Plain);
        words.map(|word| word.weight).sum::<u32>() >= LEAST_TOLD
    };
    let length = query.joined.len().max(entry.joined.len());
    let count = |named: &Named<'_>| {
        let words = named.words.iter().filter(|word| word.class != Class::Form);
        words.count()
    };
    // Generic words, several of them, may stand for what the other joins, if nothing differs.
    let same = query.joined == entry.joined && length >= 8;
    let tells = |named: &Named<'_>| telling(named) || (same && count(named) >= 2);
    let told = tells(query) && tells(entry) && (telling(query) || telling(entry));
    if length < 6 || !told {
        return None;
    }
    // Of as many words, they were compared word by word: Nanjing is no misspelt Beijing.
    let split = count(query) != count(entry);
    let allowed = if split { (length / 8).min(2) } else { 0 };
    let edits = distance(&query.joined, &entry.joined, allowed)?;
    let mut scored = Scored {
        score: 0,
        reasons: Vec::new(),
    };
    // Lengths are at most a few thousand.
    let effect = 980 - 700 * edits as i32 / length as i32;
    let text = format!("written together: {} and {}", query.joined, entry.joined);
    scored.add(Feature::Name, effect, text);
    Some(scored)
}

fn numbers_differ(query: &Named<'_>, entry: &Named<'_>) -> bool {
    let numbers = |named: &Named<'_>| -> Vec<String> {
        let words = named
            .words
            .iter()
            .filter(|word| word.class == Class::Number);
        let mut numbers: Vec<String> = words.map(|word| word.text.to_string()).collect();
        numbers.sort();
        numbers
    };
    let (asked, listed) = (numbers(query), numbers(entry));
    !asked.is_empty() && !listed.is_empty() && asked != listed
}

/// Kind, countries, birth dates and identifiers raise or lower; what either side does not say
/// changes nothing.
fn qualify(scored: &mut Scored, asked: &Query, identifiers: &[String], kept: &Kept) {
    if let Some(kind) = asked.kind
        && kind != kept.kind
        && kind != EntryKind::Unknown
        && kept.kind != EntryKind::Unknown
    {
        let text = format!("a {}, not a {}", kept.kind.schema(), kind.schema());
        scored.add(Feature::Kind, -200, text);
    }
    if !asked.countries.is_empty() && !kept.countries.is_empty() {
        match asked.countries.iter().find(|c| kept.countries.contains(c)) {
            Some(country) => scored.add(Feature::Country, 20, format!("both tied to {country}")),
            None => scored.add(Feature::Country, -30, "tied to other countries".to_owned()),
        }
    }
    let years = |dates: &[String]| -> Vec<i32> { dates.iter().filter_map(|d| year(d)).collect() };
    let (born, listed) = (years(&asked.birth_dates), years(&kept.birth_dates));
    if !born.is_empty() && !listed.is_empty() {
        let same = asked
            .birth_dates
            .iter()
            .any(|d| d.len() == 10 && kept.birth_dates.contains(d));
        let near = born
            .iter()
            .any(|a| listed.iter().any(|b| (a - b).abs() <= 2));
        if same {
            scored.add(Feature::BirthDate, 50, "the same birth date".to_owned());
        } else if !near {
            scored.add(Feature::BirthDate, -150, "born in other years".to_owned());
        }
    }
    if let Some(key) = identifiers
        .iter()
        .find(|key| kept.identifiers.contains(key))
    {
        let effect = 1000 - scored.score;
        scored.add(
            Feature::Identifier,
            effect.max(0),
            format!("the same identifier {key}"),
        );
    }
    if scored.score > 1000 {
        let effect = 1000 - scored.score;
        scored.add(Feature::Name, effect, "never over the whole".to_owned());
    }
}

/// The first four digits in a row.
fn year(date: &str) -> Option<i32> {
    let mut parts = date.split(|c: char| !c.is_ascii_digit());
    parts.find(|part| part.len() == 4)?.parse().ok()
}

/// A candidate found by its identifier alone.
pub(super) fn by_identifier(entry: &Kept, asked: &str, key: &str) -> Candidate {
    let mut scored = Scored {
        score: 0,
        reasons: Vec::new(),
    };
    scored.add(
        Feature::Identifier,
        950,
        format!("the same identifier {key}"),
    );
    scored.candidate(entry, &entry.name, asked)
}
