//! The limits of a Windows domain controller before a Samba that lacks them: no search shows more than a page, no attribute
//! more values than a range (MS-ADTS 3.1.1.3.4.6, `MaxPageSize` and `MaxValRange`).

use std::collections::HashMap;
use std::io::Write as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use lber::common::TagClass;
use lber::structure::{PL, StructureTag};

use crate::support::fake_ldap::{constructed, primitive, result, text, tlv};
use crate::support::spoiler::message;

/// How many entries one answer may hold.
const MAX_PAGE_SIZE: usize = 1000;

/// How many values of an attribute one entry may show.
const MAX_VALUES: usize = 1500;

const SEARCH: u64 = 3;
const ENTRY: u64 = 4;
const DONE: u64 = 5;
const SIZE_LIMIT_EXCEEDED: u8 = 4;
const PAGED_RESULTS: &str = "1.2.840.113556.1.4.319";

/// The searches that are under way on one connection, by the numbers of their messages.
#[derive(Default)]
struct Searches(Mutex<HashMap<Vec<u8>, Search>>);

struct Search {
    paged: bool,
    shown: usize,
}

/// Starts a front before the controller at `upstream`, a port of this machine where it speaks unencrypted; answers its own
/// port. It lives as long as the test.
pub fn limit(upstream: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(("127.0.0.1", upstream)).unwrap();
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let searches = Arc::new(Searches::default());
            let known = Arc::clone(&searches);
            thread::spawn(move || pump(from, server, |bytes| Some(request(bytes, &known))));
            thread::spawn(move || pump(to, client, |bytes| answer(bytes, &searches)));
        }
    });
    port
}

fn pump(mut from: TcpStream, mut to: TcpStream, each: impl Fn(Vec<u8>) -> Option<Vec<u8>>) {
    while let Some(bytes) = message(&mut from) {
        if each(bytes).is_some_and(|bytes| to.write_all(&bytes).is_err()) {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
    drop(from.shutdown(Shutdown::Both));
}

/// A request as it goes on; of a search we keep whether it is paged, and no page is larger than may be.
fn request(bytes: Vec<u8>, searches: &Searches) -> Vec<u8> {
    let (id, mut rest) = parts(&bytes);
    if rest[0].id != SEARCH {
        return bytes;
    }
    let mut paged = false;
    let controls = rest.get_mut(1).map(children).into_iter().flatten();
    for control in controls.map(children) {
        if text(control[0].clone()) == PAGED_RESULTS {
            paged = true;
            let value = control.last_mut().unwrap();
            let mut asked = lber::parse::parse_tag(&primitive(value.clone())).unwrap().1;
            let size = primitive(children(&mut asked)[0].clone());
            let size = size.iter().fold(0, |size, &byte| size << 8 | usize::from(byte));
            let size = u16::try_from(size.clamp(1, MAX_PAGE_SIZE)).unwrap();
            children(&mut asked)[0].payload = PL::P(size.to_be_bytes().to_vec());
            value.payload = PL::P(encoded(&asked));
        }
    }
    searches.0.lock().unwrap().insert(id.clone(), Search { paged, shown: 0 });
    whole(&id, &rest)
}

/// An answer as it goes on; `None` where it does not.
fn answer(bytes: Vec<u8>, searches: &Searches) -> Option<Vec<u8>> {
    let (id, mut rest) = parts(&bytes);
    let mut searches = searches.0.lock().unwrap();
    let Some(search) = searches.get_mut(&id) else { return Some(bytes) };
    let is_over = !search.paged && search.shown >= MAX_PAGE_SIZE;
    match rest[0].id {
        ENTRY if is_over => None,
        ENTRY => {
            search.shown += 1;
            let attributes = children(&mut children(&mut rest[0])[1]);
            *attributes = std::mem::take(attributes).into_iter().flat_map(ranged).collect();
            Some(whole(&id, &rest))
        }
        DONE if is_over => {
            let done = lber::parse::parse_tag(&result(0x65, SIZE_LIMIT_EXCEEDED, "")).unwrap().1;
            Some(whole(&id, &[done]))
        }
        _ => Some(bytes),
    }
}

/// An attribute; one of too many values as the empty attribute and the first range, one of a range that was asked for as
/// a shorter range.
fn ranged(attribute: StructureTag) -> Vec<StructureTag> {
    let mut parts = constructed(attribute.clone());
    let (name, values) = (text(parts[0].clone()), constructed(parts[1].clone()));
    if values.len() <= MAX_VALUES {
        return vec![attribute];
    }
    let (base, first) = match name.split_once(";range=") {
        Some((base, range)) => (base, range.split('-').next().unwrap().parse().unwrap()),
        None => (name.as_str(), 0),
    };
    let last = first + MAX_VALUES - 1;
    parts[0].payload = PL::P(format!("{base};range={first}-{last}").into_bytes());
    parts[1].payload = PL::C(values.into_iter().take(MAX_VALUES).collect());
    let range = StructureTag { payload: PL::C(parts), ..attribute.clone() };
    if base != name {
        return vec![range];
    }
    let mut none = constructed(attribute.clone());
    none[1].payload = PL::C(Vec::new());
    vec![StructureTag { payload: PL::C(none), ..attribute }, range]
}

/// The number of a message, and what is in it.
fn parts(bytes: &[u8]) -> (Vec<u8>, Vec<StructureTag>) {
    let mut parts = constructed(lber::parse::parse_tag(bytes).unwrap().1);
    let rest = parts.split_off(1);
    (primitive(parts.remove(0)), rest)
}

fn whole(id: &[u8], rest: &[StructureTag]) -> Vec<u8> {
    let rest: Vec<u8> = rest.iter().flat_map(encoded).collect();
    tlv(0x30, &[tlv(2, id), rest].concat())
}

fn children(tag: &mut StructureTag) -> &mut Vec<StructureTag> {
    let PL::C(parts) = &mut tag.payload else { panic!("constructed") };
    parts
}

fn encoded(tag: &StructureTag) -> Vec<u8> {
    let class = match tag.class {
        TagClass::Universal => 0,
        TagClass::Application => 0x40,
        TagClass::Context => 0x80,
        TagClass::Private => 0xC0,
    };
    let id = class | u8::try_from(tag.id).unwrap();
    match &tag.payload {
        PL::P(bytes) => tlv(id, bytes),
        PL::C(parts) => tlv(id | 0x20, &parts.iter().flat_map(encoded).collect::<Vec<u8>>()),
    }
}
