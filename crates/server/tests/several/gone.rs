//! The database goes away in the middle of inspections, and comes back: for a moment, for longer than the leases last, and as
//! a server that crashes.

use std::{sync::Arc, time::Duration};

use assay_sim::{Hardware, Ramdisk, harness::crash_database_server};
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
const SECOND: Duration = Duration::from_secs(1);
/// From the end of one trouble to the next.
const BETWEEN: Duration = Duration::from_millis(400);

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

/// Twenty inspections that are under way at a conductor.
struct Twenty {
    pair: Pair,
    nodes: Vec<String>,
}

impl Twenty {
    /// Asks for them at a conductor that has its database by this URL.
    async fn begin(mut pair: Pair, database: &str) -> Self {
        pair.start(0, &[("OS_DATABASE__CONNECTION", database)]).await.unwrap();
        let enrolled = try_join_all((0..MACHINES).map(|machine| pair.enrol(0, machine, &Value::Null)));
        let nodes = enrolled.await.unwrap();
        for asked in join_all(nodes.iter().map(|node| pair.members[0].rest.provision(node, "inspect"))).await {
            asked.unwrap();
        }
        pair.tell("20 inspections are asked for");
        Self { pair, nodes }
    }

    async fn have_ended_right(self) {
        let Self { pair, nodes } = self;
        let ends = nodes.iter().enumerate().map(|(machine, node)| ended_right_once(&pair, 0, machine, node));
        let failed: Vec<String> =
            join_all(ends).await.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")).collect();
        pair.tell(&format!("{} of 20 have ended right, each once", MACHINES - failed.len()));
        assert!(failed.is_empty(), "{}\n{}", failed.join("\n"), pair.logs());
    }
}

async fn pair(work: Duration) -> Pair {
    let ramdisk = Ramdisk { work, second: SECOND, ..Ramdisk::default() };
    Pair::new(Hardware { machines: MACHINES, ramdisk, ..Hardware::default() }, [&[], &[]]).await.unwrap()
}

/// The line to the database is cut once for each of these times.
async fn gone_and_back(work: Duration, cuts: &[u64]) {
    let pair = pair(work).await;
    let line = Line::to(&pair.database).await;
    let twenty = Twenty::begin(pair, &line.url).await;
    for seconds in cuts {
        tokio::time::sleep(BETWEEN).await;
        twenty.pair.tell(&format!("the database is away for {seconds} s"));
        line.cut_for(Duration::from_secs(*seconds)).await;
    }
    twenty.have_ended_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_a_database_that_is_gone_for_moments_costs_no_inspection() {
    gone_and_back(SECOND, &[2, 3, 1, 4]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s4_a_database_that_is_gone_for_longer_than_the_leases_costs_no_inspection() {
    // Machines that run already post when it is back: five attempts are all that a ramdisk makes.
    gone_and_back(Duration::from_secs(75), &[70]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "ends every connection to the server: `cargo xtask test databases` runs it alone"]
async fn s4_a_database_server_that_crashes_costs_no_inspection() {
    let pair = pair(SECOND).await;
    let url = pair.database.clone();
    let twenty = Twenty::begin(pair, &url).await;
    for _ in 0..4 {
        tokio::time::sleep(BETWEEN).await;
        twenty.pair.tell("the database server crashes");
        crash_database_server().await.unwrap();
    }
    twenty.have_ended_right().await;
}
