//! Traces: rows lie where their times say; what could mean two things, or is not a trace, is refused with
//! its row and the remedy; what is read otherwise than a first look suggests is said.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use redrive::wire::Value;
use redrive_sim::{Loader, Scenario, scenario::Arrivals};

/// One file with these bytes.
struct Bytes(Vec<u8>);

impl Loader for Bytes {
    fn text(&mut self, _: &str) -> Result<String, String> {
        Err("is asked for as text".to_owned())
    }

    fn bytes(&mut self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone())
    }

    fn tree(&mut self, _: &str) -> Result<Value, String> {
        Err("is not a tree".to_owned())
    }
}

/// Starts in seconds with counts, and the notes.
type Read = (Vec<(f64, u32)>, String);

fn read(bytes: &[u8], sets: &[(&str, &str)]) -> Result<Read, String> {
    let scenario = scenario(bytes, sets)?;
    let Arrivals::Trace { spans, .. } = &scenario.arrivals else { panic!("no trace") };
    let spans = spans.iter().map(|span| (span.from.as_secs_f64(), span.count)).collect();
    Ok((spans, scenario.notes().join("\n")))
}

fn scenario(bytes: &[u8], sets: &[(&str, &str)]) -> Result<Scenario, String> {
    let arrivals = Value::map([("kind", "trace".into()), ("file", "t.csv".into())]);
    let policies = Value::List(vec!["full".into()]);
    let mut tree = Value::map([("arrivals", arrivals), ("policies", policies)]);
    for (path, value) in sets {
        Scenario::set(&mut tree, path, value).map_err(|error| error.to_string())?;
    }
    Scenario::read(&tree, &mut Bytes(bytes.to_vec())).map_err(|error| error.to_string())
}

fn same(text: &str, sets: &[(&str, &str)], spans: &[(f64, u32)], note: &str) {
    same_bytes(text.as_bytes(), sets, spans, note);
}

fn same_bytes(bytes: &[u8], sets: &[(&str, &str)], spans: &[(f64, u32)], note: &str) {
    let text = String::from_utf8_lossy(bytes);
    match read(bytes, sets) {
        Ok((found, notes)) => {
            assert_eq!(found, spans, "{text}\n{notes}");
            assert!(notes.contains(note), "{text}: {notes}");
            assert!(!note.is_empty() || notes.is_empty(), "{text}: {notes}");
        }
        Err(why) => panic!("{text}: {why}"),
    }
}

fn refused(text: &str, sets: &[(&str, &str)], why: &[&str]) {
    refused_bytes(text.as_bytes(), sets, why);
}

fn refused_bytes(bytes: &[u8], sets: &[(&str, &str)], why: &[&str]) {
    let text = String::from_utf8_lossy(bytes);
    let error = match read(bytes, sets) {
        Err(error) => error,
        Ok(found) => panic!("{text} is read: {found:?}"),
    };
    for part in why {
        assert!(error.contains(part), "{text}: \"{error}\" lacks \"{part}\"");
    }
}

#[test]
fn gaps_are_gaps() {
    same(
        "timestamp,value\n2024-01-01T00:00:00Z,100\n2024-01-01T00:05:00Z,100\n2024-01-01T03:00:00Z,100\n",
        &[],
        &[(0.0, 100), (300.0, 100), (10_800.0, 100)],
        "a gap in its times, the longest 2h55m before row 4",
    );
    same(
        "time,count\n2024-02-28,1\n2024-02-29,2\n2024-03-02,3\n",
        &[],
        &[(0.0, 1), (86_400.0, 2), (3.0 * 86_400.0, 3)],
        "before row 4",
    );
}

#[test]
fn times_with_zones_are_moments() {
    for text in [
        "timestamp,value\n2024-10-27T02:55:00+02:00,5\n2024-10-27T02:00:00+01:00,6\n",
        "ts,value\n2024-10-27 02:55:00 +0200,5\n2024-10-27 02:00:00 +0100,6\n",
        "ts,value\n2024-03-31T01:55:00+01:00,5\n2024-03-31T03:00:00+02:00,6\n",
    ] {
        same(text, &[], &[(0.0, 5), (300.0, 6)], "");
    }
    same(
        "ts,value\n2024-10-27T02:59:00+02:00,1\n2024-10-27T02:00:00+01:00,2\n2024-10-27T02:01:00+01:00,3\n",
        &[],
        &[(0.0, 1), (60.0, 2), (120.0, 3)],
        "",
    );
    refused(
        "ts,value\n2024-10-27 02:55:00,1\n2024-10-27 02:00:00,2\n2024-10-27 02:05:00,2\n",
        &[],
        &["row 3 of t.csv lies before the row above it", "zones (+02:00)"],
    );
    refused(
        "ts,value\n2024-10-27T02:55:00Z,1\n2024-10-27T03:00:00,2\n",
        &[],
        &["row 3", "no zone", "alike"],
    );
}

