//! A client's connection: one request after the other, each answered before the next is read (RFC 9112 section 9.3).

mod answer;
mod head;
mod wire;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use http::{StatusCode, Version};
use http_body::Body as _;
use tokio::io::AsyncWrite as _;
use tokio::net::TcpStream;
use tokio::task::unconstrained;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::answer::Asked;
use self::head::{Head, Refusal};
use self::wire::Wire;
use super::access_log::Logged;
use super::head_limit::HeadLimit;
use super::site::{Ends, Outbound, Site};
use crate::http1::Framing;
use crate::http1::sending::{Halt, Sending};
use crate::net::patient::Patient;

/// At the end, a request whose head is on its way is waited for this long.
pub const GRACE: Duration = Duration::from_millis(250);

/// A connection, with what is on its way through it.
pub struct Connection {
    wire: Wire,
    site: Site,
    ends: Ends,
    /// The client's address, as lines of the log show it.
    client: Arc<str>,
    head: HeadLimit,
    linger: Duration,
    idle: Duration,
    requests: usize,
    sending: Sending<Logged<Outbound>>,
    /// An answer is not sent whole, and an old client would not see that.
    unfinished: bool,
    /// The body of the answer has broken off.
    cut: bool,
}

/// What follows an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Another request.
    Request,
    /// The end of the connection, after what has been sent.
    Close,
    /// The same, where the client is not through with what it says.
    Interrupt,
    /// Nothing: the client has gone, or its answer is cut.
    Nothing,
}

impl Connection {
    /// A connection on which nothing has come yet. The head of each request may take as long as `head` says; a client that still
    /// sends at the end is listened to for `linger`; a body that nobody goes on with for `idle` after its answer ends the connection.
    #[must_use]
    pub fn new(
        stream: Patient<TcpStream>,
        site: Site,
        ends: Ends,
        head: HeadLimit,
        linger: Duration,
        idle: Duration,
    ) -> Self {
        Self {
            wire: Wire::new(stream),
            site,
            client: ends.peer.ip().to_string().into(),
            ends,
            head,
            linger,
            idle,
            requests: 0,
            sending: Sending::default(),
            unfinished: false,
            cut: false,
        }
    }

    /// Answers requests until either side ends the connection, or `stop` and the end of the request that runs then, or `cut`, which
    /// comes after `stop`.
    pub async fn run(self, stop: &CancellationToken, cut: &CancellationToken) {
        let mut serving = pin!(self.serve(stop));
        let (mut stopped, mut is_cut) = (pin!(stop.cancelled()), pin!(cut.cancelled()));
        let mut told = false;
        poll_fn(|cx| {
            // This task is woken then, however often it has been woken by others: to wait anew each time would take its time.
            if !told {
                told = true;
                let _ = stopped.as_mut().poll(cx);
            }
            if serving.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            match stop.is_cancelled() {
                true => is_cut.as_mut().poll(cx),
                false => Poll::Pending,
            }
        })
        .await;
    }

    async fn serve(mut self, stop: &CancellationToken) {
        loop {
            let next = match self.next(stop).await {
                // Connections that wait for a request hold no room for one.
                Some(Ok(head)) => Box::pin(self.exchange(head, stop)).await,
                Some(Err(refusal)) => self.refuse(refusal).await,
                None => Next::Close,
            };
            match next {
                Next::Request => {}
                Next::Close => return self.close(false).await,
                Next::Interrupt => return self.close(true).await,
                Next::Nothing => return,
            }
        }
    }

    /// The next head; `None` where none comes.
    async fn next(&mut self, stop: &CancellationToken) -> Option<Result<Head, Refusal>> {
        let head = poll_fn(|cx| match self.poll_head(cx) {
            Poll::Pending if stop.is_cancelled() => Poll::Ready(None),
            head => head.map(Some),
        });
        if let Some(head) = head.await {
            return head;
        }
        // There is nothing to wait for but a head on its way.
        let head = Box::pin(timeout(GRACE, poll_fn(|cx| self.poll_head(cx))));
        head.await.ok().flatten()
    }

    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Head, Refusal>>> {
        match self.wire.poll_head(cx) {
            Poll::Pending => self.head.poll_over(self.requests, cx).map(|()| None),
            head @ Poll::Ready(_) => head,
        }
    }

