//! `/v1/people`: every operation over HTTP, who may use it, and what is wrong with a request.

use reqwest::Method;
use serde_json::{Value, json};
use webex_sim::Seed;

use crate::harness::{Answer, CALLBACK, Sim, Tokens};

mod read;
mod write;

const WORLD: &str = include_str!("../../../fixtures/worlds/acme.json");
const PEOPLE: &str = "/v1/people";

/// A user of the same organisation as [`ADMIN`], without roles.
const USER: &str = "casey.lind@acme.example.com";

/// The administrator of the other organisation.
const OTHER: &str = "devon.okafor@birch.example.com";

const ADMIN_SCOPES: &str = "spark:people_read spark-admin:people_read spark-admin:people_write";

/// The built-in world, in which the first organisation manages the second.
fn managed() -> Seed {
    let mut world: Value = serde_json::from_str(WORLD).unwrap();
    world["organizations"][1]["managedBy"] = world["organizations"][0]["id"].clone();
    Seed::from_json(&world.to_string()).unwrap()
}

async fn sign_in(sim: &Sim, email: &str, scopes: &str) -> Tokens {
    sim.running.control().accept_as(email).await.unwrap();
    let client = sim.running.client_id();
    let scopes = scopes.replace(' ', "+");
    let path = format!("/v1/authorize?client_id={client}&response_type=code&scope={scopes}");
    let code = sim.open(&path).await.redirect_param("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    sim.token(&form).await.tokens()
}

/// A simulator and an administrator's access token.
async fn start() -> (Sim, String) {
    let sim = Sim::start().await;
    let token = sim.log_in().await.access;
    (sim, token)
}

async fn send(sim: &Sim, method: Method, path: &str, token: &str, body: &Value) -> Answer {
    let url = format!("{}{path}", sim.running.url());
    let request = sim.http.request(method, url).bearer_auth(token).json(body);
    Answer::of(request.send().await.unwrap()).await
}

#[track_caller]
fn item(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Primary addresses of a list, without their domain.
#[track_caller]
fn names(answer: &Answer) -> Vec<String> {
    let list = item(answer);
    let emails = list["items"].as_array().unwrap().iter();
    let emails = emails.map(|person| person["emails"][0].as_str().unwrap().split('@').next().unwrap());
    emails.map(str::to_owned).collect()
}

#[track_caller]
fn descriptions(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 400, "{}", answer.body);
    let body = answer.json();
    let errors = body["errors"].as_array().unwrap().iter();
    errors
        .map(|error| error["description"].as_str().unwrap().to_owned())
        .collect()
}

/// Path and query of the next page.
fn next(sim: &Sim, answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let url = link
        .strip_prefix('<')
        .unwrap()
        .strip_suffix(">; rel=\"next\"")
        .unwrap();
    Some(url.strip_prefix(&sim.running.url()).unwrap().to_owned())
}

/// Creates `test-<n>` for each number; their ids.
async fn create(sim: &Sim, token: &str, numbers: std::ops::Range<usize>) -> Vec<String> {
    let mut ids = Vec::new();
    for n in numbers {
        let body =
            json!({"emails": [format!("test-{n}@acme.example.com")], "displayName": format!("Test {n}")});
        let answer = send(sim, Method::POST, PEOPLE, token, &body).await;
        ids.push(item(&answer)["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn id_of(sim: &Sim, token: &str, email: &str) -> String {
    let list = item(&sim.get(&format!("{PEOPLE}?email={email}"), token).await);
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

fn percent_encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}
