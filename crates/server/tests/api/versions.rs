//! Microversions: what every answer says of them, and how too old ones are refused.

use serde_json::{Value, json};

use crate::service::{Service, request};

const NODE: &str = "11111111-2222-4333-8444-000000000001";

async fn with_node() -> Service {
    let service = Service::start().await;
    let node = json!({"uuid": NODE, "driver": "fake-hardware", "name": "gold1"});
    assert_eq!(service.latest("POST", "/v1/nodes", &node).await.status, 201);
    service
}

#[tokio::test]
async fn every_answer_names_the_versions_and_the_request() {
    let service = with_node().await;
    for (path, version, used, status) in [
        ("/", "", "1.1", 200),
        ("/", "1.999", "1.1", 200),
        ("/v1", "", "1.1", 200),
        ("/v1/nodes", "1.72", "1.72", 200),
        ("/v1/nodes", "latest", "1.95", 200),
        ("/v1/nodes", "1.999", "1.1", 406),
        ("/v1/nodes", "junk", "1.1", 406),
        ("/v1/bogus", "1.72", "1.72", 404),
        ("/v1/nodes/nosuch", "1.72", "1.72", 404),
    ] {
        let answer = service.send(request("GET", path, version, &Value::Null)).await;
        assert_eq!(answer.status, status, "{path} {version}");
        assert_eq!(answer.header("x-openstack-ironic-api-minimum-version"), "1.1");
        assert_eq!(answer.header("x-openstack-ironic-api-maximum-version"), "1.95");
        assert_eq!(answer.header("x-openstack-ironic-api-version"), used, "{path} {version}");
        assert!(answer.header("openstack-request-id").starts_with("req-"));
        assert_eq!(answer.header("content-type"), "application/json");
    }
}

#[tokio::test]
async fn the_standard_header_names_the_version_as_well() {
    let service = Service::start().await;
    let mut asked = request("GET", "/v1/nodes", "", &Value::Null);
    asked.headers_mut().insert("OpenStack-API-Version", "compute 2.1, baremetal 1.40".parse().unwrap());
    assert_eq!(service.send(asked).await.header("x-openstack-ironic-api-version"), "1.40");
}

