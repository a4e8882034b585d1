//! The LDAP source against servers that lie, break off and never end: none of it may look like a smaller directory.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use seatsync::model::group::GroupRef;
use seatsync::model::person::SourceName;
use seatsync::model::snapshot::{Coverage, GroupState, Snapshot};
use seatsync::ports::Source as _;
use seatsync::sources::ldap::config::{AttributeNames, Bind, Directory, LdapConfig, Schema};
use seatsync::sources::ldap::source::LdapSource;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::mpsc::unbounded_channel;

use support::fake_ldap::{FakeLdap, Reply, Search, cookie, done, entry, message_of, page_done, result, tlv};
use support::reading::clock;

fn config(server: &FakeLdap, schema: Schema) -> LdapConfig {
    LdapConfig {
        name: SourceName::new("corp"),
        urls: vec![server.url.parse().unwrap()],
        bind: Bind::Anonymous,
        dns_servers: Vec::new(),
        start_tls: false,
        ca_file: None,
        tls_verify: false,
        timeout: Duration::from_millis(300),
        page_size: 1000,
        base_dn: "dc=x".to_owned(),
        group_base_dn: "dc=x".to_owned(),
        person_base_dn: "dc=x".to_owned(),
        group_filter: None,
        person_filter: None,
        incremental: false,
        directory: Directory {
            schema,
            nested_groups: true,
            primary_group: true,
            include_disabled: false,
            attributes: AttributeNames::of(schema),
            identity_attribute: None,
        },
    }
}

async fn read(server: &FakeLdap, schema: Schema, group: &str) -> Snapshot {
    let source = LdapSource::new(config(server, schema), clock(), None).unwrap();
    source.read(&[GroupRef::parse(group)]).await.unwrap()
}

/// Why the only group was not read whole.
fn partial(snapshot: &Snapshot) -> String {
    match &snapshot.groups[0].state {
        GroupState::Found { coverage: Coverage::Partial { because }, .. }
        | GroupState::Unread { because } => because.clone(),
        state @ (GroupState::Found { .. } | GroupState::Missing | GroupState::Ambiguous { .. }) => {
            panic!("{state:?}")
        }
    }
}

fn unix(id: u8) -> Reply {
    entry(
        id,
        b"cn=unix,dc=x",
        &[("objectClass", &[b"posixGroup"]), ("cn", &[b"unix"]), ("gidNumber", &[b"7"])],
    )
}

fn person(id: u8, uid: &str) -> Reply {
    let dn = format!("uid={uid},dc=x");
    let attributes: [(&str, &[&[u8]]); 3] =
        [("objectClass", &[b"posixAccount"]), ("uid", &[uid.as_bytes()]), ("entryUUID", &[uid.as_bytes()])];
    entry(id, dn.as_bytes(), &attributes)
}

/// The group `unix`, and `pages` for the search of those who claim it as their primary group.
async fn with_pages(pages: impl Fn(&Search) -> Vec<Reply> + Send + Sync + 'static) -> Snapshot {
    let server = FakeLdap::start(move |search| match &search.cookie {
        None => vec![unix(search.id), done(search.id, 0)],
        Some(_) => pages(search),
    })
    .await;
    read(&server, Schema::Rfc2307, "unix").await
}

/// The second page, whose answer is the test's.
async fn with_second_page(second: impl Fn(u8) -> Vec<Reply> + Send + Sync + 'static) -> Snapshot {
    with_pages(move |search| match search.cookie.as_deref() {
        Some(b"") => vec![person(search.id, "ada"), page_done(search.id, 0, &cookie(b"next"))],
        Some(_) | None => second(search.id),
    })
    .await
}

#[tokio::test]
async fn pages_are_read_to_the_last() {
    let snapshot = with_second_page(|id| vec![person(id, "bob"), page_done(id, 0, &cookie(b""))]).await;
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(snapshot.people.len(), 2);
}

#[tokio::test]
async fn a_connection_lost_on_the_second_page_is_no_end() {
    let snapshot = with_second_page(|id| vec![person(id, "bob"), Reply::Close]).await;
    assert!(partial(&snapshot).ends_with("the server closed the connection"), "{}", partial(&snapshot));
}

#[tokio::test]
async fn half_an_entry_is_no_entry() {
    let snapshot = with_second_page(|id| {
        let Reply::Bytes(bytes) = person(id, "bob") else { panic!() };
        vec![Reply::Bytes(bytes[..9].to_vec()), Reply::Close]
    })
    .await;
    assert!(partial(&snapshot).contains("closed the connection"), "{}", partial(&snapshot));
    assert_eq!(snapshot.people.len(), 1);
}

