//! `/__sim/subscribers/{subscriber}/status`: what Webex and the subscriber do to a provisioning. `{subscriber}` is a Webex
//! id, a UUID or a user ID of BroadWorks.

use axum::Json;
use axum::body::Bytes;
use axum::extract::Path;
use serde::Deserialize;
use uuid::Uuid;

use crate::control::fields::{Fields, rejection, required};
use crate::control::router::{Answer, Controlled, Refused};
use crate::control::types::{
    Rejection, SubscriberFault, SubscriberState, SubscriberStatus, SubscriberStatusChange,
};
use crate::ids::{self, Kind};
use crate::world::Directory;
use crate::world::broadworks::{STATUSES, Subscriber, is_email};

const ERRORS: &str = r#"a list of {"errorCode":n,"description":…}, with status error only"#;
const EMAIL: &str = "an e-mail address that no other subscriber has";

/// Whom the path is about. World and subscriber are named, so that both kinds of path fit.
#[derive(Deserialize)]
pub(crate) struct SubscriberPath {
    subscriber: String,
}

/// Changes the status now.
pub(crate) async fn status(
    Controlled(world): Controlled,
    Path(path): Path<SubscriberPath>,
    body: Bytes,
) -> Answer<SubscriberState> {
    let change = read(Fields::json(&body)?)?;
    let mut state = world.state();
    let directory = &mut state.directory;
    let known = directory
        .subscribers
        .values()
        .find(|own| own.answers_to(&path.subscriber) || own.profile.is_of(&path.subscriber));
    let Some(known) = known else {
        return Err(absent(&path, directory));
    };
    let id = known.id;
    check(&change, known, directory)?;
    if let (Some(email), Some(subscriber)) = (change.email, directory.subscribers.get_mut(&id)) {
        subscriber.profile.email = Some(email);
    }
    let now = world.clock.now();
    let changed = directory.force_status(id, change.status, change.errors, now);
    changed
        .map(|subscriber| Json(SubscriberState::from(subscriber)))
        .ok_or_else(|| absent(&path, directory))
}

fn read(mut fields: Fields) -> Result<SubscriberStatusChange, Rejection> {
    let names: Vec<_> = STATUSES.iter().map(|(name, _)| *name).collect();
    let status = fields.choice("status", STATUSES)?;
    let change = SubscriberStatusChange {
        status: required("status", status, &names.join(", "))?,
        errors: fields
            .parsed::<Vec<SubscriberFault>>("errors", ERRORS)?
            .unwrap_or_default(),
        email: fields.text("email")?,
    };
    fields.finish()?;
    if !change.errors.is_empty() && change.status != SubscriberStatus::Error {
        return Err(rejection("errors", "are there without status error", ERRORS));
    }
    Ok(change)
}

/// A person has an address of their own, once there is one.
fn check(
    change: &SubscriberStatusChange,
    subscriber: &Subscriber,
    directory: &Directory,
) -> Result<(), Rejection> {
    let is_other = |other: Uuid| other != subscriber.id;
    match &change.email {
        Some(email) if subscriber.person.is_some() && !subscriber.profile.has_email(email) => Err(rejection(
            "email",
            "differs from the person's",
            "no email, or that of the person",
        )),
        Some(email) if !is_email(email) => Err(rejection("email", &format!("is {email:?}"), EMAIL)),
        Some(email)
            if directory
                .subscriber_with_email(email)
                .is_some_and(|other| is_other(other.id)) =>
        {
            Err(rejection(
                "email",
                &format!("is {email:?}, of another subscriber"),
                EMAIL,
            ))
        }
        None if change.status == SubscriberStatus::Provisioned
            && subscriber.person.is_none()
            && subscriber.profile.email.is_none() =>
        {
            Err(rejection(
                "email",
                "is missing, and the subscriber has none",
                EMAIL,
            ))
        }
        Some(_) | None => Ok(()),
    }
}

fn absent(path: &SubscriberPath, directory: &Directory) -> Refused {
    let known: Vec<_> = directory
        .subscribers
        .values()
        .map(|subscriber| subscriber.profile.user_id.as_str())
        .collect();
    let known = if known.is_empty() {
        "none: there are no subscribers".to_owned()
    } else {
        known.join(", ")
    };
    Refused::Absent(rejection(
        "subscriber",
        &format!("{} is unknown", path.subscriber),
        &known,
    ))
}

impl From<&Subscriber> for SubscriberState {
    fn from(subscriber: &Subscriber) -> Self {
        Self {
            id: ids::encode(Kind::Subscriber, subscriber.id),
            user_id: subscriber.profile.user_id.clone(),
            email: subscriber.profile.email.clone(),
            status: subscriber.status,
            person_id: subscriber.person.map(|person| ids::encode(Kind::Person, person)),
        }
    }
}
