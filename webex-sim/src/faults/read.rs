//! Reads a rule from JSON. Every mistake is answered with the field, and then nothing has changed.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::action::{Action, MadeUp};
use super::delay;
use super::matcher::Matcher;
use super::path::PathPattern;
use super::rule::Draft;
use crate::api::operation::{OPERATIONS, Operation};
use crate::control::fields::{Fields, rejection, required, within};
use crate::control::types::{
    Delay, FaultAction, FaultMatch, FaultRule, HeaderMatch, Rejection, RetryAfter, When, Wire,
};
use crate::journal::redact;

/// Longest life of a rule: 10 years, which the clock can always represent.
const LONGEST_S: u64 = 315_360_000;

/// Longest id: it stands in paths and log lines.
const LONGEST_ID: usize = 64;

/// The id that is a path of the control API.
const RESERVED_ID: &str = "unused";

/// Digits of a fingerprint; see [`crate::fingerprint`].
const FINGERPRINT_DIGITS: usize = 12;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Header fields that are the server's business: they frame the answer, or say when it was given.
const FRAMING: [&str; 9] = [
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

const ACTIONS: &str = "an object with at least one of status, delay, wire";

/// A rule that can be added.
pub(crate) fn draft(body: &[u8]) -> Result<Draft, Rejection> {
    let mut fields = Fields::json(body)?;
    let id = id(&mut fields)?;
    let (matching, matcher) =
        matching(fields.object("match")?.unwrap_or_default()).map_err(within("match"))?;
    let action = required("action", fields.object("action")?, ACTIONS)?;
    let (given, action) = acting(action).map_err(within("action"))?;
    let when = when(matching.when, &action)?;
    let shown = FaultRule {
        id,
        matching,
        action: given,
        times: positive(&mut fields, "times", "a number of requests from 1")?,
        after: fields.number("after", "a number of requests")?,
        expires_in_s: positive(&mut fields, "expires_in_s", "whole seconds from 1 to 315360000")?,
    };
    if let Some(seconds) = shown.expires_in_s.filter(|seconds| *seconds > LONGEST_S) {
        let accepted = format!("whole seconds from 1 to {LONGEST_S}");
        return Err(rejection("expires_in_s", &format!("is {seconds}"), &accepted));
    }
    fields.finish()?;
    Ok(Draft {
        shown,
        matcher,
        action,
        when,
    })
}

fn id(fields: &mut Fields) -> Result<Option<String>, Rejection> {
    let Some(id) = fields.text("id")? else {
        return Ok(None);
    };
    let good = (1..=LONGEST_ID).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && ![RESERVED_ID, ".", ".."].contains(&id.as_str());
    if good {
        return Ok(Some(id));
    }
    let accepted = "1 to 64 of letters, digits, - _ . in ASCII, but not unused, which is a path";
    Err(rejection("id", &format!("is {id:?}"), accepted))
}

// === what is meant ===

fn matching(mut fields: Fields) -> Result<(FaultMatch, Matcher), Rejection> {
    let given = FaultMatch {
        operation: fields.text("operation")?,
        method: fields.text("method")?,
        path: fields.text("path")?,
        person: not_empty(&mut fields, "person", "an e-mail address")?,
        token: fields.text("token")?,
        grant_type: not_empty(&mut fields, "grant_type", "a grant type such as refresh_token")?,
        header: fields.object("header")?.map(header).transpose()?,
        nth: positive(&mut fields, "nth", "a number from 1")?,
        every: positive(&mut fields, "every", "a number from 1")?,
        probability: probability(&mut fields)?,
        seed: fields.number("seed", "a whole number from 0")?,
        when: fields.choice("when", &[("before", When::Before), ("after", When::After)])?,
    };
    fields.finish()?;
    let matcher = Matcher {
        operation: given.operation.as_deref().map(operation).transpose()?,
        method: given.method.as_deref().map(method).transpose()?,
        path: given
            .path
            .as_deref()
            .map(|path| PathPattern::parse(path, "path"))
            .transpose()?,
        person: given.person.clone(),
        token: given.token.as_deref().map(token).transpose()?,
        grant_type: given.grant_type.clone(),
        header: given.header.as_ref().map(header_matcher).transpose()?,
    };
    Ok((hidden(given), matcher))
}

/// What may be shown: a value of a field that holds secrets becomes a fingerprint.
fn hidden(mut given: FaultMatch) -> FaultMatch {
    if let Some(header) = &mut given.header {
        header.value = header
            .value
            .take()
            .map(|value| redact::header(&header.name, &value));
    }
    given
}

fn operation(id: &str) -> Result<&'static str, Rejection> {
    let known = Operation::named(id).map(|operation| operation.id);
    known.ok_or_else(|| {
        let all: Vec<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
        rejection("operation", &format!("is {id:?}"), &all.join(", "))
    })
}

