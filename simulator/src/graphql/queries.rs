//! The root `Query`: purchases and lists of eligible accounts.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::{JsonMap, JsonValue};

use crate::graphql::objects::{AccountObject, PurchaseObject, purchase_ids};
use crate::graphql::scene::{Scene, inaccessible};
use crate::world::eligibility::{self, Listing, Sort};
use crate::world::gid::{self, GidType};
use crate::world::settings::Scope;

pub(crate) struct QueryRoot<'s>(pub(crate) &'s Scene<'s>);

impl ObjectValue for QueryRoot<'_> {
    fn type_name(&self) -> &str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = info.arguments();
        match info.field_name() {
            "addOnPurchases" => Ok(self.purchases(arguments)),
            "selfManagedAddOnEligibleUsers" => {
                if *self.0.world().scope() != Scope::Instance {
                    return Err(inaccessible());
                }
                eligible_accounts(self.0, arguments)
            }
            "namespace" => Ok(self.namespace("Namespace", arguments)),
            "group" => Ok(self.namespace("Group", arguments)),
            "queryComplexity" => Ok(ResolvedValue::object(QueryComplexity(self.0))),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl QueryRoot<'_> {
    /// Active purchases of the namespace, or of the instance without one. To whoever may not see them the list is
    /// empty, without an error.
    fn purchases(&self, arguments: &JsonMap) -> ResolvedValue<'_> {
        let shown = self.0.may_admin_seats();
        let world = self.0.world();
        let asked = arguments.get("namespaceId").and_then(|id| id.as_str());
        let asked = asked.map(|id| GidType::Namespace.parse(id).ok().flatten());
        let owner = world.top_level_group().map(|group| Some(group.id));
        let purchases =
            world.purchases().filter(|purchase| shown && asked == owner && purchase.is_active(world.today));
        let objects: Vec<PurchaseObject> = purchases.map(PurchaseObject::of).collect();
        ResolvedValue::list(objects.into_iter().map(ResolvedValue::object))
    }

    /// The group at a path. Whoever is no member cannot tell it from one that does not exist.
    fn namespace(&self, type_name: &'static str, arguments: &JsonMap) -> ResolvedValue<'_> {
        let path = arguments.get("fullPath").and_then(|path| path.as_str()).unwrap_or_default();
        let world = self.0.world();
        let group =
            world.top_level_group().filter(|_| self.0.caller.is_some_and(|it| it.account.is_member()));
        let found = group.and_then(|group| {
            if group.path.eq_ignore_ascii_case(path) {
                return Some((group.id, &group.name, &group.path, true));
            }
            let subgroup = group.subgroups.iter().find(|group| group.path.eq_ignore_ascii_case(path))?;
            Some((subgroup.id, &subgroup.name, &subgroup.path, false))
        });
        ResolvedValue::nullable_object(found.map(|(id, name, path, is_root)| NamespaceObject {
            scene: self.0,
            type_name,
            id,
            name: name.clone(),
            path: path.clone(),
            is_root,
        }))
    }
}

struct NamespaceObject<'s> {
    scene: &'s Scene<'s>,
    type_name: &'static str,
    id: u64,
    name: String,
    path: String,
    is_root: bool,
}

impl ObjectValue for NamespaceObject<'_> {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "id" => Ok(ResolvedValue::leaf(gid::of_group(self.id))),
            "name" => Ok(ResolvedValue::leaf(self.name.as_str())),
            "fullPath" => Ok(ResolvedValue::leaf(self.path.as_str())),
            "addOnEligibleUsers" if self.is_root => eligible_accounts(self.scene, info.arguments()),
            "addOnEligibleUsers" => Err(FieldError {
                message: "Add on eligible users can only be queried on a root namespace".to_owned(),
            }),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

struct QueryComplexity<'s>(&'s Scene<'s>);

impl ObjectValue for QueryComplexity<'_> {
    fn type_name(&self) -> &str {
        "QueryComplexity"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "score" => Ok(ResolvedValue::leaf(self.0.complexity.score)),
            "limit" => Ok(ResolvedValue::leaf(self.0.complexity.limit)),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

/// `addOnEligibleUsers` and `selfManagedAddOnEligibleUsers`. All add-on types of the schema are Duo's, so the type
/// never empties the list.
fn eligible_accounts<'s>(scene: &'s Scene<'s>, arguments: &JsonMap) -> Result<ResolvedValue<'s>, FieldError> {
    if !scene.may_admin_seats() {
        return Err(inaccessible());
    }
    let text = |name| arguments.get(name).and_then(JsonValue::as_str);
    let listing = Listing {
        assigned: text("filterByAssignedSeat").and_then(to_boolean),
        purchase: purchase_ids(arguments).first().copied(),
        search: text("search").filter(|search| !search.is_empty()).map(str::to_owned),
        sort: text("sort").and_then(Sort::of_name),
    };
    let world = scene.world();
    let list = eligibility::list(&world, &listing);
    Ok(ResolvedValue::object(AccountObject::connection(scene, &world, &list, arguments)?))
}

/// GitLab reads this argument, a string, as Ruby programmers read booleans; other words mean no filter.
fn to_boolean(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "on" => Some(true),
        "false" | "f" | "no" | "n" | "0" | "off" => Some(false),
        _ => None,
    }
}
