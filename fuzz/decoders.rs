//! One function for each decoder of what others send: fuzz targets feed them what a fuzzer finds, `tests/corpus.rs` what it
//! found before. Whatever comes in, none may panic, and what one lets pass must hold.

use std::path::Path;

use lber::structure::{PL, StructureTag};
use seatsync::app::approved;
use seatsync::app::config::Config;
use seatsync::gitlab::wire::graphql::{AddOnUserConnection, GraphQl, PurchasesData};
use seatsync::gitlab::wire::rest::{Metadata, RestUser};
use seatsync::model::distinguished_name::DistinguishedName;
use seatsync::model::roster::EntryKind;
use seatsync::provisioning::change::Change;
use seatsync::provisioning::patch::patched;
use seatsync::provisioning::refusal::Refusal;
use seatsync::provisioning::request::{Asked, Request};
use seatsync::provisioning::resource::description;
use seatsync::scim_user::attribute_path::AttributePath;
use seatsync::scim_user::body::UserBody;
use seatsync::scim_user::folded::Folded;
use seatsync::scim_user::person::UserAttributes;
use seatsync::sources::csv::config::{ColumnNames, CsvConfig};
use seatsync::sources::ldap::config::{AttributeNames, Directory, Schema};
use seatsync::sources::ldap::decode::Decoder;
use seatsync::sources::ldap::entry::Entry;
use seatsync::sources::ldap::{end_point, guid, ldif_records, vetting, wire};
use seatsync::sources::saml::message::{answer, envelope, receive, xml};
use seatsync::sources::saml::metadata;
use seatsync::sources::scim::config::{Login, ScimConfig};
use seatsync::sources::scim::offers::Offers;
use seatsync::sources::scim::paging::{By, Chain, Next, Told};
use seatsync::sources::scim::wire::{GroupBody, Page};

pub(crate) fn ldif(bytes: &[u8]) {
    let mut entries = Vec::new();
    drop(ldif_records::read(
        bytes,
        |_| true,
        |_, entry| {
            entries.push(entry);
            Ok(())
        },
    ));
    entries.iter().for_each(understood);
}

pub(crate) fn csv(bytes: &[u8]) {
    let config = CsvConfig {
        name: seatsync::model::person::SourceName::new("hr"),
        path: "people.csv".into(),
        columns: ColumnNames { identity: Some("extern_uid".to_owned()), ..ColumnNames::default() },
        group_separator: ';',
    };
    drop(seatsync::sources::csv::decode::decode(bytes, &config));
}

/// What stands at its place is understood or refused; base64 is taken as browsers bring it.
pub(crate) fn saml_message(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        drop(receive::decoded(text));
    }
    let Ok(root) = xml::parse(bytes, xml::MESSAGE) else { return };
    let response = envelope::unpack(&root).unwrap_or(&root);
    let Ok(envelope) = envelope::open(response) else { return };
    drop(answer::shell(envelope.response));
    if let envelope::Content::Assertion(assertion) = envelope.content {
        drop(answer::assertion(assertion));
    }
    let signed = response.without("http://www.w3.org/2000/09/xmldsig#", "Signature");
    assert_eq!(
        signed.descendants().iter().filter(|element| element.name.local == "Assertion").count(),
        usize::from(matches!(envelope.content, envelope::Content::Assertion(_)))
    );
}

/// Metadata that is taken names a key.
pub(crate) fn saml_metadata(bytes: &[u8]) {
    let now = jiff::Timestamp::UNIX_EPOCH;
    for wanted in [None, Some("urn:idp")] {
        if let Ok(provider) = metadata::decode(bytes, wanted, now) {
            assert!(!provider.keys.is_empty() && !provider.entity_id.is_empty());
        }
    }
}

/// What is let pass can be decoded, and is no deeper than a decoder may recurse.
pub(crate) fn ldap_message(bytes: &[u8]) {
    let Ok(Some(message)) = vetting::vet(bytes) else { return };
    let (rest, decoded) = lber::parse::parse_tag(&bytes[..message.length]).expect("it was let pass");
    assert!(rest.is_empty() && depth(&decoded) <= 17);
    let PL::C(mut parts) = decoded.payload else { panic!("it is a sequence") };
    let operation = parts.remove(1);
    if message.operation == vetting::ENTRY
        && let Some(entry) = wire::entry(operation.clone())
    {
        understood(&entry);
    }
    drop(wire::reference(operation));
}

