//! Which subscribers a list shows: those that pass every filter.

use axum::response::Response;
use jiff::Timestamp;

use super::Subscriber;
use crate::api::broadworks::Partner;
use crate::api::broadworks::query::{Param, Query};
use crate::api::error::ApiError;
use crate::api::paging::{Limits, Place};
use crate::api::request_url::RequestUrl;
use crate::control::types::SubscriberStatus;
use crate::ids::{self, Kind};
use crate::world::broadworks::{self, STATUSES};

/// Items of a page (API reference, `max`).
const LIMITS: Limits = Limits {
    default: 50,
    most: 100,
};

/// What subscribers have to be like. What is absent does not matter.
struct Filter {
    user_id: Option<Param>,
    person_id: Option<Param>,
    email: Option<Param>,
    provisioning_id: Option<Param>,
    sp_enterprise_id: Option<Param>,
    /// The status changed later than this.
    changed_after: Option<Timestamp>,
    statuses: Option<Vec<SubscriberStatus>>,
    created_after: Option<Timestamp>,
    self_activated: Option<bool>,
}

pub(super) fn list(partner: &Partner, url: &RequestUrl) -> Result<Response, ApiError> {
    let mut query = Query::parse(url.query());
    let filter = Filter {
        user_id: query.param("userId"),
        person_id: query.param("personId"),
        email: query.param("email"),
        provisioning_id: query.param("provisioningId"),
        sp_enterprise_id: query.param("spEnterpriseId"),
        changed_after: query.time("lastStatusChange"),
        statuses: query.choices("status", STATUSES),
        created_after: query.time("after"),
        self_activated: query.flag("selfActivated"),
    };
    let pager = query.pager(url, LIMITS);
    query.finish()?;
    let state = partner.0.context.world.state();
    let all = state.directory.subscribers_of(partner.organization());
    let found = all.filter(|subscriber| filter.accepts(subscriber));
    let page = pager.page(found.collect(), |subscriber| Place {
        id: subscriber.id,
        created: subscriber.created,
    });
    Ok(partner.list(&page.map(Subscriber::from)))
}

impl Filter {
    fn accepts(&self, subscriber: &broadworks::Subscriber) -> bool {
        let profile = &subscriber.profile;
        let person = || {
            let person = subscriber.person.map(|person| ids::encode(Kind::Person, person));
            person.unwrap_or_default()
        };
        is(self.user_id.as_ref(), |text| profile.is_of(text))
            && is(self.person_id.as_ref(), |text| text == person())
            && is(self.email.as_ref(), |text| profile.has_email(text))
            && is(self.provisioning_id.as_ref(), |text| {
                text == subscriber.provisioning_id
            })
            && is(self.sp_enterprise_id.as_ref(), |text| {
                text == subscriber.sp_enterprise_id
            })
            && self
                .changed_after
                .is_none_or(|after| subscriber.last_status_change > after)
            && self
                .statuses
                .as_ref()
                .is_none_or(|statuses| statuses.contains(&subscriber.status))
            && self.created_after.is_none_or(|after| subscriber.created > after)
            && self
                .self_activated
                .is_none_or(|activated| activated == subscriber.self_activated)
    }
}

fn is(param: Option<&Param>, matches: impl Fn(&str) -> bool) -> bool {
    param.is_none_or(|param| param.is(matches))
}
