//! What is true of files alone.

use std::path::PathBuf;

use seatsync::model::holding::Change;
use seatsync::model::outcome::Outcome;
use seatsync::ports::Recollection as _;
use seatsync::store::database::Store;
use seatsync::store::place::Place;

use crate::state::{day, run};

#[tokio::test]
async fn where_there_is_no_state_reading_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seatsync.db");
    let place = Place::File(path.clone());
    assert!(Store::open_existing(&place).await.unwrap().is_none());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    std::fs::write(&path, "").unwrap();
    assert!(Store::open_existing(&place).await.unwrap().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Place::File(folder.path().join("seatsync.db")), day(0)).await.unwrap();
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert!(mode == 0o600 || name.ends_with(".lock"), "{name}: {mode:o}");
    }
}

#[tokio::test]
async fn reading_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seatsync.db");
    let place = Place::File(path.clone());
    let store = Store::open(&place, day(0)).await.unwrap();
    run(&store, day(0), Change::Assign, 7, Outcome::Applied).await;
    store.close().await;
    let files = || {
        let mut files: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    let store = Store::open_existing(&place).await.unwrap().expect("there is a state");
    store.recall(day(1)).await.unwrap();
    store.close().await;
    assert!(before == files());
}

#[tokio::test]
async fn a_damaged_state_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seatsync.db");
    let place = Place::File(path.clone());
    std::fs::write(&path, "this is no database, though it is long enough to be taken for one".repeat(99))
        .unwrap();
    let expected = format!("the state `{}` is damaged: it is no intact SQLite database", path.display());
    let error = Store::open_existing(&place).await.expect_err("it is damaged");
    assert_eq!(error.chain(), expected);
    assert!(error.hint.starts_with("restore it from a backup, or move it away"));
    let error = Store::open(&place, day(0)).await.expect_err("it is damaged");
    assert_eq!(error.chain(), expected);
}

#[tokio::test]
async fn a_state_in_no_folder_says_what_to_do() {
    let path = Place::File(PathBuf::from("/absent/seatsync.db"));
    let error = Store::open(&path, day(0)).await.expect_err("there is no such folder");
    assert!(error.chain().starts_with("failed to lock the state with `/absent/seatsync.db.lock`: "));
    assert!(error.hint.starts_with("the folder must exist"));
    assert!(Store::open_existing(&path).await.unwrap().is_none());
}

#[tokio::test]
async fn a_path_may_have_any_letters() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("our state 100%41 #1?.db");
    Store::open(&Place::File(path.clone()), day(0)).await.unwrap().close().await;
    assert!(path.exists());
}
