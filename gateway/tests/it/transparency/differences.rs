//! What the gateway changes in a message, and that it may.

use std::collections::BTreeSet;
use std::fmt;

use super::Passed;
use super::message::{Message, values};

/// One thing that is not the same through the gateway.
#[derive(Debug)]
pub(super) struct Found {
    /// In a request or in an answer.
    pub(super) request: bool,
    /// `start`, `body`, `interim`, `order`, `case`, or the name of a field.
    pub(super) what: String,
    pub(super) trailer: bool,
    pub(super) direct: Vec<String>,
    pub(super) through: Vec<String>,
    /// The message nominates the field in `Connection`.
    nominated: bool,
}

/// A difference that is meant.
pub(super) struct Documented {
    pub(super) name: &'static str,
    /// As in `docs/http.md`.
    pub(super) sentence: &'static str,
    pub(super) covers: fn(&Found) -> bool,
}

impl fmt::Debug for Documented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const HOP_BY_HOP: [&str; 8] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "upgrade",
];

/// All of them.
pub(super) const DOCUMENTED: &[Documented] = &[
    Documented {
        name: "token",
        sentence: "`Authorization` of the request is the gateway's token, whatever the client sent.",
        covers: |found| found.field("authorization") && found.through == ["Bearer first-access-token"],
    },
    Documented {
        name: "host",
        sentence: "`Host` is the configured one.",
        covers: |found| found.field("host") && found.through.len() == 1,
    },
    Documented {
        name: "tracking-id",
        sentence: "A request without one proper `TrackingID` gets one, and an answer without one gets that of its request.",
        covers: |found| {
            found.what == "trackingid"
                && !found.trailer
                && found.direct.len() != 1
                && found.through.len() == 1
        },
    },
    Documented {
        name: "credentials",
        sentence: "`Cookie`, `X-Gateway-Key` and `Proxy` of the client do not reach Webex.",
        covers: |found| {
            found.request && ["cookie", "x-gateway-key", "proxy"].contains(&&*found.what) && found.is_gone()
        },
    },
    Documented {
        name: "inner-network",
        sentence: "`X-Forwarded-*`, `X-Real-IP`, `Forwarded` and `Via` of the client do not reach Webex.",
        covers: |found| {
            let described = found.what.starts_with("x-forwarded-");
            found.request
                && (described || ["x-real-ip", "forwarded", "via"].contains(&&*found.what))
                && found.is_gone()
        },
    },
    Documented {
        name: "underscores",
        sentence: "A field of a request that would be one of those with `-` for `_` does not reach Webex.",
        covers: |found| found.request && found.what.contains('_') && found.is_gone(),
    },
    Documented {
        name: "cookies-of-webex",
        sentence: "`Set-Cookie` does not reach clients: they share one grant.",
        covers: |found| !found.request && found.what == "set-cookie" && !found.trailer && found.is_gone(),
    },
    Documented {
        name: "own-errors",
        sentence: "`X-Webex-Gateway-Error` of Webex does not reach clients, nor as a trailer: it tells errors of the gateway.",
        covers: |found| !found.request && found.what == "x-webex-gateway-error" && found.is_gone(),
    },
    Documented {
        name: "hop-by-hop",
        sentence: "Fields of the connection end at the gateway (RFC 9110 section 7.6.1); `TE` goes on as `trailers` or not at all.",
        covers: |found| {
            HOP_BY_HOP.contains(&&*found.what)
                && !found.trailer
                && (found.is_gone() || found.through == ["trailers"])
        },
    },
    Documented {
        name: "nominated",
        sentence: "Fields that `Connection` nominates end at the gateway.",
        covers: |found| found.nominated && found.is_gone(),
    },
    Documented {
        name: "expectation",
        sentence: "`Expect` is met by the gateway and does not reach Webex.",
        covers: |found| found.field("expect") && found.is_gone(),
    },
    Documented {
        name: "interim-answers",
        sentence: "Interim answers (1xx) of Webex are dropped; the gateway itself answers 100 to an expectation.",
        covers: |found| found.what == "interim",
    },
    Documented {
        name: "links",
        sentence: "`Link` and `Location` that point at Webex point at the gateway.",
        covers: |found| {
            let turned = |text: &String| text.replace("<https://webexapis.com/", "<http://gw:9001/");
            let turned = |text: &String| {
                turned(text).replacen(
                    "https://webexapis.com/v1/people/1",
                    "http://gw:9001/v1/people/1",
                    1,
                )
            };
            let expected: Vec<_> = found.direct.iter().map(turned).collect();
            ["link", "location"].contains(&&*found.what) && found.through == expected
        },
    },
    Documented {
        name: "reason",
        sentence: "The reason phrase is the standard one for the status, and the version is the gateway's own.",
        covers: |found| {
            let status = |lines: &[String]| lines[0].split(' ').nth(1).map(str::to_owned);
            !found.request && found.what == "start" && status(&found.direct) == status(&found.through)
        },
    },
    Documented {
        name: "target-form",
        sentence: "A target in absolute form goes out in origin form; a fragment, which is no part of a target, does not go out.",
        covers: |found| {
            let absolute = |line: &String| line.contains("http://") || line.contains('#');
            found.request
                && found.what == "start"
                && absolute(&found.direct[0])
                && found.through[0].starts_with("GET /x")
        },
    },
    Documented {
        name: "old-version",
        sentence: "A request of HTTP/1.0 goes out as HTTP/1.1.",
        covers: |found| {
            found.request
                && found.what == "start"
                && found.direct[0].replace("HTTP/1.0", "HTTP/1.1") == found.through[0]
        },
    },
    Documented {
        name: "date",
        sentence: "An answer without `Date` gets one (RFC 9110 section 6.6.1).",
        covers: |found| {
            !found.request && found.what == "date" && found.direct.is_empty() && found.through.len() == 1
        },
    },
    Documented {
        name: "length-spelling",
        sentence: "`Content-Length` is written anew: one line, no leading zeros.",
        covers: |found| found.field("content-length") && found.through == ["5"],
    },
    Documented {
        name: "no-length-without-body",
        sentence: "A 204 or a 304, which has no body, comes without `Content-Length`.",
        covers: |found| !found.request && found.what == "content-length" && found.is_gone(),
    },
    Documented {
        name: "framing-of-answers",
        sentence: "An answer that the end of the connection ends becomes chunked.",
        covers: |found| {
            !found.request
                && found.what == "transfer-encoding"
                && found.direct.is_empty()
                && found.through == ["chunked"]
        },
    },
    Documented {
        name: "framing-of-head",
        sentence: "The answer to a HEAD does not tell a `Transfer-Encoding`.",
        covers: |found| !found.request && found.what == "transfer-encoding" && found.is_gone(),
    },
    Documented {
        name: "trailers-announced",
        sentence: "`Trailer` names, in lower case, what may pass; an answer has one only for clients of HTTP/1.1 that say `TE: trailers`.",
        covers: |found| found.what == "trailer" && !found.trailer,
    },
    Documented {
        name: "trailers-dropped",
        sentence: "Trailers that are not announced, that bring framing, routing or credentials, or whose client does not take any, are dropped.",
        covers: |found| found.trailer && found.is_gone(),
    },
    Documented {
        name: "names-in-lower-case",
        sentence: "Field names are in lower case, as in HTTP/2.",
        covers: |found| found.what == "case",
    },
    Documented {
        name: "order-of-names",
        sentence: "Lines of one name stay in order and stand together; the order of different names carries no meaning (RFC 9110 section 5.3).",
        covers: |found| found.what == "order",
    },
];