#[tokio::test]
async fn each_family_refuses_too_old_versions_in_its_own_way() {
    let service = with_node().await;
    let group = json!({"node_uuid": NODE, "name": "bond0"});
    assert_eq!(service.latest("POST", "/v1/portgroups", &group).await.status, 201);
    for (method, path, since, refused, served) in [
        ("GET", "/v1/conductors", 49, 404, 200),
        ("GET", "/v1/portgroups", 23, 404, 200),
        ("GET", "/v1/nodes/{}/portgroups", 24, 404, 200),
        ("GET", "/v1/nodes/{}/vifs", 28, 404, 200),
        ("GET", "/v1/nodes/{}/bios", 40, 404, 200),
        ("GET", "/v1/nodes/{}/history", 78, 404, 200),
        ("GET", "/v1/nodes/{}/inventory", 81, 404, 404),
        ("GET", "/v1/nodes/{}/traits", 37, 406, 200),
        ("PUT", "/v1/nodes/{}/traits", 37, 405, 400),
        ("DELETE", "/v1/nodes/{}/traits", 37, 404, 204),
        ("PUT", "/v1/nodes/{}/states/raid", 12, 406, 404),
        ("GET", "/v1/nodes?shard=x", 82, 406, 200),
        ("GET", "/v1/nodes?fields=uuid", 8, 406, 200),
        ("GET", "/v1/nodes?fields=shard", 82, 406, 200),
        ("GET", "/v1/nodes?detail=true", 43, 400, 200),
        ("GET", "/v1/ports?detail=false", 43, 400, 200),
        ("GET", "/v1/portgroups?detail=true", 43, 400, 200),
        ("GET", "/v1/nodes?sort_key=owner", 50, 406, 200),
        ("GET", "/v1/portgroups?sort_key=mode", 26, 406, 200),
        ("GET", "/v1/drivers?detail=true", 30, 406, 200),
        ("GET", "/v1/nodes/gold1", 5, 400, 200),
        ("POST", "/v1/portgroups", 23, 404, 400),
        ("GET", "/v1/portgroups/x", 23, 404, 404),
        ("PATCH", "/v1/portgroups/x", 23, 404, 400),
        ("DELETE", "/v1/portgroups/x", 23, 404, 404),
        ("GET", "/v1/nodes/{}/portgroups/detail", 24, 404, 200),
        ("GET", "/v1/portgroups/bond0/ports", 24, 404, 200),
        ("GET", "/v1/ports?portgroup=x", 24, 406, 404),
        ("GET", "/v1/ports?fields=portgroup_uuid", 24, 406, 200),
        ("GET", "/v1/volume", 32, 404, 200),
        ("GET", "/v1/volume/targets", 32, 404, 200),
        ("GET", "/v1/allocations", 52, 404, 200),
        ("POST", "/v1/allocations", 52, 405, 404),
        ("PATCH", "/v1/allocations/x", 52, 405, 404),
        ("POST", "/v1/events", 54, 404, 404),
        ("GET", "/v1/deploy_templates", 55, 404, 200),
        ("DELETE", "/v1/deploy_templates/x", 55, 405, 404),
        ("GET", "/v1/shards", 82, 404, 200),
        ("GET", "/v1/runbooks", 92, 404, 200),
        ("POST", "/v1/runbooks", 92, 405, 404),
        ("GET", "/v1/nodes/{}/volume", 32, 404, 200),
        ("GET", "/v1/nodes/{}/allocation", 52, 404, 404),
        ("PUT", "/v1/nodes/{}/states/boot_mode", 76, 404, 400),
        ("GET", "/v1/nodes/{}/children", 83, 404, 200),
        ("GET", "/v1/nodes/{}/firmware", 86, 404, 200),
        ("POST", "/v1/nodes/{}/vmedia", 89, 404, 400),
        ("GET", "/v1/nodes/{}/vmedia", 93, 404, 400),
        ("GET", "/v1/lookup", 22, 404, 400),
        ("GET", "/v1/drivers/fake-hardware/raid/logical_disk_properties", 12, 406, 400),
    ] {
        let path = path.replace("{}", NODE);
        for (minor, expected) in [(since - 1, refused), (since, served)] {
            let answer = service.ask(minor, method, &path, &Value::Null).await;
            assert_eq!(answer.status, expected, "{method} {path} in 1.{minor}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_verb_is_refused_before_its_time() {
    let service = with_node().await;
    let provision = format!("/v1/nodes/{NODE}/states/provision");
    for (minor, target, expected) in [
        (3, "manage", 406),
        (4, "manage", 202),
        (5, "inspect", 406),
        (6, "inspect", 202),
        (40, "abort", 406),
        (41, "abort", 202),
    ] {
        let answer = service.ask(minor, "PUT", &provision, &json!({"target": target})).await;
        assert_eq!(answer.status, expected, "{target} in 1.{minor}: {answer:?}");
    }
    let soft = json!({"target": "soft power off"});
    let power = format!("/v1/nodes/{NODE}/states/power");
    assert_eq!(service.ask(26, "PUT", &power, &soft).await.status, 406);
    assert_eq!(service.ask(27, "PUT", &power, &soft).await.status, 202);
}

#[tokio::test]
async fn a_path_is_the_same_with_a_slash_without_the_version_and_with_the_old_ending() {
    let service = with_node().await;
    for path in ["/v1/nodes/gold1", "/v1/nodes/gold1/", "/nodes/gold1", "/v1/nodes/gold1.json"] {
        assert_eq!(service.ask(90, "GET", path, &Value::Null).await.status, 200, "{path}");
    }
    assert_eq!(service.ask(91, "GET", "/v1/nodes/gold1.json", &Value::Null).await.status, 404);
}
