//! Where the tasks of a run lie.
//!
//! A million tasks are looked at in the order of chance, so what a look costs is mostly how many bytes
//! they take together. Under most policies one byte a task is enough ([`Compact`]), and their
//! beginnings lie apart: those are written once and read at the end. Other policies, worlds with
//! requests, and runs that record each task get the whole [`Task`].

use redrive::{
    Budget, Context, Duration, Task, Time, Verdict,
    policy::Class,
    task::{Compact, TaskError},
};

/// A task where it lies in one line of the cache: half of those at odd places would lie in two.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(32))]
struct Aligned(Task);

/// Bytes of a task in the one form and in the other.
pub(crate) const COMPACT_BYTES: usize = size_of::<Compact>() + size_of::<Time>();
pub(crate) const WHOLE_BYTES: usize = size_of::<Aligned>();

/// So many bytes lie in a near cache: asking for them ahead costs more than it saves.
const NEAR: usize = 1 << 18;

/// All tasks, by number: in one form or the other.
pub(crate) struct Tasks {
    is_compact: bool,
    compact: Vec<Compact>,
    /// When the compact ones began.
    began: Beginnings,
    whole: Vec<Aligned>,
}

/// When the first attempt of each task began: one moment for all until one is different, as in a herd
/// none is.
pub(super) struct Beginnings {
    all: Time,
    each: Vec<Time>,
    /// How many tasks there will be, as far as one knows.
    expected: usize,
}

impl Beginnings {
    fn new(expected: usize) -> Self {
        Self { all: Time::ZERO, each: Vec::new(), expected }
    }

    #[inline]
    fn get(&self, at: usize) -> Time {
        self.each.get(at).copied().unwrap_or(self.all)
    }

    /// Task `at` of `count` begins.
    #[inline]
    fn set(&mut self, at: usize, count: usize, now: Time) {
        if now != self.all || !self.each.is_empty() {
            self.set_apart(at, count, now);
        }
    }

    #[inline(never)]
    fn set_apart(&mut self, at: usize, count: usize, now: Time) {
        if count == 1 {
            self.all = now;
            return;
        }
        if self.each.is_empty() {
            self.each.reserve_exact(self.expected.max(count));
        }
        if self.each.len() < count {
            self.each.resize(count, self.all);
        }
        self.each[at] = now;
    }
}

/// A task where it lies, to be worked on.
pub(super) enum Held<'t> {
    /// A copy, so that what is known of it is known by the compiler, and where it goes back to.
    Compact {
        task: Compact,
        place: &'t mut Compact,
        at: usize,
        count: usize,
        began: &'t mut Beginnings,
    },
    Whole(&'t mut Task),
}

impl Tasks {
    pub(crate) fn new(is_compact: bool, expected: usize) -> Self {
        let room = |wanted: bool| if wanted { expected } else { 0 };
        Self {
            is_compact,
            compact: Vec::with_capacity(room(is_compact)),
            began: Beginnings::new(expected),
            whole: Vec::with_capacity(room(!is_compact)),
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.compact.capacity() * size_of::<Compact>()
            + self.began.each.capacity() * size_of::<Time>()
            + self.whole.capacity() * WHOLE_BYTES
    }

    pub(crate) fn len(&self) -> usize {
        self.compact.len() + self.whole.len()
    }

    /// One more, which has not been started.
    #[inline]
    pub(crate) fn add(&mut self) {
        if self.is_compact {
            self.compact.push(Compact::new());
        } else {
            self.whole.push(Aligned::default());
        }
    }

    /// The task, to be worked on. There must be one of that number.
    #[inline(always)]
    pub(super) fn hold(&mut self, id: u32) -> Held<'_> {
        let at = id as usize;
        if self.is_compact {
            let count = self.compact.len();
            let place = &mut self.compact[at];
            Held::Compact { task: *place, place, at, count, began: &mut self.began }
        } else {
            Held::Whole(&mut self.whole[at].0)
        }
    }

    /// The whole task. There must be one of that number, and tasks must not be compact.
    pub(crate) fn whole(&mut self, id: u32) -> &mut Task {
        &mut self.whole[id as usize].0
    }

    /// Puts a new task in the place of one that is over.
    pub(crate) fn renew(&mut self, id: u32) {
        let at = id as usize;
        if self.is_compact {
            self.compact[at] = Compact::new();
        } else {
            self.whole[at] = Aligned::default();
        }
    }

