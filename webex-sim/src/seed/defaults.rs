//! What a seed leaves out: ids and dates that are the same in each run, so that a test can rely on them.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

/// 2024-01-01T00:00:00Z: any date will do, as long as it is always the same and in the past.
const CREATED_S: i64 = 1_704_067_200;

/// When things were created that do not say it.
pub(super) fn created() -> Timestamp {
    Timestamp::from_second(CREATED_S).expect("2024 can be represented")
}

/// The id of a thing that has none: made from the world, the kind and the name of the thing. It looks like a random one
/// (version 4), as Webex's do.
pub(super) fn id(world: &str, kind: &str, name: &str) -> Uuid {
    let name = name.to_lowercase();
    let mut hash = Sha256::new();
    for part in [world, kind, &name] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let bytes = *digest.first_chunk().expect("SHA-256 has more than 16 bytes");
    Builder::from_random_bytes(bytes).into_uuid()
}

/// The password of somebody who has none: such as `avery.quinn-at-acme`, which the sign-in page fills in anyway.
pub(super) fn password(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let first = domain.split('.').next().unwrap_or_default();
    format!("{local}-at-{first}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_in_each_run_and_differ_by_world_kind_and_name() {
        let own = id("default", "person", "avery@acme.example.com");
        assert_eq!(own, id("default", "person", "AVERY@acme.example.com"));
        assert_eq!(own.to_string(), "ee540e93-dc41-42ac-9d83-9ade171ac4da");
        assert_eq!(own.get_version_num(), 4);
        for other in [
            id("other", "person", "avery@acme.example.com"),
            id("default", "organization", "avery@acme.example.com"),
            id("default", "person", "blake@acme.example.com"),
        ] {
            assert_ne!(own, other);
        }
    }

    #[test]
    fn passwords_are_made_of_the_address() {
        assert_eq!(password("avery.quinn@acme.example.com"), "avery.quinn-at-acme");
    }
}
