//! A browser gives up what it is loading when the machine's network changes (`ERR_NETWORK_CHANGED`), and on Linux every
//! network of every container that comes or goes is such a change. This one is told of none.

/// Takes the news of network changes from this process and from all that it starts.
#[cfg(target_os = "linux")]
pub(crate) fn hear_of_no_network_changes() -> anyhow::Result<()> {
    use nix::libc::{AF_NETLINK, EAFNOSUPPORT, SYS_socket};
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };

    // The news come over sockets of this kind, and a browser that gets none takes the network as it is.
    let family = u64::from(AF_NETLINK.cast_unsigned());
    let is_news = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, family)?;
    let rules = [(SYS_socket, vec![SeccompRule::new(vec![is_news])?])];
    let filter: BpfProgram = SeccompFilter::new(
        rules.into(),
        SeccompAction::Allow,
        SeccompAction::Errno(EAFNOSUPPORT.cast_unsigned()),
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()?;
    Ok(seccompiler::apply_filter(&filter)?)
}

/// Elsewhere the engine's networks are in a machine of their own.
#[cfg(not(target_os = "linux"))]
pub(crate) fn hear_of_no_network_changes() -> anyhow::Result<()> {
    Ok(())
}
