//! How entries are understood.

use jiff::Timestamp;

use crate::sources::ldap::config::{AttributeNames, Directory, Schema};
use crate::sources::ldap::decode::{Decoder, GroupEntry, Kind};
use crate::sources::ldap::entry::{Entry, EntryAttribute};

fn directory(schema: Schema) -> Directory {
    Directory {
        schema,
        nested_groups: true,
        primary_group: true,
        include_disabled: false,
        attributes: AttributeNames::of(schema),
        identity_attribute: None,
    }
}

fn entry(attributes: &[(&str, &[&str])]) -> Entry {
    let attribute = |(description, values): &(&str, &[&str])| EntryAttribute {
        description: (*description).to_owned(),
        values: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
    };
    Entry { dn: "cn=x,dc=y".to_owned(), attributes: attributes.iter().map(attribute).collect() }
}

fn group(schema: Schema, attributes: &[(&str, &[&str])]) -> GroupEntry {
    let Kind::Group(group) = Decoder::new(&directory(schema), Timestamp::UNIX_EPOCH).kind(&entry(attributes))
    else {
        panic!()
    };
    group
}

#[test]
fn a_guid_whose_bytes_are_text_is_still_a_guid() {
    let person = entry(&[("objectGUID", &["0123456789abcdef"]), ("objectClass", &["user"])]);
    let Kind::Person(person) =
        Decoder::of_export(&directory(Schema::ActiveDirectory), Timestamp::UNIX_EPOCH).kind(&person)
    else {
        panic!()
    };
    assert_eq!(person.id(), "33323130-3534-3736-3839-616263646566");
}

#[test]
fn accounts_are_disabled_in_three_ways() {
    for (attribute, value) in
        [("userAccountControl", "514"), ("pwdAccountLockedTime", "000001010000Z"), ("nsAccountLock", "true")]
    {
        let person = entry(&[("objectClass", &["user"]), (attribute, &[value])]);
        assert_eq!(
            Decoder::new(&directory(Schema::Rfc2307bis), Timestamp::UNIX_EPOCH).kind(&person),
            Kind::Disabled,
            "{attribute}"
        );
    }
}

#[test]
fn a_lock_that_passes_disables_nobody() {
    let locked = ("pwdAccountLockedTime", &["20260101000000Z"] as &[&str]);
    let person = entry(&[("objectClass", &["person"]), ("entryUUID", &["1"]), locked]);
    assert!(matches!(
        Decoder::new(&directory(Schema::Rfc2307bis), Timestamp::UNIX_EPOCH).kind(&person),
        Kind::Person(_)
    ));
}

#[test]
fn a_machine_is_no_person() {
    let machine = entry(&[("objectClass", &["top", "person", "user", "computer"])]);
    assert_eq!(
        Decoder::new(&directory(Schema::ActiveDirectory), Timestamp::UNIX_EPOCH).kind(&machine),
        Kind::Machine
    );
}

#[test]
fn somebody_of_another_forest_is_foreign() {
    let stand_in = entry(&[("objectClass", &["top", "foreignSecurityPrincipal"]), ("objectGUID", &["x"])]);
    assert_eq!(
        Decoder::new(&directory(Schema::ActiveDirectory), Timestamp::UNIX_EPOCH).kind(&stand_in),
        Kind::Foreign
    );
}

#[test]
fn the_name_of_nobody_fills_a_group_that_must_have_a_member() {
    let empty = group(Schema::Rfc2307bis, &[("objectClass", &["groupOfNames"]), ("member", &[""])]);
    assert_eq!((empty.members.len(), empty.flaw), (0, None));
    let hidden = group(Schema::Rfc2307bis, &[("objectClass", &["groupOfNames"])]);
    assert!(hidden.flaw.is_some());
    let may_be_empty = group(Schema::ActiveDirectory, &[("objectClass", &["group"])]);
    assert_eq!(may_be_empty.flaw, None);
}

#[test]
fn a_range_left_over_is_a_flaw() {
    let cut = group(
        Schema::ActiveDirectory,
        &[("objectClass", &["group"]), ("member", &[]), ("member;range=0-1", &["cn=a", "cn=b"])],
    );
    assert!(cut.flaw.unwrap().contains("only a part of `member`"));
}

#[test]
fn unique_members_lose_their_bit_string() {
    let names = ["cn=a,dc=y#'0101'B", "cn=#b,dc=y"];
    let unique =
        group(Schema::Rfc2307bis, &[("objectClass", &["groupOfUniqueNames"]), ("uniqueMember", &names)]);
    assert_eq!(unique.members, ["cn=a,dc=y".into(), "cn=#b,dc=y".into()]);
}

#[test]
fn extra_attributes_are_sorted_and_absent_ones_left_out() {
    let mut directory = directory(Schema::Rfc2307bis);
    directory.attributes.extra = ["title", "department", "pager", "title"].map(str::to_owned).to_vec();
    let person = entry(&[("Title", &["b", "a"]), ("department", &["R&D"]), ("entryUUID", &["1"])]);
    let Kind::Person(person) = Decoder::new(&directory, Timestamp::UNIX_EPOCH).kind(&person) else {
        panic!()
    };
    let names: Vec<&str> = person.attributes().iter().map(|attribute| &*attribute.name).collect();
    assert_eq!(names, ["department", "title"]);
    assert_eq!(person.attribute("title"), ["b".into(), "a".into()]);
}
