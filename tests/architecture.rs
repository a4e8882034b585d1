//! Holds `ARCHITECTURE.md` true: each law finds the faults that are planted for it, and none in the house as it stands.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(unreachable_pub, reason = "a test is a crate that nobody imports")]

#[path = "architecture/house.rs"]
mod house;
#[path = "architecture/laws.rs"]
mod laws;
#[path = "architecture/planted.rs"]
mod planted;
#[path = "architecture/source_text.rs"]
mod source_text;

use crate::house::House;

fn assert_unbroken(breaches: &[String]) {
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

fn product() -> House {
    let house = House::of_folders(&["src"]);
    assert!(house.files.len() > 50 && house.arrows().len() > 200, "the house was not read");
    house
}

#[test]
fn imports_point_down() {
    assert_unbroken(&laws::imports_point_down(&product()));
}

#[test]
fn no_file_comes_back_to_itself() {
    assert_unbroken(&laws::no_circles(&product()));
}

#[test]
fn rooms_do_not_use_their_folder() {
    assert_unbroken(&laws::rooms_do_not_use_their_folder(&product()));
}

#[test]
fn everything_has_one_name() {
    assert_unbroken(&laws::whole_paths_only(&product()));
}

#[test]
fn pure_rooms_touch_nothing() {
    assert_unbroken(&laws::pure_rooms_touch_nothing(&product()));
}

#[test]
fn every_file_is_introduced_and_short() {
    let everything = House::of_folders(&["src", "simulator", "tests", "xtask"]);
    assert_unbroken(&laws::files_are_introduced_and_short(&everything));
}

#[test]
fn a_source_is_named_in_the_configuration_and_the_wiring_alone() {
    assert_unbroken(&laws::sources_are_named_in_two_places(&product()));
}

#[test]
fn the_simulator_shares_no_code_with_the_product() {
    let manifest = include_str!("../simulator/Cargo.toml");
    let simulator = House::of_folders(&["simulator/src"]);
    assert_unbroken(&laws::the_simulator_is_another_hand(&product(), &simulator, manifest));
}
