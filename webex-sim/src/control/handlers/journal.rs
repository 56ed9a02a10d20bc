//! `/__sim/journal`.

use std::time::Duration;

use axum::Json;
use axum::extract::Path;
use http::Uri;
use serde::Deserialize;
use serde_json::Value;

use super::worlds;
use crate::control::fields::{Fields, rejection};
use crate::control::router::{Answer, Controlled, Refused};
use crate::control::types::{
    EntryFilter, Exchange, JournalCount, JournalPage, JournalWait, NearMisses, Rejection,
};
use crate::journal::har;

/// Waiting, if the request does not say how long.
const DEFAULT_WAIT_MS: u64 = 10_000;

/// Longest wait: a test that waits longer has gone wrong.
const LONGEST_WAIT_MS: u64 = 600_000;

pub(crate) async fn get(Controlled(world): Controlled, uri: Uri) -> Answer<JournalPage> {
    let filter = only_filter(&uri)?;
    let (entries, dropped) = world.journal.find(&filter);
    Ok(Json(JournalPage { entries, dropped }))
}

pub(crate) async fn count(Controlled(world): Controlled, uri: Uri) -> Answer<JournalCount> {
    let filter = only_filter(&uri)?;
    Ok(Json(JournalCount {
        count: world.journal.count(&filter),
    }))
}

pub(crate) async fn wait(Controlled(world): Controlled, uri: Uri) -> Answer<JournalWait> {
    let mut fields = Fields::query(uri.query().unwrap_or_default())?;
    let filter = filter(&mut fields)?;
    let count = fields.number("count", "a number of entries")?.unwrap_or(1);
    let accepted = format!("whole milliseconds up to {LONGEST_WAIT_MS}");
    let timeout = fields.number("timeout_ms", &accepted)?.unwrap_or(DEFAULT_WAIT_MS);
    fields.finish()?;
    if timeout > LONGEST_WAIT_MS {
        return Err(rejection("timeout_ms", &format!("is {timeout}"), &accepted).into());
    }
    let entries = tokio::select! {
        entries = world.journal.wait(&filter, count, Duration::from_millis(timeout)) => entries,
        () = world.ended.cancelled() => return Err(worlds::ended(&world)),
    };
    let reached = entries.len() >= count;
    let near_misses = if reached {
        Vec::new()
    } else {
        world.journal.near_misses(&filter)
    };
    Ok(Json(JournalWait {
        reached,
        entries,
        near_misses,
    }))
}

/// The entries that nearly match.
pub(crate) async fn near_misses(Controlled(world): Controlled, uri: Uri) -> Answer<NearMisses> {
    let filter = only_filter(&uri)?;
    Ok(Json(NearMisses {
        near_misses: world.journal.near_misses(&filter),
    }))
}

/// The matching exchanges as an HTTP Archive, which can be replayed.
pub(crate) async fn har(Controlled(world): Controlled, uri: Uri) -> Answer<Value> {
    let filter = only_filter(&uri)?;
    Ok(Json(har::archive(&world.journal.exchanges(&filter))))
}

/// One exchange with all that was sent and answered.
pub(crate) async fn exchange(
    Controlled(world): Controlled,
    Path(path): Path<SequencePath>,
) -> Answer<Exchange> {
    let accepted = "the sequence number of an entry that is still in the journal";
    let found = path
        .sequence
        .parse()
        .ok()
        .and_then(|sequence| world.journal.exchange(sequence));
    found.map(Json).ok_or_else(|| {
        Refused::Absent(rejection(
            "sequence",
            &format!("{} is unknown", path.sequence),
            accepted,
        ))
    })
}

/// Which entry a path is about.
#[derive(Deserialize)]
pub(crate) struct SequencePath {
    pub(crate) sequence: String,
}

pub(crate) async fn delete(Controlled(world): Controlled) -> Answer<JournalCount> {
    world.journal.clear();
    Ok(Json(JournalCount { count: 0 }))
}

fn only_filter(uri: &Uri) -> Result<EntryFilter, Rejection> {
    let mut fields = Fields::query(uri.query().unwrap_or_default())?;
    let filter = filter(&mut fields)?;
    fields.finish()?;
    Ok(filter)
}

fn filter(fields: &mut Fields) -> Result<EntryFilter, Rejection> {
    Ok(EntryFilter {
        method: fields.text("method")?,
        path: fields.text("path")?,
        status: fields.number("status", "an HTTP status such as 200")?,
        grant_type: fields.text("grant_type")?,
        after: fields.number("after", "a sequence number")?,
        not_simulated: fields.flag("not_simulated")?,
        operation: fields.text("operation")?,
        person: fields.text("person")?,
        fault: fields.text("fault")?,
    })
}
