//! Numbers as spreadsheets and logs write them. What could be two numbers is refused.

/// Why a cell holds no number, in words that go on from
/// `row 3 of t.csv holds a value in column 2, `.
pub(super) type Why = &'static str;

/// The number in `cell`. `commas`: whether the file's columns are separated by commas, so that a comma
/// within a cell can only group thousands.
pub(super) fn number(cell: &str, commas: bool) -> Result<f64, Why> {
    let cell = cell.trim();
    if let Ok(number) = cell.parse::<f64>() {
        return if number.is_finite() { Ok(number) } else { Err(NOT_A_NUMBER) };
    }
    if cell.is_empty()
        || ["-", "--", "null", "none", "na", "n/a", "nan", "nil", "\\n"]
            .iter()
            .any(|word| cell.eq_ignore_ascii_case(word))
    {
        return Err(
            "which is not a number: write 0 where nothing was counted, or leave the row out",
        );
    }
    let sign = cell.starts_with(['-', '+']);
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(NOT_A_NUMBER);
    }
    let known = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',') || is_group(c);
    if !digits.chars().all(known) {
        return Err("which is not a number alone: leave out the unit");
    }
    let plain = ungrouped(digits, commas)?;
    let text = if sign { format!("{}{plain}", &cell[..1]) } else { plain };
    text.parse().map_err(|_| NOT_A_NUMBER)
}

const NOT_A_NUMBER: Why = "which is not a number";
const AMBIGUOUS: Why =
    "which may be thousands or a fraction: write it without grouping, and with a point";

/// What only ever groups digits.
fn is_group(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}' | '_')
}

/// `digits` with a point and without groups.
fn ungrouped(digits: &str, commas: bool) -> Result<String, Why> {
    let (points, marks) = (digits.matches('.').count(), digits.matches(',').count());
    let spaced = digits.contains(is_group);
    let whole: &str = match (points, marks) {
        (1, 0) => digits.split('.').next().unwrap_or(digits),
        (0, 1) if !commas || spaced => digits.split(',').next().unwrap_or(digits),
        _ => digits,
    };
    if spaced && !grouped(whole, is_group) {
        return Err(NOT_A_NUMBER);
    }
    let bare: String = digits.chars().filter(|c| !is_group(*c)).collect();
    let is = |c: char| move |other: char| other == c;
    match (points, marks) {
        (0 | 1, 0) => Ok(bare),
        // Both: the last one is the point.
        (1.., 1..) if bare.rfind('.') > bare.rfind(',') && points == 1 => {
            let (whole, _) = bare.split_once('.').unwrap_or((&bare, ""));
            if grouped(whole, is(',')) { Ok(bare.replace(',', "")) } else { Err(NOT_A_NUMBER) }
        }
        (1.., 1) if bare.rfind(',') > bare.rfind('.') => {
            let (whole, _) = bare.split_once(',').unwrap_or((&bare, ""));
            let grouped = grouped(whole, is('.'));
            if grouped { Ok(bare.replace('.', "").replace(',', ".")) } else { Err(NOT_A_NUMBER) }
        }
        (0, 2..) if grouped(&bare, is(',')) => Ok(bare.replace(',', "")),
        (2.., 0) if grouped(&bare, is('.')) => Ok(bare.replace('.', "")),
        // One comma alone.
        (0, 1) if spaced => Ok(bare.replace(',', ".")),
        (0, 1) if !grouped(&bare, is(',')) => {
            if commas {
                Err(AMBIGUOUS)
            } else {
                Ok(bare.replace(',', "."))
            }
        }
        (0, 1) if commas => Ok(bare.replace(',', "")),
        (0, 1) => Err(AMBIGUOUS),
        _ => Err(NOT_A_NUMBER),
    }
}

/// Whether the groups of `whole` have three digits each, but for the first.
fn grouped(whole: &str, separator: impl Fn(char) -> bool) -> bool {
    whole.split(separator).enumerate().all(|(i, group)| {
        let digits = group.bytes().all(|byte| byte.is_ascii_digit());
        digits && if i == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 }
    })
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_of_spreadsheets_are_read() {
        for (cell, value) in [
            ("5", 5.0),
            (" 5.25 ", 5.25),
            ("1e3", 1000.0),
            ("-7", -7.0),
            ("+7", 7.0),
            ("1,234", 1234.0),
            ("1,234,567.5", 1_234_567.5),
            ("1 234", 1234.0),
            ("1\u{a0}234\u{a0}567", 1_234_567.0),
            ("1'234", 1234.0),
            ("1.234.567", 1_234_567.0),
            ("1.234,5", 1234.5),
            ("1 234,5", 1234.5),
            ("12_000", 12_000.0),
            ("-1,234", -1234.0),
        ] {
            assert_eq!(number(cell, true), Ok(value), "{cell}");
        }
        assert_eq!(number("1,5", false), Ok(1.5));
        assert_eq!(number("0,25", false), Ok(0.25));
        assert_eq!(number("1234,567", false), Ok(1234.567));
    }

    #[test]
    fn what_is_not_a_number_or_is_two_is_refused() {
        for (cell, commas, why) in [
            ("1,234", false, "thousands"),
            ("1,5", true, "thousands"),
            ("", true, "write 0"),
            ("null", true, "write 0"),
            ("NaN", true, "not a number"),
            ("inf", true, "not a number"),
            ("5 req", true, "unit"),
            ("12ms", true, "unit"),
            ("many", true, "not a number"),
            ("1 23", true, "not a number"),
            ("1,23,456", true, "not a number"),
            ("5%", true, "unit"),
        ] {
            let refused = number(cell, commas).unwrap_err();
            assert!(refused.contains(why), "{cell}: {refused}");
        }
    }
}
