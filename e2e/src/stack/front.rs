//! What comes before a stack's gateway: how its nginx differs from the one of the documents, and who else may be there.

use testcontainers::{ContainerRequest, GenericImage, ImageExt};
use webex_sim::types::SettingsPatch;

use super::certificate::Certificate;
use super::{REDIRECT_URI, TLS_REDIRECT_URI, callback_port};

/// The front of a gateway.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Front {
    /// Applications call the gateway through nginx, too.
    pub(super) has_applications: bool,
    /// The port of the callback where it has one of its own.
    pub(super) callback_port: Option<u16>,
    /// nginx has TLS.
    pub(super) has_tls: bool,
}

impl Front {
    /// What Webex has to know of it besides what it knows of all.
    pub(super) fn registered(self) -> SettingsPatch {
        let both = || vec![REDIRECT_URI.to_owned(), TLS_REDIRECT_URI.to_owned()];
        SettingsPatch {
            redirect_uris: self.has_tls.then(both),
            ..SettingsPatch::default()
        }
    }

    /// A certificate where it needs one.
    pub(super) fn certificate(self) -> anyhow::Result<Option<Certificate>> {
        self.has_tls.then(Certificate::new).transpose()
    }

    /// A gateway that knows what is before it.
    pub(super) fn tell(self, mut request: ContainerRequest<GenericImage>) -> ContainerRequest<GenericImage> {
        if let Some(port) = self.callback_port {
            request = callback_port::set(request, port);
        }
        if self.has_tls {
            request = request.with_env_var("redirect_uri", TLS_REDIRECT_URI);
        }
        request
    }
}
