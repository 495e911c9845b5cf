//! The index over entries: which names hold which words, and which words are alike.

use std::collections::{BTreeMap, HashMap, HashSet};

use bareboat_base::Code;

use super::fold::{joined, words};
use super::score::{Named, Weighed, distance, edits_allowed, score, weigh};
use super::words::{Class, Words};
use super::{Candidate, Query, THRESHOLD_PERMILLE};
use crate::{Entry, EntryIdentifier, EntryKind, Quality};

/// Names that are compared in full for one query name.
const MOST_COMPARED: usize = 256;
/// Words held by more names than this bring no candidates by themselves.
const MOST_HOLDERS: usize = 1500;
/// An index weighs words as if it held at least so many entries, so that a short list's words
/// are not all common.
const LEAST_ENTRIES: u64 = 4096;
/// A query's names that are looked at.
const MOST_NAMES: usize = 600;

/// What is kept of an entry.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub list: Code,
    pub id: String,
    pub name: String,
    pub kind: EntryKind,
    pub countries: Vec<bareboat_base::Country>,
    pub birth_dates: Vec<String>,
    pub identifiers: Vec<String>,
}

#[derive(Clone, Debug)]
struct NameRow {
    entry: u32,
    text: String,
    quality: Quality,
    words: Vec<u32>,
    joined: String,
}

#[derive(Clone, Debug)]
struct VocabularyWord {
    text: String,
    class: Class,
    weight: u32,
}

/// Entries of any number of lists, made ready to be compared with.
#[derive(Clone, Debug)]
pub struct Index {
    tables: Words,
    entries: Vec<Kept>,
    names: Vec<NameRow>,
    vocabulary: Vec<VocabularyWord>,
    by_text: HashMap<String, u32>,
    /// Names by word.
    holders: Vec<Vec<u32>>,
    /// Words by the hash of each spelling with one letter left out, ordered.
    spellings: Vec<(u64, u32)>,
    /// Names by the same of their joined form, ordered.
    joined_spellings: Vec<(u64, u32)>,
    /// Entries by identifier.
    identifiers: BTreeMap<String, Vec<u32>>,
    unknown_weight: u32,
}

/// An identifier's letters and digits; `None` when too few to tell anyone by.
fn identifier_key(identifier: &EntryIdentifier) -> Option<String> {
    let key: String = identifier
        .value
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(200)
        .collect();
    let told = key.len() >= 6 && key.bytes().any(|byte| byte.is_ascii_digit());
    told.then_some(key)
}

impl Index {
    /// Builds an index over lists.
    pub fn build(lists: &[&[Entry]]) -> Self {
        let mut index = Self {
            tables: Words::new(),
            entries: Vec::new(),
            names: Vec::new(),
            vocabulary: Vec::new(),
            by_text: HashMap::new(),
            holders: Vec::new(),
            spellings: Vec::new(),
            joined_spellings: Vec::new(),
            identifiers: BTreeMap::new(),
            unknown_weight: 0,
        };
        let mut entries_with: Vec<u64> = Vec::new();
        for entry in lists.iter().flat_map(|list| list.iter()) {
            index.add(entry, &mut entries_with);
        }
        let total = (index.entries.len() as u64).max(LEAST_ENTRIES);
        for (word, with) in index.vocabulary.iter_mut().zip(entries_with) {
            word.weight = weigh(word.class, total, with);
        }
        index.unknown_weight = weigh(Class::Plain, total, 1);
        index.spell();
        index
    }

    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn add(&mut self, entry: &Entry, entries_with: &mut Vec<u64>) {
        // Four thousand million entries do not fit into memory.
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut counted: HashSet<u32> = HashSet::new();
        for name in &entry.names {
            let row = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
            let folded = words(&self.tables, &name.text);
            if folded.is_empty() {
                continue;
            }
            let mut ids = Vec::with_capacity(folded.len());
            for word in &folded {
                let id = match self.by_text.get(&word.text) {
                    Some(id) => *id,
                    None => {
                        let id = u32::try_from(self.vocabulary.len()).unwrap_or(u32::MAX);
                        self.by_text.insert(word.text.clone(), id);
                        self.vocabulary.push(VocabularyWord {
                            text: word.text.clone(),
                            class: word.class,
                            weight: 0,
                        });
                        self.holders.push(Vec::new());
                        entries_with.push(0);
                        id
                    }
                };
                if counted.insert(id) {
                    entries_with[id as usize] += 1;
                }
                let holders = &mut self.holders[id as usize];
                if holders.last() != Some(&row) {
                    holders.push(row);
                }
                ids.push(id);
            }
            self.names.push(NameRow {
                entry: number,
                text: name.text.clone(),
                quality: name.quality,
                words: ids,
                joined: joined(&folded),
            });
        }
        let identifiers: Vec<String> = entry
            .identifiers
            .iter()
            .filter_map(identifier_key)
            .collect();
        for key in &identifiers {
            self.identifiers
                .entry(key.clone())
                .or_default()
                .push(number);
        }
        self.entries.push(Kept {
            list: entry.list.clone(),
            id: entry.id.clone(),
            name: entry.name().to_owned(),
            kind: entry.kind,
            countries: entry.countries.clone(),
            birth_dates: entry.birth_dates.clone(),
            identifiers,
        });
    }

