//! Secrets in logs. Those that Webex makes are known by their shape, so that a scenario needs no list of the tokens and
//! codes that came and went in it; the others are known by name.

/// Long enough not to be met by chance, and a part of a secret is a leak too.
const TELLING: usize = 16;

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

/// Whether a word ends as the tokens and the codes of Webex do: `_`, four characters for the cluster, `_`, the UUID of
/// the organisation.
fn has_token(line: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-+/=%".contains(c);
    line.split(|c| !is_part(c)).any(|word| {
        let mut fields = word.rsplitn(3, '_');
        let organisation = fields.next().unwrap_or_default();
        let cluster = fields.next().unwrap_or_default();
        let is_uuid = organisation.len() == 36 && uuid::Uuid::try_parse(organisation).is_ok();
        is_uuid && cluster.len() == 4 && fields.next().is_some_and(|rest| !rest.is_empty())
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
