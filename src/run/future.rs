//! Calls that are awaited.

use core::{
    fmt,
    future::{Future, IntoFuture, poll_fn},
    ops::ControlFlow,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use super::{
    Attempt, Bare, Bury, Finish, Judge, Retry, Timer, TokioTimer, Told, Watch,
    drive::{Drive, Setup},
};

pin_project! {
    /// The future of [`Retry`] with a closure `FnMut() -> Fut`: nothing is boxed, and it is `Send` where
    /// what it holds is.
    #[must_use = "futures do nothing unless they are awaited"]
    pub struct RetryFuture<'a, F, Fut, S, E, J, W, D, M, T> {
        op: F,
        timer: T,
        drive: Drive<'a, E, J, W, D, M>,
        #[pin]
        stage: Stage<Fut, S>,
    }
}

impl<F, Fut, S, E, J, W, D, M, T> fmt::Debug for RetryFuture<'_, F, Fut, S, E, J, W, D, M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture").finish_non_exhaustive()
    }
}

pin_project! {
    #[project = StageNow]
    enum Stage<Fut, S> {
        /// The next attempt is to be made.
        Due,
        /// An attempt is under way, perhaps with a limit.
        Attempt { #[pin] call: Fut, #[pin] limit: Limit<S> },
        /// Until the next attempt is due.
        Wait { #[pin] sleep: S },
        Over,
    }
}

pin_project! {
    #[project = LimitNow]
    enum Limit<S> {
        Unlimited,
        Until { #[pin] sleep: S },
    }
}

impl<S: Future<Output = ()>> Limit<S> {
    fn poll_over(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.project() {
            LimitNow::Unlimited => Poll::Pending,
            LimitNow::Until { sleep } => sleep.poll(cx),
        }
    }
}

impl<F, Fut, R, E, J, W, D, M, T> Future for RetryFuture<'_, F, Fut, T::Sleep, E, J, W, D, M, T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<R, E>>,
    E: fmt::Display,
    J: Judge<R, E>,
    W: Watch<E>,
    D: Bury,
    M: Finish<E>,
    T: Timer,
{
    type Output = Result<R, M::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let flow = match this.stage.as_mut().project() {
                StageNow::Due => {
                    let now = this.timer.now();
                    this.drive.begin(now);
                    let limit = match this.drive.limit() {
                        Some(limit) => Limit::Until {
                            sleep: this.timer.sleep_until(now.saturating_add(limit)),
                        },
                        None => Limit::Unlimited,
                    };
                    this.stage.set(Stage::Attempt { call: (this.op)(), limit });
                    continue;
                }
                StageNow::Attempt { call, limit } => {
                    if let Poll::Ready(result) = call.poll(cx) {
                        let unix = || this.timer.unix();
                        this.drive.ended(|| this.timer.now(), unix, result)
                    } else {
                        core::task::ready!(limit.poll_over(cx));
                        let over = this.drive.limit().unwrap_or_default();
                        this.drive.timed_out(this.timer.now(), || this.timer.unix(), over)
                    }
                }
                StageNow::Wait { sleep } => {
                    core::task::ready!(sleep.poll(cx));
                    this.stage.set(Stage::Due);
                    continue;
                }
                StageNow::Over => return Poll::Pending,
            };
            match flow {
                // The attempt's future goes first: what it holds is free while the task waits.
                ControlFlow::Continue(at) => {
                    this.stage.set(Stage::Wait { sleep: this.timer.sleep_until(at) });
                }
                ControlFlow::Break(result) => {
                    this.stage.set(Stage::Over);
                    return Poll::Ready(result);
                }
            }
        }
    }
}

impl<'a, F, J, W, D, M> Retry<'a, Bare<F>, J, W, D, M> {
    /// The call as a future with a timer of the caller's; `.await` alone uses tokio's.
    pub fn run_on<Fut, R, E, T>(
        self,
        timer: T,
    ) -> RetryFuture<'a, F, Fut, T::Sleep, E, J, W, D, M, T>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<R, E>>,
        E: fmt::Display,
        J: Judge<R, E>,
        W: Watch<E>,
        D: Bury,
        M: Finish<E>,
        T: Timer,
    {
        let Retry { op: Bare(op), setup } = self;
        RetryFuture { op, timer, drive: Drive::new(setup), stage: Stage::Due }
    }
}

impl<'a, F, Fut, R, E, J, W, D, M> IntoFuture for Retry<'a, Bare<F>, J, W, D, M>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<R, E>>,
    E: fmt::Display,
    J: Judge<R, E>,
    W: Watch<E>,
    D: Bury,
    M: Finish<E>,
{
    type Output = Result<R, M::Error>;
    type IntoFuture = RetryFuture<'a, F, Fut, tokio::time::Sleep, E, J, W, D, M, TokioTimer>;

    fn into_future(self) -> Self::IntoFuture {
        self.run_on(TokioTimer)
    }
}

impl<F, J, W, D, M> Retry<'_, Told<F>, J, W, D, M> {
    /// Makes the call with an async closure, which may borrow from its surroundings.
    ///
    /// # Errors
    /// When the policy allows no further attempt: the last error in its [`GaveUp`](super::GaveUp).
    pub async fn run<R, E>(self) -> Result<R, M::Error>
    where
        F: AsyncFnMut(Attempt) -> Result<R, E>,
        E: fmt::Display,
        J: Judge<R, E>,
        W: Watch<E>,
        D: Bury,
        M: Finish<E>,
    {
        self.run_on(TokioTimer).await
    }

    /// The same with a timer of the caller's.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn run_on<R, E, T>(self, timer: T) -> Result<R, M::Error>
    where
        F: AsyncFnMut(Attempt) -> Result<R, E>,
        E: fmt::Display,
        J: Judge<R, E>,
        W: Watch<E>,
        D: Bury,
        M: Finish<E>,
        T: Timer,
    {
        let Retry { op: Told(op), setup } = self;
        lend(setup, op, timer).await
    }
}

async fn lend<F, R, E, J, W, D, M, T>(
    setup: Setup<'_, J, W, D, M>,
    mut op: F,
    timer: T,
) -> Result<R, M::Error>
where
    F: AsyncFnMut(Attempt) -> Result<R, E>,
    E: fmt::Display,
    J: Judge<R, E>,
    W: Watch<E>,
    D: Bury,
    M: Finish<E>,
    T: Timer,
{
    let mut drive = Drive::<E, J, W, D, M>::new(setup);
    loop {
        let now = timer.now();
        let number = drive.begin(now);
        let timeout = drive.limit();
        let ended = {
            let mut call = pin!(op(Attempt { number, timeout }));
            let mut limit = pin!(match timeout {
                Some(limit) => {
                    Limit::Until { sleep: timer.sleep_until(now.saturating_add(limit)) }
                }
                None => Limit::Unlimited,
            });
            poll_fn(|cx| match call.as_mut().poll(cx) {
                Poll::Ready(result) => Poll::Ready(Some(result)),
                Poll::Pending => limit.as_mut().poll_over(cx).map(|()| None),
            })
            .await
        };
        let unix = || timer.unix();
        let flow = match ended {
            Some(result) => drive.ended(|| timer.now(), unix, result),
            None => drive.timed_out(timer.now(), unix, timeout.unwrap_or_default()),
        };
        match flow {
            ControlFlow::Break(result) => return result,
            ControlFlow::Continue(at) => timer.sleep_until(at).await,
        }
    }
}
