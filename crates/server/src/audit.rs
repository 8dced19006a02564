//! What is left behind: the question, asked of the world and not only of our tables, and its answer.

use assay_core::{
    id::NodeId,
    power::{BootOverride, PowerState},
    run::{Run, undo::left_behind},
};
use assay_drivers::interface::HeldPort;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Who can go and ask.
#[async_trait]
pub trait AuditSource: Send + Sync {
    /// The facts about every node and about Neutron, as they are now; bounded by the deadlines of the
    /// drivers.
    ///
    /// # Errors
    /// The store does not answer; what a BMC or Neutron does not answer is in the facts.
    async fn facts(&self) -> anyhow::Result<Facts>;
}

/// What was found out.
#[derive(Clone, Debug)]
pub struct Facts {
    /// About each node.
    pub nodes: Vec<NodeFacts>,
    /// Our ports at Neutron whose inspection is over, or why Neutron did not tell.
    pub ports: Result<Vec<HeldPort>, String>,
}

/// What was found out about one node.
#[derive(Clone, Debug)]
pub struct NodeFacts {
    /// The node.
    pub node: NodeId,
    /// Its name, for people.
    pub name: Option<String>,
    /// A run is under way: what it has done is no left-over.
    pub in_inspection: bool,
    /// What ended runs still owe, one line each.
    pub debt: Vec<String>,
    /// What its BMC shows; why it did not tell; `None` if it can't be asked.
    pub bmc: Option<Result<Shown, String>>,
    /// Its latest inspection, if that has ended.
    pub last: Option<Run>,
    /// What clients have asked for beside inspections.
    pub later: Vec<Run>,
    /// The boot listeners would still answer its ports.
    pub boot_record: bool,
    /// Somebody holds its lock although the lease has run out.
    pub lock_run_out: bool,
}

/// What a BMC shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whether the machine is on.
    pub power: PowerState,
    /// What it will boot from, where the BMC tells.
    pub boot: Option<BootOverride>,
}

/// What the audit has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many nodes were looked at.
    pub nodes: usize,
    /// How many of them are in inspection, and so have nothing left behind yet.
    pub in_inspection: usize,
    /// What is left behind.
    pub left_behind: Vec<Finding>,
    /// Who did not answer, so that nobody knows.
    pub unknown: Vec<Finding>,
}

/// One thing, of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The node's name or UUID.
    pub node: String,
    /// What it is.
    pub text: String,
}

/// Judges the facts.
#[must_use]
pub fn judge(all: &Facts) -> Report {
    let mut report = Report { nodes: all.nodes.len(), ..Report::default() };
    let neutron = |text: String| Finding { node: "Neutron".to_owned(), text };
    match &all.ports {
        Ok(ports) => report.left_behind.extend(ports.iter().map(|HeldPort { vif, mark }| {
            neutron(format!(
                "port {vif} of inspection {}, which is over, is still there; it is removed within five minutes while \
                 `assay serve` runs",
                mark.run
            ))
        })),
        Err(reason) => report.unknown.push(neutron(format!("it does not tell: {reason}"))),
    }
    for facts in &all.nodes {
        let node = facts.name.clone().unwrap_or_else(|| facts.node.to_string());
        let finding = |text: String| Finding { node: node.clone(), text };
        report.left_behind.extend(facts.debt.iter().map(|debt| finding(format!("an ended run still owes: {debt}"))));
        if facts.in_inspection {
            report.in_inspection += 1;
            continue;
        }
        match &facts.bmc {
            Some(Err(reason)) => report.unknown.push(finding(format!("its BMC does not tell: {reason}"))),
            Some(Ok(shown)) => {
                report.left_behind.extend(left_on_bmc(facts, shown).into_iter().map(&finding));
            }
            None => {}
        }
        if facts.boot_record {
            report.left_behind.push(finding("the boot listeners still answer its ports".to_owned()));
        }
        if facts.lock_run_out {
            let text = "its lock is held beyond the end of its lease; it is taken over within seconds while `assay serve` runs";
            report.left_behind.push(finding(text.to_owned()));
        }
    }
    report
}

fn left_on_bmc(facts: &NodeFacts, shown: &Shown) -> Vec<String> {
    let last = facts.last.as_ref();
    last.map(|run| left_behind(run, &facts.later, Some(shown.power), shown.boot.as_ref())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use assay_core::{
        id::PortId,
        run::{Mark, RunId, VifId},
    };
    use uuid::Uuid;

    use super::*;

    fn facts() -> NodeFacts {
        NodeFacts {
            node: NodeId(Uuid::from_u128(1)),
            name: Some("n".into()),
            in_inspection: false,
            debt: vec![],
            bmc: Some(Ok(Shown { power: PowerState::On, boot: None })),
            last: None,
            later: vec![],
            boot_record: false,
            lock_run_out: false,
        }
    }

    fn found(facts: NodeFacts) -> Vec<String> {
        judge(&Facts { nodes: vec![facts], ports: Ok(Vec::new()) })
            .left_behind
            .into_iter()
            .map(|finding| finding.text)
            .collect()
    }

    #[test]
    fn s1_each_kind_of_left_over_is_told() {
        assert!(found(facts()).is_empty(), "a machine that was never inspected may be on");
        assert_eq!(found(NodeFacts { boot_record: true, ..facts() }), ["the boot listeners still answer its ports"]);
        let debt = vec!["power off".to_owned()];
        assert_eq!(found(NodeFacts { debt, ..facts() }), ["an ended run still owes: power off"]);
        assert!(found(NodeFacts { lock_run_out: true, ..facts() })[0].starts_with("its lock is held beyond"));
        assert!(found(NodeFacts { in_inspection: true, boot_record: true, ..facts() }).is_empty());
    }

    #[test]
    fn a_silent_bmc_is_unknown_and_not_well() {
        let node = NodeFacts { bmc: Some(Err("timed out".into())), ..facts() };
        let report = judge(&Facts { nodes: vec![node], ports: Err("connection refused".into()) });
        assert_eq!(report.unknown.len(), 2);
        assert!(report.left_behind.is_empty());
    }

    #[test]
    fn s1_a_port_at_neutron_whose_inspection_is_over_is_told() {
        let mark = Mark { instance: "ab12cd34".into(), run: RunId(Uuid::nil()), port: PortId(Uuid::nil()) };
        let port = HeldPort { vif: VifId("p1".into()), mark };
        let report = judge(&Facts { nodes: Vec::new(), ports: Ok(vec![port]) });
        assert!(report.left_behind[0].text.starts_with("port p1 of inspection "), "{report:?}");
    }
}
