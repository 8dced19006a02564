//! The fake world, asked by a plain HTTP client.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]
#![allow(clippy::print_stdout, reason = "what was counted")]

mod bmc;
mod cloud;
mod ramdisk;
mod worlds;

use std::time::Duration;

use assay_sim::{Hardware, World};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(10);

/// A client of the BMC of a world.
struct Bmc {
    world: World,
    client: Client,
}

impl Bmc {
    async fn start(hardware: Hardware) -> Self {
        Self { world: World::start(hardware).await.unwrap(), client: Client::new() }
    }

    fn system(&self, index: usize) -> String {
        format!("{}/redfish/v1/Systems/{}", self.world.bmc_url(), self.world.machine(index).system)
    }

    /// With basic authentication.
    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let (user, password) = self.world.credentials();
        request.basic_auth(user, Some(password))
    }

    async fn get(&self, url: &str) -> Value {
        let answer = self.signed(self.client.get(url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{url}");
        answer.json().await.unwrap()
    }

    async fn reset(&self, index: usize, kind: &str) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}/Actions/ComputerSystem.Reset", self.system(index));
        self.signed(self.client.post(url)).json(&json!({"ResetType": kind})).send().await
    }

    async fn boot_once(&self, index: usize, target: &str) -> u16 {
        let boot = json!({"BootSourceOverrideTarget": target, "BootSourceOverrideEnabled": "Once"});
        let request = self.client.patch(self.system(index)).json(&json!({"Boot": boot}));
        self.signed(request).send().await.unwrap().status().as_u16()
    }
}
