//! Money: integer minor units with an ISO 4217 currency, 128 bits wide. Never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

/// Why an amount or a currency was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a currency.
    #[error("{0:?} is not an ISO 4217 currency code")]
    UnknownCurrency(String),
    /// Not a decimal amount.
    #[error("{0:?} is not an amount such as 406000000.00 USD")]
    Format(String),
    /// More decimals than the currency has.
    #[error("{text:?} has more decimals than the {exponent} of {currency}")]
    TooPrecise {
        /// The amount as given.
        text: String,
        /// The decimals its currency has.
        exponent: u32,
        /// The currency.
        currency: Currency,
    },
    /// Two currencies in one sum.
    #[error("{left} and {right} cannot be added: convert one at a dated rate first")]
    CurrencyMismatch {
        /// One currency.
        left: Currency,
        /// The other.
        right: Currency,
    },
    /// Past 128 bits.
    #[error("the amount is too large to keep")]
    Overflow,
}

impl Currency {
    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Decimals of its minor unit: 2 for USD, 0 for JPY (ISO 4217). A currency without a minor
    /// unit (gold, test codes) counts as 0.
    pub fn exponent(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(text)
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(text.chars().take(40).collect()))
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::read::from_text(deserializer)
    }
}

/// How a division that does not come out even is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest; a half goes away from zero.
    HalfUp,
    /// Toward zero.
    Down,
}

/// `numerator / denominator`, rounded. The denominator must be positive.
pub fn divide(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    assert!(denominator > 0, "divide by a positive number");
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    match rounding {
        Rounding::Down => quotient,
        // |remainder| >= denominator - |remainder| says 2·|remainder| >= denominator, unoverflowed.
        Rounding::HalfUp if remainder.abs() >= denominator - remainder.abs() => {
            quotient + remainder.signum()
        }
        Rounding::HalfUp => quotient,
    }
}

/// An amount in one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// In minor units (cents; yen has none, so whole yen).
    #[serde(with = "crate::wide")]
    pub minor: i128,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// So many minor units.
    pub fn new(minor: i128, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing.
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// The difference.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.checked_add(other.negated())
    }

    /// The same amount the other way.
    pub fn negated(self) -> Self {
        Self {
            minor: -self.minor,
            ..self
        }
    }

    /// `self × numerator / denominator`, rounded. The denominator must be positive.
    pub fn scaled(
        self,
        numerator: i128,
        denominator: i128,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        let product = self
            .minor
            .checked_mul(numerator)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self {
            minor: divide(product, denominator, rounding),
            ..self
        })
    }

    /// The part of a total that falls between two points of its course, by cumulative rounding:
    /// what is due up to `to` less what was due up to `from`, each rounded half up. The parts of
    /// any division of [0, whole] add up to the total exactly.
    pub fn part_of_total(self, from: i128, to: i128, whole: i128) -> Result<Self, MoneyError> {
        let upto = |point| self.scaled(point, whole, Rounding::HalfUp);
        upto(to)?.checked_sub(upto(from)?)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch {
                left: self.currency,
                right: other.currency,
            })
        }
    }
}

impl fmt::Display for Money {
    /// `406000000.00 USD`; with `{:#}` thousands are grouped: `406,000,000.00 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let number = decimal(self.minor, exponent, exponent as usize, f.alternate());
        write!(f, "{number} {}", self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads `406000000.00 USD`, `406000000 USD` or `-3.5 EUR`.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let bad = || MoneyError::Format(text.chars().take(60).collect());
        let (number, code) = text.trim().split_once(' ').ok_or_else(bad)?;
        let currency: Currency = code.trim().parse()?;
        let minor =
            parse_decimal(number, currency.exponent()).map_err(|problem| match problem {
                DecimalProblem::Format => bad(),
                DecimalProblem::Overflow => MoneyError::Overflow,
                DecimalProblem::TooPrecise => MoneyError::TooPrecise {
                    text: text.chars().take(60).collect(),
                    exponent: currency.exponent(),
                    currency,
                },
            })?;
        Ok(Self { minor, currency })
    }
}

/// A price per unit in millionths of the currency's major unit (micro-units): $3.09 is 3,090,000.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MicroPrice {
    /// Millionths of a major unit, for one unit of what is priced.
    #[serde(with = "crate::wide")]
    pub micro: i128,
    /// The currency.
    pub currency: Currency,
}

impl MicroPrice {
    /// `quantity` units at this price, rounded to the minor unit.
    pub fn times(self, quantity: u64, rounding: Rounding) -> Result<Money, MoneyError> {
        let micro = self
            .micro
            .checked_mul(i128::from(quantity))
            .ok_or(MoneyError::Overflow)?;
        let scaled = micro
            .checked_mul(10_i128.pow(self.currency.exponent()))
            .ok_or(MoneyError::Overflow)?;
        Ok(Money::new(
            divide(scaled, 1_000_000, rounding),
            self.currency,
        ))
    }

    /// The price of one of `units` when all of them cost `total`, rounded half up to the
    /// micro-unit. A derived figure, never what is billed. `units` must be positive.
    pub fn of_total(total: Money, units: u64) -> Result<Self, MoneyError> {
        let micro = total
            .minor
            .checked_mul(1_000_000)
            .ok_or(MoneyError::Overflow)?;
        let denominator = 10_i128.pow(total.currency.exponent()) * i128::from(units);
        Ok(Self {
            micro: divide(micro, denominator, Rounding::HalfUp),
            currency: total.currency,
        })
    }

