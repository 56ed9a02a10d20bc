//! What a listener serves: the gateway's own routes, and everything else to Webex. Around every answer are the access log, and a
//! net for panics, which cost one request each.

use std::convert::Infallible;
use std::future::poll_fn;
use std::mem;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tower::{BoxError, ServiceExt as _};

use super::access_log::{Line, Logged};
use super::error::{self, Failed};
use super::serve::Peer;
use super::{Services, forward, is_forwarded};
use crate::metrics::labels::Source;
use crate::metrics::traffic::Traffic;
use crate::proxy::FromWebex;
use crate::proxy::target::ServedAt;

/// What is served. Clones share it.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    routes: Router,
    /// Where paths that are not the gateway's own lead; `None` where nothing is forwarded.
    services: Option<Services>,
    traffic: Arc<Traffic>,
    tracking_prefix: String,
}

/// The two ends of the connection on which a request came.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    /// The client's.
    pub peer: SocketAddr,
    /// Ours.
    pub local: SocketAddr,
}

/// The body of an answer.
pub enum Outbound {
    /// Of the gateway itself.
    Own(Body),
    /// Of Webex.
    Webex(FromWebex),
}

impl Site {
    /// `routes` for the gateway's own paths; everything else goes where `services` lead.
    #[must_use]
    pub fn forwarding(routes: Router, services: Services) -> Self {
        let site = Self::of(routes, &services);
        let inner = Arc::into_inner(site.0).expect("nobody else has it");
        Self(Arc::new(Inner {
            services: Some(services),
            ..inner
        }))
    }

    /// `routes` and nothing else.
    #[must_use]
    pub fn of(routes: Router, services: &Services) -> Self {
        let traffic = Arc::clone(&services.forwarder.traffic);
        Self::plain(routes, services.forwarder.tracking_prefix.clone(), traffic)
    }

    /// The same, with what surrounds an answer named apart.
    #[must_use]
    pub fn plain(routes: Router, tracking_prefix: String, traffic: Arc<Traffic>) -> Self {
        Self(Arc::new(Inner {
            routes,
            services: None,
            traffic,
            tracking_prefix,
        }))
    }

    /// Answers a request of `client`, of which nothing is left then.
    pub async fn answer(
        &self,
        request: &mut Request<Body>,
        ends: Ends,
        client: Arc<str>,
    ) -> Response<Logged<Outbound>> {
        let line = Line::begin(Arc::clone(&self.0.traffic), request, client);
        let mut routed = pin!(self.route(request, ends));
        let answer = poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| routed.as_mut().poll(cx)));
            polled
                .unwrap_or_else(|_| Poll::Ready(error::panicked(&self.0.tracking_prefix).map(Outbound::Own)))
        });
        let answer = answer.await;
        let source = answer.body().source();
        line.follow(answer, source)
    }

    async fn route(&self, request: &mut Request<Body>, ends: Ends) -> Response<Outbound> {
        if let Some(services) = &self.0.services
            && is_forwarded(request.uri().path())
        {
            let answer = forward(services, request, &ServedAt(ends.local)).await;
            return match answer {
                Ok(answer) => answer.map(Outbound::Webex),
                Err(failed) => own(failed),
            };
        }
        // Rare: forwarded requests need not carry the room for it.
        Box::pin(self.own_route(mem::take(request), ends)).await
    }

    async fn own_route(&self, mut request: Request<Body>, ends: Ends) -> Response<Outbound> {
        request.extensions_mut().insert(Peer(ends.peer));
        let answer: Result<_, Infallible> = self.0.routes.clone().oneshot(request).await;
        answer.unwrap_or_else(|never| match never {}).map(Outbound::Own)
    }
}

fn own(failed: Failed) -> Response<Outbound> {
    failed.into_response().map(Outbound::Own)
}

impl Outbound {
    fn source(&self) -> Source {
        match self {
            Self::Own(_) => Source::Gateway,
            Self::Webex(_) => Source::Upstream,
        }
    }
}

impl HttpBody for Outbound {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Own(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(BoxError::from))),
            Self::Webex(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Webex(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Webex(body) => body.size_hint(),
        }
    }
}
