//! What a rule's match means: a kind, a family, a code, a beginning, or any text.

use super::{
    Kind,
    lookup::{grpc_number, kind_of, status},
    table::ROWS,
};

/// A rule's match, read once. Whatever it is, it matches a word that is spelt like it, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Every failure.
    Any,
    /// Every failure but those of one kind.
    AllBut(Kind),
    /// Every failure of a kind.
    Kind(Kind),
    /// HTTP statuses, both ends included.
    Statuses(u16, u16),
    /// A gRPC code, by name or number.
    Grpc(u8),
    /// Every word that begins with so many bytes of the text.
    Prefix,
    /// Every word that is the text.
    Word,
}

/// Names of sets of failures that are neither a kind nor a code.
const FAMILIES: [(&str, Pattern, &str); 11] = [
    ("*", Pattern::Any, "every failure"),
    ("3xx", Pattern::Statuses(300, 399), "the HTTP statuses 300 to 399"),
    ("4xx", Pattern::Statuses(400, 499), "the HTTP statuses 400 to 499"),
    ("5xx", Pattern::Statuses(500, 599), "the HTTP statuses 500 to 599"),
    ("gateway-error", Pattern::Statuses(502, 504), "the HTTP statuses 502, 503 and 504"),
    ("retriable-4xx", Pattern::Statuses(409, 409), "the HTTP status 409"),
    ("connect-failure", Pattern::Kind(Kind::Connection), "the kind connection"),
    ("envoy-ratelimited", Pattern::Kind(Kind::Throttle), "the kind throttle"),
    ("States.ALL", Pattern::Any, "every failure"),
    (
        "States.TaskFailed",
        Pattern::AllBut(Kind::Timeout),
        "every failure but those of the kind timeout",
    ),
    ("States.Timeout", Pattern::Kind(Kind::Timeout), "the kind timeout"),
];

impl Pattern {
    /// What the text of a match means.
    pub(crate) fn of(text: &str) -> Pattern {
        if let Some(kind) = Kind::parse(text) {
            return Pattern::Kind(kind);
        }
        if let Some((_, pattern, _)) = FAMILIES.iter().find(|(name, ..)| *name == text) {
            return *pattern;
        }
        if let Some(number) = grpc_number(text) {
            return Pattern::Grpc(number);
        }
        if let Some(status) = status(text) {
            return Pattern::Statuses(status, status);
        }
        if text.ends_with('*') { Pattern::Prefix } else { Pattern::Word }
    }

    /// Whether it matches a failure of that `kind` that goes by these `words`. `text` is what the
    /// pattern was read from.
    pub(crate) fn matches(self, text: &str, words: &[&str], kind: Kind) -> bool {
        match self {
            Self::Any => return true,
            Self::AllBut(other) if kind != other => return true,
            Self::Kind(own) if kind == own => return true,
            Self::AllBut(_)
            | Self::Kind(_)
            | Self::Statuses(..)
            | Self::Grpc(_)
            | Self::Prefix
            | Self::Word => {}
        }
        words.iter().any(|word| self.is_word(text, word))
    }

    fn is_word(self, text: &str, word: &str) -> bool {
        match self {
            Self::Statuses(first, last) => {
                status(word).is_some_and(|status| (first..=last).contains(&status))
            }
            Self::Grpc(number) => grpc_number(word) == Some(number),
            Self::Prefix => begins(text, word),
            Self::Any | Self::AllBut(_) | Self::Kind(_) | Self::Word => text == word,
        }
    }
}

/// Whether `word` begins as `text` says, which ends in `*`; `http5*` is of statuses, too.
fn begins(text: &str, word: &str) -> bool {
    let prefix = text.strip_suffix('*').unwrap_or(text);
    let of_status = |digits| status(word).is_some() && word.starts_with(digits);
    word.starts_with(prefix) || prefix.strip_prefix("http").is_some_and(of_status)
}

/// Whether a rule's match covers a failure that goes by these words (its kind, code, name), the most
/// telling first.
pub fn matches(pattern: &str, words: &[&str]) -> bool {
    Pattern::of(pattern).matches(pattern, words, Kind::of(words))
}

/// Whether a rule's match is a kind, a family, a code or a name of the vocabulary, or the beginning of
/// one. Others can only match what the user's own failures are called.
pub fn knows(pattern: &str) -> bool {
    match Pattern::of(pattern) {
        Pattern::Prefix => {
            let kinds = Kind::ALL.iter().map(|kind| kind.as_str());
            let mut known = kinds.chain(ROWS.iter().flat_map(|row| row.codes).copied());
            known.any(|word| begins(pattern, word))
        }
        Pattern::Word => kind_of(pattern).is_some(),
        Pattern::Any
        | Pattern::AllBut(_)
        | Pattern::Kind(_)
        | Pattern::Statuses(..)
        | Pattern::Grpc(_) => true,
    }
}

/// The names of sets of failures that are neither a kind nor a code, and what each of them matches.
pub fn families() -> impl ExactSizeIterator<Item = (&'static str, &'static str)> {
    FAMILIES.iter().map(|(name, _, meaning)| (*name, *meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_is_a_kind_a_family_a_code_a_beginning_or_a_text() {
        for (pattern, words, matched) in [
            ("timeout", &["timeout"][..], true),
            ("timeout", &["timeouts"], false),
            ("timeout", &["error", "504"], true),
            ("throttle", &["ThrottlingException", "400"], true),
            ("invalid", &["ThrottlingException", "400"], false),
            ("400", &["ThrottlingException", "400"], true),
            ("5xx", &["error", "503"], true),
            ("5xx", &["connection", "ECONNREFUSED"], false),
            ("gateway-error", &["", "500"], false),
            ("gateway-error", &["", "504"], true),
            ("connect-failure", &["connection", "ECONNREFUSED"], true),
            ("UNAVAILABLE", &["Error", "14"], true),
            ("14", &["UNAVAILABLE"], true),
            ("UNAVAILABLE", &["Error", "503"], false),
            ("503", &["http503"], true),
            ("http5*", &["error", "http503"], true),
            ("http5*", &["error", "503"], true),
            ("UND_ERR_*", &["TypeError", "UND_ERR_SOCKET"], true),
            ("*", &[], true),
            ("States.TaskFailed", &["CardDeclined"], true),
            ("States.TaskFailed", &["States.HeartbeatTimeout"], false),
            ("States.TaskFailed", &["States.TaskFailed"], true),
            ("States.ALL", &["timeout"], true),
            ("CardDeclined", &["CardDeclined"], true),
            ("other", &["CardDeclined"], true),
            ("other", &["429"], false),
        ] {
            assert_eq!(matches(pattern, words), matched, "{pattern} {words:?}");
        }
    }

    #[test]
    fn what_the_vocabulary_cannot_know_is_told_apart() {
        for (pattern, known) in [
            ("timeout", true),
            ("4xx", true),
            ("418", true),
            ("8", true),
            ("UND_ERR_*", true),
            ("java.net.ConnectException", true),
            ("unavailble", false),
            ("Card*", false),
            ("CardDeclined", false),
        ] {
            assert_eq!(knows(pattern), known, "{pattern}");
        }
    }
}
