//! Another container in the place of the gateway's, which is what a changed compose file comes to.

use super::Stack;
use crate::images;

impl Stack {
    /// Changes variables of the gateway's environment: its container is stopped, and another one has its volumes. nginx, which
    /// looked the address up when it started, does not find that one.
    pub async fn recreate_gateway(&mut self, environment: &[(&str, &str)]) {
        self.try_recreate_gateway(environment)
            .await
            .expect("a gateway takes the place of another");
    }

    async fn try_recreate_gateway(&mut self, environment: &[(&str, &str)]) -> anyhow::Result<()> {
        let images = images::images(self.site.docker)
            .await
            .map_err(anyhow::Error::msg)?;
        self.site.gateway().stop().await?;
        // Kept until the end: its log is searched for secrets, too.
        self.site.retire("webex_gw");
        self.recipe.set_gateway_env(environment);
        self.gateway = self.recipe.raise_gateway(images, &mut self.site).await?;
        Ok(())
    }
}
