//! Whoever hears that a plan waits hears where to decide about it, and what others have decided.

use crate::scene::Scene;
use crate::sidecar::Sidecar;
use crate::support::smtp::MailServer;
use crate::visitor::Visitor;

/// What was sent, out of quoted-printable (RFC 2045, section 6.7) and out of HTML.
fn decoded(message: &str) -> String {
    message.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=").replace("&#x2f;", "/")
}

/// A scene whose sidecar writes of plans that wait, `sections` being more of its configuration.
fn scene(mail: &MailServer, sections: &str) -> Scene {
    let notify = format!(
        "[notify.mail]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"seatsync@example.com\"\nto = [\"ops@example.com\"]\n\
         notices = [\"awaits_approval\"]\n",
        mail.port
    );
    let scene = Scene::new(&format!("{sections}{notify}"));
    scene.stage.write("allowed_signers", "");
    scene
}

/// The one letter that it sends before anybody decides.
fn letter(sections: &str) -> (Scene, String) {
    let mail = MailServer::start(false);
    let scene = scene(&mail, sections);
    let sidecar = scene.waiting();
    sidecar.eventually("a letter", |_| mail.messages().len() == 1);
    let letter = decoded(&mail.messages().remove(0));
    assert!(letter.contains("Subject: A plan waits for approval: 0 to assign, 1 to revoke"), "{letter}");
    (scene, letter)
}

#[test]
fn a_letter_about_a_plan_that_waits_leads_to_its_page() {
    let (scene, told) = letter("");
    let page = format!("{}/plans", scene.origin);
    let lines: Vec<&str> = told.lines().map(str::trim_end).collect();
    assert!(lines.contains(&page.as_str()), "{told}");
    assert!(told.contains(&format!(">{page}</a>")), "{told}");
}

#[test]
fn where_votes_count_for_nothing_no_page_is_named() {
    let (scene, told) = letter("[approval]\nrequired = true\nallowed_signers = \"allowed_signers\"\n\n");
    assert!(!told.contains(&scene.origin), "{told}");
}

#[test]
fn whoever_hears_that_a_plan_waits_hears_once_who_decided_and_in_which_words() {
    let mail = MailServer::start(false);
    let scene = scene(&mail, "[approval]\nat_least = 2\n\n");
    let sidecar = scene.waiting();
    let told = |sidecar: &Sidecar, subject: &str| -> String {
        let find = || {
            let letters = mail.messages().into_iter().map(|message| decoded(&message));
            letters.into_iter().find(|letter| letter.contains(subject))
        };
        sidecar.eventually(subject, |_| find().is_some());
        find().unwrap()
    };
    assert_eq!(Visitor::signed_in(&scene, &sidecar, "ada").vote("approve", "Bob told me so").status, 303);
    let letter = told(&sidecar, "Subject: ada approved the plan that waits");
    assert!(letter.contains("In their words: Bob told me so"), "{letter}");
    assert!(letter.contains("It has 1 of 2 approvals.") && letter.contains("/plans</a>"), "{letter}");
    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    assert_eq!(grace.vote("reject", "").status, 303);
    let letter = told(&sidecar, "Subject: grace rejected the plan that waits");
    assert!(letter.contains("and is not applied while anybody rejects it"), "{letter}");
    assert!(!letter.contains("In their words") && !letter.contains("/plans</a>"), "{letter}");
    let cookies = grace.cookies.clone();
    sidecar.stop();

    // Another leader looks at all votes anew, and tells of none of them again.
    let sidecar = Sidecar::start(&scene.stage);
    let mut grace = Visitor { sidecar: &sidecar, cookies, scene: &scene };
    sidecar.eventually("it leads", |sidecar| sidecar.metric("seatsync_leader") == Some(1.0));
    assert_eq!(grace.vote("approve", "I see").status, 303);
    let letter = told(&sidecar, "Subject: grace approved the plan that waits");
    assert!(letter.contains("It has 2 of 2 approvals: it is made anew"), "{letter}");
    sidecar.ran("applied", 1);
    assert_eq!(scene.holders(), ["ada"]);
    assert_eq!(scene.stage.state("SELECT CAST(count(*) AS TEXT) FROM outbox"), ["4"]);
}
