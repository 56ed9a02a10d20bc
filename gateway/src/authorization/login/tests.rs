use super::*;
use crate::clock::{Clock, ManualClock, Timestamp};

struct Bench {
    logins: Logins,
    clock: ManualClock,
}

impl Bench {
    fn new() -> Self {
        Self {
            logins: Logins::default(),
            clock: ManualClock::at(Timestamp::from_unix_seconds(0)),
        }
    }

    fn start(&self) -> Started {
        let integration = Integration {
            client_id: "C1".to_owned(),
            redirect_uri: "https://apio.example/api/v01/webex/auth/code".to_owned(),
            authorize_url: Url::parse("https://webexapis.com/v1/authorize").unwrap(),
            org_id: None,
            require_state: false,
        };
        self.logins.start(&integration, self.clock.now())
    }

    fn find(&self, started: &Started, cookies: &[&str]) -> Login {
        self.find_state(&parameter(started, "state"), cookies)
    }

    fn find_state(&self, state: &str, cookies: &[&str]) -> Login {
        let cookies: Vec<_> = cookies.iter().map(|cookie| (*cookie).to_owned()).collect();
        self.logins.find(state, &cookies, self.clock.now())
    }

    fn ours(&self, started: &Started) -> Flow {
        match self.find(started, &[&started.cookie]) {
            Login::Ours(flow) => flow,
            other => panic!("not ours: {other:?}"),
        }
    }

    fn take(&self, flow: &Flow) -> Result<(), Refusal> {
        self.logins.take(flow, self.clock.now())
    }
}

fn parameter(started: &Started, name: &str) -> String {
    let mut pairs = started.location.query_pairs();
    pairs.find(|(key, _)| key == name).unwrap().1.into_owned()
}

#[test]
fn the_same_browser_gets_its_verifier_once() {
    let bench = Bench::new();
    let started = bench.start();
    let flow = bench.ours(&started);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(flow.verifier().expose()));
    assert_eq!(challenge, parameter(&started, "code_challenge"));
    assert!(
        (43..=128).contains(&flow.verifier().expose().len()),
        "RFC 7636 section 4.1"
    );

    assert_eq!(bench.take(&flow), Ok(()));
    assert_eq!(bench.take(&flow), Err(Refusal::LoginUsed));
    // Also without the cookie, which the browser forgets at the end.
    for cookies in [&[started.cookie.as_str()][..], &[]] {
        assert_eq!(
            bench.find(&started, cookies),
            Login::Over(Refusal::LoginUsed),
            "{cookies:?}"
        );
    }
    bench.logins.restore(&flow);
    assert_eq!(bench.take(&bench.ours(&started)), Ok(()));
}

#[test]
fn another_browser_is_told_apart_and_takes_nothing_from_the_right_one() {
    let bench = Bench::new();
    let (started, other) = (bench.start(), bench.start());
    for cookies in [&[][..], &["nonsense"], &[other.cookie.as_str()]] {
        assert_eq!(
            bench.find(&started, cookies),
            Login::Over(Refusal::OtherBrowser),
            "{cookies:?}"
        );
    }
    bench.ours(&started);
}

#[test]
fn several_flows_run_in_one_browser() {
    let bench = Bench::new();
    let (first, second) = (bench.start(), bench.start());
    assert_ne!(first.label, second.label);
    let both = [first.cookie.as_str(), second.cookie.as_str()];
    for started in [&first, &second] {
        let Login::Ours(flow) = bench.find(started, &both) else {
            panic!("not ours")
        };
        assert_eq!(bench.take(&flow), Ok(()));
    }
}

#[test]
fn after_ten_minutes_a_flow_is_over() {
    let bench = Bench::new();
    let started = bench.start();
    bench
        .clock
        .advance(LIFETIME.checked_sub(Duration::from_secs(1)).unwrap());
    bench.ours(&started);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(
        bench.find(&started, &[&started.cookie]),
        Login::Over(Refusal::LoginExpired)
    );
    assert_eq!(bench.logins.remaining(&started.cookie, bench.clock.now()), None);
}

#[test]
fn a_state_that_was_changed_or_made_by_another_process_is_not_taken_for_the_portals() {
    let bench = Bench::new();
    let started = bench.start();
    let state = parameter(&started, "state");
    let mut changed = state.clone().into_bytes();
    changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    let elsewhere = parameter(&Bench::new().start(), "state");
    let cookie_as_state = format!("{PREFIX}{}", started.cookie);
    for state in [changed, elsewhere, cookie_as_state, PREFIX.to_owned()] {
        assert_eq!(
            bench.find_state(&state, &[&started.cookie]),
            Login::Over(Refusal::LoginUnknown),
            "{state}"
        );
    }
    // The state sealed as a state does not pass for a cookie either.
    let sealed = state.strip_prefix(PREFIX).unwrap();
    assert_eq!(
        bench.find(&started, &[sealed]),
        Login::Over(Refusal::OtherBrowser)
    );
}

#[test]
fn the_portals_fixed_state_and_none_are_foreign() {
    let bench = Bench::new();
    for state in ["set_state_here", "", "webex_gw"] {
        assert_eq!(bench.find_state(state, &[]), Login::Foreign, "{state}");
    }
}

#[test]
fn neither_state_nor_cookie_shows_the_verifier() {
    let bench = Bench::new();
    let started = bench.start();
    let verifier = bench.ours(&started).verifier().expose().to_owned();
    for text in [
        started.cookie.clone(),
        parameter(&started, "state"),
        format!("{:?}", bench.ours(&started)),
    ] {
        let decoded = URL_SAFE_NO_PAD
            .decode(text.trim_start_matches(PREFIX))
            .unwrap_or_default();
        assert!(!text.contains(&verifier) && !String::from_utf8_lossy(&decoded).contains(&verifier));
    }
}

#[test]
fn a_flood_of_started_flows_costs_nobody_his_flow() {
    let bench = Bench::new();
    let started = bench.start();
    (0..20_000).for_each(|_| drop(bench.start()));
    assert_eq!(bench.take(&bench.ours(&started)), Ok(()));
}

#[test]
fn when_too_many_states_are_remembered_none_is_forgotten_before_its_time() {
    let bench = Bench::new();
    let first = bench.start();
    let flow = bench.ours(&first);
    bench.take(&flow).unwrap();
    for _ in 1..MOST_USED {
        bench.take(&bench.ours(&bench.start())).unwrap();
    }
    assert_eq!(bench.take(&bench.ours(&bench.start())), Err(Refusal::TooMany));
    assert_eq!(bench.take(&flow), Err(Refusal::LoginUsed));
    bench.clock.advance(LIFETIME);
    assert_eq!(bench.take(&bench.ours(&bench.start())), Ok(()));
    assert_eq!(bench.logins.used().len(), 1);
}
