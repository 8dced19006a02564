//! The image cache: kernels and ramdisks are brought here before a machine is touched, and served
//! from here.
//!
//! **Invariant:** a key stands for the same bytes for ever; another version has another key.

use std::{fs, io, path::PathBuf, sync::Arc, time::Duration};

use moka::future::Cache;
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Mutex, OnceCell, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

use self::{
    folder::{Folder, Partial},
    source::{Place, Source, find_file, hex},
    web::{Fetched, WebError},
};
use crate::{error::DriverError, verify_ca::VerifyCa};

mod folder;
mod source;
#[cfg(test)]
mod tests;
mod web;

/// What the configuration says about images.
#[derive(Clone, Debug)]
pub struct ImageCacheConfig {
    /// `[pxe]images_path`: the folder; made if absent.
    pub folder: PathBuf,
    /// `[pxe]image_cache_size`, in bytes.
    pub limit: u64,
    /// `[conductor]file_url_allowed_paths`.
    pub allowed_paths: Vec<PathBuf>,
    /// `[DEFAULT]webserver_verify_ca`.
    pub verify_ca: VerifyCa,
    /// `[DEFAULT]webserver_connection_timeout`: how long a server may be silent.
    pub idle_timeout: Duration,
    /// How long one image may take, waiting for others who fetch it included.
    pub fetch_timeout: Duration,
    /// How long an image stays after its last use: no less than a run may take.
    pub keep: Duration,
}

/// How long a web server's word on its version is taken, so that a thousand inspections don't ask a
/// thousand times.
const FRESH: Duration = Duration::from_secs(30);

/// How many images are fetched at once.
const AT_ONCE: usize = 4;

/// The cache.
pub struct ImageCache {
    config: ImageCacheConfig,
    folder: Arc<Folder>,
    client: OnceCell<reqwest::Client>,
    /// One fetch per source; who comes meanwhile waits for it.
    fetching: Cache<String, Arc<Mutex<()>>>,
    fresh: Cache<String, String>,
    slots: Semaphore,
}

impl ImageCache {
    /// Opens the cache.
    ///
    /// # Errors
    /// The folder can't be made or read.
    pub fn open(config: ImageCacheConfig) -> io::Result<Self> {
        Ok(Self {
            folder: Arc::new(Folder::open(config.folder.clone(), config.limit, config.keep)?),
            config,
            client: OnceCell::new(),
            fetching: Cache::builder().max_capacity(1024).build(),
            fresh: Cache::builder().max_capacity(1024).time_to_live(FRESH).build(),
            slots: Semaphore::new(AT_ONCE),
        })
    }

    /// The file of a key that [`fetch`](Self::fetch) gave; `None`: no such image any more.
    #[must_use]
    pub fn path(&self, key: &str) -> Option<PathBuf> {
        self.folder.find(key)
    }

    /// Checks an image without fetching it: a file is there and may be served; of a web server only
    /// the URL is looked at.
    ///
    /// # Errors
    /// Invalid.
    pub async fn check(&self, href: &str, checksum: Option<&str>) -> Result<(), DriverError> {
        match Source::parse(href, checksum)?.place {
            Place::File(path) => {
                let allowed = self.config.allowed_paths.clone();
                blocking(move || find_file(&path, &allowed).map(drop)).await?
            }
            Place::Web(_) => Ok(()),
        }
    }

    /// Brings an image into the cache and returns its key. An image that is there in the source's
    /// present version is not fetched again.
    ///
    /// # Errors
    /// Invalid href; [`DriverError::Image`] when it can't be had.
    pub async fn fetch(&self, href: &str, checksum: Option<&str>) -> Result<String, DriverError> {
        let source = Source::parse(href, checksum)?;
        let alone = self.fetching.get_with(source.prefix.clone(), async { Arc::default() }).await;
        let fetched = timeout(self.config.fetch_timeout, async {
            let _alone = alone.lock().await;
            match &source.place {
                Place::File(path) => self.take_in(&source, path.clone()).await,
                Place::Web(url) => self.fetch_from(&source, url).await,
            }
        });
        fetched.await.unwrap_or_else(|_| {
            Err(failed(&source, &format!("it took longer than {} s", self.config.fetch_timeout.as_secs())))
        })
    }