    fn spell(&mut self) {
        for (id, word) in (0_u32..).zip(&self.vocabulary) {
            if matches!(word.class, Class::Plain | Class::Generic | Class::Place) {
                let spelt = spellings(&word.text).into_iter().map(|hash| (hash, id));
                self.spellings.extend(spelt);
            }
        }
        for (row, name) in (0_u32..).zip(&self.names) {
            // A single word's joined form is the word.
            if name.words.len() > 1 || name.joined.len() >= 6 {
                let spelt = spellings(&name.joined).into_iter().map(|hash| (hash, row));
                self.joined_spellings.extend(spelt);
            }
        }
        self.spellings.sort_unstable();
        self.spellings.dedup();
        self.joined_spellings.sort_unstable();
        self.joined_spellings.dedup();
    }

    /// Entries that may be the one looked for, at or over the threshold, best first; of an
    /// entry's names only the best.
    pub fn screen(&self, query: &Query) -> Vec<Candidate> {
        let mut best: BTreeMap<u32, Candidate> = BTreeMap::new();
        let identifiers: Vec<String> = query
            .identifiers
            .iter()
            .filter_map(identifier_key)
            .collect();
        let mut keep = |entry: u32, candidate: Candidate| {
            let better = best
                .get(&entry)
                .is_none_or(|held| held.score_permille < candidate.score_permille);
            if candidate.score_permille >= THRESHOLD_PERMILLE && better {
                best.insert(entry, candidate);
            }
        };
        for name in query.names.iter().take(MOST_NAMES) {
            let named = self.named(name);
            if named.words.is_empty() {
                continue;
            }
            for row in self.alike(&named) {
                let row = &self.names[row as usize];
                let entry = &self.entries[row.entry as usize];
                let other = self.stored(row);
                if let Some(found) = score(&named, &other, row.quality, query, &identifiers, entry)
                {
                    keep(row.entry, found.candidate(entry, &row.text, name));
                }
            }
        }
        for key in &identifiers {
            for number in self.identifiers.get(key).into_iter().flatten() {
                let entry = &self.entries[*number as usize];
                let name = query.names.first().map_or("", String::as_str);
                keep(*number, super::score::by_identifier(entry, name, key));
            }
        }
        let mut found: Vec<(u32, Candidate)> = best.into_iter().collect();
        found.sort_by(|(a, x), (b, y)| y.score_permille.cmp(&x.score_permille).then(a.cmp(b)));
        found.into_iter().map(|(_, candidate)| candidate).collect()
    }