fn method(name: &str) -> Result<String, Rejection> {
    if METHODS.contains(&name) {
        Ok(name.to_owned())
    } else {
        Err(rejection("method", &format!("is {name:?}"), &METHODS.join(", ")))
    }
}

fn token(text: &str) -> Result<String, Rejection> {
    let good = text.len() == FINGERPRINT_DIGITS
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if good {
        Ok(text.to_owned())
    } else {
        // It may be the token itself, which must not be repeated.
        let accepted = "the fingerprint of a token, as GET /__sim/tokens shows it";
        Err(rejection("token", "is no fingerprint", accepted))
    }
}

fn header(mut fields: Fields) -> Result<HeaderMatch, Rejection> {
    let read = |fields: &mut Fields| {
        let name = required("name", fields.text("name")?, "the name of a header field")?;
        let value = fields.text("value")?;
        Ok(HeaderMatch { name, value })
    };
    let header = read(&mut fields).map_err(within("header"))?;
    fields.finish().map_err(within("header"))?;
    Ok(header)
}

fn header_matcher(given: &HeaderMatch) -> Result<(HeaderName, Option<String>), Rejection> {
    let name = header_name(&given.name, "header.name")?;
    if name == http::header::AUTHORIZATION && given.value.is_some() {
        let accepted = "no value for authorization; match.token means a token by its fingerprint";
        return Err(rejection("header.value", "is a secret", accepted));
    }
    Ok((name, given.value.clone()))
}

fn probability(fields: &mut Fields) -> Result<Option<f64>, Rejection> {
    let accepted = "a number from 0 to 1";
    match fields.float("probability", accepted)? {
        Some(value) if !(0.0..=1.0).contains(&value) => {
            Err(rejection("probability", &format!("is {value}"), accepted))
        }
        value => Ok(value),
    }
}

/// The operation has to happen where its answer is needed.
fn when(given: Option<When>, action: &Action) -> Result<When, Rejection> {
    match (given, action.breaks_the_operations_answer()) {
        (Some(When::Before), true) => Err(rejection(
            "match.when",
            "is \"before\", but there is no answer to break",
            "\"after\", which breaks the operation's answer; or action.status, which makes one",
        )),
        (None, true) => Ok(When::After),
        (given, _) => Ok(given.unwrap_or_default()),
    }
}

// === what happens ===

fn acting(mut fields: Fields) -> Result<(FaultAction, Action), Rejection> {
    let statuses = "a status from 200 to 599";
    let delays = r#"{"fixed":{"ms":n}}, {"uniform":{"min_ms":n,"max_ms":n}} or {"lognormal":{"median_ms":n,"sigma":n}}"#;
    let wires = r#""reset", "empty", "hang", "malformed", "wrong_content_type", "goaway", {"truncate":{"bytes":n}} or {"drip":{"bytes":n,"every_ms":n}}"#;
    let status: Option<u16> = fields.number("status", statuses)?;
    let headers = fields.object("headers")?;
    let given = FaultAction {
        status,
        headers: headers
            .map(Fields::texts_or_nothing)
            .transpose()
            .map_err(within("headers"))?
            .unwrap_or_default(),
        body: fields.value("body"),
        retry_after: retry_after(&mut fields)?,
        delay: fields.parsed("delay", delays)?,
        wire: fields.parsed("wire", wires)?,
    };
    fields.finish()?;
    let answer = made_up(&given, statuses)?;
    check_delay(given.delay.as_ref())?;
    check_wire(given.wire)?;
    let action = Action {
        answer,
        delay: given.delay,
        wire: given.wire,
    };
    if action.answer.is_none() && action.delay.is_none() && action.wire.is_none() {
        return Err(rejection("status", "is missing", ACTIONS));
    }
    if action.is_silent() && action.answer.is_some() {
        let accepted = "no status: there is no answer to have one";
        return Err(rejection("wire", "sends nothing", accepted));
    }
    Ok((given, action))
}

