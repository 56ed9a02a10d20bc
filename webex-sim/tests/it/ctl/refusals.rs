//! What goes wrong, and the exit status that says so.

use super::{ctl, run};
use crate::harness::Sim;

#[tokio::test]
async fn what_the_simulator_refuses_ends_with_1_and_its_reason() {
    let sim = Sim::start().await;
    for (arguments, reason) in [
        (
            &["login", "accept", "nobody@example.com"][..],
            "email is \"nobody@example.com\", which is nobody; accepted: ",
        ),
        (
            &["people", "delete", "nobody"],
            "refused with 404: person nobody is unknown",
        ),
        (
            &["settings", "set", "rotations=strict"],
            "rotations is unknown; accepted: ",
        ),
        (
            &["settings", "set", "code_lifetime_s=soon"],
            "code_lifetime_s is \"soon\"; accepted: whole seconds",
        ),
        (
            &["faults", "add", r#"{"action":{"status":500},"tims":1}"#],
            "tims is unknown; accepted: ",
        ),
        (
            &["faults", "add", "--operation", "getMee", "--status", "500"],
            "match.operation",
        ),
        (&["faults", "add", "--wire", "gone"], "action.wire"),
        (&["faults", "add", "--path", "/v1/**"], "action"),
        (&["faults", "delete", "x"], "id x is unknown"),
        (&["snapshots", "restore", "x"], "name x is unknown"),
        (&["worlds", "show", "x"], "world x is unknown"),
        (&["worlds", "create", "UPPER"], "name"),
        (
            &["worlds", "create", "ok", "--set", "code_lifetime_s=0"],
            "settings.code_lifetime_s is 0",
        ),
        (&["--world", "x", "tokens"], "world x is unknown"),
        (&["journal", "show", "77"], "sequence 77 is unknown"),
        (&["clock", "--advance", "99999999d"], "advance_seconds"),
    ] {
        ctl(&sim, arguments).await.badly(1, reason);
    }
    assert_eq!(sim.running.control().worlds().await.unwrap().len(), 1);
    assert_eq!(sim.running.control().faults().await.unwrap(), []);
}

#[tokio::test]
async fn a_wrong_command_line_ends_with_2_and_what_would_be_right() {
    let sim = Sim::start().await;
    for (arguments, reason) in [
        (&[][..], "Usage: webex-sim ctl"),
        (&["tokns"], "'tokens'"),
        (&["clock", "--advance", "90"], "such as 90s, 1h30m, 14d"),
        (&["clock", "--advance", "500ms"], "whole seconds"),
        (&["clock", "--freeze", "--run"], "cannot be used with"),
        (
            &["tokens", "expire", "--kind", "id"],
            "[possible values: access, refresh]",
        ),
        (&["subscriber", "status", "x", "done"], "pending_user_migration"),
        (
            &["subscriber", "status", "x", "error", "--error-code", "1"],
            "--description",
        ),
        (&["faults", "add"], "--operation"),
        (&["faults", "add", "{}", "--status", "500"], "cannot be used with"),
        (&["faults", "add", "{status:500}"], "the argument is not JSON"),
        (
            &["faults", "add", "@/nonexistent.json"],
            "cannot read /nonexistent.json",
        ),
        (
            &["replay", "load", "/nonexistent.har"],
            "cannot read /nonexistent.har",
        ),
        (&["replay", "load", "/dev/null"], "/dev/null is not JSON"),
        (
            &["state", "import", "/nonexistent.json"],
            "cannot read /nonexistent.json",
        ),
        (
            &["state", "export", "/nonexistent/state.json"],
            "cannot write /nonexistent/state.json",
        ),
        (&["settings", "set"], "NAME=VALUE"),
        (&["settings", "set", "rotation"], "accepted: NAME=VALUE"),
        (&["--url", "localhost:8081", "health"], "http://HOST:PORT"),
        (&["health", "--port", "1"], "--port"),
    ] {
        ctl(&sim, arguments).await.badly(2, reason);
    }
}

#[tokio::test]
async fn without_a_simulator_it_ends_with_3_and_says_what_to_check() {
    let sim = Sim::start().await;
    let (url, api) = (sim.running.control_url(), sim.running.url().clone());
    run(&api, &["health"], "")
        .await
        .badly(3, "answered 401, which is not what the control API");
    sim.running.stop().await;
    let gone = run(&url, &["tokens"], "").await;
    assert!(gone.err.contains("Connection refused"), "{}", gone.err);
    assert!(
        gone.err.contains("--control-port, 8081 by default") && gone.err.contains("WEBEX_SIM_CONTROL_URL")
    );
    gone.badly(3, &format!("no simulator at {url}"));
}
