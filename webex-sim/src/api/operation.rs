//! The operations that are simulated: one table, from which routing, authorisation, fault rules, the journal and the
//! coverage report take what they know about a request.

use http::Method;

/// One operation of Webex.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Name in fault rules, journal and coverage, such as `listPeople`.
    pub(crate) id: &'static str,
    pub(crate) method: &'static str,
    /// Template, such as `/v1/people/{personId}`.
    pub(crate) path: &'static str,
    pub(crate) family: Family,
    /// Scopes without which the answer is 403.
    pub(crate) scopes: Scopes,
    /// Administrator roles, one of which is needed; none if everybody may.
    pub(crate) roles: &'static [&'static str],
    /// Status of success.
    pub(crate) success: u16,
}

/// Which service of Webex an operation belongs to: they differ in how they say that something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Family {
    /// The authorization server.
    OAuth,
    /// `{"message","errors":[{"description"}],"trackingId"}`.
    Api,
    /// The same with `errorCode` and `fieldName`.
    BroadWorks,
    /// RFC 7644, section 3.12.
    Scim,
}

/// The scopes that an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scopes {
    /// No token at all.
    Open,
    /// A good token, whatever its scopes.
    Token,
    /// One of these.
    Any(&'static [&'static str]),
    /// Each of these.
    All(&'static [&'static str]),
}

/// Roles that may read the directory of an organisation by SCIM, and those that may change it (API reference, "SCIM 2
/// Users").
const SCIM_READERS: &[&str] = &[
    "id_full_admin",
    "id_user_admin",
    "id_readonly_admin",
    "id_device_admin",
];
const SCIM_WRITERS: &[&str] = &["id_full_admin", "id_user_admin"];
const ADMINS: &[&str] = &["id_full_admin", "id_user_admin"];
const FULL: &[&str] = &["id_full_admin"];
/// Roles that may read what only administrators see.
pub(crate) const READERS: &[&str] = &["id_full_admin", "id_user_admin", "id_readonly_admin"];

const PEOPLE_READ: Scopes = Scopes::Any(&["spark:people_read", "spark-admin:people_read"]);
const PEOPLE_WRITE: Scopes = Scopes::All(&["spark-admin:people_write", "spark-admin:people_read"]);
const ORGANIZATIONS_READ: Scopes = Scopes::Any(&["spark-admin:organizations_read"]);
const ORGANIZATIONS_WRITE: Scopes = Scopes::Any(&["spark-admin:organizations_write"]);
const SUBSCRIBERS_READ: Scopes = Scopes::Any(&["spark-admin:broadworks_subscribers_read"]);
const SUBSCRIBERS_WRITE: Scopes = Scopes::Any(&["spark-admin:broadworks_subscribers_write"]);
const ENTERPRISES_READ: Scopes = Scopes::Any(&["spark-admin:broadworks_enterprises_read"]);
const ENTERPRISES_WRITE: Scopes = Scopes::Any(&["spark-admin:broadworks_enterprises_write"]);
const IDENTITY_READ: Scopes = Scopes::Any(&["identity:people_read", "identity:people_rw"]);
const IDENTITY_WRITE: Scopes = Scopes::Any(&["identity:people_rw"]);

/// Templates that several operations share.
pub(crate) mod path {
    pub(crate) const ROOT: &str = "/";
    pub(crate) const AUTHORIZE: &str = "/v1/authorize";
    pub(crate) const ACCESS_TOKEN: &str = "/v1/access_token";
    pub(crate) const REVOKE: &str = "/idb/oauth2/v1/revoke";
    pub(crate) const PEOPLE: &str = "/v1/people";
    pub(crate) const ME: &str = "/v1/people/me";
    pub(crate) const PERSON: &str = "/v1/people/{personId}";
    pub(crate) const ORGANIZATIONS: &str = "/v1/organizations";
    pub(crate) const ORGANIZATION: &str = "/v1/organizations/{orgId}";
    pub(crate) const SUBSCRIBERS: &str = "/v1/broadworks/subscribers";
    pub(crate) const SUBSCRIBER: &str = "/v1/broadworks/subscribers/{subscriberId}";
    pub(crate) const PRECHECK: &str = "/v1/broadworks/subscribers/validate";
    pub(crate) const CONSENT_MOVE: &str = "/v1/subscribers/{subscriberId}/emails/consentMove";
    pub(crate) const ENTERPRISES: &str = "/v1/broadworks/enterprises";
    pub(crate) const DIRECTORY_SYNC: &str = "/v1/broadworks/enterprises/{id}/broadworksDirectorySync";
    pub(crate) const EXTERNAL_USER: &str =
        "/v1/broadworks/enterprises/{id}/broadworksDirectorySync/externalUser";
    pub(crate) const SCIM_USERS: &str = "/identity/scim/{orgId}/v2/Users";
    pub(crate) const SCIM_USER: &str = "/identity/scim/{orgId}/v2/Users/{userId}";
    pub(crate) const SCIM_ME: &str = "/identity/scim/v2/Users/me";
    pub(crate) const SCIM_BULK: &str = "/identity/scim/{orgId}/v2/Bulk";
    pub(crate) const TOKEN_EXPIRY: &str = "/v1/authorizations/tokenExpiry";
}

