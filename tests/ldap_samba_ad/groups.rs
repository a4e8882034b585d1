//! Who is in a group: nested groups, huge ones, and primary groups.

use crate::support::reading::{read, told};
use crate::support::samba::{Options, Samba, group_dn};
use crate::support::samba_reading::config;

#[tokio::test]
async fn a_group_is_read_by_name_dn_and_id() {
    let samba = Samba::start(&Options::default());
    let id = format!("id:{}", samba.guid(&group_dn("platform")));
    let snapshot = read(config(&samba), &["PLATFORM", &group_dn("platform"), &id]).await.unwrap();
    for at in 0..3 {
        assert_eq!(
            told(&snapshot, at),
            "platform: ada (platform), bob (platform), cyd (platform > inner), dan (platform > inner > loop); complete"
        );
    }
}
