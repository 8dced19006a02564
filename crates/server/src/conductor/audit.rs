//! What is left behind, asked of the BMCs and of the boot answers, not only of the runs.

use assay_core::{id::NodeId, node::Node, run::Phase};
use assay_drivers::DriverError;
use assay_store::{
    boot_records,
    nodes::{self, NodeFilter},
    page::Page,
    ports, runs,
};
use async_trait::async_trait;
use futures::{StreamExt, stream};

use super::{Conductor, requests::debts, tasks::parse_run};
use crate::{
    api::conductor::ConductorError,
    audit::{AuditSource, NodeFacts},
};

/// How many BMCs are asked at once.
const SIDE_BY_SIDE: usize = 16;

#[async_trait]
impl AuditSource for Conductor {
    async fn facts(&self) -> anyhow::Result<Vec<NodeFacts>> {
        let all = nodes::summaries(&self.store().read(), &NodeFilter::default(), &Page::default()).await?;
        let ids = all.into_iter().map(|node| NodeId(node.id));
        let facts = stream::iter(ids).map(|id| self.facts_of(id)).buffered(SIDE_BY_SIDE);
        let facts: Vec<Result<Option<NodeFacts>, ConductorError>> = facts.collect().await;
        let mut facts: Vec<NodeFacts> = facts.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
        facts.extend(self.facts_of_deleted_nodes(&facts).await?);
        Ok(facts)
    }
}

impl Conductor {
    /// A node's deletion does not end its run's debts.
    async fn facts_of_deleted_nodes(&self, present: &[NodeFacts]) -> Result<Vec<NodeFacts>, ConductorError> {
        let conn = self.store().read();
        let mut facts = Vec::new();
        for row in runs::open_runs(&conn).await? {
            let run = parse_run(&row)?;
            if !run.snapshot.kind.is_exclusive() || present.iter().any(|facts| facts.node == run.node) {
                continue;
            }
            facts.push(NodeFacts {
                node: run.node,
                name: None,
                in_inspection: false,
                debt: vec![debts(&run)],
                boot_override: None,
                boot_record: boot_records::of_run(&conn, run.id).await?.is_some(),
            });
        }
        Ok(facts)
    }

    /// `None` for a node that was deleted meanwhile.
    async fn facts_of(&self, id: NodeId) -> Result<Option<NodeFacts>, ConductorError> {
        let conn = self.store().read();
        let Ok(row) = nodes::get(&conn, id).await else { return Ok(None) };
        let open = runs::open_of_node(&conn, id).await?.as_ref().map(parse_run).transpose()?;
        let in_inspection = open.as_ref().is_some_and(|run| run.phase != Phase::Settle);
        let macs: Vec<_> = ports::of_node(&conn, id).await?.into_iter().map(|port| port.address).collect();
        let mut boot_record = false;
        for mac in &macs {
            boot_record |= boot_records::by_mac(&conn, *mac).await?.is_some();
        }
        Ok(Some(NodeFacts {
            node: id,
            name: row.node.name.clone(),
            in_inspection,
            debt: open.iter().filter(|run| run.phase == Phase::Settle).map(debts).collect(),
            boot_override: if in_inspection { None } else { self.boot_override(&row.node).await },
            boot_record,
        }))
    }

    async fn boot_override(&self, node: &Node) -> Option<Result<assay_core::power::BootOverride, String>> {
        let management = self.parts().registry.management(node).ok()?;
        let task = self.task(node).await.ok()?;
        match management.get_boot_device(&task).await {
            Err(DriverError::UnsupportedDriverExtension(_)) => None,
            told => Some(told.map_err(|failure| failure.to_string())),
        }
    }
}