    fn named(&self, name: &str) -> Named<'_> {
        let folded = words(&self.tables, name);
        let joined = joined(&folded);
        let weighed = folded.into_iter().map(|word| {
            let known = self.by_text.get(&word.text);
            Weighed {
                weight: match known {
                    Some(id) => self.vocabulary[*id as usize].weight,
                    None => super::score::cap(word.class, self.unknown_weight),
                },
                class: word.class,
                text: word.text.into(),
            }
        });
        Named {
            words: weighed.collect(),
            joined: joined.into(),
        }
    }

    fn stored<'a>(&'a self, row: &'a NameRow) -> Named<'a> {
        let weighed = row.words.iter().map(|id| {
            let word = &self.vocabulary[*id as usize];
            Weighed {
                text: word.text.as_str().into(),
                class: word.class,
                weight: word.weight,
            }
        });
        Named {
            words: weighed.collect(),
            joined: row.joined.as_str().into(),
        }
    }

    /// Names worth comparing in full: those that share the most telling words, alike ones
    /// included, or whose joined form is alike.
    fn alike(&self, named: &Named<'_>) -> Vec<u32> {
        let mut shared: HashMap<u32, u32> = HashMap::new();
        let mut rare: Vec<(usize, u32)> = Vec::new();
        let mut any = false;
        for word in &named.words {
            if word.class == Class::Form {
                continue;
            }
            for id in self.like(&word.text) {
                let holders = &self.holders[id as usize];
                let weight = self.vocabulary[id as usize].weight.max(1);
                if holders.len() > MOST_HOLDERS {
                    rare.push((holders.len(), id));
                    continue;
                }
                any = true;
                for row in holders {
                    *shared.entry(*row).or_default() += weight;
                }
            }
        }
        if !any {
            // Common words only: the two rarest of them bring the candidates.
            rare.sort_unstable();
            rare.dedup();
            for (_, id) in rare.into_iter().take(2) {
                for row in &self.holders[id as usize] {
                    *shared.entry(*row).or_default() += 1;
                }
            }
        }
        if named.joined.len() >= 5 {
            for hash in spellings(&named.joined) {
                for (_, row) in range(&self.joined_spellings, hash) {
                    *shared.entry(*row).or_default() += self.unknown_weight * 2;
                }
            }
        }
        let mut ranked: Vec<(u32, u32)> = shared.into_iter().map(|(row, w)| (w, row)).collect();
        // By what is shared, then short names first: they leave less over.
        ranked.sort_unstable_by_key(|(weight, row)| {
            let length = self.names[*row as usize].words.len();
            (std::cmp::Reverse(*weight), length, *row)
        });
        ranked.truncate(MOST_COMPARED);
        ranked.into_iter().map(|(_, row)| row).collect()
    }

    /// The word itself, and words within its edits.
    fn like(&self, word: &str) -> Vec<u32> {
        let mut found: Vec<u32> = self.by_text.get(word).copied().into_iter().collect();
        if word.len() < 4 || word.bytes().all(|byte| byte.is_ascii_digit()) {
            return found;
        }
        for hash in spellings(word) {
            for (_, id) in range(&self.spellings, hash) {
                let other = &self.vocabulary[*id as usize].text;
                let allowed = edits_allowed(word.len().max(other.len()));
                if distance(word, other, allowed).is_some() {
                    found.push(*id);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

fn range(ordered: &[(u64, u32)], hash: u64) -> &[(u64, u32)] {
    let from = ordered.partition_point(|(h, _)| *h < hash);
    let length = ordered[from..].partition_point(|(h, _)| *h == hash);
    &ordered[from..from + length]
}

/// Hashes of the text (folded, so ASCII) and of it with any one of its first 40 letters left
/// out. Two texts one edit apart share one.
fn spellings(text: &str) -> Vec<u64> {
    let bytes = text.as_bytes();
    let mut hashes = vec![fnv(bytes.iter())];
    for skip in 0..bytes.len().min(40) {
        hashes.push(fnv(bytes[..skip].iter().chain(&bytes[skip + 1..])));
    }
    hashes
}

/// FNV-1a, 64 bits.
fn fnv<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
