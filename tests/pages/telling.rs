//! Whoever hears that a plan waits hears where to decide about it.

use crate::scene::Scene;
use crate::support::smtp::MailServer;

/// What was sent, out of quoted-printable (RFC 2045, section 6.7) and out of HTML.
fn decoded(message: &str) -> String {
    message.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=").replace("&#x2f;", "/")
}

/// The one letter that the sidecar of this scene sends, `sections` being more of its configuration.
fn letter(sections: &str) -> (Scene, String) {
    let mail = MailServer::start(false);
    let notify = format!(
        "[notify.mail]\nurl = \"smtp://127.0.0.1:{}\"\nfrom = \"seatsync@example.com\"\nto = [\"ops@example.com\"]\n\
         notices = [\"awaits_approval\"]\n",
        mail.port
    );
    let scene = Scene::new(&format!("{sections}{notify}"));
    scene.stage.write("allowed_signers", "");
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
