mod promises;
mod standing;
mod trial;

use super::pace::PROBE_INTERVAL;
use super::*;
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::token::samples::{response, tokens};

const DAY: Duration = Duration::from_hours(24);
const LIFETIME: Duration = Duration::from_secs(1_209_599);

struct Bench {
    clock: ManualClock,
    life: Lifecycle,
}

impl Bench {
    /// A gateway that was authorised an hour ago.
    fn authorised() -> Self {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        let mut life = Lifecycle::default();
        life.install(tokens("1", clock.now()), clock.now(), 0.5);
        let bench = Self { clock, life };
        bench.clock.advance(Duration::from_hours(1));
        bench
    }

    fn want(&mut self, why: Why) -> Decision {
        self.life.want(why, self.clock.now())
    }

    fn generation(&self) -> Generation {
        self.life.grant().unwrap().generation
    }

    fn reject(&mut self) -> Decision {
        let generation = self.generation();
        self.want(Why::Rejected(generation))
    }

    fn end(&mut self, result: Result<&str, TokenError>) -> Outcome {
        let grant = self.life.grant().unwrap().clone();
        let now = self.clock.now();
        let result = result.map(|name| grant.tokens.refreshed(response(name), now));
        self.life
            .refresh_ended(&grant.tokens.refresh_token, result, now, 0.5)
    }

    fn fail(&mut self) -> Outcome {
        self.end(Err(TokenError::transient("no route")))
    }

    fn refuse(&mut self, cause: Rejection) -> Outcome {
        self.end(Err(TokenError::Rejected {
            cause,
            reason: "no".to_owned(),
        }))
    }
}

fn started(decision: &Decision) -> bool {
    matches!(decision, Decision::Start(..))
}

#[test]
fn without_a_grant_there_is_nothing_to_refresh() {
    let clock = ManualClock::at(Timestamp::from_unix_seconds(0));
    let mut life = Lifecycle::default();
    assert_eq!(life.want(Why::Expired, clock.now()), Decision::Unauthorised);
    assert_eq!(life.state(), AuthState::Unauthorised);
    assert_eq!(life.due_in(clock.now()), None);
}

#[test]
fn a_refresh_ahead_is_due_between_65_and_80_percent_of_the_lifetime() {
    for (dice, share) in [(0.0, 0.65), (0.5, 0.725), (1.0, 0.80)] {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        let mut life = Lifecycle::default();
        life.install(tokens("1", clock.now()), clock.now(), dice);
        let due = life.due_in(clock.now()).unwrap();
        assert!(
            due.abs_diff(LIFETIME.mul_f64(share)) < Duration::from_secs(1),
            "{due:?}"
        );
        clock.advance(due.checked_sub(Duration::from_secs(1)).unwrap());
        assert_eq!(life.want(Why::Due, clock.now()), Decision::Leave);
        clock.advance(Duration::from_secs(1));
        assert!(started(&life.want(Why::Due, clock.now())));
    }
}

#[test]
fn a_server_with_absurdly_short_lifetimes_does_not_make_a_refresh_storm() {
    let clock = ManualClock::at(Timestamp::from_unix_seconds(0));
    let mut life = Lifecycle::default();
    life.install(
        TokenSet {
            expires_in: Duration::from_secs(1),
            ..tokens("1", clock.now())
        },
        clock.now(),
        0.5,
    );
    assert_eq!(life.due_in(clock.now()), Some(REFRESH_FLOOR));
    let mut refreshes = 0;
    for _ in 0..600 {
        if let Decision::Start(spent) = life.want(Why::Expired, clock.now()) {
            refreshes += 1;
            let ended = TokenSet {
                expires_in: Duration::from_secs(1),
                ..tokens("2", clock.now())
            };
            life.refresh_ended(&spent, Ok(ended), clock.now(), 0.5);
        }
        clock.advance(Duration::from_millis(100));
    }
    assert_eq!(refreshes, 12, "one in five seconds");
}

#[test]
fn one_refresh_at_a_time_and_the_others_join_it() {
    let mut bench = Bench::authorised();
    assert!(started(&bench.reject()));
    assert_eq!(bench.reject(), Decision::Join);
    assert_eq!(bench.want(Why::Due), Decision::Join);
    assert_eq!(bench.life.state(), AuthState::Refreshing);
    assert_eq!(bench.end(Ok("2")), Outcome::Installed);
    assert_eq!(bench.life.state(), AuthState::Ok);
}

