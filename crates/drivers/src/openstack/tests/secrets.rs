//! What must not be seen, and whose certificates are believed.

use std::path::PathBuf;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

use super::*;

const TLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tls");

#[tokio::test]
async fn s13_no_error_holds_a_token_or_a_password_whoever_echoes_it() {
    let echo = |_: &Seen, _: usize| {
        let said = "ntsecret and secret-token-0";
        answer(400, &json!({"NeutronError": {"type": said, "message": said, "detail": said}, said: [said]}))
    };
    let error_of = async |cloud: Cloud| cloud.service.call(get("/v2.0/networks")).await.unwrap_err();
    for error in [error_of(Cloud::new(echo, echo).await).await, error_of(Cloud::with(echo).await).await] {
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains("ntsecret"), "{text}");
            assert!(text.contains("****** and "), "{text}");
        }
    }
    let told = format!("{:?}", error_of(Cloud::with(echo).await).await);
    assert!(!told.contains("secret-token-0"), "{told}");
}

#[tokio::test]
async fn s13_settings_can_be_printed_without_their_secrets() {
    let identity = Identity::Token(secret("ntsecret"));
    let account = Account { url: "http://h".to_owned(), identity, scope: Scope::Unasked };
    for auth in [
        Auth::Keystone(account),
        Auth::Keystone(super::account("http://h".to_owned())),
        Auth::HttpBasic { username: "u".to_owned(), password: secret("ntsecret") },
    ] {
        assert!(!format!("{:?}", settings(auth)).contains("ntsecret"));
    }
}

#[tokio::test]
async fn s13_a_redirect_does_not_carry_the_token_away() {
    let other = Rude::start(|_| ok(&json!({}))).await;
    let location: &str = format!("Location: {}/\r\n", other.address).leak();
    let cloud = Cloud::with(move |_, _| Manner::Answer(307, location, String::new())).await;
    let error = cloud.service.call(get("/v2.0/networks")).await.unwrap_err();
    assert!(error.to_string().ends_with("HTTP 307: a redirect, which is not followed"), "{error}");
    assert_eq!(other.seen("").len(), 0);
}

#[test]
fn a_cafile_that_is_none_is_refused_at_the_start() {
    for (file, text) in [
        ("/nonexistent/ca.pem", "No such file"),
        (concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "it holds no certificate in PEM"),
    ] {
        let ca = VerifyCa::File(PathBuf::from(file));
        let endpoint_override = Some("http://127.0.0.1:9".to_owned());
        let error = Service::new(Settings { ca, endpoint_override, ..settings(Auth::None) }).err().unwrap();
        assert!(error.starts_with(&format!("[neutron] cafile: {file}: ")) && error.contains(text), "{error}");
    }
}

/// A server that shows the certificate in `tests/data/tls` and answers `{}`; its port.
async fn with_certificate() -> u16 {
    let certificates = vec![CertificateDer::from_pem_file(format!("{TLS}/server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(format!("{TLS}/server.key")).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(certificates, key).unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
            stream.shutdown().await.ok();
        }
    });
    port
}

#[tokio::test]
async fn a_certificate_is_believed_if_the_authority_of_the_options_vouches_for_it() {
    let port = with_certificate().await;
    for (ca, is_believed) in [
        (VerifyCa::System, false),
        (VerifyCa::Nobody, true),
        (VerifyCa::File(PathBuf::from(format!("{TLS}/ca.pem"))), true),
    ] {
        let endpoint_override = Some(format!("https://127.0.0.1:{port}"));
        let service = Service::new(Settings { ca, endpoint_override, ..settings(Auth::None) }).unwrap();
        let result = service.call(get("/v2.0/networks")).await;
        assert_eq!(result.is_ok(), is_believed, "{result:?}");
        if let Err(error) = result {
            assert!(error.was_not_sent() && error.to_string().contains("certificate"), "{error}");
            assert!(error.to_string().ends_with("; see [neutron] cafile and insecure"), "{error}");
        }
    }
}
