//! What an error of a database says about trying again, told by its code.

use sea_orm::{
    DbErr, RuntimeErr,
    sqlx::{self, error::DatabaseError, mysql::MySqlDatabaseError},
};

use crate::{Fault, StoreError};

/// What kind of trouble an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Two transactions were in each other's way; this one was taken back, and can be run again.
    Conflict,
    /// The connection is gone, or its server is.
    Lost,
    /// Anything else.
    Other,
}

/// `serialization_failure` and `deadlock_detected` of PostgreSQL, `lock_not_available` of its lock timeout.
const POSTGRES_CONFLICTS: [&str; 3] = ["40001", "40P01", "55P03"];
/// `ER_LOCK_DEADLOCK` and `ER_LOCK_WAIT_TIMEOUT` of MariaDB.
const MARIADB_CONFLICTS: [u16; 2] = [1213, 1205];
/// `ER_SERVER_SHUTDOWN`, `ER_CONNECTION_KILLED`, and a transaction that was idle for too long.
const MARIADB_LOST: [u16; 3] = [1053, 1927, 4031];

/// The trouble that a driver's error is.
pub fn of(fault: &Fault) -> Trouble {
    match fault {
        Fault::File(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => Trouble::Conflict,
        Fault::File(_) | Fault::TooLong => Trouble::Other,
        Fault::Server(error) => of_server(error),
    }
}

/// The trouble that a server's error is.
pub fn of_server(error: &DbErr) -> Trouble {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => of_driver(error),
        DbErr::ConnectionAcquire(_) => Trouble::Lost,
        _ => Trouble::Other,
    }
}

/// The trouble that a failed job is.
pub fn of_job(error: &StoreError) -> Trouble {
    match error {
        StoreError::Db(error) => of(error),
        _ => Trouble::Other,
    }
}

fn of_driver(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::Database(error) => of_database(error.as_ref()),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed => Trouble::Lost,
        _ => Trouble::Other,
    }
}

fn of_database(error: &dyn DatabaseError) -> Trouble {
    if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
        return of_mariadb(error.number());
    }
    of_postgres(&error.code().unwrap_or_default())
}

fn of_mariadb(number: u16) -> Trouble {
    if MARIADB_CONFLICTS.contains(&number) {
        Trouble::Conflict
    } else if MARIADB_LOST.contains(&number) {
        Trouble::Lost
    } else {
        Trouble::Other
    }
}

/// Class 08 is a connection exception, class 57P an operator who stops the server or its connections; 25P03 is a
/// transaction that was idle for too long.
fn of_postgres(code: &str) -> Trouble {
    if POSTGRES_CONFLICTS.contains(&code) {
        Trouble::Conflict
    } else if code.starts_with("08") || code.starts_with("57P") || code == "25P03" {
        Trouble::Lost
    } else {
        Trouble::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_and_lost_connections_are_told_by_their_codes() {
        for (code, trouble) in [
            ("40001", Trouble::Conflict),
            ("40P01", Trouble::Conflict),
            ("57P01", Trouble::Lost),
            ("08006", Trouble::Lost),
            ("23505", Trouble::Other),
        ] {
            assert_eq!(of_postgres(code), trouble, "{code}");
        }
        for (number, trouble) in
            [(1213, Trouble::Conflict), (1205, Trouble::Conflict), (1053, Trouble::Lost), (1062, Trouble::Other)]
        {
            assert_eq!(of_mariadb(number), trouble, "{number}");
        }
    }
}