#[tokio::test]
async fn silence_on_the_second_page_is_no_end() {
    let snapshot = with_second_page(|id| vec![person(id, "bob")]).await;
    assert!(partial(&snapshot).ends_with("no answer within 300ms"), "{}", partial(&snapshot));
}

#[tokio::test]
async fn an_error_with_a_cookie_is_an_error() {
    let snapshot = with_pages(|search| match search.cookie.as_deref() {
        Some(b"") => vec![person(search.id, "ada"), page_done(search.id, 4, &cookie(b"next"))],
        Some(_) | None => vec![person(search.id, "bob"), page_done(search.id, 0, &cookie(b""))],
    })
    .await;
    assert!(partial(&snapshot).ends_with("result code 4 (sizeLimitExceeded)"), "{}", partial(&snapshot));
}

#[tokio::test]
async fn the_same_page_for_ever_ends() {
    let snapshot =
        with_pages(|search| vec![person(search.id, "ada"), page_done(search.id, 0, &cookie(b"again"))]).await;
    assert!(partial(&snapshot).ends_with("the same page again and again"), "{}", partial(&snapshot));
    let snapshot = with_pages(|search| vec![page_done(search.id, 0, &cookie(b"empty"))]).await;
    assert!(partial(&snapshot).ends_with("the same page again and again"), "{}", partial(&snapshot));
}

#[tokio::test]
async fn a_cookie_that_stays_the_same_is_no_fault() {
    // As 389 Directory Server does.
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let snapshot = with_pages(move |search| {
        let page = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let next: &[u8] = if page < 3 { b"0" } else { b"" };
        vec![person(search.id, &format!("p{page}")), page_done(search.id, 0, &cookie(next))]
    })
    .await;
    assert_eq!(snapshot.coverage(), Coverage::Complete);
    assert_eq!(snapshot.people.len(), 4);
}

#[tokio::test]
async fn what_is_no_ldap_ends_in_an_error_and_not_in_a_crash() {
    struct Fault(&'static str, &'static str, fn(u8) -> Vec<u8>);
    const MALFORMED: &str = "the server sent a malformed message";
    const NO_MESSAGE: &str = "the server sent something that is no LDAP message";
    const UNASKED: &str = "the server sent an answer that nobody asked for";
    let faults = [
        Fault("a page cookie that is none", "the server sent a malformed page cookie", |id| {
            let Reply::Bytes(bytes) = page_done(id, 0, b"junk") else { panic!() };
            bytes
        }),
        Fault("a name that is no text", "the server sent a malformed entry", |id| {
            let Reply::Bytes(bytes) = entry(id, b"uid=\xff\xfe,dc=x", &[]) else { panic!() };
            bytes
        }),
        Fault("an answer to something else", UNASKED, |id| message_of(id, &result(0x78, 0, ""))),
        Fault("an operation that no client gets", MALFORMED, |id| message_of(id, &result(0x67, 0, ""))),
        Fault("no message", NO_MESSAGE, |_| tlv(4, b"abc")),
        Fault("an inner length beyond the outer", MALFORMED, |id| vec![0x30, 7, 2, 1, id, 0x64, 0x20, 4, 0]),
        Fault("an indefinite length", MALFORMED, |_| vec![0x30, 0x80, 2, 1, 2]),
        Fault("a huge length", "a message of more than 128 MiB", |_| {
            vec![0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]
        }),
        Fault("noise", NO_MESSAGE, |_| vec![0xff; 64]),
        Fault("100,000 sequences in each other", "a message nested more than 16 deep", |id| {
            let heads = (0..100_000_u32).rev().flat_map(|inner| {
                let [a, b, c, d] = (inner * 6).to_be_bytes();
                [0x30, 0x84, a, b, c, d]
            });
            message_of(id, &tlv(0x64, &heads.collect::<Vec<u8>>()))
        }),
        Fault("five million empty values", "a message of more than 4194304 parts", |id| {
            message_of(id, &tlv(0x64, &tlv(4, b"").repeat(5_000_000)))
        }),
    ];
    for Fault(what, words, bytes) in faults {
        let snapshot =
            with_second_page(move |id| vec![Reply::Bytes(bytes(id)), person(id, "bob"), done(id, 0)]).await;
        assert!(partial(&snapshot).ends_with(words), "{what}: {}", partial(&snapshot));
    }
}

