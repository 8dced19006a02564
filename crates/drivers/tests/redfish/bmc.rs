//! A BMC that answers as it is told to.

use serde_json::{Value, json};

use crate::rude::{Manner, Rude, Seen, ok, status};

impl Rude {
    /// A well-mannered BMC with one system; `manners` may answer before it.
    pub async fn with_system(
        system: impl Fn() -> Value + Send + Sync + 'static,
        manners: impl Fn(&Seen) -> Option<Manner> + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |request| {
            manners(request).unwrap_or_else(|| match request.line.as_str() {
                "GET /redfish/v1/" => ok(&json!({"Systems": {"@odata.id": "/redfish/v1/Systems"}})),
                "GET /redfish/v1/Systems" => ok(&json!({"Members": [{"@odata.id": SYSTEM}]})),
                "GET /redfish/v1/Systems/1" => ok(&system()),
                _ => status(404),
            })
        })
        .await
    }
}

/// The path of the only system.
pub const SYSTEM: &str = "/redfish/v1/Systems/1";

/// The path of its reset action.
pub const RESET: &str = "POST /redfish/v1/Systems/1/reset-me";

/// A system in that power state.
pub fn system(power: &str) -> Value {
    json!({"PowerState": power, "Actions": {"#ComputerSystem.Reset": {"target": "/redfish/v1/Systems/1/reset-me"}}})
}
