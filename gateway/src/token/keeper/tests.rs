mod faults;
mod outside;
mod shared;
mod told;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::metrics::labels::Refresh;
use crate::secret::{AuthorizationCode, CodeVerifier, RefreshToken};
use crate::token::disk::Disk;
use crate::token::disk::faulty::FaultyDisk;
use crate::token::endpoint::TokenCall;
use crate::token::failure::{Rejection, TokenError};
use crate::token::lifecycle::AuthState;
use crate::token::lifecycle::{Standing, Verdict};
use crate::token::resource_server::ResourceServer;
use crate::token::samples::{Webex, response, tokens};
use crate::token::wire::TokenResponse;

const HOUR: Duration = Duration::from_hours(1);

type Answer = Result<TokenResponse, TokenError>;

/// A token endpoint that answers what the test says, when the test says.
#[derive(Debug)]
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    calls: AtomicUsize,
    gate: Semaphore,
}

impl TokenEndpoint for Script {
    fn exchange<'a>(&'a self, _: &'a AuthorizationCode, _: Option<&'a CodeVerifier>) -> TokenCall<'a> {
        Box::pin(async { Err(TokenError::transient("the script has no exchange")) })
    }

    fn refresh<'a>(&'a self, _: &'a RefreshToken) -> TokenCall<'a> {
        Box::pin(async {
            self.calls.fetch_add(1, Ordering::SeqCst);
            self.gate.acquire().await.unwrap().forget();
            let answer = self.answers.lock().unwrap().pop_front();
            answer.unwrap_or_else(|| panic!("the script is over"))
        })
    }
}

struct Bench {
    keeper: Keeper,
    script: Arc<Script>,
    webex: Arc<Webex>,
    clock: ManualClock,
    disk: Arc<FaultyDisk>,
    path: PathBuf,
    _dir: tempfile::TempDir,
}

impl Bench {
    /// A keeper that loaded tokens an hour old; `answers` are given as soon as they are asked for.
    async fn with(answers: impl IntoIterator<Item = Answer>) -> Self {
        let bench = Self::gated(answers).await;
        bench.script.gate.add_permits(1000);
        bench
    }

    /// The same, but answers wait for [`Self::open_gate`].
    async fn gated(answers: impl IntoIterator<Item = Answer>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".tokens");
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        let disk = Arc::new(FaultyDisk::default());
        let file = TokenFile::on(Arc::clone(&disk) as Arc<dyn Disk>, &path);
        file.store(&tokens("1", clock.now()), clock.now().wall, &mut Seen::default())
            .unwrap();
        clock.advance(HOUR);
        let answers = Mutex::new(answers.into_iter().collect());
        let script = Arc::new(Script {
            answers,
            calls: AtomicUsize::new(0),
            gate: Semaphore::new(0),
        });
        let endpoint = Arc::clone(&script) as Arc<dyn TokenEndpoint>;
        let webex = Arc::<Webex>::default();
        let keeper = Keeper::open(
            file,
            endpoint,
            Arc::clone(&webex) as Arc<dyn ResourceServer>,
            Arc::new(clock.clone()),
            Box::new(|| 0.5),
            None,
        )
        .await;
        Self {
            keeper,
            script,
            webex,
            clock,
            disk,
            path,
            _dir: dir,
        }
    }

    fn open_gate(&self) {
        self.script.gate.add_permits(1);
    }

    fn calls(&self) -> usize {
        self.script.calls.load(Ordering::SeqCst)
    }

    fn generation(&self) -> Generation {
        self.keeper.snapshot().grant.as_ref().unwrap().generation
    }

    fn expire(&self) {
        self.clock.advance(HOUR * 24 * 14);
    }

    fn stored(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }
}

fn fingerprint(name: &str) -> Arc<str> {
    crate::secret::fingerprint(&format!("access-{name}")).into()
}

fn transient() -> Answer {
    Err(TokenError::transient("no route"))
}

#[tokio::test]
async fn a_token_that_has_not_expired_is_given_without_a_call() {
    let bench = Bench::with([]).await;
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("1"));
    assert_eq!(bench.calls(), 0);
}

