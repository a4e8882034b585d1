//! What a genuine assertion says, and what it leaves open.

use std::collections::BTreeSet;

use seatsync::model::person::Profile;
use seatsync::model::testimony::{Believed, ProvenGroups, Subject, Testimony, Unsaid};
use seatsync::sources::saml::message::judge::Way;
use seatsync::sources::saml::message::refusal::Refusal;

use crate::mint::{IDP, Mint, REQUEST, Sign, attribute, config, draft, minutes, now};

fn known(groups: &[&str]) -> ProvenGroups {
    ProvenGroups::Known(groups.iter().map(ToString::to_string).collect())
}

fn groups(mint: &Mint, attributes: &str) -> ProvenGroups {
    let xml =
        mint.response(&crate::mint::Draft { attributes: attributes.to_owned(), ..draft(Sign::Response) });
    mint.judged(&xml).unwrap().testimony.groups
}

#[test]
fn a_genuine_assertion_tells_of_one_person_at_one_time_however_it_is_signed() {
    let mint = Mint::new();
    for sign in [Sign::Assertion, Sign::Response, Sign::Both] {
        let believed = mint.judged(&mint.response(&draft(sign))).unwrap();
        let person = Profile {
            id: format!("{IDP}!ada").into(),
            emails: vec!["ada@example.test".into()],
            identity: Some("ada".into()),
            ..Profile::default()
        };
        let subject = Subject {
            format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
            value: "ada".to_owned(),
        };
        let week = jiff::SignedDuration::from_hours(24 * 7) + minutes(2);
        assert_eq!(
            believed,
            Believed {
                testimony: Testimony {
                    said_at: now(),
                    person,
                    subject: Some(subject),
                    groups: known(&["platform"]),
                },
                assertion: "_assertion".to_owned(),
                remember_until: now() + week,
                answers: Some(REQUEST.to_owned()),
            }
        );
    }
}

#[test]
fn a_missing_attribute_of_groups_is_not_to_have_none() {
    let mint = Mint::new();
    assert_eq!(groups(&mint, &attribute("groups", &["a", "b"])), known(&["a", "b"]));
    assert_eq!(groups(&mint, "<saml:Attribute Name=\"groups\"/>"), ProvenGroups::Known(BTreeSet::new()));
    let not_sent = ProvenGroups::Unknown(Unsaid::NotSent);
    assert_eq!(groups(&mint, &attribute("mail", &["ada@example.test"])), not_sent);
    assert_eq!(groups(&mint, &attribute("groups", &[""])), not_sent);
    assert_eq!(groups(&mint, &attribute("groups", &["a", "<x>b</x>"])), not_sent);
    let link = attribute("http://schemas.microsoft.com/claims/groups.link", &["https://graph.test/"]);
    assert_eq!(groups(&mint, &link), ProvenGroups::Unknown(Unsaid::TooMany));
    assert_eq!(groups(&mint, &(link + &attribute("groups", &["a"]))), ProvenGroups::Unknown(Unsaid::TooMany));
}

#[test]
fn what_was_not_asked_for_is_believed_where_the_configuration_allows_it() {
    let mint = Mint::new();
    let mut draft = draft(Sign::Both);
    (draft.in_response_to, draft.response_in_response_to) = (None, None);
    let xml = mint.response(&draft);
    let mut config = config();
    assert_eq!(mint.judged_by(&xml, &config, Way::SignOn), Err(Refusal::Unsolicited));
    config.idp_initiated = true;
    assert_eq!(mint.judged_by(&xml, &config, Way::SignOn).unwrap().answers, None);
}

#[test]
fn a_file_is_held_against_the_time_at_which_it_was_issued() {
    let mint = Mint::new();
    let hours = |count: i64| minutes(60 * count);
    let issued = |ago: jiff::SignedDuration| {
        let issued_at = now() - ago;
        mint.response(&crate::mint::Draft {
            issued_at,
            not_before: issued_at,
            not_on_or_after: issued_at + minutes(5),
            bearer_until: issued_at + minutes(5),
            ..draft(Sign::Response)
        })
    };
    let handed = |xml: &str| mint.judged_by(xml, &config(), Way::Handed);
    assert_eq!(handed(&issued(hours(24))).unwrap().testimony.said_at, now() - hours(24));
    assert!(matches!(handed(&issued(hours(24 * 8))), Err(Refusal::IssuedLongAgo { .. })));
    assert!(matches!(mint.judged(&issued(hours(24))), Err(Refusal::IssuedLongAgo { .. })));
}

#[test]
fn a_clock_may_differ_by_so_much_and_no_more() {
    let mint = Mint::new();
    let ahead = |ahead: jiff::SignedDuration| {
        let issued_at = now() + ahead;
        mint.judged(&mint.response(&crate::mint::Draft {
            issued_at,
            not_before: issued_at,
            ..draft(Sign::Both)
        }))
    };
    assert!(ahead(minutes(2)).is_ok());
    assert!(matches!(
        ahead(minutes(2) + jiff::SignedDuration::from_secs(1)),
        Err(Refusal::IssuedLater { .. })
    ));
}
