//! The OpenAPI document of the control API (OpenAPI Specification 3.1.0).

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::operation::{Body, Operation};
use super::types::Rejection;

/// What is in the variable parts of paths.
const PATH_PARAMETERS: [(&str, &str); 6] = [
    ("id", "Id of a rule."),
    ("name", "Name of a snapshot."),
    ("person", "E-mail address, UUID or Webex id of a person."),
    ("sequence", "Number of an entry."),
    (
        "subscriber",
        "Webex id, UUID or user ID of a BroadWorks subscriber.",
    ),
    ("world", "Name of a world."),
];

const DESCRIPTION: &str = "What a test or a developer does to the simulator behind the back of its clients. Times are RFC \
                           3339 texts in simulated time, secrets are fingerprints (the first 12 hex digits of their SHA-256) \
                           unless something else is said. What is refused changes nothing.";

/// The document: operations above all worlds, and those that each world has.
pub(super) fn document(of_worlds: &[Operation], of_a_world: &[Operation]) -> Value {
    // JSON Schema 2020-12 is what OpenAPI 3.1 uses.
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut schemas = settings.into_generator();
    let mut paths = Map::new();
    for operation in of_worlds.iter().chain(of_a_world) {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| path_item(operation.path));
        path[operation.method.name()] = documented(operation, &mut schemas);
    }
    for operation in of_worlds {
        // The others are under each world as well.
        paths[operation.path]["servers"] = json!([{ "url": "/__sim" }]);
    }
    let rejection = schemas.subschema_for::<Rejection>();
    let refused = |description: &str| {
        json!({
            "description": description,
            "content": { "application/json": { "schema": rejection } },
        })
    };
    let responses = json!({
        "Invalid": refused("A field or parameter is wrong; nothing has changed."),
        "Absent": refused("Something that the path names is not there; nothing has changed."),
    });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Control API of webex-sim",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
        },
        "servers": [
            { "url": "/__sim", "description": "The first world, called `default`." },
            {
                "url": "/__sim/worlds/{world}",
                "description": "Any world.",
                "variables": { "world": { "default": "default", "description": "Name of the world." } },
            },
        ],
        "paths": paths,
        "components": { "schemas": schemas.take_definitions(true), "responses": responses },
    })
}

/// What all methods of a path have in common.
fn path_item(path: &str) -> Value {
    let parameters: Vec<_> = variables(path)
        .map(|name| {
            let description = PATH_PARAMETERS.iter().find(|(own, _)| *own == name);
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "description": description.map_or("", |(_, description)| description),
                "schema": { "type": "string" },
            })
        })
        .collect();
    if parameters.is_empty() {
        json!({})
    } else {
        json!({ "parameters": parameters })
    }
}

/// The names between braces.
fn variables(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn documented(operation: &Operation, schemas: &mut SchemaGenerator) -> Value {
    let mut documented = json!({ "operationId": operation.id, "summary": operation.summary });
    let mut parameters = Vec::new();
    for query in &operation.queries {
        let schema = query(schemas).to_value();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            parameters.push(parameter(name, property));
        }
    }
    if !parameters.is_empty() {
        documented["parameters"] = parameters.into();
    }
    if let Some(body) = operation.body {
        documented["requestBody"] = json!({ "required": true, "content": content(body, schemas) });
    }
    documented["responses"] = json!({
        "200": { "description": "Done.", "content": content(operation.answer, schemas) },
        "400": { "$ref": "#/components/responses/Invalid" },
        "404": { "$ref": "#/components/responses/Absent" },
    });
    documented
}

/// A parameter of the query. Its description is not part of its schema, and null is not a value there.
fn parameter(name: &str, property: &Value) -> Value {
    let mut schema = property.clone();
    let description = schema
        .as_object_mut()
        .and_then(|fields| fields.remove("description"));
    if let Some(kind) = schema["type"]
        .as_array()
        .and_then(|kinds| kinds.iter().find(|kind| *kind != "null"))
        .cloned()
    {
        schema["type"] = kind;
    }
    json!({ "name": name, "in": "query", "description": description, "schema": schema })
}

fn content(body: Body, schemas: &mut SchemaGenerator) -> Value {
    match body {
        Body::Json(schema) => json!({ "application/json": { "schema": schema(schemas) } }),
        Body::AnyJson => json!({ "application/json": { "schema": { "type": "object" } } }),
        Body::Pem => json!({ "application/x-pem-file": { "schema": { "type": "string" } } }),
    }
}