impl Found {
    fn field(&self, name: &str) -> bool {
        self.request && self.what == name && !self.trailer
    }

    fn is_gone(&self) -> bool {
        self.through.is_empty()
    }
}

/// Everything that is not the same.
pub(super) fn between(direct: &Passed, through: &Passed) -> Vec<Found> {
    let mut found = Vec::new();
    compare(true, &direct.request, &through.request, &mut found);
    let (last, last_through) = (direct.answers.last(), through.answers.last());
    compare(
        false,
        last.expect("an answer"),
        last_through.expect("an answer"),
        &mut found,
    );
    let interim = |passed: &Passed| -> Vec<String> {
        let all = passed.answers.iter().rev().skip(1);
        all.map(|answer| answer.start.clone()).collect()
    };
    note(&mut found, false, "interim", interim(direct), interim(through));
    found
}

fn compare(request: bool, direct: &Message, through: &Message, found: &mut Vec<Found>) {
    note(
        found,
        request,
        "start",
        vec![direct.start.clone()],
        vec![through.start.clone()],
    );
    let text = |message: &Message| vec![String::from_utf8_lossy(&message.body).into_owned()];
    note(found, request, "body", text(direct), text(through));
    for trailer in [false, true] {
        let of = |message: &Message| match trailer {
            true => message.trailers.clone(),
            false => message.fields.clone(),
        };
        let (before, after) = (of(direct), of(through));
        let names: BTreeSet<_> = before
            .iter()
            .chain(&after)
            .map(|(name, _)| name.to_ascii_lowercase())
            .collect();
        for name in names {
            let owned = |fields: &[(String, String)]| -> Vec<String> {
                values(fields, &name).into_iter().map(str::to_owned).collect()
            };
            let nominations = direct.value("connection").join(",").to_ascii_lowercase();
            let nominated = nominations.split(',').any(|nominated| nominated.trim() == name);
            let (direct, through) = (owned(&before), owned(&after));
            if direct != through {
                let what = name.clone();
                found.push(Found {
                    request,
                    what,
                    trailer,
                    direct,
                    through,
                    nominated,
                });
            }
        }
    }
    // Of the fields that both have: how they are written, and in which order.
    let kept = |of: &Message, other: &Message| -> Vec<String> {
        let both = of
            .names()
            .into_iter()
            .filter(|name| !other.value(name).is_empty() && !of.value(name).is_empty());
        both.map(str::to_owned).collect()
    };
    let (before, after) = (kept(direct, through), kept(through, direct));
    let lower =
        |names: &[String]| -> Vec<String> { names.iter().map(|name| name.to_ascii_lowercase()).collect() };
    let sorted = |mut names: Vec<String>| -> Vec<String> {
        names.sort_unstable();
        names
    };
    note(found, request, "order", lower(&before), lower(&after));
    if sorted(lower(&before)) == sorted(lower(&after)) {
        note(found, request, "case", sorted(before), sorted(after));
    }
}

fn note(found: &mut Vec<Found>, request: bool, what: &str, direct: Vec<String>, through: Vec<String>) {
    if direct != through {
        found.push(Found {
            request,
            what: what.to_owned(),
            trailer: false,
            direct,
            through,
            nominated: false,
        });
    }
}
