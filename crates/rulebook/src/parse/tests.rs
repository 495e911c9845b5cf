//! What is refused names its file, its line and what was expected.

use super::{ParseError, parse_regime};

const HEAD: &str = "regime = \"t\"\nversion = \"1\"\neffective = 2026-01-01\ncovers = \"a test\"\n";
const PARAMETERS: &str = r#"[[parameter]]
id = "D5"
title = "some countries"
verified = "V"
[[parameter.value]]
from = 2020-01-01
published_on = 2020-01-01
source = "made up"
countries = ["CN", "RU"]
[[parameter]]
id = "limit"
title = "a limit"
verified = "M"
[[parameter.value]]
from = 2020-01-01
published_on = 2020-01-01
source = "made up"
number = "1.5"
"#;
const DEFINITIONS: &str = r#"[[definition]]
id = "big"
citation = "nowhere"
verified = "V"
is = "item.tpp >= limit"
[[definition]]
id = "theirs"
citation = "nowhere"
verified = "V"
is = "party.headquarters in D5"
"#;

/// A rule whose condition begins on line 9.
fn rule(when: &str) -> String {
    format!(
        r#"id = "t.one"
title = "one"
verified = "V"
activities = ["sign"]
outcome = "refer"
remedy = "ask"
quoted = "words"
when = '''
{when}
'''
[[citation]]
from = 2020-01-01
text = "1 T 1"
sections = ["1"]
[[status]]
from = 2020-01-01
status = "effective"
published_on = 2020-01-01
source = "made up"
"#
    )
}

fn parse(rule: &str) -> Result<super::ParsedRulebook, ParseError> {
    parse_regime(&[
        ("rulebook.toml", HEAD),
        ("parameters.toml", PARAMETERS),
        ("definitions.toml", DEFINITIONS),
        ("one.toml", rule),
    ])
}

fn bad_when(when: &str, line: usize, words: &[&str]) {
    let error = parse(&rule(when)).unwrap_err();
    assert_eq!(
        (error.file.as_str(), error.line),
        ("one.toml", line),
        "{when}: {error}"
    );
    for word in words {
        assert!(error.problem.contains(word), "{when}: {error}");
    }
}

#[test]
fn what_conditions_may_say() {
    for when in [
        "always",
        "not always",
        "definition big",
        "item.tpp >= 4800 and item.performance_density < 5.92",
        "item.tpp is unknown or item.eccn in [3A090.a, 4A090.a] or use.wmd is false",
        "(item.tpp >= 1 and use.wmd is true) or item.site_country in D5",
        "some party ( definition theirs )",
        "some party as [client, sub-tenant] ( held by listed [MEU, EL] and party.listings in [EL] )",
        "not some party ( not (party.ultimate_parent in [CN] or party.domicile is unknown) )",
        "deal.ear_activity in [remote-access]",
    ] {
        parse(&rule(when)).unwrap_or_else(|error| panic!("{when}: {error}"));
    }
    let parsed = parse(&rule("some party ( held by listed [SDN, EL, SDN] )")).unwrap();
    let json = serde_json::to_string(&parsed.rules[0].when).unwrap();
    assert_eq!(
        json,
        r#"{"some-party":{"roles":[],"condition":{"owned-by-listed":{"lists":["EL","SDN"]}}}}"#
    );
}

