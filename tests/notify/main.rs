//! Notices as they arrive: at a real mail server, and at webhooks.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod mail;
mod webhook;

#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use seatsync::model::account::AccountId;
use seatsync::model::add_on::AddOn;
use seatsync::model::notice::{Letter, Matter, Notice, Recipient};
use seatsync::report::letter::Templates;

fn letter(notice: &Notice) -> Letter {
    Templates::new(&BTreeMap::new()).unwrap().letter(notice, "https://gitlab.example.com").unwrap()
}

fn waiting() -> Notice {
    let matter = Matter::PeopleWait { add_on: AddOn::DuoEnterprise, waiting: 3 };
    Notice { key: "people_wait duo_enterprise".to_owned(), matter }
}

fn assigned(email: Option<&str>) -> Notice {
    let to = Recipient {
        account: AccountId(7),
        username: "ada".into(),
        name: "Ada Byron".to_owned(),
        email: email.map(Into::into),
    };
    let matter = Matter::SeatAssigned { add_on: AddOn::DuoEnterprise, to };
    Notice { key: "seat_assigned duo_enterprise 7".to_owned(), matter }
}
