//! A name server on loopback that knows what a test tells it (RFC 1035), and that nothing else exists.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;

/// What it knows: whole names, without the last dot.
pub enum Record {
    Address(&'static str, Ipv4Addr),
    /// Name, priority, weight, port, target (RFC 2782).
    Service(&'static str, u16, u16, u16, &'static str),
}

/// A server that lives as long as the test.
pub struct Dns {
    pub at: SocketAddr,
}

impl Dns {
    pub fn start(records: Vec<Record>) -> Dns {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut query = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut query) {
                // Whoever asked and went away needs no answer.
                drop(socket.send_to(&answer(&query[..length], &records), from));
            }
        });
        Dns { at }
    }
}

const SERVICE: u16 = 33;
const ADDRESS: u16 = 1;

fn answer(query: &[u8], records: &[Record]) -> Vec<u8> {
    let mut labels = Vec::new();
    let mut at = 12;
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8(query[at + 1..end].to_vec()).unwrap().to_lowercase());
        at = end;
    }
    let (asked, question_end) = (labels.join("."), at + 5);
    let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let known = records.iter().any(|record| name_of(record) == asked);
    let answers: Vec<Vec<u8>> = records
        .iter()
        .filter(|record| name_of(record) == asked)
        .filter_map(|record| match record {
            Record::Address(_, address) if kind == ADDRESS => Some(address.octets().to_vec()),
            Record::Service(_, priority, weight, port, target) if kind == SERVICE => Some(
                [&[*priority, *weight, *port].map(u16::to_be_bytes).concat()[..], &name(target)].concat(),
            ),
            Record::Address(..) | Record::Service(..) => None,
        })
        .collect();
    // An authoritative answer; without such a name, NXDOMAIN.
    let mut bytes = [&query[..2], &[0x84, if known { 0 } else { 3 }, 0, 1, 0]].concat();
    bytes.push(u8::try_from(answers.len()).unwrap());
    bytes.extend([0; 4]);
    bytes.extend(&query[12..question_end]);
    for data in answers {
        bytes.extend(name(&asked));
        bytes.extend([kind, 1].map(u16::to_be_bytes).concat());
        bytes.extend(60_u32.to_be_bytes());
        bytes.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        bytes.extend(data);
    }
    bytes
}

fn name_of(record: &Record) -> &'static str {
    match record {
        Record::Address(name, _) | Record::Service(name, ..) => name,
    }
}

fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<u8> =
        labels.flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat()).collect();
    bytes.push(0);
    bytes
}