#[test]
fn what_conditions_may_not_say() {
    bad_when("", 9, &["ends where a condition was expected"]);
    bad_when(
        "item.tpp >= 1\nand",
        10,
        &["ends where a condition was expected"],
    );
    bad_when(
        "always\nand always or always",
        10,
        &["`or` follows `and`", "brackets"],
    );
    bad_when("always or always and always", 9, &["`and` follows `or`"]);
    bad_when(
        "always always",
        9,
        &["\"always\" stands where `and`, `or` or the end was expected"],
    );
    bad_when("item.tp >= 1", 9, &["\"item.tp\" is no fact", "item.tpp"]);
    bad_when("item.tpp = 1", 9, &["'=' is no part of a condition"]);
    bad_when("item.tpp > 1", 9, &["'>' is no part"]);
    bad_when(
        "item.tpp in D5",
        9,
        &["\"in\" does not test item.tpp", "`>=`"],
    );
    bad_when(
        "item.tpp is true",
        9,
        &["\"true\" stands where `unknown` was expected"],
    );
    bad_when("use.wmd is maybe", 9, &["`true`, `false` or `unknown`"]);
    bad_when("use.wmd in D5", 9, &["does not test use.wmd", "is true"]);
}

#[test]
fn what_sets_and_parties_may_not_say() {
    bad_when("item.site_country >= 1", 9, &["`in` or `is unknown`"]);
    bad_when("item.tpp >= D5", 9, &["parameter D5 is not a number"]);
    bad_when(
        "item.tpp >= D6",
        9,
        &["\"D6\" is neither a number nor a parameter", "D5, limit"],
    );
    bad_when("item.tpp >=", 9, &["ends where a number or a parameter"]);
    bad_when(
        "item.eccn in D5",
        9,
        &["parameter D5 is not a set of the fact's type"],
    );
    bad_when(
        "item.site_country in limit",
        9,
        &["parameter limit is not a set"],
    );
    bad_when("item.site_country in [CN, XX]", 9, &["XX", "ISO 3166"]);
    bad_when(
        "item.site_country in []",
        9,
        &["\"]\" stands where a word was expected"],
    );
    bad_when("item.site_country in [CN", 9, &["ends where `,` or `]`"]);
    bad_when(
        "item.site_country in [CN CN]",
        9,
        &["\"CN\" stands where `,` or `]`"],
    );
    bad_when(
        "always\nand deal.ear_activity in [export]",
        10,
        &["\"export\" is no such activity", "reexport"],
    );
    bad_when(
        "definition small",
        9,
        &["no definition \"small\"", "big, theirs"],
    );
    bad_when("definition", 9, &["the name of a definition"]);
    bad_when("party.headquarters in D5", 9, &["outside `some party"]);
    bad_when("definition theirs", 9, &["outside `some party"]);
    bad_when("held by listed [EL]", 9, &["outside `some party"]);
    bad_when("held by EL", 9, &["`listed` was expected"]);
    bad_when("some parties ( always )", 9, &["`party` was expected"]);
    bad_when(
        "some party as [tenant] ( always )",
        9,
        &["\"tenant\" is no role", "sub-tenant"],
    );
    bad_when("some party always", 9, &["`(` was expected"]);
    bad_when("( always", 9, &["ends where `)` was expected"]);
    bad_when(&"(".repeat(100), 9, &["nested deeper than 24"]);
    bad_when(&"not ".repeat(100), 9, &["nested deeper than 24"]);
    bad_when(
        &format!("{}always", "not ".repeat(24)),
        9,
        &["nested deeper"],
    );
    bad_when("ⅷ", 9, &["is no part of a condition"]);
}

fn bad_rule(from: &str, to: &str, line: usize, words: &[&str]) {
    let text = rule("always");
    assert!(text.contains(from), "{from}");
    let error = parse(&text.replacen(from, to, 1)).unwrap_err();
    assert_eq!(
        (error.file.as_str(), error.line),
        ("one.toml", line),
        "{to}: {error}"
    );
    for word in words {
        assert!(error.problem.contains(word), "{to}: {error}");
    }
}

