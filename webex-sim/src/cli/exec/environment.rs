//! The environment of the command: the gateway's own variables, and two for scripts that talk to the simulator.

use crate::Running;

/// Hosts that a forward proxy of the developer's machine cannot reach.
const LOCAL: &str = "localhost,127.0.0.1";

/// Variables to set besides those that are inherited; `inherited` reads one of these.
pub(super) fn variables(
    running: &Running,
    redirect_uri: &str,
    inherited: impl Fn(&str) -> Option<String>,
) -> Vec<(&'static str, String)> {
    let no_proxy = ["no_proxy", "NO_PROXY"]
        .iter()
        .find_map(|name| inherited(name).filter(|value| !value.is_empty()));
    let no_proxy = no_proxy.map_or_else(|| LOCAL.to_owned(), |own| format!("{own},{LOCAL}"));
    vec![
        ("client_id", running.client_id().to_owned()),
        ("client_secret", running.client_secret().to_owned()),
        ("redirect_uri", redirect_uri.to_owned()),
        ("WEBEX_GW_WEBEX_URL", running.url()),
        ("WEBEX_SIM_URL", running.url()),
        ("WEBEX_SIM_CONTROL_URL", running.control_url()),
        ("no_proxy", no_proxy.clone()),
        ("NO_PROXY", no_proxy),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Simulator;

    #[tokio::test]
    async fn local_hosts_are_added_to_those_that_need_no_proxy() {
        let running = Simulator::builder().start().await.unwrap();
        let of = |own: Option<&str>| {
            let own = own.map(str::to_owned);
            let variables = variables(&running, "x:y", |name| own.clone().filter(|_| name == "NO_PROXY"));
            variables
                .into_iter()
                .find(|(name, _)| *name == "no_proxy")
                .unwrap()
                .1
        };
        assert_eq!(of(None), "localhost,127.0.0.1");
        assert_eq!(of(Some("corp.example")), "corp.example,localhost,127.0.0.1");
    }
}
