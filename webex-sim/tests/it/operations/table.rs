//! What a good request is, for each operation, and which statuses come by themselves.

use serde_json::{Value, json};

use super::stage::{Stage, USER, subscriber};
use crate::harness::{ADMIN, ADMIN_PASSWORD, CALLBACK};

/// A request without its method.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) path: String,
    pub(super) sent: Sent,
}

/// The body of a request.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    Nothing,
    Json(Value),
    Form(Vec<(&'static str, String)>),
    /// Media type and text.
    Raw(&'static str, &'static str),
}

/// Makes a request for the world it is tried in.
type Make = fn(&Stage) -> Call;

/// An operation.
pub(super) struct Entry {
    pub(super) id: &'static str,
    pub(super) access: Access,
    /// Is answered with the status of success, once.
    pub(super) good: Make,
    /// Are answered with these statuses, as often as one likes.
    pub(super) natural: &'static [(u16, Make)],
}

/// Who may.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everybody, without a token.
    Open,
    /// Whoever has a token.
    Token,
    /// With all scopes of one of these texts.
    Scopes(&'static [&'static str]),
    /// The same for administrators.
    Admin(&'static [&'static str]),
}

use Access::{Admin, Open, Scopes, Token};

const PEOPLE_READ: &[&str] = &["spark:people_read", "spark-admin:people_read"];
const PEOPLE_WRITE: &[&str] = &["spark-admin:people_write spark-admin:people_read"];
const ORGANIZATIONS_READ: &[&str] = &["spark-admin:organizations_read"];
const ORGANIZATIONS_WRITE: &[&str] = &["spark-admin:organizations_write"];
const SUBSCRIBERS_READ: &[&str] = &["spark-admin:broadworks_subscribers_read"];
const SUBSCRIBERS_WRITE: &[&str] = &["spark-admin:broadworks_subscribers_write"];
const ENTERPRISES_READ: &[&str] = &["spark-admin:broadworks_enterprises_read"];
const ENTERPRISES_WRITE: &[&str] = &["spark-admin:broadworks_enterprises_write"];
const IDENTITY_READ: &[&str] = &["identity:people_read", "identity:people_rw"];
const IDENTITY_WRITE: &[&str] = &["identity:people_rw"];

const SUBSCRIBERS: &str = "/v1/broadworks/subscribers";
const SYNC: &str = "/v1/broadworks/enterprises/{enterprise}/broadworksDirectorySync";
const IDLE_SYNC: &str = "/v1/broadworks/enterprises/{idle}/broadworksDirectorySync";
const USERS: &str = "/identity/scim/{acme_uuid}/v2/Users";
const CASEY: &str = "/identity/scim/{acme_uuid}/v2/Users/{casey_uuid}";

