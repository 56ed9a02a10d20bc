//! `POST /identity/scim/{orgId}/v2/Bulk` (API reference, "Bulk Manage SCIM 2 Users and Groups"; RFC 7644, section 3.7).

use std::collections::HashMap;

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::{OrganizationCall, Sent};
use super::error::{ErrorBody, ScimError};
use super::patch::{has_schema, member};
use super::read::{location, version};
use super::store::Store;
use crate::api::tracking::TrackingId;

/// Schemas of the messages.
const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// Operations in a request, and errors that it may tolerate, at most (API reference).
const MOST: usize = 100;

/// What marks a reference to a user that an earlier operation creates.
const REFERENCE: &str = "bulkId:";

/// Names of the list of operations, in requests and answers: the API reference has both, and public clients that were tried
/// with Webex send and read the first one. Each is answered as it asks.
const NAMES: [&str; 2] = ["operations", "Operations"];

/// A request whose operations have yet to be looked at.
struct Bulk {
    /// What the answer calls their outcomes.
    name: &'static str,
    operations: Vec<Map<String, Value>>,
    /// After so many errors it stops.
    fail_on_errors: Option<usize>,
}

/// What became of an operation.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bulk_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<ErrorBody>,
}

/// Runs the operations of a request, one after the other.
struct Run<'a, 'b> {
    store: &'a mut Store<'b>,
    base: &'a str,
    tracking: &'a TrackingId,
    /// Ids of the users that were created, by `bulkId`; none if that failed.
    created: HashMap<String, Option<String>>,
}

/// User bulk API.
pub(crate) async fn post(call: OrganizationCall, headers: HeaderMap, sent: Sent) -> Response {
    let bulk = match call.object(&headers, sent).and_then(|body| Bulk::read(&body)) {
        Ok(bulk) => bulk,
        Err(error) => return call.call.refuse(&error),
    };
    let outcomes = call.on_store(|store| {
        let run = Run {
            store,
            base: &call.call.base,
            tracking: &call.call.caller.context.tracking,
            created: HashMap::new(),
        };
        run.all(&bulk)
    });
    let mut body = json!({"schemas": [RESPONSE]});
    body[bulk.name] = json!(outcomes);
    call.call.json(StatusCode::OK, &body)
}

impl Bulk {
    fn read(body: &Map<String, Value>) -> Result<Self, ScimError> {
        has_schema(body, REQUEST)?;
        let fail_on_errors = match member(body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(number) => {
                let number = number.as_u64().and_then(|number| usize::try_from(number).ok());
                let number = number.filter(|number| (1..=MOST).contains(number));
                let wrong = || ScimError::Value(format!("failOnErrors is not an integer from 1 to {MOST}."));
                Some(number.ok_or_else(wrong)?)
            }
        };
        let name = NAMES[usize::from(!body.contains_key(NAMES[0]))];
        let Some(Value::Array(operations)) = member(body, NAMES[0]) else {
            return Err(ScimError::Syntax("operations is not a list.".to_owned()));
        };
        if operations.is_empty() {
            return Err(ScimError::Syntax("operations is empty.".to_owned()));
        }
        if operations.len() > MOST {
            let text = format!("{} operations are more than {MOST}.", operations.len());
            return Err(ScimError::TooLarge(text));
        }
        let objects: Option<Vec<_>> = operations
            .iter()
            .map(|operation| operation.as_object().cloned())
            .collect();
        let text = "operations holds something that is not an object.";
        Ok(Self {
            name,
            operations: objects.ok_or_else(|| ScimError::Syntax(text.to_owned()))?,
            fail_on_errors,
        })
    }
}

