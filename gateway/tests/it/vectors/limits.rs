//! Sizes: what is within them passes, what is above is refused with the status for it.

use super::Vector;

/// The longest target, in bytes.
const TARGET: usize = 16 * 1024;
/// The most fields.
const FIELDS: usize = 128;
/// The largest head, in bytes.
const HEAD: usize = 64 * 1024;

pub(super) fn vectors() -> Vec<Vector> {
    let target = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: gw\r\n\r\n", "a".repeat(length - 1));
    let fields = |count: usize| {
        format!(
            "GET /x HTTP/1.1\r\nHost: gw\r\n{}\r\n",
            "X-A: 1\r\n".repeat(count - 1)
        )
    };
    let field = |length: usize| {
        format!(
            "GET /x HTTP/1.1\r\nHost: gw\r\nX-A: {}\r\n\r\n",
            "a".repeat(length)
        )
    };
    let longest: &'static str = Box::leak(format!("GET /{}", "a".repeat(TARGET - 1)).into_boxed_str());
    let method = "A".repeat(1024);
    let method_seen: &'static str = Box::leak(format!("{method} /x").into_boxed_str());
    vec![
        Vector::new("target-of-16-kib", "RFC 9112 3", target(TARGET)).webex(&[longest]),
        Vector::new("target-above-16-kib", "RFC 9110 15.5.15", target(TARGET + 1)).refused(414, "too_large"),
        Vector::new("target-above-64-kib", "RFC 9110 15.5.15", target(HEAD - 20)).refused(414, "too_large"),
        Vector::new(
            "target-without-end",
            "RFC 9110 15.5.15; RFC 6585 5",
            format!("GET /{}", "a".repeat(4 * HEAD)),
        )
        .unreadable(431),
        Vector::new("fields-128", "own limit", fields(FIELDS)).webex(&["GET /x"]),
        Vector::new("fields-129", "RFC 6585 5", fields(FIELDS + 1)).unreadable(431),
        Vector::new("fields-10000", "RFC 6585 5", fields(10_000)).unreadable(431),
        Vector::new("field-of-60-kib", "own limit", field(60 * 1024)).webex(&["GET /x"]),
        Vector::new("field-of-512-kib", "RFC 6585 5", field(8 * HEAD)).unreadable(431),
        Vector::new(
            "field-name-of-60-kib",
            "RFC 9110 5.1",
            format!(
                "GET /x HTTP/1.1\r\nHost: gw\r\n{}: 1\r\n\r\n",
                "a".repeat(60 * 1024)
            ),
        )
        .webex(&["GET /x"]),
        Vector::new(
            "method-of-1-kib",
            "RFC 9110 9.1",
            format!("{method} /x HTTP/1.1\r\nHost: gw\r\n\r\n"),
        )
        .webex(&[method_seen]),
        Vector::new("line-ends-without-end", "RFC 9112 2.2", "\r\n".repeat(HEAD)).unreadable(431),
    ]
}
