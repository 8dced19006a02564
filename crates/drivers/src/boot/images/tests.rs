//! The image cache: bounds, checksums, and sources that lie or fail.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{ImageCache, ImageCacheConfig};
use crate::{error::DriverError, verify_ca::VerifyCa};

fn config(folder: &Path) -> ImageCacheConfig {
    ImageCacheConfig {
        folder: folder.join("cache"),
        limit: 1 << 20,
        allowed_paths: vec![folder.join("images")],
        verify_ca: VerifyCa::System,
        idle_timeout: Duration::from_millis(500),
        fetch_timeout: Duration::from_secs(2),
        keep: Duration::ZERO,
    }
}

fn cache(folder: &Path) -> ImageCache {
    fs::create_dir_all(folder.join("images")).unwrap();
    ImageCache::open(config(folder)).unwrap()
}

fn cached_files(folder: &Path) -> usize {
    fs::read_dir(folder.join("cache")).unwrap().count()
}

/// Answers every request with `answer`; counts them by method.
async fn server(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (String, Arc<[AtomicUsize; 2]>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ipa.kernel", listener.local_addr().unwrap());
    let counts: Arc<[AtomicUsize; 2]> = Arc::default();
    let (counted, answer) = (Arc::clone(&counts), Arc::new(answer));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (counted, answer) = (Arc::clone(&counted), Arc::clone(&answer));
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                counted[usize::from(request.starts_with("GET"))].fetch_add(1, Ordering::SeqCst);
                let answer = answer(&request);
                let whole = if request.starts_with("HEAD") { answer.split_inclusive("\r\n\r\n").next() } else { None };
                stream.write_all(whole.unwrap_or(&answer).as_bytes()).await.ok();
            });
        }
    });
    (url, counts)
}

fn image(headers: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

#[tokio::test]
async fn a_file_that_is_overwritten_gets_a_new_key_and_the_old_one_keeps_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let kernel = folder.path().join("images/kernel");
    let href = format!("file://{}", kernel.display());
    fs::write(&kernel, "one").unwrap();
    let first = cache.fetch(&href, None).await.unwrap();
    assert_eq!(cache.fetch(&href, None).await.unwrap(), first);
    assert_eq!(fs::read_to_string(cache.path(&first).unwrap()).unwrap(), "one");
    fs::write(&kernel, "second").unwrap();
    let second = cache.fetch(&href, None).await.unwrap();
    assert_eq!(fs::read_to_string(cache.path(&first).unwrap()).unwrap(), "one");
    assert_eq!(fs::read_to_string(cache.path(&second).unwrap()).unwrap(), "second");
}

#[tokio::test]
async fn only_regular_files_in_allowed_folders_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let images = folder.path().join("images");
    fs::write(folder.path().join("outside"), "secret").unwrap();
    std::os::unix::fs::symlink(folder.path().join("outside"), images.join("link")).unwrap();
    fs::write(images.join("empty"), "").unwrap();
    for path in ["images/link", "images/../outside", "images/absent", "images", "images/empty", "outside"] {
        let href = format!("file://{}/{path}", folder.path().display());
        for result in [cache.check(&href, None).await, cache.fetch(&href, None).await.map(drop)] {
            assert!(matches!(result, Err(DriverError::InvalidParameterValue(_))), "{path}: {result:?}");
        }
    }
    for href in ["file://relative", "ftp://host/x", "6a6d1a9e-5f1c-4c1b-8f8f-0f8a3a1f4c11", ""] {
        assert!(matches!(cache.check(href, None).await, Err(DriverError::InvalidParameterValue(_))), "{href}");
    }
    assert_eq!(cached_files(folder.path()), 0);
}

