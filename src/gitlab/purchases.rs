//! The active purchases of add-ons whose seats can be assigned.

use serde_json::json;

use crate::gitlab::client::Client;
use crate::gitlab::documents::PURCHASES;
use crate::gitlab::error::GitLabError;
use crate::gitlab::wire::graphql::{PurchaseNode, PurchasesData, add_on};
use crate::model::add_on::AddOn;
use crate::model::purchase::{Purchase, PurchaseId};

/// At most one for each add-on. An empty list may also mean that the token has no right to see any.
pub async fn purchases(client: &Client) -> Result<Vec<Purchase>, GitLabError> {
    let namespace = client.namespace().await?;
    let data: PurchasesData = client.query(PURCHASES, &json!({ "namespace": namespace })).await?;
    assignable(data.add_on_purchases.unwrap_or_default().into_iter().flatten())
}

/// Leaves out what GitLab sells but lets nobody assign.
fn assignable(nodes: impl Iterator<Item = PurchaseNode>) -> Result<Vec<Purchase>, GitLabError> {
    let mut purchases: Vec<Purchase> = Vec::new();
    for node in nodes {
        let Some(add_on) = add_on(&node.name) else {
            continue;
        };
        if let Some(other) = of(&purchases, add_on) {
            let first = other.id.0.clone();
            return Err(GitLabError::TwoPurchases { add_on, first, second: node.id });
        }
        purchases.push(Purchase {
            id: PurchaseId(node.id),
            add_on,
            purchased: node.purchased_quantity,
            assigned: node.assigned_quantity,
        });
    }
    Ok(purchases)
}

/// The purchase of one add-on among these.
pub fn of(purchases: &[Purchase], add_on: AddOn) -> Option<&Purchase> {
    purchases.iter().find(|purchase| purchase.add_on == add_on)
}

#[cfg(test)]
mod tests {
    use crate::gitlab::purchases::assignable;
    use crate::gitlab::wire::graphql::PurchaseNode;

    fn node(id: &str, name: &str) -> PurchaseNode {
        PurchaseNode { id: id.into(), name: name.to_owned(), purchased_quantity: 5, assigned_quantity: 1 }
    }

    #[test]
    fn what_cannot_be_assigned_is_left_out() {
        let shown = [node("a", "DUO_CORE"), node("b", "CODE_SUGGESTIONS"), node("c", "FLEX_OFFLINE")];
        let purchases = assignable(shown.into_iter()).unwrap();
        assert_eq!(purchases.iter().map(|purchase| &*purchase.id.0).collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn two_purchases_of_one_add_on_are_refused() {
        let shown = [node("a", "DUO_ENTERPRISE"), node("b", "DUO_ENTERPRISE")];
        assert_eq!(
            assignable(shown.into_iter()).unwrap_err().to_string(),
            "GitLab shows two active purchases of duo_enterprise, `a` and `b`"
        );
    }
}
