//! Names made comparable: compatibility forms (Unicode NFKD), marks and invisible characters
//! dropped, look-alike letters undone, every script spelt in lower-case Latin letters.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::words::{Class, HAN, Words};

/// Characters of a name that are looked at; no list has a longer one.
const MOST_CHARS: usize = 1000;
/// Words of a name that are looked at.
const MOST_WORDS: usize = 40;
/// Letters of a word that are looked at.
const MOST_LETTERS: usize = 100;

/// A word of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub text: String,
    pub class: Class,
}

/// The folded words of a name, in order, abbreviations spelt out.
pub(super) fn words(tables: &Words, name: &str) -> Vec<Word> {
    let words = split(name);
    let expanded = words.iter().map(|word| {
        let text = tables.expand(word).to_owned();
        let class = tables.class(&text);
        Word { text, class }
    });
    expanded.collect()
}

/// What says who is meant, joined: catches words that were split or joined.
pub(super) fn joined(words: &[Word]) -> String {
    let telling = words.iter().filter(|word| word.class != Class::Form);
    let mut joined: String = telling.map(|word| word.text.as_str()).collect();
    joined.truncate(MOST_LETTERS * 3);
    joined
}

fn split(name: &str) -> Vec<String> {
    let shown: String = name
        .chars()
        .filter(|c| !is_combining_mark(*c) && !is_invisible(*c))
        .take(MOST_CHARS)
        .collect();
    let mut text = shown;
    if !text.is_ascii() {
        for (han, meaning) in HAN {
            if text.contains(han) {
                text = text.replace(han, &format!(" {meaning} "));
            }
        }
    }
    let mut words: Vec<String> = Vec::new();
    let mut raw: Vec<char> = Vec::new();
    let plain = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !is_invisible(*c));
    let plain: Vec<char> = plain.take(MOST_CHARS * 4).collect();
    for (at, c) in plain.iter().enumerate() {
        let joins = match c {
            '\'' | '’' | '‘' | '`' | 'ʻ' | 'ʼ' | 'ʿ' | 'ʾ' | '´' => true,
            // S.A., O.O.O.: a point between single letters.
            '.' => raw.len() == 1 || (raw.len() > 1 && dotted(&plain, at)),
            _ => false,
        };
        let next_is_letter = plain.get(at + 1).is_some_and(|next| next.is_alphanumeric());
        if c.is_alphanumeric() {
            raw.push(*c);
        } else if !(joins && next_is_letter) {
            finish(&mut raw, &mut words);
        }
        if words.len() >= MOST_WORDS {
            return words;
        }
    }
    finish(&mut raw, &mut words);
    words.truncate(MOST_WORDS);
    words
}

/// Whether the point at `at` follows a single letter that follows a point.
fn dotted(plain: &[char], at: usize) -> bool {
    at >= 2 && plain[at - 1].is_alphabetic() && plain[at - 2] == '.'
}

fn finish(raw: &mut Vec<char>, words: &mut Vec<String>) {
    if raw.is_empty() {
        return;
    }
    let latin = raw.iter().any(|c| c.is_ascii_alphabetic());
    let mut word = String::new();
    for c in std::mem::take(raw) {
        if word.len() >= MOST_LETTERS {
            break;
        }
        let c = if latin { unlike(c) } else { c };
        for lower in c.to_lowercase() {
            let spelt = any_ascii::any_ascii_char(lower);
            word.extend(spelt.chars().filter(char::is_ascii_alphanumeric));
        }
    }
    word.truncate(MOST_LETTERS);
    word.make_ascii_lowercase();
    let word = ordinal(&word);
    if !word.is_empty() {
        words.push(word.to_owned());
    }
}

/// `38th` is 38, and `007` is 7.
fn ordinal(word: &str) -> &str {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || !matches!(&word[digits..], "" | "st" | "nd" | "rd" | "th") {
        return word;
    }
    let number = word[..digits].trim_start_matches('0');
    if number.is_empty() { "0" } else { number }
}

/// The Latin letter that a Cyrillic or Greek one passes for, inside a word in Latin letters.
fn unlike(c: char) -> char {
    match c {
        'а' | 'А' | 'Α' | 'α' => 'a',
        'В' | 'в' | 'Β' | 'β' => 'b',
        'с' | 'С' => 'c',
        'е' | 'Е' | 'Ε' => 'e',
        'Н' | 'Η' | 'н' => 'h',
        'і' | 'І' | 'Ι' | 'ι' => 'i',
        'ј' | 'Ј' => 'j',
        'К' | 'к' | 'Κ' | 'κ' => 'k',
        'М' | 'м' | 'Μ' => 'm',
        'Ν' => 'n',
        'о' | 'О' | 'Ο' | 'ο' => 'o',
        'р' | 'Р' | 'Ρ' | 'ρ' => 'p',
        'ѕ' | 'Ѕ' => 's',
        'Т' | 'т' | 'Τ' | 'τ' => 't',
        'х' | 'Х' | 'Χ' | 'χ' => 'x',
        'у' | 'У' | 'Υ' => 'y',
        'Ζ' => 'z',
        'ν' => 'v',
        other => other,
    }
}

/// Characters that are not seen: zero-width ones, marks of direction, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expect: &str) {
        let words = words(&Words::new(), name);
        let found: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(found.join(" "), expect, "{name}");
    }

    #[test]
    fn names_fold() {
        check("  Société  Générale S.A. ", "societe generale sa");
        check("Huawei Technologies Co., Ltd.", "huawei technology co ltd");
        check("J. R. O'Neill", "j r oneill");
        check("O.O.O. «Ромашка»", "ooo romashka");
        check("38th Research Institute", "38 research institute");
        check("华为技术有限公司", "huawei technology co ltd");
        check("ＨＵＡＷＥＩ", "huawei");
        check("Владимир Путин", "vladimir putin");
        check("Intl. Comm. Srvces", "international communication service");
        check("ABC Companies Ltd", "abc company ltd");
    }

    #[test]
    fn tricks_are_seen_through() {
        check("Hu\u{200b}a\u{202e}wei", "huawei");
        check("Huаwеі", "huawei");
        check("Hūa\u{301}\u{301}\u{301}wei", "huawei");
        check(&format!("a{}b", "\u{301}".repeat(1_000_000)), "ab");
        check("\u{200b}\u{301}…", "");
    }
}
