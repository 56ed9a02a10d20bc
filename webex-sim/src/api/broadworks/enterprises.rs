//! `GET /v1/broadworks/enterprises`.

use axum::response::Response;
use serde::Serialize;

use super::Partner;
use super::directory_sync::DirectorySync;
use super::query::Query;
use crate::api::error::ApiError;
use crate::api::paging::{Limits, Place};
use crate::api::request_url::RequestUrl;
use crate::ids::{self, Kind};
use crate::world::broadworks;

/// Items of a page (API reference, `max`).
const LIMITS: Limits = Limits {
    default: 100,
    most: 1_000,
};

/// An enterprise as Webex shows one.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Enterprise<'a> {
    id: String,
    org_id: String,
    sp_enterprise_id: &'a str,
    provisioning_id: &'a str,
    broadworks_directory_sync: DirectorySync<'a>,
}

/// The enterprises of the partner, by name or the beginning of one.
pub(crate) async fn list(partner: Partner, url: RequestUrl) -> Response {
    let list = || {
        let mut query = Query::parse(url.query());
        let (name, start) = (query.param("spEnterpriseId"), query.param("startsWith"));
        let pager = query.pager(&url, LIMITS);
        query.finish()?;
        let state = partner.0.context.world.state();
        let all = state.directory.enterprises_of(partner.organization());
        let found = all.filter(|enterprise| {
            let own = enterprise.sp_enterprise_id.as_str();
            let is_named = name.as_ref().is_none_or(|name| name.is(|name| own == name));
            let starts = start
                .as_ref()
                .is_none_or(|start| start.is(|start| own.starts_with(start)));
            is_named && starts
        });
        let page = pager.page(found.collect(), |enterprise| Place {
            id: enterprise.id,
            created: enterprise.created,
        });
        Ok::<_, ApiError>(partner.list(&page.map(Enterprise::from)))
    };
    partner.answer(list())
}

impl<'a> From<&'a broadworks::Enterprise> for Enterprise<'a> {
    fn from(enterprise: &'a broadworks::Enterprise) -> Self {
        Self {
            id: ids::encode(Kind::Enterprise, enterprise.id),
            org_id: ids::encode(Kind::Organization, enterprise.organization),
            sp_enterprise_id: &enterprise.sp_enterprise_id,
            provisioning_id: &enterprise.provisioning_id,
            broadworks_directory_sync: DirectorySync::from(&enterprise.sync),
        }
    }
}