fn depth(tag: &StructureTag) -> usize {
    match &tag.payload {
        PL::C(parts) => 1 + parts.iter().map(depth).max().unwrap_or(0),
        PL::P(_) => 1,
    }
}

/// An entry whose envelope is right, however odd it is inside.
pub(crate) fn ldap_entry(bytes: &[u8]) {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let entry = [&[0x64, 0x84][..], &length(bytes), bytes].concat();
    let parts = [&[2, 1, 7][..], &entry].concat();
    ldap_message(&[&[0x30, 0x84][..], &length(&parts), &parts].concat());
}

pub(crate) fn page_cookie(bytes: &[u8]) {
    drop(wire::page_cookie(bytes));
}

/// A name is the same however often it is read.
pub(crate) fn distinguished_name(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some(name) = DistinguishedName::parse(text) else { return };
    assert_eq!(DistinguishedName::parse(name.as_str()).as_ref(), Some(&name));
    assert!(name.is_within(&name));
    drop(name.parent());
}

pub(crate) fn object_guid(bytes: &[u8]) {
    if let Ok(stored) = <[u8; 16]>::try_from(bytes) {
        assert_eq!(guid::bytes(&guid::text(&stored)), Some(stored));
    }
    if let Some(stored) = std::str::from_utf8(bytes).ok().and_then(guid::bytes) {
        assert_eq!(guid::bytes(&guid::text(&stored)), Some(stored));
    }
}

pub(crate) fn gitlab_rest(bytes: &[u8]) {
    drop(serde_json::from_slice::<Metadata>(bytes));
    let users: Vec<RestUser> = serde_json::from_slice(bytes).unwrap_or_default();
    users.into_iter().map(RestUser::into_account).for_each(drop);
}

pub(crate) fn gitlab_graphql(bytes: &[u8]) {
    drop(serde_json::from_slice::<GraphQl<PurchasesData>>(bytes));
    drop(serde_json::from_slice::<GraphQl<AddOnUserConnection>>(bytes));
}

/// Whatever is wrong with it can be shown.
pub(crate) fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // A configuration may name a program that prints a secret, and no fuzzer is to start programs.
    if text.contains("command") {
        return;
    }
    if let Err(error) = Config::parse(text, Path::new("seatsync.toml"), &|_| Some("secret".to_owned())) {
        drop(error.render(false));
    }
}

pub(crate) fn plan_file(bytes: &[u8]) {
    let file = tempfile::NamedTempFile::new().expect("there is room for a file");
    std::fs::write(file.path(), bytes).expect("it is ours");
    drop(approved::read(file.path()));
}

/// What a service provider answers, and a path of the configuration: whatever is read as a user can be understood.
pub(crate) fn scim(bytes: &[u8]) {
    drop((Offers::read(bytes), seatsync::sources::scim::wire::Refusal::read(bytes)));
    let config = service_provider();
    let decoder = seatsync::sources::scim::decode::Decoder::new(&config);
    if let Ok(Folded(group)) = serde_json::from_slice::<Folded<GroupBody>>(bytes) {
        let kinds = group.members.iter().map(|Folded(member)| decoder.member(member));
        assert_eq!(kinds.count(), group.members.len());
    }
    let users: Vec<UserBody> = match serde_json::from_slice::<Folded<Page<UserBody>>>(bytes) {
        Ok(Folded(page)) => {
            let told =
                Told { total: page.total, start_index: page.start_index, next_cursor: page.next_cursor };
            let seen = page.resources.len() as u64;
            let taken = Chain::new(By::Index).take(&told, page.resources.iter().map(UserBody::id));
            assert!(
                taken != Ok(Next::End) || told.total == Some(seen),
                "a list that ended is as long as it says"
            );
            page.resources
        }
        Err(_) => serde_json::from_slice(bytes).into_iter().collect(),
    };
    let path = std::str::from_utf8(bytes).ok().and_then(AttributePath::parse);
    for user in &users {
        drop(decoder.kind(user));
        assert!(path.iter().flat_map(|path| path.values(user)).all(|value| !value.is_empty()));
    }
}