    /// A copy of the task: of a compact one with what it knows.
    pub(crate) fn get(&self, id: u32) -> Task {
        let at = id as usize;
        if self.is_compact {
            self.compact[at].expand(self.began.get(at), Time::ZERO)
        } else {
            self.whole[at].0
        }
    }

    /// How often the task has been tried, and what its last retry has cost its budget. To be asked
    /// before it is over.
    #[inline]
    pub(crate) fn attempts(&self, id: u32) -> (u32, u16) {
        let at = id as usize;
        if self.is_compact {
            (self.compact[at].attempts(), 0)
        } else {
            (self.whole[at].0.attempts(), self.whole[at].0.paid())
        }
    }

    /// When its first attempt began.
    #[inline]
    pub(crate) fn began(&self, id: u32) -> Time {
        let at = id as usize;
        if self.is_compact { self.began.get(at) } else { self.whole[at].0.began() }
    }

    /// All of them, whole; none if they are compact.
    pub(crate) fn all_whole(&self) -> impl Iterator<Item = &Task> {
        self.whole.iter().map(|aligned| &aligned.0)
    }

    /// Asks memory for all of these, unless it is near anyway: a number that depends on each. `last` is
    /// the attempt after which a failure ends a task: the beginnings of such tasks are needed as well.
    #[inline]
    pub(crate) fn touch(&self, ids: impl Iterator<Item = u32> + Clone, last: u32) -> u64 {
        let places = ids.map(|id| id as usize);
        if !self.is_compact {
            let tasks = places.filter_map(|at| self.whole.get(at));
            return tasks.fold(0, |sum, task| sum ^ u64::from(task.0.attempts()));
        }
        let mut sum = 0;
        if self.compact.len() > NEAR {
            let tasks = places.clone().filter_map(|at| self.compact.get(at));
            sum = tasks.fold(0, |sum, task| sum ^ u64::from(task.attempts()));
        }
        if self.began.each.len() * size_of::<Time>() > NEAR {
            // Once the tasks are there. Not a branch: it would be guessed, and guessed wrong.
            let may_end = |at: usize| {
                let task = self.compact.get(at).copied().unwrap_or_default();
                at & usize::from(task.attempts() + 1 >= last).wrapping_neg()
            };
            let began = places.filter_map(|at| self.began.each.get(may_end(at)));
            sum = began.fold(sum, |sum, began| sum ^ began.as_nanos());
        }
        sum
    }
}

impl Held<'_> {
    /// [`Task::start`].
    #[inline(always)]
    pub(super) fn start(&mut self, now: Time) -> Result<u32, TaskError> {
        match self {
            Self::Compact { task, place, at, count, began } => {
                let attempt = task.start()?;
                **place = *task;
                if attempt == 1 {
                    began.set(*at, *count, now);
                }
                Ok(attempt)
            }
            Self::Whole(task) => task.start(now),
        }
    }

    /// [`Task::succeed`].
    #[inline]
    pub(super) fn succeed(&mut self, now: Time) -> Result<(), TaskError> {
        match self {
            Self::Compact { task, place, .. } => {
                task.succeed()?;
                **place = *task;
                Ok(())
            }
            Self::Whole(task) => task.succeed(now),
        }
    }

    /// [`Compact::fail_plainly`], if it is one.
    #[inline(always)]
    pub(super) fn fail_plainly(
        &mut self,
        now: Time,
        context: &Context<'_>,
        class: Class,
    ) -> Option<Time> {
        match self {
            Self::Compact { task, place, .. } => {
                let at = task.fail_plainly(now, context, class)?;
                **place = *task;
                Some(at)
            }
            Self::Whole(_) => None,
        }
    }

    /// [`Task::fail`]. Not inlined: the loop is long enough; and by value: what is not pointed to need
    /// not lie in memory.
    #[inline(never)]
    pub(super) fn fail(
        self,
        now: Time,
        context: Context<'_>,
        class: Class,
        retry_after: Option<Duration>,
        budget: Option<&mut Budget>,
    ) -> Result<Verdict, TaskError> {
        match self {
            Self::Compact { mut task, place, at, began, .. } => {
                let verdict = task.fail(began.get(at), now, &context, class, retry_after);
                *place = task;
                verdict
            }
            Self::Whole(task) => task.fail(now, &context, class, retry_after, budget),
        }
    }
}