/// Every operation.
#[rustfmt::skip]
pub(super) const ENTRIES: &[Entry] = &[
    entry("authorize", Open, authorize, &[(400, |_| Call::get("/v1/authorize?client_id=C0"))]),
    entry("decide", Open, decide, &[(400, |_| Call::form("/v1/authorize", vec![("client_id", "C0".into())]))]),
    entry("token", Open, |stage| token(stage, "", &stage.code), &[(400, |stage| token(stage, "", "spent")), (400, |stage| token(stage, "x", &stage.code))]),
    entry("revoke", Open, revoke, &[(400, |stage| Call::form("/idb/oauth2/v1/revoke", client(stage, "")))]),
    entry("probe", Token, |_| Call::get("/"), &[]),
    entry("listPeople", Scopes(PEOPLE_READ), |_| Call::get(format!("/v1/people?email={USER}")), &[(400, |_| Call::get("/v1/people?max=0"))]),
    entry("createPerson", Admin(PEOPLE_WRITE), |_| Call::json("/v1/people", person("test-1@acme.example.com")), &[(409, |_| Call::json("/v1/people", person(USER)))]),
    entry("getMe", Scopes(PEOPLE_READ), |_| Call::get("/v1/people/me"), &[(400, |_| Call::get("/v1/people/me?callingData=x"))]),
    entry("getPerson", Scopes(PEOPLE_READ), |stage| Call::get(stage.path("/v1/people/{casey}")), &[(400, |stage| Call::get(stage.path("/v1/people/{casey}?callingData=x")))]),
    entry("updatePerson", Admin(PEOPLE_WRITE), |stage| Call::json(stage.path("/v1/people/{casey}"), person(USER)), &[(409, |stage| Call::json(stage.path("/v1/people/{casey}"), person(ADMIN)))]),
    entry("deletePerson", Admin(PEOPLE_WRITE), |stage| Call::get(stage.path("/v1/people/{casey}")), &[]),
    entry("listOrganizations", Admin(ORGANIZATIONS_READ), |_| Call::get("/v1/organizations"), &[]),
    entry("getOrganization", Admin(ORGANIZATIONS_READ), |stage| Call::get(stage.path("/v1/organizations/{acme}")), &[]),
    entry("deleteOrganization", Admin(ORGANIZATIONS_WRITE), |stage| Call::get(stage.path("/v1/organizations/{birch}")), &[(409, |stage| Call::get(stage.path("/v1/organizations/{acme}")))]),
    entry("listSubscribers", Admin(SUBSCRIBERS_READ), |_| Call::get(SUBSCRIBERS), &[(400, |_| Call::get(format!("{SUBSCRIBERS}?max=0")))]),
    entry("createSubscriber", Admin(SUBSCRIBERS_WRITE), |_| Call::json(SUBSCRIBERS, subscriber(3)), &[(409, |_| Call::json(SUBSCRIBERS, subscriber(1)))]),
    entry("precheckSubscriber", Admin(SUBSCRIBERS_WRITE), |_| Call::json(format!("{SUBSCRIBERS}/validate"), subscriber(3)), &[(400, |_| Call::json(format!("{SUBSCRIBERS}/validate"), subscriber(1)))]),
    entry("getSubscriber", Admin(SUBSCRIBERS_READ), |stage| Call::get(stage.path("/v1/broadworks/subscribers/{subscriber}")), &[]),
    entry("updateSubscriber", Admin(SUBSCRIBERS_WRITE), |stage| premium(stage, "{subscriber}"), &[(409, |stage| premium(stage, "{pending}"))]),
    entry("deleteSubscriber", Admin(SUBSCRIBERS_WRITE), |stage| Call::get(stage.path("/v1/broadworks/subscribers/{subscriber}")), &[]),
    entry("sendConsentMoveEmail", Admin(SUBSCRIBERS_WRITE), |stage| Call::get(stage.path("/v1/subscribers/{pending}/emails/consentMove")), &[(409, |stage| Call::get(stage.path("/v1/subscribers/{subscriber}/emails/consentMove")))]),
    entry("listEnterprises", Admin(ENTERPRISES_READ), |_| Call::get("/v1/broadworks/enterprises"), &[(400, |_| Call::get("/v1/broadworks/enterprises?max=0"))]),
    entry("getDirectorySync", Admin(ENTERPRISES_READ), |stage| Call::get(stage.path(SYNC)), &[]),
    entry("updateDirectorySync", Admin(ENTERPRISES_WRITE), |stage| Call::json(stage.path(SYNC), json!({"enableDirSync": true})), &[]),
    entry("triggerDirectorySync", Admin(ENTERPRISES_WRITE), |stage| sync_now(stage, SYNC), &[(409, |stage| sync_now(stage, IDLE_SYNC))]),
    entry("syncExternalUser", Admin(ENTERPRISES_WRITE), |stage| external_user(stage, SYNC), &[(409, |stage| external_user(stage, IDLE_SYNC))]),
    entry("searchUsers", Admin(IDENTITY_READ), |stage| Call::get(stage.path(USERS)), &[(400, |stage| Call::get(stage.path(USERS) + "?count=x"))]),
    entry("createUser", Admin(IDENTITY_WRITE), |stage| Call::json(stage.path(USERS), user("test-1@acme.example.com")), &[(409, |stage| Call::json(stage.path(USERS), user(USER)))]),
    entry("getUser", Admin(IDENTITY_READ), |stage| Call::get(stage.path(CASEY)), &[]),
    entry("replaceUser", Admin(IDENTITY_WRITE), |stage| Call::json(stage.path(CASEY), user(USER)), &[(409, |stage| Call::json(stage.path(CASEY), user(ADMIN)))]),
    entry("patchUser", Admin(IDENTITY_WRITE), |stage| patch(stage, "new@acme.example.com"), &[(409, |stage| patch(stage, ADMIN))]),
    entry("deleteUser", Admin(IDENTITY_WRITE), |stage| Call::get(stage.path(CASEY)), &[]),
    entry("getUserMe", Scopes(IDENTITY_READ), |_| Call::get("/identity/scim/v2/Users/me"), &[]),
    entry("bulk", Admin(IDENTITY_WRITE), bulk, &[]),
    entry("getTokenExpiry", Token, |_| Call::get("/v1/authorizations/tokenExpiry"), &[]),
];

