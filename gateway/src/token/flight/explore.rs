//! Every interleaving of the requests that meet an old token, as far as a schedule explorer gets: at each lock and each await it
//! chooses who goes on. Run by `just explore`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use shuttle::future::{block_on, spawn, yield_now};

use super::*;
use crate::clock::{ManualClock, Timestamp};
use crate::token::failure::Rejection;
use crate::token::samples::{response, tokens};
use crate::token::wire::TokenResponse;

/// Random schedules per test; a defect of one step in the wrong place shows within hundreds.
const SCHEDULES: usize = 5_000;
/// How many surprises the second explorer plans into each schedule.
const DEPTH: usize = 3;

/// Rotates its refresh tokens and revokes the grant when one comes twice (RFC 9700 section 4.14.2).
struct Server {
    valid: AtomicUsize,
    calls: AtomicUsize,
    reused: AtomicUsize,
    /// Questions about the access token `1`, which it refuses.
    asked: AtomicUsize,
    answers: bool,
}

struct Scene {
    flight: Arc<Flight>,
    server: Arc<Server>,
    clock: ManualClock,
}

impl Scene {
    /// Tokens named `1`, an hour old; the server has revoked that access token.
    fn new(answers: bool) -> Self {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        let flight = Flight::new(Arc::new(clock.clone()), Box::new(|| 0.5));
        flight.transition(|life, now, dice| life.install(tokens("1", now), now, dice));
        clock.advance(Duration::from_hours(1));
        let server = Server {
            valid: AtomicUsize::new(1),
            calls: AtomicUsize::new(0),
            reused: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            answers,
        };
        Self {
            flight: Arc::new(flight),
            server: Arc::new(server),
            clock,
        }
    }

    fn start(&self) -> impl Fn(Work) + use<> {
        let (flight, server) = (Arc::clone(&self.flight), Arc::clone(&self.server));
        move |work| {
            let (flight, server) = (Arc::clone(&flight), Arc::clone(&server));
            spawn(async move {
                yield_now().await;
                match work {
                    Work::Refresh(refresh_token) => {
                        let answer = server.refresh(&refresh_token);
                        yield_now().await;
                        let held = flight.snapshot().grant.clone().expect("a grant");
                        let result = answer.map(|response| held.tokens.refreshed(response, flight.now()));
                        flight.ended(&refresh_token, result);
                    }
                    Work::Ask(generation) => {
                        server.asked.fetch_add(1, Ordering::SeqCst);
                        flight.judged(generation, Verdict::Refused);
                    }
                }
                flight.wake();
            });
        }
    }

    /// A request as the proxy makes it: send, and after a 401 once more with what replaces the token.
    async fn request(flight: Arc<Flight>, start: impl Fn(Work)) -> Result<String, Unavailable> {
        let access = flight.access(&start).await?;
        yield_now().await;
        let fingerprint = access.fingerprint.to_string();
        if fingerprint != crate::secret::fingerprint("access-1") {
            return Ok(fingerprint);
        }
        let newer = flight.obtain(Why::Rejected(access.generation), &start).await?;
        Ok(newer.expect("a newer token").fingerprint.to_string())
    }

    fn calls(&self) -> usize {
        self.server.calls.load(Ordering::SeqCst)
    }

    fn reused(&self) -> usize {
        self.server.reused.load(Ordering::SeqCst)
    }
}

impl Server {
    fn refresh(&self, token: &RefreshToken) -> Result<TokenResponse, TokenError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if !self.answers {
            return Err(TokenError::transient("no route"));
        }
        let valid = self.valid.load(Ordering::SeqCst);
        if token.expose() != format!("refresh-{valid}") && token.expose() != "refresh-admin" {
            self.reused.fetch_add(1, Ordering::SeqCst);
            let reason = "used before".to_owned();
            return Err(TokenError::Rejected {
                cause: Rejection::Grant,
                reason,
            });
        }
        self.valid.store(valid + 1, Ordering::SeqCst);
        let refresh_token = Some(RefreshToken::new(format!("refresh-{}", valid + 1)).expect("a token"));
        Ok(TokenResponse {
            refresh_token,
            ..response(&(valid + 1).to_string())
        })
    }
}