#[tokio::test]
async fn a_thousand_requests_that_find_the_token_expired_cost_one_call() {
    let bench = Bench::gated([Ok(response("2"))]).await;
    bench.expire();
    let requests: Vec<_> = (0..1000)
        .map(|_| {
            let keeper = bench.keeper.clone();
            tokio::spawn(async move { keeper.access().await.unwrap().fingerprint })
        })
        .collect();
    bench.open_gate();
    for request in requests {
        assert_eq!(request.await.unwrap(), fingerprint("2"));
    }
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn staggered_401s_of_one_token_cost_one_call() {
    let bench = Bench::with([Ok(response("2"))]).await;
    let old = bench.generation();
    for _ in 0..100 {
        let access = bench.keeper.replace(old).await.unwrap().expect("a newer token");
        assert_eq!(access.fingerprint, fingerprint("2"));
    }
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn a_refresh_survives_the_request_that_asked_for_it() {
    let bench = Bench::gated([Ok(response("2"))]).await;
    bench.expire();
    let mut changes = bench.keeper.0.flight.subscribe();
    let mut leader = Box::pin(bench.keeper.access());
    assert!(futures_util::poll!(&mut leader).is_pending());
    drop(leader);
    bench.open_gate();
    changes.wait_for(|snapshot| snapshot.ended == 1).await.unwrap();
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("2"));
}

#[tokio::test]
async fn new_tokens_are_on_disk_before_they_are_served() {
    let bench = Bench::with([Ok(response("2"))]).await;
    bench.expire();
    bench.keeper.access().await.unwrap();
    assert!(bench.stored().contains("\"access-2\""));
}

#[tokio::test]
async fn a_refresh_that_fails_leaves_a_good_token_in_use_and_the_file_as_it_was() {
    let bench = Bench::with([transient()]).await;
    let before = bench.stored();
    let error = bench.keeper.replace(bench.generation()).await.unwrap_err();
    assert!(
        matches!(&error, Unavailable::RefreshFailed { reason, .. } if reason == "no route"),
        "{error:?}"
    );
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("1"));
    assert_eq!(bench.keeper.snapshot().state, AuthState::Degraded);
    assert_eq!(bench.stored(), before);
}

#[tokio::test]
async fn a_refusal_is_told_to_everybody_and_asked_only_once() {
    let refused = Err(TokenError::Rejected {
        cause: Rejection::Grant,
        reason: "dead".to_owned(),
    });
    let bench = Bench::with([refused]).await;
    bench.expire();
    for _ in 0..10 {
        let error = bench.keeper.access().await.unwrap_err();
        assert_eq!(error.action(), Action::Reauthorise);
    }
    assert_eq!(bench.calls(), 1);
}

#[tokio::test]
async fn a_crash_inside_a_refresh_is_a_failed_refresh() {
    let bench = Bench::with([]).await;
    bench.expire();
    let error = bench.keeper.access().await.unwrap_err();
    assert_eq!(error.action(), Action::Retry);
    assert!(!bench.keeper.0.flight.lock().refreshing());
    let last = bench.keeper.metrics().last_refresh();
    assert_eq!((last.result, last.succeeded), (Some(Refresh::Internal), None));
}

#[tokio::test]
async fn a_full_disk_does_not_cost_the_new_tokens_and_the_write_is_tried_again() {
    let bench = Bench::with([Ok(response("2"))]).await;
    let folder = bench.path.parent().unwrap().to_owned();
    let aside = folder.with_extension("aside");
    std::fs::rename(&folder, &aside).unwrap();
    bench.expire();
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("2"));
    let problem = bench.keeper.snapshot().unsaved.clone().expect("a problem");
    assert!(problem.starts_with("cannot write beside"), "{problem}");

    std::fs::rename(&aside, &folder).unwrap();
    let stop = CancellationToken::new();
    let mut changes = bench.keeper.0.flight.subscribe();
    let running = tokio::spawn(bench.keeper.clone().run(stop.clone()));
    tokio::task::yield_now().await;
    bench.clock.advance(storing::STORE_RETRY);
    changes
        .wait_for(|snapshot| snapshot.unsaved.is_none())
        .await
        .unwrap();
    assert!(bench.stored().contains("\"access-2\""));
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn the_background_loop_refreshes_ahead_of_expiry_without_any_request() {
    let bench = Bench::with([Ok(response("2"))]).await;
    let stop = CancellationToken::new();
    let mut changes = bench.keeper.0.flight.subscribe();
    let running = tokio::spawn(bench.keeper.clone().run(stop.clone()));
    tokio::task::yield_now().await;
    bench.clock.advance(HOUR * 24 * 11);
    changes.wait_for(|snapshot| snapshot.ended == 1).await.unwrap();
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("2"));
    stop.cancel();
    running.await.unwrap();
}

#[test]
fn the_loop_naps_until_the_next_refresh_and_never_for_long() {
    let second = Duration::from_secs(1);
    assert_eq!(nap(Some(second)), second);
    for due in [None, Some(Duration::ZERO), Some(HOUR)] {
        assert_eq!(nap(due), LONGEST_NAP);
    }
}

#[tokio::test]
async fn when_the_next_refresh_is_due_is_told_unless_one_runs() {
    let bench = Bench::gated([Ok(response("2"))]).await;
    let due = bench.keeper.next_refresh_in().expect("tokens are held");
    assert!((HOUR * 24 * 7..HOUR * 24 * 14).contains(&due), "{due:?}");
    bench.clock.advance(HOUR);
    assert_eq!(bench.keeper.next_refresh_in(), due.checked_sub(HOUR));
    bench.keeper.rejected(bench.generation());
    assert_eq!(bench.keeper.next_refresh_in(), None);
}

#[tokio::test]
async fn a_request_that_a_forced_refresh_has_cured_is_remembered() {
    let bench = Bench::with([Ok(response("2"))]).await;
    let older = bench.generation();
    let newer = bench.keeper.replace(older).await.unwrap().expect("a newer one");
    assert!(!bench.keeper.snapshot().proven);
    bench.keeper.cured(older);
    assert!(!bench.keeper.snapshot().proven, "that token is not held");
    bench.keeper.cured(newer.generation);
    assert!(bench.keeper.snapshot().proven);
}

