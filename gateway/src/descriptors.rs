//! File descriptors: each connection takes one, and some must be left for Webex and the tokens file.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// More connections than this are not served at once, however many descriptors there are: each may hold the head of a request.
const MOST_CONNECTIONS: u64 = 4096;
/// Left for the tokens file, DNS, calls of the token endpoint, listeners and the runtime.
const RESERVE: u64 = 64;
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

/// How many clients may be connected at once.
#[must_use]
pub fn most_connections() -> usize {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(u64::from(u16::MAX), |(soft, _)| soft);
    usize::try_from(connections_within(soft)).unwrap_or(usize::MAX)
}

/// Half of the descriptors, because each request may need a connection to Webex.
fn connections_within(descriptors: u64) -> u64 {
    (descriptors.saturating_sub(RESERVE) / 2).clamp(FEWEST_CONNECTIONS, MOST_CONNECTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_descriptor_for_each_connection_to_webex_and_some_besides() {
        for (descriptors, connections) in [(20, 16), (1024, 480), (1_048_576, 4096), (u64::MAX, 4096)] {
            assert_eq!(connections_within(descriptors), connections);
        }
    }
}
