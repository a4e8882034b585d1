//! Keys of an identity provider are replaced while people sign on.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use seatsync::ports::Clock;
use seatsync::sources::saml::config::{MetadataPlace, SamlConfig};
use seatsync::sources::saml::message::signature::SigningKey;
use seatsync::sources::saml::provider::Provider;

use crate::mint::{Mint, config, now};

struct Hands(Mutex<Timestamp>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

#[tokio::test]
async fn metadata_is_read_again_for_a_new_key_and_believed_while_it_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("idp.xml");
    let publish = |text: &str| std::fs::write(&path, text).unwrap();
    let hands = Arc::new(Hands(Mutex::new(now())));
    let pass = |minutes: i64| *hands.0.lock().unwrap() += SignedDuration::from_mins(minutes);
    let config = SamlConfig { metadata: MetadataPlace::File(path.clone()), ..config() };
    let provider = Provider::new(Arc::new(config), Arc::clone(&hands) as _).unwrap();
    let is_by = |keys: &[SigningKey], mint: &Mint| keys == [mint.signing_key()];
    let (old, new) = (Mint::new(), Mint::new());

    publish(&old.metadata(""));
    assert!(is_by(&provider.current().await.unwrap().keys, &old));
    publish(&new.metadata(" validUntil=\"2026-11-24T04:00:00Z\""));
    // Whoever brings forgeries does not have it read again and again.
    assert!(is_by(&provider.anew().await.unwrap().keys, &old));
    pass(1);
    assert!(is_by(&provider.current().await.unwrap().keys, &old));
    assert!(is_by(&provider.anew().await.unwrap().keys, &new));
    // What cannot be read is not believed, and what was said before is, until it ends.
    publish("<html>Under maintenance</html>");
    pass(60 * 25);
    assert!(is_by(&provider.current().await.unwrap().keys, &new));
    pass(60 * 24);
    let error = provider.current().await.unwrap_err();
    assert_eq!(error.to_string(), format!("the metadata `{}` is of no use", path.display()));
}
