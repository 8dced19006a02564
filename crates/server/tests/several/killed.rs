//! One of two conductors is killed with -9 in the middle of fifty inspections.

use std::time::Duration;

use assay_sim::{Hardware, Ramdisk};
use futures::future::{join_all, try_join_all};
use serde_json::{Value, json};

use crate::pair::Pair;

const MACHINES: usize = 50;
/// The lease, two looks at what is adrift, and the inspections themselves on a busy computer.
const LONG: Duration = Duration::from_secs(180);

async fn fifty() -> Pair {
    let ramdisk = Ramdisk { work: Duration::from_millis(700), ..Ramdisk::default() };
    let mut pair =
        Pair::new(Hardware { machines: MACHINES, ramdisk, ..Hardware::default() }, [&[], &[]]).await.unwrap();
    pair.start(0, &[]).await.unwrap();
    pair.start(1, &[]).await.unwrap();
    pair
}

/// Each inspection ended well, once: one accepted post, one inventory, one end in its history.
pub async fn ended_right_once(pair: &Pair, survivor: usize, machine: usize, node: &str) -> anyhow::Result<()> {
    let rest = &pair.members[survivor].rest;
    rest.wait_for(node, "manageable", LONG).await?;
    pair.nothing_left(machine, &[survivor]).await?;
    let state = pair.world.machine(machine).state();
    let accepted = state.boots.iter().flat_map(|boot| &boot.answers).filter(|it| (200..300).contains(&it.status));
    anyhow::ensure!(accepted.count() >= 1, "{machine}: no post was accepted");
    let timeline = rest.get(&format!("/v1/nodes/{node}/timeline")).await?;
    let events = timeline["events"].as_array().cloned().unwrap_or_default();
    let count = |event: &str| events.iter().filter(|it| it["event"] == event).count();
    anyhow::ensure!(count("callback") == 1, "{machine}: {} posts were taken", count("callback"));
    let inventory = rest.get(&format!("/v1/nodes/{node}/inventory")).await?;
    let mac = pair.world.machine(machine).nics[0].to_string();
    anyhow::ensure!(inventory["inventory"]["interfaces"][0]["mac_address"] == mac.as_str(), "{machine}: {inventory}");
    Ok(())
}

async fn one_dies(dying: usize) {
    let survivor = 1 - dying;
    let mut pair = fifty().await;
    let enrolled = try_join_all((0..MACHINES).map(|machine| pair.enrol(machine % 2, machine, &Value::Null)));
    let nodes = enrolled.await.unwrap();
    pair.tell("50 nodes are manageable, enrolled at both conductors in turn");
    let asks =
        nodes.iter().enumerate().map(|(machine, node)| pair.members[machine % 2].rest.provision(node, "inspect"));
    for asked in join_all(asks).await {
        asked.unwrap();
    }
    pair.tell("50 inspections are asked for, 25 at each");
    let listed = pair.members[survivor].rest.get("/v1/nodes?fields=provision_state").await.unwrap();
    let states = listed["nodes"].as_array().unwrap().iter().map(|node| node["provision_state"].as_str().unwrap());
    let count = |wanted: &str| states.clone().filter(|state| *state == wanted).count();
    let (starting, waiting) = (count("inspecting"), count("inspect wait"));
    pair.kill(dying).await.unwrap();
    let name = ["one", "two"][dying];
    pair.tell(&format!("conductor {name} is killed with -9, while {starting} are being started and {waiting} wait"));
    pair.world.boot_from(&pair.members[survivor].installation.boot_url());
    let ends = nodes.iter().enumerate().map(|(machine, node)| ended_right_once(&pair, survivor, machine, node));
    let failed: Vec<String> =
        join_all(ends).await.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    pair.tell(&format!("{} of 50 have ended right, each once", MACHINES - failed.len()));
    let list = pair.members[survivor].rest.get("/v1/conductors").await.unwrap();
    let alive = |name: &str| {
        let all = list["conductors"].as_array().unwrap();
        all.iter().find(|it| it["hostname"] == name).map(|it| it["alive"].clone())
    };
    pair.tell(&format!("the list of conductors: one alive {:?}, two alive {:?}", alive("one"), alive("two")));
    assert!(failed.is_empty(), "{}\n{}", failed.join("\n"), pair.logs());
    assert_eq!(alive(["one", "two"][survivor]), Some(json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_the_first_conductor_dies_in_the_middle_of_fifty_inspections_and_the_other_ends_them() {
    one_dies(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_the_second_conductor_dies_in_the_middle_of_fifty_inspections_and_the_other_ends_them() {
    one_dies(1).await;
}
