//! `seatsync serve`: runs on a schedule, and one port to watch them.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::app::cli::Common;
use crate::app::clock::SystemClock;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::serve::board::Board;
use crate::app::serve::conductor::{Conductor, Part};
use crate::app::serve::doors::Doors;
use crate::app::serve::http::desk::Desk;
use crate::app::serve::http::routes::router;
use crate::app::serve::http::server::Port;
use crate::app::serve::pages::reception::Pages;
use crate::app::serve::reception::Reception;
use crate::app::serve::stop::Stop;
use crate::app::wiring;
use crate::ports::Clock;

pub mod ballot_box;
pub mod board;
pub mod conductor;
pub mod doors;
pub mod http;
pub mod keeping;
pub mod message;
pub mod metrics;
pub mod pages;
pub mod readiness;
pub mod reception;
pub mod round;
pub mod schedule;
pub mod signals;
pub mod stop;
pub mod supervisor;
pub mod telling;
pub mod tray;

/// Messages that may wait for the conductor; whoever comes beyond that is told so.
const INBOX: usize = 16;

/// Serves until it is asked to stop.
pub async fn run(common: &Common) -> Result<Exit, Failure> {
    let config = wiring::configuration(common)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let now = clock.now();
    let board = Arc::new(Board::new(config.serve.schedules.clone(), config.serve.token.as_ref(), now));
    board.standing().metrics.configured(true, now);
    let stop = Arc::new(Stop::default());
    let (sender, inbox) = mpsc::channel(INBOX);
    let signals = signals::listen(Arc::clone(&stop), sender.clone()).map_err(Failure::Runtime)?;
    let reception = Arc::new(Reception::new(&config));
    let doors = Arc::new(Doors::open(&config)?);
    let pages = Arc::new(Pages::new(&config));
    let desk = Desk {
        board: Arc::clone(&board),
        conductor: sender,
        clock: Arc::clone(&clock),
        reception: Arc::clone(&reception),
        doors: Arc::clone(&doors),
        pages: Arc::clone(&pages),
    };
    let port = Port::open(&config.serve, router(desk)).await?;
    tracing::info!(address = %port.address, "listening");
    supervisor::tell("READY=1");
    let keeping = tokio::spawn(Arc::clone(&doors).keep(Arc::clone(&stop)));

    let conductor = Conductor {
        path: config.path.clone(),
        config: Arc::new(config),
        board,
        reception,
        doors,
        pages,
        clock,
        stop,
        inbox,
        seed: RandomState::new().build_hasher().finish(),
        part: Part::Standby,
    };
    conductor.conduct().await;

    supervisor::tell("STOPPING=1");
    port.close().await;
    signals.abort();
    keeping.abort();
    tracing::info!("stopped");
    Ok(Exit::Done)
}
