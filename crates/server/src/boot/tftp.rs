//! The TFTP server's sockets and files; the protocol is `assay_core::boot::tftp`.
//!
//! **Invariant:** at most `MAX_TRANSFERS` run, each ends by itself, and each answers from the
//! address that the request was sent to, on a port of its own (RFC 1350 §4).

use std::{
    collections::HashSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use assay_core::boot::tftp::{
    packet::{self, ErrorCode, ReadRequest, Refusal, Reply, Terms},
    transfer::{Next, Transfer},
};
use tokio::{
    net::UdpSocket,
    sync::Semaphore,
    task::spawn_blocking,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::boot::{
    content::{BootContent, Content},
    readable::Readable,
};

/// Transfers at a time; a client that is one too many asks again by itself.
const MAX_TRANSFERS: usize = 256;

/// The longest time that one file may take.
const TRANSFER_DEADLINE: Duration = Duration::from_secs(1800);

/// How much of a file is read at a time, at least; a window of the largest blocks is 94 KB.
const READ_AHEAD: u64 = 256 << 10;

/// The longest request: names are short, options shorter.
const MAX_REQUEST: usize = 1024;

/// A server that is bound and not yet running.
pub struct TftpServer {
    socket: UdpSocket,
    shared: Arc<Shared>,
}

struct Shared {
    content: Arc<BootContent>,
    permits: Arc<Semaphore>,
    peers: Mutex<HashSet<SocketAddr>>,
}

impl TftpServer {
    /// Binds the socket.
    ///
    /// # Errors
    /// What the kernel says: mostly that the port is taken or that we may not have it.
    pub async fn bind(address: SocketAddr, content: Arc<BootContent>) -> io::Result<Self> {
        let shared = Shared { content, permits: Arc::new(Semaphore::new(MAX_TRANSFERS)), peers: Mutex::default() };
        Ok(Self { socket: UdpSocket::bind(address).await?, shared: Arc::new(shared) })
    }

    /// Where the server listens.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Answers requests until `stop`; then the transfers that run are broken off.
    pub async fn run(self, stop: CancellationToken) {
        let transfers = TaskTracker::new();
        let mut request = [0; MAX_REQUEST];
        let local = self.socket.local_addr().map(|address| address.ip());
        while let Some(received) = stop.run_until_cancelled(self.socket.recv_from(&mut request)).await {
            let (Ok((len, peer)), Ok(local)) = (received, &local) else {
                // An ICMP error of an earlier answer shows up here; it says nothing about the socket.
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            if let Some(slot) = Slot::take(&self.shared, peer) {
                let task = handle(slot, *local, request[..len].to_vec());
                let stop = stop.clone();
                transfers.spawn(async move { stop.run_until_cancelled(task).await });
            }
        }
        transfers.close();
        transfers.wait().await;
    }
}

/// The right to one transfer: a request that a client repeats while it is served gets none.
struct Slot {
    shared: Arc<Shared>,
    peer: SocketAddr,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Slot {
    fn take(shared: &Arc<Shared>, peer: SocketAddr) -> Option<Self> {
        let permit = Arc::clone(&shared.permits).try_acquire_owned().ok()?;
        let new = shared.peers.lock().unwrap_or_else(PoisonError::into_inner).insert(peer);
        new.then(|| Self { shared: Arc::clone(shared), peer, _permit: permit })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.shared.peers.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.peer);
    }
}

async fn handle(slot: Slot, local: IpAddr, packet: Vec<u8>) {
    let request = match packet::parse_request(&packet) {
        Err(Refusal::Ignore) => return,
        other => other,
    };
    if let Err(error) = answer(&slot, local, request).await {
        tracing::warn!(boot.peer = %slot.peer, %error, "a TFTP transfer was broken off");
    }
}

async fn answer(slot: &Slot, local: IpAddr, request: Result<ReadRequest, Refusal>) -> io::Result<()> {
    let socket = UdpSocket::bind((local, 0)).await?;
    socket.connect(slot.peer).await?;
    let refuse = |code, message| packet::error(code, message);
    let request = match request {
        Ok(request) => request,
        Err(Refusal::Error(code, message)) => return socket.send(&refuse(code, message)).await.map(drop),
        Err(Refusal::Ignore) => return Ok(()),
    };
    let source = match slot.shared.content.find(&request.name, slot.peer.ip(), false).await {
        Some(Content::Text(text)) => Source::Memory(text.reveal().as_bytes().to_vec()),
        Some(Content::File(file)) => Source::File(file.content, file.len),
        None => return socket.send(&refuse(ErrorCode::NotFound, "not found")).await.map(drop),
    };
    let (terms, oack) = request.accept(source.len());
    let sender = Sender { socket, terms, oack, source, ahead: Ahead::default() };
    timeout(TRANSFER_DEADLINE, sender.run()).await?
}

/// Where a transfer's bytes come from.
enum Source {
    Memory(Vec<u8>),
    File(Arc<dyn Readable>, u64),
}

impl Source {
    fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(_, len) => *len,
        }
    }
}

/// Bytes of the file that are in memory.
#[derive(Default)]
struct Ahead {
    from: u64,
    bytes: Vec<u8>,
}

struct Sender {
    socket: UdpSocket,
    terms: Terms,
    oack: Option<Vec<u8>>,
    source: Source,
    ahead: Ahead,
}

impl Sender {
    async fn run(mut self) -> io::Result<()> {
        let (mut transfer, mut next) = Transfer::start(self.terms, self.source.len(), self.oack.is_some());
        let mut deadline = Instant::now();
        loop {
            match next {
                Next::Done => return Ok(()),
                Next::GiveUp => return Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped answering")),
                Next::Wait => {}
                Next::Oack => {
                    self.socket.send(self.oack.as_deref().unwrap_or_default()).await?;
                    deadline = self.patience();
                }
                Next::Blocks(blocks) => {
                    for block in blocks {
                        self.send_block(block).await?;
                    }
                    deadline = self.patience();
                }
            }
            next = match self.reply(deadline).await? {
                Some(Reply::Ack(block)) => transfer.on_ack(block),
                Some(Reply::Error) => return Ok(()),
                None => transfer.on_timeout(),
            };
        }
    }

    fn patience(&self) -> Instant {
        Instant::now() + Duration::from_secs(self.terms.timeout.into())
    }

    /// The client's next word; `None` at the deadline.
    async fn reply(&self, deadline: Instant) -> io::Result<Option<Reply>> {
        let mut packet = [0; 64];
        loop {
            match timeout_at(deadline, self.socket.recv(&mut packet)).await {
                Err(_) => return Ok(None),
                Ok(len) => {
                    if let Some(reply) = packet::parse_reply(&packet[..len?]) {
                        return Ok(Some(reply));
                    }
                }
            }
        }
    }

    async fn send_block(&mut self, block: u64) -> io::Result<()> {
        let size = u64::from(self.terms.block);
        let from = ((block - 1) * size).min(self.source.len());
        let to = (from + size).min(self.source.len());
        let mut data = Vec::with_capacity(usize::from(self.terms.block) + 4);
        match &self.source {
            Source::Memory(bytes) => packet::write_data(&mut data, block, slice(bytes, from, to)),
            Source::File(file, len) => {
                self.ahead.hold(file, *len, from, to).await?;
                packet::write_data(
                    &mut data,
                    block,
                    slice(&self.ahead.bytes, from - self.ahead.from, to - self.ahead.from),
                );
            }
        }
        self.socket.send(&data).await.map(drop)
    }
}

impl Ahead {
    /// Brings the bytes from `from` to `to` into memory, with some that follow them.
    async fn hold(&mut self, file: &Arc<dyn Readable>, len: u64, from: u64, to: u64) -> io::Result<()> {
        if self.from <= from && to <= self.from + self.bytes.len() as u64 {
            return Ok(());
        }
        let file = Arc::clone(file);
        let size = usize::try_from((len - from).min(READ_AHEAD)).map_err(io::Error::other)?;
        let read = spawn_blocking(move || file.read(from, size));
        *self = Self { from, bytes: read.await.map_err(io::Error::other)?? };
        Ok(())
    }
}

fn slice(bytes: &[u8], from: u64, to: u64) -> &[u8] {
    let index = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
    bytes.get(index(from)..index(to)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
