//! `GET /v1/ports`: which ports, which fields of them, and which page.

use assay_core::{
    mac::MacAddress,
    microversion::{Microversion, PortField, PortQuery},
};

use crate::{list::Listing, port::view::LIST_FIELDS, query::Arguments, refusal::Refusal, value};

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
    /// Which page of them, and which fields of each.
    pub listing: Listing<PortField>,
}

/// What the ports of a path are below of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// `nodes/<node>/ports`.
    Node,
    /// `portgroups/<group>/ports`.
    Portgroup,
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
        let listing = Listing::take(&mut arguments, version, max_limit, detail, LIST_FIELDS)?;
        let node_uuid = arguments.take_uuid("node_uuid")?.map(|id| id.to_string());
        let list = Self {
            node: arguments.take("node").or(node_uuid),
            address: arguments.take("address").map(|text| value::mac("address", &text)).transpose()?,
            portgroup: arguments.take("portgroup"),
            shards: arguments.take("shard").map(|list| list.split(',').map(str::to_owned).collect()),
            listing,
        };
        list.check_exclusive()?;
        Ok(list)
    }

    /// The list as it is below the object `ident`.
    ///
    /// # Errors
    /// Refused when the arguments ask for those of another kind of object as well.
    pub fn below(mut self, parent: Parent, ident: String) -> Result<Self, Refusal> {
        match parent {
            Parent::Node => self.node = Some(ident),
            Parent::Portgroup => self.portgroup = Some(ident),
        }
        self.check_exclusive()?;
        Ok(self)
    }

    fn check_exclusive(&self) -> Result<(), Refusal> {
        let given = [self.node.is_some(), self.portgroup.is_some(), self.shards.is_some()];
        if given.into_iter().filter(|given| *given).count() > 1 {
            return Err(Refusal::Forbidden("Only one of node, portgroup and shard can be given.".to_owned()));
        }
        Ok(())
    }
}
