use super::environment::Variables;
use super::*;
use crate::cli::Cli;

const INTEGRATION: [(&str, &str); 3] = [
    ("client_id", "C1234"),
    ("client_secret", "s3cr3t"),
    ("redirect_uri", "https://apio.example.com/api/v01/webex/auth/code"),
];

fn read(line: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let args = std::iter::once("webex_gw")
        .chain(line.split_whitespace())
        .map(Into::into);
    let flags = Cli::parse_go_style(args).unwrap().flags;
    let all: Vec<_> = INTEGRATION.iter().chain(variables).copied().collect();
    Config::read(&flags, &Variables::from(&all)).map_err(|error| error.to_string())
}

#[test]
fn the_defaults_are_those_of_the_field() {
    let config = read("", &[]).unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:9001");
    assert_eq!(config.callback_listen, None);
    assert_eq!(config.tracking_prefix, "WW");
    assert_eq!(config.tokens_file, PathBuf::from(".tokens"));
    assert_eq!(config.webex.to_string(), "https://webexapis.com");
    assert_eq!(
        config.authorize_url.as_str(),
        "https://webexapis.com/v1/authorize"
    );
    assert_eq!(config.token_url.as_str(), "https://webexapis.com/v1/access_token");
    assert_eq!(config.timeout, Duration::from_secs(9));
    assert_eq!(
        config.log,
        LogConfig {
            level: LevelFilter::INFO,
            format: LogFormat::Text
        }
    );
    assert_eq!(
        config.login_url(),
        "https://apio.example.com/api/v01/webex/auth/login"
    );
}

#[test]
fn a_flag_wins_over_its_variable() {
    let variables = [
        ("WEBEX_GW_PORT", "1"),
        ("WEBEX_GW_TIMEOUT", "1m30s"),
        ("WEBEX_GW_REQUIRE_STATE", "true"),
    ];
    let config = read("-port=2", &variables).unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.timeout, Duration::from_secs(90));
    assert!(config.require_state);
}

#[test]
fn every_flag_has_a_variable_in_snake_case() {
    let names: Vec<_> = crate::cli::FLAGS.iter().map(|(_, variable)| *variable).collect();
    assert!(names.contains(&"WEBEX_GW_TOKENS_FILE") && names.contains(&"WEBEX_GW_CALLBACK_PORT"));
}

#[test]
fn both_endpoints_follow_the_webex_url_unless_they_are_set() {
    let config = read(
        "-webexURL http://webex-sim:8080 -authorizeURL http://localhost:8080/v1/authorize",
        &[],
    )
    .unwrap();
    assert_eq!(
        config.authorize_url.as_str(),
        "http://localhost:8080/v1/authorize"
    );
    assert_eq!(config.token_url.as_str(), "http://webex-sim:8080/v1/access_token");
}

#[test]
fn a_malformed_flag_is_named_with_its_value_and_the_fix() {
    for (line, message) in [
        (
            "-port=nine",
            r#"-port: "nine" is not a port; use a number from 0 to 65535"#,
        ),
        (
            "-port=70000",
            r#"-port: "70000" is not a port; use a number from 0 to 65535"#,
        ),
        (
            "-bind=here",
            r#"-bind: "here" is not an IP address such as 0.0.0.0 or 127.0.0.1"#,
        ),
        (
            "-timeout=9",
            r#"-timeout: "9" is not a duration of at least 100ms; write it as 9s, 1m30s or 500ms"#,
        ),
        (
            "-orgID=acme",
            r#"-orgID: "acme" is neither a UUID nor a Webex organization id (Y2lzY29zcGFyazov…)"#,
        ),
        (
            "-logLevel=loud",
            r#"-logLevel: "loud" is not a level; use error, warning, info, debug or trace"#,
        ),
        (
            "-logFormat=xml",
            r#"-logFormat: "xml" is not a format; use text or json"#,
        ),
        (
            "-requireState=maybe",
            r#"-requireState: "maybe" is neither true nor false"#,
        ),
        (
            "-webexURL=webexapis.com",
            r#"-webexURL: "webexapis.com" is not an origin; write it as https://webexapis.com, without path, query or credentials"#,
        ),
        (
            "-webexURL=https://webexapis.com/v1",
            r#"-webexURL: "https://webexapis.com/v1" is not an origin; write it as https://webexapis.com, without path, query or credentials"#,
        ),
        (
            "-tokenURL=nowhere",
            r#"-tokenURL: "nowhere" is not a URL; write it as https://host/path, without credentials and fragment"#,
        ),
    ] {
        assert_eq!(read(line, &[]).unwrap_err(), message);
    }
}

