//! What an operation of the control API is called, takes and answers. [`Routes`](super::routes::Routes) turns it into a
//! route, [`openapi`](super::openapi) into documentation.

use axum::routing::MethodFilter;
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Gives the schema of a type.
pub(super) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One method of one path.
#[derive(Clone)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// Relative to `/__sim`; set by the routes.
    pub(super) path: &'static str,
    /// Unique.
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    /// Objects whose fields are parameters of the query.
    pub(super) queries: Vec<SchemaOf>,
    pub(super) body: Option<Body>,
    pub(super) answer: Body,
}

/// The methods of the control API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// What goes over the wire.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// JSON of a type.
    Json(SchemaOf),
    /// JSON that is documented elsewhere.
    AnyJson,
    /// A certificate.
    Pem,
}

// === impl Operation ===

impl Operation {
    pub(super) fn get(id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Get, id, summary)
    }

    pub(super) fn post(id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Post, id, summary)
    }

    pub(super) fn put(id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Put, id, summary)
    }

    pub(super) fn patch(id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Patch, id, summary)
    }

    pub(super) fn delete(id: &'static str, summary: &'static str) -> Self {
        Self::new(Method::Delete, id, summary)
    }

    /// Has the fields of `T` as parameters of its query.
    pub(super) fn query<T: JsonSchema>(mut self) -> Self {
        self.queries.push(T::json_schema);
        self
    }

    /// Takes a `T`.
    pub(super) fn takes<T: JsonSchema>(mut self) -> Self {
        self.body = Some(Body::Json(SchemaGenerator::subschema_for::<T>));
        self
    }

    /// Takes JSON of a format that is documented elsewhere.
    pub(super) fn takes_json(mut self) -> Self {
        self.body = Some(Body::AnyJson);
        self
    }

    /// Answers with a `T`.
    pub(super) fn answers<T: JsonSchema>(mut self) -> Self {
        self.answer = Body::Json(SchemaGenerator::subschema_for::<T>);
        self
    }

    /// Answers with a certificate.
    pub(super) fn answers_pem(mut self) -> Self {
        self.answer = Body::Pem;
        self
    }

    fn new(method: Method, id: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path: "",
            id,
            summary,
            queries: Vec::new(),
            body: None,
            answer: Body::AnyJson,
        }
    }
}

// === impl Method ===

impl Method {
    /// Its name in an OpenAPI document.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    pub(super) fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }
}