#[test]
fn iso_times_are_read_with_and_without_fractions_and_zones() {
    for (first, second) in [
        ("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.500Z"),
        ("2024-01-01 00:00:00", "2024-01-01 00:00:00.5"),
        ("2024-01-01 00:00:00,000", "2024-01-01 00:00:00,500"),
        ("2024-01-01 00:00:00 UTC", "2024-01-01 00:00:00.5 UTC"),
        ("1704067200", "1704067200.5"),
        ("1704067200000", "1704067200500"),
        ("1704067200000000", "1704067200500000"),
        ("1704067200000000000", "1704067200500000000"),
    ] {
        same(&format!("time;value\n{first};5\n{second};6\n"), &[], &[(0.0, 5), (0.5, 6)], "");
    }
}

#[test]
fn dates_of_other_countries_are_read() {
    for (first, second) in [
        ("31.12.2023 23:55", "01.01.2024 00:00"),
        ("31.12.2023 23:55:00", "01.01.2024 00:00:00"),
        ("31.12.23 23:55", "01.01.24 00:00"),
        ("12/31/2023 23:55", "1/1/2024 0:00"),
        ("12/31/2023 11:55 PM", "1/1/2024 12:00 AM"),
        ("31/12/2023 23:55:00", "01/01/2024 00:00:00"),
        ("2023/12/31 23:55", "2024/01/01 00:00"),
        ("31 Dec 2023 23:55", "1 Jan 2024 00:00"),
        ("Sun, 31 Dec 2023 23:55:00 GMT", "Mon, 01 Jan 2024 00:00:00 GMT"),
        ("31/Dec/2023:23:55:00 +0000", "01/Jan/2024:00:00:00 +0000"),
        ("Sun Dec 31 23:55:00 2023", "Mon Jan  1 00:00:00 2024"),
        ("Dec 31 23:55:00", "Jan  1 00:00:00"),
    ] {
        let note = if first.starts_with("Dec") { "pass into the next once" } else { "" };
        same(&format!("time;value\n{first};5\n{second};6\n"), &[], &[(0.0, 5), (300.0, 6)], note);
    }
    same(
        "date,value\n30.12.2023,1\n31.12.2023,2\n01.01.2024,3\n",
        &[],
        &[(0.0, 1), (86_400.0, 2), (172_800.0, 3)],
        "",
    );
    // Only one of the two readings keeps the rows in order.
    same(
        "date,value\n1/2/2024,1\n2/2/2024,2\n3/2/2024,3\n13/2/2024,4\n",
        &[],
        &[(0.0, 1), (86_400.0, 2), (172_800.0, 3), (1_036_800.0, 4)],
        "a gap",
    );
}

#[test]
fn an_ambiguous_date_has_to_be_told() {
    let text = "timestamp,value\n1/9/2024 23:55,5\n1/10/2024 00:00,6\n";
    refused(text, &[], &["row 2", "two ways", "arrivals.timeFormat", "%m/%d/%Y", "%d/%m/%Y"]);
    let american = [("arrivals.timeFormat", "%m/%d/%Y %H:%M")];
    same(text, &american, &[(0.0, 5), (300.0, 6)], "");
    let british = [("arrivals.timeFormat", "%d/%m/%Y %H:%M")];
    same(text, &british, &[(0.0, 5), (29.0 * 86_400.0 + 86_400.0 - 86_100.0, 6)], "");
    refused(
        "t,value\nsoon,1\nlater,2\n",
        &[("arrivals.timeColumn", "t")],
        &["row 2", "not a time", "timeFormat"],
    );
    refused(text, &[("arrivals.timeFormat", "%Y")], &["row 2", "arrivals.timeFormat = \"%Y\""]);
    same(
        "time,value\n1000,1\n2000,2\n",
        &[("arrivals.timeFormat", "ms")],
        &[(0.0, 1), (1.0, 2)],
        "",
    );
}