#[test]
fn a_401_of_an_older_generation_uses_the_newer_token() {
    let mut bench = Bench::authorised();
    let old = bench.generation();
    bench.reject();
    bench.end(Ok("2"));
    assert_eq!(bench.want(Why::Rejected(old)), Decision::Use);
}

#[test]
fn a_401_of_a_token_just_issued_does_not_refresh_again() {
    let mut bench = Bench::authorised();
    bench.reject();
    bench.end(Ok("2"));
    bench
        .clock
        .advance(YOUNG.checked_sub(Duration::from_secs(1)).unwrap());
    assert_eq!(bench.reject(), Decision::Leave);
    bench.clock.advance(Duration::from_secs(1));
    assert!(started(&bench.reject()));
}

#[test]
fn refreshes_that_do_not_cure_the_401_become_rare() {
    let mut bench = Bench::authorised();
    let start = bench.clock.now().mono;
    let mut refreshes = Vec::new();
    for _ in 0..7200 {
        if started(&bench.reject()) {
            refreshes.push(bench.clock.now().mono.checked_sub(start).unwrap().as_secs());
            bench.end(Ok("same"));
        }
        bench.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(
        refreshes,
        [0, 30, 90, 210, 450, 930, 1830, 2730, 3630, 4530, 5430, 6330]
    );
}

#[test]
fn a_token_that_was_accepted_resets_the_pace() {
    let mut bench = Bench::authorised();
    for _ in 0..3 {
        assert!(started(&bench.reject()));
        bench.end(Ok("2"));
        bench.life.cured(bench.generation());
        bench.clock.advance(Duration::from_secs(30));
    }
}

#[test]
fn an_expired_token_is_refreshed_on_demand() {
    let mut bench = Bench::authorised();
    assert_eq!(bench.want(Why::Expired), Decision::Use);
    bench.clock.advance(LIFETIME);
    assert!(!bench.life.grant().unwrap().usable(bench.clock.now()));
    assert!(started(&bench.want(Why::Expired)));
}

#[test]
fn trouble_on_the_way_backs_off_and_every_trigger_honours_it() {
    let mut bench = Bench::authorised();
    bench.reject();
    assert_eq!(bench.fail(), Outcome::Failed);
    assert_eq!(bench.life.state(), AuthState::Degraded);
    assert!(matches!(bench.reject(), Decision::Ask(_)));
    bench
        .life
        .judged(bench.generation(), Verdict::Refused, bench.clock.now());
    for why in [Why::Due, Why::Expired, Why::Rejected(bench.generation())] {
        assert!(matches!(bench.want(why), Decision::Later(_)));
    }
    let wait = bench.life.due_in(bench.clock.now()).unwrap();
    bench.clock.advance(wait);
    assert!(started(&bench.want(Why::Due)));
    assert_eq!(bench.end(Ok("2")), Outcome::Installed);
    assert_eq!(bench.life.trouble(), None);
}

/// How often the endpoint is asked in an hour in which it never answers.
fn calls_in_an_hour(bench: &mut Bench, why: Why, dice: f64) -> usize {
    let end = bench.clock.now().mono + Duration::from_hours(1);
    let mut calls = 0;
    while bench.clock.now().mono < end {
        if let Decision::Start(spent) = bench.want(why) {
            calls += 1;
            let failed = Err(TokenError::transient("no route"));
            bench.life.refresh_ended(&spent, failed, bench.clock.now(), dice);
        }
        bench.clock.advance(Duration::from_secs(1));
    }
    calls
}

#[test]
fn an_hour_without_the_token_endpoint_costs_fewer_than_30_calls_while_the_token_works() {
    for dice in [0.0, 0.5, 1.0] {
        let mut bench = Bench::authorised();
        bench.clock.advance(LIFETIME.mul_f64(0.8));
        let calls = calls_in_an_hour(&mut bench, Why::Due, dice);
        assert!(calls < 30, "{calls} with dice {dice}");
    }
}

#[test]
fn once_the_token_has_expired_recovery_is_looked_for_every_minute() {
    for dice in [0.0, 0.5, 1.0] {
        let mut bench = Bench::authorised();
        bench.clock.advance(LIFETIME);
        let calls = calls_in_an_hour(&mut bench, Why::Expired, dice);
        assert!((60..=130).contains(&calls), "{calls} with dice {dice}");
    }
}

#[test]
fn the_last_attempt_before_expiry_does_not_put_off_the_first_one_after_it() {
    let mut bench = Bench::authorised();
    bench.clock.advance(LIFETIME.mul_f64(0.8));
    while bench.life.grant().unwrap().usable(bench.clock.now()) {
        if started(&bench.want(Why::Due)) {
            bench.fail();
        }
        bench.clock.advance(Duration::from_secs(1));
    }
    let wait = bench.life.due_in(bench.clock.now()).unwrap();
    assert!(wait <= Duration::from_mins(1), "{wait:?}");
}

#[test]
fn one_refresh_token_is_spent_once_although_another_access_token_comes_in_meanwhile() {
    let mut bench = Bench::authorised();
    let old = (*bench.life.grant().unwrap().tokens).clone();
    assert!(started(&bench.reject()));
    let now = bench.clock.now();
    let shared = old.refreshed(response("theirs"), now);
    bench.life.install(shared, now, 0.5);
    bench.clock.advance(YOUNG);
    assert_eq!(bench.reject(), Decision::Join);
    assert_eq!(bench.end(Ok("2")), Outcome::Installed);
}

#[test]
fn tokens_of_somebody_else_are_given_up_and_only_those() {
    let mut bench = Bench::authorised();
    let (old, now) = (bench.generation(), bench.clock.now());
    let new = bench.life.install(tokens("2", now), now, 0.5);
    bench.life.disown(old, now, 0.5);
    assert!(bench.life.grant().is_some());
    bench.life.disown(new, now, 0.5);
    assert!(bench.life.grant().is_none());
    assert_eq!(bench.life.state(), AuthState::Unauthorised);
}

#[test]
fn a_dead_grant_is_probed_slowly_and_its_token_serves_until_it_expires() {
    let mut bench = Bench::authorised();
    bench.clock.advance(LIFETIME.mul_f64(0.8));
    assert!(started(&bench.want(Why::Due)));
    bench.refuse(Rejection::Grant);
    assert_eq!(bench.life.state(), AuthState::Reauthorise);
    assert!(bench.life.grant().unwrap().usable(bench.clock.now()));
    assert_eq!(bench.want(Why::Due), Decision::Never(Rejection::Grant));
    bench.clock.advance(PROBE_INTERVAL);
    assert!(started(&bench.want(Why::Due)));
    bench.fail();
    assert_eq!(
        bench.life.state(),
        AuthState::Reauthorise,
        "a broken line says nothing about the grant"
    );
    assert_eq!(bench.want(Why::Due), Decision::Never(Rejection::Grant));
}

#[test]
fn a_new_authorisation_ends_every_trouble_and_outlives_a_refresh_in_flight() {
    let mut bench = Bench::authorised();
    bench.refuse(Rejection::Client);
    bench.clock.advance(PROBE_INTERVAL);
    let old = bench.life.grant().unwrap().tokens.refresh_token.clone();
    assert!(started(&bench.want(Why::Due)));
    let now = bench.clock.now();
    bench.life.install(tokens("admin", now), now, 0.5);
    assert_eq!(bench.life.state(), AuthState::Ok);
    let late = Err(TokenError::Rejected {
        cause: Rejection::Grant,
        reason: "old".to_owned(),
    });
    assert_eq!(
        bench.life.refresh_ended(&old, late, now, 0.5),
        Outcome::Superseded
    );
    assert_eq!(bench.life.state(), AuthState::Ok);
    assert_eq!(
        bench.life.grant().unwrap().tokens.access_token.expose(),
        "access-admin"
    );
}

#[test]
fn the_wall_clock_set_back_does_not_lengthen_a_token() {
    let mut bench = Bench::authorised();
    bench.clock.set_wall(Timestamp::from_unix_seconds(1_700_000_000));
    bench.clock.advance(LIFETIME);
    assert!(!bench.life.grant().unwrap().usable(bench.clock.now()));
    assert!(started(&bench.want(Why::Expired)));
}

#[test]
fn a_suspended_machine_wakes_with_an_expired_token() {
    let bench = Bench::authorised();
    let wall = bench.clock.now().wall + LIFETIME;
    bench.clock.set_wall(wall);
    assert!(!bench.life.grant().unwrap().usable(bench.clock.now()));
}

#[test]
fn an_issue_time_in_the_future_does_not_lengthen_a_token() {
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_000_000));
    let mut life = Lifecycle::default();
    let issued_at = clock.now().wall + DAY;
    life.install(
        TokenSet {
            issued_at,
            ..tokens("1", clock.now())
        },
        clock.now(),
        0.5,
    );
    assert!(life.grant().unwrap().remaining(clock.now()) <= LIFETIME);
}
