//! Between a server and `ldap3`: passes on what either sends, and from the server nothing that has not been vetted.

use std::io;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ldap3::{Ldap, LdapConnAsync, LdapConnSettings, StdStream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Semaphore;
use url::Url;

use crate::sources::ldap::conversation::{Stream, dismissal};
use crate::sources::ldap::error::{Trouble, result_words};
use crate::sources::ldap::vetting::{DONE, ENTRY, EXTENDED, INTERMEDIATE, Message, REFERENCE, vet};

/// How much is read at a time.
const CHUNK: usize = 256 << 10;

/// How many messages may wait to be taken from `ldap3`, which queues them without a limit of its own.
const WAITING: u32 = 4096;

/// How many are passed on at once.
const AT_ONCE: u32 = 512;

/// How long hanging up may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// A message larger than this waits until nothing else does, so that few are in memory at a time.
const LARGE: usize = 256 << 10;

/// One connection as `ldap3` sees it.
pub struct Relayed {
    pub ldap: Ldap,
    pub relay: Arc<Relay>,
}

/// What the relay and who takes the answers know of each other.
pub struct Relay {
    /// Why the relay ended, where that was the server's fault.
    fault: OnceLock<String>,
    room: Semaphore,
}

/// Lets `ldap3` talk over a bound connection.
pub async fn relayed(server: Box<dyn Stream>) -> Result<Relayed, ldap3::LdapError> {
    let (ours, theirs) = StdUnixStream::pair()?;
    ours.set_nonblocking(true)?;
    let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(theirs));
    let url = Url::parse("ldapi:///").expect("it is an address");
    let (driver, ldap) = LdapConnAsync::from_url_with_settings(settings, &url).await?;
    let relay = Arc::new(Relay { fault: OnceLock::new(), room: Semaphore::new(WAITING as usize) });
    // Both end when the last handle is dropped; what ends them earlier is seen by whoever waits for an answer.
    tokio::spawn(driver.drive());
    tokio::spawn(pass(server, UnixStream::from_std(ours)?, relay.clone()));
    Ok(Relayed { ldap, relay })
}

impl Relay {
    /// Why there will be no more answers, where the server is to blame.
    pub fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }

    /// To be said for each message of a search that was taken; without it the relay comes to a halt.
    pub fn taken(&self) {
        self.room.add_permits(1);
    }
}

async fn pass(server: Box<dyn Stream>, client: UnixStream, relay: Arc<Relay>) {
    let (from_server, to_server) = tokio::io::split(server);
    let (from_client, to_client) = client.into_split();
    tokio::select! {
        fault = inwards(from_server, to_client, &relay) => {
            if let Err(fault) = fault {
                relay.fault.get_or_init(|| fault);
            }
        }
        () = outwards(from_client, to_server) => {}
    }
}

/// Ends when either side hangs up, and fails when the server sends what must not be passed on.
async fn inwards(
    mut server: ReadHalf<Box<dyn Stream>>,
    mut client: OwnedWriteHalf,
    relay: &Relay,
) -> Result<(), String> {
    let mut buffer = Vec::with_capacity(CHUNK);
    loop {
        buffer.reserve(CHUNK);
        match server.read_buf(&mut buffer).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if has_hung_up(&error) => return Ok(()),
            Err(error) => return Err(Trouble::Io(error).words()),
        }
        let mut passed = 0;
        loop {
            let (length, cost, fault) = batch(&buffer[passed..]);
            if length > 0 {
                let large = length > LARGE && cost == 1;
                let room = relay.room.acquire_many(if large { WAITING } else { cost }).await;
                room.expect("it is never closed").forget();
                if client.write_all(&buffer[passed..passed + length]).await.is_err() {
                    return Ok(());
                }
                if large {
                    relay.room.add_permits(WAITING as usize - 1);
                }
                passed += length;
            }
            if let Some(fault) = fault {
                return Err(fault);
            }
            if length == 0 {
                break;
            }
        }
        buffer.drain(..passed);
    }
}

fn has_hung_up(error: &io::Error) -> bool {
    // The last is TLS without a farewell: what matters is whether the answer to each search was whole.
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof
    )
}

/// How many bytes may be passed on at once, how many messages they are, and what is wrong with what follows.
fn batch(bytes: &[u8]) -> (usize, u32, Option<String>) {
    let (mut length, mut count) = (0, 0);
    while count < AT_ONCE {
        match vet(&bytes[length..]) {
            Ok(None) => break,
            Ok(Some(message)) if count > 0 && message.length > LARGE => break,
            Ok(Some(message)) => {
                if let Some(fault) = unwelcome(&message, &bytes[length..length + message.length]) {
                    return (length, count, Some(fault));
                }
                length += message.length;
                count += 1;
                if message.length > LARGE {
                    break;
                }
            }
            Err(fault) => return (length, count, Some(fault.to_string())),
        }
    }
    (length, count, None)
}

/// Searches have four kinds of answers; `ldap3` panics over any other.
fn unwelcome(message: &Message, bytes: &[u8]) -> Option<String> {
    match message.operation {
        ENTRY | REFERENCE | INTERMEDIATE | DONE if message.id != 0 => None,
        EXTENDED if message.id == 0 => {
            let said = dismissal(bytes).map(|result| result_words(&result)).unwrap_or_default();
            Some(format!("the server hung up: {said}"))
        }
        _ => Some("the server sent an answer that nobody asked for".to_owned()),
    }
}

/// Ends when the client hangs up. Where the server does, what it said before is still to be read.
async fn outwards(mut client: OwnedReadHalf, mut server: WriteHalf<Box<dyn Stream>>) {
    let mut buffer = Vec::with_capacity(CHUNK);
    let mut heard = true;
    while client.read_buf(&mut buffer).await.is_ok_and(|read| read > 0) {
        heard = heard && server.write_all(&buffer).await.is_ok() && server.flush().await.is_ok();
        buffer.clear();
    }
    // It is polite; whether the server hears it does not matter.
    drop(tokio::time::timeout(FAREWELL, server.shutdown()).await);
}
