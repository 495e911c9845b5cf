//! The readers, on the shipped lists, on malformed rows, and on anything at all.

use proptest::prelude::*;

use super::{code, shipped};
use crate::formats::{Parsed, csl, diff, jsonl, ofac_sdn, overlay, un_xml};
use crate::*;

fn problems(parsed: &Parsed) -> Vec<String> {
    let shown = parsed.malformed.iter();
    shown
        .map(|bad| format!("{}:{} {}", bad.part, bad.line, bad.problem))
        .collect()
}

fn by_id<'a>(parsed: &'a Parsed, id: &str) -> &'a Entry {
    parsed.entries.iter().find(|entry| entry.id == id).unwrap()
}

fn names(entry: &Entry) -> Vec<&str> {
    entry.names.iter().map(|name| name.text.as_str()).collect()
}

#[test]
fn the_shipped_sdn_list() {
    let files = ["ofac_sdn.csv", "ofac_alt.csv", "ofac_add.csv"].map(shipped);
    let parsed = ofac_sdn::parse(&code("SDN"), &files[0], &files[1], &files[2]);
    assert_eq!(parsed.entries.len(), 9043);
    assert_eq!(
        problems(&parsed),
        [
            "sdn:9044 number 2677 is used twice (HAMER AND NAIL CONSTRUCTION LIMITED)",
            "add:13625 no entry has the number 34489",
        ]
    );
    let bank = by_id(&parsed, "306");
    assert_eq!(
        names(bank),
        ["BANCO NACIONAL DE CUBA", "BNC", "NATIONAL BANK OF CUBA"]
    );
    assert_eq!(bank.names[1].quality, Quality::Weak);
    assert!(bank.countries.contains(&"CH".parse().unwrap()));
    let person = by_id(&parsed, "2677");
    assert_eq!(
        (person.kind, person.birth_dates.as_slice()),
        (EntryKind::Person, ["1947-04-19".to_owned()].as_slice())
    );
    // Written and read again, it is the same.
    let bytes = jsonl::write(&parsed.entries);
    let again = jsonl::parse(Some(&code("SDN")), &bytes);
    assert_eq!(
        (problems(&again), jsonl::write(&again.entries) == bytes),
        (vec![], true)
    );
}

#[test]
fn the_shipped_un_list() {
    let bytes = shipped("un_consolidated.xml");
    let parsed = un_xml::parse(&code("UN"), &bytes);
    assert_eq!((parsed.entries.len(), problems(&parsed)), (1003, vec![]));
    let entry = by_id(&parsed, "6908048");
    assert_eq!(
        names(entry),
        ["SADDAM HUSSEIN AL-TIKRITI", "صدام حسين التكريتي", "Abu Ali"]
    );
    assert_eq!(entry.names[2].quality, Quality::Weak);
    assert_eq!(entry.citation.as_deref(), Some("IQi.001"));
    assert_eq!(entry.birth_dates, ["1937-04-28"]);
}

#[test]
fn the_shipped_jsonl_lists_are_canonical() {
    for (file, list, count) in [
        ("bis_entity_list", "EL", 3409),
        ("bis_meu", "MEU", 70),
        ("bis_dpl", "DPL", 564),
        ("dow_1260h", "1260H", 80),
        ("dhs_uflpa", "UFLPA", 148),
        ("ofac_nscmic", "NS-CMIC", 68),
    ] {
        let bytes = shipped(&format!("{file}.jsonl"));
        let parsed = jsonl::parse(Some(&code(list)), &bytes);
        assert_eq!(
            (parsed.entries.len(), problems(&parsed)),
            (count, vec![]),
            "{file}"
        );
        assert!(
            jsonl::write(&parsed.entries) == bytes,
            "{file} is not canonical"
        );
    }
}

#[test]
fn the_consolidated_screening_list() {
    let parsed = csl::parse(&shipped("csl_sample.csv"));
    assert_eq!((parsed.entries.len(), problems(&parsed)), (13, vec![]));
    let lists: Vec<String> = parsed.by_list().keys().map(ToString::to_string).collect();
    assert_eq!(
        lists,
        [
            "DPL", "DTC", "EL", "FSE", "ISN", "MEU", "PLC", "SDN", "SSI", "UVL"
        ]
    );
    let entry = by_id(&parsed, "52291");
    assert_eq!(entry.kind, EntryKind::Person);
    assert_eq!(entry.identifiers.len(), 1);
    assert_eq!(entry.identifiers[0].value, "836238033");
    // The older schema has no _id; columns are found by name.
    let older = "source,name,type,alt_names,ids\nEntity List (EL) - BIS,A Ltd.,,B; C,\"US, 80-0890696, Tax ID No.\"\n";
    let parsed = csl::parse(older.as_bytes());
    assert_eq!(names(&parsed.entries[0]), ["A Ltd.", "B", "C"]);
    assert!(parsed.entries[0].id.starts_with("csl-"));
    assert_eq!(parsed.entries[0].identifiers[0].scheme, "Tax ID No.");
}

