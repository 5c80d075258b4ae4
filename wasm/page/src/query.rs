//! Query strings, as browsers write them (`application/x-www-form-urlencoded`).

/// Longer ones are cut: no state of ours comes near.
const LONGEST: usize = 32_768;

/// More pairs than any state has.
const MOST: usize = 500;

/// The query of a URL: between the first `?` and the `#`. What has no `?` and no `/` is a query.
pub(super) fn of_url(url: &str) -> &str {
    let before_fragment = url.split('#').next().unwrap_or_default().trim();
    match before_fragment.split_once('?') {
        Some((_, query)) => query,
        None if before_fragment.contains("://") || before_fragment.starts_with('/') => "",
        None => before_fragment,
    }
}

/// Names and values, decoded; whether something was cut off.
pub(super) fn parse(query: &str) -> (Vec<(String, String)>, bool) {
    let mut end = query.len().min(LONGEST);
    while !query.is_char_boundary(end) {
        end -= 1;
    }
    let mut pairs = query[..end].split('&').filter(|pair| !pair.is_empty());
    let read = pairs
        .by_ref()
        .take(MOST)
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect();
    (read, end < query.len() || pairs.next().is_some())
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high * 16 + low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (byte, _) => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// The query of these pairs. What a query may hold as it is stays readable.
pub(super) fn write(pairs: &[(String, String)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        encode(name, &mut query);
        query.push('=');
        encode(value, &mut query);
    }
    query
}

fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'*' | b':' | b',' | b'/' => out.push(char::from(byte)),
            byte => {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let pairs: Vec<(String, String)> =
            [("a b", "1&2=3"), ("ä", "+%"), ("x.y", "[1,2]"), ("", "")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        assert_eq!(parse(&write(&pairs)).0[..3], pairs[..3]);
    }

    #[test]
    fn broken_escapes_are_taken_as_they_stand() {
        assert_eq!(parse("a=%&b=%4&c=%zz&d=%ff").0[2].1, "%zz");
    }

    #[test]
    fn the_query_of_a_url_is_found() {
        assert_eq!(of_url("https://example.org/page/?s=herd#top"), "s=herd");
        assert_eq!(of_url("https://example.org/page/"), "");
        assert_eq!(of_url("?s=herd"), "s=herd");
        assert_eq!(of_url("s=herd&seed=7"), "s=herd&seed=7");
    }

    #[test]
    fn a_query_without_end_is_cut() {
        let (pairs, cut) = parse(&"ä=1&".repeat(20_000));
        assert!(cut && pairs.len() == MOST);
    }
}
