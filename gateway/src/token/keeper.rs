//! Acts on what the state machine decides: one refresh at a time, detached from whoever asked, stored before it is served.

mod outside;
mod refresh;
mod standing;
mod storing;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::MutexGuard;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

pub use super::flight::Dice;
pub use super::sight::Sight;
pub use super::snapshot::{Access, Snapshot, Unavailable};

use super::TokenSet;
use super::adoption::Objection;
use super::endpoint::TokenEndpoint;
use super::file::{Seen, TokenFile};
use super::flight::{Flight, Work};
use super::horizon::Horizon;
use super::lifecycle::{Action, Generation, Why};
use super::lock::FileLock;
use super::resource_server::ResourceServer;
use crate::clock::{Clock, Now};
use crate::metrics::Metrics;
use crate::organization::OrgId;
use outside::Outside;
use storing::Again;

/// The background loop looks at the clocks and at the tokens file at least this often: a suspended machine or a stepped wall clock
/// wakes no timer, and not every file system tells of changes.
const LONGEST_NAP: Duration = Duration::from_secs(3);

/// Holds the tokens. Clones share them.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

struct Inner {
    flight: Flight,
    /// What is known of the file. Locked while tokens are written and installed, so that file and memory agree on which grant is
    /// newest.
    installing: tokio::sync::Mutex<Seen>,
    endpoint: Arc<dyn TokenEndpoint>,
    webex: Arc<dyn ResourceServer>,
    file: TokenFile,
    /// Between processes that share the file.
    lock: FileLock,
    /// Whether it has been said that there is no such lock.
    lockless: AtomicBool,
    /// The one organisation that may be acted for, where the operator has fixed it.
    org_id: Option<OrgId>,
    /// What the gateway counts; here because whoever counts holds a keeper.
    metrics: Arc<Metrics>,
    /// Refreshes and writes that must end before the process does.
    tasks: TaskTracker,
}

/// Tokens of another organisation came in while an authorisation was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the tokens held are those of the organisation {expected} by now, and the new ones those of {found}")]
pub struct Conflict {
    /// Whose the new ones are.
    pub found: OrgId,
    /// Whose are held.
    pub expected: OrgId,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper")
            .field("state", &self.snapshot().state)
            .finish_non_exhaustive()
    }
}

impl Keeper {
    /// Loads the tokens file; tokens of another organisation than `org_id` are not used. Call [`Self::run`] to keep the tokens
    /// fresh.
    pub async fn open(
        file: TokenFile,
        endpoint: Arc<dyn TokenEndpoint>,
        webex: Arc<dyn ResourceServer>,
        clock: Arc<dyn Clock>,
        dice: Dice,
        org_id: Option<OrgId>,
    ) -> Self {
        let keeper = Self(Arc::new(Inner {
            flight: Flight::new(clock, dice),
            installing: tokio::sync::Mutex::default(),
            endpoint,
            webex,
            lock: FileLock::new(file.lock_path()),
            lockless: AtomicBool::new(false),
            file,
            org_id,
            metrics: Arc::default(),
            tasks: TaskTracker::new(),
        }));
        keeper.load().await;
        keeper
    }

