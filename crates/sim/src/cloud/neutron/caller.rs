//! Who calls, by its token, and what it may see.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use crate::cloud::{
    keystone::{Token, challenge},
    setup::keystone_id,
    state::CloudState,
};

/// Who calls.
#[derive(Clone)]
pub(super) struct Caller {
    /// The id of its project; none when its token has no project.
    pub(super) project: Option<String>,
    roles: Vec<&'static str>,
}

impl Caller {
    fn of(token: Token) -> Self {
        Self { project: token.project.map(|name| keystone_id("project", &name)), roles: token.roles }
    }

    /// Whether it has the role.
    pub(super) fn is(&self, role: &str) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it sees what belongs to others, and how ports are bound.
    pub(super) fn sees_all(&self) -> bool {
        self.is("admin") || self.is("service")
    }

    /// Whether it sees what belongs to this project.
    pub(super) fn sees(&self, project: &str) -> bool {
        self.sees_all() || self.project.as_deref() == Some(project)
    }

    /// Whether it may change what is its own.
    pub(super) fn writes(&self) -> bool {
        self.sees_all() || self.is("member")
    }
}

/// Lets through who has a valid token; the refusal is that of keystonemiddleware.
pub(super) async fn authorise(State(cloud): State<Arc<CloudState>>, mut request: Request, next: Next) -> Response {
    let Some(token) = cloud.tokens.of(request.headers()) else {
        let mut response = (StatusCode::UNAUTHORIZED, Json(unauthorized())).into_response();
        challenge(&cloud, &mut response);
        return response;
    };
    request.extensions_mut().insert(Caller::of(token));
    next.run(request).await
}

fn unauthorized() -> Value {
    let message = "The request you have made requires authentication.";
    json!({"error": {"code": 401, "title": "Unauthorized", "message": message}})
}
