//! Secrets in logs. Those that Webex makes are known by their shape, so that a scenario needs no list of the tokens and
//! codes that came and went in it; the others are known by name.

/// Long enough not to be met by chance, and a part of a secret is a leak too.
const TELLING: usize = 16;

/// Characters of a cluster's name and of a UUID.
const CLUSTER: usize = 4;
const UUID: usize = 36;

/// A secret that a scenario knows.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// What was found, in words that do not repeat it.
pub(crate) fn find(log: &str, secrets: &[Secret]) -> Vec<String> {
    let known = secrets.iter().filter(|secret| {
        let telling = secret.value.get(..TELLING).unwrap_or(&secret.value);
        log.contains(telling)
    });
    let known = known.map(|secret| secret.name.to_owned());
    let shaped = log.lines().enumerate().filter(|(_, line)| has_token(line));
    known
        .chain(shaped.map(|(number, _)| format!("a token or a code in line {}", number + 1)))
        .collect()
}

/// Whether there is, anywhere, what the tokens and the codes of Webex end with: `_`, four characters for the cluster, `_`,
/// the UUID of the organisation.
fn has_token(line: &str) -> bool {
    let fields: Vec<&str> = line.split('_').collect();
    fields.windows(3).any(|fields| {
        let organisation = fields[2]
            .get(..UUID)
            .is_some_and(|text| uuid::Uuid::try_parse(text).is_ok());
        let cluster =
            fields[1].len() == CLUSTER && fields[1].bytes().all(|byte| byte.is_ascii_alphanumeric());
        organisation
            && cluster
            && fields[0].ends_with(|c: char| c.is_ascii_alphanumeric() || "-+/=".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ZDYxYWZiNmItNTY3OC00YTQyLWE0N2EtYjc0NGIwOTcyYjg5MTIzNDU2NzgtMzE0_PF84_1eb65fdf-9643-417f-9974-ad72cae0e10f";

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        for line in [
            format!("Authorization: Bearer {TOKEN}"),
            format!("GET /code?code={TOKEN}&state=x"),
            format!("{{\"access_token\":\"{TOKEN}\"}}"),
            format!("redirect=http%3A%2F%2Fx%2F%3Fcode%3D{TOKEN}%26state%3Dx"),
            format!("GET /v1/tokens/{TOKEN}/x"),
            format!("{TOKEN}-and-more"),
        ] {
            assert_eq!(find(&line, &[]), ["a token or a code in line 1"], "{line}");
        }
    }

    #[test]
    fn what_only_resembles_a_token_is_none() {
        for line in [
            "WW_1eb65fdf-9643-417f-9974-ad72cae0e10f",
            "using token 3f2a9c (iteration 0)",
            "a_PF84_b",
        ] {
            assert!(find(line, &[]).is_empty(), "{line}");
        }
    }

    #[test]
    fn the_start_of_a_known_secret_is_enough() {
        let secrets = [Secret {
            name: "the client secret",
            value: "9a4e1c7f20b85d36e1f4a7092c6b3d58".into(),
        }];
        assert_eq!(
            find("secret=9a4e1c7f20b85d36...", &secrets),
            ["the client secret"]
        );
        assert!(find("secret=9a4e1c...", &secrets).is_empty());
    }
}
