//! Where a database is: a file, or a server with its URL.

mod file;
mod link;
mod server;
mod sqlite;

use std::{fmt, path::PathBuf};

use sea_orm::{DatabaseConnection, DbErr};

use crate::{
    Fault, StoreError,
    lock::{self, DatabaseLock},
};
pub(crate) use file::{File, LONGEST};
pub(crate) use link::{Begun, Link, rows};
pub(crate) use server::Access;
pub use server::{Server, UnusableUrl};
use sqlite::query_error;

/// How long a connection waits for a lock or for its turn.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// Where the database is, as `[database] connection` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file, for one conductor.
    File(PathBuf),
    /// PostgreSQL or MariaDB, for any number of them.
    Server(Server),
}

impl Database {
    /// Reads a URL in the form that SQLAlchemy gives it, which is what operators have in their files: `sqlite:///` and a
    /// path, or `postgresql[+driver]://…` and `mysql[+driver]://…` with user, password, host and name of the database.
    ///
    /// # Errors
    /// [`UnusableUrl`]; it never holds the URL.
    pub fn parse(url: &str) -> Result<Self, UnusableUrl> {
        match url.strip_prefix("sqlite:///") {
            Some("") => Err(UnusableUrl::Kind),
            Some(path) => Ok(Self::File(path.into())),
            None => Server::parse(url).map(Self::Server),
        }
    }

    /// One connection that reads; a file has to be there.
    pub(crate) async fn open_reader(&self) -> Result<DatabaseConnection, DbErr> {
        match self {
            Self::File(path) => sqlite::open_reader(path).await,
            Self::Server(server) => server.connect(1, Access::Read).await,
        }
    }

    /// What says that no other process has the database; nothing, where several may.
    pub(crate) async fn lock(&self) -> Result<Option<DatabaseLock>, StoreError> {
        match self {
            Self::File(path) => Ok(Some(lock::acquire(path).await?)),
            Self::Server(_) => Ok(None),
        }
    }

    /// The connection of one writer, whose schema is there.
    pub(crate) async fn link(&self) -> Result<Link, Fault> {
        Ok(match self {
            Self::File(path) => Link::File(File::open(path, Access::Write)?),
            Self::Server(server) => Link::Server(server.connect(1, Access::Write).await?),
        })
    }

    pub(crate) fn unreachable(&self, error: &DbErr) -> StoreError {
        StoreError::Unreachable { database: self.to_string(), why: error.to_string() }
    }

    /// A connection of which the schema is made; makes the file.
    pub(crate) async fn open_writer(&self) -> Result<DatabaseConnection, DbErr> {
        match self {
            Self::File(path) => sqlite::open_writer(path).await,
            Self::Server(server) => server.connect(1, Access::Write).await,
        }
    }
}

impl From<PathBuf> for Database {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl fmt::Display for Database {
    /// For the operator, without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(server) => server.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_file_or_a_server() {
        assert_eq!(Database::parse("sqlite:////var/lib/x").unwrap(), Database::File("/var/lib/x".into()));
        assert_eq!(Database::parse("sqlite:///x").unwrap(), Database::File("x".into()));
        for url in ["postgresql://u:p@h/assay", "postgresql+psycopg2://u:p@h:5433/assay?sslmode=require"] {
            assert!(matches!(Database::parse(url), Ok(Database::Server(_))), "{url}");
        }
        for url in ["mysql+pymysql://u:p%40ss@h/assay?charset=utf8", "mariadb+pymysql://u@h/assay", "mysql://h/assay"] {
            assert!(matches!(Database::parse(url), Ok(Database::Server(_))), "{url}");
        }
    }

    #[test]
    fn what_can_not_be_used_has_its_own_sentence() {
        for (url, part) in [
            ("sqlite:///", "sqlite:///"),
            ("oracle://u:hunter2@h/db", "sqlite:///"),
            ("postgresql://u:hunter2@h", "names no database"),
            ("mysql://u:hunter2@h/", "names no database"),
            ("postgresql://u:hunter2@h:port/db", "is no URL"),
            ("mysql://u:hunter2@h/db?ssl_key=k", "ssl_key"),
            ("mysql://u%x//u:hunter2@h/db", "can't hold"),
        ] {
            let refused = Database::parse(url).unwrap_err().to_string();
            assert!(refused.contains(part), "{url}: {refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }

    #[test]
    fn s13_a_server_is_shown_without_its_password() {
        let server =
            Database::parse("postgresql+psycopg2://assay:hunter2@db.example:5433/assay?sslmode=require").unwrap();
        assert_eq!(server.to_string(), "PostgreSQL database assay on db.example:5433");
        assert!(!format!("{server:?}").contains("hunter2"), "{server:?}");
    }
}
