//! The calls that the interfaces make: reads that are repeated, writes that are not.

use std::{sync::Arc, time::Duration};

use backon::{ExponentialBuilder, Retryable};
use futures::{StreamExt, stream};
use moka::future::Cache;
use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{
    RedfishConfig,
    account::{Account, Request},
    failure::CallError,
    info::DriverInfo,
    recent::Recent,
};
use crate::{
    cause::root_cause,
    error::DriverError,
    http::{self, Failure},
    interface::Task,
    verify_ca::VerifyCa,
};

/// What makes two nodes' BMC accounts one and the same. A changed password is another account, so
/// that a wrong one is noticed at once.
#[derive(Clone, PartialEq, Eq, Hash)]
struct AccountKey {
    address: String,
    username: Option<String>,
    password: [u8; 32],
    verify_ca: VerifyCa,
    auth_type: super::AuthType,
}

impl From<&DriverInfo> for AccountKey {
    fn from(info: &DriverInfo) -> Self {
        let password = info.password.as_ref().map_or("", |password| password.reveal());
        Self {
            address: info.address.to_string(),
            username: info.username.clone(),
            password: Sha256::digest(password).into(),
            verify_ca: info.verify_ca.clone(),
            auth_type: info.auth_type,
        }
    }
}

/// The accounts in use, up to the configured number.
pub struct Clients {
    /// The configuration.
    pub config: RedfishConfig,
    accounts: Cache<AccountKey, Arc<Account>>,
    http: Cache<VerifyCa, reqwest::Client>,
}

impl From<RedfishConfig> for Clients {
    fn from(config: RedfishConfig) -> Self {
        // A BMC ends an idle session by itself after some minutes; so do we.
        let idle = Duration::from_secs(600);
        Self {
            accounts: Cache::builder().max_capacity(config.connection_cache_size).time_to_idle(idle).build(),
            http: Cache::builder().max_capacity(64).time_to_live(idle).build(),
            config,
        }
    }
}

impl Clients {
    /// The node's BMC, for one operation that begins now and has one call's time.
    pub async fn begin(&self, task: &Task) -> Result<Bmc, DriverError> {
        let info = DriverInfo::parse(&task.node, &self.config)?;
        let http = self.http.try_get_with(info.verify_ca.clone(), self.build_http(&info.verify_ca));
        let http = http.await.map_err(|error| DriverError::clone(&error))?;
        let system_id = info.system_id.clone();
        let account = async { Arc::new(Account::new(http, info.clone())) };
        Ok(Bmc {
            account: self.accounts.get_with(AccountKey::from(&info), account).await,
            system_id,
            recent: task.recent.clone(),
            attempts: self.config.connection_attempts,
            call_timeout: self.config.call_timeout,
            deadline: Instant::now() + self.config.call_timeout,
        })
    }

    /// Closes all sessions, side by side, as far as that takes no longer than `within`.
    pub async fn log_out(&self, within: Duration) {
        let deadline = Instant::now() + within;
        let accounts = self.accounts.iter().map(|(_, account)| account);
        stream::iter(accounts).for_each_concurrent(64, async |account| account.log_out(deadline).await).await;
    }

    async fn build_http(&self, verify_ca: &VerifyCa) -> Result<reqwest::Client, DriverError> {
        // No proxy: BMCs are on a network of their own.
        let builder = http::client(self.config.connect_timeout).no_proxy();
        let builder = verify_ca
            .trusted_by(builder)
            .await
            .map_err(|why| DriverError::InvalidParameterValue(format!("driver_info/redfish_verify_ca: {why}")))?;
        builder.build().map_err(|error| DriverError::Bmc(format!("no HTTPS client: {}", root_cause(&error))))
    }
}

/// A node's BMC during one operation.
pub struct Bmc {
    pub(super) account: Arc<Account>,
    pub(super) system_id: Option<String>,
    /// What the run has just read of the system.
    pub(super) recent: Recent,
    attempts: usize,
    call_timeout: Duration,
    deadline: Instant,
}

/// A resource, and its version for [`Bmc::patch`].
pub struct Resource {
    /// Its path.
    pub link: String,
    /// Its content.
    pub body: Value,
    etag: Option<String>,
}

impl Bmc {
    /// Gives the operation another call's time, for what follows a finished write.
    pub fn renew(&mut self) {
        self.deadline = Instant::now() + self.call_timeout;
    }

    /// Like [`renew`](Self::renew), but not beyond `end`, with a second for a last look.
    pub fn renew_until(&mut self, end: Instant) {
        self.renew();
        self.deadline = self.deadline.min(end + Duration::from_secs(1));
    }

    /// Reads a resource, again and again while the BMC is out of reach and there is time.
    pub async fn get(&self, link: &str) -> Result<Resource, CallError> {
        let request = Request { method: Method::GET, link, body: None, etag: None };
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(250))
            .with_max_delay(Duration::from_secs(4))
            .with_max_times(self.attempts.saturating_sub(1));
        let tries = (|| self.account.send(&request, self.deadline)).retry(backoff).when(CallError::is_transient);
        let reply = tokio::time::timeout_at(self.deadline, tries)
            .await
            .map_err(|_| self.account.failed(&request, Failure::NoAnswer("no answer in time".to_owned())))??;
        if !reply.body.is_object() {
            let nonsense = Failure::Nonsense("the answer is not a JSON object".to_owned());
            return Err(self.account.failed(&request, nonsense));
        }
        let header = reply.headers.get("ETag").and_then(|etag| etag.to_str().ok());
        let etag = header.or(reply.body["@odata.etag"].as_str()).map(str::to_owned);
        Ok(Resource { link: link.to_owned(), body: reply.body, etag })
    }

    /// Starts an action.
    pub async fn post(&self, link: &str, body: &Value) -> Result<(), CallError> {
        self.recent.forget();
        let request = Request { method: Method::POST, link, body: Some(body), etag: None };
        self.account.send(&request, self.deadline).await.map(drop)
    }

    /// Changes a resource that was read before. Some BMCs send weak ETags and compare strongly,
    /// others change them all the time: after "precondition failed", which changes nothing, it is
    /// tried with the strong form and then without.
    pub async fn patch(&self, resource: &Resource, body: &Value) -> Result<(), CallError> {
        let strong = resource.etag.as_deref().and_then(|etag| etag.strip_prefix("W/"));
        for etag in [resource.etag.as_deref(), strong].into_iter().flatten() {
            match self.patch_if(resource, body, Some(etag)).await {
                Err(error) if error.client_error() == Some(412) => {}
                result => return result,
            }
        }
        self.patch_if(resource, body, None).await
    }

    async fn patch_if(&self, resource: &Resource, body: &Value, etag: Option<&str>) -> Result<(), CallError> {
        self.recent.forget();
        let request = Request { method: Method::PATCH, link: &resource.link, body: Some(body), etag };
        self.account.send(&request, self.deadline).await.map(drop)
    }
}
