//! The world in which operations are tried: two organisations, one managed by the other, and two enterprises.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::Seed;
use webex_sim::types::{FaultRule, OperationCoverage, SubscriberStatus};

use super::table::{Call, Entry, Sent};
use crate::harness::{ADMIN, Answer, CALLBACK, Sim};

const WORLD: &str = include_str!("../../../../fixtures/worlds/acme.json");

/// A user without roles, of the administrator's organisation.
pub(super) const USER: &str = "casey.lind@acme.example.com";

/// That of the documentation's examples.
pub(super) const PROVISIONING_ID: &str =
    "ZjViMzYxODctYzhkZC00NzI3LThiMmYtZjljNDQ3ZjI5MDQ2OjQyODVmNTk0LTViNTEtNDdiZS05Mzk2LTZjMzZlMmFkODNhNQ";

/// A simulator with everything that the entries speak of.
pub(super) struct Stage {
    pub(super) sim: Sim,
    /// Of the administrator, with every scope.
    pub(super) token: String,
    pub(super) refresh: String,
    /// A code that nobody has exchanged yet.
    pub(super) code: String,
    /// What stands in paths, such as `subscriber`.
    ids: HashMap<&'static str, String>,
    operations: Vec<OperationCoverage>,
}

impl Stage {
    pub(super) async fn set() -> Self {
        let sim = Sim::with(|builder| builder.seed(seed())).await;
        let tokens = sim.log_in().await;
        let code = sim.code("").await;
        let operations = sim.running.coverage().operations;
        let mut stage = Self {
            sim,
            token: tokens.access,
            refresh: tokens.refresh,
            code,
            ids: HashMap::new(),
            operations,
        };
        stage.fill().await;
        stage
    }

