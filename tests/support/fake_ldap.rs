//! An LDAP server that answers whatever a test wants, right or wrong: BER made by hand (RFC 4511).

use std::sync::Arc;

use lber::structure::{PL, StructureTag};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A search that arrived.
#[derive(Debug)]
pub struct Search {
    pub id: u8,
    pub base: String,
    /// 0 for the base alone, 2 for the subtree.
    pub scope: u8,
    pub attributes: Vec<String>,
    /// Of the paged-results control; `None` where there is none.
    pub cookie: Option<Vec<u8>>,
}

/// What to send, in order.
pub enum Reply {
    Bytes(Vec<u8>),
    /// These, again and again until the client hangs up.
    Endless(Vec<u8>),
    Close,
}

/// A server on loopback; every bind succeeds.
pub struct FakeLdap {
    pub url: String,
    /// The searches and abandons as they arrive, in words: `search dc=x`, `abandon 2`.
    pub log: UnboundedReceiver<String>,
}

impl FakeLdap {
    pub async fn start(answer: impl Fn(&Search) -> Vec<Reply> + Send + Sync + 'static) -> FakeLdap {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ldap://{}", listener.local_addr().unwrap());
        let (written, log) = unbounded_channel();
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, written) = (answer.clone(), written.clone());
                tokio::spawn(async move {
                    // A client that hangs up ends the conversation, and that is all.
                    drop(converse(stream, &*answer, &written).await);
                });
            }
        });
        FakeLdap { url, log }
    }
}

async fn converse(
    mut stream: TcpStream,
    answer: &(dyn Fn(&Search) -> Vec<Reply> + Send + Sync),
    log: &UnboundedSender<String>,
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        while let Ok((rest, message)) = lber::parse::parse_tag(&buffer) {
            let left = rest.len();
            buffer.drain(..buffer.len() - left);
            let mut parts = constructed(message).into_iter();
            let id = *primitive(parts.next().unwrap()).last().unwrap();
            let operation = parts.next().unwrap();
            match operation.id {
                0 => stream.write_all(&message_of(id, &result(0x61, 0, ""))).await?,
                3 => {
                    let search = search(id, operation, parts.next());
                    drop(log.send(format!("search {}", search.base)));
                    for reply in answer(&search) {
                        match reply {
                            Reply::Bytes(bytes) => stream.write_all(&bytes).await?,
                            Reply::Close => return Ok(()),
                            Reply::Endless(bytes) => loop {
                                stream.write_all(&bytes).await?;
                            },
                        }
                    }
                }
                16 => {
                    let abandoned = *primitive(operation).last().unwrap();
                    drop(log.send(format!("abandon {abandoned}")));
                }
                _ => {}
            }
        }
        if stream.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
    }
}

fn search(id: u8, operation: StructureTag, controls: Option<StructureTag>) -> Search {
    let mut parts = constructed(operation).into_iter();
    let base = text(parts.next().unwrap());
    let scope = primitive(parts.next().unwrap())[0];
    let attributes = constructed(parts.next_back().unwrap()).into_iter().map(text).collect();
    let paged =
        controls.map(constructed).unwrap_or_default().into_iter().map(constructed).find_map(|control| {
            let mut parts = control.into_iter();
            (text(parts.next()?) == "1.2.840.113556.1.4.319").then(|| primitive(parts.next_back().unwrap()))
        });
    let cookie = paged.map(|value| {
        let (_, value) = lber::parse::parse_tag(&value).unwrap();
        primitive(constructed(value).pop().unwrap())
    });
    Search { id, base, scope, attributes, cookie }
}

pub fn constructed(tag: StructureTag) -> Vec<StructureTag> {
    let PL::C(parts) = tag.payload else { panic!("constructed") };
    parts
}

pub fn primitive(tag: StructureTag) -> Vec<u8> {
    let PL::P(bytes) = tag.payload else { panic!("primitive") };
    bytes
}

pub fn text(tag: StructureTag) -> String {
    String::from_utf8(primitive(tag)).unwrap()
}

/// One tag, its length and its content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap();
    let mut bytes = vec![tag];
    if length < 128 {
        bytes.push(content.len().to_be_bytes()[7]);
    } else {
        bytes.push(0x84);
        bytes.extend(length.to_be_bytes());
    }
    bytes.extend(content);
    bytes
}

pub fn message_of(id: u8, operation: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(2, &[id]), operation.to_vec()].concat())
}

pub fn result(tag: u8, code: u8, matched: &str) -> Vec<u8> {
    tlv(tag, &[tlv(10, &[code]), tlv(4, matched.as_bytes()), tlv(4, b"")].concat())
}

/// A search result entry.
pub fn entry(id: u8, dn: &[u8], attributes: &[(&str, &[&[u8]])]) -> Reply {
    let attributes: Vec<u8> = attributes
        .iter()
        .flat_map(|(name, values)| {
            let values: Vec<u8> = values.iter().flat_map(|value| tlv(4, value)).collect();
            tlv(0x30, &[tlv(4, name.as_bytes()), tlv(0x31, &values)].concat())
        })
        .collect();
    Reply::Bytes(message_of(id, &tlv(0x64, &[tlv(4, dn), tlv(0x30, &attributes)].concat())))
}

/// The end of a search.
pub fn done(id: u8, code: u8) -> Reply {
    Reply::Bytes(message_of(id, &result(0x65, code, "")))
}

/// The end of a page; the value of the control is the test's.
pub fn page_done(id: u8, code: u8, control_value: &[u8]) -> Reply {
    let control = tlv(0x30, &[tlv(4, b"1.2.840.113556.1.4.319"), tlv(4, control_value)].concat());
    let parts = [tlv(2, &[id]), result(0x65, code, ""), tlv(0xA0, &control)].concat();
    Reply::Bytes(tlv(0x30, &parts))
}

/// The value of a paged-results control.
pub fn cookie(cookie: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(2, &[0]), tlv(4, cookie)].concat())
}
