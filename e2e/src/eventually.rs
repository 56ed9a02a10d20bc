//! Bounded polling, for what no event announces to a process outside the containers. The only sleep in the crate.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// Short beside anything that is waited for, and long enough not to take the processor from the containers.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks `probe` until it succeeds and returns what it found. Panics with the last error when `within` has passed;
/// a probe that hangs counts as one that fails.
pub async fn eventually<T, F, Fut>(what: &str, within: Duration, probe: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<T>>,
{
    match in_time(within, probe).await {
        Ok(found) => found,
        Err(reason) => panic!("{what}: {reason}"),
    }
}

/// The same, with the last error as a result: for tools, which go on.
pub(crate) async fn in_time<T, F, Fut>(within: Duration, mut probe: F) -> Result<T, String>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<T>>,
{
    let deadline = Instant::now() + within;
    let mut last = String::from("it did not answer");
    loop {
        let Ok(outcome) = tokio::time::timeout_at(deadline, probe()).await else {
            return Err(format!(
                "not within {within:?}; the last probe hung, the one before: {last}"
            ));
        };
        match outcome {
            Ok(found) => return Ok(found),
            Err(error) => last = format!("{error:#}"),
        }
        if Instant::now() >= deadline {
            return Err(format!("not within {within:?}; last: {last}"));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn returns_the_first_success() {
        let mut left = 2;
        let found = eventually("a countdown", Duration::from_secs(5), || {
            left -= 1;
            let now = left;
            async move {
                if now == 0 {
                    Ok("done")
                } else {
                    anyhow::bail!("{now} left")
                }
            }
        })
        .await;
        assert_eq!(found, "done");
    }

    #[tokio::test]
    #[should_panic(expected = "a door: not within 60ms; last: locked")]
    async fn shows_the_last_error() {
        eventually::<(), _, _>("a door", Duration::from_millis(60), || async {
            anyhow::bail!("locked")
        })
        .await;
    }

    #[tokio::test]
    #[should_panic(expected = "a hang: not within 60ms; the last probe hung")]
    async fn a_probe_that_hangs_ends_too() {
        eventually::<(), _, _>("a hang", Duration::from_millis(60), std::future::pending).await;
    }
}
