//! Mail: plain and HTML, encrypted or not at all, to those it is for.

use jiff::Timestamp;
use seatsync::model::notice::{Notice, NoticeKind};
use seatsync::notify::config::{Encryption, MailConfig};
use seatsync::notify::mail::Mail;
use seatsync::ports::{Carrier as _, NotCarried};

use crate::support::smtp::MailServer;
use crate::{assigned, letter, waiting};

fn config(server: &MailServer, encryption: Encryption) -> MailConfig {
    MailConfig {
        host: "localhost".to_owned(),
        port: server.port,
        encryption,
        credentials: None,
        ca_file: (encryption != Encryption::None).then(|| server.directory.path().join("ca.pem")),
        from: "seatsync <seatsync@example.com>".parse().unwrap(),
        to: vec!["ops@example.com".parse().unwrap(), "Grace <grace@example.com>".parse().unwrap()],
        kinds: NoticeKind::OPERATION.into(),
        people: [NoticeKind::SeatAssigned].into(),
    }
}

async fn carried(config: MailConfig, notice: &Notice) -> Result<(), NotCarried> {
    let mail = Mail::new(config).unwrap();
    let parcel = mail.pack(notice, &letter(notice), Timestamp::UNIX_EPOCH).unwrap();
    mail.carry(&parcel).await
}

#[tokio::test]
async fn a_notice_arrives_by_starttls_as_text_and_html_at_everybody_who_is_to_hear() {
    let server = MailServer::start(true);
    carried(config(&server, Encryption::StartTls), &waiting()).await.unwrap();
    let messages = server.messages();
    let [message] = messages.as_slice() else { panic!("{messages:?}") };
    for part in [
        "From: seatsync <seatsync@example.com>",
        "Subject: 3 people wait for a seat of Duo Enterprise",
        "To: ops@example.com, grace@example.com",
        "Auto-Submitted: auto-generated",
        "Content-Type: multipart/alternative",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
    ] {
        assert!(message.contains(part), "`{part}` is not in\n{message}");
    }
}

#[tokio::test]
async fn a_personal_notice_goes_to_the_person_alone() {
    let server = MailServer::start(false);
    carried(config(&server, Encryption::None), &assigned(Some("ada@example.com"))).await.unwrap();
    let messages = server.messages();
    assert!(messages[0].contains("To: ada@example.com"), "{}", messages[0]);
    assert!(!messages[0].contains("ops@"));
}

#[tokio::test]
async fn whoever_has_no_address_is_not_written_to() {
    let server = MailServer::start(false);
    let mail = Mail::new(config(&server, Encryption::None)).unwrap();
    let notice = assigned(None);
    assert!(mail.pack(&notice, &letter(&notice), Timestamp::UNIX_EPOCH).is_none());
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_where_starttls_is_wanted() {
    let mut server = MailServer::start(true);
    std::fs::write(server.directory.path().join("ca.pem"), "").unwrap();
    let strangers = MailServer::start(true);
    let config = MailConfig { port: strangers.port, ..config(&server, Encryption::StartTls) };
    let error = carried(config, &waiting()).await.unwrap_err();
    assert!(error.again, "{}", error.because);
    assert!(strangers.messages().is_empty());
    server.kill();
}

#[tokio::test]
async fn a_dead_mail_server_is_tried_again_and_its_words_hold_no_address() {
    let mut server = MailServer::start(false);
    server.kill();
    let error = carried(config(&server, Encryption::None), &waiting()).await.unwrap_err();
    assert_eq!(error.because, "the mail server could not be reached, or does not speak SMTP");
    assert!(error.again);
}
