//! One question to Webex about the access token held. Like a refresh it runs on its own: whoever asked for it may have gone.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tracing::{info, warn};

use super::Keeper;
use crate::token::lifecycle::{Action, Generation, Standing, Verdict};

/// Calls wait for the answer, and must have time left for their own: without one they go on as before.
const DEADLINE: Duration = Duration::from_secs(3);

impl Keeper {
    pub(super) fn start_question(&self, generation: Generation) {
        let keeper = self.clone();
        self.0.tasks.spawn(async move {
            let question = AssertUnwindSafe(keeper.ask(generation)).catch_unwind();
            let verdict = question.await.unwrap_or(Verdict::Unknown);
            let before = keeper.snapshot().standing;
            keeper.0.flight.judged(generation, verdict);
            keeper.0.flight.wake();
            keeper.tell(before);
        });
    }

    async fn ask(&self, generation: Generation) -> Verdict {
        let snapshot = self.snapshot();
        let Some(grant) = snapshot
            .grant
            .as_ref()
            .filter(|grant| grant.generation == generation)
        else {
            return Verdict::Unknown;
        };
        let bearer = grant.tokens.access_token.bearer();
        let question = tokio::time::timeout(DEADLINE, self.0.webex.takes(&bearer));
        question.await.unwrap_or(Verdict::Unknown)
    }

    fn tell(&self, before: Standing) {
        let snapshot = self.snapshot();
        match (before, snapshot.standing) {
            (Standing::Dead, Standing::Dead) => {}
            (_, Standing::Dead) => {
                let rejection = snapshot.trouble.as_ref().and_then(|trouble| trouble.rejection);
                let action = rejection.map_or(Action::Retry, Action::from).as_str();
                warn!(
                    topic = "oauth2",
                    action, "Webex refuses the access token for every call: it is not sent any more"
                );
            }
            (Standing::Dead, _) => info!(topic = "oauth2", "Webex takes the access token again"),
            _ => {}
        }
    }
}