#[test]
fn a_malformed_variable_is_named_as_the_variable() {
    let error = read("", &[("WEBEX_GW_PORT", "nine")]).unwrap_err();
    assert_eq!(
        error,
        r#"WEBEX_GW_PORT: "nine" is not a port; use a number from 0 to 65535"#
    );
}

#[test]
fn everything_that_is_missing_is_told_at_once() {
    let error = Config::read(&Flags::default(), &Variables::default())
        .unwrap_err()
        .to_string();
    insta::assert_snapshot!("missing", error);
}

#[test]
fn a_redirect_uri_that_is_no_url_is_refused() {
    for uri in [
        "apio.example.com/api",
        "ftp://apio.example.com/",
        "https://a b/",
        "https://u:p@apio.example.com/",
        "https://a/#x",
    ] {
        let variables = Variables::from(&[INTEGRATION[0], INTEGRATION[1], ("redirect_uri", uri)]);
        let error = Config::read(&Flags::default(), &variables)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("redirect_uri is not a URL with http or https: set it to"),
            "{error}"
        );
    }
}

#[test]
fn upper_case_names_and_files_work_too() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from-file\n").unwrap();
    let path = file.path().to_str().unwrap();
    let variables = [
        ("CLIENT_ID", "C1"),
        ("client_secret_file", path),
        ("REDIRECT_URI", "http://localhost/x"),
        ("GATEWAY_KEY", "k"),
    ];
    let config = Config::read(&Flags::default(), &Variables::from(&variables)).unwrap();
    assert_eq!(config.client_secret.expose(), "from-file");
    assert!(config.gateway_key.is_some());
}

#[test]
fn a_secret_given_twice_or_in_a_missing_file_is_refused() {
    let error = read("", &[("CLIENT_SECRET_FILE", "/run/secrets/x")]).unwrap_err();
    assert_eq!(
        error,
        "client_secret and CLIENT_SECRET_FILE are both set: remove one of them"
    );
    let variables = Variables::from(&[
        INTEGRATION[0],
        INTEGRATION[2],
        ("client_secret_file", "/nonexistent/secret"),
    ]);
    let error = Config::read(&Flags::default(), &variables)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "client_secret_file: cannot read /nonexistent/secret: No such file or directory (os error 2)"
    );
}

#[test]
fn no_message_quotes_a_secret() {
    let secret = "s3cr3t\u{7}value";
    let variables = Variables::from(&[
        INTEGRATION[0],
        ("client_secret", secret),
        INTEGRATION[2],
        ("gateway_key", "k3y with space"),
    ]);
    let error = Config::read(&Flags::default(), &variables)
        .unwrap_err()
        .to_string();
    assert!(!error.contains("s3cr3t") && !error.contains("k3y"), "{error}");
    assert!(!format!("{:?}", read("", &[("gateway_key", "k3y")]).unwrap()).contains("s3cr3t"));
}

#[test]
fn health_needs_to_know_the_address_and_the_timeout_alone() {
    let flags = Flags {
        port: Some("7".to_owned()),
        ..Flags::default()
    };
    for (variables, seconds) in [(&[][..], 9), (&[("WEBEX_GW_TIMEOUT", "30s")], 30)] {
        let variables = Variables::from(variables);
        let (listen, timeout) = Config::read_health(&flags, &variables).unwrap();
        assert_eq!(
            (listen.to_string().as_str(), timeout.as_secs()),
            ("0.0.0.0:7", seconds)
        );
    }
}
