//! The arithmetic of rating: integers, each division rounded half up to the minor unit.

use bareboat_base::money::{MoneyError, divide};
use bareboat_base::{MicroPrice, Money, Rounding, Share};

const MICROS_PER_HOUR: i128 = 3_600_000_000;

/// What so many GPU-microseconds cost at a price per GPU-hour, rounded half up once.
pub fn rate(price: MicroPrice, gpu_micros: i128) -> Result<Money, MoneyError> {
    // Micro-units have six decimals, minor units `exponent` (at most four in ISO 4217).
    let decimals = 6_u32.saturating_sub(price.currency.exponent());
    let product = price.micro.checked_mul(gpu_micros);
    let product = product.ok_or(MoneyError::Overflow)?;
    let minor = divide(
        product,
        MICROS_PER_HOUR * 10_i128.pow(decimals),
        Rounding::HalfUp,
    );
    Ok(Money::new(minor, price.currency))
}

/// What must be added to the charges so that they come to `floor`; zero when they already do.
pub fn true_up(floor: Money, charged: Money) -> Result<Money, MoneyError> {
    let missing = floor.checked_sub(charged)?;
    Ok(Money::new(missing.minor.max(0), missing.currency))
}

/// A share of an amount, rounded half up.
pub(crate) fn share_of(amount: Money, share: Share) -> Result<Money, MoneyError> {
    amount.scaled(
        i128::from(share.units()),
        i128::from(Share::UNITS),
        Rounding::HalfUp,
    )
}

/// `amount × part / whole` rounded half up; both sides are first divided by what they have in
/// common, since GPU-microseconds are large. `whole` must be positive.
pub(crate) fn portion(amount: Money, part: i128, whole: i128) -> Result<Money, MoneyError> {
    let common = gcd(part.abs(), whole);
    amount.scaled(part / common, whole / common, Rounding::HalfUp)
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}
