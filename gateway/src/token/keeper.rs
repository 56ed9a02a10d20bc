//! Acts on what the state machine decides: one refresh at a time, detached from whoever asked, stored before it is served.

mod refresh;
mod snapshot;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

pub use snapshot::{Access, Snapshot, Unavailable};

use super::TokenSet;
use super::endpoint::TokenEndpoint;
use super::file::{Loaded, TokenFile};
use super::lifecycle::{Action, Decision, Generation, Lifecycle, Why};
use crate::clock::{Clock, Now, Timestamp};
use crate::metrics::Metrics;
use crate::organization::OrgId;

/// The background loop looks at the clocks at least this often, because a suspended machine or a stepped wall clock wakes
/// no timer.
const LONGEST_NAP: Duration = Duration::from_secs(30);
/// How often tokens that could not be stored are tried again.
const STORE_RETRY: Duration = Duration::from_secs(10);

/// A refresh token that Webex renews with each refresh never comes this near to its 90 days.
const HORIZON: Duration = Duration::from_hours(30 * 24);
/// How often that is said.
const HORIZON_REMINDER: Duration = Duration::from_hours(24);

/// A source of numbers in 0..1 for jitter.
pub type Dice = Box<dyn Fn() -> f64 + Send + Sync>;

/// Holds the tokens. Clones share them.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

struct Inner {
    /// The decisions. Locked for moments only, never across an await.
    life: Mutex<Lifecycle>,
    /// What everybody else sees of it.
    published: watch::Sender<Arc<Snapshot>>,
    /// Held while tokens are written and installed, so that file and memory agree on which grant is newest.
    installing: tokio::sync::Mutex<()>,
    endpoint: Arc<dyn TokenEndpoint>,
    file: TokenFile,
    clock: Arc<dyn Clock>,
    dice: Dice,
    /// What the gateway counts; here because whoever counts holds a keeper.
    metrics: Arc<Metrics>,
    /// Refreshes and writes that must end before the process does.
    tasks: TaskTracker,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper")
            .field("state", &self.snapshot().state)
            .finish_non_exhaustive()
    }
}

impl Keeper {
    /// Loads the tokens file. Call [`Self::run`] to keep the tokens fresh.
    pub async fn open(
        file: TokenFile,
        endpoint: Arc<dyn TokenEndpoint>,
        clock: Arc<dyn Clock>,
        dice: Dice,
    ) -> Self {
        let keeper = Self(Arc::new(Inner {
            life: Mutex::default(),
            published: watch::Sender::new(Arc::new(Snapshot::empty())),
            installing: tokio::sync::Mutex::default(),
            endpoint,
            file,
            clock,
            dice,
            metrics: Arc::default(),
            tasks: TaskTracker::new(),
        }));
        keeper.load().await;
        keeper
    }

