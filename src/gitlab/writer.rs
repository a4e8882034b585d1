//! Changes seats, one batch after the other.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::Mutex;

use crate::gitlab::client::Client;
use crate::gitlab::documents::{ASSIGN, REVOKE};
use crate::gitlab::error::GitLabError;
use crate::gitlab::transport::Failure;
use crate::gitlab::wire::gid;
use crate::gitlab::wire::graphql::{BulkData, BulkPayload, GraphQl};
use crate::http::answer::one_line;
use crate::model::account::AccountId;
use crate::model::holding::Change;
use crate::model::purchase::PurchaseId;
use crate::ports::{EdgeError, SeatWriter, WriteAnswer};

/// The only thing in the program that can change GitLab.
pub struct Writer {
    client: Arc<Client>,
    batch_size: usize,
    /// GitLab may limit how often one account assigns in bulk (merge request 270545): one call at a time.
    one_at_a_time: Mutex<()>,
}

impl Writer {
    /// Asks GitLab's version where nobody has yet: it decides the size of a batch.
    pub async fn connect(client: Arc<Client>) -> Result<Writer, EdgeError> {
        let batch_size = client.version().await?.batch_size();
        Ok(Writer { client, batch_size, one_at_a_time: Mutex::new(()) })
    }
}

impl SeatWriter for Writer {
    fn batch_size(&self) -> usize {
        self.batch_size
    }

    async fn write(&self, change: Change, purchase: &PurchaseId, accounts: &[AccountId]) -> WriteAnswer {
        if accounts.is_empty() {
            return WriteAnswer::Done { assigned: None };
        }
        let document = match change {
            Change::Assign => ASSIGN,
            Change::Revoke => REVOKE,
        };
        let ids: Vec<String> = accounts.iter().copied().map(gid::user).collect();
        let variables = json!({ "purchase": &*purchase.0, "accounts": ids });
        let _alone = self.one_at_a_time.lock().await;
        match self.client.mutate::<BulkData>(document, &variables).await {
            Ok((answer, perhaps_done_before)) => meaning(answer, change, accounts, perhaps_done_before),
            Err(failure) => not_answered(failure),
        }
    }
}

/// What an answer means. Where an earlier sending of the same batch may have been carried out, a seat that is not
/// there to be removed is a seat that has been removed.
fn meaning(
    answer: GraphQl<BulkData>,
    change: Change,
    accounts: &[AccountId],
    perhaps_done_before: bool,
) -> WriteAnswer {
    let errors = answer.errors.unwrap_or_default();
    if let Some(error) = errors.first() {
        return if error.is_not_allowed() {
            WriteAnswer::NotAllowed
        } else if error.message.starts_with("Timeout on") {
            WriteAnswer::Unanswered { because: one_line(&error.message) }
        } else {
            WriteAnswer::Refused { because: one_line(&error.message) }
        };
    }
    let Some(payload) = answer.data.and_then(|data| data.payload) else {
        return WriteAnswer::NotAllowed;
    };
    match payload.errors.first().map(String::as_str) {
        None => confirmed(payload, change, accounts),
        Some("NO_ASSIGNMENTS_FOUND") if perhaps_done_before => WriteAnswer::Done { assigned: None },
        Some("NO_ASSIGNMENTS_FOUND") => WriteAnswer::NothingToRemove,
        Some("INVALID_USER_ID_PRESENT") => WriteAnswer::InvalidAccount,
        Some("NOT_ENOUGH_SEATS") => WriteAnswer::NotEnoughSeats,
        Some(_) => WriteAnswer::Refused { because: one_line(&payload.errors.join(", ")) },
    }
}

/// GitLab echoes every account of the request; whom it leaves out of an assignment it may not have served. (Whom it
/// leaves out of a removal is gone, with the seat.)
fn confirmed(payload: BulkPayload, change: Change, accounts: &[AccountId]) -> WriteAnswer {
    if let (Change::Assign, Some(nodes)) = (change, payload.users.and_then(|users| users.nodes)) {
        let echoed: HashSet<AccountId> = nodes.into_iter().flatten().map(|user| user.id).collect();
        let missing = accounts.iter().filter(|account| !echoed.contains(account)).count();
        if missing > 0 {
            let because = format!("GitLab confirmed all but {missing} of {} accounts", accounts.len());
            return WriteAnswer::Unanswered { because };
        }
    }
    WriteAnswer::Done { assigned: payload.add_on_purchase.map(|purchase| purchase.assigned_quantity) }
}

