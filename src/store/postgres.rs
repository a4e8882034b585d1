//! The state in a PostgreSQL database: sessions, and the lock that one of them holds.

use std::str::FromStr as _;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use sqlx::AnyConnection;
use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};
use tokio::time::timeout;

use crate::store::error::StoreError;
use crate::store::place::{Place, Server};
use crate::store::schema;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// `idle_session_timeout` came with it.
const OLDEST: i64 = 14;

/// What is committed is on the disk, whatever the server's default; nothing waits without end.
const DURABLE: &str = "
    SET synchronous_commit = on;
    SET lock_timeout = '10s';
    SET statement_timeout = '60s';
    SET idle_in_transaction_session_timeout = '20s'";

/// A leader that is gone loses its session, and with it the lock. Where its machine vanished, the kernel of the server
/// notices within 11 s (5 + 3 × 2); where the process was stopped, the server misses its heartbeat after 20 s.
const MORTAL: &str = "
    SET tcp_keepalives_idle = 5;
    SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = 10000;
    SET idle_session_timeout = '20s'";

/// The lock of whoever changes the state: "seat" in ASCII.
const RUN: i32 = 0x7365_6174;

/// The lock of the sidecar that runs on schedule: "serv" in ASCII.
const SERVE: i32 = 0x7365_7276;

/// Connects and takes the lock of this database and schema, which is the session's own and dies with it.
pub async fn lead(server: &Server) -> Result<AnyConnection, StoreError> {
    let (mut connection, is_ours) = locked(server, RUN).await?;
    if is_ours {
        return Ok(connection);
    }
    let place = place(server);
    let failed = |cause| StoreError::opening(&place, cause);
    let holder = holder(&mut connection).await.map_err(failed)?;
    Err(StoreError::Taken { place, holder: holder.unwrap_or_else(|| "it does not say which".to_owned()) })
}

/// The same for the lock of sidecars: `None` while another one has it.
pub async fn serve(server: &Server) -> Result<Option<AnyConnection>, StoreError> {
    let (connection, is_ours) = locked(server, SERVE).await?;
    Ok(is_ours.then_some(connection))
}

/// A session, and whether it has the lock.
async fn locked(server: &Server, lock: i32) -> Result<(AnyConnection, bool), StoreError> {
    let mut connection = connect(server).await?;
    let place = place(server);
    let failed = |cause| StoreError::opening(&place, cause);
    sqlx::raw_sql(DURABLE).execute(&mut connection).await.map_err(failed)?;
    sqlx::raw_sql(MORTAL).execute(&mut connection).await.map_err(failed)?;
    // Advisory locks are a database's own. The second number stands for the schema.
    let row = sqlx::query(
        "SELECT pg_try_advisory_lock($1, hashint8(oid::int8)) FROM pg_namespace WHERE nspname = current_schema()",
    )
    .bind(lock)
    .fetch_optional(&mut connection)
    .await
    .map_err(failed)?
    .ok_or_else(|| StoreError::NoSchema { place: place.clone() })?;
    let is_ours = row.try_get(0).map_err(failed)?;
    Ok((connection, is_ours))
}

/// Connects to write what needs no lead.
pub async fn open(server: &Server) -> Result<AnyConnection, StoreError> {
    let mut connection = connect(server).await?;
    let failed = |cause| StoreError::opening(&place(server), cause);
    sqlx::raw_sql(DURABLE).execute(&mut connection).await.map_err(failed)?;
    Ok(connection)
}

/// From here on the session writes nothing.
pub async fn only_read(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let settings = "SET default_transaction_read_only = on; SET statement_timeout = '60s'";
    sqlx::raw_sql(settings).execute(connection).await?;
    Ok(())
}

/// Connects, and looks whether the server is recent enough.
pub async fn connect(server: &Server) -> Result<AnyConnection, StoreError> {
    sqlx::any::install_default_drivers();
    let place = place(server);
    let failed = |cause| StoreError::opening(&place, cause);
    let options = AnyConnectOptions::from_str(server.url().expose_secret()).map_err(failed)?;
    let connecting = timeout(CONNECT_TIMEOUT, options.connect()).await;
    let mut connection =
        connecting.map_err(|_| StoreError::Silent { place: place.clone() })?.map_err(failed)?;
    let row = sqlx::query("SELECT current_setting('server_version_num')::int8 / 10000")
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    let found: i64 = row.try_get(0).map_err(failed)?;
    if found < OLDEST {
        return Err(StoreError::OldServer { place, found, oldest: OLDEST });
    }
    Ok(connection)
}

/// Who wrote last that it leads.
async fn holder(connection: &mut AnyConnection) -> Result<Option<String>, sqlx::Error> {
    if !schema::has_table(connection, "leadership").await? {
        return Ok(None);
    }
    let row = sqlx::query("SELECT holder, since FROM leadership").fetch_one(connection).await?;
    let (holder, since): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
    let since = Timestamp::from_microsecond(since).unwrap_or_default();
    Ok(Some(format!("{holder}, since {since}")).filter(|_| !holder.is_empty()))
}

fn place(server: &Server) -> Place {
    Place::Server(server.clone())
}
