//! A proxy before an LDAP server that lets searches go wrong in the middle, as limits and failing servers do.

use std::io::{Read, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How searches go wrong once so many entries have passed.
#[derive(Clone, Copy)]
pub enum Spoil {
    /// No entry passes any more, and searches end with this result code.
    Result(u8),
    /// The connection closes, and so does every later one.
    HangUp,
}

/// Tags of RFC 4511: `SearchResultEntry` and `SearchResultDone`.
const ENTRY: u8 = 0x64;
const DONE: u8 = 0x65;

/// Starts a proxy before the server at `upstream`, a port of this machine; answers the address of the proxy. It lives
/// as long as the test.
pub fn spoil(upstream: u16, after: usize, how: Spoil) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    let passed = Arc::new(AtomicUsize::new(0));
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", upstream)).unwrap();
            let (requests, replies) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let passed = Arc::clone(&passed);
            thread::spawn(move || pump(requests, server));
            thread::spawn(move || answers(replies, client, after, how, &passed));
        }
    });
    url
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    // Either side may close first: both ends are the end.
    drop(std::io::copy(&mut from, &mut to));
    drop(to.shutdown(Shutdown::Both));
}

fn answers(mut server: TcpStream, mut client: TcpStream, after: usize, how: Spoil, passed: &AtomicUsize) {
    while let Some(mut message) = message(&mut server) {
        let spoilt = passed.load(Ordering::SeqCst) >= after;
        let tag = operation(&message);
        match (message[tag], how) {
            (_, Spoil::HangUp) if spoilt => break,
            (ENTRY, Spoil::Result(_)) if spoilt => continue,
            (ENTRY, _) => {
                passed.fetch_add(1, Ordering::SeqCst);
            }
            (DONE, Spoil::Result(code)) if spoilt => {
                // The first element of the result is the code: ENUMERATED, one byte long.
                let body = tag + 1 + length(&message[tag + 1..]).1;
                assert_eq!(message[body..body + 2], [0x0a, 0x01]);
                message[body + 2] = code;
            }
            (_, _) => {}
        }
        if client.write_all(&message).is_err() {
            break;
        }
    }
    drop(client.shutdown(Shutdown::Both));
}

/// One whole `LDAPMessage`.
pub fn message(from: &mut impl Read) -> Option<Vec<u8>> {
    let mut message = vec![0; 2];
    from.read_exact(&mut message).ok()?;
    let long = if message[1] & 0x80 == 0 { 0 } else { usize::from(message[1] & 0x7f) };
    message.resize(2 + long, 0);
    from.read_exact(&mut message[2..]).ok()?;
    let (body, head) = length(&message[1..]);
    message.resize(1 + head + body, 0);
    from.read_exact(&mut message[1 + head..]).ok()?;
    Some(message)
}

/// Where the operation begins: behind the message's tag and length, and its number.
fn operation(message: &[u8]) -> usize {
    let number = 1 + length(&message[1..]).1;
    number + 2 + usize::from(message[number + 1])
}

/// A BER length, and how many bytes it takes to say it.
fn length(bytes: &[u8]) -> (usize, usize) {
    if bytes[0] & 0x80 == 0 {
        return (usize::from(bytes[0]), 1);
    }
    let long = usize::from(bytes[0] & 0x7f);
    let value = bytes[1..=long].iter().fold(0, |value, byte| value << 8 | usize::from(*byte));
    (value, 1 + long)
}