/// Every operation. Scopes and roles are those of the API reference; where it names none, see `docs/simulator.md`.
#[rustfmt::skip]
pub(crate) const OPERATIONS: &[Operation] = &[
    op("authorize", "GET", path::AUTHORIZE, Family::OAuth, Scopes::Open, &[], 302),
    op("decide", "POST", path::AUTHORIZE, Family::OAuth, Scopes::Open, &[], 302),
    op("token", "POST", path::ACCESS_TOKEN, Family::OAuth, Scopes::Open, &[], 200),
    op("revoke", "POST", path::REVOKE, Family::OAuth, Scopes::Open, &[], 200),
    op("probe", "GET", path::ROOT, Family::Api, Scopes::Token, &[], 404),
    op("listPeople", "GET", path::PEOPLE, Family::Api, PEOPLE_READ, &[], 200),
    op("createPerson", "POST", path::PEOPLE, Family::Api, PEOPLE_WRITE, ADMINS, 200),
    op("getMe", "GET", path::ME, Family::Api, PEOPLE_READ, &[], 200),
    op("getPerson", "GET", path::PERSON, Family::Api, PEOPLE_READ, &[], 200),
    op("updatePerson", "PUT", path::PERSON, Family::Api, PEOPLE_WRITE, ADMINS, 200),
    op("deletePerson", "DELETE", path::PERSON, Family::Api, PEOPLE_WRITE, ADMINS, 204),
    op("listOrganizations", "GET", path::ORGANIZATIONS, Family::Api, ORGANIZATIONS_READ, READERS, 200),
    op("getOrganization", "GET", path::ORGANIZATION, Family::Api, ORGANIZATIONS_READ, READERS, 200),
    op("deleteOrganization", "DELETE", path::ORGANIZATION, Family::Api, ORGANIZATIONS_WRITE, FULL, 204),
    op("listSubscribers", "GET", path::SUBSCRIBERS, Family::BroadWorks, SUBSCRIBERS_READ, FULL, 200),
    op("createSubscriber", "POST", path::SUBSCRIBERS, Family::BroadWorks, SUBSCRIBERS_WRITE, FULL, 200),
    op("precheckSubscriber", "POST", path::PRECHECK, Family::BroadWorks, SUBSCRIBERS_WRITE, FULL, 200),
    op("getSubscriber", "GET", path::SUBSCRIBER, Family::BroadWorks, SUBSCRIBERS_READ, FULL, 200),
    op("updateSubscriber", "PUT", path::SUBSCRIBER, Family::BroadWorks, SUBSCRIBERS_WRITE, FULL, 200),
    op("deleteSubscriber", "DELETE", path::SUBSCRIBER, Family::BroadWorks, SUBSCRIBERS_WRITE, FULL, 204),
    op("sendConsentMoveEmail", "POST", path::CONSENT_MOVE, Family::BroadWorks, SUBSCRIBERS_WRITE, FULL, 204),
    op("listEnterprises", "GET", path::ENTERPRISES, Family::BroadWorks, ENTERPRISES_READ, FULL, 200),
    op("getDirectorySync", "GET", path::DIRECTORY_SYNC, Family::BroadWorks, ENTERPRISES_READ, FULL, 200),
    op("updateDirectorySync", "PUT", path::DIRECTORY_SYNC, Family::BroadWorks, ENTERPRISES_WRITE, FULL, 200),
    op("triggerDirectorySync", "POST", path::DIRECTORY_SYNC, Family::BroadWorks, ENTERPRISES_WRITE, FULL, 200),
    op("syncExternalUser", "POST", path::EXTERNAL_USER, Family::BroadWorks, ENTERPRISES_WRITE, FULL, 200),
    op("searchUsers", "GET", path::SCIM_USERS, Family::Scim, IDENTITY_READ, SCIM_READERS, 200),
    op("createUser", "POST", path::SCIM_USERS, Family::Scim, IDENTITY_WRITE, SCIM_WRITERS, 201),
    op("getUser", "GET", path::SCIM_USER, Family::Scim, IDENTITY_READ, SCIM_READERS, 200),
    op("replaceUser", "PUT", path::SCIM_USER, Family::Scim, IDENTITY_WRITE, SCIM_WRITERS, 200),
    op("patchUser", "PATCH", path::SCIM_USER, Family::Scim, IDENTITY_WRITE, SCIM_WRITERS, 200),
    op("deleteUser", "DELETE", path::SCIM_USER, Family::Scim, IDENTITY_WRITE, SCIM_WRITERS, 204),
    op("getUserMe", "GET", path::SCIM_ME, Family::Scim, IDENTITY_READ, &[], 200),
    op("bulk", "POST", path::SCIM_BULK, Family::Scim, IDENTITY_WRITE, SCIM_WRITERS, 200),
    op("getTokenExpiry", "GET", path::TOKEN_EXPIRY, Family::Api, Scopes::Token, &[], 200),
];