#[tokio::test]
async fn an_image_is_fetched_once_however_many_ask() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let (url, counts) = server(|_| image("ETag: \"1\"\r\n", "vmlinuz")).await;
    let keys = futures::future::join_all((0..8).map(|_| cache.fetch(&url, None))).await;
    let key = keys[0].clone().unwrap();
    assert!(keys.into_iter().all(|other| other.as_ref() == Ok(&key)));
    assert_eq!(fs::read_to_string(cache.path(&key).unwrap()).unwrap(), "vmlinuz");
    assert_eq!((counts[0].load(Ordering::SeqCst), counts[1].load(Ordering::SeqCst)), (1, 1));
    let reopened = ImageCache::open(config(folder.path())).unwrap();
    assert_eq!(reopened.fetch(&url, None).await, Ok(key));
    assert_eq!(counts[1].load(Ordering::SeqCst), 1, "the version that was kept over a restart is still right");
}

#[tokio::test]
async fn a_server_that_is_away_does_not_stop_who_has_the_image() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let asked = AtomicUsize::new(0);
    let (url, _) = server(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => image("Last-Modified: Mon, 23 Nov 2026 00:00:00 GMT\r\n", "vmlinuz"),
        2 => "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n".to_owned(),
        _ => "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n".to_owned(),
    })
    .await;
    let key = cache.fetch(&url, None).await.unwrap();
    cache.fresh.invalidate_all();
    assert_eq!(cache.fetch(&url, None).await, Ok(key));
    let gone = cache.fetch(&url, None).await.unwrap_err();
    assert_eq!(gone, DriverError::Image(format!("cannot fetch image {url}: HTTP 404 Not Found")));
}

#[tokio::test]
async fn what_is_cut_too_large_silent_or_wrong_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let large = "x".repeat((1 << 20) + 1);
    for (answer, checksum, why) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_owned(), None, "cannot fetch image"),
        (image("", ""), None, "got 0 bytes"),
        (image("", &large), None, "all of it in use"),
        (format!("HTTP/1.1 200 OK\r\n\r\n{large}"), None, "it is larger than the image cache, 1 MiB"),
        (image("", "vmlinuz"), Some("0".repeat(64)), "its SHA-256 is "),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n".to_owned(), None, "cannot fetch image"),
    ] {
        let (url, _) = server(move |_| answer.clone()).await;
        let error = cache.fetch(&url, checksum.as_deref()).await.unwrap_err();
        assert!(matches!(error, DriverError::Image(_)), "{error:?}");
        assert!(error.to_string().contains(why) && error.to_string().contains(&url), "{error} for {why}");
    }
    assert_eq!(cached_files(folder.path()), 0);
}

#[tokio::test]
async fn a_right_checksum_is_accepted_from_both_places() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let sha256 = "sha256:b2eeb44b26fcffb1ce3ad9bd20fa2f8d4a3aaeb6e5ba6ab4ee9f5db81da52cb0";
    let path = folder.path().join("images/kernel");
    fs::write(&path, "vmlinuz").unwrap();
    let real = super::hex(&<sha2::Sha256 as sha2::Digest>::digest("vmlinuz"));
    let (url, _) = server(|_| image("", "vmlinuz")).await;
    for href in [url, format!("file://{}", path.display())] {
        cache.fetch(&href, Some(&real)).await.unwrap();
        assert!(matches!(cache.fetch(&href, Some(sha256)).await, Err(DriverError::Image(_))));
        assert!(matches!(cache.fetch(&href, Some("md5:1")).await, Err(DriverError::InvalidParameterValue(_))));
    }
}

#[tokio::test]
async fn the_image_that_was_not_used_for_longest_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    let mut keys: Vec<String> = Vec::new();
    for name in ["a", "b", "c"] {
        let path = folder.path().join("images").join(name);
        fs::write(&path, vec![b'x'; 400 << 10]).unwrap();
        if name == "c" {
            assert!(cache.path(&keys[0]).is_some(), "used now, so that the other one is older");
        }
        keys.push(cache.fetch(&format!("file://{}", path.display()), None).await.unwrap());
    }
    assert!(cache.path(&keys[0]).is_some());
    assert_eq!(cache.path(&keys[1]), None);
    assert!(cache.path(&keys[2]).is_some());
}

#[tokio::test]
async fn s13_credentials_in_an_image_url_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let href = "http://user:hunter2@127.0.0.1:9/ipa?signature=hunter3";
    let error = cache(folder.path()).fetch(href, None).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot fetch image http://127.0.0.1:9/ipa: "), "{error}");
}
