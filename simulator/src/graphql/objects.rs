//! The schema's objects: accounts, purchases, assignments.

use std::sync::Arc;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{JsonMap, JsonValue};

use crate::graphql::connection::{Connection, Page};
use crate::graphql::scene::Scene;
use crate::world::account::{Account, AccountId, AccountKind};
use crate::world::gid::{self, GidType};
use crate::world::gitlab::World;
use crate::world::purchase::{Purchase, PurchaseId};

/// `AddOnPurchase`, as it was when asked for. It tells neither expiry nor start nor trial.
#[derive(Clone)]
pub(crate) struct PurchaseObject {
    id: PurchaseId,
    name: String,
    purchased: u32,
    assigned: usize,
}

impl PurchaseObject {
    pub(crate) fn of(purchase: &Purchase) -> PurchaseObject {
        PurchaseObject {
            id: purchase.id,
            name: purchase.add_on.clone(),
            purchased: purchase.quantity,
            assigned: purchase.assigned(),
        }
    }
}

impl ObjectValue for PurchaseObject {
    fn type_name(&self) -> &str {
        "AddOnPurchase"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "id" => Ok(ResolvedValue::leaf(gid::of_purchase(self.id))),
            "name" => Ok(ResolvedValue::leaf(self.name.as_str())),
            "purchasedQuantity" => Ok(ResolvedValue::leaf(self.purchased)),
            "assignedQuantity" => Ok(ResolvedValue::leaf(self.assigned)),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

/// `AddOnUser`: an account, as it was when asked for.
#[derive(Clone)]
pub(crate) struct AccountObject<'s> {
    scene: &'s Scene<'s>,
    account: Arc<Account>,
}

impl<'s> AccountObject<'s> {
    pub(crate) fn of(scene: &'s Scene<'s>, account: &Arc<Account>) -> AccountObject<'s> {
        AccountObject { scene, account: Arc::clone(account) }
    }

    /// A page of accounts as `AddOnUserConnection`.
    pub(crate) fn connection(
        scene: &'s Scene<'s>,
        world: &World,
        list: &[AccountId],
        arguments: &JsonMap,
    ) -> Result<Connection<AccountObject<'s>>, FieldError> {
        let account = |id| world.account(id).expect("seats and lists hold ids of accounts that exist");
        Ok(Connection {
            type_name: "AddOnUserConnection",
            edge_type_name: "AddOnUserEdge",
            page: Page::cut(list, arguments)?.map(|id| AccountObject::of(scene, account(id))),
        })
    }

    /// The active purchases among `ids` on which the account has a seat, provided the caller may see seats.
    fn assignments(&self, arguments: &JsonMap) -> Result<Connection<AssignmentObject>, FieldError> {
        let shown = self.scene.may_admin_seats();
        let world = self.scene.world();
        let purchases = purchase_ids(arguments).into_iter().filter_map(|id| world.purchase(id));
        let held = purchases.filter(|purchase| {
            shown && purchase.is_active(world.today) && purchase.holders.contains_key(&self.account.id)
        });
        let held: Vec<&Purchase> = held.collect();
        Ok(Connection {
            type_name: "UserAddOnAssignmentConnection",
            edge_type_name: "UserAddOnAssignmentEdge",
            page: Page::cut(&held, arguments)?.map(|purchase| AssignmentObject(PurchaseObject::of(purchase))),
        })
    }

    fn emails(&self, arguments: &JsonMap) -> Result<Connection<EmailObject>, FieldError> {
        let public: Vec<&String> = self.account.public_email.iter().collect();
        Ok(Connection {
            type_name: "EmailConnection",
            edge_type_name: "EmailEdge",
            page: Page::cut(&public, arguments)?.map(|email| EmailObject(email.clone())),
        })
    }
}

impl ObjectValue for AccountObject<'_> {
    fn type_name(&self) -> &str {
        "AddOnUser"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let account = &self.account;
        Ok(match info.field_name() {
            "id" => ResolvedValue::leaf(gid::of_account(account.id)),
            "username" => ResolvedValue::leaf(account.username.as_str()),
            "name" => ResolvedValue::leaf(account.name.as_str()),
            "state" => ResolvedValue::leaf(account.state.word()),
            "active" => ResolvedValue::leaf(account.is_active()),
            "bot" => ResolvedValue::leaf(account.is_bot()),
            "human" => ResolvedValue::leaf(account.is_human()),
            "type" => ResolvedValue::leaf(match account.kind {
                AccountKind::Human => "HUMAN",
                AccountKind::ProjectBot => "PROJECT_BOT",
                AccountKind::ServiceAccount => "SERVICE_ACCOUNT",
                AccountKind::Ghost => "GHOST",
            }),
            "publicEmail" | "email" => optional(account.public_email.as_deref()),
            "emails" => ResolvedValue::object(self.emails(info.arguments())?),
            // Shown to the account itself only, and to it as empty unless it chose one.
            "commitEmail" | "avatarUrl" | "lastLoginAt" => ResolvedValue::null(),
            "createdAt" => ResolvedValue::leaf(format!("{}T00:00:00Z", account.created_on)),
            "lastActivityOn" => optional(account.last_activity_on),
            "lastDuoActivityOn" => optional(account.last_duo_activity_on),
            "webUrl" => ResolvedValue::leaf(format!("https://gitlab.example.com/{}", account.username)),
            "webPath" => ResolvedValue::leaf(format!("/{}", account.username)),
            "addOnAssignments" => ResolvedValue::object(self.assignments(info.arguments())?),
            _ => return Err(self.unknown_field_error(info)),
        })
    }
}

#[derive(Clone)]
struct AssignmentObject(PurchaseObject);

impl ObjectValue for AssignmentObject {
    fn type_name(&self) -> &str {
        "UserAddOnAssignment"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "addOnPurchase" => Ok(ResolvedValue::object(self.0.clone())),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

#[derive(Clone)]
struct EmailObject(String);

impl ObjectValue for EmailObject {
    fn type_name(&self) -> &str {
        "Email"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "email" => Ok(ResolvedValue::leaf(self.0.as_str())),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

/// The purchases named by the argument `addOnPurchaseIds`.
pub(crate) fn purchase_ids(arguments: &JsonMap) -> Vec<PurchaseId> {
    let ids = arguments.get("addOnPurchaseIds").and_then(JsonValue::as_array);
    ids.into_iter().flatten().filter_map(purchase_id).collect()
}

/// The purchase behind a global ID; none if it cannot name one.
pub(crate) fn purchase_id(value: &JsonValue) -> Option<PurchaseId> {
    GidType::AddOnPurchase.parse(value.as_str()?).ok().flatten().map(PurchaseId)
}

/// The account behind a global ID; none if it cannot name one.
pub(crate) fn account_id(value: &JsonValue) -> Option<AccountId> {
    GidType::User.parse(value.as_str()?).ok().flatten().map(AccountId)
}

fn optional<'a>(value: Option<impl ToString>) -> ResolvedValue<'a> {
    value.map_or_else(ResolvedValue::null, |value| ResolvedValue::leaf(value.to_string()))
}
