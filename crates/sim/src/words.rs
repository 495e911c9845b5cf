//! Texts that generated rows bear.

use bareboat_base::{Code, Country, Date, Instant, Name, Text, Zone};

use crate::rng::Rng;

const FIRST: [&str; 24] = [
    "Aozora",
    "Borealis",
    "Cormorant",
    "Delta",
    "Estuary",
    "Fjord",
    "Granite",
    "Harbour",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lagoon",
    "Meridian",
    "Nagisa",
    "Osprey",
    "Pelican",
    "Quartz",
    "Redwood",
    "Sakura",
    "Tern",
    "Umber",
    "Vesper",
    "Willow",
    "Zephyr",
];
const SECOND: [&str; 16] = [
    "Analytics",
    "Bioscience",
    "Compute",
    "Dynamics",
    "Energy",
    "Foundry",
    "Genomics",
    "Holdings",
    "Instruments",
    "Labs",
    "Media",
    "Networks",
    "Optics",
    "Research",
    "Systems",
    "Trading",
];
const FORMS: [&str; 8] = [
    "Ltd", "Inc", "GmbH", "KK", "Pte Ltd", "SA", "Pty Ltd", "LLC",
];
const COUNTRIES: [&str; 12] = [
    "JP", "AU", "US", "GB", "DE", "FR", "SG", "KR", "NL", "CH", "CA", "SE",
];

/// A code; the text must be one.
pub fn code(text: &str) -> Code {
    Code::new(text).expect("generated codes are codes")
}

/// A name; the text must be one.
pub fn name(text: &str) -> Name {
    Name::new(text).expect("generated names are names")
}

/// A text; the words must be one.
pub fn text(words: &str) -> Text {
    Text::new(words).expect("generated texts are texts")
}

/// A country by its code.
pub fn country(letters: &str) -> Country {
    letters.parse().expect("an assigned country code")
}

/// A zone by its name.
pub fn zone(name: &str) -> Zone {
    name.parse().expect("a zone of the tz database")
}

/// A company's name; the number keeps two from being the same.
pub fn company(rng: &mut Rng, number: u32) -> Name {
    let pick = |rng: &mut Rng, from: &[&'static str]| rng.pick(from).copied().unwrap_or("X");
    let (first, second) = (pick(rng, &FIRST), pick(rng, &SECOND));
    name(&format!("{first} {second} {number} {}", pick(rng, &FORMS)))
}

/// Some country.
pub fn any_country(rng: &mut Rng) -> Country {
    country(rng.pick(&COUNTRIES).copied().unwrap_or("JP"))
}

/// The civil date in UTC.
pub fn today(now: Instant) -> Date {
    now.date_in(&Zone::utc())
}

/// So many days later, or earlier.
pub fn plus_days(date: Date, days: i32) -> Date {
    date.plus_days(days).unwrap_or(date)
}
