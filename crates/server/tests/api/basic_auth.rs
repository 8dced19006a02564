//! HTTP basic authentication.

use assay::api::Auth;
use axum::{body::Body, http::Request};
use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::service::{Service, settings};

#[tokio::test]
async fn who_is_not_known_is_asked_for_a_password_except_by_public_paths() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("admin:{}\n", bcrypt::hash("right", 4).unwrap())).unwrap();
    let auth = Auth::HttpBasic(file.path().to_owned().into());
    let service = Service::with(settings(), auth).await;
    for (path, login, status) in [
        ("/", None, 200),
        ("/v1", None, 200),
        ("/v1/nodes", None, 401),
        ("/v1/bogus", None, 401),
        ("/v1/nodes", Some("admin:wrong"), 401),
        ("/v1/nodes", Some("nobody:right"), 401),
        ("/v1/nodes", Some("admin:right"), 200),
        ("/v1/continue_inspection", None, 405),
    ] {
        let mut request = Request::get(path);
        if let Some(login) = login {
            request = request.header("authorization", format!("Basic {}", STANDARD.encode(login)));
        }
        let answer = service.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{path} {login:?}");
        assert_eq!(answer.header("www-authenticate").is_empty(), status != 401);
    }
}