    /// The state now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.published.borrow())
    }

    /// The clock by which this keeper judges expiry.
    #[must_use]
    pub fn now(&self) -> Now {
        self.0.clock.now()
    }

    /// What the gateway counts.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// How long until the next refresh, or the next attempt; `None` while one runs or there is nothing to refresh.
    #[must_use]
    pub fn next_refresh_in(&self) -> Option<Duration> {
        self.lock().due_in(self.now())
    }

    /// An access token that has not expired; waits for a refresh where there is none.
    pub async fn access(&self) -> Result<Access, Unavailable> {
        let snapshot = self.snapshot();
        if let Some(access) = snapshot.access(self.now()) {
            return Ok(access);
        }
        loop {
            if let Some(access) = self.obtain(Why::Expired).await? {
                return Ok(access);
            }
        }
    }

    /// What to send instead of the token that Webex answered with 401; `None` when another token would not help.
    pub async fn replace(&self, rejected: Generation) -> Result<Option<Access>, Unavailable> {
        self.obtain(Why::Rejected(rejected)).await
    }

    /// Sees to it that the token that Webex answered with 401 is replaced, without waiting for it.
    pub fn rejected(&self, generation: Generation) {
        self.decide(Why::Rejected(generation));
    }

    /// A request that the older token had failed worked with the token of this generation.
    pub fn cured(&self, generation: Generation) {
        if !self.0.published.borrow().proven {
            self.transition(|life, _, _| life.cured(generation));
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

    /// Takes the tokens of a new authorisation. They serve even if they cannot be stored; the error says why they are not.
    pub async fn install(&self, tokens: TokenSet) -> Result<(), String> {
        let _installing = self.0.installing.lock().await;
        let stored = self.store(&tokens).await;
        self.transition(|life, now, dice| life.install(tokens, now, dice));
        self.note_stored(stored.clone());
        info!(topic = "oauth2", "tokens updated");
        stored
    }

    /// Notes whose tokens are held, so that the next start knows it too.
    pub async fn learn(&self, org_id: OrgId) {
        let _installing = self.0.installing.lock().await;
        self.transition(|life, _, _| life.learn(org_id));
        if let Some(grant) = &self.snapshot().grant {
            let stored = self.store(&grant.tokens).await;
            self.note_stored(stored);
        }
    }

    /// Runs `work` on its own; the end of [`Self::run`] waits for it.
    pub fn track<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.0.tasks.spawn(work)
    }

    /// Keeps the tokens fresh until told to stop, then waits for a refresh in flight and its write.
    pub async fn run(self, stop: CancellationToken) {
        let mut warned: Option<Timestamp> = None;
        while !stop.is_cancelled() {
            self.watch_horizon(&mut warned);
            let mut changes = self.0.published.subscribe();
            changes.mark_unchanged();
            let due = self.lock().due_in(self.now());
            if due == Some(Duration::ZERO) {
                self.decide(Why::Due);
            }
            let unsaved = self.snapshot().unsaved.is_some().then_some(STORE_RETRY);
            let nap = due
                .filter(|due| !due.is_zero())
                .into_iter()
                .chain(unsaved)
                .chain([LONGEST_NAP])
                .min();
            tokio::select! {
                () = stop.cancelled() => break,
                _ = changes.changed() => continue,
                () = self.0.clock.sleep(nap.unwrap_or(LONGEST_NAP)) => {}
            }
            if unsaved.is_some() {
                self.store_again().await;
            }
        }
        self.0.tasks.close();
        self.0.tasks.wait().await;
        if self.snapshot().unsaved.is_some() {
            self.store_again().await;
        }
    }

    /// Warns once a day when the refresh token nears its end: then only an administrator can help, and should not be surprised.
    fn watch_horizon(&self, warned: &mut Option<Timestamp>) {
        let now = self.now().wall;
        let end = self
            .snapshot()
            .grant
            .as_ref()
            .and_then(|grant| grant.tokens.refresh_token_expires_at());
        let due = warned.is_none_or(|at| now.since(at) >= HORIZON_REMINDER);
        if let Some(end) = end.filter(|end| end.since(now) < HORIZON && due) {
            *warned = Some(now);
            let days = end.since(now).as_secs() / 86_400;
            warn!(
                topic = "oauth2",
                action = Action::Reauthorise.as_str(),
                "the refresh token ends in {days} days, on {end}: have an administrator authorise the gateway again"
            );
        }
    }

    async fn load(&self) {
        let _installing = self.0.installing.lock().await;
        let path = self.0.file.path().display();
        match self.0.file.load() {
            Loaded::Absent => info!("no tokens yet: {path} does not exist"),
            Loaded::Tokens(mut tokens) => {
                if self.0.file.readable_by_others() {
                    warn!(
                        "{path} is readable by others; the next refresh makes it private, or run: chmod 600 {path}"
                    );
                }
                // A file from before organisations were pinned is as protected as a new one.
                let named = tokens
                    .access_token
                    .organization()
                    .and_then(|text| OrgId::parse(text).ok());
                tokens.org_id = tokens.org_id.or(named);
                self.transition(|life, now, dice| life.install(*tokens, now, dice));
            }
            Loaded::Unusable(problem) => {
                error!(
                    "{path} {problem}; it is left as it is, and copied aside when an administrator authorises again"
                );
                self.publish(|snapshot| snapshot.unusable_file = Some(problem.to_string()));
            }
        }
    }

    async fn obtain(&self, why: Why) -> Result<Option<Access>, Unavailable> {
        loop {
            let mut changes = self.0.published.subscribe();
            let ended = changes.borrow_and_update().refreshes_ended;
            match self.decide(why) {
                Decision::Use => return Ok(self.snapshot().access(self.now())),
                Decision::Leave => return Ok(None),
                Decision::Unauthorised => {
                    let file_problem = self.snapshot().unusable_file.clone();
                    return Err(Unavailable::NotAuthorised { file_problem });
                }
                Decision::Later(retry_after) => {
                    return Err(Unavailable::RefreshFailed {
                        reason: self.reason(),
                        retry_after,
                    });
                }
                Decision::Never(cause) => {
                    return Err(Unavailable::Refused {
                        cause,
                        reason: self.reason(),
                    });
                }
                Decision::Start(..) | Decision::Join => {
                    let end = changes
                        .wait_for(|snapshot| snapshot.refreshes_ended != ended)
                        .await;
                    drop(end.expect("the sender lives as long as the keeper"));
                }
            }
        }
    }

    fn reason(&self) -> String {
        let trouble = self
            .snapshot()
            .trouble
            .as_ref()
            .map(|trouble| trouble.reason.clone());
        trouble.unwrap_or_else(|| "Webex issues access tokens that end within seconds".to_owned())
    }

    /// Asks the state machine, and starts the refresh that it asks for.
    fn decide(&self, why: Why) -> Decision {
        let decision = self.transition(|life, now, _| life.want(why, now));
        if let Decision::Start(generation, refresh_token) = &decision {
            self.start_refresh(*generation, refresh_token.clone());
        }
        decision
    }

    fn transition<T>(&self, change: impl FnOnce(&mut Lifecycle, Now, f64) -> T) -> T {
        let dice = (self.0.dice)();
        let mut life = self.lock();
        let before = life.state();
        let result = change(&mut life, self.0.clock.now(), dice);
        if life.state() != before {
            info!(
                topic = "oauth2",
                "state {} -> {}",
                before.as_str(),
                life.state().as_str()
            );
        }
        // Only a change is news: a thousand requests that join one refresh must not wake each other.
        self.0.published.send_if_modified(|snapshot| {
            !snapshot.shows(&life) && {
                Arc::make_mut(snapshot).take(&life);
                true
            }
        });
        result
    }

    fn publish(&self, change: impl FnOnce(&mut Snapshot)) {
        self.0
            .published
            .send_modify(|snapshot| change(Arc::make_mut(snapshot)));
    }

    fn lock(&self) -> MutexGuard<'_, Lifecycle> {
        // The state machine leaves no step half done, so a panic elsewhere does not make it unusable.
        self.0.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn store(&self, tokens: &TokenSet) -> Result<(), String> {
        let (file, tokens, now) = (self.0.file.clone(), tokens.clone(), self.now().wall);
        let write = self.0.tasks.spawn_blocking(move || file.store(&tokens, now));
        match write.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(problem)) => Err(problem.to_string()),
            Err(crashed) => Err(crashed.to_string()),
        }
    }

    async fn store_again(&self) {
        let _installing = self.0.installing.lock().await;
        if let Some(grant) = &self.snapshot().grant {
            let stored = self.store(&grant.tokens).await;
            self.note_stored(stored);
        }
    }

    fn note_stored(&self, stored: Result<(), String>) {
        match &stored {
            Ok(()) if self.snapshot().unsaved.is_some() => {
                info!("tokens stored in {}", self.0.file.path().display());
            }
            Ok(()) => {}
            Err(problem) => {
                self.0.metrics.store_failed();
                error!(
                    "the tokens serve from memory only and would be lost by a restart: {problem}; free the disk or mend the \
                     permissions, the write is tried again every {} s",
                    STORE_RETRY.as_secs()
                );
            }
        }
        let changed =
            self.snapshot().unsaved != stored.clone().err() || self.snapshot().unusable_file.is_some();
        if changed {
            self.publish(|snapshot| {
                snapshot.unusable_file = snapshot.unusable_file.take().filter(|_| stored.is_err());
                snapshot.unsaved = stored.err();
            });
        }
    }
}

#[cfg(test)]
mod tests;