#[test]
fn what_rules_may_not_say() {
    bad_rule(
        "title = ",
        "titel = ",
        2,
        &["key \"titel\" is not known", "title"],
    );
    bad_rule("title = \"one\"\n", "", 1, &["`title` is missing"]);
    bad_rule("\"one\"", "7", 2, &["integer", "a text"]);
    bad_rule("\"one\"", "\"\"", 2, &["the text is empty"]);
    bad_rule("id = \"t.one\"", "id = \"t.two\"", 1, &["expected t.one"]);
    bad_rule(
        "verified = \"V\"",
        "verified = \"yes\"",
        3,
        &["\"yes\" is not known", "V, M"],
    );
    bad_rule(
        "[\"sign\"]",
        "[\"sing\"]",
        4,
        &["\"sing\" is not known", "sign"],
    );
    bad_rule("[\"sign\"]", "[]", 4, &["at least one"]);
    bad_rule(
        "\"refer\"",
        "\"deny\"",
        5,
        &["\"deny\" is not known", "prohibit"],
    );
    bad_rule(
        "\"refer\"",
        "\"needs-authorisation\"",
        5,
        &["discharged_by"],
    );
    bad_rule(
        "\"refer\"",
        "\"refer\"\ndischarged_by = [\"licence\"]",
        5,
        &["only with it"],
    );
    bad_rule(
        "\"refer\"",
        "\"needs-authorisation\"\ndischarged_by = [\"visa\"]",
        6,
        &["\"visa\"", "licence"],
    );
}

#[test]
fn what_citations_and_histories_may_not_say() {
    bad_rule(
        "from = 2020-01-01\ntext",
        "from = 2020-02-30\ntext",
        12,
        &["not TOML"],
    );
    bad_rule(
        "from = 2020-01-01\ntext",
        "from = \"2020-02-30\"\ntext",
        12,
        &["expected a day"],
    );
    bad_rule(
        "from = 2020-01-01\ntext",
        "from = 7\ntext",
        12,
        &["expected a day"],
    );
    bad_rule(
        "\"effective\"",
        "\"in-force\"",
        17,
        &["\"in-force\" is not known", "effective"],
    );
    bad_rule(
        "source = \"made up\"",
        "source = \"made up\"\nunverified = \"no\"",
        20,
        &["true or false"],
    );
    bad_rule(
        "source = \"made up\"",
        "source = \"x\"\n[[status]]\nfrom = 2020-01-01\nstatus = \"vacated\"\npublished_on = 2020-01-01\nsource = \"x\"",
        20,
        &["not in order"],
    );
    bad_rule(
        "[[status]]",
        "[[citation]]\nfrom = 2020-01-01\ntext = \"x\"\nsections = [\"1\"]\n[[status]]",
        15,
        &["not in order"],
    );
    bad_rule("[[status]]", "[[stati]]", 15, &["\"stati\" is not known"]);
    bad_rule(
        "[[citation]]",
        "citation = \"x\"\n[[zitat]]",
        12,
        &["not known"],
    );
    bad_rule("title = \"one\"", "title = \"one", 2, &["not TOML"]);
    bad_rule(
        "remedy = \"ask\"",
        "remedy = \"ask\"\nremedy = \"ask\"",
        7,
        &["not TOML"],
    );
    bad_rule(
        "'''\n[[citation]]",
        "'''\nunless = \"some party ( always ) and\"\n[[citation]]",
        11,
        &["ends where a condition"],
    );
}

fn bad_file(name: &str, from: &str, to: &str, line: usize, words: &[&str]) {
    let edit = |file: &str, text: &str| {
        if file == name {
            text.replacen(from, to, 1)
        } else {
            text.to_owned()
        }
    };
    let (head, parameters) = (
        edit("rulebook.toml", HEAD),
        edit("parameters.toml", PARAMETERS),
    );
    let (definitions, one) = (edit("definitions.toml", DEFINITIONS), rule("always"));
    let files = [
        ("rulebook.toml", head.as_str()),
        ("parameters.toml", &parameters),
        ("definitions.toml", &definitions),
        ("one.toml", &one),
    ];
    let error = parse_regime(&files).unwrap_err();
    assert_eq!(
        (error.file.as_str(), error.line),
        (name, line),
        "{to}: {error}"
    );
    for word in words {
        assert!(error.problem.contains(word), "{to}: {error}");
    }
}