    /// Two enterprises with a subscriber each: one is provisioned and synchronised, the other one waits for the user.
    async fn fill(&mut self) {
        for (n, name, enterprise) in [(1, "subscriber", "enterprise"), (2, "pending", "idle")] {
            let id = format!("user{n}@example.com");
            let subscriber = self
                .make(Call::json("/v1/broadworks/subscribers", subscriber(n)))
                .await;
            self.ids.insert(name, text(&subscriber["id"]));
            let status = match n {
                1 => SubscriberStatus::Provisioned,
                _ => SubscriberStatus::PendingUserMigration,
            };
            self.sim
                .running
                .control()
                .set_subscriber_status(&id, status)
                .await
                .unwrap();
            let path = format!("/v1/broadworks/enterprises?spEnterpriseId=Reseller{n}%2Bexample");
            let list = self.sim.get(&path, &self.token).await.json();
            self.ids.insert(enterprise, text(&list["items"][0]["id"]));
        }
        let path = self.path("/v1/broadworks/enterprises/{enterprise}/broadworksDirectorySync");
        let on = Call::json(path, json!({"enableDirSync": true}));
        let answer = self.send(Method::PUT, &on, Some(&self.token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        for (name, email) in [("avery", ADMIN), ("casey", USER)] {
            let list = self
                .sim
                .get(&format!("/v1/people?email={email}"), &self.token)
                .await
                .json();
            self.ids.insert(name, text(&list["items"][0]["id"]));
        }
        let list = self.sim.get("/v1/organizations", &self.token).await.json();
        for (n, name) in ["acme", "birch"].into_iter().enumerate() {
            self.ids.insert(name, text(&list["items"][n]["id"]));
        }
        let world: Value = serde_json::from_str(WORLD).unwrap();
        self.ids
            .insert("acme_uuid", text(&world["organizations"][0]["id"]));
        self.ids.insert("avery_uuid", text(&world["people"][0]["id"]));
        self.ids.insert("casey_uuid", text(&world["people"][2]["id"]));
    }

    async fn make(&self, call: Call) -> Value {
        let answer = self.send(Method::POST, &call, Some(&self.token)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// The operation of an entry, as the coverage lists it.
    pub(super) fn operation(&self, entry: &Entry) -> &OperationCoverage {
        let mut operations = self.operations.iter();
        operations.find(|one| one.operation == entry.id).expect(entry.id)
    }

    pub(super) fn method(&self, entry: &Entry) -> Method {
        self.operation(entry).method.parse().unwrap()
    }

    /// The documented statuses of an entry's operation.
    pub(super) fn documented(&self, entry: &Entry) -> Vec<u16> {
        let statuses = self.operation(entry).statuses.iter();
        let documented = statuses.filter(|status| status.documented);
        documented.map(|status| status.status).collect()
    }

    /// The status of success.
    pub(super) fn success(&self, entry: &Entry) -> u16 {
        match entry.id {
            // There is nothing; that is what is good about it.
            "probe" => 404,
            _ => self
                .documented(entry)
                .into_iter()
                .find(|status| *status < 400)
                .unwrap(),
        }
    }

    /// A path in which each `{name}` is the id of that name.
    pub(super) fn path(&self, template: &str) -> String {
        let mut path = template.to_owned();
        for (name, id) in &self.ids {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        assert!(!path.contains('{'), "{path} names something that is not there");
        path
    }

    /// Sends a request with this token, or with none.
    pub(super) async fn send(&self, method: Method, call: &Call, token: Option<&str>) -> Answer {
        let url = format!("{}{}", self.sim.running.url(), call.path);
        let mut request = self.sim.http.request(method, url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request = match &call.sent {
            Sent::Nothing => request,
            Sent::Json(body) => request.json(body),
            Sent::Form(form) => request.form(form),
            Sent::Raw(media_type, body) => request.header("content-type", *media_type).body(*body),
        };
        Answer::of(request.send().await.unwrap()).await
    }

    /// The answer to a request of an entry's operation by the administrator, if a token is needed.
    pub(super) async fn answer(&self, entry: &Entry, call: &Call) -> Answer {
        let token = entry.needs_token().then_some(self.token.as_str());
        self.send(self.method(entry), call, token).await
    }

    /// An access token of somebody for some scopes.
    pub(super) async fn token_of(&self, email: &str, scopes: &str) -> String {
        let sim = &self.sim;
        sim.running.control().accept_as(email).await.unwrap();
        let scopes = scopes.replace(' ', "+");
        let path = format!(
            "/v1/authorize?client_id={}&response_type=code&scope={scopes}",
            sim.running.client_id()
        );
        let code = sim.open(&path).await.redirect_param("code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
        ];
        sim.token(&form).await.tokens().access
    }

    /// Puts a rule in force in place of those before.
    pub(super) async fn fault(&self, rule: &FaultRule) {
        let control = self.sim.running.control();
        control.clear_faults().await.unwrap();
        control.add_fault(rule).await.unwrap();
    }
}

/// Every scope of the stage's integration.
pub(super) fn scopes() -> Vec<String> {
    let world: Value = serde_json::from_str(WORLD).unwrap();
    let scopes = world["integration"]["scopes"].as_array().unwrap().iter();
    scopes
        .map(text)
        .chain(["spark-admin:organizations_write".to_owned()])
        .collect()
}

/// One of several subscribers, each of an enterprise of its own.
pub(crate) fn subscriber(n: usize) -> Value {
    json!({
        "provisioningId": PROVISIONING_ID,
        "userId": format!("user{n}@example.com"),
        "spEnterpriseId": format!("Reseller{n}+example"),
        "firstName": "John",
        "lastName": "Andersen",
        "package": "standard",
        "primaryPhoneNumber": "+1-240-555-1212",
        "extension": "1212",
        "email": format!("user{n}@customer.example.com"),
    })
}

/// The built-in world, in which the first organisation manages the second, and with the scope to delete organisations.
fn seed() -> Seed {
    let mut world: Value = serde_json::from_str(WORLD).unwrap();
    world["organizations"][1]["managedBy"] = world["organizations"][0]["id"].clone();
    world["integration"]["scopes"] = json!(scopes());
    Seed::from_json(&world.to_string()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
