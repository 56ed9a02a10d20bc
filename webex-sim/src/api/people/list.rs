//! `GET /v1/people`: filters, pages, and the ids that were not found.

use axum::response::Response;
use serde::Serialize;

use super::filter::Filter;
use super::ok;
use super::sight::Sight;
use super::view::{Occasion, Person, View};
use crate::api::caller::Caller;
use crate::api::error::ApiError;
use crate::api::paging::{Pager, Place};
use crate::api::request_url::RequestUrl;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    items: Vec<Person<'a>>,
    not_found_ids: Vec<&'a str>,
}

pub(super) fn list(caller: &Caller, url: &RequestUrl) -> Result<Response, ApiError> {
    let sight = Sight::of(caller);
    let filter = Filter::read(url)?;
    let occasion = match filter.is_by_id() {
        true => Occasion::ById,
        false => Occasion::List,
    };
    let view = View::of(&sight, url, occasion)?;
    let pager = Pager::read(url, filter.limits())?;
    let state = caller.context.world.state();
    let directory = &state.directory;
    filter.check(&sight, directory)?;
    let page = pager.page(filter.people(&sight, directory), |person| Place {
        id: person.id,
        created: person.created,
    });
    let body = List {
        items: page
            .items
            .iter()
            .map(|person| Person::new(person, view))
            .collect(),
        not_found_ids: filter.not_found(&sight, directory),
    };
    Ok(page.linked(ok(caller, &body)))
}
