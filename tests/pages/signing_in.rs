//! Who is let in: whom GitLab signs in, in this browser, now, under the number of their account.

use simulator::world::account::AccountId;
use simulator::world::application::Lie;

use crate::scene::Scene;
use crate::visitor::Visitor;

#[test]
fn an_answer_to_somebody_elses_sign_in_lets_nobody_in() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    // Eve gets an answer from GitLab, and has Ada's browser follow it: Ada would act as Eve.
    let mut eve = Visitor::new(&scene, &sidecar);
    let back = eve.back_from_gitlab("eve");
    let mut ada = Visitor::new(&scene, &sidecar);
    assert_eq!(ada.get(&back).status, 403, "a browser that asked nothing");
    ada.get("/plans/sign-in");
    assert_eq!(ada.get(&back).status, 403, "a browser that asked something else");
    assert!(!ada.cookies.contains_key("seatsync-session"));

    // In the browser that asked, it lets in once.
    assert_eq!(eve.get(&back).status, 303);
    let mut again = Visitor::new(&scene, &sidecar);
    again.cookies.clone_from(&eve.cookies);
    assert_eq!(again.get(&back).status, 403);

    let mut denied = Visitor::new(&scene, &sidecar);
    let back = denied.back_from_gitlab("nobody-of-this-name");
    assert!(back.contains("error=access_denied"), "{back}");
    assert_eq!(denied.get(&back).status, 403);
}

#[test]
fn a_token_that_lies_lets_nobody_in() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    for lie in [
        Lie::OtherIssuer,
        Lie::OtherAudience,
        Lie::OtherNonce,
        Lie::Expired,
        Lie::OtherKey,
        Lie::Unsigned,
        Lie::KeyConfusion,
        Lie::Altered,
        Lie::Missing,
    ] {
        scene.stage.gitlab.world().lie = Some(lie);
        let mut ada = Visitor::new(&scene, &sidecar);
        let back = ada.back_from_gitlab("ada");
        let answer = ada.get(&back);
        assert_eq!(answer.status, 403, "{lie:?}");
        assert!(answer.body.contains("The log says why"), "{}", answer.body);
        assert!(!ada.cookies.contains_key("seatsync-session"), "{lie:?}");
    }
    for words in [
        "InvalidIssuer",
        "InvalidAudience",
        "it is of another sign-in",
        "ExpiredSignature",
        "InvalidSignature",
        "InvalidAlgorithm",
        "GitLab sent no ID token",
    ] {
        sidecar.logs(words);
    }
    scene.stage.gitlab.world().lie = None;
    Visitor::signed_in(&scene, &sidecar, "ada");
}

#[test]
fn a_name_stands_for_whoever_bore_it_first_also_after_a_rename() {
    let scene = Scene::new("");
    let sidecar = scene.waiting();
    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace");
    assert_eq!(grace.get("/plans").status, 200);

    // Grace marries, and Eve takes the name that is free now.
    {
        let mut world = scene.stage.gitlab.world();
        world.edit_account(AccountId(20), |account| account.username = "grace.hopper".to_owned());
        world.edit_account(AccountId(21), |account| account.username = "grace".to_owned());
    }
    let mut eve = Visitor::signed_in(&scene, &sidecar, "grace");
    assert_eq!(eve.get("/plans").status, 403);
    sidecar.logs("to let them in, write `id:21`");
    let mut grace = Visitor::signed_in(&scene, &sidecar, "grace.hopper");
    assert_eq!(grace.get("/plans").status, 200);

    scene.approvers("[\"ada\", \"id:21\"]");
    sidecar.signal("HUP");
    sidecar.logs("the configuration was read again");
    assert_eq!(eve.get("/plans").status, 200);
    assert_eq!(grace.get("/plans").status, 403);
}

#[test]
fn check_says_whether_anybody_could_sign_in() {
    let scene = Scene::new("");
    let (stage, page) = (&scene.stage, format!("{}/plans", scene.origin));
    let well = format!(
        "GitLab signs people in to {page}, if its application sends them back to {page}/sign-in/callback"
    );
    stage.run("check").exits(0).says(&well);

    // By an address that GitLab does not know as its own.
    let own = stage.gitlab.url();
    let other = own.replace("127.0.0.1", "localhost");
    let config = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write("seatsync.toml", &config.replace(&own, &other));
    let ended = stage.run("check").exits(1);
    let ended = ended.says(&format!(
        "nobody can sign in to the pages: GitLab calls itself `{own}`, and `[gitlab] url` is `{other}`"
    ));
    ended.says("hint: write `[gitlab] url` as GitLab's own external address");
}
