//! Two processes on one tokens file, and a token endpoint that revokes everything when a refresh token comes twice.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::token::lock::FileLock;

/// RFC 9700 section 4.14.2: each refresh token works once; the second use ends the grant.
#[derive(Debug)]
struct Strict {
    valid: Mutex<u32>,
    calls: AtomicUsize,
    reused: AtomicBool,
    /// Refresh tokens stay as they are, as those of Webex do.
    keeps: AtomicBool,
}

impl TokenEndpoint for Strict {
    fn exchange<'a>(&'a self, _: &'a AuthorizationCode, _: Option<&'a CodeVerifier>) -> TokenCall<'a> {
        Box::pin(async { Err(TokenError::transient("no exchange here")) })
    }

    fn refresh<'a>(&'a self, token: &'a RefreshToken) -> TokenCall<'a> {
        Box::pin(async {
            self.calls.fetch_add(1, Ordering::SeqCst);
            let number = {
                let mut valid = self.valid.lock().unwrap();
                if self.keeps.load(Ordering::SeqCst) {
                    *valid += 1;
                    return Ok(response(&valid.to_string()));
                }
                if token.expose() != format!("refresh-{valid}") {
                    self.reused.store(true, Ordering::SeqCst);
                    let reason = format!("{} was used before", token.expose());
                    return Err(TokenError::Rejected {
                        cause: Rejection::Grant,
                        reason,
                    });
                }
                *valid += 1;
                *valid
            };
            tokio::task::yield_now().await;
            let refresh_token = Some(RefreshToken::new(format!("refresh-{number}")).unwrap());
            Ok(TokenResponse {
                refresh_token,
                ..response(&number.to_string())
            })
        })
    }
}

struct Two {
    keepers: [Keeper; 2],
    server: Arc<Strict>,
    clock: ManualClock,
    path: PathBuf,
    _dir: tempfile::TempDir,
}

impl Two {
    async fn on_one_file() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".tokens");
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        let first = tokens("1", clock.now());
        TokenFile::new(&path)
            .store(&first, clock.now().wall, &mut Seen::default())
            .unwrap();
        let server = Arc::new(Strict {
            valid: Mutex::new(1),
            calls: AtomicUsize::new(0),
            reused: AtomicBool::new(false),
            keeps: AtomicBool::new(false),
        });
        let open = || {
            let endpoint = Arc::clone(&server) as Arc<dyn TokenEndpoint>;
            let clock = Arc::new(clock.clone());
            Keeper::open(
                TokenFile::new(&path),
                endpoint,
                Arc::<Webex>::default(),
                clock,
                Box::new(|| 0.5),
                None,
            )
        };
        Self {
            keepers: [open().await, open().await],
            server,
            path: path.clone(),
            clock: clock.clone(),
            _dir: dir,
        }
    }

    /// Lets time pass, `speed` times as fast as it does, while `work` waits for a lock.
    async fn while_time_passes<T>(&self, speed: u32, work: impl Future<Output = T>) -> T {
        let clock = self.clock.clone();
        let passing = async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(1));
            loop {
                ticks.tick().await;
                clock.advance(Duration::from_millis(1) * speed);
            }
        };
        tokio::select! {
            result = work => result,
            () = passing => unreachable!("time does not end"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_file_refresh_once_between_them_and_never_spend_a_token_twice() {
    let two = Two::on_one_file().await;
    for round in 1..=30 {
        two.clock.advance(HOUR * 24 * 14);
        let [one, other] = &two.keepers;
        let both = async { tokio::join!(one.access(), other.access()) };
        let (one, other) = two.while_time_passes(1, both).await;
        assert_eq!(
            one.unwrap().fingerprint,
            other.unwrap().fingerprint,
            "round {round}"
        );
        assert_eq!(two.server.calls.load(Ordering::SeqCst), round);
    }
    assert!(!two.server.reused.load(Ordering::SeqCst));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_has_refreshed_is_no_failure_also_where_the_refresh_token_stays() {
    let two = Two::on_one_file().await;
    two.server.keeps.store(true, Ordering::SeqCst);
    for round in 1..=30 {
        two.clock.advance(HOUR * 24 * 14);
        let [one, other] = &two.keepers;
        let both = async { tokio::join!(one.access(), other.access()) };
        let (first, second) = two.while_time_passes(1, both).await;
        assert_eq!(
            first.unwrap().fingerprint,
            second.unwrap().fingerprint,
            "round {round}"
        );
        assert_eq!(two.server.calls.load(Ordering::SeqCst), round);
        for keeper in [one, other] {
            assert_eq!(keeper.snapshot().trouble, None, "round {round}");
            assert_eq!(keeper.snapshot().state, AuthState::Ok, "round {round}");
        }
    }
}

#[tokio::test]
async fn an_authorisation_in_one_process_reaches_the_other() {
    let two = Two::on_one_file().await;
    let [one, other] = &two.keepers;
    one.install(tokens("admin", two.clock.now()), true).await.unwrap();
    other.look(&mut Outside::default()).await;
    assert_eq!(other.access().await.unwrap().fingerprint, fingerprint("admin"));
}

#[tokio::test]
async fn a_process_that_hangs_with_the_lock_costs_a_wait_and_is_named() {
    let two = Two::on_one_file().await;
    let hanging = FileLock::new(TokenFile::new(&two.path).lock_path());
    let held = hanging.acquire(&two.clock, Duration::ZERO).await.unwrap();
    two.clock.advance(HOUR * 24 * 14);
    let [keeper, _] = &two.keepers;
    let error = two.while_time_passes(100, keeper.access()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("another gateway that shares the tokens file holds"),
        "{error}"
    );
    assert_eq!(two.server.calls.load(Ordering::SeqCst), 0);
    drop(held);
    two.clock.advance(Duration::from_mins(1));
    assert_eq!(keeper.access().await.unwrap().fingerprint, fingerprint("2"));
}

#[tokio::test]
async fn a_code_is_not_lost_to_a_process_that_hangs_with_the_lock() {
    let two = Two::on_one_file().await;
    let hanging = FileLock::new(TokenFile::new(&two.path).lock_path());
    let _held = hanging.acquire(&two.clock, Duration::ZERO).await.unwrap();
    let [keeper, _] = &two.keepers;
    let install = keeper.install(tokens("admin", two.clock.now()), true);
    two.while_time_passes(100, install).await.unwrap();
    assert_eq!(keeper.access().await.unwrap().fingerprint, fingerprint("admin"));
    assert!(
        std::fs::read_to_string(&two.path)
            .unwrap()
            .contains("access-admin")
    );
}