const fn entry(id: &'static str, access: Access, good: Make, natural: &'static [(u16, Make)]) -> Entry {
    Entry {
        id,
        access,
        good,
        natural,
    }
}

impl Entry {
    pub(super) fn needs_token(&self) -> bool {
        self.access != Open
    }

    /// Each set of scopes that is enough; empty if none is needed.
    pub(super) fn scopes(&self) -> &'static [&'static str] {
        match self.access {
            Open | Token => &[],
            Scopes(sets) | Admin(sets) => sets,
        }
    }

    pub(super) fn is_for_administrators(&self) -> bool {
        matches!(self.access, Admin(_))
    }
}

impl Call {
    /// Without a body.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            sent: Sent::Nothing,
        }
    }

    pub(super) fn json(path: impl Into<String>, body: Value) -> Self {
        Self {
            path: path.into(),
            sent: Sent::Json(body),
        }
    }

    fn form(path: &str, form: Vec<(&'static str, String)>) -> Self {
        Self {
            path: path.into(),
            sent: Sent::Form(form),
        }
    }
}

fn authorize(stage: &Stage) -> Call {
    Call::get(format!("{}&prompt=none", stage.sim.authorize_path()))
}

/// What the page's button sends.
fn decide(stage: &Stage) -> Call {
    let form = vec![
        ("client_id", stage.sim.running.client_id().to_owned()),
        ("response_type", "code".to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("scope", "spark:people_read".to_owned()),
        ("decision", "accept".to_owned()),
        ("person", ADMIN.to_owned()),
        ("password", ADMIN_PASSWORD.to_owned()),
    ];
    Call::form("/v1/authorize", form)
}

/// The client's credentials; something may be wrong with the secret.
fn client(stage: &Stage, wrong: &str) -> Vec<(&'static str, String)> {
    let running = &stage.sim.running;
    vec![
        ("client_id", running.client_id().to_owned()),
        ("client_secret", format!("{}{wrong}", running.client_secret())),
    ]
}

fn token(stage: &Stage, wrong: &str, code: &str) -> Call {
    let mut form = client(stage, wrong);
    form.extend([
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
    ]);
    Call::form("/v1/access_token", form)
}

fn revoke(stage: &Stage) -> Call {
    let mut form = client(stage, "");
    form.push(("token", stage.refresh.clone()));
    Call::form("/idb/oauth2/v1/revoke", form)
}

fn person(email: &str) -> Value {
    json!({"emails": [email], "displayName": "Test"})
}

fn premium(stage: &Stage, id: &str) -> Call {
    let path = stage.path(&format!("{SUBSCRIBERS}/{id}"));
    Call::json(path, json!({"package": "premium"}))
}

fn sync_now(stage: &Stage, path: &str) -> Call {
    Call::json(stage.path(path), json!({"syncStatus": "SYNC_NOW"}))
}

fn external_user(stage: &Stage, path: &str) -> Call {
    let path = format!("{}/externalUser", stage.path(path));
    Call::json(path, json!({"userId": "user1@example.com"}))
}

fn user(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "userType": "user",
        "displayName": "Test",
    })
}

fn patch(stage: &Stage, name: &str) -> Call {
    let operation = json!({"op": "replace", "path": "userName", "value": name});
    let body =
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]});
    Call::json(stage.path(CASEY), body)
}

fn bulk(stage: &Stage) -> Call {
    let operation =
        json!({"method": "POST", "path": "/Users", "bulkId": "1", "data": user("test-1@acme.example.com")});
    let body =
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "operations": [operation]});
    Call::json(stage.path("/identity/scim/{acme_uuid}/v2/Bulk"), body)
}
