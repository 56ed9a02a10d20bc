//! `/__sim/clock`.

use axum::Json;
use axum::body::Bytes;
use jiff::SignedDuration;

use crate::clock::SimClock;
use crate::control::fields::{Fields, rejection};
use crate::control::router::{Answer, Controlled};
use crate::control::types::ClockState;

/// Furthest that one request moves the clock: 100 years.
const FURTHEST_S: i64 = 3_153_600_000;

const ACCEPTED: &str = "whole seconds from 0 to 3153600000, not beyond the year 9999";

pub(crate) async fn get(Controlled(world): Controlled) -> Answer<ClockState> {
    Ok(Json(state(&world.clock)))
}

pub(crate) async fn post(Controlled(world): Controlled, body: Bytes) -> Answer<ClockState> {
    let mut fields = Fields::json(&body)?;
    let seconds: Option<i64> = fields.number("advance_seconds", ACCEPTED)?;
    let freeze = fields.flag("freeze")?;
    fields.finish()?;
    let wrong = |reason: &str| rejection("advance_seconds", reason, ACCEPTED);
    if let Some(seconds) = seconds {
        if seconds > FURTHEST_S {
            return Err(wrong(&format!("is {seconds}")).into());
        }
        world
            .clock
            .advance(SignedDuration::from_secs(seconds))
            .map_err(|error| wrong(&error.to_string()))?;
    }
    if let Some(freeze) = freeze {
        world.clock.freeze(freeze);
    }
    Ok(Json(state(&world.clock)))
}

fn state(clock: &SimClock) -> ClockState {
    let now = clock.now();
    ClockState {
        now: format!("{now:.3}"),
        now_unix_ms: now.as_millisecond(),
        offset_ms: i64::try_from(clock.offset().as_millis()).unwrap_or(i64::MAX),
        frozen: clock.is_frozen(),
    }
}
