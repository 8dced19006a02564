//! The rooms of ARCHITECTURE.md: who may depend on whom. What is not listed is forbidden.

use std::process::Command;

use serde_json::Value;

use crate::{none, root};

/// Each crate with the crates of the workspace that it may depend on.
const EDGES: &[(&str, &[&str])] = &[
    ("assay-core", &[]),
    ("assay-wire", &["assay-core"]),
    ("assay-store", &["assay-core"]),
    ("assay-drivers", &["assay-core"]),
    ("assay-sim", &["assay-core", "assay-wire", "assay-drivers"]),
    // The simulator is for the verb `simulate` alone, which is a feature.
    ("assay", &["assay-core", "assay-wire", "assay-store", "assay-drivers", "assay-sim"]),
    ("xtask", &[]),
];

/// Each room with the libraries that would let it do what is another room's work.
const FOREIGN: &[(&str, &[&str])] = &[
    ("assay-core", &["tokio", "reqwest", "sea-orm", "axum", "async-trait", "futures", "anyhow", "tracing"]),
    ("assay-wire", &["tokio", "reqwest", "sea-orm", "axum", "anyhow"]),
    ("assay-store", &["reqwest", "axum", "anyhow"]),
    ("assay-drivers", &["sea-orm", "axum", "anyhow"]),
    ("xtask", &["tokio", "reqwest"]),
];

#[test]
fn a_room_depends_only_on_the_rooms_below_it() {
    let mut forbidden = Vec::new();
    for (package, needs) in dependencies() {
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == package) else {
            forbidden.push(format!("{package} is a room that no rule knows"));
            continue;
        };
        let rooms = needs.iter().filter(|need| EDGES.iter().any(|(room, _)| room == need));
        forbidden
            .extend(rooms.filter(|need| !allowed.contains(&need.as_str())).map(|need| format!("{package} → {need}")));
    }
    none("edges between rooms", &forbidden);
}

#[test]
fn a_room_has_no_library_for_the_work_of_another() {
    let mut forbidden = Vec::new();
    for (package, needs) in dependencies() {
        let foreign = FOREIGN.iter().find(|(name, _)| *name == package).map_or(&[][..], |(_, foreign)| foreign);
        forbidden.extend(
            needs.iter().filter(|need| foreign.contains(&need.as_str())).map(|need| format!("{package} → {need}")),
        );
    }
    none("libraries of a room", &forbidden);
}

/// Each package of the workspace with its dependencies, those of its tests left out.
fn dependencies() -> Vec<(String, Vec<String>)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = Command::new(cargo)
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() >= EDGES.len(), "the workspace has lost a room");
    packages.iter().map(|package| (text(&package["name"]), needs(package))).collect()
}

fn needs(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|dependency| dependency["kind"].is_null()).map(|dependency| text(&dependency["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
