//! The state in one SQLite file: to change it, or to read it without a trace.

use std::fs::{self, File};
use std::path::Path;

use sqlx::AnyConnection;
use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions as _, Row as _};
use url::Url;

use crate::store::error::StoreError;
use crate::store::place::Place;

/// Opens the file, and makes it where there is none. What is committed is on the disk.
pub async fn open(path: &Path) -> Result<AnyConnection, StoreError> {
    keep_private(path)
        .map_err(|cause| StoreError::Open { place: place(path), cause: sqlx::Error::Io(cause) })?;
    let mut connection = connect(path, &[("mode", "rwc")]).await?;
    sqlx::raw_sql("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000")
        .execute(&mut connection)
        .await
        .map_err(|cause| StoreError::opening(&place(path), cause))?;
    Ok(connection)
}

/// Opens the file only to read it, and leaves no trace; `None` where there is none.
pub async fn open_existing(path: &Path) -> Result<Option<AnyConnection>, StoreError> {
    let is_there = fs::metadata(path).is_ok_and(|about| about.len() > 0);
    if !is_there {
        return Ok(None);
    }
    // Reading a database in WAL mode makes files beside it, unless SQLite may take it for immutable. It is that
    // while there is no log: changes reach the file itself only from one.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let immutable = if Path::new(&log).exists() { "false" } else { "true" };
    let mut connection = connect(path, &[("mode", "ro"), ("immutable", immutable)]).await?;
    sqlx::raw_sql("PRAGMA busy_timeout = 10000; PRAGMA temp_store = MEMORY")
        .execute(&mut connection)
        .await
        .map_err(|cause| StoreError::opening(&place(path), cause))?;
    Ok(Some(connection))
}

/// Makes the file its owner's alone, and where there is none, one that is; SQLite gives the files beside it the same mode.
fn keep_private(path: &Path) -> std::io::Result<()> {
    let file = File::options().append(true).create(true).open(path)?;
    #[cfg(unix)]
    // A file that belongs to somebody else stays as they made it.
    drop(file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600)));
    #[cfg(not(unix))]
    drop(file);
    Ok(())
}

/// Connects, and looks whether the file is intact.
async fn connect(path: &Path, parameters: &[(&str, &str)]) -> Result<AnyConnection, StoreError> {
    sqlx::any::install_default_drivers();
    let place = place(path);
    let failed = |cause| StoreError::opening(&place, cause);
    let url = url(path, parameters)
        .map_err(|cause| StoreError::Open { place: place.clone(), cause: sqlx::Error::Io(cause) })?;
    let options = AnyConnectOptions::from_url(&url).map_err(failed)?;
    let mut connection = options.connect().await.map_err(failed)?;
    let check = sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut connection).await.map_err(failed)?;
    let answer: String = check.try_get(0).map_err(failed)?;
    if answer == "ok" { Ok(connection) } else { Err(StoreError::Damaged { place, what: answer }) }
}

fn url(path: &Path, parameters: &[(&str, &str)]) -> std::io::Result<Url> {
    let path = std::path::absolute(path)?;
    let path = path.to_str().ok_or_else(|| std::io::Error::other("its path is no text in UTF-8"))?;
    let mut url = Url::parse("sqlite:///").expect("this is an address");
    // Whatever else has a meaning in an address is escaped by the setter.
    url.set_path(&path.replace('%', "%25"));
    url.query_pairs_mut().extend_pairs(parameters);
    Ok(url)
}

fn place(path: &Path) -> Place {
    Place::File(path.to_owned())
}
