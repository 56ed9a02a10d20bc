//! Why an exchange with Webex broke.

use std::error::Error as StdError;
use std::io;

use http::Request;
use hyper::client::conn::TrySendError;
use thiserror::Error;

use super::{cause, causes};
use crate::http1::Nonsense;
use crate::net::patient;
use crate::proxy::body::Attempt;

/// What went wrong on a connection.
#[derive(Debug, Error)]
pub enum Broken {
    /// The client did not send all of its body.
    #[error("the request's body was cut off")]
    Request,
    /// What came is no HTTP.
    #[error("{0}")]
    Answer(&'static str),
    /// The connection ended before the answer did.
    #[error("it was closed before the answer was complete")]
    Closed,
    /// Webex takes no more of the request.
    #[error("the other side stopped reading")]
    Stalled,
    /// The system or TLS gave up the connection.
    #[error("{0}")]
    Connection(io::Error),
    /// HTTP/2 broke, which knows more ways to do so.
    #[error("{0}")]
    Shared(#[from] hyper::Error),
}

/// An exchange that has brought no answer.
#[derive(Debug)]
pub(super) struct Unanswered<T> {
    /// Why.
    pub(super) why: Broken,
    /// What was to be sent, where no byte of it has been: it can go on another connection.
    pub(super) unsent: Option<T>,
}

impl Broken {
    /// Whether Webex has said that it did not look at the request (RFC 9113 section 8.7): a refused stream, and one above the last
    /// that an orderly GOAWAY names, was not processed.
    pub fn is_unprocessed(&self) -> bool {
        let Self::Shared(error) = self else { return false };
        cause::<h2::Error>(error).is_some_and(|error| {
            let reason = error.reason();
            error.is_remote()
                && match error.is_go_away() {
                    true => reason == Some(h2::Reason::NO_ERROR),
                    false => error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM),
                }
        })
    }

    /// Whether it was the client who broke off.
    pub fn is_the_clients(&self) -> bool {
        match self {
            Self::Request => true,
            Self::Shared(error) => error.is_user(),
            _ => false,
        }
    }

    /// Whether Webex does not speak HTTP as it should.
    pub fn is_nonsense(&self) -> bool {
        match self {
            Self::Answer(_) => true,
            Self::Shared(error) => error.is_parse(),
            _ => false,
        }
    }

    /// The error and its causes, without repetitions.
    pub fn in_full(&self) -> String {
        match self {
            Self::Shared(error) => causes(error),
            Self::Connection(error) => causes(error as &(dyn StdError + 'static)),
            other => other.to_string(),
        }
    }
}

impl From<Nonsense> for Broken {
    fn from(Nonsense(what): Nonsense) -> Self {
        Self::Answer(what)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        match patient::has_given_up(&error) {
            true => Self::Stalled,
            false => Self::Connection(error),
        }
    }
}

impl<T> Unanswered<T> {
    /// The same with a part of what was to be sent.
    pub(super) fn map<U>(self, part: impl FnOnce(T) -> U) -> Unanswered<U> {
        Unanswered {
            why: self.why,
            unsent: self.unsent.map(part),
        }
    }

    /// Something of it was sent.
    pub(super) fn sent(why: impl Into<Broken>) -> Self {
        Self {
            why: why.into(),
            unsent: None,
        }
    }
}

impl From<TrySendError<Request<Attempt>>> for Unanswered<Request<Attempt>> {
    fn from(mut error: TrySendError<Request<Attempt>>) -> Self {
        let unsent = error.take_message();
        Self {
            why: error.into_error().into(),
            unsent,
        }
    }
}
