//! `/v1/broadworks/subscribers`.

mod list;

use axum::response::Response;
use http::HeaderMap;
use serde::Serialize;
use serde_json::json;

use super::profile::{self, Precheck};
use super::{Id, Partner, Received, object, text};
use crate::api::error::{ApiError, Problem};
use crate::api::request_url::RequestUrl;
use crate::api::respond::millis;
use crate::control::types::{SubscriberFault, SubscriberStatus};
use crate::ids::{self, Kind};
use crate::world::broadworks::{self, Package, after, already_associated};

/// A subscriber as Webex shows one. A field without a value is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscriber<'a> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    person_id: Option<String>,
    user_id: &'a str,
    sp_enterprise_id: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile_phone_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extension: Option<&'a str>,
    package: Package,
    status: SubscriberStatus,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [SubscriberFault],
    created: String,
    last_status_change: String,
    provisioning_id: &'a str,
    /// A text in every documented answer, although the schema says boolean.
    self_activated: &'static str,
}

/// `GET /v1/broadworks/subscribers`.
pub(crate) async fn list(partner: Partner, url: RequestUrl) -> Response {
    partner.answer(list::list(&partner, &url))
}

/// `POST /v1/broadworks/subscribers`. The answer comes while the provisioning has just begun.
pub(crate) async fn create(partner: Partner, headers: HeaderMap, body: Received) -> Response {
    let create = || {
        let body = object(&headers, body)?;
        let new = profile::new_subscriber(&body, partner.organization())?;
        let world = &partner.0.context.world;
        let mut state = world.state();
        let now = world.clock.now();
        let due = after(now, state.settings.provisioning_delay_s);
        let provisioned = state.directory.provision(new, world.random.as_ref(), now, due);
        let subscriber = provisioned.map_err(|error| ApiError::Conflict(error.to_string()))?;
        Ok(partner.json(&Subscriber::from(subscriber)))
    };
    partner.answer(create())
}

/// `GET /v1/broadworks/subscribers/{subscriberId}`.
pub(crate) async fn get(partner: Partner, id: Id) -> Response {
    let state = partner.0.context.world.state();
    let found = state.directory.subscriber_of(partner.organization(), &text(id));
    let answer = found.map(|subscriber| partner.json(&Subscriber::from(subscriber)));
    partner.answer(answer.ok_or(ApiError::NotFound))
}

/// `PUT /v1/broadworks/subscribers/{subscriberId}`. The answer shows the old values; the new ones come when it is
/// provisioned again.
pub(crate) async fn update(partner: Partner, id: Id, headers: HeaderMap, body: Received) -> Response {
    let update = || {
        let body = object(&headers, body)?;
        let world = &partner.0.context.world;
        let mut state = world.state();
        let known = state.directory.subscriber_of(partner.organization(), &text(id));
        let known = known.ok_or(ApiError::NotFound)?;
        let (id, profile) = (known.id, profile::updated(&body, &known.profile)?);
        if !known.takes_updates() {
            let why = "The subscriber cannot be updated in its current status.";
            return Err(ApiError::Conflict(why.to_owned()));
        }
        let now = world.clock.now();
        let due = after(now, state.settings.provisioning_delay_s);
        let updating = state.directory.update_subscriber(id, profile, now, due);
        let updating = updating.ok_or(ApiError::NotFound)?;
        Ok(partner.json(&Subscriber::from(updating)))
    };
    partner.answer(update())
}

/// `DELETE /v1/broadworks/subscribers/{subscriberId}`: the person stays.
pub(crate) async fn delete(partner: Partner, id: Id) -> Response {
    let delete = || {
        let directory = &mut partner.0.context.world.state().directory;
        let known = directory.subscriber_of(partner.organization(), &text(id));
        let id = known.ok_or(ApiError::NotFound)?.id;
        directory.subscribers.shift_remove(&id);
        Ok(partner.no_content())
    };
    partner.answer(delete())
}

/// `POST /v1/broadworks/subscribers/validate`: whether provisioning would come to a good end. Nothing changes.
pub(crate) async fn precheck(partner: Partner, headers: HeaderMap, body: Received) -> Response {
    let precheck = || {
        let precheck = profile::precheck(&object(&headers, body)?)?;
        find_conflict(&partner, &precheck)?;
        let info = json!([{"infoCode": 100, "description": "Provisioning preCheck validation successful."}]);
        Ok(partner.json(&json!({"message": "success", "info": info})))
    };
    partner.answer(precheck())
}

/// `POST /v1/subscribers/{subscriberId}/emails/consentMove`: the user gets another e-mail, for which nothing can be seen
/// here.
pub(crate) async fn consent_move(partner: Partner, id: Id) -> Response {
    let send = || {
        let state = partner.0.context.world.state();
        let known = state.directory.subscriber_of(partner.organization(), &text(id));
        if known.ok_or(ApiError::NotFound)?.status == SubscriberStatus::PendingUserMigration {
            return Ok(partner.no_content());
        }
        let why = "The subscriber is not in status pending_user_migration.";
        Err(ApiError::Conflict(why.to_owned()))
    };
    partner.answer(send())
}

fn find_conflict(partner: &Partner, precheck: &Precheck) -> Result<(), ApiError> {
    let directory = &partner.0.context.world.state().directory;
    let problem = |field: &str, code, description: String| Problem {
        description,
        code,
        field: Some(field.to_owned()),
    };
    let mut problems = Vec::new();
    if let Some(user_id) = &precheck.user_id
        && directory.is_user_id_taken(partner.organization(), user_id, None)
    {
        let fault = already_associated();
        let code = u16::try_from(fault.error_code).ok();
        problems.push(problem("userId", code, fault.description));
    }
    if directory.subscriber_with_email(&precheck.email).is_some() {
        problems.push(problem("email", None, broadworks::EmailTaken.to_string()));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ApiError::Invalid(problems)),
    }
}

impl<'a> From<&'a broadworks::Subscriber> for Subscriber<'a> {
    fn from(subscriber: &'a broadworks::Subscriber) -> Self {
        let profile = &subscriber.profile;
        Self {
            id: ids::encode(Kind::Subscriber, subscriber.id),
            person_id: subscriber.person.map(|person| ids::encode(Kind::Person, person)),
            user_id: &profile.user_id,
            sp_enterprise_id: &subscriber.sp_enterprise_id,
            first_name: &profile.first_name,
            last_name: &profile.last_name,
            email: profile.email.as_deref(),
            primary_phone_number: profile.primary_phone_number.as_deref(),
            mobile_phone_number: profile.mobile_phone_number.as_deref(),
            extension: profile.extension.as_deref(),
            package: profile.package,
            status: subscriber.status,
            errors: &subscriber.errors,
            created: millis(subscriber.created),
            last_status_change: millis(subscriber.last_status_change),
            provisioning_id: &subscriber.provisioning_id,
            self_activated: if subscriber.self_activated {
                "true"
            } else {
                "false"
            },
        }
    }
}
