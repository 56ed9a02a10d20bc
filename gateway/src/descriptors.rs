//! File descriptors: each connection takes one, and some must be left for Webex and the tokens file.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// More connections than this are not served at once, however many descriptors there are: each may hold the head of a request.
const MOST_CONNECTIONS: u64 = 16_384;
/// For so many connections there is a descriptor for one to Webex too, as HTTP/1.1 needs it. With more clients than that it is HTTP/2
/// that carries them, many requests on one connection.
const PAIRED_CONNECTIONS: u64 = 4096;
/// Left for the tokens file, DNS, calls of the token endpoint, listeners and the runtime.
const RESERVE: u64 = 64;
/// As many of them are the callback listener's own, where there is one: administrators at work, and nginx's idle connections. What
/// the internet does there must not cost a client its connection.
const CALLBACK_CONNECTIONS: u64 = 128;
/// Some clients are served however small the limit is.
const FEWEST_CONNECTIONS: u64 = 16;

/// Raises the process's limit to what it may be at most, as Go programs do at their start. The usual soft limit of 1024 is meant
/// for programs that use `select`.
pub fn raise_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        // Where this is not allowed, fewer connections are served.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// How many clients may be connected at once, to each listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connections {
    /// To the main one.
    pub main: usize,
    /// To the one of the callback; 0 without it.
    pub callback: usize,
}

/// What the process's limit gives.
#[must_use]
pub fn connections(with_callback: bool) -> Connections {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::from(u16::MAX), |(soft, _)| soft);
    shared(connections_within(soft), with_callback)
}

/// What the callback gets is taken off the main listener, and never more than a quarter of all.
fn shared(all: u64, with_callback: bool) -> Connections {
    let callback = if with_callback {
        CALLBACK_CONNECTIONS.min(all / 4)
    } else {
        0
    };
    let count = |connections| usize::try_from(connections).unwrap_or(usize::MAX);
    Connections {
        main: count(all - callback),
        callback: count(callback),
    }
}

/// Half of the descriptors, because each request may need a connection to Webex; beyond [`PAIRED_CONNECTIONS`] all of them.
fn connections_within(descriptors: u64) -> u64 {
    let available = descriptors.saturating_sub(RESERVE);
    let paired = (available / 2).min(PAIRED_CONNECTIONS);
    let further = match paired {
        PAIRED_CONNECTIONS => available - 2 * paired,
        _ => 0,
    };
    paired
        .saturating_add(further)
        .clamp(FEWEST_CONNECTIONS, MOST_CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_descriptor_for_each_connection_to_webex_and_some_besides() {
        for (descriptors, connections) in [
            (20, 16),
            (1024, 480),
            (8256, 4096),
            (20_000, 15_840),
            (1_048_576, 16_384),
            (u64::MAX, 16_384),
        ] {
            assert_eq!(connections_within(descriptors), connections);
        }
    }

    #[test]
    fn a_callback_listener_adds_no_connections() {
        for (all, main, callback) in [(16_384, 16_256, 128), (480, 360, 120), (16, 12, 4)] {
            assert_eq!(shared(all, true), Connections { main, callback });
            assert_eq!(shared(all, false).main, main + callback);
            assert_eq!(shared(all, false).callback, 0);
        }
    }
}