#[test]
fn malformed_rows_of_csv_are_reported_by_line() {
    let primary = "1,A,-0- ,X,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n\
        x,B,-0- ,X,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n\
        2,\"C,-0- ,X,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n\
        3,D\n\
        4,,-0- ,X,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n\
        5,E,robot,X,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n\
        6,F,vessel,X,-0- ,-0- ,-0- ,-0- ,-0- ,Cuba,-0- ,-0- \n";
    let parsed = ofac_sdn::parse(
        &code("SDN"),
        primary.as_bytes(),
        b"1,1,aka,,\n9,1,aka,Z,\n",
        b"1\n",
    );
    let ids: Vec<&str> = parsed
        .entries
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    assert_eq!(ids, ["1", "6"]);
    assert_eq!(
        problems(&parsed),
        [
            "sdn:2 \"x\" is not an entry's number",
            "sdn:3 a quote is not closed",
            "sdn:4 2 fields instead of 12",
            "sdn:5 number 4 has no name",
            "sdn:6 \"robot\" is not a kind of entry",
            "alt:1 number 1 has an alias without a name",
            "alt:2 no entry has the number 9",
            "add:1 1 fields instead of 6",
        ]
    );
    let text = b"source,name\nEntity List (EL),A\nNo list,B\n,\xff\nEntity List (EL),\nEntity List (EL),A\n";
    assert_eq!(
        problems(&csl::parse(text)),
        [
            ":3 the source \"No list\" names no list",
            ":4 a field is not UTF-8",
            ":5 an entry of EL has no name",
            ":6 the same entry of EL again: A",
        ]
    );
    assert_eq!(
        problems(&csl::parse(b"a,b\n1,2\n")),
        [":1 the header has no column \"source\""]
    );
}

#[test]
fn malformed_rows_of_jsonl_are_reported_by_line() {
    let rows = [
        r#"{"id":"1","names":["A"]}"#,
        "",
        r#"{"id":"1","names":["A"]}"#,
        r#"{"names":["A"]}"#,
        r#"{"id":"2","names":[]}"#,
        r#"{"id":"2","name":["A"]}"#,
        r#"{"id":"2","names":["A"],"contries":["CN"]}"#,
        r#"{"id":"2","names":["A"],"list":"SDN"}"#,
        r#"{"id":"2","names":["A"],"schema":"Robot"}"#,
        r#"{"id":"2","names":[3]}"#,
        r#"["id"]"#,
        r#"{"id":2,"names":[{"text":"B","quality":"weak"}],"countries":["China","Atlantis"]}"#,
    ];
    let parsed = jsonl::parse(Some(&code("EL")), rows.join("\n").as_bytes());
    let lines: Vec<u64> = parsed.malformed.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(
        parsed.malformed[4].problem,
        "\"contries\" is not a field of an entry"
    );
    assert_eq!(
        jsonl::line(&parsed.entries[1]),
        r#"{"id":"2","schema":"LegalEntity","names":[{"text":"B","quality":"weak"}],"list":"EL","countries":["CN"],"places":["Atlantis"]}"#
    );
    assert_eq!(
        problems(&jsonl::parse(None, rows[0].as_bytes())),
        [":1 no list"]
    );
}

#[test]
fn malformed_records_of_xml_are_reported_by_line() {
    let text = "<CONSOLIDATED_LIST><INDIVIDUALS>\n\
        <INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>A &amp; B</FIRST_NAME></INDIVIDUAL>\n\
        <INDIVIDUAL><DATAID>2</DATAID>\n\
        <INDIVIDUAL><DATAID>3</FIRST_NAME></INDIVIDUAL>\n\
        <INDIVIDUL><DATAID>4</DATAID></INDIVIDUL>\n\
        <ENTITY><DATAID>5</DATAID></ENTITY>\n\
        <ENTITY><DATAID>1</DATAID><FIRST_NAME>C</FIRST_NAME></ENTITY>\n\
        <ENTITY><DATAID>6</DATAID><FIRST_NAME>&what;</FIRST_NAME></ENTITY>\n\
        </INDIVIDUALS></CONSOLIDATED_LIST>\n";
    let parsed = un_xml::parse(&code("UN"), text.as_bytes());
    assert_eq!(
        (parsed.entries.len(), parsed.entries[0].name()),
        (1, "A & B")
    );
    let lines: Vec<u64> = parsed.malformed.iter().map(|bad| bad.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8]);
}

