//! Applications that call the gateway all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinHandle;

use super::Gateway;

/// Applications at work until they are told to stop. Each sends its next call when the one before was answered, so that
/// Webex sets the pace.
#[derive(Debug)]
pub struct Callers {
    is_over: Arc<AtomicBool>,
    running: Vec<JoinHandle<Vec<anyhow::Result<Vec<String>>>>>,
}

impl Callers {
    /// Sets `count` of them to work.
    #[must_use]
    pub fn start(gateway: &Gateway, count: usize) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let running = (0..count).map(|_| {
            let (gateway, is_over) = (gateway.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut answers = Vec::new();
                while !is_over.load(Ordering::Relaxed) {
                    answers.push(gateway.me().await);
                }
                answers
            })
        });
        Self {
            running: running.collect(),
            is_over,
        }
    }

    /// Lets the calls that run come to their end, and returns what each of all calls was answered, or why it failed.
    pub async fn stop(self) -> Vec<anyhow::Result<Vec<String>>> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut answers = Vec::new();
        for caller in self.running {
            answers.extend(caller.await.expect("a caller does not panic"));
        }
        answers
    }
}
