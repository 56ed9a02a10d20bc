//! Applications that call the gateway all the time.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use super::Gateway;

/// Between two calls of an application: enough of them in any story, and time for everybody else on a small machine.
const PACE: Duration = Duration::from_millis(50);

/// Applications at work until they are told to stop. Each sends its next call when the one before was answered.
#[derive(Debug)]
pub struct Callers {
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<Vec<anyhow::Result<Vec<String>>>>>,
}

impl Callers {
    /// Sets `count` of them to work.
    #[must_use]
    pub fn start(gateway: &Gateway, count: usize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let running = (0..count).map(|_| tokio::spawn(call(gateway.clone(), stopped.clone())));
        Self {
            running: running.collect(),
            stop,
        }
    }

    /// Lets the calls that run come to their end, and each application call once more. Returns what each of all calls was
    /// answered, or why it failed, one application after the other.
    pub async fn stop(self) -> Vec<anyhow::Result<Vec<String>>> {
        self.stop.send_replace(true);
        let mut answers = Vec::new();
        for caller in self.running {
            answers.extend(caller.await.expect("a caller does not panic"));
        }
        answers
    }
}

async fn call(gateway: Gateway, mut stopped: watch::Receiver<bool>) -> Vec<anyhow::Result<Vec<String>>> {
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut answers = Vec::new();
    loop {
        let is_last = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => true,
            _ = pace.tick() => false,
        };
        answers.push(gateway.me().await);
        if is_last {
            return answers;
        }
    }
}
