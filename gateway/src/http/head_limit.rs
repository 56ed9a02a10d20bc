//! How long a client may take for the head of a request. Each request begins and ends such a wait, so the alarm is not set anew for
//! each: it goes off when the first wait would be over, and then looks when the last one will be.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};

/// The limit on one connection.
#[derive(Debug)]
pub struct HeadLimit {
    limit: Duration,
    /// After how many requests the client is waited for, and when that will have been long enough.
    wait: Option<(usize, Instant)>,
    alarm: Option<Alarm>,
}

#[derive(Debug)]
struct Alarm {
    sleep: Pin<Box<Sleep>>,
    /// Whom it wakes.
    waker: Waker,
}

impl HeadLimit {
    /// Each head may take `limit`, from the end of the request before it.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            wait: None,
            alarm: None,
        }
    }

    /// The head after so many `requests` is not here yet. Ready when it has taken too long.
    pub fn poll_over(&mut self, requests: usize, cx: &mut Context<'_>) -> Poll<()> {
        let end = match self.wait {
            Some((before, end)) if before == requests => end,
            _ => Instant::now() + self.limit,
        };
        self.wait = Some((requests, end));
        let alarm = self.alarm.get_or_insert_with(|| Alarm {
            sleep: Box::pin(sleep_until(end)),
            waker: Waker::noop().clone(),
        });
        if alarm.waker.will_wake(cx.waker()) && !alarm.sleep.is_elapsed() {
            return Poll::Pending;
        }
        alarm.waker.clone_from(cx.waker());
        // How much else the task has done must not keep the alarm from being set.
        while pin!(unconstrained(alarm.sleep.as_mut())).poll(cx).is_ready() {
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            alarm.sleep.as_mut().reset(end);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);
    const SECOND: Duration = Duration::from_secs(1);

    /// How long it takes until the head after so many requests is overdue.
    async fn over(limit: &mut HeadLimit, requests: usize) -> Duration {
        let start = Instant::now();
        poll_fn(|cx| limit.poll_over(requests, cx)).await;
        start.elapsed()
    }

    async fn waits(limit: &mut HeadLimit, requests: usize) {
        poll_fn(|cx| {
            assert!(limit.poll_over(requests, cx).is_pending());
            Poll::Ready(())
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_may_take_as_long_as_the_limit_however_often_something_of_it_comes() {
        let mut limit = HeadLimit::new(LIMIT);
        for _ in 0..29 {
            waits(&mut limit, 0).await;
            tokio::time::sleep(SECOND).await;
        }
        let left = over(&mut limit, 0).await;
        assert!(left <= SECOND + Duration::from_millis(2), "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_request_begins_a_new_wait() {
        let mut limit = HeadLimit::new(LIMIT);
        for requests in 0..100 {
            waits(&mut limit, requests).await;
            tokio::time::sleep(SECOND * 20).await;
        }
        let left = over(&mut limit, 100).await;
        assert!(
            (LIMIT..LIMIT + Duration::from_millis(2)).contains(&left),
            "{left:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn another_task_may_go_on_waiting() {
        let mut limit = HeadLimit::new(LIMIT);
        waits(&mut limit, 0).await;
        let other = tokio::spawn(async move { over(&mut limit, 0).await });
        let left = tokio::time::timeout(LIMIT * 2, other).await.unwrap().unwrap();
        assert!(left <= LIMIT + Duration::from_millis(2), "{left:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_has_used_up_its_turn_is_limited_too() {
        let mut limit = HeadLimit::new(LIMIT);
        let start = Instant::now();
        let mut first = true;
        let over = poll_fn(|cx| {
            while std::mem::take(&mut first) && tokio::task::coop::has_budget_remaining() {
                first = true;
                std::task::ready!(pin!(tokio::task::coop::consume_budget()).poll(cx));
            }
            limit.poll_over(0, cx)
        });
        tokio::time::timeout(LIMIT * 2, over)
            .await
            .expect("it is limited");
        assert!(
            (LIMIT..LIMIT + SECOND).contains(&start.elapsed()),
            "{:?}",
            start.elapsed()
        );
    }
}
