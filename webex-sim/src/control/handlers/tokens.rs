//! `/__sim/tokens`.

use axum::Json;
use axum::body::Bytes;

use crate::control::fields::{Fields, required};
use crate::control::router::{Answer, Controlled};
use crate::control::types::{EndTokens, Ended, LostAnswers, Rejection, TokenKind, TokenList};
use crate::oauth::Selection;

pub(crate) async fn get(Controlled(world): Controlled) -> Answer<TokenList> {
    let state = world.state();
    let email_of = |id| {
        let person = state.directory.people.get(&id);
        person.map(|person| person.email().to_owned())
    };
    Ok(Json(TokenList {
        tokens: state.registry.list(world.clock.now(), email_of),
    }))
}

pub(crate) async fn expire(Controlled(world): Controlled, body: Bytes) -> Answer<Ended> {
    let which = read(&body)?;
    let ended = world
        .state()
        .registry
        .expire(selection(&which), world.clock.now());
    Ok(Json(Ended { ended }))
}

pub(crate) async fn revoke(Controlled(world): Controlled, body: Bytes) -> Answer<Ended> {
    let which = read(&body)?;
    let ended = world
        .state()
        .registry
        .revoke(selection(&which), world.clock.now());
    Ok(Json(Ended { ended }))
}

/// The count replaces the one before, so that 0 takes it back.
pub(crate) async fn lose_answers(Controlled(world): Controlled, body: Bytes) -> Answer<LostAnswers> {
    let accepted = "a number of answers";
    let mut fields = Fields::json(&body)?;
    let count = required("count", fields.number("count", accepted)?, accepted)?;
    fields.finish()?;
    world.state().lose_answers = count;
    Ok(Json(LostAnswers { count }))
}

fn selection(which: &EndTokens) -> Selection<'_> {
    Selection {
        kind: which.kind,
        fingerprint: which.fingerprint.as_deref(),
    }
}

fn read(body: &[u8]) -> Result<EndTokens, Rejection> {
    let mut fields = Fields::json(body)?;
    let kinds = [("access", TokenKind::Access), ("refresh", TokenKind::Refresh)];
    let kind = fields.choice("kind", &kinds)?.unwrap_or_default();
    let fingerprint = fields.text("fingerprint")?;
    fields.finish()?;
    Ok(EndTokens { kind, fingerprint })
}