#[test]
fn clocks_without_dates_run_on() {
    same(
        "time,value\n8:59,1\n9:59,2\n10:00,3\n10:01,4\n",
        &[],
        &[(0.0, 1), (3_600.0, 2), (3_660.0, 3), (3_720.0, 4)],
        "a gap",
    );
    same(
        "time,value\n23:58:00,1\n23:59:00,2\n00:00:00,3\n",
        &[],
        &[(0.0, 1), (60.0, 2), (120.0, 3)],
        "pass into the next once",
    );
    same(
        "time,value\n11:59 AM,1\n12:00 PM,2\n12:01 PM,3\n",
        &[],
        &[(0.0, 1), (60.0, 2), (120.0, 3)],
        "",
    );
    refused("time,value\n11:59,1\n12:00,2\n1:01,3\n", &[], &["row 4", "lies before"]);
}

#[test]
fn a_log_has_a_request_in_each_row() {
    for text in [
        "timestamp,status\n2024-01-01T00:00:00Z,200\n2024-01-01T00:00:01Z,503\n",
        "timestamp,status,duration_ms\n2024-01-01T00:00:00Z,200,12\n2024-01-01T00:00:01Z,503,7\n",
        "time;method;path\n2024-01-01T00:00:00Z;GET;/\n2024-01-01T00:00:01Z;GET;/x\n",
        "timestamp\n1700000000\n1700000001\n",
        "2024-01-01T00:00:00.000Z 200 12ms /checkout\n2024-01-01T00:00:01.000Z 503 7ms /checkout\n",
        "2024-01-01 00:00:00,123 INFO served\n2024-01-01 00:00:01,124 INFO served\n",
        "2024/01/01 00:00:00 [error] 1#1: timed out\n2024/01/01 00:00:01 [error] 1#1: timed out\n",
        "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2326\n\
         127.0.0.1 - bob [10/Oct/2000:13:55:37 -0700] \"GET /b, HTTP/1.0\" 503 0\n",
        "::1 - - [10/Oct/2000:13:55:36 +0000] \"GET / HTTP/1.0\" 200 2326 \"-\" \"Mozilla/5.0 (X11; U)\"\n\
         ::1 - - [10/Oct/2000:13:55:37 +0000] \"GET / HTTP/1.0\" 200 2326 \"-\" \"curl/8\"\n",
        "[2024-01-01 00:00:00] GET /\n[2024-01-01 00:00:01] GET /\n",
        "Jan  1 00:00:00 web nginx: GET /\nJan  1 00:00:01 web nginx: GET /\n",
    ] {
        same(text, &[], &[(0.0, 1), (1.0, 1)], "2 rows are a request each");
    }
    let one = "2024-01-01T00:00:00.100Z 200 12ms /checkout\n";
    same(one, &[], &[(0.0, 1)], "its row is a request");
    // Written when they end: a little out of order. Counted by the bins that are asked for.
    let text = "ts,status\n1700000000,200\n1700000002,200\n1700000001,500\n1700000070,200\n";
    same(text, &[("arrivals.bin", "1m")], &[(0.0, 3), (60.0, 1)], "4 rows are a request each");
    same(
        "timestamp\n1700000000\n1700000001\n1700000007\n",
        &[("arrivals.bin", "5m")],
        &[(0.0, 3)],
        "request each",
    );
    refused("[2024-01-01 00:00:00] GET /\nno time here\n", &[], &["row 2", "no time"]);
}

#[test]
fn statuses_are_not_summed_and_what_looks_like_them_has_to_be_told() {
    let text = "2024-01-01T00:00:00Z,200\n2024-01-01T00:00:01Z,503\n2024-01-01T00:00:02Z,200\n";
    refused(text, &[], &["arrivals.rows", "look like statuses", "requests"]);
    let requests = [("arrivals.rows", "requests")];
    same(text, &requests, &[(0.0, 1), (1.0, 1), (2.0, 1)], "a request each");
    let counts = [("arrivals.rows", "counts")];
    same(text, &counts, &[(0.0, 200), (1.0, 503), (2.0, 200)], "");
    refused(
        "timestamp,a,b\n1700000000,1,2\n1700000001,1,2\n",
        &[],
        &["arrivals.column", "timestamp, a, b"],
    );
    same(
        "timestamp,a,b\n1700000000,1,2\n1700000001,1,3\n",
        &[("arrivals.column", "3")],
        &[(0.0, 2), (1.0, 3)],
        "",
    );
    same(
        "timestamp,a,b\n1700000000,1,2\n1700000001,1,3\n",
        &[("arrivals.column", "a")],
        &[(0.0, 1), (1.0, 1)],
        "",
    );
}

