//! Snapshots of a world, and its state as a document.

use super::{ClientError, ControlClient};
use crate::control::types::{Deleted, Imported, SnapshotInfo, SnapshotList};
use crate::encode::percent_encoded;

impl ControlClient {
    /// Keeps the state and the clock of this moment under a name; one of the same name is replaced.
    pub async fn save_snapshot(&self, name: &str) -> Result<SnapshotInfo, ClientError> {
        self.http.put(&path(name), "").await
    }

    /// All snapshots of the world.
    pub async fn snapshots(&self) -> Result<Vec<SnapshotInfo>, ClientError> {
        let list: SnapshotList = self.http.get("snapshots", &()).await?;
        Ok(list.snapshots)
    }

    /// Goes back to a snapshot, which stays. The journal is not part of it.
    pub async fn restore_snapshot(&self, name: &str) -> Result<SnapshotInfo, ClientError> {
        let path = format!("{}/restore", path(name));
        self.http.post(&path, &serde_json::json!({})).await
    }

    /// Forgets a snapshot.
    pub async fn delete_snapshot(&self, name: &str) -> Result<(), ClientError> {
        self.http.delete::<Deleted>(&path(name)).await.map(drop)
    }

    /// The whole state as JSON. It holds tokens, passwords and the client secret as they are.
    pub async fn export_state(&self) -> Result<String, ClientError> {
        self.http.text("state").await
    }

    /// Replaces the state by one that was exported, as a whole or not at all.
    pub async fn import_state(&self, document: impl Into<String>) -> Result<Imported, ClientError> {
        self.http.put("state", document.into()).await
    }
}

fn path(name: &str) -> String {
    format!("snapshots/{}", percent_encoded(name))
}