    /// Answers a request.
    async fn exchange(&mut self, head: Head, stop: &CancellationToken) -> Next {
        self.requests += 1;
        let Head {
            request,
            framing,
            persists,
            expects,
        } = head;
        let asked = Asked {
            method: request.method().clone(),
            version: request.version(),
            persists,
        };
        let mut request = request.map(|()| self.body(framing, expects));
        let answer = {
            let client = Arc::clone(&self.client);
            let mut answering = pin!(self.site.answer(&mut request, self.ends, client));
            let wire = &self.wire;
            poll_fn(|cx| match answering.as_mut().poll(cx) {
                Poll::Ready(answer) => Poll::Ready(Some(answer)),
                Poll::Pending => wire.poll_gone(cx).map(|()| None),
            })
            .await
        };
        drop(request);
        let Some(answer) = answer else {
            return Next::Nothing;
        };
        let unmet = self.wire.answer_begins();
        let (parts, body) = answer.into_parts();
        let coding = asked.coding(&parts, &body);
        // Whether a client whose expectation was not met sends its body, nobody can tell (RFC 9110 section 10.1.1).
        let goes_on = !unmet && !stop.is_cancelled() && self.wire.can_go_on();
        let persists = asked.persists_after(&parts, coding.as_ref()) && goes_on;
        asked.write(
            self.sending.begin(),
            &parts,
            coding.as_ref(),
            body.size_hint().exact(),
            persists,
        );
        drop(parts);
        self.unfinished = coding.is_some() && asked.version == Version::HTTP_10;
        // The line of an answer without a body is written before the answer, as that of any other is before its end.
        self.sending.put(coding.is_some().then_some(body), coding);
        if let Err(next) = poll_fn(|cx| self.poll_send(cx)).await {
            return next;
        }
        self.unfinished = false;
        if !persists
            && poll_fn(|cx| Pin::new(&mut self.wire).poll_shutdown(cx))
                .await
                .is_err()
        {
            return Next::Nothing;
        }
        // Whoever has the request may read on: an answer can come before all of it.
        while let before = self.wire.taken()
            && timeout(self.idle, poll_fn(|cx| self.wire.poll_released(cx)))
                .await
                .is_err()
        {
            if self.wire.taken() == before {
                return Next::Close;
            }
        }
        match persists && self.wire.is_at_rest() {
            true => Next::Request,
            false => Next::Close,
        }
    }

    fn body(&self, framing: Framing, expects: bool) -> Body {
        match framing {
            Framing::Length(0) => Body::empty(),
            framing => Body::new(self.wire.body(framing, expects)),
        }
    }

    /// Sends what can be sent of an answer; what follows it where not all of it is.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Next>> {
        ready!(self.wire.poll_interim(cx)).map_err(|_| Next::Nothing)?;
        if !self.cut {
            match self.sending.poll(&mut self.wire, cx) {
                Poll::Ready(Err(Halt::Body)) => {
                    self.cut = true;
                    // Whoever still reads the request must not take what is missing then for its end.
                    self.wire.give_up();
                }
                Poll::Ready(sent) => return Poll::Ready(sent.map_err(|_| Next::Nothing)),
                Poll::Pending => return self.wire.poll_gone(cx).map(|()| Err(Next::Nothing)),
            }
        }
        // What has come of it is sent: a connection that ends without a byte would invite clients to ask again.
        let rest = ready!(self.sending.poll_rest(&mut self.wire, cx));
        Poll::Ready(Err(match rest {
            // The framing shows the cut.
            Ok(()) if !self.unfinished => Next::Close,
            _ => Next::Nothing,
        }))
    }

    /// Answers what is no request.
    async fn refuse(&mut self, refusal: Refusal) -> Next {
        debug!("what came from {} is no request: {}", self.ends.peer, refusal.why);
        let Some(status) = refusal.status else {
            return Next::Nothing;
        };
        answer::write_refusal(self.sending.begin(), status);
        self.sending.put(None, None);
        match poll_fn(|cx| self.poll_send(cx)).await {
            Ok(()) if status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Next::Interrupt,
            Ok(()) => Next::Close,
            Err(next) => next,
        }
    }

    /// RFC 9112 section 9.6: closing while the client still sends resets the connection, and the reset can destroy an answer
    /// that the client has not read. So the sending half is closed first, and what comes is thrown away for a while.
    /// `sends` says that the client is known to send.
    async fn close(mut self, mut sends: bool) {
        self.wire.give_up();
        if poll_fn(|cx| Pin::new(&mut self.wire).poll_shutdown(cx))
            .await
            .is_err()
        {
            return;
        }
        sends |= !self.wire.is_at_rest();
        let silent = poll_fn(|cx| match self.wire.poll_discard(cx, &mut sends) {
            Poll::Pending if !sends => Poll::Ready(()),
            discarded => discarded,
        });
        // How much else the task has done says nothing of the client.
        let _ = timeout(self.linger, unconstrained(silent)).await;
    }
}

impl Drop for Connection {
    /// To a client of HTTP/1.0 the end of the connection is the end of the answer. A reset is not.
    fn drop(&mut self) {
        if self.unfinished {
            self.wire.break_off();
        }
        self.wire.give_up();
    }
}
