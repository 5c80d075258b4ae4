//! What went wrong, in one vocabulary for every door.
//!
//! Systems say the same thing in many tongues: an HTTP status, a gRPC code by name or number, an errno,
//! an exception's class name. One [table](ROWS) maps each code to a [`Kind`], and a policy's rules, its
//! budget's costs, the presets, the importers, the simulator and the npm package all go by it, so that
//! a policy means in a rehearsal what it means in production. `docs/FAILURES.md` is made from it.
//!
//! A rule's match is one of these, and the first rule that matches decides:
//!
//! | match | matches |
//! |---|---|
//! | a kind, `"timeout"` | every failure of that kind, whatever its code |
//! | a family, `"5xx"`, `"gateway-error"` | the HTTP statuses of that family |
//! | a code, `"503"`, `"UNAVAILABLE"`, `"14"` | that code; gRPC's by name and by number |
//! | a beginning, `"UND_ERR_*"` | every kind, code or name that begins so |
//! | `"*"`, `"States.ALL"` | every failure |
//! | `"States.TaskFailed"` | every failure but a timeout, as in Step Functions |
//! | any other text | the failures that bear exactly that kind, code or name |
//!
//! How long a server asks to wait is read by [`retry_after`].
//!
//! ```
//! use redrive::failure::{Kind, kind_of};
//!
//! assert_eq!(kind_of("ECONNREFUSED"), Some(Kind::Connection));
//! assert_eq!(kind_of("14"), kind_of("UNAVAILABLE"));
//! assert_eq!(kind_of("java.net.SocketTimeoutException"), Some(Kind::Timeout));
//! assert_eq!(kind_of("CardDeclined"), None);
//! ```

mod date;
mod lookup;
mod pattern;
mod retry_after;
mod retry_info;
mod table;

use core::fmt;

pub(crate) use self::pattern::Pattern;
pub use self::{
    lookup::{kind_of, kind_of_number, system_of},
    pattern::{families, knows, matches},
    retry_after::{read_retry_after, retry_after},
    retry_info::retry_info,
    table::{GRPC, PREFIXES, ROWS, Row},
};

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The request never reached the server: refused, no such name, no route, TLS.
    Connection,
    /// The connection broke off on the way.
    Reset,
    /// No answer arrived in time.
    Timeout,
    /// The server asked to slow down.
    Throttle,
    /// The server cannot serve now.
    Unavailable,
    /// The server failed while it served.
    Server,
    /// The request lost a race.
    Conflict,
    /// The request itself is wrong.
    Invalid,
    /// The caller may not do this.
    Auth,
    /// What was asked for does not exist.
    Missing,
    /// The server cannot do this at all.
    Unsupported,
    /// The caller no longer wants it.
    Cancelled,
    /// The process that did the work died.
    Crashed,
    /// What no row of the table knows.
    Other,
}

/// Whether a failure may be gone at the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Another attempt may succeed.
    Yes,
    /// Another attempt may succeed, but the work may have been done: it has to bear being done twice.
    IfRepeatable,
    /// Another attempt may succeed, later.
    Later,
    /// Every attempt will fail alike.
    No,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum System {
    /// HTTP statuses.
    Http,
    /// gRPC status codes; each has a number, too ([`GRPC`]).
    Grpc,
    /// The operating system and the resolver.
    Errno,
    /// Node.js, undici and browsers.
    Node,
    /// AWS services and Lambda.
    Aws,
    /// SQLSTATE and the codes of database clients.
    Sql,
    /// Envoy's `retry_on`.
    Envoy,
    /// Step Functions.
    StepFunctions,
    /// Class names of exceptions and errors, with or without their package.
    Exception,
    /// The names that the simulator uses.
    Redrive,
}

impl Kind {
    /// Every kind.
    pub const ALL: &[Kind] = &[
        Self::Connection,
        Self::Reset,
        Self::Timeout,
        Self::Throttle,
        Self::Unavailable,
        Self::Server,
        Self::Conflict,
        Self::Invalid,
        Self::Auth,
        Self::Missing,
        Self::Unsupported,
        Self::Cancelled,
        Self::Crashed,
        Self::Other,
    ];

    /// The kinds that no retry mends.
    pub const HOPELESS: &[Kind] =
        &[Self::Invalid, Self::Auth, Self::Missing, Self::Unsupported, Self::Cancelled];

    /// The name, as rules spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Throttle => "throttle",
            Self::Unavailable => "unavailable",
            Self::Server => "server",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Auth => "auth",
            Self::Missing => "missing",
            Self::Unsupported => "unsupported",
            Self::Cancelled => "cancelled",
            Self::Crashed => "crashed",
            Self::Other => "other",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Kind> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    /// The kind of a failure that goes by these words, the most telling first: that of the first word
    /// which the vocabulary knows.
    pub fn of(words: &[&str]) -> Kind {
        words.iter().find_map(|word| kind_of(word)).unwrap_or(Self::Other)
    }

    /// What it means, in a few words.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Connection => "never reached the server: refused, DNS, TLS, no route",
            Self::Reset => "broke off on the way",
            Self::Timeout => "no answer in time",
            Self::Throttle => "asked to slow down",
            Self::Unavailable => "cannot serve now",
            Self::Server => "failed while serving",
            Self::Conflict => "lost a race",
            Self::Invalid => "the request itself is wrong",
            Self::Auth => "the caller may not do this",
            Self::Missing => "what was asked for does not exist",
            Self::Unsupported => "the server cannot do this at all",
            Self::Cancelled => "the caller no longer wants it",
            Self::Crashed => "the process that did the work died",
            Self::Other => "what no row of the table knows",
        }
    }

    /// Whether a retry may help.
    pub const fn worth(self) -> Worth {
        match self {
            Self::Connection
            | Self::Unavailable
            | Self::Server
            | Self::Conflict
            | Self::Crashed
            | Self::Other => Worth::Yes,
            Self::Reset | Self::Timeout => Worth::IfRepeatable,
            Self::Throttle => Worth::Later,
            Self::Invalid | Self::Auth | Self::Missing | Self::Unsupported | Self::Cancelled => {
                Worth::No
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl System {
    /// Every system.
    pub const ALL: &[System] = &[
        Self::Http,
        Self::Grpc,
        Self::Errno,
        Self::Node,
        Self::Aws,
        Self::Sql,
        Self::Envoy,
        Self::StepFunctions,
        Self::Exception,
        Self::Redrive,
    ];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Grpc => "gRPC",
            Self::Errno => "errno and resolver",
            Self::Node => "Node.js, undici, browsers",
            Self::Aws => "AWS",
            Self::Sql => "SQL",
            Self::Envoy => "Envoy",
            Self::StepFunctions => "Step Functions",
            Self::Exception => "class names",
            Self::Redrive => "redrive's simulator",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_by_its_own_name() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert_eq!(kind_of(kind.as_str()), Some(kind));
            assert_eq!(kind.worth() == Worth::No, Kind::HOPELESS.contains(&kind));
        }
    }

    #[test]
    fn the_most_telling_word_decides() {
        assert_eq!(Kind::of(&["ThrottlingException", "400"]), Kind::Throttle);
        assert_eq!(Kind::of(&["HTTPError", "503"]), Kind::Unavailable);
        assert_eq!(Kind::of(&["CardDeclined"]), Kind::Other);
        assert_eq!(Kind::of(&[]), Kind::Other);
    }
}
