//! Numbers and names as people read them: digits in groups, units, plurals, escapes.

/// A whole number with its digits in groups: `12,345`.
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

/// A span of time in the unit that suits it: `31 ms`, `2.5 s`, `4 min 3 s`, `2 h 5 min`, `3 d 4 h`.
pub fn seconds(value: f64) -> String {
    let whole = |unit: u64| (value / unit as f64) as u64;
    let rest = |unit: u64, of: u64| (value.round() as u64) % of / unit;
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match value.abs() {
        _ if !value.is_finite() => "–".to_owned(),
        0.0 => "0 s".to_owned(),
        size if size < 0.9995e-3 => format!("{} µs", number(value * 1e6)),
        size if size < 0.9995 => format!("{} ms", number(value * 1e3)),
        size if size < 119.95 => format!("{} s", number(value)),
        size if size < 7_199.5 => two((value.round() as u64) / 60, "min", rest(1, 60), "s"),
        size if size < 172_800.0 => two(whole(3_600), "h", rest(60, 3_600), "min"),
        _ => two(whole(86_400), "d", rest(3_600, 86_400), "h"),
    }
}

/// What is known of a figure, or a dash.
pub fn known(value: Option<f64>, read: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), read)
}

/// A factor: `200×`, `1.3×`.
pub fn times(value: f64) -> String {
    format!("{}×", number(value))
}

/// A share of one as a percentage: `99.7 %`; never rounded up to all or down to none.
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
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Names in a sentence: `a`, `a and b`, `a, b and c`.
pub fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// The last name of a path: `maxDelay` of `policy.maxDelay`.
pub fn last_name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// Text for HTML and SVG, in elements and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
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
            (119.0, "119 s"),
            (243.0, "4 min 3 s"),
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
    fn lists_read_as_sentences() {
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(counted(1, "task", "tasks"), "1 task");
        assert_eq!(counted(2_000, "task", "tasks"), "2,000 tasks");
    }
}
