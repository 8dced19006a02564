//! A server that answers as it is told to, down to the bytes.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Method and path.
    pub line: String,
    /// All headers, in lower case.
    pub headers: String,
    /// The body; null where there is none.
    pub body: Value,
}

/// What is done with a request.
pub enum Manner {
    /// Status, more headers, body.
    Answer(u16, &'static str, String),
    /// Nothing, for ever.
    Silence,
    /// Headers that promise more than comes.
    Cut,
    /// A body without end.
    Flood,
}

/// An answer in JSON.
pub fn ok(body: &Value) -> Manner {
    Manner::Answer(200, "", body.to_string())
}

/// An answer without a body.
pub fn status(status: u16) -> Manner {
    Manner::Answer(status, "", String::new())
}

/// The server.
pub struct Rude {
    /// Its address.
    pub address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Rude {
    /// Starts one that does with each request what `manners` says.
    pub async fn start(manners: impl Fn(&Seen) -> Manner + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, manners) = (Arc::clone(&seen), Arc::new(manners));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, manners) = (Arc::clone(&log), Arc::clone(&manners));
                tokio::spawn(async move {
                    let mut stream = stream;
                    let Some(request) = read(&mut stream).await else { return };
                    log.lock().unwrap().push(request.clone());
                    let manner = manners(&request);
                    behave(&mut stream, manner).await;
                });
            }
        });
        Self { address, seen }
    }

    /// All requests of a method so far.
    pub fn seen(&self, method: &str) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.line.starts_with(method)).cloned().collect()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).into_owned();
    let headers = head.to_ascii_lowercase();
    let length = headers.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    while bytes.len() < head_end + length.unwrap_or(0) {
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
    }
    let line = head.split(" HTTP/").next()?.to_owned();
    Some(Seen { line, headers, body: serde_json::from_slice(&bytes[head_end..]).unwrap_or_default() })
}

async fn behave(stream: &mut TcpStream, manner: Manner) {
    match manner {
        Manner::Answer(status, headers, body) => {
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}");
            stream.write_all(answer.as_bytes()).await.ok();
        }
        Manner::Silence => std::future::pending().await,
        Manner::Cut => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Power").await.ok();
        }
        Manner::Flood => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[").await.ok();
            while stream.write_all(&[b' '; 65536]).await.is_ok() {}
        }
    }
}
