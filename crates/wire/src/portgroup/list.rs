//! `GET /v1/portgroups`: which port groups, which fields of them, and which page.

use assay_core::{
    mac::MacAddress,
    microversion::{Microversion, PortgroupField, PortgroupQuery},
};

use crate::{list::Listing, portgroup::view::LIST_FIELDS, query::Arguments, refusal::Refusal, value};

/// A list of port groups as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortgroupList {
    /// The UUID or name of the node whose groups are asked for.
    pub node: Option<String>,
    /// The one address that is asked for.
    pub address: Option<MacAddress>,
    /// Which page of them, and which fields of each.
    pub listing: Listing<PortgroupField>,
}

impl PortgroupList {
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
        arguments.check(version, |name| PortgroupQuery::parse(name).map(PortgroupQuery::since))?;
        let listing = Listing::take(&mut arguments, version, max_limit, detail, LIST_FIELDS)?;
        let list = Self {
            node: arguments.take("node"),
            address: arguments.take("address").map(|text| value::mac("address", &text)).transpose()?,
            listing,
        };
        list.check_exclusive()?;
        Ok(list)
    }

    /// The list as it is below a node.
    ///
    /// # Errors
    /// Refused when the arguments ask for an address as well.
    pub fn below(mut self, node: String) -> Result<Self, Refusal> {
        self.node = Some(node);
        self.check_exclusive()?;
        Ok(self)
    }

    fn check_exclusive(&self) -> Result<(), Refusal> {
        if self.node.is_some() && self.address.is_some() {
            let text = "Filtering by node, address, or shard simultaneously is not supported.";
            return Err(Refusal::Invalid(text.to_owned()));
        }
        Ok(())
    }
}
