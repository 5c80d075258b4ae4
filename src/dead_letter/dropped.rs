//! What a queue gives up, takes in and refuses: no letter leaves without a word.

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use crate::{
    dead_letter::{DeadLetter, MAX_ID},
    wire::PayloadFault,
};

/// Why the queue gave a letter up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DropCause {
    /// It was full, and the letter was the new one.
    New,
    /// It was full, and the letter was the oldest.
    Oldest,
    /// The retention ended.
    Expired,
}

impl DropCause {
    pub(crate) const ALL: [DropCause; 3] = [DropCause::New, DropCause::Oldest, DropCause::Expired];

    /// The word for it: `new`, `oldest`, `expired`.
    pub fn as_str(self) -> &'static str {
        match self {
            DropCause::New => "new",
            DropCause::Oldest => "oldest",
            DropCause::Expired => "expired",
        }
    }
}

/// A letter that the queue gave up. It is the last copy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Dropped {
    /// The letter.
    pub letter: DeadLetter,
    /// Why.
    pub cause: DropCause,
}

/// What became of a letter that was pushed.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
#[must_use = "dropped letters are in here"]
pub struct Pushed {
    /// Its number in the queue; none if it was dropped ([`DropNew`](crate::dead_letter::FullPolicy::DropNew)).
    pub id: Option<u64>,
    /// The letters that the queue gave up for it, the new one included.
    pub dropped: Vec<Dropped>,
}

/// A letter that the queue did not take; it is in here, nothing is lost.
#[derive(Debug, PartialEq)]
pub struct Refused {
    letter: Box<DeadLetter>,
    cause: Refusal,
}

#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    Full { capacity: u64 },
    IdTaken,
    IdTooLarge,
    Payload(PayloadFault),
}

impl Refused {
    pub(super) fn new(letter: DeadLetter, cause: Refusal) -> Refused {
        Refused { letter: Box::new(letter), cause }
    }

    /// The letter.
    pub fn into_letter(self) -> DeadLetter {
        *self.letter
    }

    /// Whether the queue is full and its policy is [`Reject`](crate::dead_letter::FullPolicy::Reject).
    pub fn is_full(&self) -> bool {
        matches!(self.cause, Refusal::Full { .. })
    }

    /// Whether the queue holds another letter with this number.
    pub fn is_id_taken(&self) -> bool {
        self.cause == Refusal::IdTaken
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.letter.id;
        match self.cause {
            Refusal::Full { capacity } => write!(
                f,
                "the dead-letter queue is full ({capacity} letters); remove, purge or redrive some, \
                 raise its capacity, or choose what it drops"
            ),
            Refusal::IdTaken => write!(
                f,
                "the dead-letter queue holds a letter number {id} already; set its id to 0 for a \
                 new number"
            ),
            Refusal::IdTooLarge => write!(
                f,
                "the letter number {id} is above {MAX_ID}, the largest there is; set it to 0 for a \
                 new number"
            ),
            Refusal::Payload(fault) => write!(f, "the letter's payload {fault}"),
        }
    }
}

impl core::error::Error for Refused {}
