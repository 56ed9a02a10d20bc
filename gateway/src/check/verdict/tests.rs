use std::path::PathBuf;

use super::*;
use crate::authorization::SCOPES;
use crate::authorization::identity::Person;
use crate::check::report::Verdict;
use crate::cli::Cli;
use crate::clock::{Clock, ManualClock, Timestamp};
use crate::config::environment::Variables;
use crate::organization::OrgId;
use crate::token::TokenSet;
use crate::token::samples::tokens;
use crate::tokens_command::FileAccess;

const ORG: &str = "5f2a61c0-7d1e-4b9a-9c35-0e6f4d2b8a11";
const OTHER_ORG: &str = "b3d9e7a4-16c8-4f02-8e5d-7a90c1f3d622";

fn partial(args: &str, variables: &[(&str, &str)]) -> Partial {
    let cli = Cli::parse_go_style(format!("webex_gw {args}").split_whitespace().map(Into::into)).unwrap();
    let mut all = vec![
        ("client_id", "C1"),
        ("client_secret", "the-secret"),
        ("redirect_uri", "https://apio.example.com/api/v01/webex/auth/code"),
    ];
    all.extend(variables);
    Config::read_anyway(&cli.flags, &Variables::from(&all))
}

fn org(text: &str) -> OrgId {
    OrgId::parse(text).unwrap()
}

/// Tokens with everything, `age` after they were issued.
fn held(age: Duration, change: impl FnOnce(&mut TokenSet)) -> Held {
    let clock = ManualClock::at(Timestamp::from_unix_seconds(1_769_606_789));
    let mut tokens = tokens("a", clock.now());
    tokens.scope = Some(SCOPES.join(" "));
    tokens.org_id = Some(org(ORG));
    change(&mut tokens);
    clock.advance(age);
    Held {
        path: PathBuf::from("/opt/tokens/.tokens"),
        tokens,
        access: FileAccess {
            mode: 0o600,
            owner: 7,
            reader: 7,
        },
        now: clock.now().wall,
    }
}

/// The verdicts of the lines about a tokens file, with what they are about.
fn about(held: Held, args: &str) -> Vec<(Verdict, String)> {
    let path = PathBuf::from("/opt/tokens/.tokens");
    let lines = tokens_file(&path, &Ok(Some(held)), &partial(args, &[]).config);
    every_problem_has_a_fix(&lines);
    lines.into_iter().map(|line| (line.verdict, line.what)).collect()
}

#[track_caller]
fn every_problem_has_a_fix(lines: &[Line]) {
    for line in lines {
        let problem = matches!(line.verdict, Verdict::Failed | Verdict::Warning);
        assert_eq!(problem, !line.fix.is_empty(), "{line}");
    }
}

#[track_caller]
fn is(line: &Line, verdict: Verdict, text: &str) {
    every_problem_has_a_fix(std::slice::from_ref(line));
    assert!(
        line.verdict == verdict && line.to_string().contains(text),
        "not {verdict} with {text:?}: {line}"
    );
}

#[test]
fn every_problem_of_a_configuration_has_a_line_with_its_fix() {
    let wrong = partial("-port=http -timeout=soon", &[("client_secret", "")]);
    let lines = configuration(&wrong, false);
    every_problem_has_a_fix(&lines);
    let failed = lines.iter().filter(|line| line.verdict == Verdict::Failed);
    assert_eq!(failed.count(), 3);
    assert_eq!(wrong.broken, ["port", "timeout"]);
    is(&lines[0], Verdict::Failed, "-port: \"http\" is not a port");
    assert_eq!(lines[0].fix, "use a number from 0 to 65535");

    let lines = configuration(&partial("", &[]), false);
    is(&lines[0], Verdict::Ok, "complete, for the integration C1");
    is(&lines[1], Verdict::Ok, "https://apio.example.com");
    let lines = configuration(&partial("-webexURL=http://127.0.0.1:9001", &[]), true);
    is(&lines[0], Verdict::Failed, "the address of this gateway itself");
}

