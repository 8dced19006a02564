//! Who may come in: everybody, or users of a file of bcrypt hashes.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::HeaderValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::ApiError;
use crate::config::groups::service::{AuthStrategy, General};

/// What a 401 asks for.
pub const REALM: HeaderValue = HeaderValue::from_static("Basic realm=\"Baremetal API\"");

/// How clients show who they are.
pub enum Auth {
    /// They don't; everybody may do everything.
    Noauth,
    /// HTTP basic authentication; every user may do everything.
    HttpBasic(Users),
}

/// The users of a file with lines `name:hash`, read anew for each request so that a change counts
/// at once.
pub struct Users {
    file: PathBuf,
    /// Digests of what was verified before, hash included: bcrypt is made to be slow.
    verified: Mutex<HashSet<[u8; 32]>>,
    /// Bounds what guesses can take of the machine.
    verifiers: Arc<Semaphore>,
}

/// More successful logins than this are forgotten and verified again.
const REMEMBERED: usize = 4096;

impl From<PathBuf> for Users {
    fn from(file: PathBuf) -> Self {
        Self { file, verified: Mutex::default(), verifiers: Arc::new(Semaphore::new(2)) }
    }
}

/// The strategy is known, but not to this version.
#[derive(Debug, thiserror::Error)]
#[error("[DEFAULT] auth_strategy = {0} is not in this version; set noauth or http_basic")]
pub struct UnknownStrategy(&'static str);

impl TryFrom<&General> for Auth {
    type Error = UnknownStrategy;

    fn try_from(options: &General) -> Result<Self, Self::Error> {
        match options.auth_strategy {
            AuthStrategy::Noauth => Ok(Self::Noauth),
            AuthStrategy::HttpBasic => Ok(Self::HttpBasic(options.http_basic_auth_user_file.clone().into())),
            AuthStrategy::Keystone => Err(UnknownStrategy("keystone")),
        }
    }
}

impl Auth {
    /// Lets the request in or not.
    ///
    /// # Errors
    /// 401, or 503 when the users can't be read.
    pub async fn check(&self, authorization: Option<&HeaderValue>) -> Result<(), ApiError> {
        let Self::HttpBasic(users) = self else { return Ok(()) };
        let login = authorization
            .and_then(|value| login(value.as_bytes()))
            .ok_or_else(|| ApiError::Unauthorized("Authorization required".to_owned()))?;
        users.check(login).await
    }
}

struct Login {
    name: String,
    password: Vec<u8>,
}

fn login(header: &[u8]) -> Option<Login> {
    let (scheme, rest) = header.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let mut text = STANDARD.decode(rest.trim_ascii()).ok()?;
    let colon = text.iter().position(|byte| *byte == b':')?;
    let password = text.split_off(colon + 1);
    text.pop();
    Some(Login { name: String::from_utf8(text).ok()?, password })
}

impl Users {
    async fn check(&self, login: Login) -> Result<(), ApiError> {
        let refused = || ApiError::Unauthorized("Incorrect username or password".to_owned());
        let users = tokio::fs::read_to_string(&self.file).await.map_err(|error| {
            tracing::error!(file = %self.file.display(), %error, "the file of users can't be read");
            ApiError::Unavailable("The users can't be read; the service's log says why.".to_owned())
        })?;
        let hash = hash_of(&users, &login.name).ok_or_else(refused)?.to_owned();
        let digest = digest(&login, &hash);
        if self.remembered().contains(&digest) {
            return Ok(());
        }
        if !self.verify(login.password, hash).await {
            return Err(refused());
        }
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(digest);
        Ok(())
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashSet<[u8; 32]>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn verify(&self, password: Vec<u8>, hash: String) -> bool {
        let Ok(permit) = self.verifiers.clone().acquire_owned().await else { return false };
        let verified = tokio::task::spawn_blocking(move || {
            let verified = bcrypt::verify(password, &hash).unwrap_or(false);
            drop(permit);
            verified
        });
        verified.await.unwrap_or(false)
    }
}

fn hash_of<'a>(users: &'a str, name: &str) -> Option<&'a str> {
    let hash = users.lines().filter_map(|line| line.trim().split_once(':')).find(|(user, _)| *user == name)?.1;
    (hash.starts_with("$2y$") || hash.starts_with("$2b$")).then_some(hash)
}

fn digest(login: &Login, hash: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [login.name.as_bytes(), &login.password, hash.as_bytes()] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(users: &Users, login: &str) -> bool {
        let header = format!("Basic {}", STANDARD.encode(login)).parse().unwrap();
        users.check(super::login(HeaderValue::as_bytes(&header)).unwrap()).await.is_ok()
    }

    #[tokio::test]
    async fn a_user_of_the_file_comes_in_and_nobody_else() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let hash = bcrypt::hash("pass:word", 4).unwrap();
        std::fs::write(file.path(), format!("other:x\nadmin:{}\n", hash.replacen("$2b$", "$2y$", 1))).unwrap();
        let users = Users::from(file.path().to_owned());
        for (login, welcome) in [
            ("admin:pass:word", true),
            ("admin:pass:word", true),
            ("admin:wrong", false),
            ("other:x", false),
            ("nobody:", false),
        ] {
            assert_eq!(check(&users, login).await, welcome, "{login}");
        }
        std::fs::write(file.path(), "").unwrap();
        assert!(!check(&users, "admin:pass:word").await, "a user who was taken out");
    }

    #[test]
    fn a_malformed_header_is_no_login() {
        for header in ["", "Basic", "Basic !", "Bearer abc", "Basic YWJj"] {
            assert!(login(header.as_bytes()).is_none(), "{header}");
        }
    }
}
