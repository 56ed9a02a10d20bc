//! The journal as an HTTP Archive (HAR 1.2), which browsers and proxies read and write, and which the simulator replays.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::control::types::{Content, Exchange, Version};

/// The exchanges that were answered, as an archive.
pub(crate) fn archive(exchanges: &[Exchange]) -> Value {
    let entries: Vec<_> = exchanges.iter().filter_map(entry).collect();
    json!({
        "log": {
            "version": "1.2",
            "creator": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
            "entries": entries,
        }
    })
}

fn entry(exchange: &Exchange) -> Option<Value> {
    let entry = &exchange.entry;
    let status = entry.status?;
    let started: Timestamp = entry.wall_time.parse().ok()?;
    let version = match entry.http_version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
        Version::Http2 => "HTTP/2.0",
    };
    let mut request = json!({
        "method": entry.method,
        "url": url(exchange),
        "httpVersion": version,
        "cookies": [],
        "headers": pairs(&entry.headers),
        "queryString": query(&entry.query),
        "headersSize": -1,
        "bodySize": exchange.request_body.as_ref().map_or(0, |body| body.size),
    });
    if let Some(body) = &exchange.request_body {
        request["postData"] = json!({"mimeType": body.media_type, "text": body.text});
    }
    let location = exchange
        .response_headers
        .iter()
        .find(|(name, _)| name == "location");
    Some(json!({
        "startedDateTime": format!("{started:.3}"),
        "time": entry.duration_ms,
        "request": request,
        "response": {
            "status": status,
            "statusText": http::StatusCode::from_u16(status).ok()?.canonical_reason().unwrap_or_default(),
            "httpVersion": version,
            "cookies": [],
            "headers": pairs(&exchange.response_headers),
            "content": content(exchange.response_body.as_ref()),
            "redirectURL": location.map_or("", |(_, value)| value),
            "headersSize": -1,
            "bodySize": exchange.response_body.as_ref().map_or(0, |body| body.size),
        },
        "cache": {},
        "timings": {"send": 0, "wait": entry.duration_ms, "receive": 0},
        "_sequence": entry.sequence,
        "_operation": entry.operation,
    }))
}

fn url(exchange: &Exchange) -> String {
    let entry = &exchange.entry;
    let scheme = if entry.tls { "https" } else { "http" };
    let host = entry.header("host").unwrap_or("localhost");
    let separator = if entry.query.is_empty() { "" } else { "?" };
    format!("{scheme}://{host}{}{separator}{}", entry.path, entry.query)
}

fn pairs(fields: &[(String, String)]) -> Vec<Value> {
    let named = fields
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}));
    named.collect()
}

fn query(query: &str) -> Vec<Value> {
    let fields = form_urlencoded::parse(query.as_bytes());
    fields
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect()
}

fn content(body: Option<&Content>) -> Value {
    let Some(body) = body else {
        return json!({"size": 0, "mimeType": ""});
    };
    let mut content = json!({"size": body.size, "mimeType": body.media_type, "text": body.text});
    if body.cut {
        // A replay leaves it out.
        content["_cut"] = true.into();
    }
    content
}
