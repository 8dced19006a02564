//! What the boot listener serves over HTTP, and to whom.

use assay_core::boot::{DhcpProvider, sign::Sign};
use axum::body::to_bytes;
use tower::ServiceExt as _;

use super::*;
use crate::boot::testing::{LOOPBACK, MAC, NODE, OneNode, SECRET};

struct Boot {
    node: Arc<OneNode>,
    router: Router,
}

impl Boot {
    fn new() -> Self {
        Self::of(OneNode::new())
    }

    fn of(node: Arc<OneNode>) -> Self {
        node.write("kernel", &image());
        node.write("ramdisk", b"");
        node.write("snponly.efi", b"MZ");
        let router = router(node.content(&Arc::default()));
        Self { node, router }
    }

    async fn ask(
        &self,
        method: &str,
        path: &str,
        range: Option<&str>,
        peer: [u8; 4],
    ) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 4000))));
        request.headers_mut().extend(range.map(|range| (header::RANGE, range.parse().unwrap())));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        (status, headers, to_bytes(response.into_body(), 1 << 24).await.unwrap().to_vec())
    }

    async fn get(&self, path: &str) -> (StatusCode, Vec<u8>) {
        let (status, _, body) = self.ask("GET", path, None, [127, 0, 0, 1]).await;
        (status, body)
    }
}

/// More than two of the largest chunks, and no multiple of one.
fn image() -> Vec<u8> {
    (0..1_500_007u32).map(|n| (n % 251) as u8).collect()
}

#[tokio::test]
async fn a_machine_finds_script_kernel_and_ramdisk_and_each_is_a_sign_of_life() {
    let boot = Boot::new();
    assert!(boot.get("/boot.ipxe").await.1.starts_with(b"#!ipxe\n"));
    let (status, script) = boot.get("/pxelinux.cfg/52-54-00-ab-cd-01").await;
    let script = String::from_utf8(script).unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(script.contains(SECRET) && script.contains(&format!("kernel http://127.0.0.1:8080/{NODE}/deploy_kernel")));
    assert_eq!(boot.get(&format!("/{NODE}/deploy_kernel")).await, (StatusCode::OK, image()));
    assert_eq!(boot.get(&format!("/{NODE}/deploy_ramdisk")).await, (StatusCode::OK, Vec::new()));
    assert_eq!(boot.get("/snponly.efi").await, (StatusCode::OK, b"MZ".to_vec()));
    assert_eq!(boot.node.seen(), [Sign::Script, Sign::Kernel, Sign::Ramdisk]);
}

