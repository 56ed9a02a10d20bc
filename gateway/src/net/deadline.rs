//! One deadline for all of a connection: TCP, the proxy's answer to `CONNECT`, TLS. A request that gives up does not end the
//! connecting that it began: that goes on in the background, for the next one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use tokio::time::timeout;
use tower::BoxError;
use tower_service::Service;

use crate::go::GoDuration;

/// A connector that gives up in time.
#[derive(Clone, Debug)]
pub struct Deadline<C> {
    connector: C,
    limit: Duration,
}

impl<C> Deadline<C> {
    /// `limit` is for the whole of each connection that `connector` makes.
    pub fn new(connector: C, limit: Duration) -> Self {
        Self { connector, limit }
    }
}

impl<C> Service<Uri> for Deadline<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        let (connecting, limit) = (self.connector.call(destination), self.limit);
        Box::pin(async move {
            timeout(limit, connecting).await.unwrap_or_else(|_| {
                let limit = GoDuration(limit);
                let late = format!("the other side took longer than {limit} to make the connection");
                Err(io::Error::new(io::ErrorKind::TimedOut, late).into())
            })
        })
    }
}
