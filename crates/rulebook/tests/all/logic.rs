//! Kleene's tables, written out.

use bareboat_rulebook::Truth::{self, No, Unknown, Yes};

#[test]
fn and_or_not_are_kleenes() {
    let and = [
        (No, No, No),
        (No, Unknown, No),
        (No, Yes, No),
        (Unknown, No, No),
        (Unknown, Unknown, Unknown),
        (Unknown, Yes, Unknown),
        (Yes, No, No),
        (Yes, Unknown, Unknown),
        (Yes, Yes, Yes),
    ];
    for (a, b, expected) in and {
        assert_eq!(a.and(b), expected, "{a} and {b}");
    }
    let or = [
        (No, No, No),
        (No, Unknown, Unknown),
        (No, Yes, Yes),
        (Unknown, No, Unknown),
        (Unknown, Unknown, Unknown),
        (Unknown, Yes, Yes),
        (Yes, No, Yes),
        (Yes, Unknown, Yes),
        (Yes, Yes, Yes),
    ];
    for (a, b, expected) in or {
        assert_eq!(a.or(b), expected, "{a} or {b}");
    }
    for (a, expected) in [(No, Yes), (Unknown, Unknown), (Yes, No)] {
        assert_eq!(a.negate(), expected, "not {a}");
    }
    assert_eq!((Truth::from(true), Truth::from(false)), (Yes, No));
}

#[test]
fn decimals_are_exact() {
    use bareboat_rulebook::value::Decimal;
    for (text, thousandths) in [
        ("0", 0),
        ("5.92", 5_920),
        ("4800", 4_800_000),
        ("1.6", 1_600),
        ("0.001", 1),
    ] {
        let number: Decimal = text.parse().unwrap();
        assert_eq!(
            (number.0, number.to_string()),
            (thousandths, text.to_owned())
        );
    }
    assert_eq!(Decimal::hundredths(592), "5.92".parse().unwrap());
    assert_eq!(Decimal::whole(4800), "4800".parse().unwrap());
    assert_eq!(Decimal(-1_500).to_string(), "-1.5");
    for bad in [
        "",
        ".",
        "1.",
        ".5",
        "-1",
        "1.2345",
        "1e3",
        "1,5",
        "9999999999999",
    ] {
        assert!(bad.parse::<Decimal>().is_err(), "{bad}");
    }
}
