//! The client against a Keystone and a service that answer as recorded, or as badly as they can.

mod calls;
mod recorded;
mod secrets;
mod session;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use assay_core::secret::Secret;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Account, Auth, Call, Domain, Identity, Named, Retry, Scope, Service, Settings};
use crate::{
    rude::{Manner, Rude, Seen, ok, status},
    verify_ca::VerifyCa,
};

const LOG_IN: &str = "POST /identity/v3/auth/tokens";

/// A user in the domain `Default`.
fn user(name: &str) -> Named {
    Named::Name(name.to_owned(), Domain::Name("Default".to_owned()))
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

/// The account of the user `ironic` in the project `service`.
pub fn account(url: String) -> Account {
    let identity = Identity::Password { user: user("ironic"), password: secret("ntsecret") };
    Account { url, identity, scope: Scope::Project(user("service")) }
}

/// Settings of the patience of a test.
pub fn settings(auth: Auth) -> Settings {
    Settings {
        name: "Neutron",
        label: "neutron",
        group: "neutron",
        auth,
        service_type: "network".to_owned(),
        interfaces: vec!["internal".to_owned(), "public".to_owned()],
        region: None,
        endpoint_override: None,
        // The system's authorities take long to be read.
        ca: VerifyCa::Nobody,
        request_timeout: Duration::from_millis(2500),
        connect_retries: 2,
        status_code_retries: 2,
        headers: Vec::new(),
    }
}

fn call<'a>(method: Method, path: &'a str, retry: Retry) -> Call<'a> {
    Call { method, path, query: &[], body: None, retry }
}

fn get(path: &str) -> Call<'_> {
    call(Method::GET, path, Retry::Idempotent)
}

fn answer(status: u16, body: &Value) -> Manner {
    Manner::Answer(status, "Content-Type: application/json\r\n", body.to_string())
}

/// Keystone's answer with the `number`th token, which lasts so many seconds.
pub fn token(seen: &Seen, number: usize, lifetime: i64) -> Manner {
    let host = seen.headers.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let (issued, expires) = (chrono::DateTime::UNIX_EPOCH, chrono::Duration::seconds(lifetime));
    let endpoint = |interface: &str, url: String| json!({"interface": interface, "region_id": "R1", "url": url});
    let body = json!({"token": {
        "issued_at": issued.to_rfc3339(),
        "expires_at": (issued + expires).to_rfc3339(),
        "project": {"id": "p1"},
        "catalog": [{"type": "network", "endpoints": [
            endpoint("public", "http://192.0.2.1:9696".to_owned()),
            endpoint("internal", format!("http://{host}/networking/v2.0")),
        ]}],
    }});
    Manner::Answer(201, format!("X-Subject-Token: secret-token-{number}\r\n").leak(), body.to_string())
}

/// A cloud, and our service in it.
struct Cloud {
    rude: Rude,
    service: Arc<Service>,
}

impl Cloud {
    /// Keystone at `/identity` and Neutron at `/networking`, which get the number of the request, from 0.
    async fn new(
        keystone: impl Fn(&Seen, usize) -> Manner + Send + Sync + 'static,
        neutron: impl Fn(&Seen, usize) -> Manner + Send + Sync + 'static,
    ) -> Self {
        let counts = [AtomicUsize::new(0), AtomicUsize::new(0)];
        let rude = Rude::start(move |seen| match seen.line == LOG_IN {
            true => keystone(seen, counts[0].fetch_add(1, Ordering::SeqCst)),
            false => neutron(seen, counts[1].fetch_add(1, Ordering::SeqCst)),
        })
        .await;
        let auth = Auth::Keystone(account(format!("{}/identity/v3", rude.address)));
        let service = Arc::new(Service::new(settings(auth)).unwrap());
        Self { rude, service }
    }

    /// The same with a Keystone that works.
    async fn with(neutron: impl Fn(&Seen, usize) -> Manner + Send + Sync + 'static) -> Self {
        Self::new(|seen, number| token(seen, number, 3600), neutron).await
    }

    fn log_ins(&self) -> usize {
        self.rude.seen(LOG_IN).len()
    }

    fn calls(&self) -> usize {
        self.rude.seen("").len() - self.log_ins()
    }
}