    /// With two decimals, rounded half up: `3.09 USD`.
    pub fn rounded(self) -> String {
        let cents = divide(self.micro, 10_000, Rounding::HalfUp);
        format!("{} {}", decimal(cents, 2, 2, false), self.currency)
    }
}

impl fmt::Display for MicroPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", decimal(self.micro, 6, 2, false), self.currency)
    }
}

impl fmt::Debug for MicroPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for MicroPrice {
    type Err = MoneyError;

    /// Reads `3.09 USD` (at most six decimals).
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let bad = || MoneyError::Format(text.chars().take(60).collect());
        let (number, code) = text.trim().split_once(' ').ok_or_else(bad)?;
        let currency = code.trim().parse()?;
        let micro = parse_decimal(number, 6).map_err(|_| bad())?;
        Ok(Self { micro, currency })
    }
}

/// `value / 10^exponent` in digits, with at least `least` decimals, thousands grouped on demand.
fn decimal(value: i128, exponent: u32, least: usize, grouped: bool) -> String {
    let unit = 10_u128.pow(exponent);
    let (whole, fraction) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    let sign = if value < 0 { "-" } else { "" };
    let mut digits = whole.to_string();
    if grouped {
        let mut at = digits.len();
        while at > 3 {
            at -= 3;
            digits.insert(at, ',');
        }
    }
    let mut decimals = if exponent == 0 {
        String::new()
    } else {
        format!("{fraction:0width$}", width = exponent as usize)
    };
    while decimals.len() > least && decimals.ends_with('0') {
        decimals.pop();
    }
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{digits}{point}{decimals}")
}

enum DecimalProblem {
    Format,
    TooPrecise,
    Overflow,
}

fn parse_decimal(text: &str, exponent: u32) -> Result<i128, DecimalProblem> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(DecimalProblem::Format),
        Some(parts) => parts,
        None => (digits, ""),
    };
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(DecimalProblem::Format);
    }
    if fraction.len() > exponent as usize {
        return Err(DecimalProblem::TooPrecise);
    }
    let padded = format!("{whole}{fraction:0<width$}", width = exponent as usize);
    let value: i128 = padded.parse().map_err(|_| DecimalProblem::Overflow)?;
    Ok(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(minor: i128) -> Money {
        Money::new(minor, "USD".parse().unwrap())
    }

    #[test]
    fn amounts_read_and_write() {
        for text in [
            "406000000.00 USD",
            "-3.50 EUR",
            "809600000 JPY",
            "1.234 KWD",
            "0.00 USD",
        ] {
            assert_eq!(text.parse::<Money>().unwrap().to_string(), text);
        }
        assert_eq!(format!("{:#}", usd(40_600_000_000)), "406,000,000.00 USD");
        assert_eq!(format!("{:#}", usd(-99_900)), "-999.00 USD");
        for bad in [
            "1.005 USD",
            "1 XXQ",
            "1USD",
            "1. USD",
            ".5 USD",
            "1e3 USD",
            "",
            "- USD",
            "1 usd",
            "1.5 JPY",
        ] {
            assert!(bad.parse::<Money>().is_err(), "{bad}");
        }
        let huge = format!("{} USD", "9".repeat(60));
        assert_eq!(huge.parse::<Money>(), Err(MoneyError::Overflow));
    }

    #[test]
    fn large_amounts_are_strings_in_json() {
        let small = serde_json::to_string(&usd(40_600_000_000)).unwrap();
        assert_eq!(small, r#"{"minor":40600000000,"currency":"USD"}"#);
        let large = serde_json::to_string(&usd(1 << 60)).unwrap();
        assert_eq!(large, r#"{"minor":"1152921504606846976","currency":"USD"}"#);
        assert_eq!(serde_json::from_str::<Money>(&large).unwrap(), usd(1 << 60));
        assert!(serde_json::from_str::<Money>(r#"{"minor":1.5,"currency":"USD"}"#).is_err());
    }

    #[test]
    fn the_reference_prices() {
        let b200 = MicroPrice::of_total(usd(40_600_000_000), 5_000 * 26_280).unwrap();
        assert_eq!(b200.rounded(), "3.09 USD");
        let b300 = MicroPrice::of_total(usd(80_000_000_000), 10_000 * 26_280).unwrap();
        assert_eq!(b300.rounded(), "3.04 USD");
    }

    proptest! {
        #[test]
        fn parts_add_up(total in -10_i128.pow(15)..10_i128.pow(15), cuts in proptest::collection::vec(0_i128..=26_280, 0..20)) {
            let mut points = cuts;
            points.extend([0, 26_280]);
            points.sort_unstable();
            let mut sum = usd(0);
            for pair in points.windows(2) {
                sum = sum.checked_add(usd(total).part_of_total(pair[0], pair[1], 26_280).unwrap()).unwrap();
            }
            prop_assert_eq!(sum, usd(total));
        }

        #[test]
        fn half_up_is_nearest(n in -10_000_i128..10_000, d in 1_i128..100) {
            let q = divide(n, d, Rounding::HalfUp);
            prop_assert!((q * d - n).abs() * 2 <= d);
            if (q * d - n).abs() * 2 == d { prop_assert!(q.abs() * d >= n.abs()); }
        }
    }
}