    /// Copies a file into the folder: a link would change along with a file that is overwritten. File
    /// systems that can share the bytes do so.
    async fn take_in(&self, source: &Source, path: PathBuf) -> Result<String, DriverError> {
        let (folder, source, allowed) = (Arc::clone(&self.folder), source.clone(), self.config.allowed_paths.clone());
        blocking(move || {
            let file = find_file(&path, &allowed)?;
            let key = source.key(&file.version);
            if folder.find(&key).is_none() {
                let local = |error: io::Error| failed(&source, &error.to_string());
                folder.make_room(file.size).map_err(local)?;
                let partial = folder.partial();
                fs::copy(&file.path, &partial.path).map_err(local)?;
                if find_file(&path, &allowed)?.version != file.version {
                    return Err(failed(&source, "it changed while it was copied"));
                }
                if source.sha256.is_some() {
                    agrees(&source, &digest(&partial).map_err(local)?)?;
                }
                folder.adopt(&partial, &key).map_err(local)?;
            }
            Ok(key)
        })
        .await?
    }

    async fn fetch_from(&self, source: &Source, url: &reqwest::Url) -> Result<String, DriverError> {
        if let Some(key) = self.fresh.get(&source.prefix).await.filter(|key| self.path(key).is_some()) {
            return Ok(key);
        }
        let client = self.client.get_or_try_init(|| web::client(&self.config.verify_ca, self.config.idle_timeout));
        let client = client.await.map_err(|why| failed(source, &why))?;
        let known = match web::version(client, url).await {
            Ok(version) => version.map(|version| source.key(&version)).filter(|key| self.path(key).is_some()),
            Err(error) => return self.in_the_meantime(source, error),
        };
        let key = match known {
            Some(key) => key,
            None => match self.download(source, client, url).await {
                Ok(key) => key,
                Err(error) => return self.in_the_meantime(source, error),
            },
        };
        self.fresh.insert(source.prefix.clone(), key.clone()).await;
        Ok(key)
    }

    async fn download(
        &self,
        source: &Source,
        client: &reqwest::Client,
        url: &reqwest::Url,
    ) -> Result<String, WebError> {
        let _slot = self.slots.acquire().await.map_err(|error| WebError::Wrong(error.to_string()))?;
        let partial = self.folder.partial();
        let admit = |bytes| self.folder.make_room(bytes).map_err(|error| WebError::Wrong(error.to_string()));
        let Fetched { version, sha256 } = web::download(client, url, &partial.path, self.folder.limit(), admit).await?;
        agrees(source, &sha256).map_err(|error| WebError::Wrong(error.to_string()))?;
        let (folder, key) = (Arc::clone(&self.folder), source.key(&version));
        let adopted = blocking({
            let key = key.clone();
            move || folder.adopt(&partial, &key)
        });
        let adopted = adopted.await.map_err(|error| WebError::Wrong(error.to_string()))?;
        adopted.map(|()| key).map_err(|error| WebError::Wrong(error.to_string()))
    }

    /// An image server that is away does not stop inspections whose image is here.
    fn in_the_meantime(&self, source: &Source, error: WebError) -> Result<String, DriverError> {
        match error {
            WebError::Wrong(why) => Err(failed(source, &why)),
            WebError::Away(why) => {
                let cached = self.folder.last_used(&source.prefix).filter(|key| self.path(key).is_some());
                let key = cached.ok_or_else(|| failed(source, &why))?;
                tracing::warn!(image.href = %source.shown, image.key = %key, why, "image server is away; the cached image is used");
                Ok(key)
            }
        }
    }
}

fn failed(source: &Source, why: &str) -> DriverError {
    DriverError::Image(format!("cannot fetch image {}: {why}", source.shown))
}

fn agrees(source: &Source, sha256: &str) -> Result<(), DriverError> {
    match &source.sha256 {
        Some(expected) if expected != sha256 => {
            Err(failed(source, &format!("its SHA-256 is {sha256}, and {expected} was asked for")))
        }
        _ => Ok(()),
    }
}

fn digest(partial: &Partial) -> io::Result<String> {
    let mut hash = Sha256::new();
    io::copy(&mut fs::File::open(&partial.path)?, &mut hash)?;
    Ok(hex(&hash.finalize()))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, DriverError> {
    spawn_blocking(work).await.map_err(|error| DriverError::Image(format!("image cache: {error}")))
}