#[tokio::test]
async fn an_answer_without_end_ends() {
    let answers: [fn(u8) -> Reply; 3] = [
        |id| entry(id, b"uid=mallory,dc=x", &[("mail", &[&[b'x'; 1 << 20]])]),
        |id| Reply::Bytes(message_of(id, &tlv(0x73, &tlv(4, b"ldap://elsewhere/dc=y")))),
        |id| Reply::Bytes(message_of(id, &tlv(0x79, b""))),
    ];
    for answer in answers {
        let said = endless(answer).await;
        assert!(said.ends_with("the answer to a search has no end"), "{said}");
    }
}

/// What it comes to when the people whom a large group needs are answered with the same for ever.
async fn endless(answer: fn(u8) -> Reply) -> String {
    let members: Vec<String> = (0..5_000).map(|number| format!("uid=p{number},dc=x")).collect();
    let server = FakeLdap::start(move |search| match (&search.cookie, answer(search.id)) {
        (Some(_), Reply::Bytes(bytes)) => vec![Reply::Endless(bytes)],
        (Some(_) | None, _) => {
            let members: Vec<&[u8]> = members.iter().map(String::as_bytes).collect();
            let attributes: [(&str, &[&[u8]]); 4] = [
                ("objectClass", &[b"groupOfNames"]),
                ("cn", &[b"large"]),
                ("entryUUID", &[b"1"]),
                ("member", &members),
            ];
            vec![entry(search.id, b"cn=large,dc=x", &attributes), done(search.id, 0)]
        }
    })
    .await;
    let timeout = Duration::from_secs(30);
    let config = LdapConfig { timeout, ..config(&server, Schema::Rfc2307bis) };
    let source = LdapSource::new(config, clock(), None).unwrap();
    partial(&source.read(&[GroupRef::parse("large")]).await.unwrap())
}

/// A server that answers whatever comes first with these bytes, and then keeps silent.
async fn first_answer(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ldap://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 256];
        let read = stream.read(&mut request).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
        // Until the client hangs up.
        while stream.read(&mut request).await.is_ok_and(|more| more > 0) {}
        read
    });
    let server = FakeLdap { url, log: unbounded_channel().1 };
    let source = LdapSource::new(config(&server, Schema::Rfc2307), clock(), None).unwrap();
    let error = source.read(&[GroupRef::parse("unix")]).await.unwrap_err();
    assert!(served.await.unwrap() > 0);
    format!("{}\nhint: {}", error.chain(), error.hint).replace(&server.url, "URL")
}

#[tokio::test]
async fn an_answer_to_the_bind_that_is_none_is_told() {
    let told = |what: &str, hint: &str| {
        format!("failed to bind to `URL` as nobody (anonymously): {what}\nhint: {hint}")
    };
    let is_it_ldaps = "is this port one of LDAPS? then the URL starts with `ldaps://`";
    assert_eq!(
        first_answer(b"HTTP/1.1 400 Bad Request\r\n".to_vec()).await,
        told("the server sent something that is no LDAP message", is_it_ldaps)
    );
    let deep = tlv(0x61, &(0..17).fold(Vec::new(), |inner, _| tlv(0x30, &inner)));
    assert_eq!(
        first_answer(message_of(1, &deep)).await,
        told("the server sent a message nested more than 16 deep", "")
    );
    assert_eq!(
        first_answer(message_of(2, &result(0x61, 0, ""))).await,
        told("the server sent an answer that nobody asked for", "")
    );
    let notice = tlv(0x78, &[tlv(10, &[52]), tlv(4, b""), tlv(4, b"going down")].concat());
    assert_eq!(
        first_answer(message_of(0, &notice)).await,
        told("the server hung up: result code 52 (unavailable): going down", "")
    );
    assert_eq!(
        first_answer(vec![0x30, 0x0C, 2, 1]).await,
        told("no answer within 300ms", "check `urls`, the network and the firewall, or raise `timeout`")
    );
}

#[tokio::test]
async fn a_notice_of_disconnection_is_no_end() {
    let snapshot = with_second_page(|_| {
        let notice = tlv(0x78, &[tlv(10, &[52]), tlv(4, b""), tlv(4, b"going down")].concat());
        vec![Reply::Bytes(message_of(0, &notice)), Reply::Close]
    })
    .await;
    assert!(
        partial(&snapshot).ends_with("the server hung up: result code 52 (unavailable): going down"),
        "{}",
        partial(&snapshot)
    );
}