/// Tells what was refused from what may have happened, and both from what GitLab never got.
fn not_answered(failure: Failure) -> WriteAnswer {
    let never_got = matches!(
        failure.error,
        GitLabError::RateLimited { .. } | GitLabError::Unreachable { .. } | GitLabError::Untrusted { .. }
    );
    let because = failure.error.in_full();
    match (failure.perhaps_done, never_got) {
        (true, _) => WriteAnswer::Unanswered { because },
        (false, true) => WriteAnswer::NotSent { because },
        (false, false) => WriteAnswer::Refused { because },
    }
}

#[cfg(test)]
mod tests {
    use crate::gitlab::writer::meaning;
    use crate::model::account::AccountId;
    use crate::model::holding::Change;
    use crate::ports::WriteAnswer;

    fn answer(change: Change, json: &str) -> WriteAnswer {
        meaning(serde_json::from_str(json).unwrap(), change, &[AccountId(7), AccountId(8)], false)
    }

    fn coded(code: &str) -> WriteAnswer {
        let json = format!(
            r#"{{"data":{{"userAddOnAssignmentBulkCreate":{{"addOnPurchase":null,"users":null,"errors":["{code}"]}}}}}}"#
        );
        answer(Change::Assign, &json)
    }

    #[test]
    fn each_code_has_its_meaning_and_a_new_one_is_quoted() {
        assert_eq!(coded("NOT_ENOUGH_SEATS"), WriteAnswer::NotEnoughSeats);
        assert_eq!(coded("INVALID_USER_ID_PRESENT"), WriteAnswer::InvalidAccount);
        assert_eq!(coded("NO_ASSIGNMENTS_FOUND"), WriteAnswer::NothingToRemove);
        assert_eq!(
            coded("INCOMPATIBLE_ADD_ON"),
            WriteAnswer::Refused { because: "INCOMPATIBLE_ADD_ON".into() }
        );
    }

    #[test]
    fn the_ambiguous_error_and_a_null_payload_are_not_allowed() {
        let error = r#"{"data":{"userAddOnAssignmentBulkCreate":null},"errors":[{"message":"The resource that you are attempting to access does not exist or you don't have permission to perform this action"}]}"#;
        assert_eq!(answer(Change::Assign, error), WriteAnswer::NotAllowed);
        let null = r#"{"data":{"userAddOnAssignmentBulkRemove":null}}"#;
        assert_eq!(answer(Change::Revoke, null), WriteAnswer::NotAllowed);
        let read_only = r#"{"data":{"userAddOnAssignmentBulkRemove":null},"errors":[{"message":"You cannot perform write operations on a read-only instance"}]}"#;
        assert_eq!(
            answer(Change::Revoke, read_only),
            WriteAnswer::Refused {
                because: "You cannot perform write operations on a read-only instance".into()
            }
        );
    }

    #[test]
    fn an_assignment_is_done_for_those_whom_gitlab_echoes() {
        let echoing = |users: &str| {
            let json = format!(
                r#"{{"data":{{"userAddOnAssignmentBulkCreate":{{"errors":[],"addOnPurchase":{{"assignedQuantity":9}},"users":{{"nodes":[{users}]}}}}}}}}"#
            );
            answer(Change::Assign, &json)
        };
        let both = r#"{"id":"gid://gitlab/User/8"},{"id":"gid://gitlab/User/7"}"#;
        assert_eq!(echoing(both), WriteAnswer::Done { assigned: Some(9) });
        assert_eq!(
            echoing(r#"{"id":"gid://gitlab/User/8"}"#),
            WriteAnswer::Unanswered { because: "GitLab confirmed all but 1 of 2 accounts".into() }
        );
    }

    #[test]
    fn a_seat_that_a_lost_answer_took_back_is_taken_back() {
        let json = r#"{"data":{"userAddOnAssignmentBulkRemove":{"addOnPurchase":null,"users":null,"errors":["NO_ASSIGNMENTS_FOUND"]}}}"#;
        let answer = meaning(serde_json::from_str(json).unwrap(), Change::Revoke, &[AccountId(7)], true);
        assert_eq!(answer, WriteAnswer::Done { assigned: None });
    }
}
