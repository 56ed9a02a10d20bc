//! `/__sim/consent`: the queue of answers to coming authorize requests.

use axum::Json;
use axum::body::Bytes;

use crate::control::fields::{Fields, rejection, required};
use crate::control::router::{Answer, Controlled};
use crate::control::types::{Consent, ConsentQueue, Rejection};
use crate::world;

/// Entries a queue may hold: more are a loop that forgot to stop.
pub(crate) const LONGEST: usize = 1_000;

#[derive(Clone, Copy)]
enum Action {
    Accept,
    Decline,
    Error,
}

pub(crate) async fn get(Controlled(world): Controlled) -> Answer<ConsentQueue> {
    Ok(Json(queue(&world.state())))
}

pub(crate) async fn post(Controlled(world): Controlled, body: Bytes) -> Answer<ConsentQueue> {
    let consent = read(Fields::json(&body)?)?;
    let mut state = world.state();
    if let Consent::Accept { email } = &consent
        && state.person(email).is_none()
    {
        let known: Vec<_> = state
            .directory
            .people
            .values()
            .map(world::Person::email)
            .collect();
        return Err(rejection(
            "email",
            &format!("is {email:?}, which is nobody"),
            &known.join(", "),
        )
        .into());
    }
    if state.consent.len() == LONGEST {
        let reason = format!("has {LONGEST} entries already");
        return Err(rejection("queue", &reason, "fewer; DELETE /__sim/consent empties it").into());
    }
    state.consent.push_back(consent);
    Ok(Json(queue(&state)))
}

pub(crate) async fn delete(Controlled(world): Controlled) -> Answer<ConsentQueue> {
    let mut state = world.state();
    state.consent.clear();
    Ok(Json(queue(&state)))
}

fn queue(state: &world::State) -> ConsentQueue {
    ConsentQueue {
        queue: state.consent.iter().cloned().collect(),
    }
}

fn read(mut fields: Fields) -> Result<Consent, Rejection> {
    let choices = [
        ("accept", Action::Accept),
        ("decline", Action::Decline),
        ("error", Action::Error),
    ];
    let action = required(
        "action",
        fields.choice("action", &choices)?,
        "accept, decline, error",
    )?;
    let consent = match action {
        Action::Accept => {
            let email = fields.text("email")?;
            Consent::Accept {
                email: required("email", email, "the e-mail address of a person")?,
            }
        }
        Action::Decline => Consent::Decline,
        Action::Error => {
            let accepted = "an OAuth error code such as server_error";
            let error = required("error", fields.text("error")?, accepted)?;
            if !is_error_code(&error) {
                return Err(rejection("error", &format!("is {error:?}"), accepted));
            }
            Consent::Error {
                error,
                description: fields.text("description")?,
            }
        }
    };
    fields.finish()?;
    Ok(consent)
}

/// RFC 6749, section 4.1.2.1, forbids quotes, backslashes and everything but visible ASCII and spaces.
pub(crate) fn is_error_code(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
