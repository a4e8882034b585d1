//! TLS on the port, and certificates that change while it is open.

use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Client};

use crate::sidecar::{Sidecar, schedule_with};
use crate::support::stage::Stage;

fn renew(stage: &Stage) -> Certificate {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    stage.write("key.pem", &signing_key.serialize_pem());
    stage.write("cert.pem", &cert.pem());
    Certificate::from_pem(cert.pem().as_bytes()).unwrap()
}

/// Whether the port shows this certificate.
fn answers(sidecar: &Sidecar, certificate: &Certificate) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .tls_certs_only([certificate.clone()])
            .timeout(Duration::from_secs(10))
            .no_proxy()
            .build()
            .unwrap();
        let url = format!("https://localhost:{}/healthz", sidecar.address.port());
        client.get(url).send().await.is_ok_and(|answer| answer.status() == 200)
    })
}

#[test]
fn a_renewed_certificate_is_shown_without_a_restart() {
    let stage = Stage::new(&["ada"], 1);
    let first = renew(&stage);
    schedule_with(&stage, "every = \"1h\"", "");
    let text = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    stage.write(
        "seatsync.toml",
        &text.replace("[serve]\n", "[serve]\ncertificate = \"cert.pem\"\nkey = \"key.pem\"\n"),
    );
    let sidecar = Sidecar::start(&stage);
    assert!(answers(&sidecar, &first));

    let second = renew(&stage);
    sidecar.eventually("the new certificate", |sidecar| answers(sidecar, &second));
    assert!(!answers(&sidecar, &first));

    stage.write("cert.pem", "no certificate");
    sidecar.logs("the new certificate is refused; the one before stays in force");
    assert!(answers(&sidecar, &second));
}

#[test]
fn a_port_that_is_taken_is_said_at_once() {
    let stage = Stage::new(&["ada"], 1);
    schedule_with(&stage, "every = \"1h\"", "");
    let sidecar = Sidecar::start(&stage);
    let text = std::fs::read_to_string(stage.path("seatsync.toml")).unwrap();
    let taken = text.replace("127.0.0.1:0", &sidecar.address.to_string());
    stage.write("taken.toml", &taken);
    let output = stage.command("serve --config taken.toml").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&format!("failed to listen on `{}`", sidecar.address)), "{said}");
}
