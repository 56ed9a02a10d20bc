//! Forwards a request to Webex: byte for byte what the client meant, plus the token.

pub mod body;
pub mod budget;
pub mod headers;
pub mod links;
pub mod target;
pub mod tracking;
pub mod upstream;

use std::mem;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Version};
use tokio::time::Instant;
use tracing::debug;

use crate::dump;
use crate::error::GatewayError;
use crate::metrics::labels::Retry;
use crate::metrics::traffic::Traffic;
use crate::token::keeper::{Access, Keeper, Sight};
use crate::tracking_id::TrackingId;
use body::{Attempt, ClientFault, IdleLimited, Replay};
use budget::{Budget, Exhausted};
use headers::passing::Passing;
use target::ServedAt;
use upstream::arriving::Arriving;
use upstream::question::Question;
use upstream::{Answer, Upstream};

/// Sends requests to Webex with the token of the keeper.
#[derive(Clone, Debug)]
pub struct Forwarder {
    /// Holds the tokens.
    pub keeper: Keeper,
    /// Shows them.
    pub sight: Sight,
    /// The way to Webex.
    pub upstream: Upstream,
    /// Where requests are counted.
    pub traffic: Arc<Traffic>,
    /// From the end of the request's body to the head of the answer.
    pub timeout: Duration,
    /// A body that makes no progress for this long, in either direction, is given up.
    pub idle: Duration,
    /// The prefix of the `TrackingID`s that the gateway makes.
    pub tracking_prefix: String,
}

/// The body of an answer of Webex on its way to a client.
pub type FromWebex = IdleLimited<Arriving>;

/// A request as it goes out, but for the token.
struct Outgoing<'a> {
    method: Method,
    target: PathAndQuery,
    passing: Passing,
    tracking_id: &'a TrackingId,
    body: Replay,
}

/// A request on its way. What is dropped without an outcome has been given up: its client has gone.
struct Sent<'a> {
    traffic: &'a Traffic,
    start: Instant,
    ended: bool,
}

impl Forwarder {
    /// Answers a client's request, of which nothing is left then, with what Webex says to it.
    pub async fn forward(
        &self,
        request: &mut Request<Body>,
        served_at: &ServedAt,
        tracking_id: &TrackingId,
    ) -> Result<Response<FromWebex>, GatewayError> {
        let target = target::check(request, served_at)?;
        let outgoing = self.outgoing(mem::take(request), target, tracking_id);
        let answer = self.exchange(&outgoing).await?;
        Ok(self.for_client(answer, &outgoing.passing))
    }

    /// Asks Webex for a path of the gateway's own choice, without a body.
    pub async fn ask(
        &self,
        method: Method,
        target: PathAndQuery,
        tracking_id: &TrackingId,
    ) -> Result<Answer, GatewayError> {
        self.exchange(&Outgoing {
            method,
            target,
            passing: Passing::none(),
            tracking_id,
            body: Replay::new(Body::empty(), self.idle, &self.traffic),
        })
        .await
    }