#[test]
fn a_redirect_uri_that_leads_elsewhere_or_in_clear_text_is_a_warning() {
    for (uri, verdict, text) in [
        ("https://h/api/v01/webex/auth/code", Verdict::Ok, "https://h/"),
        (
            "http://localhost:9001/api/v01/webex/auth/code",
            Verdict::Ok,
            "localhost",
        ),
        (
            "http://h/api/v01/webex/auth/code",
            Verdict::Warning,
            "is not https",
        ),
        ("https://h/callback", Verdict::Warning, "its path is /callback"),
    ] {
        let lines = configuration(&partial("", &[("redirect_uri", uri)]), false);
        is(&lines[1], verdict, text);
    }
}

#[test]
fn tokens_are_judged_by_their_ends_and_their_organisation() {
    use Verdict::{Failed, Ok, Warning};
    let hour = Duration::from_hours(1);
    let day = Duration::from_hours(24);
    let named = |verdicts: [Verdict; 4]| {
        let names = ["tokens file", "access token", "refresh token", "organisation"];
        verdicts
            .into_iter()
            .zip(names.map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let fresh = |age| held(age, |_| {});
    assert_eq!(about(fresh(hour), ""), named([Ok, Ok, Ok, Ok]));
    assert_eq!(about(fresh(15 * day), ""), named([Ok, Warning, Ok, Ok]));
    assert_eq!(about(fresh(61 * day), ""), named([Ok, Warning, Warning, Ok]));
    assert_eq!(about(fresh(91 * day), ""), named([Ok, Warning, Failed, Ok]));
    assert_eq!(
        about(fresh(hour), &format!("-orgID={ORG}")),
        named([Ok, Ok, Ok, Ok])
    );
    assert_eq!(
        about(fresh(hour), &format!("-orgID={OTHER_ORG}")),
        named([Ok, Ok, Ok, Failed])
    );
    let nobody = held(hour, |tokens| tokens.org_id = None);
    assert_eq!(about(nobody, ""), named([Ok, Ok, Ok, Warning]));
    let few = held(hour, |tokens| tokens.scope = Some("spark:people_read".to_owned()));
    assert_eq!(about(few, ""), named([Warning, Ok, Ok, Ok]));
    let mut open = fresh(hour);
    open.access.mode = 0o640;
    assert_eq!(about(open, ""), named([Warning, Ok, Ok, Ok]));
}

#[test]
fn no_tokens_yet_is_a_warning_and_a_file_without_tokens_a_failure() {
    let (path, config) = (PathBuf::from("/t"), partial("", &[]).config);
    let lines = tokens_file(&path, &Ok(None), &config);
    is(
        &lines[0],
        Verdict::Warning,
        "https://apio.example.com/api/v01/webex/auth/login",
    );
    let flaw = Flaw {
        problem: "/t holds no tokens".to_owned(),
        fix: "put it back".to_owned(),
    };
    is(
        &tokens_file(&path, &Err(flaw), &config)[0],
        Verdict::Failed,
        "put it back",
    );
    is(&tokens_folder(&path, &Ok(()), false), Verdict::Ok, "/t");
    let full = Err("cannot write".to_owned());
    is(
        &tokens_folder(&path, &full, false),
        Verdict::Failed,
        "cannot write",
    );
    is(&tokens_folder(&path, &full, true), Verdict::Ok, "belongs to root");
}

#[test]
fn a_port_is_free_taken_by_a_gateway_or_taken() {
    let listen = SocketAddr::from(([0, 0, 0, 0], 9001));
    let gateway = PortUse::Gateway("ok".to_owned());
    for (used, verdict, text) in [
        (PortUse::Free, Verdict::Ok, "is free"),
        (gateway, Verdict::Ok, "a gateway answers there already"),
        (PortUse::Other, Verdict::Failed, "another port with -port"),
        (PortUse::Unknown, Verdict::Warning, "is taken"),
        (PortUse::Refused("denied".to_owned()), Verdict::Failed, "denied"),
    ] {
        is(&port("-port", listen, &used), verdict, text);
    }
}

#[test]
fn each_refusal_of_a_proxy_has_its_own_fix() {
    for (answered, text) in [
        (Ok(407), "user:password"),
        (Ok(403), "allow-list"),
        (Ok(502), "firewall of the proxy"),
        (Ok(400), "an HTTP proxy"),
        (Err("cut".to_owned()), "http://"),
    ] {
        is(&tunnel("webexapis.com:443", &answered), Verdict::Failed, text);
    }
    is(
        &tunnel("webexapis.com:443", &Ok(200)),
        Verdict::Ok,
        "lets it through",
    );
    is(&proxy_choice("h", &ProxyChoice::None), Verdict::Ok, "straight");
    is(
        &proxy_choice("h", &ProxyChoice::Used("p:1".to_owned())),
        Verdict::Ok,
        "p:1",
    );
    is(
        &proxy_choice("h", &ProxyChoice::Excepted),
        Verdict::Warning,
        "NO_PROXY",
    );
}

#[test]
fn each_failure_of_tls_has_its_own_fix() {
    for (problem, text) in [
        (TlsProblem::UnknownIssuer, "SSL_CERT_FILE"),
        (TlsProblem::WrongTime("has expired"), "set the clock"),
        (TlsProblem::WrongName, "not for webexapis.com"),
        (TlsProblem::NotTls, "does not speak TLS"),
        (TlsProblem::Other("alert".to_owned()), "alert"),
    ] {
        let line = secured("webexapis.com", "those of the system", &Err(problem));
        is(&line, Verdict::Failed, text);
    }
    let agreed = Ok("TLS 1.3".to_owned());
    is(&secured("h", "", &agreed), Verdict::Ok, "TLS 1.3");
    is(
        &authorities("", &Err("none".to_owned())),
        Verdict::Failed,
        "ca-certificates",
    );
}

#[test]
fn what_answers_without_a_token_is_webex_a_proxy_or_something_else() {
    let webex = |status| Answered {
        status,
        tracked: true,
        proxied: false,
        api: true,
    };
    let something = |status| Answered {
        tracked: false,
        ..webex(status)
    };
    let proxied = |status| Answered {
        proxied: true,
        ..something(status)
    };
    let endpoint = |status| Answered {
        api: false,
        ..something(status)
    };
    for (answered, verdict, text) in [
        (webex(401), Verdict::Ok, "as it should"),
        (webex(404), Verdict::Ok, "as it should"),
        (webex(200), Verdict::Ok, "200"),
        (webex(503), Verdict::Failed, "status.webex.com"),
        (webex(302), Verdict::Failed, "redirects are never followed"),
        (something(200), Verdict::Warning, "TrackingID"),
        (something(403), Verdict::Warning, "TrackingID"),
        (proxied(407), Verdict::Failed, "user:password"),
        (proxied(403), Verdict::Failed, "allow-list"),
        (endpoint(405), Verdict::Ok, "405"),
        (endpoint(500), Verdict::Failed, "status.webex.com"),
    ] {
        is(&answer("https://h/", &Ok(answered)), verdict, text);
    }
    is(
        &answer("https://h/", &Err("cut".to_owned())),
        Verdict::Failed,
        "cut",
    );
}

#[test]
fn a_clock_may_be_off_by_a_minute() {
    let at = Timestamp::from_unix_seconds;
    is(&clock(Some(at(1000)), at(1060)), Verdict::Ok, "agrees");
    is(
        &clock(Some(at(1000)), at(1061)),
        Verdict::Warning,
        "61 seconds ahead of Webex",
    );
    is(
        &clock(Some(at(8200)), at(1000)),
        Verdict::Warning,
        "2 hours behind Webex",
    );
    is(&clock(None, at(0)), Verdict::Skipped, "tells no time");
}

#[test]
fn a_token_is_of_the_right_organisation_or_it_is_not() {
    let stored = Holder {
        stored: Some(org(ORG)),
        configured: None,
    };
    let configured = Holder {
        stored: None,
        configured: Some(org(OTHER_ORG)),
    };
    let unknown = Person::Unknown("503".to_owned());
    for (holder, person, verdict, text) in [
        (stored, Person::Of(org(ORG)), Verdict::Ok, ORG),
        (Holder::default(), Person::Of(org(ORG)), Verdict::Ok, ORG),
        (stored, Person::Of(org(OTHER_ORG)), Verdict::Failed, "instead of"),
        (configured, Person::Of(org(ORG)), Verdict::Failed, "-orgID"),
        (stored, Person::Rejected, Verdict::Failed, "401"),
        (stored, Person::Forbidden, Verdict::Warning, "spark:people_read"),
        (stored, unknown, Verdict::Warning, "503"),
    ] {
        is(&identity(holder, &person), verdict, text);
    }
}