#[test]
fn what_differs_and_what_is_added() {
    let entry = |id: &str, name: &str| Entry::new(code("EL"), id, EntryKind::Organisation, name);
    let base = [entry("1", "A"), entry("2", "B"), entry("3", "C")];
    let next = overlay(&base, &[entry("2", "B2"), entry("9", "Nagisa Holdings")]);
    let found = diff(&base, &next);
    assert_eq!(
        (found.added.as_slice(), found.changed.as_slice()),
        (["9".to_owned()].as_slice(), ["2".to_owned()].as_slice())
    );
    let counts = diff(&next, &base).change();
    assert_eq!((counts.added, counts.removed, counts.changed), (0, 1, 1));
    let parsed = jsonl::parse(None, &jsonl::write(&next));
    assert_eq!((parsed.entries, parsed.malformed), (next, vec![]));
}

/// Bytes that look like the formats often enough to get inside them.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop_oneof![
        Just(&b"\n"[..]),
        Just(&b","[..]),
        Just(&b"\""[..]),
        Just(&b"1,A,-0- ,X,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,DOB 1 Jan 19"[..]),
        Just(&b"source,name,ids,addresses\n"[..]),
        Just(&b"Entity List (EL) - BIS,"[..]),
        Just(&b"{\"id\":\"1\",\"names\":[\"A\""[..]),
        Just(&b"]}"[..]),
        Just(&b"<INDIVIDUAL><DATAID>1</DATAID><FIRST_NAME>"[..]),
        Just(&b"</FIRST_NAME></INDIVIDUAL>"[..]),
        Just(&b"<ENTITY>"[..]),
        Just(&b"&#x110000;"[..]),
        Just(&b"\xff\xc3"[..]),
        Just("é渚ﷺ\u{202e}".as_bytes()),
    ];
    let noise = proptest::collection::vec(any::<u8>(), 0..6);
    let parts = proptest::collection::vec((pieces, noise), 0..40);
    parts.prop_map(|parts| {
        let pieces = parts
            .into_iter()
            .flat_map(|(piece, noise)| [piece.to_vec(), noise]);
        pieces.flatten().collect()
    })
}

/// Lines with anything but white space on them.
fn told_lines(bytes: &[u8]) -> usize {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.iter().all(u8::is_ascii_whitespace))
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_reported(bytes in bytes(), aliases in bytes()) {
        let list = code("L");
        let parsed = jsonl::parse(Some(&list), &bytes);
        prop_assert_eq!(parsed.entries.len() + parsed.malformed.len(), told_lines(&bytes));
        let again = jsonl::parse(None, &jsonl::write(&parsed.entries));
        prop_assert_eq!(again.entries.len(), parsed.entries.len());
        let _ = csl::parse(&bytes);
        let _ = un_xml::parse(&list, &bytes);
        let _ = ofac_sdn::parse(&list, &bytes, &aliases, &bytes);
    }

    #[test]
    fn no_row_of_csv_is_dropped(rows in proptest::collection::vec("[a\",-]{0,12}", 0..30)) {
        let text = rows.join("\n");
        let parsed = ofac_sdn::parse(&code("L"), text.as_bytes(), b"", b"");
        // None is an entry, so each line that is not inside a quoted field of another is told.
        prop_assert!(parsed.entries.is_empty());
        let lines: Vec<u64> = parsed.malformed.iter().map(|bad| bad.line).collect();
        prop_assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
        let first = (1..).zip(&rows).find(|(_, row)| !row.trim().is_empty());
        prop_assert_eq!(lines.first().copied(), first.map(|(line, _)| line));
    }

    #[test]
    fn written_entries_read_back(
        names in proptest::collection::vec(".{1,20}", 1..4),
        id in "[a-z0-9]{1,8}",
        text in ".{0,30}",
    ) {
        let row = serde_json::json!({
            "id": id, "names": names, "countries": [text], "addresses": [text],
            "identifiers": [{"scheme": text, "value": "x1"}], "remarks": text, "birth_dates": [text],
        });
        let parsed = jsonl::parse(Some(&code("L")), row.to_string().as_bytes());
        for entry in &parsed.entries {
            let again = jsonl::parse(None, jsonl::line(entry).as_bytes());
            prop_assert_eq!(&again.entries[0], entry);
        }
    }
}
