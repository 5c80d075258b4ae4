//! What a classifier says about an error: borrowed, so that saying it allocates nothing.

use alloc::string::ToString as _;
use core::fmt::{self, Write as _};

use crate::{
    dead_letter::Failure,
    failure,
    time::{Duration, Time},
};

/// What failed, as the policy's `classify` rules match it.
///
/// ```
/// use redrive::{Duration, run::Fault};
///
/// let throttled = Fault::code(429).retry_after(Duration::from_secs(3));
/// let broken = Fault::kind("reset").with_code("ECONNRESET");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Fault<'e> {
    pub(crate) kind: Option<&'e str>,
    pub(crate) code: Option<Code<'e>>,
    pub(crate) retry_after: Option<Duration>,
}

impl<'e> Fault<'e> {
    /// A failure of this kind: a word of the vocabulary ("timeout"), or any word that the policy's
    /// rules know.
    pub fn kind(kind: &'e str) -> Fault<'e> {
        Fault { kind: Some(kind), ..Fault::default() }
    }

    /// A failure with this code: a status (`503`), or a name (`"ECONNRESET"`). Its kind is what the
    /// vocabulary says.
    pub fn code(code: impl Into<Code<'e>>) -> Fault<'e> {
        Fault { code: Some(code.into()), ..Fault::default() }
    }

    /// What an error of `std::io` is: refused, reset, timed out, not found, ...
    #[must_use]
    pub fn io(error: &std::io::Error) -> Fault<'_> {
        use std::io::ErrorKind as Io;

        use crate::failure::Kind;
        let kind = match error.kind() {
            Io::ConnectionRefused
            | Io::HostUnreachable
            | Io::NetworkUnreachable
            | Io::NetworkDown
            | Io::AddrNotAvailable
            | Io::NotConnected => Kind::Connection,
            Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::UnexpectedEof => {
                Kind::Reset
            }
            Io::TimedOut => Kind::Timeout,
            Io::ResourceBusy | Io::WouldBlock | Io::QuotaExceeded => Kind::Unavailable,
            Io::NotFound => Kind::Missing,
            Io::PermissionDenied => Kind::Auth,
            Io::InvalidInput | Io::InvalidData => Kind::Invalid,
            Io::Unsupported => Kind::Unsupported,
            _ => Kind::Other,
        };
        Fault::kind(kind.as_str())
    }

    /// What an HTTP answer is, by its status and headers; Retry-After is read in every form.
    ///
    /// `headers` are names, in any case, and values; `unix` is the time since 1970, without which dates
    /// say nothing.
    pub fn http<'h>(
        status: u16,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        unix: Option<Time>,
    ) -> Fault<'static> {
        Fault::code(status).retry_after(crate::failure::retry_after(Some(status), headers, unix))
    }

    /// The same with a code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Code<'e>>) -> Fault<'e> {
        self.code = Some(code.into());
        self
    }

    /// The same with the wait that the failing system asked for, if it did.
    #[must_use]
    pub fn retry_after(mut self, wait: impl Into<Option<Duration>>) -> Fault<'e> {
        self.retry_after = wait.into();
        self
    }

    /// The failure that a dead letter keeps: this kind and code, with what the error says.
    #[must_use]
    pub fn to_failure(&self, message: &dyn fmt::Display) -> Failure {
        let message = message.to_string();
        let mut failure = self.with_words(|kind, code| {
            let failure = Failure::new(kind, &message);
            match code {
                Some(code) => failure.with_code(code),
                None => failure,
            }
        });
        if let Some(wait) = self.retry_after {
            failure = failure.with_retry_after(wait);
        }
        failure
    }

    /// Hands the kind and the code over as texts.
    pub(crate) fn with_words<R>(&self, read: impl FnOnce(&str, Option<&str>) -> R) -> R {
        let mut digits = Digits::default();
        let code = match self.code {
            Some(Code::Text(text)) => Some(text),
            Some(Code::Number(number)) => {
                // Ten digits hold every number of 32 bits.
                let _ = write!(digits, "{number}");
                Some(digits.as_str())
            }
            None => None,
        };
        let kind = self.kind.unwrap_or_else(|| vocabulary(code));
        read(kind, code)
    }
}

/// The kind of a failure that has only a code.
fn vocabulary(code: Option<&str>) -> &'static str {
    code.and_then(failure::kind_of).unwrap_or(failure::Kind::Other).as_str()
}

/// A code of the failing system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code<'e> {
    /// A status: 503, 14.
    Number(u32),
    /// A name: "ECONNRESET", "UNAVAILABLE".
    Text(&'e str),
}

impl From<u16> for Code<'_> {
    fn from(number: u16) -> Self {
        Code::Number(number.into())
    }
}

impl From<u32> for Code<'_> {
    fn from(number: u32) -> Self {
        Code::Number(number)
    }
}

impl From<i32> for Code<'_> {
    /// A negative number is none that a system uses: its distance from zero is taken (errno).
    fn from(number: i32) -> Self {
        Code::Number(number.unsigned_abs())
    }
}

impl<'e> From<&'e str> for Code<'e> {
    fn from(text: &'e str) -> Self {
        Code::Text(text)
    }
}

/// A number in decimal, on the stack.
#[derive(Default)]
struct Digits {
    bytes: [u8; 10],
    len: usize,
}

impl Digits {
    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl fmt::Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;

    fn words(fault: Fault<'_>) -> (alloc::string::String, Option<alloc::string::String>) {
        fault.with_words(|kind, code| (kind.to_owned(), code.map(ToOwned::to_owned)))
    }

    #[test]
    fn a_code_brings_its_kind() {
        assert_eq!(words(Fault::code(503)), ("unavailable".to_owned(), Some("503".to_owned())));
        assert_eq!(words(Fault::code("ECONNRESET")).0, "reset");
        assert_eq!(words(Fault::code(u32::MAX)).1, Some("4294967295".to_owned()));
    }

    #[test]
    fn a_kind_of_ones_own_stays() {
        assert_eq!(
            words(Fault::kind("smtp").with_code(550)),
            ("smtp".to_owned(), Some("550".to_owned()))
        );
        assert_eq!(words(Fault::default()), ("other".to_owned(), None));
    }
}