#[tokio::test]
async fn what_no_log_may_show_are_both_tokens() {
    let bench = Bench::with([]).await;
    assert_eq!(bench.keeper.secrets(), ["access-1", "refresh-1"]);
}

#[tokio::test]
async fn who_waits_for_a_change_waits_for_one_or_as_long_as_it_wants() {
    let bench = Bench::with([Ok(response("2"))]).await;
    let mut waiting = Box::pin(bench.keeper.changed_or(HOUR));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    bench.clock.advance(HOUR);
    waiting.await;
    let mut waiting = Box::pin(bench.keeper.changed_or(HOUR));
    assert!(futures_util::poll!(&mut waiting).is_pending());
    bench.keeper.replace(bench.generation()).await.unwrap();
    waiting.await;
}

#[tokio::test]
async fn the_end_waits_for_a_refresh_in_flight_and_stores_it() {
    let bench = Bench::gated([Ok(response("2"))]).await;
    bench.keeper.rejected(bench.generation());
    let stop = CancellationToken::new();
    stop.cancel();
    let running = tokio::spawn(bench.keeper.clone().run(stop));
    tokio::task::yield_now().await;
    assert!(!running.is_finished());
    bench.open_gate();
    running.await.unwrap();
    assert!(bench.stored().contains("\"access-2\""));
}

#[tokio::test]
async fn an_authorisation_during_a_refresh_wins() {
    let bench = Bench::gated([Ok(response("2"))]).await;
    bench.keeper.rejected(bench.generation());
    while bench.calls() == 0 {
        tokio::task::yield_now().await;
    }
    let mut changes = bench.keeper.0.flight.subscribe();
    bench
        .keeper
        .install(tokens("admin", bench.clock.now()), true)
        .await
        .unwrap();
    bench.open_gate();
    changes.wait_for(|snapshot| snapshot.ended == 1).await.unwrap();
    assert_eq!(
        bench.keeper.access().await.unwrap().fingerprint,
        fingerprint("admin")
    );
    let last = bench.keeper.metrics().last_refresh();
    assert_eq!((last.result, last.succeeded), (Some(Refresh::Superseded), None));
    assert!(bench.stored().contains("\"access-admin\""));
}

#[tokio::test]
async fn an_unusable_file_is_reported_and_stays_until_an_authorisation() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".tokens");
    std::fs::write(&path, "not json").unwrap();
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
    let script = Script {
        answers: Mutex::default(),
        calls: AtomicUsize::new(0),
        gate: Semaphore::new(0),
    };
    let (endpoint, time) = (Arc::new(script), Arc::new(clock.clone()));
    let keeper = Keeper::open(
        TokenFile::new(&path),
        endpoint,
        Arc::<Webex>::default(),
        time,
        Box::new(|| 0.5),
        None,
    )
    .await;
    let error = keeper.access().await.unwrap_err().to_string();
    assert!(
        error.starts_with("the tokens file holds no tokens: it is not JSON") && error.contains("restore it"),
        "{error}"
    );
    let reason = keeper.snapshot().unusable_file.clone().unwrap();
    assert_eq!(reason, "holds no tokens: it is not JSON (line 1, column 2)");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "not json");
    keeper.install(tokens("1", clock.now()), true).await.unwrap();
    assert_eq!(keeper.snapshot().unusable_file, None);
}

fn refused() -> Answer {
    Err(TokenError::Rejected {
        cause: Rejection::Grant,
        reason: "no".to_owned(),
    })
}

#[tokio::test]
async fn a_dead_token_is_asked_about_once_and_all_calls_are_told_what_came_of_it() {
    let bench = Bench::gated([refused()]).await;
    *bench.webex.verdict.lock().unwrap() = Verdict::Refused;
    let generation = bench.generation();
    let calls = futures_util::future::join_all((0..5).map(|_| bench.keeper.replace(generation)));
    let (answers, ()) = tokio::join!(calls, async { bench.open_gate() });
    for answer in answers {
        assert!(matches!(answer.unwrap_err(), Unavailable::Refused { .. }));
    }
    assert_eq!(bench.webex.asked.load(Ordering::SeqCst), 1);
    for _ in 0..3 {
        assert!(bench.keeper.access().await.is_err());
    }
    assert_eq!((bench.webex.asked.load(Ordering::SeqCst), bench.calls()), (1, 1));
    assert!(!bench.keeper.snapshot().ready(bench.keeper.now()));
}

#[tokio::test]
async fn a_token_that_only_one_call_cannot_use_goes_on_serving_the_others() {
    let bench = Bench::with([refused()]).await;
    let error = bench.keeper.replace(bench.generation()).await.unwrap_err();
    assert!(matches!(error, Unavailable::Refused { .. }));
    assert_eq!(bench.keeper.access().await.unwrap().fingerprint, fingerprint("1"));
    let snapshot = bench.keeper.snapshot();
    assert_eq!(
        (snapshot.state, snapshot.standing),
        (AuthState::Reauthorise, Standing::Good)
    );
    assert!(snapshot.ready(bench.keeper.now()));
}
