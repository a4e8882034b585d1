//! The simulator: a world served on a socket.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, MutexGuard};

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::http::faults::Faults;
use crate::http::gate::{self, GRAPHQL};
use crate::http::requests::RequestRecord;
use crate::http::site::Site;
use crate::http::wire::{Wire, WireListener};
use crate::http::{control, graphql};
use crate::oauth::provider::{self, Provider};
use crate::rest;
use crate::world::gitlab::World;

/// How a simulator is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; by default on a free port of this machine.
    pub listen: SocketAddr,
}

impl Default for Options {
    fn default() -> Options {
        Options { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) }
    }
}

/// A running simulator. It stops when dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    site: Arc<Site>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Simulator {
    /// Serves a world from a task of the present runtime. Fails if the address cannot be bound.
    pub async fn start(world: World, options: Options) -> io::Result<Simulator> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let site = Arc::new(Site::of(world));
        let service =
            router(&site, format!("http://{address}")).into_make_service_with_connect_info::<Wire>();
        let (stop, stopped) = oneshot::channel();
        let server = axum::serve(WireListener(listener), service).with_graceful_shutdown(async {
            // A dropped sender stops the server as well.
            let _: Result<(), oneshot::error::RecvError> = stopped.await;
        });
        let task = tokio::spawn(server.into_future());
        Ok(Simulator { address, site, stop, task })
    }

    /// Where it answers, `http://127.0.0.1:4321`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The world, to look at and to edit. Requests wait meanwhile: drop the guard before awaiting one.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.site.world()
    }

    /// What is to go wrong. Requests wait meanwhile, as for [`Simulator::world`].
    pub fn faults(&self) -> MutexGuard<'_, Faults> {
        self.site.faults()
    }

    /// All requests to the API so far, oldest first.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.site.requests().all().to_vec()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.site.requests().forget();
    }

    /// Answers what is under way, then closes the socket.
    pub async fn stop(self) -> io::Result<()> {
        drop(self.stop);
        self.task.await.map_err(io::Error::other)?
    }
}

fn router(site: &Arc<Site>, issuer: String) -> Router {
    let api = Router::new()
        .nest(GRAPHQL, graphql::router(Arc::clone(&site.world)))
        .nest("/api/v4", rest::router::router(Arc::clone(&site.world)))
        .layer(from_fn_with_state(Arc::clone(site), gate::pass));
    let provider = Provider::new(issuer, Arc::clone(&site.world));
    api.nest("/simulator", control::router(Arc::clone(site))).merge(provider::router(Arc::new(provider)))
}
