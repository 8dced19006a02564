//! Files as bodies: read in large chunks, one chunk ahead of the network.
//!
//! **Invariant:** all transfers together hold about `BUDGET` bytes, or two of the smallest chunks
//! each when there are very many of them.

use std::{
    io,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use tokio::{task::JoinHandle, task::spawn_blocking, time::Instant};

use crate::boot::readable::Readable;

/// Bytes that all transfers share for their buffers.
const BUDGET: usize = 32 << 20;
const SMALLEST_CHUNK: usize = 64 << 10;
const LARGEST_CHUNK: usize = 512 << 10;

/// The longest time that one file may take: 100 MB at 230 kbit/s.
const TRANSFER_DEADLINE: Duration = Duration::from_secs(3600);

/// The transfers that run, counted so that they share the budget.
#[derive(Clone, Default)]
pub struct Transfers(Arc<AtomicUsize>);

/// One transfer that runs; dropping it ends it.
struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Running {
    /// Two chunks are held at a time: the one that is sent and the one that is read.
    fn chunk(&self) -> usize {
        (BUDGET / 2 / self.0.load(Ordering::Relaxed).max(1)).clamp(SMALLEST_CHUNK, LARGEST_CHUNK)
    }
}

struct Transfer {
    running: Running,
    file: Arc<dyn Readable>,
    left: Range<u64>,
    ahead: JoinHandle<io::Result<Bytes>>,
    until: Instant,
}

impl Transfers {
    /// A body of these bytes of the file. It fails if the file has become shorter than it was.
    pub fn body(&self, file: Arc<dyn Readable>, bytes: Range<u64>) -> Body {
        self.0.fetch_add(1, Ordering::Relaxed);
        let running = Running(Arc::clone(&self.0));
        let mut left = bytes;
        let ahead = read_ahead(&file, &mut left, running.chunk());
        let until = Instant::now() + TRANSFER_DEADLINE;
        let transfer = Transfer { running, file, left, ahead, until };
        Body::from_stream(stream::try_unfold(transfer, next_chunk))
    }
}

async fn next_chunk(mut transfer: Transfer) -> io::Result<Option<(Bytes, Transfer)>> {
    if Instant::now() > transfer.until {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let chunk = (&mut transfer.ahead).await.map_err(io::Error::other)??;
    if chunk.is_empty() {
        return Ok(None);
    }
    transfer.ahead = read_ahead(&transfer.file, &mut transfer.left, transfer.running.chunk());
    Ok(Some((chunk, transfer)))
}

/// Starts to read the next chunk and takes it off `left`; nothing left gives an empty chunk.
fn read_ahead(file: &Arc<dyn Readable>, left: &mut Range<u64>, chunk: usize) -> JoinHandle<io::Result<Bytes>> {
    let file = Arc::clone(file);
    let from = left.start;
    left.start = left.end.min(from.saturating_add(chunk as u64));
    let len = left.start - from;
    spawn_blocking(move || match usize::try_from(len) {
        Ok(0) => Ok(Bytes::new()),
        Ok(len) => file.read(from, len).map(Bytes::from),
        Err(error) => Err(io::Error::other(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_shrink_when_transfers_are_many() {
        let chunk = |running| Running(Arc::new(AtomicUsize::new(running))).chunk();
        assert_eq!(chunk(1), LARGEST_CHUNK);
        assert_eq!(chunk(128), 128 << 10);
        assert_eq!(chunk(5000), SMALLEST_CHUNK);
    }

    #[tokio::test]
    async fn a_file_that_shrank_breaks_the_body_instead_of_padding_it() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, b"short").unwrap();
        let transfers = Transfers::default();
        let body = transfers.body(Arc::new(file), 0..10);
        assert!(axum::body::to_bytes(body, 100).await.is_err());
        assert_eq!(transfers.0.load(Ordering::Relaxed), 0);
    }
}