    /// The state now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.flight.snapshot()
    }

    /// What a worker sees of the state.
    #[must_use]
    pub fn sight(&self) -> Sight {
        Sight::new(self.0.flight.subscribe())
    }

    /// The clock by which this keeper judges expiry.
    #[must_use]
    pub fn now(&self) -> Now {
        self.0.flight.now()
    }

    /// What the gateway counts.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// How long until the next refresh, or the next attempt; `None` while one runs or there is nothing to refresh.
    #[must_use]
    pub fn next_refresh_in(&self) -> Option<Duration> {
        self.0.flight.lock().due_in(self.now())
    }

    /// An access token that can be sent; waits for a refresh, or for what Webex says of the one held, where there is none.
    pub async fn access(&self) -> Result<Access, Unavailable> {
        self.0.flight.access(|work| self.start(work)).await
    }

    /// What to send instead of the token that Webex answered with 401; `None` when another token would not help.
    pub async fn replace(&self, rejected: Generation) -> Result<Option<Access>, Unavailable> {
        let start = |work| self.start(work);
        self.0.flight.obtain(Why::Rejected(rejected), start).await
    }

    /// Sees to it that the token that Webex answered with 401 is replaced, without waiting for it.
    pub fn rejected(&self, generation: Generation) {
        self.decide(Why::Rejected(generation));
    }

    /// A request that the older token had failed worked with the token of this generation.
    pub fn cured(&self, generation: Generation) {
        if !self.0.flight.snapshot().proven {
            self.0.flight.transition(|life, _, _| life.cured(generation));
        }
    }

    /// What must not stand in any log: the tokens in use.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let snapshot = self.snapshot();
        let tokens = snapshot.grant.iter().map(|grant| &grant.tokens);
        tokens
            .flat_map(|tokens| [tokens.access_token.expose(), tokens.refresh_token.expose()])
            .map(str::to_owned)
            .collect()
    }

    /// Takes the tokens of a new authorisation, unless by now those of another organisation are held. Tokens that cannot be stored
    /// serve all the same; [`Snapshot::unsaved`] says so. `answered` tells whether Webex has answered to them; otherwise those held
    /// before come back if it refuses to refresh the new ones.
    pub async fn install(&self, tokens: TokenSet, answered: bool) -> Result<(), Conflict> {
        // Even without the lock: a code works once.
        let _lock = self.lock(storing::LOCK_PATIENCE).await;
        let mut seen = self.installing().await;
        if self.take_over(&mut seen, &mut Outside::certain()).await {
            // Somebody has put them there within the last moments: they are worth a copy.
            seen.forget_content();
        }
        if let (Some(expected), Some(found)) = (self.pin(), tokens.org_id)
            && expected != found
        {
            return Err(Conflict { found, expected });
        }
        if !answered {
            self.keep_held().await;
        }
        let stored = self.store(&tokens, &mut seen).await;
        self.0.flight.transition(|life, now, dice| match answered {
            true => life.install(tokens, now, dice),
            false => life.install_on_trial(tokens, now, dice),
        });
        self.note_stored(stored);
        info!(topic = "oauth2", "tokens updated");
        Ok(())
    }

    /// Notes whose tokens those of `generation` are, so that the next start knows it too. Tokens of another organisation than the
    /// configured one are not used any more.
    pub async fn learn(&self, generation: Generation, org_id: OrgId) {
        if let Some(expected) = self.0.org_id.filter(|expected| *expected != org_id) {
            let mut seen = self.installing().await;
            let held = self.snapshot();
            if held.grant.as_ref().map(|grant| grant.generation) != Some(generation) {
                // Others have taken their place since Webex was asked.
                return;
            }
            seen.disown();
            self.0
                .flight
                .transition(|life, now, dice| life.disown(generation, now, dice));
            let objection = Objection::OtherOrganization {
                found: org_id,
                expected,
            };
            let path = self.0.file.path().display();
            error!(
                "{path} {objection}; they are not used any more, and copied aside when an administrator authorises"
            );
            let problem = objection.to_string();
            self.0
                .flight
                .publish(|snapshot| snapshot.unusable_file = Some(problem));
            return;
        }
        {
            let _installing = self.installing().await;
            self.0
                .flight
                .transition(|life, _, _| life.learn(generation, org_id));
        }
        self.store_again().await;
    }

    /// The one organisation that may be acted for, where that is settled: by the operator, by the tokens held, or by a tokens file
    /// that cannot be used but names it.
    #[must_use]
    pub fn pin(&self) -> Option<OrgId> {
        let snapshot = self.snapshot();
        let held = snapshot.grant.as_ref();
        self.0
            .org_id
            .or_else(|| held.and_then(|grant| grant.tokens.organization()))
            .or(snapshot.unusable_org)
    }

    /// Waits until the state has changed, at most `patience`.
    pub async fn changed_or(&self, patience: Duration) {
        let mut changes = self.0.flight.subscribe();
        changes.mark_unchanged();
        tokio::select! {
            _ = changes.changed() => {}
            () = self.0.flight.clock().sleep(patience) => {}
        }
    }

    /// Runs `work` on its own; the end of [`Self::run`] waits for it.
    pub fn track<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.tasks.spawn(work)
    }

    /// Keeps the tokens fresh and follows the file until told to stop, then waits for a refresh in flight and its write.
    pub async fn run(self, stop: CancellationToken) {
        let (mut horizon, mut again, mut outside) =
            (Horizon::default(), Again::default(), Outside::default());
        while !stop.is_cancelled() {
            self.watch(&mut horizon);
            let mut changes = self.0.flight.subscribe();
            changes.mark_unchanged();
            let now = self.now();
            let due = self.0.flight.lock().due_in(now);
            if due == Some(Duration::ZERO) {
                self.decide(Why::Due);
            }
            tokio::select! {
                () = stop.cancelled() => break,
                _ = changes.changed() => continue,
                () = self.0.flight.clock().sleep(nap(due)) => {}
            }
            self.look(&mut outside).await;
            again.plan(self.snapshot().unsaved.is_some(), now);
            if again.comes(self.now()) {
                self.store_again().await;
            }
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
        if self.snapshot().unsaved.is_some() {
            self.store_again().await;
        }
    }

    fn watch(&self, horizon: &mut Horizon) {
        let snapshot = self.snapshot();
        let grant = snapshot.grant.as_ref();
        let end = grant.and_then(|grant| grant.tokens.refresh_token_expires_at());
        if let Some(told) = horizon.look(end, self.now().wall) {
            warn!(topic = "oauth2", action = Action::Reauthorise.as_str(), "{told}");
        }
    }

    fn decide(&self, why: Why) {
        self.0.flight.decide(why, |work| self.start(work));
    }

    fn start(&self, work: Work) {
        match work {
            Work::Refresh(refresh_token) => self.start_refresh(refresh_token),
            Work::Ask(generation) => self.start_question(generation),
        }
    }

    async fn installing(&self) -> MutexGuard<'_, Seen> {
        self.0.installing.lock().await
    }
}

/// How long the background loop sleeps when the next refresh is `due` in so much time, or was a moment ago.
fn nap(due: Option<Duration>) -> Duration {
    due.filter(|due| !due.is_zero())
        .map_or(LONGEST_NAP, |due| due.min(LONGEST_NAP))
}

#[cfg(test)]
mod tests;