#[test]
fn what_the_other_files_may_not_say() {
    bad_file(
        "rulebook.toml",
        "regime = \"t\"",
        "regime = \"a b\"",
        1,
        &["code"],
    );
    bad_file(
        "rulebook.toml",
        "effective = 2026-01-01\n",
        "",
        1,
        &["`effective` is missing"],
    );
    bad_file(
        "rulebook.toml",
        "covers",
        "about",
        4,
        &["\"about\" is not known"],
    );
    bad_file(
        "parameters.toml",
        "[\"CN\", \"RU\"]",
        "[\"CN\", \"ru\"]",
        9,
        &["ru", "ISO 3166"],
    );
    bad_file(
        "parameters.toml",
        "number = \"1.5\"",
        "number = \"1.5555\"",
        18,
        &["at most three"],
    );
    bad_file(
        "parameters.toml",
        "number = \"1.5\"",
        "number = 1.5",
        18,
        &["in quotes"],
    );
    bad_file(
        "parameters.toml",
        "number = \"1.5\"",
        "",
        14,
        &["expected one of `number`"],
    );
    bad_file(
        "parameters.toml",
        "id = \"limit\"",
        "id = \"D5\"",
        10,
        &["stands twice"],
    );
}

#[test]
fn what_histories_of_values_and_definitions_may_not_say() {
    bad_file(
        "parameters.toml",
        "[[parameter]]\nid = \"limit\"",
        "[[parameter.value]]\nfrom = 2019-01-01\npublished_on = 2020-01-01\nsource = \"x\"\ncountries = [\"CN\"]\n[[parameter]]\nid = \"limit\"",
        10,
        &["not in order"],
    );
    bad_file(
        "parameters.toml",
        "[[parameter]]\nid = \"limit\"",
        "[[parameter.value]]\nfrom = 2021-01-01\npublished_on = 2020-01-01\nsource = \"x\"\nnumber = \"1\"\n[[parameter]]\nid = \"limit\"",
        10,
        &["another type"],
    );
    bad_file(
        "definitions.toml",
        "id = \"theirs\"",
        "id = \"big\"",
        6,
        &["stands twice"],
    );
    bad_file(
        "definitions.toml",
        "item.tpp >= limit",
        "definition big",
        5,
        &["no definition \"big\""],
    );
    bad_file(
        "definitions.toml",
        "item.tpp >= limit",
        "definition theirs",
        5,
        &["no definition"],
    );
}

#[test]
fn a_regime_is_whole_or_refused() {
    let one = rule("always");
    let lacking = parse_regime(&[("one.toml", &one)]).unwrap_err();
    assert_eq!(
        lacking.to_string(),
        "rulebook.toml, line 1: the file is missing; expected regime, version and effective"
    );
    assert!(
        parse_regime(&[("rulebook.toml", HEAD)])
            .unwrap_err()
            .problem
            .contains("no rule")
    );
    let twice = [
        ("rulebook.toml", HEAD),
        ("one.toml", &one),
        ("one.toml", &one),
    ];
    assert!(parse_regime(&twice).unwrap_err().problem.contains("twice"));
    let misnamed = [("rulebook.toml", HEAD), ("one.txt", one.as_str())];
    assert!(
        parse_regime(&misnamed)
            .unwrap_err()
            .problem
            .contains("expected t.one.txt")
    );
    let parsed = parse_regime(&[("rulebook.toml", HEAD), ("one.toml", &one)]).unwrap();
    assert_eq!(parsed.adopt().rules.len(), 1);
}

proptest::proptest! {
    /// Whatever is in the files, the reader answers.
    #[test]
    fn any_text_is_answered(text in "(definition |some party|\\(|\\)|and |not |or |item.tpp |>= |[a-z0-9\\[\\],'\"=\n#é ]){0,60}") {
        let _ = parse(&rule(&text));
        let _ = parse(&text);
    }
}
