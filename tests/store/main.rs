//! The state, on a real file and on a real PostgreSQL server.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

/// Each story of a room is told of a file and of a server.
macro_rules! stories {
    ($room:ident, $($story:ident)*) => {
        mod on_a_file {
            $(#[tokio::test]
            async fn $story() {
                crate::$room::$story(crate::state::State::file()).await;
            })*
        }

        mod on_a_server {
            $(#[tokio::test]
            async fn $story() {
                crate::$room::$story(crate::state::State::server().await).await;
            })*
        }
    };
}

mod file;
mod outbox;
mod roster;
mod server;
mod state;
mod stories;
#[path = "../support/mod.rs"]
mod support;
mod testimonies;