#[test]
fn any_usual_separator_and_encoding_is_read() {
    let spans = [(0.0, 5), (300.0, 6)];
    let table = |separator: &str| {
        format!(
            "timestamp{separator}value\n2024-01-01 00:00:00{separator}5\n2024-01-01 00:05:00{separator}6\n"
        )
    };
    for separator in [",", ";", "\t", "|"] {
        same(&table(separator), &[], &spans, "");
        same(&format!("sep={separator}\n{}", table(separator)), &[], &spans, "");
        same(&format!("# by hand\n{}", table(separator).replace('\n', "\r\n")), &[], &spans, "");
    }
    same(&format!("\u{feff}{}", table(",")), &[], &spans, "");
    let units: Vec<u16> = table(";").encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    same_bytes(&[&[0xff, 0xfe], little.as_slice()].concat(), &[], &spans, "");
    same_bytes(&[&[0xfe, 0xff], big.as_slice()].concat(), &[], &spans, "");
    same_bytes(&little, &[], &spans, "");
    // "Größe" in Latin-1.
    let latin =
        [b"Zeit;Gr\xf6\xdfe\n".as_slice(), b"01.02.2024 10:00;5\n01.02.2024 10:05;6\n"].concat();
    same_bytes(&latin, &[("arrivals.timeFormat", "%d.%m.%Y %H:%M")], &spans, "");
    same("\"time\",\"value\"\n\"1\",\"5\"\n\"2\",\"6\"\n", &[], &[(0.0, 5), (1.0, 6)], "");
    same("value\n5\n6\n", &[("arrivals.bin", "5m")], &spans, "");
    same("5\n6\n", &[("arrivals.bin", "5m")], &spans, "");
}

#[test]
fn numbers_are_read_as_they_are_written_or_refused() {
    same("time,value\n1,\"1,234\"\n2,\"5,000\"\n", &[], &[(0.0, 1234), (1.0, 5000)], "");
    same("time;value\n1;1 234\n2;5 000\n", &[], &[(0.0, 1234), (1.0, 5000)], "");
    same("time;value\n1;2,0\n2;5,0\n", &[], &[(0.0, 2), (1.0, 5)], "");
    refused(
        "time;value\n1;1,234\n2;5,000\n",
        &[],
        &["row 2", "column 2", "thousands or a fraction", "write"],
    );
    for (cell, why) in [
        ("null", "write 0"),
        ("", "write 0"),
        ("-", "write 0"),
        ("5 req", "unit"),
        ("12ms", "unit"),
        ("many", "not a number"),
        ("-7", "not a count"),
        ("NaN", "not a number"),
        ("1e300", "not a count"),
    ] {
        let text = format!("time,value\n1,5\n2,{cell}\n3,5\n");
        refused(&text, &[], &["row 3 of t.csv holds", why]);
    }
    refused("time,value\n1,5\n2\n", &[], &["row 3 of t.csv has only 1 column"]);
    refused("time,value\n1,5\n,6\n", &[], &["row 3", "not a time"]);
    refused("time,value\n2024-01-01,5\nTotal,6\n", &[], &["row 3", "not a time"]);
}

#[test]
fn what_has_no_rows_or_is_not_a_table_is_refused() {
    for (text, why) in [
        ("", "empty"),
        ("\n\n", "empty"),
        ("timestamp,value\n", "no rows"),
        ("timestamp,value", "no rows"),
        (
            "{\"status\":\"success\",\"data\":{\"result\":[{\"values\":[[1,\"5\"]]}]}}",
            "JSON, not CSV",
        ),
        ("{\"time\":1,\"status\":200}\n{\"time\":2,\"status\":200}\n", "JSON, not CSV"),
        ("[[1,5],[2,6]]", "JSON, not CSV"),
        ("<html><table></table></html>", "HTML"),
    ] {
        refused(text, &[("arrivals.bin", "1s")], &[why]);
    }
    for (bytes, why) in [
        (&[0x1f, 0x8b, 8, 0, 0][..], "gunzip"),
        (b"PK\x03\x04....", "spreadsheet"),
        (b"PAR1", "Parquet"),
        (b"a,b\0c", "not a text file"),
        (&[0xff, 0xfe, 0x31], "odd number of bytes"),
    ] {
        refused_bytes(bytes, &[], &[why]);
    }
}

