//! What can happen, and in which order things happen that happen at the same time.
//!
//! An event is a time and an entity: 4 bits of class, 28 bits of identity. At equal times the lower
//! class goes first, then the lower identity; new tasks come after all else. So a server finishes
//! before a client gives up, and gives up before a new request arrives; and no order depends on who
//! was scheduled first, which would change with the policy.

/// How many bits the identity has.
const ID_BITS: u32 = 28;

/// The class of an event, in the order of equal times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(crate) enum Class {
    /// A fault begins or ends, dead letters are sent back.
    Control = 0,
    /// A request's service is over.
    Complete = 1,
    /// An answer reaches its client.
    Respond = 2,
    /// A task's client stops waiting.
    Timeout = 3,
    /// A layer stops waiting for the next one.
    CallTimeout = 4,
    /// A request reaches a server.
    Arrive = 5,
    /// A layer tries a call.
    CallAttempt = 6,
    /// A task is tried.
    Attempt = 7,
    /// A client starts a task.
    Start = 8,
}

impl Class {
    /// The entity of this class and `id`.
    #[inline]
    pub(crate) const fn of(self, id: u32) -> u32 {
        (self as u32) << ID_BITS | id
    }

    /// The class of an entity.
    #[inline]
    pub(crate) const fn from_entity(entity: u32) -> Self {
        match entity >> ID_BITS {
            0 => Self::Control,
            1 => Self::Complete,
            2 => Self::Respond,
            3 => Self::Timeout,
            4 => Self::CallTimeout,
            5 => Self::Arrive,
            6 => Self::CallAttempt,
            7 => Self::Attempt,
            _ => Self::Start,
        }
    }
}

/// The identity of an entity.
#[inline]
pub(crate) const fn id_of(entity: u32) -> u32 {
    entity & ((1 << ID_BITS) - 1)
}

/// The streams of randomness: what one purpose draws never shifts what another one draws. The
/// delays of the policy come from the seed's own stream, so that they are those of the schedule.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Purpose {
    Arrivals = 1,
    Think = 2,
    Skew = 3,
    Service = 4,
    Faults = 5,
    Poison = 6,
    LegOut = 7,
    LegBack = 8,
    LossOut = 9,
    LossBack = 10,
    Redrive = 11,
    Replication = 12,
    Calls = 13,
    Throttle = 14,
    Classes = 15,
    Patience = 16,
}
