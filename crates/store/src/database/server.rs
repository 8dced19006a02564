//! PostgreSQL and MariaDB: what of a URL is used, and how a connection is set up.
//!
//! **Invariant:** a statement, a lock and an idle transaction end within seconds, whatever became of the conductor that
//! began them: a frozen one holds no row for longer than that.

use std::{fmt, str::FromStr as _};

use assay_core::secret::Secret;
use sea_orm::{
    DatabaseConnection, DbErr, SqlxMySqlConnector, SqlxPostgresConnector,
    sqlx::{
        ConnectOptions as _, Executor as _,
        mysql::{MySqlConnectOptions, MySqlPoolOptions},
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use url::Url;

use super::{PATIENCE, query_error};

/// A database server and the database on it.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    kind: Kind,
    /// For the driver, with the password.
    url: Secret,
    /// Name and place of the database.
    shown: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Postgres,
    Mariadb,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// Why a URL can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableUrl {
    /// Of no kind that is known here.
    #[error("it begins with none of `sqlite:///`, `postgresql://` and `mysql://`")]
    Kind,
    /// It can't be parsed.
    #[error("it is no URL ({0})")]
    Malformed(String),
    /// No path.
    #[error("it names no database: add `/` and the database's name after the host")]
    NoDatabase,
    /// An option without which the connection would not be what the operator wants.
    #[error("its option `{0}` is not supported")]
    Option(String),
}

/// Options of SQLAlchemy's drivers that change how strings or times come, which is settled here.
const SETTLED: [&str; 4] = ["charset", "use_unicode", "client_encoding", "init_command"];
/// Options that bound a wait, which has its bound here.
const BOUNDED: [&str; 5] = ["connect_timeout", "read_timeout", "write_timeout", "timeout", "application_name"];

const POSTGRES: &str = "SET default_transaction_isolation = 'read committed'; SET statement_timeout = '15s'; \
    SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '20s'";
const POSTGRES_READS: &str = "SET default_transaction_read_only = on";
const MARIADB: &str = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; \
    SET SESSION max_statement_time = 15, innodb_lock_wait_timeout = 10, idle_transaction_timeout = 20";
const MARIADB_READS: &str = "SET SESSION TRANSACTION READ ONLY";

impl Server {
    pub(super) fn parse(text: &str) -> Result<Self, UnusableUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(UnusableUrl::Kind)?;
        let kind = match scheme.split('+').next() {
            Some("postgresql" | "postgres") => Kind::Postgres,
            Some("mysql" | "mariadb") => Kind::Mariadb,
            _ => return Err(UnusableUrl::Kind),
        };
        let url = format!("{}://{rest}", kind.scheme());
        let given = Url::parse(&url).map_err(|wrong| UnusableUrl::Malformed(wrong.to_string()))?;
        let database = given.path().trim_matches('/').to_owned();
        if database.is_empty() {
            return Err(UnusableUrl::NoDatabase);
        }
        // A URL with a slash in its password, or inside of another one: what follows the slash may be a secret.
        if database.contains(['/', '@', ':']) {
            return Err(UnusableUrl::Malformed(
                "the name of the database can't hold '/', '@' or ':' (in a password they are %2F, %40 and %3A)"
                    .to_owned(),
            ));
        }
        let place = given.host_str().unwrap_or("localhost");
        let port = given.port().map_or_else(String::new, |port| format!(":{port}"));
        let shown = format!("{} database {database} on {place}{port}", kind.name());
        let server = Self { kind, url: Secret::new(kind.for_driver(&given)?.into()), shown };
        server.options_fit()?;
        Ok(server)
    }

    fn options_fit(&self) -> Result<(), UnusableUrl> {
        let wrong = |_| UnusableUrl::Malformed("the driver does not take it".to_owned());
        match self.kind {
            Kind::Postgres => PgConnectOptions::from_str(self.url.reveal()).map(drop).map_err(wrong),
            Kind::Mariadb => MySqlConnectOptions::from_str(self.url.reveal()).map(drop).map_err(wrong),
        }
    }

    /// A pool of at most so many connections; the first is made at once.
    pub(crate) async fn connect(&self, most: u32, access: Access) -> Result<DatabaseConnection, DbErr> {
        match self.kind {
            Kind::Postgres => self.postgres(most, access).await,
            Kind::Mariadb => self.mariadb(most, access).await,
        }
    }

    async fn postgres(&self, most: u32, access: Access) -> Result<DatabaseConnection, DbErr> {
        let options = PgConnectOptions::from_str(self.url.reveal()).map_err(query_error)?;
        let pool = PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(POSTGRES).await?;
                    match access {
                        Access::Read => connection.execute(POSTGRES_READS).await.map(drop),
                        Access::Write => Ok(()),
                    }
                })
            })
            .connect_with(options.application_name("assay").disable_statement_logging())
            .await
            .map_err(query_error)?;
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }

    async fn mariadb(&self, most: u32, access: Access) -> Result<DatabaseConnection, DbErr> {
        let options = MySqlConnectOptions::from_str(self.url.reveal()).map_err(query_error)?;
        let pool = MySqlPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(PATIENCE)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    connection.execute(MARIADB).await?;
                    match access {
                        Access::Read => connection.execute(MARIADB_READS).await.map(drop),
                        Access::Write => Ok(()),
                    }
                })
            })
            .connect_with(options.charset("utf8mb4").disable_statement_logging())
            .await
            .map_err(query_error)?;
        Ok(SqlxMySqlConnector::from_sqlx_mysql_pool(pool))
    }
}

impl Kind {
    const fn scheme(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mariadb => "mysql",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
        }
    }

    /// The URL with its options as the driver here calls them.
    fn for_driver(self, given: &Url) -> Result<Url, UnusableUrl> {
        let mut url = given.clone();
        url.set_query(None);
        for (name, value) in given.query_pairs() {
            let name = match (self, name.as_ref()) {
                (_, name) if SETTLED.contains(&name) || BOUNDED.contains(&name) => continue,
                (Self::Postgres, "sslmode" | "sslrootcert" | "sslcert" | "sslkey" | "host" | "port") => name.as_ref(),
                (Self::Mariadb, "ssl_ca") => {
                    url.query_pairs_mut().append_pair("ssl-mode", "VERIFY_CA");
                    "ssl-ca"
                }
                (Self::Mariadb, "ssl-mode" | "ssl-ca") => name.as_ref(),
                (Self::Mariadb, "unix_socket") => "socket",
                _ => return Err(UnusableUrl::Option(name.into_owned())),
            };
            url.query_pairs_mut().append_pair(name, &value);
        }
        Ok(url)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.shown).finish()
    }
}
