//! Times and fault rules in words.

use jiff::Timestamp;

use crate::control::types::{Delay, FaultAction, FaultMatch, FaultRule, RetryAfter, When, Wire};

/// Units of time that are told, in seconds.
const UNITS: [(i64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];

/// When something is, seen from `now`: `in 13 days 23 hours`, `5 seconds ago`.
pub(super) fn distance(now: Timestamp, at: Timestamp) -> String {
    let seconds = at.as_second() - now.as_second();
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {}", length(seconds)),
        _ => format!("{} ago", length(-seconds)),
    }
}

/// A time span in its largest unit and the next one.
pub(super) fn length(seconds: i64) -> String {
    let first = UNITS.iter().position(|(unit, _)| *unit <= seconds).unwrap_or(3);
    let mut rest = seconds;
    let mut words = Vec::new();
    for (unit, name) in UNITS.iter().skip(first).take(2) {
        let number = rest / unit;
        rest %= unit;
        if number > 0 || seconds == 0 {
            words.push(format!("{number} {name}{}", if number == 1 { "" } else { "s" }));
        }
    }
    words.join(" ")
}

/// A date and time as the page shows it, to the second.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What a rule does, such as `getMe: 503, Retry-After 5; once`.
pub(super) fn rule(rule: &FaultRule) -> String {
    let mut words = format!("{}: {}", requests(&rule.matching), action(&rule.action));
    let mut add = |text: &str| words.push_str(text);
    if rule.matching.when == Some(When::After) {
        add(", after the operation");
    }
    match rule.times {
        None => {}
        Some(1) => add("; once"),
        Some(times) => add(&format!("; {times} times")),
    }
    if let Some(after) = rule.after {
        add(&format!("; {after} pass first"));
    }
    words
}

fn requests(matching: &FaultMatch) -> String {
    let target = [&matching.operation, &matching.method, &matching.path];
    let target: Vec<_> = target.into_iter().flatten().map(String::as_str).collect();
    let mut words = match target.as_slice() {
        [] => "all requests".to_owned(),
        target => target.join(" "),
    };
    let mut add = |text: String| {
        words.push(' ');
        words.push_str(&text);
    };
    if let Some(person) = &matching.person {
        add(format!("of {person}"));
    }
    if let Some(token) = &matching.token {
        add(format!("with token {token}"));
    }
    if let Some(grant) = &matching.grant_type {
        add(format!("with grant_type {grant}"));
    }
    if let Some(header) = &matching.header {
        let value = header.value.as_ref().map(|value| format!(": {value}"));
        add(format!("with {}{}", header.name, value.unwrap_or_default()));
    }
    if let Some(nth) = matching.nth {
        add(format!("(only number {nth})"));
    }
    if let Some(every) = matching.every {
        add(format!("(one in {every})"));
    }
    if let Some(probability) = matching.probability {
        add(format!("(with probability {probability})"));
    }
    words
}

fn action(action: &FaultAction) -> String {
    let mut words = Vec::new();
    match action.delay {
        None => {}
        Some(Delay::Fixed { ms }) => words.push(format!("{ms} ms late")),
        Some(Delay::Uniform { min_ms, max_ms }) => words.push(format!("{min_ms} to {max_ms} ms late")),
        Some(Delay::Lognormal { median_ms, .. }) => words.push(format!("around {median_ms} ms late")),
    }
    if let Some(status) = action.status {
        words.push(status.to_string());
    }
    match &action.retry_after {
        None => {}
        Some(RetryAfter::Seconds(seconds)) => words.push(format!("Retry-After {seconds}")),
        Some(RetryAfter::Text(text)) => words.push(format!("Retry-After {text}")),
    }
    if !action.headers.is_empty() {
        words.push("other header fields".to_owned());
    }
    if action.body.is_some() {
        words.push("a body of its own".to_owned());
    }
    words.extend(action.wire.map(wire));
    words.join(", ")
}

fn wire(wire: Wire) -> String {
    match wire {
        Wire::Reset => "connection reset".to_owned(),
        Wire::Empty => "connection closed without an answer".to_owned(),
        Wire::Hang => "no answer".to_owned(),
        Wire::Truncate { bytes } => format!("cut after {bytes} bytes"),
        Wire::Malformed => "broken JSON".to_owned(),
        Wire::WrongContentType => "wrong Content-Type".to_owned(),
        Wire::Drip { bytes, every_ms } => format!("{bytes} bytes each {every_ms} ms"),
        Wire::Goaway => "connection closed after the answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_told_in_two_units() {
        let now: Timestamp = "2026-02-10T08:09:45Z".parse().unwrap();
        for (at, words) in [
            ("2026-02-24T08:09:44Z", "in 13 days 23 hours"),
            ("2026-02-11T08:09:45Z", "in 1 day"),
            ("2026-02-10T08:09:46Z", "in 1 second"),
            ("2026-02-10T08:09:45.9Z", "now"),
            ("2026-02-10T08:08:40Z", "1 minute 5 seconds ago"),
            ("2026-02-10T06:09:45Z", "2 hours ago"),
        ] {
            assert_eq!(distance(now, at.parse().unwrap()), words);
        }
        assert_eq!(length(0), "0 seconds");
        assert_eq!(moment(now), "2026-02-10 08:09:45 UTC");
    }

    #[test]
    fn a_rule_is_told_in_one_line() {
        for (given, words) in [
            (
                json!({"match": {"operation": "getMe"}, "action": {"status": 503, "retry_after": 5}, "times": 1}),
                "getMe: 503, Retry-After 5; once",
            ),
            (
                json!({"match": {}, "action": {"delay": {"fixed": {"ms": 200}}}, "times": 3, "after": 2}),
                "all requests: 200 ms late; 3 times; 2 pass first",
            ),
            (
                json!({"match": {"method": "GET", "path": "/v1/**", "person": "a@x", "token": "ab", "grant_type": "g",
                    "header": {"name": "x", "value": "y"}, "nth": 3, "every": 2, "probability": 0.5, "when": "after"},
                    "action": {"wire": {"truncate": {"bytes": 20}}}}),
                "GET /v1/** of a@x with token ab with grant_type g with x: y (only number 3) (one in 2) \
                 (with probability 0.5): cut after 20 bytes, after the operation",
            ),
            (
                json!({"action": {"status": 200, "headers": {"a": null}, "body": 1, "retry_after": "soon",
                    "delay": {"uniform": {"min_ms": 1, "max_ms": 2}}, "wire": {"drip": {"bytes": 1, "every_ms": 9}}}}),
                "all requests: 1 to 2 ms late, 200, Retry-After soon, other header fields, a body of its own, 1 bytes each 9 ms",
            ),
            (
                json!({"action": {"delay": {"lognormal": {"median_ms": 50, "sigma": 1.0}}, "wire": "hang"}}),
                "all requests: around 50 ms late, no answer",
            ),
        ] {
            let given: FaultRule = serde_json::from_value(given).unwrap();
            assert_eq!(rule(&given), words);
        }
    }
}