/// Both explorers on one scene.
fn explore(scene: fn()) {
    shuttle::check_random(scene, SCHEDULES);
    shuttle::check_pct(scene, SCHEDULES, DEPTH);
}

#[test]
fn requests_that_get_a_401_at_different_moments_cost_one_refresh() {
    explore(|| {
        block_on(async {
            let scene = Scene::new(true);
            let requests: Vec<_> = (0..5)
                .map(|_| spawn(Scene::request(Arc::clone(&scene.flight), scene.start())))
                .collect();
            for request in requests {
                assert_eq!(
                    request.await.expect("no panic").unwrap(),
                    crate::secret::fingerprint("access-2")
                );
            }
            assert_eq!((scene.calls(), scene.reused()), (1, 0));
        });
    });
}

#[test]
fn requests_that_find_the_token_expired_cost_one_refresh() {
    explore(|| {
        block_on(async {
            let scene = Scene::new(true);
            scene.clock.advance(Duration::from_hours(24 * 14));
            let requests: Vec<_> = (0..5)
                .map(|_| {
                    let (flight, start) = (Arc::clone(&scene.flight), scene.start());
                    spawn(async move { flight.access(start).await })
                })
                .collect();
            let due = (Arc::clone(&scene.flight), scene.start());
            let due = spawn(async move { drop(due.0.decide(Why::Due, due.1)) });
            for request in requests {
                request.await.expect("no panic").unwrap();
            }
            due.await.expect("no panic");
            assert_eq!((scene.calls(), scene.reused()), (1, 0));
        });
    });
}

#[test]
fn a_caller_that_goes_away_leaves_the_refresh_to_the_others() {
    explore(|| {
        block_on(async {
            let scene = Scene::new(true);
            let leader = spawn(Scene::request(Arc::clone(&scene.flight), scene.start()));
            let followers: Vec<_> = (0..3)
                .map(|_| spawn(Scene::request(Arc::clone(&scene.flight), scene.start())))
                .collect();
            yield_now().await;
            leader.abort();
            for follower in followers {
                assert_eq!(
                    follower.await.expect("no panic").unwrap(),
                    crate::secret::fingerprint("access-2")
                );
            }
            assert_eq!((scene.calls(), scene.reused()), (1, 0));
        });
    });
}

#[test]
fn everybody_who_waits_for_a_refresh_that_fails_is_told() {
    explore(|| {
        block_on(async {
            let scene = Scene::new(false);
            let requests: Vec<_> = (0..4)
                .map(|_| spawn(Scene::request(Arc::clone(&scene.flight), scene.start())))
                .collect();
            for request in requests {
                let error = request.await.expect("no panic").unwrap_err();
                assert!(matches!(error, Unavailable::RefreshFailed { .. }), "{error}");
            }
            assert_eq!(scene.calls(), 1);
            assert_eq!(
                scene.server.asked.load(Ordering::SeqCst),
                1,
                "Webex is asked once about the dead token"
            );
            assert!(scene.flight.snapshot().access(scene.flight.now()).is_none());
        });
    });
}

#[test]
fn an_authorisation_at_any_moment_of_a_refresh_wins_and_nobody_waits_for_ever() {
    explore(|| {
        block_on(async {
            let scene = Scene::new(true);
            let requests: Vec<_> = (0..3)
                .map(|_| spawn(Scene::request(Arc::clone(&scene.flight), scene.start())))
                .collect();
            let flight = Arc::clone(&scene.flight);
            let administrator = spawn(async move {
                flight.transition(|life, now, dice| life.install(tokens("admin", now), now, dice));
            });
            administrator.await.expect("no panic");
            for request in requests {
                request.await.expect("no panic").unwrap();
            }
            let held = scene.flight.snapshot().grant.clone().expect("a grant");
            assert_eq!(held.tokens.access_token.expose(), "access-admin");
            assert!(scene.calls() <= 1 && scene.reused() == 0);
        });
    });
}
