//! What the product keeps to itself: everything but the callback, its rights, and its secrets.

mod leaks;
mod outside;
mod tricks;

/// What applications use and nobody outside may: a call to Webex, and what the gateway tells of itself.
const INSIDE: [&str; 6] = [
    "/v1/people/me",
    "/metrics",
    "/status",
    "/health",
    "/livez",
    "/readyz",
];
