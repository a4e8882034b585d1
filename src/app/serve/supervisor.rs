//! Tells systemd how things are: one datagram each (sd_notify(3)).

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use crate::app::config::secret::environment;

/// Says it to whoever started us and wants to know. Nobody does, as a rule.
pub fn tell(words: &str) {
    let Some(place) = environment("NOTIFY_SOCKET") else { return };
    let address = match place.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&place),
    };
    let told = address
        .and_then(|address| UnixDatagram::unbound()?.send_to_addr(words.as_bytes(), &address).map(drop));
    if let Err(error) = told {
        tracing::warn!(%error, "the supervisor could not be told");
    }
}
