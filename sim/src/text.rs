//! Numbers and names as people read them: digits in groups, units, plurals, and names that somebody
//! else chose without what they could do to their reader.

use std::borrow::Cow;

use redrive::wire::{is_hidden, visible};

/// A whole number with its digits in groups: `12,345`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A quantity to about three digits, grouped: `12,345`, `98.7`, `1.25`, `0.0031`.
#[must_use]
pub fn number(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if !value.is_finite() => return "–".to_owned(),
        0.0 => "0".to_owned(),
        _ if size >= 99.95 => grouped(size.round() as u64),
        _ if size >= 9.995 => trimmed(format!("{size:.1}")),
        _ if size >= 0.0995 => trimmed(format!("{size:.2}")),
        _ if size >= 1e-4 => trimmed(format!("{size:.4}")),
        _ => format!("{size:.0e}"),
    };
    if value < 0.0 { format!("\u{2212}{text}") } else { text }
}

/// Without the zeros that end a fraction.
fn trimmed(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A span of time in the unit that suits it: `31 ms`, `2.5 s`, `1 min 22 s`, `2 h 5 min`, `3 d 4 h`.
#[must_use]
pub fn seconds(value: f64) -> String {
    let rounded = value.round() as u64;
    let rest = |unit: u64, of: u64| rounded % of / unit;
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        0.0 => "0 s".to_owned(),
        size if size < 0.9995e-3 => format!("{} µs", number(value * 1e6)),
        size if size < 0.9995 => format!("{} ms", number(value * 1e3)),
        size if size < 59.95 => format!("{} s", number(value)),
        size if size < 3_599.5 => two(rounded / 60, "min", rest(1, 60), "s"),
        size if size < 172_800.0 => two(rounded / 3_600, "h", rest(60, 3_600), "min"),
        _ => two(rounded / 86_400, "d", rest(3_600, 86_400), "h"),
    }
}

/// What is known of a figure, or a dash.
#[must_use]
pub fn known(value: Option<f64>, read: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), read)
}

/// A factor: `200×`, `1.3×`.
#[must_use]
pub fn times(value: f64) -> String {
    format!("{}×", number(value))
}

/// A share of one as a percentage: `99.7 %`; never rounded up to all or down to none.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = match percent {
        _ if !percent.is_finite() => return "–".to_owned(),
        0.0 => "0".to_owned(),
        _ if percent > 99.0 && percent < 100.0 => trimmed(format!("{:.2}", percent.min(99.99))),
        _ if percent < 1.0 => trimmed(format!("{:.2}", percent.max(0.01))),
        _ => number(percent),
    };
    format!("{text} %")
}

/// `1 task`, `2 tasks`.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Names in a sentence: `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// The last name of a path: `maxDelay` of `policy.maxDelay`.
#[must_use]
pub fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// A cell of comma-separated values: what hides shows as an escape, and a text that a spreadsheet would
/// take for a formula begins with `'`. Numbers stay numbers.
#[must_use]
pub fn csv_cell(text: &str) -> Cow<'_, str> {
    let text = visible(text);
    let formula = text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        && text.parse::<f64>().is_err();
    if formula { Cow::Owned(format!("'{text}")) } else { text }
}

/// Text in Markdown: it shows as it is, never as markup, HTML, a link, a mention or a
/// reference to an issue.
#[must_use]
pub fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut counting = true;
    for (place, c) in visible(text).chars().enumerate() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // A space of no width, spelled out: what a forge makes a link of ends here.
            '@' | '#' | ':' => safe.extend([c].into_iter().chain(NO_WIDTH.chars())),
            '.' | '-' if begins_a_link(&safe) => {
                safe.extend([c].into_iter().chain(NO_WIDTH.chars()));
            }
            // At its start they would make a list.
            '-' | '+' | '=' if place == 0 => safe.extend(['\\', c]),
            '.' | ')' if counting && place > 0 => safe.extend(['\\', c]),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | '!' => safe.extend(['\\', c]),
            _ => safe.push(c),
        }
        counting &= c.is_ascii_digit();
    }
    safe
}

const NO_WIDTH: &str = "&#8203;";

/// `www.` and `GH-`, of which a forge makes links.
fn begins_a_link(safe: &str) -> bool {
    let ends = |word: &str| {
        let tail = safe.len().checked_sub(word.len()).and_then(|start| safe.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(word))
    };
    ends("www") || ends("gh")
}

/// Text as code in Markdown, outside a table: nothing in it is read as anything else.
#[must_use]
pub fn markdown_code(text: &str) -> String {
    let text = visible(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text for HTML and SVG, in elements and in quoted attributes. What hides shows as an escape: XML has
/// no place for most of it.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(letter),
            letter if is_hidden(letter) => escaped.extend(letter.escape_default()),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_about_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (12_345.4, "12,345"),
            (1_234_567.0, "1,234,567"),
            (99.96, "100"),
            (98.74, "98.7"),
            (1.25, "1.25"),
            (2.0, "2"),
            (0.0031, "0.0031"),
            (-4.0, "−4"),
            (f64::NAN, "–"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn spans_use_the_unit_that_suits() {
        for (value, text) in [
            (0.0, "0 s"),
            (0.000_031, "31 µs"),
            (0.031, "31 ms"),
            (0.999_9, "1 s"),
            (2.5, "2.5 s"),
            (59.94, "59.9 s"),
            (59.99, "1 min"),
            (81.6, "1 min 22 s"),
            (243.0, "4 min 3 s"),
            (3_599.6, "1 h"),
            (240.0, "4 min"),
            (7_500.0, "2 h 5 min"),
            (273_600.0, "3 d 4 h"),
        ] {
            assert_eq!(seconds(value), text);
        }
    }

    #[test]
    fn nearly_all_is_not_all() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.999_999), "99.99 %");
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.000_001), "0.01 %");
        assert_eq!(percent(0.5), "50 %");
    }

    #[test]
    fn markup_is_defused() {
        assert_eq!(escape("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
    }

    #[test]
    fn text_in_markdown_is_only_text() {
        for (text, safe) in [
            ("plain, 1.5 s", "plain, 1.5 s"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
            ("@torvalds #1", "@&#8203;torvalds #&#8203;1"),
            ("http://evil www.evil GH-1", "http:&#8203;//evil www.&#8203;evil GH-&#8203;1"),
            ("![x](y) `b` ~~s~~ a|b", "\\!\\[x\\](y) \\`b\\` \\~\\~s\\~\\~ a\\|b"),
            ("- a", "\\- a"),
            ("1. a", "1\\. a"),
            ("a\n# b", "a\\\\n#&#8203; b"),
        ] {
            assert_eq!(markdown(text), safe, "{text}");
        }
        assert_eq!(markdown_code("a`b"), "``a`b``");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_code("x\u{202e}"), "`x\\u{202e}`");
    }

    #[test]
    fn a_cell_is_not_a_formula() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("@SUM(1)", "'@SUM(1)"),
            ("-3.5", "-3.5"),
            ("-3+cmd", "'-3+cmd"),
            ("plain", "plain"),
            ("\t=1", "\\t=1"),
        ] {
            assert_eq!(csv_cell(text), cell);
        }
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(counted(1, "task", "tasks"), "1 task");
        assert_eq!(counted(2_000, "task", "tasks"), "2,000 tasks");
    }
}