fn made_up(given: &FaultAction, statuses: &str) -> Result<Option<MadeUp>, Rejection> {
    let Some(status) = given.status else {
        let alone = [
            ("headers", !given.headers.is_empty()),
            ("body", given.body.is_some()),
            ("retry_after", given.retry_after.is_some()),
        ];
        return match alone.iter().find(|(_, there)| *there) {
            Some((name, _)) => Err(rejection(name, "is there without status", "status besides it")),
            None => Ok(None),
        };
    };
    let code = StatusCode::from_u16(status)
        .ok()
        .filter(|code| (200..600).contains(&code.as_u16()))
        .ok_or_else(|| rejection("status", &format!("is {status}"), statuses))?;
    if given.body.is_some() && matches!(status, 204 | 304) {
        let reason = format!("is there, and status is {status}");
        return Err(rejection("body", &reason, "no body with 204 and 304"));
    }
    let retry_after = given.retry_after.as_ref().map(|value| match value {
        RetryAfter::Seconds(seconds) => Ok(HeaderValue::from(*seconds)),
        RetryAfter::Text(text) => header_value(text, "retry_after"),
    });
    Ok(Some(MadeUp {
        status: code,
        headers: header_fields(&given.headers)?,
        body: given.body.clone(),
        retry_after: retry_after.transpose()?,
    }))
}

fn header_fields(
    given: &BTreeMap<String, Option<String>>,
) -> Result<Vec<(HeaderName, Option<HeaderValue>)>, Rejection> {
    let fields = given.iter().map(|(name, value)| {
        let field = format!("headers.{name}");
        let parsed = header_name(name, &field)?;
        if FRAMING.contains(&parsed.as_str()) {
            let accepted = format!("other fields than {}", FRAMING.join(", "));
            return Err(rejection(&field, "is set by the simulator", &accepted));
        }
        let value = value.as_ref().map(|value| header_value(value, &field));
        Ok((parsed, value.transpose()?))
    });
    fields.collect()
}

fn header_name(name: &str, field: &str) -> Result<HeaderName, Rejection> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| rejection(field, &format!("is {name:?}"), "the name of a header field"))
}

fn header_value(text: &str, field: &str) -> Result<HeaderValue, Rejection> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        rejection(
            field,
            &format!("is {text:?}"),
            "a text without control characters",
        )
    })
}

fn retry_after(fields: &mut Fields) -> Result<Option<RetryAfter>, Rejection> {
    let accepted = "seconds, or any text";
    match fields.value("retry_after") {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(RetryAfter::Text(text))),
        Some(other) => match other.as_u64() {
            Some(seconds) => Ok(Some(RetryAfter::Seconds(seconds))),
            None => Err(rejection("retry_after", &format!("is {other}"), accepted)),
        },
    }
}

fn check_delay(delay: Option<&Delay>) -> Result<(), Rejection> {
    delay.map_or(Ok(()), |delay| delay::check(delay, "delay"))
}

fn check_wire(wire: Option<Wire>) -> Result<(), Rejection> {
    let Some(Wire::Drip { bytes, every_ms }) = wire else {
        return Ok(());
    };
    if bytes == 0 {
        return Err(rejection("wire.drip.bytes", "is 0", "a number of bytes from 1"));
    }
    if every_ms > delay::LONGEST_MS {
        let accepted = format!("whole milliseconds from 0 to {}", delay::LONGEST_MS);
        return Err(rejection(
            "wire.drip.every_ms",
            &format!("is {every_ms}"),
            &accepted,
        ));
    }
    Ok(())
}

fn positive(fields: &mut Fields, name: &'static str, accepted: &str) -> Result<Option<u64>, Rejection> {
    match fields.number(name, accepted)? {
        Some(0) => Err(rejection(name, "is 0", accepted)),
        number => Ok(number),
    }
}

fn not_empty(fields: &mut Fields, name: &'static str, accepted: &str) -> Result<Option<String>, Rejection> {
    match fields.text(name)? {
        Some(text) if text.is_empty() => Err(rejection(name, "is empty", accepted)),
        text => Ok(text),
    }
}

#[cfg(test)]
mod tests;
