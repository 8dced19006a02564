//! `GET /v1/ports`: which ports, which fields of them, and which page.

use assay_core::{
    mac::MacAddress,
    microversion::{Microversion, PortField, PortQuery},
};

use crate::{
    fields,
    port::view::LIST_FIELDS,
    query::{Arguments, Page},
    refusal::Refusal,
    value,
};

/// A list of ports as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortList {
    /// The UUID or name of the node whose ports are asked for.
    pub node: Option<String>,
    /// The one address that is asked for.
    pub address: Option<MacAddress>,
    /// The port group whose members are asked for.
    pub portgroup: Option<String>,
    /// The shards whose nodes' ports are asked for.
    pub shards: Option<Vec<String>>,
    /// Which part of the list.
    pub page: Page,
    /// Which fields of each.
    pub fields: Vec<PortField>,
    /// The arguments that the link to the next page keeps.
    pub kept: Vec<(String, String)>,
}

impl PortList {
    /// Reads the arguments. `detail`: the path asks for all fields.
    ///
    /// # Errors
    /// Refused when an argument is unknown, too new or wrong, or two of them exclude each other.
    pub fn parse(
        mut arguments: Arguments,
        version: Microversion,
        max_limit: usize,
        detail: bool,
    ) -> Result<Self, Refusal> {
        arguments.check(version, |name| PortQuery::parse(name).map(PortQuery::since))?;
        let page = Page::take(&mut arguments, max_limit)?;
        let kept = arguments.0.clone();
        let fields = fields::of_list(&mut arguments, version, detail, LIST_FIELDS)?;
        let node_uuid = arguments.take_uuid("node_uuid")?.map(|id| id.to_string());
        let list = Self {
            node: arguments.take("node").or(node_uuid),
            address: arguments.take("address").map(|text| value::mac("address", &text)).transpose()?,
            portgroup: arguments.take("portgroup"),
            shards: arguments.take("shard").map(|list| list.split(',').map(str::to_owned).collect()),
            page,
            fields,
            kept,
        };
        list.check_exclusive()?;
        Ok(list)
    }

    fn check_exclusive(&self) -> Result<(), Refusal> {
        let given = [self.node.is_some(), self.portgroup.is_some(), self.shards.is_some()];
        if given.into_iter().filter(|given| *given).count() > 1 {
            return Err(Refusal::Forbidden("Only one of node, portgroup and shard can be given.".to_owned()));
        }
        Ok(())
    }
}
