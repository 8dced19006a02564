//! `GET /v1/nodes`: which nodes, which fields of them, and which page.

use assay_core::{
    microversion::{Microversion, NodeField, NodeQuery},
    provision::ProvisionState,
};
use uuid::Uuid;

use crate::{list::Listing, node::view::LIST_FIELDS, query::Arguments, refusal::Refusal};

/// Which nodes a list holds; an absent condition holds for every node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub struct NodeConditions {
    pub chassis_uuid: Option<Uuid>,
    pub instance_uuid: Option<Uuid>,
    /// Whether an instance is on the node.
    pub associated: Option<bool>,
    pub maintenance: Option<bool>,
    pub retired: Option<bool>,
    pub provision_state: Option<ProvisionState>,
    pub driver: Option<String>,
    pub resource_class: Option<String>,
    pub fault: Option<String>,
    pub conductor_group: Option<String>,
    pub conductor: Option<String>,
    pub owner: Option<String>,
    pub lessee: Option<String>,
    pub description_contains: Option<String>,
    /// One of these.
    pub shards: Option<Vec<String>>,
    /// Whether the node is in any shard.
    pub sharded: Option<bool>,
    pub parent_node: Option<Uuid>,
    /// Without it, or `parent_node`, the list holds no node that is another's child.
    pub include_children: bool,
}

/// A list of nodes as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeList {
    /// Which nodes.
    pub conditions: NodeConditions,
    /// Which page of them, and which fields of each.
    pub listing: Listing<NodeField>,
}

impl NodeList {
    /// Reads the arguments. `detail`: the path asks for all fields.
    ///
    /// # Errors
    /// Refused when an argument is unknown, too new or wrong.
    pub fn parse(
        mut arguments: Arguments,
        version: Microversion,
        max_limit: usize,
        detail: bool,
    ) -> Result<Self, Refusal> {
        arguments.check(version, |name| NodeQuery::parse(name).map(NodeQuery::since))?;
        let listing = Listing::take(&mut arguments, version, max_limit, detail, LIST_FIELDS)?;
        Ok(Self { conditions: conditions(&mut arguments)?, listing })
    }
}

fn conditions(arguments: &mut Arguments) -> Result<NodeConditions, Refusal> {
    Ok(NodeConditions {
        chassis_uuid: arguments.take_uuid("chassis_uuid")?,
        instance_uuid: arguments.take_uuid("instance_uuid")?,
        associated: arguments.take_boolean("associated")?,
        maintenance: arguments.take_boolean("maintenance")?,
        retired: arguments.take_boolean("retired")?,
        provision_state: arguments.take("provision_state").map(|text| provision_state(&text)).transpose()?,
        driver: arguments.take("driver"),
        resource_class: arguments.take("resource_class"),
        fault: arguments.take("fault"),
        conductor_group: arguments.take("conductor_group").map(|group| group.to_ascii_lowercase()),
        conductor: arguments.take("conductor"),
        owner: arguments.take("owner"),
        lessee: arguments.take("lessee"),
        description_contains: arguments.take("description_contains"),
        shards: arguments.take("shard").map(|list| list.split(',').map(str::to_owned).collect()),
        sharded: arguments.take_boolean("sharded")?,
        parent_node: arguments.take_uuid("parent_node")?,
        include_children: arguments.take_boolean("include_children")?.unwrap_or(false),
    })
}

fn provision_state(text: &str) -> Result<ProvisionState, Refusal> {
    ProvisionState::parse(text).ok_or_else(|| Refusal::Invalid(format!("Provision state \"{text}\" is not valid")))
}
