//! Bob is to lose his seat, a plan says so and waits, and Ada and Grace may approve it.

use std::net::TcpListener;

use simulator::world::account::Account;
use simulator::world::application::Application;

use crate::sidecar::{Sidecar, TOKEN};
use crate::support::stage::{LDIF, PLATFORM, SMALL, Stage};

/// What GitLab knows the pages by. It holds what must be encoded on its way.
pub(crate) const SECRET: &str = "gloas-the secret+of:seatsync";

pub(crate) struct Scene {
    pub(crate) stage: Stage,
    /// Where the pages are.
    pub(crate) origin: String,
    port: u16,
    /// More keys of `[serve.sign_in]`, and more sections.
    keys: String,
    sections: String,
}

impl Scene {
    /// Ada, Bob and Grace have accounts; Ada and Bob hold seats, and Bob has left the group. `sections` may hold `[approval]`.
    pub(crate) fn new(sections: &str) -> Scene {
        Scene::with(Stage::seated(&["ada", "bob"], 2), "approve", "", sections)
    }

    pub(crate) fn with(stage: Stage, mode: &str, keys: &str, sections: &str) -> Scene {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let origin = format!("http://127.0.0.1:{port}");
        {
            let mut world = stage.gitlab.world();
            world.add_account(Account::human(20, "grace"));
            world.add_account(Account::human(21, "eve"));
            let callback = format!("{origin}/plans/sign-in/callback");
            world.add_application(Application::new("seatsync", SECRET, &callback));
        }
        stage.company(&["ada", "bob"], &["ada"]);
        stage.write("serve.token", TOKEN);
        stage.write("client.secret", SECRET);
        let scene = Scene { stage, origin, port, keys: keys.to_owned(), sections: sections.to_owned() };
        scene.configure(scene.port, mode, "[\"ada\", \"Grace\"]");
        scene
    }

    /// Writes the configuration anew, with other approvers.
    pub(crate) fn approvers(&self, approvers: &str) {
        self.configure(self.port, "approve", approvers);
    }

    /// The same on another port, for a second sidecar whose pages have the same address.
    pub(crate) fn configure(&self, port: u16, mode: &str, approvers: &str) {
        let Scene { stage, origin, keys, sections, .. } = self;
        let limits = format!("{SMALL}max_revocations = 0\n");
        stage.configure(
            LDIF,
            &format!(
                "{PLATFORM}\n{limits}\n{sections}\n[serve]\nlisten = \"127.0.0.1:{port}\"\ntoken = {{ file = \"serve.token\" }}\n\n\
                 [serve.sign_in]\npublic_url = \"{origin}\"\nclient_id = \"seatsync\"\nclient_secret = {{ file = \"client.secret\" }}\n\
                 approvers = {approvers}\n{keys}\n\n[[schedule]]\nname = \"nightly\"\nevery = \"1h\"\nmode = \"{mode}\"\n"
            ),
        );
    }

    /// Starts the sidecar, and waits until the plan waits.
    pub(crate) fn waiting(&self) -> Sidecar {
        let sidecar = Sidecar::start(&self.stage);
        sidecar.ran("awaiting_approval", 1);
        sidecar
    }

    pub(crate) fn holders(&self) -> Vec<String> {
        self.stage.holders()
    }

    /// The lines of the record of one kind, as JSON, oldest first.
    pub(crate) fn record(&self, kind: &str) -> Vec<serde_json::Value> {
        self.stage.run("audit verify").exits(0);
        let exported = self.stage.run("audit export").exits(0).stdout;
        let lines = exported.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.filter(|line| line["kind"] == kind).map(|line| line["body"].clone()).collect()
    }
}