#[tokio::test]
async fn head_and_ranges_tell_the_length_and_are_no_second_sign() {
    let boot = Boot::new();
    let path = format!("/{NODE}/deploy_kernel");
    let (status, headers, body) = boot.ask("HEAD", &path, None, [127, 0, 0, 1]).await;
    assert_eq!((status, body.len()), (StatusCode::OK, 0));
    assert_eq!(headers[header::CONTENT_LENGTH], "1500007");
    let modified = headers[header::LAST_MODIFIED].to_str().unwrap();
    assert!(DateTime::parse_from_rfc2822(modified).is_ok() && modified.ends_with(" GMT"), "{modified}");
    let (status, headers, body) = boot.ask("GET", &path, Some("bytes=1499999-"), [127, 0, 0, 1]).await;
    assert_eq!((status, body), (StatusCode::PARTIAL_CONTENT, image()[1_499_999..].to_vec()));
    assert_eq!(headers[header::CONTENT_RANGE], "bytes 1499999-1500006/1500007");
    assert_eq!(headers[header::CONTENT_LENGTH], "8");
    let (status, headers, _) = boot.ask("GET", &path, Some("bytes=9999999-"), [127, 0, 0, 1]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(headers[header::CONTENT_RANGE], "bytes */1500007");
    assert_eq!(boot.node.seen(), []);
}

#[tokio::test]
async fn a_disc_is_the_same_whole_and_in_parts_and_only_for_who_knows_its_name() {
    let boot = Boot::new();
    for loader in ["isolinux.bin", "ldlinux.c32", "gcdx64.efi"] {
        boot.node.write(loader, loader.as_bytes());
    }
    let path = format!("/iso/{}/{SECRET}.iso", boot.node.boot.run);
    let (status, disc) = boot.get(&path).await;
    assert_eq!((status, &disc[16 * 2048..16 * 2048 + 6]), (StatusCode::OK, &b"\x01CD001"[..]));
    let has = |part: &[u8]| disc.windows(part.len()).any(|there| there == part);
    assert!(has(SECRET.as_bytes()) && has(&image()) && has(b"ldlinux.c32") && has(b"gcdx64.efi"));
    for range in [0..100, 32_000..700_001, disc.len() - 1..disc.len()] {
        let asked = format!("bytes={}-{}", range.start, range.end - 1);
        let (status, _, part) = boot.ask("GET", &path, Some(&asked), [127, 0, 0, 1]).await;
        assert_eq!((status, part), (StatusCode::PARTIAL_CONTENT, disc[range].to_vec()), "{asked}");
    }
    let wrong = format!("/iso/{}/{}.iso", boot.node.boot.run, "A".repeat(43));
    assert_eq!(boot.get(&wrong).await, (StatusCode::NOT_FOUND, b"not found\n".to_vec()));
    assert_eq!(boot.node.seen(), [Sign::Media]);
}

#[tokio::test]
async fn whatever_is_not_there_gets_the_same_answer() {
    let boot = Boot::new();
    let other = "11111111-1111-1111-1111-111111111111";
    for path in [
        "/",
        "/etc/passwd",
        "/../kernel",
        "/pxelinux.cfg/52-54-00-ab-cd-99",
        &format!("/{other}/deploy_kernel"),
        "/undionly.kpxe",
        "/%2e%2e/x",
    ] {
        assert_eq!(boot.get(path).await, (StatusCode::NOT_FOUND, b"not found\n".to_vec()), "{path}");
    }
    let (status, _, body) = boot.ask("DELETE", "/boot.ipxe", None, [127, 0, 0, 1]).await;
    assert_eq!((status, body), (StatusCode::NOT_FOUND, b"not found\n".to_vec()));
}

#[tokio::test]
async fn s9_a_second_requester_of_the_script_is_refused_and_shown() {
    let boot = Boot::new();
    let path = "/pxelinux.cfg/52-54-00-ab-cd-01";
    assert_eq!(boot.ask("GET", path, None, [127, 0, 0, 1]).await.0, StatusCode::OK);
    let (status, _, body) = boot.ask("GET", path, None, [127, 0, 0, 2]).await;
    assert_eq!((status, body), (StatusCode::NOT_FOUND, b"not found\n".to_vec()));
    assert_eq!(boot.node.seen(), [Sign::Script, Sign::Refused]);
    let detail = boot.node.signs.lock().unwrap()[1].2.clone();
    assert!(detail.starts_with(&format!(
        "127.0.0.2 asked for the boot script of 52:54:00:ab:cd:01, which belongs to {LOOPBACK}"
    )));
    assert!(!detail.contains(SECRET));
}

#[tokio::test]
async fn s9_only_the_address_that_neutron_gives_to_the_nic_gets_its_script() {
    let given = |last| std::net::IpAddr::from([127, 0, 0, last]);
    let boot = Boot::of(OneNode::with_addresses(DhcpProvider::Neutron, vec![(MAC, given(5)), (MAC, given(6))]));
    let path = "/pxelinux.cfg/52-54-00-ab-cd-01";
    for (peer, status) in
        [(7, StatusCode::NOT_FOUND), (6, StatusCode::OK), (5, StatusCode::OK), (7, StatusCode::NOT_FOUND)]
    {
        assert_eq!(boot.ask("GET", path, None, [127, 0, 0, peer]).await.0, status, "{peer}");
    }
    assert_eq!(boot.ask("GET", "/snponly.efi", None, [127, 0, 0, 5]).await.0, StatusCode::OK);
    let signs: Vec<_> = boot.node.signs.lock().unwrap().iter().map(|(sign, mac, _)| (*sign, *mac)).collect();
    assert!(signs.contains(&(Sign::Loader, Some(MAC))), "the loader's requester is known by its address: {signs:?}");
}
