//! What is left behind, asked of the BMCs and of the boot answers, not only of the runs.

use assay_core::{id::NodeId, node::Node, run::Phase};
use assay_drivers::DriverError;
use assay_store::{
    boot_records,
    nodes::{self, Holders, NodeFilter},
    page::Page,
    ports, runs,
};
use async_trait::async_trait;
use futures::{StreamExt, future::join_all, stream};

use super::{Conductor, requests::debts, tasks::parse_run};
use crate::{
    api::conductor::ConductorError,
    audit::{AuditSource, Facts, NodeFacts, Shown},
};

/// How many BMCs are asked at once.
const SIDE_BY_SIDE: usize = 16;

#[async_trait]
impl AuditSource for Conductor {
    async fn facts(&self) -> anyhow::Result<Facts> {
        let all = nodes::summaries(&self.store().read(), &NodeFilter::default(), &Page::default()).await?;
        let run_out = nodes::locked(&self.store().read(), &Holders::RunOut { group: None }).await?;
        let ids = all.into_iter().map(|node| NodeId(node.id));
        let facts = stream::iter(ids).map(|id| self.facts_of(id, run_out.contains(&id))).buffered(SIDE_BY_SIDE);
        let facts: Vec<Result<Option<NodeFacts>, ConductorError>> = facts.collect().await;
        let mut facts: Vec<NodeFacts> = facts.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
        facts.extend(self.facts_of_deleted_nodes(&facts).await?);
        let ports = self.orphans().await.map_err(|failure| failure.to_string());
        Ok(Facts { nodes: facts, ports })
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
                bmc: None,
                last: None,
                later: Vec::new(),
                boot_record: boot_records::of_run(&conn, run.id).await?.is_some(),
                lock_run_out: false,
            });
        }
        Ok(facts)
    }

    /// `None` for a node that was deleted meanwhile.
    async fn facts_of(&self, id: NodeId, lock_run_out: bool) -> Result<Option<NodeFacts>, ConductorError> {
        let conn = self.store().read();
        let Ok(row) = nodes::get(&conn, id).await else { return Ok(None) };
        let open = runs::open_of_node(&conn, id).await?.as_ref().map(parse_run).transpose()?;
        let in_inspection = open.as_ref().is_some_and(|run| run.phase != Phase::Settle);
        let last = [runs::last_of_node(&conn, id, Some("inspect")), runs::last_of_node(&conn, id, Some("introspect"))];
        let last = join_all(last).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let last = last.into_iter().flatten().max_by_key(|row| row.created_at).as_ref().map(parse_run).transpose()?;
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
            bmc: if in_inspection { None } else { self.ask_bmc(&row.node).await },
            last: last.filter(|run| run.concluded_at.is_some()),
            later: self.latest_of_clients(id).await?,
            boot_record,
            lock_run_out,
        }))
    }

    /// What the BMC shows; `None` if the node has none that can be asked.
    async fn ask_bmc(&self, node: &Node) -> Option<Result<Shown, String>> {
        let registry = &self.parts().registry;
        let (power, management) = (registry.power(node).ok()?, registry.management(node).ok()?);
        let task = self.task(node).await.ok()?;
        let asked = async {
            let power = power.get_power_state(&task).await?;
            match management.get_boot_device(&task).await {
                Err(DriverError::UnsupportedDriverExtension(_)) => Ok(Shown { power, boot: None }),
                boot => boot.map(|boot| Shown { power, boot: Some(boot) }),
            }
        };
        Some(asked.await.map_err(|failure: DriverError| failure.to_string()))
    }
}
