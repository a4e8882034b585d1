//! What is logged: operations and how they went, and nothing that is anybody's.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use seatsync::model::add_on::AddOn;
use seatsync::ports::{AccountReader, SeatReader};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{GitLab, TOKEN, instance, query};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Log;

    fn make_writer(&'a self) -> Log {
        self.clone()
    }
}

#[tokio::test]
async fn logs_hold_operations_and_neither_people_nor_secrets() {
    let gitlab = GitLab::start(instance(250, 5, 2)).await;
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let listening = tracing::subscriber::set_default(subscriber);
    gitlab.reader.seats(&[AddOn::DuoPro]).await.unwrap();
    let steps = ["ldapmain:uid=nobody,dc=corp", "mail:p7@example.com"];
    gitlab.reader.accounts(&[query(&steps)], Some(250)).await.unwrap();
    drop(listening);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("operation=\"GET /users?search=\""), "{log}");
    assert!(log.contains("status: 200"), "{log}");
    for secret in [TOKEN, "p7", "example.com", "nobody"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
