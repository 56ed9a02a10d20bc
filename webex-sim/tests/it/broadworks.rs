//! Webex for BroadWorks, as an administrator of a service provider sees it.

mod access;
mod any_body;
mod changes;
mod control;
mod enterprises;
mod filters;
mod story;
mod subscribers;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, CALLBACK, Sim};

const SUBSCRIBERS: &str = "/v1/broadworks/subscribers";
const ENTERPRISES: &str = "/v1/broadworks/enterprises";

/// That of the documentation's examples.
const PROVISIONING_ID: &str =
    "ZjViMzYxODctYzhkZC00NzI3LThiMmYtZjljNDQ3ZjI5MDQ2OjQyODVmNTk0LTViNTEtNDdiZS05Mzk2LTZjMzZlMmFkODNhNQ";

/// Somebody with a token.
struct Client {
    sim: Sim,
    token: String,
}

impl Client {
    /// A partner's administrator with all scopes.
    async fn start() -> Self {
        let sim = Sim::start().await;
        let token = sim.log_in().await.access;
        Self { sim, token }
    }

    async fn get(&self, path: &str) -> Answer {
        self.sim.get(path, &self.token).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.sim.call(Method::DELETE, path, &self.token).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &self.token, body).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::PUT, path, &self.token, body).await
    }

    async fn send(&self, method: Method, path: &str, token: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.sim.running.url());
        let request = self.sim.http.request(method, url).bearer_auth(token).json(body);
        Answer::of(request.send().await.unwrap()).await
    }

    /// Begins to provision a subscriber; the answer.
    async fn provision(&self, body: &Value) -> Value {
        let answer = self.post(SUBSCRIBERS, body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// The subscriber as it is now.
    async fn look(&self, subscriber: &Value) -> Value {
        let answer = self.get(&path_of(subscriber)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// A subscriber who is provisioned.
    async fn provisioned(&self, body: &Value) -> Value {
        let subscriber = self.provision(body).await;
        self.pass(2).await;
        let subscriber = self.look(&subscriber).await;
        assert_eq!(subscriber["status"], "provisioned", "{subscriber}");
        subscriber
    }

    async fn pass(&self, seconds: u64) {
        let control = self.sim.running.control();
        control.advance(Duration::from_secs(seconds)).await.unwrap();
    }

    /// The enterprise of the only subscribers there are.
    async fn enterprise(&self) -> Value {
        let list = self.get(ENTERPRISES).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        list["items"][0].clone()
    }

    /// A token of somebody for some scopes.
    async fn token_of(&self, email: &str, scopes: &str) -> String {
        self.sim.running.control().accept_as(email).await.unwrap();
        let client = self.sim.running.client_id();
        let path = format!("/v1/authorize?client_id={client}&response_type=code&scope={scopes}");
        let code = self.sim.open(&path).await.redirect_param("code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
        ];
        self.sim.token(&form).await.tokens().access
    }
}

/// What it takes to provision the subscriber of the documentation's examples, with changes.
fn john(changes: &Value) -> Value {
    let mut body = json!({
        "provisioningId": PROVISIONING_ID,
        "userId": "95547321@example.com",
        "spEnterpriseId": "Reseller1+example",
        "firstName": "John",
        "lastName": "Andersen",
        "package": "standard",
        "primaryPhoneNumber": "+1-240-555-1212",
        "mobilePhoneNumber": "+1-818-279-1234",
        "extension": "1212",
        "email": "john.anderson@example.com",
    });
    let fields = body.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    body
}

/// One of many.
fn numbered(n: usize) -> Value {
    john(&json!({"userId": format!("{n}@example.com"), "email": format!("user{n}@example.com")}))
}

fn path_of(subscriber: &Value) -> String {
    format!("{SUBSCRIBERS}/{}", subscriber["id"].as_str().unwrap())
}

fn sync_path(enterprise: &Value) -> String {
    let id = enterprise["id"].as_str().unwrap();
    format!("{ENTERPRISES}/{id}/broadworksDirectorySync")
}

fn consent_path(subscriber: &Value) -> String {
    let id = subscriber["id"].as_str().unwrap();
    format!("/v1/subscribers/{id}/emails/consentMove")
}

/// For what is not itself under test.
#[track_caller]
fn accepted(answer: &Answer) {
    assert!(matches!(answer.status, 200 | 204), "{}", answer.body);
}

/// Status, codes and fields of an error.
#[track_caller]
fn problems(answer: &Answer) -> (u16, Value) {
    let body = answer.json();
    assert!(
        body["message"].is_string() && body["trackingId"].is_string(),
        "{body}"
    );
    let errors = body["errors"].as_array().unwrap();
    let of = |error: &Value| {
        assert!(!error["description"].as_str().unwrap().is_empty(), "{body}");
        json!([error["errorCode"], error["fieldName"]])
    };
    (answer.status, errors.iter().map(of).collect())
}
