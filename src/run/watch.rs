//! What a caller hears of, and where its dead letters go.

use alloc::boxed::Box;

use super::{Cause, DeadLetters};
use crate::{
    DeadLetter, Key,
    time::{Duration, Time},
    wire::Value,
};

/// An attempt failed, and another one follows.
#[derive(Debug)]
#[non_exhaustive]
pub struct Retrying<'e, E> {
    /// The task's key.
    pub key: &'e Key,
    /// The attempt that failed, from 1.
    pub attempt: u32,
    /// Why it failed; none where a value counted as a failure.
    pub cause: Option<&'e Cause<E>>,
    /// How long the attempt took.
    pub took: Duration,
    /// The wait before the next one.
    pub delay: Duration,
    /// The time since the first attempt began.
    pub elapsed: Duration,
}

/// Hears of retries. Made by [`Retry::notify`](super::Retry::notify).
pub trait Watch<E> {
    /// An attempt failed, and another one follows.
    fn retrying(&mut self, event: &Retrying<'_, E>);
}

/// Hears of nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl<E> Watch<E> for Silent {
    fn retrying(&mut self, _: &Retrying<'_, E>) {}
}

/// See [`Retry::notify`](super::Retry::notify).
#[derive(Clone, Copy, Debug)]
pub struct Notify<W, N> {
    pub(super) watch: W,
    pub(super) notify: N,
}

impl<E, W: Watch<E>, N: FnMut(&Retrying<'_, E>)> Watch<E> for Notify<W, N> {
    fn retrying(&mut self, event: &Retrying<'_, E>) {
        self.watch.retrying(event);
        (self.notify)(event);
    }
}

/// Keeps what is given up. Made by [`Retry::dead_letters`](super::Retry::dead_letters).
pub trait Bury {
    /// Whether there is a queue.
    const WANTED: bool;

    /// Keeps the letter; gives it back where the queue refuses it.
    fn bury(&mut self, now: Time, letter: DeadLetter) -> Option<Box<DeadLetter>>;
}

/// There is no dead-letter queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLetters;

impl Bury for NoLetters {
    const WANTED: bool = false;

    fn bury(&mut self, _: Time, _: DeadLetter) -> Option<Box<DeadLetter>> {
        None
    }
}

/// See [`Retry::dead_letters`](super::Retry::dead_letters).
#[derive(Clone, Debug)]
pub struct ToLetters<P> {
    pub(super) queue: DeadLetters,
    pub(super) payload: Option<P>,
}

impl<P, V> Bury for ToLetters<P>
where
    P: FnOnce() -> V,
    V: Into<Value>,
{
    const WANTED: bool = true;

    fn bury(&mut self, now: Time, mut letter: DeadLetter) -> Option<Box<DeadLetter>> {
        if let Some(payload) = self.payload.take() {
            letter.payload = payload().into();
        }
        self.queue.push(now, letter).err()
    }
}
