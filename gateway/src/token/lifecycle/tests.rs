use proptest::prelude::*;

use super::*;
use crate::clock::{Clock, ManualClock};
use crate::token::failure::Fault;
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
        self.life.refresh_ended(grant.generation, result, now, 0.5)
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
        if let Decision::Start(generation, _) = life.want(Why::Expired, clock.now()) {
            refreshes += 1;
            let ended = TokenSet {
                expires_in: Duration::from_secs(1),
                ..tokens("2", clock.now())
            };
            life.refresh_ended(generation, Ok(ended), clock.now(), 0.5);
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
    for why in [Why::Due, Why::Rejected(bench.generation())] {
        assert!(matches!(bench.want(why), Decision::Later(_)));
    }
    let wait = bench.life.due_in(bench.clock.now()).unwrap();
    bench.clock.advance(wait);
    assert!(started(&bench.want(Why::Due)));
    assert_eq!(bench.end(Ok("2")), Outcome::Installed);
    assert_eq!(bench.life.trouble(), None);
}

#[test]
fn an_hour_without_the_token_endpoint_costs_few_calls() {
    let mut bench = Bench::authorised();
    bench.clock.advance(LIFETIME.mul_f64(0.8));
    let end = bench.clock.now().mono + Duration::from_hours(1);
    let mut calls = 0;
    while bench.clock.now().mono < end {
        if started(&bench.want(Why::Due)) {
            calls += 1;
            bench.fail();
        }
        bench.clock.advance(Duration::from_secs(1));
    }
    assert!(calls < 90, "{calls}");
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
    let old = bench.generation();
    assert!(started(&bench.want(Why::Due)));
    let now = bench.clock.now();
    bench.life.install(tokens("admin", now), now, 0.5);
    assert_eq!(bench.life.state(), AuthState::Ok);
    let late = Err(TokenError::Rejected {
        cause: Rejection::Grant,
        reason: "old".to_owned(),
    });
    assert_eq!(bench.life.refresh_ended(old, late, now, 0.5), Outcome::Superseded);
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

#[derive(Clone, Debug)]
enum Event {
    Advance(u64),
    StepWall(i64),
    Due,
    Expired,
    Reject(bool),
    Accept,
    Succeed(u64),
    Fail(bool),
    Refuse(bool),
    Authorise,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (0..2_000_000_u64).prop_map(Event::Advance),
        (0..120_u64).prop_map(Event::Advance),
        (-2_000_000..2_000_000_i64).prop_map(Event::StepWall),
        Just(Event::Due),
        Just(Event::Expired),
        any::<bool>().prop_map(Event::Reject),
        Just(Event::Accept),
        (1..2_000_000_u64).prop_map(Event::Succeed),
        any::<bool>().prop_map(Event::Fail),
        any::<bool>().prop_map(Event::Refuse),
        Just(Event::Authorise),
    ];
    proptest::collection::vec(event, 0..200)
}

proptest! {
    /// Whatever happens: one refresh at a time, no grant is ever dropped, a refresh runs only when one was started, a token
    /// is usable no longer than its lifetime on the monotonic clock, and there is always a next step.
    #[test]
    fn the_machine_keeps_its_promises(events in events()) {
        let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
        let mut life = Lifecycle::default();
        let mut running: Vec<Generation> = Vec::new();
        let (mut authorised, mut longest) = (false, LIFETIME);
        for event in events {
            let now = clock.now();
            let generation = life.grant().map(|grant| grant.generation);
            let decision = match event {
                Event::Advance(seconds) => { clock.advance(Duration::from_secs(seconds)); None }
                Event::StepWall(seconds) => {
                    clock.set_wall(Timestamp::from_unix_seconds(now.wall.unix_seconds() + seconds));
                    None
                }
                Event::Due => Some(life.want(Why::Due, now)),
                Event::Expired => Some(life.want(Why::Expired, now)),
                Event::Reject(current) => generation
                    .map(|generation| if current { generation } else { Generation(0) })
                    .map(|generation| life.want(Why::Rejected(generation), now)),
                Event::Accept => { if let Some(generation) = generation { life.cured(generation); } None }
                Event::Authorise => { life.install(tokens("new", now), now, 0.3); authorised = true; None }
                Event::Succeed(seconds) => {
                    if let (Some(generation), Some(grant)) = (running.pop(), life.grant()) {
                        let lifetime = Duration::from_secs(seconds);
                        let tokens = TokenSet { expires_in: lifetime, ..grant.tokens.refreshed(response("r"), now) };
                        life.refresh_ended(generation, Ok(tokens), now, 0.3);
                        longest = longest.max(lifetime);
                        prop_assert!(life.grant().unwrap().remaining(now) <= longest);
                    }
                    None
                }
                Event::Fail(wait) => {
                    if let Some(generation) = running.pop() {
                        let retry_after = wait.then_some(Duration::from_secs(100));
                        let error = TokenError::Transient { reason: String::new(), retry_after, answered: true, fault: Fault::ServerError };
                        life.refresh_ended(generation, Err(error), now, 0.3);
                    }
                    None
                }
                Event::Refuse(grant) => {
                    if let Some(generation) = running.pop() {
                        let cause = if grant { Rejection::Grant } else { Rejection::Client };
                        life.refresh_ended(generation, Err(TokenError::Rejected { cause, reason: String::new() }), now, 0.3);
                    }
                    None
                }
            };
            if let Some(Decision::Start(generation, _)) = decision {
                prop_assert!(!running.contains(&generation), "a second refresh of one generation");
                running.push(generation);
            }
            prop_assert_eq!(authorised, life.grant().is_some());
            prop_assert!(!life.refreshing() || !running.is_empty());
            prop_assert_eq!(life.due_in(clock.now()).is_some(), authorised && !life.refreshing());
        }
    }
}
