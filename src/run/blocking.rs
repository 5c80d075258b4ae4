//! Calls that block their thread.

use core::{fmt, ops::ControlFlow};

use super::{
    Attempt, Bare, BlockingTimer, Bury, Finish, Judge, Retry, ThreadTimer, Told, Watch,
    drive::{Drive, Setup},
};

fn drive<T, E, J, W, D, M>(
    timer: &impl BlockingTimer,
    setup: Setup<'_, J, W, D, M>,
    mut op: impl FnMut(Attempt) -> Result<T, E>,
) -> Result<T, M::Error>
where
    E: fmt::Display,
    J: Judge<T, E>,
    W: Watch<E>,
    D: Bury,
    M: Finish<E>,
{
    let mut drive = Drive::<E, J, W, D, M>::new(setup);
    loop {
        let number = drive.begin(timer.now());
        let result = op(Attempt { number, timeout: drive.limit() });
        match drive.ended(|| timer.now(), || timer.unix(), result) {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(at) => timer.sleep_until(at),
        }
    }
}

impl<F, J, W, D, M> Retry<'_, Bare<F>, J, W, D, M> {
    /// Makes the call; blocks this thread between attempts.
    ///
    /// # Errors
    /// When the policy allows no further attempt: the last error in its [`GaveUp`](super::GaveUp).
    pub fn call<T, E>(self) -> Result<T, M::Error>
    where
        F: FnMut() -> Result<T, E>,
        E: fmt::Display,
        J: Judge<T, E>,
        W: Watch<E>,
        D: Bury,
        M: Finish<E>,
    {
        self.call_on(&ThreadTimer)
    }

    /// The same with a clock of the caller's.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_on<T, E>(self, timer: &impl BlockingTimer) -> Result<T, M::Error>
    where
        F: FnMut() -> Result<T, E>,
        E: fmt::Display,
        J: Judge<T, E>,
        W: Watch<E>,
        D: Bury,
        M: Finish<E>,
    {
        let Retry { op: Bare(mut op), setup } = self;
        drive(timer, setup, |_| op())
    }
}

impl<F, J, W, D, M> Retry<'_, Told<F>, J, W, D, M> {
    /// Makes the call; blocks this thread between attempts.
    ///
    /// # Errors
    /// When the policy allows no further attempt: the last error in its [`GaveUp`](super::GaveUp).
    pub fn call<T, E>(self) -> Result<T, M::Error>
    where
        F: FnMut(Attempt) -> Result<T, E>,
        E: fmt::Display,
        J: Judge<T, E>,
        W: Watch<E>,
        D: Bury,
        M: Finish<E>,
    {
        self.call_on(&ThreadTimer)
    }

    /// The same with a clock of the caller's.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub fn call_on<T, E>(self, timer: &impl BlockingTimer) -> Result<T, M::Error>
    where
        F: FnMut(Attempt) -> Result<T, E>,
        E: fmt::Display,
        J: Judge<T, E>,
        W: Watch<E>,
        D: Bury,
        M: Finish<E>,
    {
        let Retry { op: Told(op), setup } = self;
        drive(timer, setup, op)
    }
}
