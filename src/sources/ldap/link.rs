//! A bound connection: sends requests, and hands each search the answers to it, none of which has not been vetted.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use ldap3::controls::RawControl;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::sources::ldap::conversation::{Stream, result};
use crate::sources::ldap::error::{Trouble, result_words};
use crate::sources::ldap::request;
use crate::sources::ldap::vetting::{DONE, ENTRY, EXTENDED, INTERMEDIATE, REFERENCE, vet};

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// How many bytes of answers may wait to be taken. A larger one waits until no other does.
const ROOM: u32 = 1 << 20;

/// How long hanging up may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// One connection. It is hung up when this and all its [`Answers`] are dropped.
pub struct Link {
    requests: UnboundedSender<Vec<u8>>,
    desk: Arc<Desk>,
}

/// The answers to one search, which is abandoned if this is dropped before the last of them has come.
pub struct Answers {
    id: u32,
    received: UnboundedReceiver<Answer>,
    requests: UnboundedSender<Vec<u8>>,
    desk: Arc<Desk>,
    is_done: bool,
}

/// One whole message that has been vetted. It takes up room until it is dropped.
pub struct Answer {
    /// [`ENTRY`], [`REFERENCE`], [`INTERMEDIATE`] or, as the last, [`DONE`].
    pub operation: u8,
    pub message: Box<[u8]>,
    _room: OwnedSemaphorePermit,
}

/// What those who ask and who hears the server know of each other.
struct Desk {
    last_id: AtomicU32,
    /// Who waits for the answers to each request. `None` once there will be no more.
    waiting: Mutex<Option<HashMap<u32, UnboundedSender<Answer>>>>,
    room: Arc<Semaphore>,
    /// Why there will be no more, where that was the server's fault.
    fault: OnceLock<String>,
}

impl Link {
    pub fn over(server: Box<dyn Stream>) -> Link {
        let (requests, to_be_sent) = unbounded_channel();
        let desk = Arc::new(Desk {
            last_id: AtomicU32::new(0),
            waiting: Mutex::new(Some(HashMap::new())),
            room: Arc::new(Semaphore::new(ROOM as usize)),
            fault: OnceLock::new(),
        });
        tokio::spawn(talk(server, to_be_sent, desk.clone()));
        Link { requests, desk }
    }

    /// Sends a search, as [`request::search`] writes it.
    pub fn search(&self, operation: &[u8], controls: &[RawControl]) -> Answers {
        let id = self.desk.next_id();
        let (sender, received) = unbounded_channel();
        if let Some(waiting) = &mut *self.desk.waiting() {
            waiting.insert(id, sender);
        }
        // Where nobody sends it any more, nobody answers either.
        drop(self.requests.send(request::message(id, operation, controls)));
        Answers { id, received, requests: self.requests.clone(), desk: self.desk.clone(), is_done: false }
    }

    /// Why there will be no more answers, where the server is to blame.
    pub fn fault(&self) -> Option<&str> {
        self.desk.fault.get().map(String::as_str)
    }
}

impl Answers {
    /// `None` where the connection ended first.
    pub async fn next(&mut self) -> Option<Answer> {
        let answer = self.received.recv().await;
        self.is_done = answer.as_ref().is_none_or(|answer| answer.operation == DONE);
        answer
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        if let Some(waiting) = &mut *self.desk.waiting() {
            waiting.remove(&self.id);
        }
        let abandon = request::message(self.desk.next_id(), &request::abandon(self.id), &[]);
        // Whether the server hears of it or not, nobody listens any more.
        drop(self.requests.send(abandon));
    }
}

impl Desk {
    fn next_id(&self) -> u32 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn waiting(&self) -> MutexGuard<'_, Option<HashMap<u32, UnboundedSender<Answer>>>> {
        self.waiting.lock().expect("nobody panics while holding it")
    }

    /// Hands a message to whoever waits for it; what nobody does belongs to a search that was given up.
    async fn hand_over(&self, id: u32, operation: u8, message: &[u8]) {
        let waiting = match &mut *self.waiting() {
            Some(waiting) if operation == DONE => waiting.remove(&id),
            Some(waiting) => waiting.get(&id).cloned(),
            None => None,
        };
        let Some(waiting) = waiting else { return };
        let needed = u32::try_from(message.len()).unwrap_or(ROOM).min(ROOM);
        let room = self.room.clone().acquire_many_owned(needed).await.expect("it is never closed");
        // Whoever has gone away meanwhile gets nothing.
        drop(waiting.send(Answer { operation, message: message.into(), _room: room }));
    }
}

async fn talk(server: Box<dyn Stream>, requests: UnboundedReceiver<Vec<u8>>, desk: Arc<Desk>) {
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        heard = hear(from_server, &desk) => {
            if let Err(fault) = heard {
                desk.fault.get_or_init(|| fault);
            }
        }
        () = send(requests, to_server) => {}
    }
    *desk.waiting() = None;
}

/// Ends when the server hangs up, and fails when it sends what must not be passed on.
async fn hear(mut server: ReadHalf<Box<dyn Stream>>, desk: &Desk) -> Result<(), String> {
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
        while let Some(vetted) = vet(&buffer[passed..]).map_err(|fault| fault.to_string())? {
            let message = &buffer[passed..passed + vetted.length];
            match vetted.operation {
                ENTRY | REFERENCE | INTERMEDIATE | DONE if vetted.id != 0 => {
                    desk.hand_over(vetted.id, vetted.operation, message).await;
                }
                EXTENDED if vetted.id == 0 => {
                    let said = result(message).map(|result| result_words(&result)).unwrap_or_default();
                    return Err(format!("the server hung up: {said}"));
                }
                _ => return Err(Trouble::Unasked.words()),
            }
            passed += vetted.length;
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

/// Ends when nobody is left to ask. Where the server hangs up, what it said before is still to be heard.
async fn send(mut requests: UnboundedReceiver<Vec<u8>>, mut server: WriteHalf<Box<dyn Stream>>) {
    let mut heard = true;
    while let Some(request) = requests.recv().await {
        heard = heard && server.write_all(&request).await.is_ok() && server.flush().await.is_ok();
    }
    // It is polite; whether the server hears it does not matter.
    drop(tokio::time::timeout(FAREWELL, server.shutdown()).await);
}
