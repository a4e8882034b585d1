//! The root `Mutation`: the four that change seats.

use std::collections::BTreeSet;
use std::sync::Arc;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{JsonMap, JsonValue};

use crate::graphql::objects::{AccountObject, PurchaseObject, account_id, purchase_id};
use crate::graphql::scene::Scene;
use crate::world::account::{Account, AccountId};
use crate::world::gitlab::World;
use crate::world::purchase::PurchaseId;
use crate::world::seats::{Removal, SeatRefusal};

const READ_ONLY: &str = "You cannot perform write operations on a read-only instance";

pub(crate) struct MutationRoot<'s>(pub(crate) &'s Scene<'s>);

impl ObjectValue for MutationRoot<'_> {
    fn type_name(&self) -> &str {
        "Mutation"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let scene = self.0;
        if scene.world().settings.read_only {
            return Err(FieldError { message: READ_ONLY.to_owned() });
        }
        let caller = scene.writer()?;
        let empty = JsonMap::new();
        let input = info.arguments().get("input").and_then(JsonValue::as_object).unwrap_or(&empty);
        let purchase = input.get("addOnPurchaseId").and_then(purchase_id);
        let account = input.get("userId").and_then(account_id);
        let accounts: Vec<Option<AccountId>> = input
            .get("userIds")
            .and_then(JsonValue::as_array)
            .into_iter()
            .flatten()
            .map(account_id)
            .collect();

        let mut world = scene.world();
        let (type_name, done) = match info.field_name() {
            "userAddOnAssignmentCreate" => {
                ("UserAddOnAssignmentCreatePayload", world.assign_one(caller, purchase, account).map(one))
            }
            "userAddOnAssignmentRemove" => {
                let removed = world.remove_one(caller, purchase, account);
                if let Ok((_, _, Removal::NothingToRemove)) = removed {
                    return Ok(ResolvedValue::null());
                }
                let done = removed.map(|(purchase, account, _)| one((purchase, account)));
                ("UserAddOnAssignmentRemovePayload", done)
            }
            "userAddOnAssignmentBulkCreate" => {
                ("UserAddOnAssignmentBulkCreatePayload", world.assign_many(caller, purchase, &accounts))
            }
            "userAddOnAssignmentBulkRemove" => {
                ("UserAddOnAssignmentBulkRemovePayload", world.remove_many(caller, purchase, &accounts))
            }
            _ => return Err(self.unknown_field_error(info)),
        };
        let client_mutation_id = input.get("clientMutationId").and_then(JsonValue::as_str).map(str::to_owned);
        let payload = Payload { scene, type_name, client_mutation_id, errors: Vec::new(), done: None };
        match done {
            Ok((purchase, accounts)) => {
                let done = Done::of(&world, purchase, &accounts);
                Ok(ResolvedValue::object(Payload { done: Some(done), ..payload }))
            }
            Err(SeatRefusal::Payload(code)) => {
                Ok(ResolvedValue::object(Payload { errors: vec![code], ..payload }))
            }
            Err(SeatRefusal::TopLevel(message)) => Err(FieldError { message }),
            Err(SeatRefusal::BrokeAfterWriting) => {
                scene.broke.set(true);
                Ok(ResolvedValue::null())
            }
        }
    }
}

fn one((purchase, account): (PurchaseId, AccountId)) -> (PurchaseId, BTreeSet<AccountId>) {
    (purchase, BTreeSet::from([account]))
}

/// What a mutation did, as things stand after it.
struct Done {
    purchase: Option<PurchaseObject>,
    accounts: Vec<Arc<Account>>,
}

impl Done {
    fn of(world: &World, purchase: PurchaseId, accounts: &BTreeSet<AccountId>) -> Done {
        // GitLab's connections come by falling id where nothing else is asked for.
        let accounts = accounts.iter().rev().filter_map(|&id| world.account(id)).cloned().collect();
        Done { purchase: world.purchase(purchase).map(PurchaseObject::of), accounts }
    }
}

/// The payload of any of the four; the schema says which of `user` and `users` it has.
struct Payload<'s> {
    scene: &'s Scene<'s>,
    type_name: &'static str,
    client_mutation_id: Option<String>,
    errors: Vec<&'static str>,
    /// Unset when refused: then all objects are null.
    done: Option<Done>,
}

impl ObjectValue for Payload<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let done = self.done.as_ref();
        match info.field_name() {
            "errors" => Ok(ResolvedValue::list(self.errors.iter().map(|&code| ResolvedValue::leaf(code)))),
            "clientMutationId" => {
                let id = self.client_mutation_id.as_deref();
                Ok(id.map_or_else(ResolvedValue::null, ResolvedValue::leaf))
            }
            "addOnPurchase" => {
                Ok(ResolvedValue::nullable_object(done.and_then(|done| done.purchase.clone())))
            }
            "user" => {
                let account = done.and_then(|done| done.accounts.first());
                Ok(ResolvedValue::nullable_object(account.map(|it| AccountObject::of(self.scene, it))))
            }
            "users" => match done {
                None => Ok(ResolvedValue::null()),
                Some(done) => {
                    let ids: Vec<AccountId> = done.accounts.iter().map(|account| account.id).collect();
                    let world = self.scene.world();
                    let connection = AccountObject::connection(self.scene, &world, &ids, info.arguments())?;
                    Ok(ResolvedValue::object(connection))
                }
            },
            _ => Err(self.unknown_field_error(info)),
        }
    }
}
