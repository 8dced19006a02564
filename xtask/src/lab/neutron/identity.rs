//! Who may do what: users, roles, projects and the catalog of the lab's Keystone.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::openstack::Session;
use super::settings::Place;
use super::{IDENTITY, NETWORK, PASSWORD, PROJECT, REGION, USER, document};
use crate::assay;
use crate::lab::Lab;
use crate::project::write;

/// The file that remembers the application credential, in the place's folder.
pub const FILE: &str = "application-credential.json";
/// Names what [`make`] makes, for the stamp of the databases: to be changed with it.
pub const CONTENT: &str = "users admin, neutron, assay, member, reader, nobody; catalog; application credential";

const SECRET: &str = "hunter3";
/// Where the catalog says that introspection is: the service that is built in, or an external one in its place.
const INTROSPECTION: &str = "http://127.0.0.1:5050";

/// Makes everything, in a Keystone that has only been bootstrapped.
pub fn make(lab: &Lab, place: &Place) -> Result<()> {
    let admin = Session::open(lab, "admin", PASSWORD, "admin")?;
    let create = |kind: &str, values: Value| -> Result<String> {
        let made = admin.create(&format!("{IDENTITY}/{kind}s"), kind, &values)?;
        Ok(made["id"].as_str().with_context(|| format!("a {kind} without an id"))?.to_owned())
    };
    let service = role(&admin, "service")?;
    let admin_role = role(&admin, "admin")?;
    let project = create("project", json!({"name": PROJECT, "domain_id": "default"}))?;
    let other = create("project", json!({"name": "other", "domain_id": "default"}))?;
    let (member, reader) = (role(&admin, "member")?, role(&admin, "reader")?);
    // Neutron 29 lets only the role `service` set a port's binding profile: `admin-only` is an operator's usual mistake.
    for (name, project, roles) in [
        ("neutron", &project, vec![&admin_role, &service]),
        (USER, &project, vec![&admin_role, &service]),
        ("admin-only", &project, vec![&admin_role]),
        ("member", &other, vec![&member]),
        ("reader", &other, vec![&reader]),
        ("nobody", &other, vec![]),
    ] {
        let user = create("user", json!({"name": name, "domain_id": "default", "password": PASSWORD}))?;
        for role in roles {
            admin.call("PUT", &format!("{IDENTITY}/projects/{project}/users/{user}/roles/{role}"), None)?;
        }
    }
    for (name, kind, url) in [
        ("neutron", "network", NETWORK),
        ("ironic", "baremetal", assay::API),
        ("ironic-inspector", "baremetal-introspection", INTROSPECTION),
    ] {
        let service = create("service", json!({"name": name, "type": kind}))?;
        for interface in ["public", "internal", "admin"] {
            create("endpoint", json!({"service_id": service, "interface": interface, "region": REGION, "url": url}))?;
        }
    }
    make_application_credential(lab, place)
}

/// The application credential of Assay's user.
pub fn application_credential(place: &Place) -> Result<Value> {
    document(&place.file(FILE))
}

fn role(session: &Session, name: &str) -> Result<String> {
    let roles = session.get(&format!("{IDENTITY}/roles?name={name}"))?;
    Ok(roles["roles"][0]["id"].as_str().with_context(|| format!("Keystone has no role {name}"))?.to_owned())
}

/// Only the user can make it.
fn make_application_credential(lab: &Lab, place: &Place) -> Result<()> {
    let session = Session::open(lab, USER, PASSWORD, PROJECT)?;
    let url = format!("{IDENTITY}/users/{}/application_credentials", session.user);
    let wanted = json!({"name": "lab", "secret": SECRET, "roles": [{"name": "admin"}, {"name": "service"}]});
    let made = session.create(&url, "application_credential", &wanted)?;
    write(&place.file(FILE), &json!({"id": made["id"], "secret": SECRET}).to_string())
}