    /// Not a part of [`Self::forward`], which would hold what is left of the request.
    fn outgoing<'a>(
        &self,
        request: Request<Body>,
        target: PathAndQuery,
        tracking_id: &'a TrackingId,
    ) -> Outgoing<'a> {
        let (parts, body) = request.into_parts();
        Outgoing {
            method: parts.method,
            target,
            passing: Passing::of(parts.headers, parts.version),
            tracking_id,
            body: Replay::new(body, self.idle, &self.traffic),
        }
    }

    /// Sends; after a 401, sends once more with a newer token, where there is one and the body can be replayed.
    async fn exchange(&self, outgoing: &Outgoing<'_>) -> Result<Answer, GatewayError> {
        let budget = Budget::new(self.timeout, self.idle, outgoing.body.progress().cloned());
        let access = match self.sight.access(self.keeper.now()) {
            Some(access) => access,
            // Rare: other requests need not carry the room for it.
            None => Box::pin(self.within(&budget, self.keeper.access())).await?,
        };
        let body = outgoing.body.attempt().ok_or(GatewayError::Internal)?;
        let first = self.attempt(outgoing, body, &access, &budget, 1).await?;
        match first.status() {
            // Rare: other requests need not carry the room for it.
            StatusCode::UNAUTHORIZED => Box::pin(self.again(outgoing, first, &access, &budget)).await,
            _ => Ok(first),
        }
    }

    /// What to answer after a 401.
    async fn again(
        &self,
        outgoing: &Outgoing<'_>,
        first: Answer,
        access: &Access,
        budget: &Budget,
    ) -> Result<Answer, GatewayError> {
        if !outgoing.body.replayable() {
            debug!("the request's body is too large to be sent again; the 401 goes to the client");
            self.keeper.rejected(access.generation);
            self.traffic.retried(Retry::NotReplayable);
            return Ok(first);
        }
        // What is left of the body is not what this request waits for now.
        outgoing.body.leave();
        let Some(newer) = self
            .within(budget, self.keeper.replace(access.generation))
            .await
            .inspect_err(|error| self.traffic.retried(error.into()))?
        else {
            self.traffic.retried(Retry::NoNewerToken);
            return Ok(first);
        };
        let Some(body) = outgoing.body.attempt() else {
            self.traffic.retried(Retry::NotReplayable);
            return Ok(first);
        };
        drop(first);
        let second = self.attempt(outgoing, body, &newer, budget, 2).await;
        let second = second.inspect_err(|error| self.traffic.retried(error.into()))?;
        if second.status() == StatusCode::UNAUTHORIZED {
            self.traffic.retried(Retry::Still401);
        } else {
            self.traffic.retried(Retry::Cured);
            self.keeper.cured(newer.generation);
        }
        Ok(second)
    }

    async fn attempt(
        &self,
        outgoing: &Outgoing<'_>,
        body: Attempt,
        access: &Access,
        budget: &Budget,
        iteration: u32,
    ) -> Result<Answer, GatewayError> {
        debug!(
            topic = "oauth2",
            "using token {} (iteration {iteration})", access.fingerprint
        );
        let sent = Sent::now(&self.traffic);
        let answer = pin!(self.send(outgoing, body, access, sent.start));
        let answer = budget.limit(answer).await;
        let answer = answer.unwrap_or_else(|exhausted| Err(exhausted.into()));
        sent.ended(&answer);
        let answer = answer?;
        match answer.status() {
            // Upgrades are refused on the way in: nobody asked for this.
            StatusCode::SWITCHING_PROTOCOLS => Err(GatewayError::UpstreamBroken(
                "it switched protocols without being asked".to_owned(),
            )),
            _ => Ok(answer),
        }
    }

    /// Sends once, and once more only where Webex says that it has not looked at the request.
    async fn send(
        &self,
        outgoing: &Outgoing<'_>,
        body: Attempt,
        access: &Access,
        now: Instant,
    ) -> Result<Answer, GatewayError> {
        let question = Question {
            method: &outgoing.method,
            target: &outgoing.target,
            passing: &outgoing.passing,
            tracking_id: outgoing.tracking_id,
            bearer: &access.bearer,
        };
        let failure = match self.upstream.send(question, body, now).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        match outgoing.body.fault() {
            Some(ClientFault::Cut) => return Err(GatewayError::BadRequest("the request's body was cut off")),
            Some(ClientFault::Stalled) => return Err(GatewayError::BodyStalled),
            None => {}
        }
        match outgoing.body.attempt().filter(|_| failure.unprocessed) {
            Some(body) => {
                debug!("Webex turned the request away unread; it is sent once more");
                self.traffic.resent();
                let answer = Box::pin(self.upstream.send(question, body, Instant::now())).await;
                answer.map_err(|failure| failure.error)
            }
            None => Err(failure.error),
        }
    }

    async fn within<T, E: Into<GatewayError>>(
        &self,
        budget: &Budget,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, GatewayError> {
        match budget.limit(work).await {
            Ok(result) => result.map_err(Into::into),
            Err(_) => Err(GatewayError::RefreshSlow),
        }
    }

    /// As the client gets it that has asked with these fields.
    fn for_client(&self, answer: Answer, asked: &Passing) -> Response<FromWebex> {
        let (mut parts, body) = answer.into_parts();
        // Nothing of a dump is prepared where none is written.
        let logged = tracing::enabled!(tracing::Level::DEBUG).then(|| {
            let secrets = self.keeper.secrets();
            (parts.version, parts.status, parts.headers.clone(), secrets)
        });
        parts.headers = headers::for_client(parts.headers, asked.takes_trailers());
        links::rewrite(&mut parts.headers, &self.upstream, asked.sent());
        parts.version = Version::HTTP_11;
        parts.extensions.clear();
        let body = IdleLimited::new(body, asked.takes_trailers(), self.idle).on_end(logged.map(
            |(version, status, headers, secrets)| {
                move |seen: Option<&[u8]>| {
                    let shown = seen.map_or_else(
                        || "<body not shown>".to_owned(),
                        |bytes| dump::body(&headers, bytes),
                    );
                    let text = dump::response(version, status, &headers, &shown);
                    debug!("response: {}", dump::without(&text, &secrets));
                }
            },
        ));
        Response::from_parts(parts, body)
    }
}

impl<'a> Sent<'a> {
    fn now(traffic: &'a Traffic) -> Self {
        Self {
            traffic,
            start: Instant::now(),
            ended: false,
        }
    }

    fn ended(mut self, answer: &Result<Answer, GatewayError>) {
        self.traffic.upstream_ended(answer, self.start.elapsed());
        self.ended = true;
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.traffic.upstream_given_up();
        }
    }
}

impl From<Exhausted> for GatewayError {
    fn from(exhausted: Exhausted) -> Self {
        match exhausted {
            Exhausted::Answer(limit) => Self::UpstreamTimeout(limit),
            Exhausted::Upload(limit) => Self::UploadStalled(limit),
        }
    }
}

#[cfg(test)]
mod tests;