#[test]
fn uneven_rows_are_said() {
    same(
        "timestamp,value\n1700000000,5\n1700000300,6\n1700000310,7\n1700000610,8\n",
        &[],
        &[(0.0, 5), (300.0, 6), (310.0, 7), (610.0, 8)],
        "5m apart, but for 1 that comes sooner (the first is row 4)",
    );
    same(
        "timestamp,value\n1700000000,5\n1700000300,6\n1700000310,7\n",
        &[("arrivals.bin", "5m")],
        &[(0.0, 5), (300.0, 6), (310.0, 7)],
        "5m apart, but for 1 that comes sooner",
    );
    same(
        "timestamp,value\n1700000000,5\n1700000000,6\n1700000300,7\n",
        &[],
        &[(0.0, 11), (300.0, 7)],
        "same time as the row before (the first is row 3): their counts are added",
    );
    same(
        "timestamp,value\n1700000600,8\n1700000300,7\n1700000000,5\n",
        &[],
        &[(0.0, 5), (300.0, 7), (600.0, 8)],
        "turned round",
    );
    same(
        "timestamp,value\n1700000000,5\n1700000300,7\n",
        &[("arrivals.bin", "1m")],
        &[(0.0, 5), (300.0, 7)],
        "arrivals.bin = 1m is not the 5m between the rows",
    );
    refused("timestamp,value\n1700000000,5\n", &[], &["arrivals.bin", "how long"]);
}

#[test]
fn a_row_of_counts_lasts_until_the_next() {
    let scenario = scenario(
        b"timestamp,value\n1700000000,5\n1700000300,6\n1700000310,7\n1700000910,8\n1700001210,9\n",
        &[("arrivals.bin", "5m")],
    );
    let Arrivals::Trace { spans, .. } = scenario.unwrap().arrivals else { panic!("no trace") };
    let lengths: Vec<f64> = spans.iter().map(|span| span.length.as_secs_f64()).collect();
    assert_eq!(lengths, [300.0, 10.0, 300.0, 300.0, 300.0]);
}

#[test]
fn a_horizon_or_fault_that_does_not_fit_is_said() {
    let rows = (0..4032).map(|i| format!("{},50\n", 1_700_000_000 + i * 300));
    let text = rows.fold("timestamp,value\n".to_owned(), |text, row| text + &row);
    let whole = scenario(text.as_bytes(), &[]).unwrap();
    assert_eq!(whole.notes(), [] as [String; 0]);
    // Fourteen days in bins of 100 ms would be twelve million.
    assert_eq!(whole.report.bin.as_secs(), 10);
    let cut = scenario(text.as_bytes(), &[("horizon", "10m")]).unwrap();
    let notes = cut.notes().join("\n");
    assert!(notes.contains("the horizon, 10m, cuts the trace"), "{notes}");
    assert!(notes.contains("100 of its 201600 tasks"), "{notes}");
    let fault = |from: &str, until: &str| {
        let sets = [("faults", "null"), ("report.bin", "1m")];
        let mut tree = scenario(text.as_bytes(), &sets[1..]).unwrap().to_value();
        let fault = [("mode", "down".into()), ("from", from.into()), ("until", until.into())];
        Scenario::put(&mut tree, "faults", &Value::List(vec![Value::map(fault)])).unwrap();
        let scenario = Scenario::read(&tree, &mut Bytes(text.clone().into_bytes())).unwrap();
        scenario.notes().join("\n")
    };
    assert!(fault("0s", "30s").contains("hits 30s of a trace that is"), "{}", fault("0s", "30s"));
    assert!(fault("400h", "401h").contains("after the trace"), "{}", fault("400h", "401h"));
    assert_eq!(fault("100h", "110h"), "");
}

#[test]
fn a_column_is_a_name_or_a_number() {
    let mut tree =
        scenario(b"a,b,time\n1,2,1\n3,4,2\n", &[("arrivals.column", "b")]).unwrap().to_value();
    for (column, count) in [(Value::Unsigned(1), 1), (Value::Unsigned(2), 2)] {
        Scenario::put(&mut tree, "arrivals.column", &column).unwrap();
        let bytes = Bytes(b"a,b,time\n1,2,1\n3,4,2\n".to_vec());
        let scenario = Scenario::read(&tree, &mut { bytes }).unwrap();
        let Arrivals::Trace { spans, .. } = scenario.arrivals else { panic!("no trace") };
        assert_eq!(spans.first().unwrap().count, count);
    }
    for column in [Value::Unsigned(0), Value::Unsigned(9), Value::Float(1.5)] {
        Scenario::put(&mut tree, "arrivals.column", &column).unwrap();
        let bytes = Bytes(b"a,b,time\n1,2,1\n3,4,2\n".to_vec());
        assert!(Scenario::read(&tree, &mut { bytes }).is_err(), "{column:?}");
    }
}