impl Run<'_, '_> {
    /// What became of each operation, up to the one with which there were too many errors.
    fn all(mut self, bulk: &Bulk) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        let mut errors = 0;
        for operation in &bulk.operations {
            let outcome = self.one(operation);
            errors += usize::from(outcome.response.is_some());
            outcomes.push(outcome);
            if bulk.fail_on_errors.is_some_and(|most| errors >= most) {
                break;
            }
        }
        outcomes
    }

    fn one(&mut self, operation: &Map<String, Value>) -> Outcome {
        let mut outcome = Outcome {
            method: member(operation, "method").cloned(),
            bulk_id: member(operation, "bulkId").cloned(),
            ..Outcome::default()
        };
        if let Err(error) = self.act(operation, &mut outcome) {
            let (status, _) = error.parts();
            outcome.status = status.as_u16().to_string();
            outcome.response = Some(error.body(self.tracking));
        }
        outcome
    }

    fn act(&mut self, operation: &Map<String, Value>, outcome: &mut Outcome) -> Result<(), ScimError> {
        let method = member(operation, "method")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let path = member(operation, "path").and_then(Value::as_str);
        let path = path.ok_or_else(|| ScimError::Syntax("path is missing.".to_owned()))?;
        if path == "/Groups" || path.starts_with("/Groups/") {
            return Err(ScimError::NotSimulated("Groups are not simulated.".to_owned()));
        }
        match method {
            "POST" => self.post(operation, path, outcome),
            "PATCH" => {
                let id = self.user(path, outcome)?;
                let data = self.data(operation)?;
                let id = self.store.patch(&id, &data)?;
                self.done(id, "200", outcome);
                Ok(())
            }
            "DELETE" => {
                let id = self.user(path, outcome)?;
                self.store.delete(&id)?;
                "204".clone_into(&mut outcome.status);
                Ok(())
            }
            _ => Err(ScimError::Syntax(
                "method is none of POST, PATCH, DELETE.".to_owned(),
            )),
        }
    }

    fn post(
        &mut self,
        operation: &Map<String, Value>,
        path: &str,
        outcome: &mut Outcome,
    ) -> Result<(), ScimError> {
        let bulk_id = member(operation, "bulkId").and_then(Value::as_str);
        let bulk_id = bulk_id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| ScimError::Value("bulkId is missing.".to_owned()))?;
        if self.created.contains_key(bulk_id) {
            return Err(ScimError::Value(format!("bulkId {bulk_id} is not the only one.")));
        }
        self.created.insert(bulk_id.to_owned(), None);
        if path != "/Users" {
            return Err(ScimError::Path(format!("{path} is not /Users.")));
        }
        let data = self.data(operation)?;
        let id = self.store.create(data)?;
        self.created.insert(bulk_id.to_owned(), Some(id.to_string()));
        self.done(id, "201", outcome);
        Ok(())
    }

    fn done(&self, id: Uuid, status: &str, outcome: &mut Outcome) {
        let directory = &self.store.state.directory;
        let person = &directory.people[&id];
        outcome.location = Some(location(person, self.base));
        outcome.version = Some(version(person, directory));
        status.clone_into(&mut outcome.status);
    }

    /// The id in `/Users/{id}`. From then on the place is known, and told, too, if it fails.
    fn user(&self, path: &str, outcome: &mut Outcome) -> Result<String, ScimError> {
        let id = path
            .strip_prefix("/Users/")
            .filter(|id| !id.is_empty() && !id.contains('/'));
        let id = id.ok_or_else(|| ScimError::Path(format!("{path} is not /Users/{{id}}.")))?;
        let id = match id.strip_prefix(REFERENCE) {
            Some(bulk_id) => self.referred(bulk_id)?.to_owned(),
            None => id.to_owned(),
        };
        outcome.location = Some(format!(
            "{}/identity/scim/{}/v2/Users/{id}",
            self.base, self.store.organization
        ));
        Ok(id)
    }

    /// The data with its references resolved.
    fn data(&self, operation: &Map<String, Value>) -> Result<Map<String, Value>, ScimError> {
        let Some(Value::Object(data)) = member(operation, "data") else {
            return Err(ScimError::Syntax("data is not an object.".to_owned()));
        };
        let mut data = Value::Object(data.clone());
        self.resolve(&mut data)?;
        match data {
            Value::Object(data) => Ok(data),
            _ => unreachable!("resolving keeps an object an object"),
        }
    }

    fn resolve(&self, value: &mut Value) -> Result<(), ScimError> {
        match value {
            Value::String(text) => {
                if let Some(bulk_id) = text.strip_prefix(REFERENCE) {
                    *text = self.referred(bulk_id)?.to_owned();
                }
                Ok(())
            }
            Value::Array(values) => values.iter_mut().try_for_each(|value| self.resolve(value)),
            Value::Object(fields) => fields.values_mut().try_for_each(|value| self.resolve(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    fn referred(&self, bulk_id: &str) -> Result<&str, ScimError> {
        let id = self.created.get(bulk_id).and_then(Option::as_deref);
        id.ok_or_else(|| {
            ScimError::Conflict(format!(
                "{REFERENCE}{bulk_id} is no user that an earlier operation has created."
            ))
        })
    }
}
