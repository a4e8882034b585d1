//! Worlds in files.

use std::error::Error as _;
use std::fs;
use std::path::PathBuf;

use jiff::civil::date;
use simulator::world::purchase::PurchaseId;
use simulator::world_file;

use crate::support::{TODAY, acme, with_holders};

/// A file of this test's own.
fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn the_example_is_a_world() {
    let world = world_file::example(TODAY);
    assert_eq!(world.holder_names(PurchaseId(3)), ["bob", "zoe"]);
    assert_eq!((world.today, world.tokens().count(), world.accounts().count()), (TODAY, 3, 5));
    assert_eq!(world.account_by_username("ada").unwrap().email, "ada@corp.example.com");
}

#[test]
fn a_world_survives_being_written_and_read() {
    let mut world = with_holders(acme(), &[9, 7]);
    world.settings.version = "17.11.3-ee".parse().unwrap();
    let (first, second) = (file("first.toml"), file("second.toml"));
    world_file::write(&first, &world).unwrap();
    let again = world_file::read(&first, date(1999, 1, 1)).unwrap();
    world_file::write(&second, &again).unwrap();
    assert_eq!(fs::read_to_string(&first).unwrap(), fs::read_to_string(&second).unwrap());
    assert_eq!(again.today, TODAY);
    assert!(again.accounts().eq(world.accounts()));
    assert_eq!(again.scope(), world.scope());
}

#[test]
fn a_file_that_is_no_world_says_why() {
    for (name, text, complaint) in [
        ("unknown.toml", "sofa = 1", "unknown field `sofa`"),
        ("nobody.toml", "[[token]]\nvalue = 't'\naccount = 'eva'\nscopes = []", "there is no account `eva`"),
        (
            "twins.toml",
            "[[account]]\nid = 1\nusername = 'a'\n[[account]]\nid = 1\nusername = 'b'",
            "accounts `a` and `b` share an id or a username",
        ),
        (
            "double.toml",
            "[[purchase]]\nid = 1\nadd_on = 'DUO_CORE'\nquantity = 1\n[[purchase]]\nid = 2\nadd_on = 'DUO_CORE'\nquantity = 1",
            "purchases 1 and 2 are both of `DUO_CORE`",
        ),
        ("hour.toml", "today = 12:00:00", "is no day"),
        ("version.toml", "[settings]\nversion = 'new'", "`new` is no GitLab version"),
    ] {
        let path = file(name);
        fs::write(&path, text).unwrap();
        let error = world_file::read(&path, TODAY).unwrap_err();
        let cause = error.source().map_or_else(String::new, ToString::to_string);
        assert!(format!("{error}: {cause}").contains(complaint), "{error}: {cause}");
    }
    assert!(
        world_file::read(&file("absent.toml"), TODAY).unwrap_err().to_string().starts_with("failed to read")
    );
}