fn service_provider() -> ScimConfig {
    let path = |text| AttributePath::parse(text).expect("it is one");
    let moment = std::time::Duration::from_secs(1);
    ScimConfig {
        name: seatsync::model::person::SourceName::new("idp"),
        url: "https://idp.example.com".parse().expect("it is one"),
        login: Login::Token(String::new().into()),
        ca_file: None,
        timeout: moment,
        limits: seatsync::http::pace::Limits {
            requests_per_minute: 1,
            max_concurrent_requests: 1,
            retry_deadline: moment,
        },
        page_size: 100,
        nested_groups: true,
        include_inactive: true,
        non_person_member_types: vec!["Device".to_owned()],
        id: path("id"),
        attributes: UserAttributes {
            username: path("userName"),
            email: path("emails[type eq \"work\"].value"),
            name: path("displayName"),
            extra: vec![path("department"), path("urn:example:User:manager.displayName")],
            identity: path("externalId"),
        },
    }
}

/// The server's certificate, to which a bind by Kerberos is tied.
pub(crate) fn certificate(bytes: &[u8]) {
    drop(end_point::end_point(bytes));
}

/// The first line of a request over SCIM is its method, the second its path and query; the rest is its body.
pub(crate) fn scim_request(bytes: &[u8]) {
    let mut parts = bytes.splitn(3, |byte| *byte == b'\n');
    let mut line = || parts.next().map(String::from_utf8_lossy).unwrap_or_default().into_owned();
    let (method, address, body) = (line(), line(), line());
    let (path, query) = address.split_once('?').unwrap_or((&address, ""));
    let request = Request {
        method: &method,
        path,
        parameters: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: body.as_bytes(),
        ..Request::default()
    };
    match request.asked() {
        Ok(Asked::List(kinds, listing)) => {
            let user = serde_json::json!({
                "id": "7f", "userName": "ada", "active": true, "name": { "familyName": "Byron" },
                "emails": [{ "type": "work", "value": "ada@example.com", "primary": true }], "members": [{ "value": "u" }],
            });
            if let Some(filter) = &listing.filter {
                drop((filter.holds_for(&user), filter.members_asked()));
                kinds.iter().for_each(|kind| drop(filter.among(*kind)));
            }
            drop(listing.projection.apply(user));
        }
        Ok(Asked::Create(kind, body, _) | Asked::Replace { kind, body, .. }) => {
            kept(kind, Change::whole(kind, &body));
        }
        Ok(Asked::Patch { kind, body, .. }) => {
            let user = serde_json::json!({
                "userName": "ada", "displayName": "Ada", "emails": [{ "type": "work", "value": "a@x" }, { "value": "b@x" }],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "manager": { "value": "m" } },
            });
            kept(kind, patched(kind, user.as_object().expect("it is one").clone(), &body));
        }
        Ok(_) => {}
        Err(refusal) => assert!(refusal.status() >= 400 && refusal.body().is_object()),
    }
}

/// What is sent back as it was kept can be taken, and from then on stays as it is.
fn kept(kind: EntryKind, change: Result<Change, Refusal>) {
    let Ok(change) = change else { return };
    if description(kind, &change.attributes).is_ok() {
        let again = Change::whole(kind, &change.attributes).expect("it was taken before");
        let once_more = Change::whole(kind, &again.attributes).expect("it was taken before");
        assert_eq!(again.attributes, once_more.attributes);
    }
}

fn understood(entry: &Entry) {
    for schema in [Schema::ActiveDirectory, Schema::Rfc2307bis, Schema::Rfc2307] {
        let directory = Directory {
            schema,
            nested_groups: true,
            primary_group: true,
            include_disabled: false,
            attributes: AttributeNames::of(schema),
            identity_attribute: Some("mail".to_owned()),
        };
        drop(Decoder::new(&directory, jiff::Timestamp::UNIX_EPOCH).kind(entry));
    }
    let size: usize = entry.attributes.iter().map(|attribute| attribute.values.len()).sum();
    assert!(entry.size() >= size);
    for attribute in &entry.attributes {
        assert!(attribute.range().is_none() || attribute.description.contains('='));
    }
}