#[tokio::test]
async fn a_search_given_up_is_abandoned_and_nothing_waits_a_second_time() {
    let mut server = FakeLdap::start(|_| Vec::new()).await;
    let wanted: Vec<GroupRef> = (0..20).map(|_| GroupRef::parse("cn=a,dc=x")).collect();
    let source = LdapSource::new(config(&server, Schema::Rfc2307bis), clock(), None).unwrap();
    let snapshot = source.read(&wanted).await.unwrap();
    assert!(partial(&snapshot).ends_with("no answer within 300ms"));
    let mut searches = 0;
    while !server.log.recv().await.unwrap().starts_with("abandon") {
        searches += 1;
    }
    assert_eq!(searches, 8, "as many as go at a time; the others are not even sent");
}

const GUID: &[u8] =
    &[0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

fn member(number: usize) -> String {
    format!("CN=P{number},DC=x")
}

/// A group of seven in pieces of three, as Active Directory hands out 1,500; `piece` answers for each further one.
async fn with_pieces(piece: impl Fn(u8, usize) -> Vec<Reply> + Send + Sync + 'static) -> Snapshot {
    let server = FakeLdap::start(move |search| {
        let id = search.id;
        let asked = search.attributes[0].to_lowercase();
        if let Some(first) = asked.strip_prefix("member;range=").and_then(|rest| rest.strip_suffix("-*")) {
            return piece(id, first.parse().unwrap());
        }
        if search.scope != 0 {
            return vec![done(id, 0)];
        }
        if search.base != "CN=Team,DC=x" {
            let number = search.base.as_bytes()[4];
            let mut guid = GUID.to_vec();
            guid[15] = number;
            let control: &[u8] = if number == b'6' { b"514" } else { b"512" };
            let attributes: [(&str, &[&[u8]]); 3] =
                [("objectClass", &[b"user"]), ("objectGUID", &[&guid]), ("userAccountControl", &[control])];
            return vec![entry(id, search.base.as_bytes(), &attributes), done(id, 0)];
        }
        let first: Vec<String> = (0..3).map(member).collect();
        let first: Vec<&[u8]> = first.iter().map(String::as_bytes).collect();
        let attributes: [(&str, &[&[u8]]); 5] = [
            ("objectClass", &[b"group"]),
            ("cn", &[b"Team"]),
            ("objectGUID", &[GUID]),
            ("member", &[]),
            ("Member;Range=0-2", &first),
        ];
        vec![entry(id, b"CN=Team,DC=x", &attributes), done(id, 0)]
    })
    .await;
    read(&server, Schema::ActiveDirectory, "CN=Team,DC=x").await
}

fn piece(id: u8, description: &str, numbers: std::ops::Range<usize>) -> Vec<Reply> {
    let members: Vec<String> = numbers.map(member).collect();
    let members: Vec<&[u8]> = members.iter().map(String::as_bytes).collect();
    vec![entry(id, b"CN=Team,DC=x", &[(description, &members)]), done(id, 0)]
}

#[tokio::test]
async fn the_pieces_of_a_large_group_are_followed_to_the_last() {
    let snapshot = with_pieces(|id, first| match first {
        0 => piece(id, "member;range=0-2", 0..3),
        3 => piece(id, "member;range=3-5", 3..6),
        _ => piece(id, "member;range=6-*", 6..7),
    })
    .await;
    let GroupState::Found { group, members, coverage } = &snapshot.groups[0].state else { panic!() };
    assert_eq!(*coverage, Coverage::Complete);
    assert_eq!(&*group.id, "00112233-4455-6677-8899-aabbccddeeff");
    assert_eq!(members.len(), 6, "the seventh is disabled");
    assert_eq!(snapshot.people[0].id(), "00112233-4455-6677-8899-aabbccddee30");
}

#[tokio::test]
async fn a_piece_that_does_not_come_makes_the_group_partial() {
    let answers: [fn(u8, usize) -> Vec<Reply>; 4] = [
        |id, _| vec![done(id, 51)],
        |id, _| vec![entry(id, b"CN=Team,DC=x", &[]), done(id, 0)],
        |id, _| piece(id, "member;range=0-2", 0..3),
        |id, _| piece(id, "member;range=4-*", 4..7),
    ];
    for answer in answers {
        let snapshot = with_pieces(answer).await;
        assert_eq!(partial(&snapshot), "the server handed out only a part of `member` of `CN=Team,DC=x`");
    }
}
