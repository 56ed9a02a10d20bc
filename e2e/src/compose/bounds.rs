//! What a container may do beyond what the product needs, as the engine tells it: whoever changes docker-compose.yml finds out here.

use bollard::models::{ContainerInspectResponse, HostConfig};

/// The one address at which ports are published.
const HERE: &str = "127.0.0.1";

/// What is too much, one sentence each.
pub(super) fn excesses(container: &ContainerInspectResponse) -> Vec<String> {
    let host = container.host_config.clone().unwrap_or_default();
    let is_set = |list: &Option<Vec<String>>, wanted: &[&str]| {
        let mut list = list.iter().flatten();
        list.any(|found| wanted.contains(&found.as_str()))
    };
    let privileges = ["no-new-privileges:true", "no-new-privileges"];
    let user = container.config.as_ref().and_then(|config| config.user.clone());
    let bounds = [
        (host.readonly_rootfs == Some(true), "its root can be written"),
        (is_set(&host.cap_drop, &["ALL"]), "it keeps capabilities"),
        (
            host.cap_add.iter().flatten().next().is_none(),
            "it gets capabilities",
        ),
        (host.privileged != Some(true), "it is privileged"),
        (
            is_set(&host.security_opt, &privileges),
            "it can get new privileges",
        ),
        (!is_root(&user.unwrap_or_default()), "it runs as root"),
        (
            host.network_mode.as_deref() != Some("host"),
            "it is on the host's network",
        ),
    ];
    let exceeded = bounds.iter().filter(|(is_kept, _)| !is_kept);
    let mut excesses: Vec<String> = exceeded.map(|(_, what)| (*what).to_owned()).collect();
    excesses.extend(ports_for_others(&host));
    excesses
}

/// A container that names no user has root.
fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    ["", "0", "root"].contains(&name)
}

fn ports_for_others(host: &HostConfig) -> Vec<String> {
    let ports = host.port_bindings.iter().flatten();
    let published =
        ports.flat_map(|(port, published)| published.iter().flatten().map(move |way| (port, way)));
    let elsewhere = published.filter(|(_, way)| way.host_ip.as_deref() != Some(HERE));
    elsewhere
        .map(|(port, way)| {
            let address = way.host_ip.as_deref().unwrap_or_default();
            format!("{port} is published at {address:?}")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerConfig, PortBinding};

    use super::*;

    type Change = fn(&mut ContainerConfig, &mut HostConfig);

    fn container(change: Change) -> ContainerInspectResponse {
        let published = PortBinding {
            host_ip: Some(HERE.to_owned()),
            host_port: Some("9001".to_owned()),
        };
        let mut host = HostConfig {
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
            port_bindings: Some([("9001/tcp".to_owned(), Some(vec![published]))].into()),
            ..Default::default()
        };
        let mut config = ContainerConfig {
            user: Some("65532:65532".to_owned()),
            ..Default::default()
        };
        change(&mut config, &mut host);
        ContainerInspectResponse {
            config: Some(config),
            host_config: Some(host),
            ..Default::default()
        }
    }

    #[test]
    fn what_is_bound_exceeds_nothing() {
        assert_eq!(excesses(&container(|_, _| ())), [""; 0]);
    }

    #[test]
    fn each_excess_is_told() {
        let changes: [(&str, Change); 9] = [
            ("its root can be written", |_, host| host.readonly_rootfs = None),
            ("it keeps capabilities", |_, host| host.cap_drop = None),
            ("it gets capabilities", |_, host| {
                host.cap_add = Some(vec!["CHOWN".to_owned()]);
            }),
            ("it is privileged", |_, host| host.privileged = Some(true)),
            ("it can get new privileges", |_, host| host.security_opt = None),
            ("it runs as root", |config, _| {
                config.user = Some("0:0".to_owned());
            }),
            ("it runs as root", |config, _| config.user = None),
            ("it is on the host's network", |_, host| {
                host.network_mode = Some("host".to_owned());
            }),
            ("9001/tcp is published at \"\"", |_, host| {
                let everywhere = PortBinding::default();
                host.port_bindings = Some([("9001/tcp".to_owned(), Some(vec![everywhere]))].into());
            }),
        ];
        for (told, change) in changes {
            assert_eq!(excesses(&container(change)), [told]);
        }
    }

    #[test]
    fn what_the_engine_does_not_tell_is_taken_for_too_much() {
        assert_eq!(excesses(&ContainerInspectResponse::default()).len(), 4);
    }
}
