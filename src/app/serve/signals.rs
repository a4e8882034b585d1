//! Signals of the operating system, as messages to the conductor.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use crate::app::exit::Exit;
use crate::app::serve::message::Message;
use crate::app::serve::stop::Stop;

/// Listens from now on: SIGTERM and SIGINT ask to stop, SIGHUP reads the configuration again, SIGUSR1 asks for a run.
pub fn listen(stop: Arc<Stop>, to: Sender<Message>) -> io::Result<JoinHandle<()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut run = signal(SignalKind::user_defined1())?;
    Ok(tokio::spawn(async move {
        loop {
            let message = tokio::select! {
                _ = terminate.recv() => None,
                _ = interrupt.recv() => None,
                _ = hang_up.recv() => Some(Message::Reload),
                _ = run.recv() => Some(Message::Run { schedule: None }),
            };
            match message {
                Some(message) => {
                    if to.send(message).await.is_err() {
                        return;
                    }
                }
                None if stop.is_asked() => {
                    tracing::warn!("asked twice to stop: the batch in hand is left to the next run");
                    std::process::exit(i32::from(Exit::Failed.code()));
                }
                None => {
                    tracing::info!("asked to stop");
                    stop.ask();
                }
            }
        }
    }))
}