const fn op(
    id: &'static str,
    method: &'static str,
    path: &'static str,
    family: Family,
    scopes: Scopes,
    roles: &'static [&'static str],
    success: u16,
) -> Operation {
    Operation {
        id,
        method,
        path,
        family,
        scopes,
        roles,
        success,
    }
}

impl Operation {
    /// The operation behind a route: HEAD is a GET whose body stays behind (RFC 9110, section 9.3.2).
    pub(crate) fn of(method: &Method, template: &str) -> Option<&'static Self> {
        let method = if *method == Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        OPERATIONS
            .iter()
            .find(|operation| operation.path == template && operation.method == method)
    }

    /// The operation of this name.
    pub(crate) fn named(id: &str) -> Option<&'static Self> {
        OPERATIONS.iter().find(|operation| operation.id == id)
    }

    /// The statuses that Webex documents: that of success, and those that its specifications declare for every operation of
    /// the API. What the authorization server may answer is in "Login with Webex".
    pub(crate) fn documented(&self) -> impl Iterator<Item = u16> {
        let others: &[u16] = match (self.family, self.id) {
            (Family::OAuth, "token") => &[400, 401, 429],
            (Family::OAuth, _) => &[400],
            (_, "probe") => &[401],
            (_, "sendConsentMoveEmail") => &[400, 401, 403, 404, 405, 409, 429, 500, 502, 503, 504],
            _ => &[
                400, 401, 403, 404, 405, 409, 410, 415, 423, 428, 429, 500, 502, 503, 504,
            ],
        };
        std::iter::once(self.success).chain(others.iter().copied())
    }

    /// The operation whose route a request comes nearest to: the most segments in common, then the method.
    pub(crate) fn nearest(method: &Method, path: &str) -> Option<&'static Self> {
        let segments: Vec<_> = path.trim_matches('/').split('/').collect();
        let likeness = |operation: &&Self| {
            let own: Vec<_> = operation.path.trim_matches('/').split('/').collect();
            let pairs = || own.iter().zip(&segments);
            let same = pairs()
                .filter(|(own, sent)| own.starts_with('{') || own == sent)
                .count();
            let alike: usize = pairs().map(|(own, sent)| common_prefix(own, sent)).sum();
            let literal = own.iter().filter(|own| segments.contains(own)).count();
            let apart = own.len().abs_diff(segments.len());
            (
                literal,
                same,
                alike,
                usize::MAX - apart,
                operation.method == method.as_str(),
            )
        };
        let nearest = OPERATIONS.iter().max_by_key(likeness)?;
        // A version in common is no likeness.
        (likeness(&nearest).0 > 1).then_some(nearest)
    }

    /// The methods of a template, as an `Allow` field lists them.
    pub(crate) fn allowed(template: &str) -> String {
        let methods = OPERATIONS.iter().filter(|operation| operation.path == template);
        let names = methods.flat_map(|operation| match operation.method {
            "GET" => &["GET", "HEAD"][..],
            _ => std::slice::from_ref(&operation.method),
        });
        names.copied().collect::<Vec<_>>().join(", ")
    }
}

fn common_prefix(one: &str, other: &str) -> usize {
    one.bytes()
        .zip(other.bytes())
        .take_while(|(one, other)| one == other)
        .count()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_operation_is_found_by_its_route() {
        let person = Operation::of(&Method::PUT, path::PERSON).unwrap();
        assert_eq!(person.id, "updatePerson");
        assert_eq!(Operation::of(&Method::HEAD, path::ME).unwrap().id, "getMe");
        assert_eq!(Operation::of(&Method::PUT, path::ME), None);
        assert_eq!(Operation::named("getMe").unwrap().path, path::ME);
    }

    #[test]
    fn the_nearest_operation_shares_most_of_the_path() {
        let nearest = |method, path| Operation::nearest(&method, path).map(|operation| operation.id);
        assert_eq!(
            nearest(Method::GET, "/v1/broadworks/subscriber"),
            Some("listSubscribers")
        );
        assert_eq!(nearest(Method::GET, "/v1/people/x/y"), Some("getPerson"));
        assert_eq!(nearest(Method::GET, "/v1/rooms"), None);
        assert_eq!(
            nearest(Method::GET, "/identity/scim/o/v1/Users"),
            Some("searchUsers")
        );
    }

    #[test]
    fn names_and_routes_are_unique() {
        let names: HashSet<_> = OPERATIONS.iter().map(|operation| operation.id).collect();
        let routes: HashSet<_> = OPERATIONS
            .iter()
            .map(|operation| (operation.method, operation.path))
            .collect();
        assert_eq!((names.len(), routes.len()), (OPERATIONS.len(), OPERATIONS.len()));
    }

    #[test]
    fn the_allowed_methods_are_those_of_the_table() {
        assert_eq!(Operation::allowed(path::PERSON), "GET, HEAD, PUT, DELETE");
        assert_eq!(Operation::allowed(path::ACCESS_TOKEN), "POST");
    }
}
