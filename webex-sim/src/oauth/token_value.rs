//! The shape that codes, access tokens and refresh tokens share: `<64 base64 characters>_<cluster>_<organisation>`,
//! where the 64 characters are a UUID and the first 12 characters of another ("Login with Webex", example responses).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use crate::random::{self, Random};
use crate::secret::Secret;
use crate::world::Tag;

/// The cluster that issued the token. Clients do not look at it; `P0A1` is one that has been seen.
pub(crate) const CLUSTER: &str = "P0A1";

/// Where the rest of the second UUID's first 12 characters ends, behind the eight that are the world's tag.
const FILL: usize = 12;

/// A new code or token for somebody of `organization`, which leads back to its world.
pub(crate) fn generate(random: &dyn Random, tag: Tag, organization: Uuid) -> Secret {
    let first = random::uuid(random).to_string();
    let second = random::uuid(random).to_string();
    let unique = STANDARD.encode(format!("{first}{}{}", tag.digits(), &second[8..FILL]));
    Secret::new(format!("{unique}_{CLUSTER}_{organization}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::OsRandom;

    #[test]
    fn a_token_has_three_fields_and_ends_with_the_organisation() {
        let organization = random::uuid(&OsRandom);
        let token = generate(&OsRandom, Tag::of("a world"), organization);
        let fields: Vec<_> = token.expose().split('_').collect();
        assert_eq!(fields[1..], [CLUSTER, &organization.to_string()]);
        let decoded = String::from_utf8(STANDARD.decode(fields[0]).unwrap()).unwrap();
        assert_eq!((fields[0].len(), decoded.len()), (64, 48));
        assert!(Uuid::parse_str(&decoded[..36]).is_ok());
        assert_eq!(Tag::in_token(token.expose()), Some(Tag::of("a world")));
        assert_eq!(Tag::in_token("not a token"), None);
    }
}
