//! The database goes away in the middle of inspections, and comes back: for a moment, and for longer than the leases last.

use std::{sync::Arc, time::Duration};

use assay_sim::{Hardware, Ramdisk};
use futures::future::{join_all, try_join_all};
use reqwest::Url;
use serde_json::Value;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::{killed::ended_right_once, pair::Pair};

const MACHINES: usize = 20;

/// Stands between a conductor and its database server; while it is cut, no connection lives.
struct Line {
    /// The database's URL by way of it.
    url: String,
    cut: Arc<watch::Sender<bool>>,
}

impl Line {
    async fn to(database: &str) -> Self {
        let mut url = Url::parse(database).unwrap();
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let cut = Arc::new(watch::Sender::new(false));
        let line = Self { url: url.into(), cut: Arc::clone(&cut) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), cut.subscribe()));
            }
        });
        line
    }

    async fn cut_for(&self, time: Duration) {
        self.cut.send_replace(true);
        tokio::time::sleep(time).await;
        self.cut.send_replace(false);
    }
}

async fn carry(mut client: TcpStream, server: (String, u16), mut cut: watch::Receiver<bool>) {
    let carried = async {
        let mut server = TcpStream::connect(server).await?;
        copy_bidirectional(&mut client, &mut server).await
    };
    tokio::select! {
        _ = carried => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}

/// Twenty inspections, with the line to the database cut once for each of these times, so many seconds apart.
async fn gone_and_back(ramdisk: Ramdisk, cuts: &[u64]) {
    let mut pair =
        Pair::new(Hardware { machines: MACHINES, ramdisk, ..Hardware::default() }, [&[], &[]]).await.unwrap();
    let line = Line::to(&pair.database).await;
    pair.start(0, &[("OS_DATABASE__CONNECTION", &line.url)]).await.unwrap();
    let nodes = try_join_all((0..MACHINES).map(|machine| pair.enrol(0, machine, &Value::Null))).await.unwrap();
    for asked in join_all(nodes.iter().map(|node| pair.members[0].rest.provision(node, "inspect"))).await {
        asked.unwrap();
    }
    pair.tell("20 inspections are asked for");
    for seconds in cuts {
        tokio::time::sleep(Duration::from_millis(400)).await;
        pair.tell(&format!("the database is away for {seconds} s"));
        line.cut_for(Duration::from_secs(*seconds)).await;
    }
    let ends = nodes.iter().enumerate().map(|(machine, node)| ended_right_once(&pair, 0, machine, node));
    let failed: Vec<String> =
        join_all(ends).await.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
    pair.tell(&format!("{} of 20 have ended right, each once", MACHINES - failed.len()));
    assert!(failed.is_empty(), "{}\n{}", failed.join("\n"), pair.logs());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_a_database_that_is_gone_for_moments_costs_no_inspection() {
    let second = Duration::from_secs(1);
    gone_and_back(Ramdisk { work: second, second, ..Ramdisk::default() }, &[2, 3, 1, 4]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_a_database_that_is_gone_for_longer_than_the_leases_costs_no_inspection() {
    // Machines that run already post when it is back: five attempts are all that a ramdisk makes.
    let (work, second) = (Duration::from_secs(75), Duration::from_secs(1));
    gone_and_back(Ramdisk { work, second, ..Ramdisk::default() }, &[70]).await;
}
