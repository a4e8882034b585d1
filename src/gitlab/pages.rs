//! A GraphQL list of add-on users, read to its end.

use std::collections::HashSet;

use data_encoding::BASE64URL_NOPAD;
use futures_util::future::try_join_all;

use crate::gitlab::error::GitLabError;
use crate::gitlab::wire::graphql::{AddOnUserConnection, AddOnUserNode};
use crate::model::account::Account;

/// What GitLab gives at most, and what our documents ask for.
const PAGE: u64 = 100;

/// One page, and the cursor of the one after it.
pub struct Page {
    pub accounts: Vec<Account>,
    pub next: Option<String>,
    /// GitLab's count of the whole list, where it was asked for.
    pub count: Option<u64>,
}

/// Reads every page. The cursors of these lists are offsets; where the first one proves to be so, the pages that
/// `expected` entries fill are asked for at once, and only what lies beyond one by one. `expected` is taken from the
/// first page where `None`.
pub async fn read_whole<F>(
    of: &'static str,
    expected: Option<u64>,
    fetch: impl Fn(Option<String>) -> F,
) -> Result<Vec<Account>, GitLabError>
where
    F: Future<Output = Result<Page, GitLabError>>,
{
    let Page { mut accounts, mut next, count } = fetch(None).await?;
    let expected = expected.or(count).unwrap_or(0);
    if next.as_ref() == Some(&cursor(PAGE)) {
        let offsets: Vec<u64> = (1..expected.div_ceil(PAGE)).map(|page| page * PAGE).collect();
        let pages = try_join_all(offsets.iter().map(|&offset| fetch(Some(cursor(offset))))).await?;
        for (offset, page) in offsets.into_iter().zip(pages) {
            if next.is_none() && !page.accounts.is_empty() {
                return Err(untrusted(of, "a page came after the last"));
            }
            if page.next.as_ref().is_some_and(|next| *next != cursor(offset + PAGE)) {
                return Err(untrusted(of, "a page leads to another than the next"));
            }
            accounts.extend(page.accounts);
            next = page.next;
        }
    }
    let mut seen = HashSet::new();
    while let Some(after) = next {
        if !seen.insert(after.clone()) {
            return Err(untrusted(of, "its pages lead back to each other"));
        }
        let page = fetch(Some(after)).await?;
        accounts.extend(page.accounts);
        next = page.next;
    }
    let mut ids = HashSet::new();
    if accounts.iter().all(|account| ids.insert(account.id)) {
        Ok(accounts)
    } else {
        Err(untrusted(of, "an account came twice"))
    }
}

/// The meaning of one page. Nodes that GitLab hides are `null` or missing; a page may be shorter for it.
pub fn page(of: &'static str, connection: AddOnUserConnection) -> Result<Page, GitLabError> {
    let next = match (connection.page_info.has_next_page, connection.page_info.end_cursor) {
        (false, _) => None,
        (true, Some(cursor)) => Some(cursor),
        (true, None) => return Err(untrusted(of, "more is said to follow, but not where")),
    };
    let nodes = connection.nodes.unwrap_or_default();
    let accounts = nodes.into_iter().flatten().map(AddOnUserNode::into_account).collect();
    Ok(Page { accounts, next, count: connection.count })
}

/// graphql-ruby's cursor of an offset: its decimal digits in base64.
fn cursor(offset: u64) -> String {
    BASE64URL_NOPAD.encode(offset.to_string().as_bytes())
}

fn untrusted(of: &'static str, because: &'static str) -> GitLabError {
    GitLabError::Paging { of, because }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use crate::gitlab::pages::{Page, cursor, read_whole};
    use crate::model::account::{Account, AccountId, DuoActivity, Listing, Standing};

    fn account(id: u64) -> Account {
        Account::from(Listing {
            id: AccountId(id),
            username: "a".into(),
            emails: vec![],
            identities: vec![],
            standing: Standing::Eligible,
            last_duo_activity: DuoActivity::NotTold,
        })
    }

    /// A list of `holds` entries behind offset cursors; tells the offsets it was asked for.
    async fn read(holds: u64, expected: u64) -> (Result<usize, String>, Vec<u64>) {
        let asked = Mutex::new(Vec::new());
        let fetch = async |after: Option<String>| {
            let offset = (0..=holds + 200).find(|&n| Some(cursor(n)) == after).unwrap_or(0);
            asked.lock().unwrap().push(offset);
            let end = (offset + 100).min(holds);
            Ok(Page {
                accounts: (offset.min(end)..end).map(|n| account(n + 1)).collect(),
                next: (end < holds).then(|| cursor(end)),
                count: None,
            })
        };
        let read = read_whole("holders", Some(expected), fetch).await;
        let asked = asked.lock().unwrap().clone();
        (read.map(|accounts| accounts.len()).map_err(|error| error.to_string()), asked)
    }

    #[tokio::test]
    async fn every_page_is_read_once() {
        assert_eq!(read(0, 0).await, (Ok(0), vec![0]));
        assert_eq!(read(100, 100).await, (Ok(100), vec![0]));
        assert_eq!(read(250, 250).await, (Ok(250), vec![0, 100, 200]));
    }

    #[tokio::test]
    async fn a_list_longer_than_expected_is_followed_to_its_end() {
        assert_eq!(read(450, 250).await, (Ok(450), vec![0, 100, 200, 300, 400]));
    }

    #[tokio::test]
    async fn a_list_shorter_than_expected_costs_pages_but_no_entries() {
        assert_eq!(read(150, 250).await, (Ok(150), vec![0, 100, 200]));
    }

    async fn refused(pages: [(Vec<u64>, Option<&str>); 2]) -> String {
        let at = Mutex::new(0);
        let fetch = async |_after| {
            let mut at = at.lock().unwrap();
            let (ids, next) = &pages[*at % 2];
            *at += 1;
            let accounts = ids.iter().copied().map(account).collect();
            Ok(Page { accounts, next: next.map(str::to_owned), count: None })
        };
        read_whole("holders", Some(4), fetch).await.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn a_chain_that_bites_its_tail_and_a_repeated_entry_are_errors() {
        assert_eq!(
            refused([(vec![1], Some("x")), (vec![2], Some("x"))]).await,
            "the list of holders cannot be trusted: its pages lead back to each other"
        );
        assert_eq!(
            refused([(vec![1, 2], Some("x")), (vec![2], None)]).await,
            "the list of holders cannot be trusted: an account came twice"
        );
    }
}
