//! The schema of each version that differs from its neighbours.

use std::sync::OnceLock;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;

use crate::world::settings::Version;

const LATEST: &str = include_str!("../../schema.graphql");

/// The schema that an instance of this version serves.
pub(crate) fn of_version(version: &Version) -> &'static Valid<Schema> {
    static SINCE_18_0: OnceLock<Valid<Schema>> = OnceLock::new();
    static SINCE_17_9: OnceLock<Valid<Schema>> = OnceLock::new();
    static BEFORE: OnceLock<Valid<Schema>> = OnceLock::new();

    if version.is_at_least(18, 0) {
        SINCE_18_0.get_or_init(|| schema(|_| {}))
    } else if version.is_at_least(17, 9) {
        SINCE_17_9.get_or_init(|| schema(without_duo_core))
    } else {
        BEFORE.get_or_init(|| {
            schema(|schema| {
                without_duo_core(schema);
                without_last_duo_activity(schema);
            })
        })
    }
}

fn schema(age: impl FnOnce(&mut Schema)) -> Valid<Schema> {
    let mut schema = Schema::parse(LATEST, "schema.graphql").expect("our own schema file parses");
    age(&mut schema);
    schema.validate().expect("our own schema file is valid, and stays so with less in it")
}

fn without_duo_core(schema: &mut Schema) {
    if let Some(ExtendedType::Enum(add_on_type)) = schema.types.get_mut("GitlabSubscriptionsAddOnType") {
        add_on_type.make_mut().values.shift_remove("DUO_CORE");
    }
}

fn without_last_duo_activity(schema: &mut Schema) {
    if let Some(ExtendedType::Object(account)) = schema.types.get_mut("AddOnUser") {
        account.make_mut().fields.shift_remove("lastDuoActivityOn");
    }
}
