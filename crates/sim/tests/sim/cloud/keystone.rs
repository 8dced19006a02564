//! Tokens and the catalog.

use std::time::Duration;

use assay_sim::{Catalog, Cloud, CloudSetup};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::{Asked, login};

#[tokio::test]
async fn a_token_opens_neutron_until_it_expires_or_is_revoked() {
    let asked = Asked::start(CloudSetup { token_life: Duration::from_secs(1), ..CloudSetup::default() }).await;
    asked.get("networks").await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let answer = asked.send(Method::GET, "networks", None).await.unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert_eq!(challenge, format!("Keystone uri=\"{}\"", asked.cloud.auth_url()));

    let asked = Asked::start(CloudSetup::default()).await;
    asked.cloud.revoke_tokens();
    assert_eq!(asked.ask(Method::GET, "networks", None).await.0, 401);
    assert_eq!(asked.cloud.tokens_issued(), 1);
}

#[tokio::test]
async fn the_catalog_has_what_the_setup_says() {
    let catalog = Catalog {
        services: vec!["identity", "network", "baremetal"],
        interfaces: vec!["internal"],
        baremetal: "http://127.0.0.1:16385".into(),
        ..Catalog::default()
    };
    let cloud = Cloud::start(CloudSetup { catalog, ..CloudSetup::default() }).await.unwrap();
    let body = login("assay", "s3cret-of-assay", "service");
    let answer = Client::new().post(format!("{}/auth/tokens", cloud.auth_url())).json(&body).send().await.unwrap();
    let token: Value = answer.json().await.unwrap();
    let catalog = token["token"]["catalog"].as_array().unwrap();
    let types: Vec<&Value> = catalog.iter().map(|service| &service["type"]).collect();
    assert_eq!(types, ["identity", "network", "baremetal"]);
    let network = catalog[1]["endpoints"].as_array().unwrap();
    let here: Vec<_> = network.iter().filter(|endpoint| endpoint["region"] == "RegionOne").collect();
    assert_eq!(here.len(), 1);
    assert_eq!((&here[0]["interface"], &here[0]["url"]), (&json!("internal"), &json!(cloud.network_url())));
    assert_eq!(network.len(), 4, "RegionTwo has three");
    assert_eq!(catalog[2]["endpoints"][0]["url"], "http://127.0.0.1:16385");
}

#[tokio::test]
async fn a_service_that_is_stopped_refuses_and_comes_back_with_what_it_knew() {
    let asked = Asked::start(CloudSetup::default()).await;
    asked.create(&asked.bound("inspection", "52:54:00:00:00:01", "p1")).await;
    asked.cloud.stop_neutron();
    let refused = asked.send(Method::GET, "ports", None).await.unwrap_err();
    assert!(refused.is_connect() || refused.is_request(), "{refused:?}");
    asked.cloud.start_neutron().await.unwrap();
    assert_eq!(asked.get("ports").await["ports"].as_array().unwrap().len(), 1);

    asked.cloud.neutron_is_starting(true);
    let (status, body) = asked.ask(Method::GET, "ports", None).await;
    assert_eq!((status, body), (404, Value::Null));
    asked.cloud.neutron_is_starting(false);
    asked.get("ports").await;

    asked.cloud.stop_keystone();
    assert!(Client::new().get(asked.cloud.auth_url()).send().await.is_err());
    asked.cloud.start_keystone().await.unwrap();
    asked.get("ports").await;
}
