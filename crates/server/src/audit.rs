//! What is left behind: the question, asked of the world and not only of our tables, and its answer.

use assay_core::{id::NodeId, power::BootOverride};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Who can go and ask.
#[async_trait]
pub trait AuditSource: Send + Sync {
    /// The facts about every node, as they are now; bounded by the deadlines of the drivers.
    ///
    /// # Errors
    /// The store does not answer; what a BMC does not answer is in the facts.
    async fn facts(&self) -> anyhow::Result<Vec<NodeFacts>>;
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
    /// The boot override that its BMC holds; why it did not tell; `None` if it can't be asked.
    pub boot_override: Option<Result<BootOverride, String>>,
    /// The boot listeners would still answer its ports.
    pub boot_record: bool,
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
pub fn judge(all: &[NodeFacts]) -> Report {
    let mut report = Report { nodes: all.len(), ..Report::default() };
    for facts in all {
        let node = facts.name.clone().unwrap_or_else(|| facts.node.to_string());
        let finding = |text: String| Finding { node: node.clone(), text };
        report.left_behind.extend(facts.debt.iter().map(|debt| finding(format!("an ended run still owes: {debt}"))));
        if facts.in_inspection {
            report.in_inspection += 1;
            continue;
        }
        match &facts.boot_override {
            Some(Err(reason)) => {
                report.unknown.push(finding(format!("its BMC does not tell the boot device: {reason}")))
            }
            Some(Ok(BootOverride { device: Some(device), persistent: false })) => {
                report.left_behind.push(finding(format!("its BMC will boot from {device} once")));
            }
            _ => {}
        }
        if facts.boot_record {
            report.left_behind.push(finding("the boot listeners still answer its ports".to_owned()));
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use assay_core::power::BootDevice;
    use uuid::Uuid;

    use super::*;

    fn facts() -> NodeFacts {
        NodeFacts {
            node: NodeId(Uuid::from_u128(1)),
            name: Some("n".into()),
            in_inspection: false,
            debt: vec![],
            boot_override: Some(Ok(BootOverride { device: Some(BootDevice::Disk), persistent: true })),
            boot_record: false,
        }
    }

    fn left_behind(facts: NodeFacts) -> Vec<String> {
        judge(&[facts]).left_behind.into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn s1_each_kind_of_left_over_is_told() {
        assert!(left_behind(facts()).is_empty());
        let once = Some(Ok(BootOverride { device: Some(BootDevice::Pxe), persistent: false }));
        assert_eq!(
            left_behind(NodeFacts { boot_override: once.clone(), ..facts() }),
            ["its BMC will boot from pxe once"]
        );
        assert_eq!(
            left_behind(NodeFacts { boot_record: true, ..facts() }),
            ["the boot listeners still answer its ports"]
        );
        let debt = vec!["power off".to_owned()];
        assert_eq!(left_behind(NodeFacts { debt, ..facts() }), ["an ended run still owes: power off"]);
        assert!(
            left_behind(NodeFacts { in_inspection: true, boot_record: true, boot_override: once, ..facts() })
                .is_empty()
        );
    }

    #[test]
    fn a_silent_bmc_is_unknown_and_not_well() {
        let report = judge(&[NodeFacts { boot_override: Some(Err("timed out".into())), ..facts() }]);
        assert_eq!(report.unknown.len(), 1);
        assert!(report.left_behind.is_empty());
    }
}
