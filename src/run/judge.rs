//! What the caller says about errors and values: each call of the builder wraps what was said before.

use super::Fault;
use crate::failure::Kind;

/// What an executor asks about a result. Made by the builder's methods.
pub trait Judge<T, E> {
    /// What the error is, and whether another attempt may mend it.
    fn error<'e>(&mut self, error: &'e E) -> (Fault<'e>, bool);

    /// Whether a value counts as a failure.
    fn value(&mut self, value: &T) -> Option<Fault<'static>>;
}

/// Nothing is said: every error may be mended, every value is a success.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl<T, E> Judge<T, E> for Plain {
    fn error<'e>(&mut self, _: &'e E) -> (Fault<'e>, bool) {
        (Fault::default(), true)
    }

    fn value(&mut self, _: &T) -> Option<Fault<'static>> {
        None
    }
}

/// See [`Retry::classify`](super::Retry::classify).
#[derive(Clone, Copy, Debug)]
pub struct Classify<J, C> {
    pub(super) judge: J,
    pub(super) classify: C,
}

impl<T, E, J, C> Judge<T, E> for Classify<J, C>
where
    J: Judge<T, E>,
    C: for<'e> FnMut(&'e E) -> Fault<'e>,
{
    fn error<'e>(&mut self, error: &'e E) -> (Fault<'e>, bool) {
        let (_, hopeful) = self.judge.error(error);
        ((self.classify)(error), hopeful)
    }

    fn value(&mut self, value: &T) -> Option<Fault<'static>> {
        self.judge.value(value)
    }
}

/// See [`Retry::when`](super::Retry::when).
#[derive(Clone, Copy, Debug)]
pub struct When<J, W> {
    pub(super) judge: J,
    pub(super) when: W,
}

impl<T, E, J, W> Judge<T, E> for When<J, W>
where
    J: Judge<T, E>,
    W: FnMut(&E) -> bool,
{
    fn error<'e>(&mut self, error: &'e E) -> (Fault<'e>, bool) {
        let (fault, hopeful) = self.judge.error(error);
        (fault, hopeful && (self.when)(error))
    }

    fn value(&mut self, value: &T) -> Option<Fault<'static>> {
        self.judge.value(value)
    }
}

/// See [`Retry::retry_ok`](super::Retry::retry_ok).
#[derive(Clone, Copy, Debug)]
pub struct RetryOk<J, R> {
    pub(super) judge: J,
    pub(super) refuse: R,
}

impl<T, E, J, R, S> Judge<T, E> for RetryOk<J, R>
where
    J: Judge<T, E>,
    R: FnMut(&T) -> S,
    S: Refusal,
{
    fn error<'e>(&mut self, error: &'e E) -> (Fault<'e>, bool) {
        self.judge.error(error)
    }

    fn value(&mut self, value: &T) -> Option<Fault<'static>> {
        (self.refuse)(value).fault().or_else(|| self.judge.value(value))
    }
}

/// What [`Retry::retry_ok`](super::Retry::retry_ok) may be told of a value: `true`, the kind of failure
/// that it is, or all of it.
pub trait Refusal {
    /// The failure, if it is one.
    fn fault(self) -> Option<Fault<'static>>;
}

impl Refusal for bool {
    fn fault(self) -> Option<Fault<'static>> {
        self.then(|| Fault::kind(Kind::Other.as_str()))
    }
}

impl Refusal for Option<Kind> {
    fn fault(self) -> Option<Fault<'static>> {
        self.map(|kind| Fault::kind(kind.as_str()))
    }
}

impl Refusal for Option<Fault<'static>> {
    fn fault(self) -> Option<Fault<'static>> {
        self
    }
}
