//! At random: whatever happens to a directory, and in whatever order, changes bring what reading whole brings.

use std::cell::Cell;

use ldap3::Mod;
use proptest::prelude::{Just, Strategy, any};
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

use crate::editor::Editor;
use crate::rig::{How, Rig};
use crate::support::company::{Company, GROUPS, PEOPLE, group_dn};
use crate::support::reading::config;
use crate::support::slapd::{Options, Slapd};

const LOG: &str = "overlay syncprov\nsyncprov-sessionlog 5\n";
const NO_LOG: &str = "overlay syncprov\n";
const INTEGRITY: &str = "overlay refint\nrefint_attributes member\noverlay memberof\n";

/// How many directories, and how much happens to each.
const CASES: u32 = 12;
const STEPS: usize = 20;

const PERSON: &str = "(objectClass=inetOrgPerson)";
const GROUP: &str = "(objectClass=groupOfNames)";
const UNIT: &str = "(&(objectClass=organizationalUnit)(|(ou=u*)))";

#[derive(Debug, Clone, Copy)]
enum What {
    AddPerson,
    DeletePerson,
    RenamePerson,
    MovePerson,
    Disable,
    Enable,
    Mail,
    Join,
    Leave,
    Nest,
    Empty,
    AddGroup,
    DeleteGroup,
    RenameGroup,
    RenameUnit,
    Nothing,
}

/// What happens, and to which entries: the `a`th of those there are, and the `b`th.
#[derive(Debug, Clone, Copy)]
struct Step {
    what: What,
    a: u8,
    b: u8,
}

fn step() -> impl Strategy<Value = Step> {
    use What::{
        AddGroup, AddPerson, DeleteGroup, DeletePerson, Disable, Empty, Enable, Join, Leave, Mail,
        MovePerson, Nest, Nothing, RenameGroup, RenamePerson, RenameUnit,
    };
    let often = [AddPerson, DeletePerson, RenamePerson, MovePerson, Mail, Join, Leave, Nest];
    let now_and_then = [Disable, Enable, Empty, AddGroup, DeleteGroup, RenameGroup, RenameUnit, Nothing];
    let what = proptest::prop_oneof![
        3 => proptest::sample::select(often.to_vec()),
        1 => proptest::sample::select(now_and_then.to_vec()),
    ];
    (what, any::<u8>(), any::<u8>()).prop_map(|(what, a, b)| Step { what, a, b })
}

#[test]
fn changes_bring_what_reading_whole_brings_whatever_happens() {
    let runtime = Runtime::new().unwrap();
    let (changes, all) = (Cell::new(0), Cell::new(0));
    let overlays = proptest::prop_oneof![
        Just(LOG.to_owned()),
        Just(NO_LOG.to_owned()),
        Just(format!("{LOG}{INTEGRITY}")),
        Just(format!("{NO_LOG}{INTEGRITY}")),
    ];
    let stories = (overlays, proptest::collection::vec(step(), STEPS));
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let told = runner.run(&stories, |(overlays, steps)| {
        let read = runtime.block_on(tell(&overlays, &steps));
        changes.set(changes.get() + read.iter().filter(|how| **how == How::Changes).count());
        all.set(all.get() + read.len());
        Ok(())
    });
    told.unwrap();
    assert!(changes.get() * 2 > all.get(), "only {} of {} by changes", changes.get(), all.get());
}

/// Reads after each step, and compares.
async fn tell(overlays: &str, steps: &[Step]) -> Vec<How> {
    let slapd =
        Slapd::start(&company().ldif, &Options { overlays: overlays.to_owned(), ..Options::default() });
    let mut editor = Editor::connect(&slapd).await;
    let mut rig = Rig::new(config(&slapd), &["g0", "g1"]);
    let mut read = vec![rig.how().await];
    for step in steps {
        take(&mut editor, *step).await;
        read.push(rig.how().await);
    }
    read
}

fn company() -> Company {
    let mut company = Company::new();
    for unit in ["u0", "u1"] {
        let line = format!("ou: {unit}");
        company.entry(&format!("ou={unit},{PEOPLE}"), &["objectClass: organizationalUnit", &line]);
    }
    for uid in ["p0", "p1", "p2", "p3", "p4"] {
        company.person(uid);
    }
    let (g1, g2) = (group_dn("g1"), group_dn("g2"));
    company
        .group("g0", &["p0", "p1", &g2])
        .group("g1", &["p2", "p3", &g2])
        .group("g2", &["p4", &g1])
        .group("g3", &["p0"]);
    company
}

/// Whatever the server does not allow, such as a name that is taken, does not happen.
async fn take(editor: &mut Editor, step: Step) {
    let Step { what, a, b } = step;
    let people = editor.named(PERSON).await;
    let groups = editor.named(GROUP).await;
    let units = editor.named(UNIT).await;
    let pick = |names: &[String], at: u8| names.get(usize::from(at) % names.len().max(1)).cloned();
    let (Some(unit), Some(other_group)) = (pick(&units, b), pick(&groups, b)) else { return };
    let (person, group) = (pick(&people, a).unwrap_or_default(), pick(&groups, a).unwrap_or_default());
    let somebody = pick(&people, b).unwrap_or_default();
    let uid = format!("uid=p{}", b % 8);
    let values = |value: &str| [value.to_owned()].into();
    let member = || "member".to_owned();
    let done = match what {
        What::AddPerson => {
            editor.try_person(&format!("{uid},{}", if a % 2 == 0 { PEOPLE } else { &unit })).await
        }
        What::DeletePerson => editor.try_delete(&person).await,
        What::RenamePerson => editor.try_rename(&person, &uid, None).await,
        What::MovePerson => editor.try_rename(&person, person.split(',').next().unwrap(), Some(&unit)).await,
        What::Disable => {
            let locked = Mod::Replace("pwdAccountLockedTime".to_owned(), values("000001010000Z"));
            editor.try_modify(&person, locked).await
        }
        What::Enable => {
            editor.try_modify(&person, Mod::Replace("pwdAccountLockedTime".to_owned(), [].into())).await
        }
        What::Mail => {
            editor
                .try_modify(&person, Mod::Replace("mail".to_owned(), values(&format!("{b}@example.test"))))
                .await
        }
        What::Join => editor.try_modify(&group, Mod::Add(member(), values(&somebody))).await,
        What::Leave => editor.try_modify(&group, Mod::Delete(member(), values(&somebody))).await,
        What::Nest => editor.try_modify(&group, Mod::Add(member(), values(&other_group))).await,
        What::Empty => editor.try_modify(&group, Mod::Replace(member(), values(""))).await,
        What::AddGroup => editor.try_group(&format!("cn=g{},{GROUPS}", b % 5), &somebody).await,
        What::DeleteGroup => editor.try_delete(&group).await,
        What::RenameGroup => editor.try_rename(&group, &format!("cn=g{}", b % 5), None).await,
        What::RenameUnit => editor.try_rename(&unit, &format!("ou=u{}", a % 4), None).await,
        What::Nothing => true,
    };
    // Not everything can be done at all times; the next thing can.
    let _ = done;
}
