//! Finds the groups that rules name: by a filter where that is offered and cheaper, otherwise in the list of all.

use futures_util::StreamExt as _;
use tokio::sync::OnceCell;

use crate::model::group::GroupRef;
use crate::scim_user::body::UserBody;
use crate::scim_user::folded::Folded;
use crate::sources::scim::connection::LONGEST_GROUP;
use crate::sources::scim::directory::Directory;
use crate::sources::scim::error::ScimError;
use crate::sources::scim::listing::Listing;
use crate::sources::scim::wire::{GroupBody, GroupHead};

/// What came of looking for a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    Found { id: Box<str> },
    Missing,
    Ambiguous { candidates: Vec<String> },
    Unread { because: String },
}

/// Members are many, and here only names matter.
const WITHOUT_MEMBERS: (&str, &str) = ("excludedAttributes", "members");

/// Looks for each of these.
pub async fn find(directory: &Directory<'_>, wanted: &[GroupRef]) -> Vec<Search> {
    let finder = Finder { directory, all: OnceCell::new() };
    let names = wanted.iter().filter(|reference| !matches!(reference, GroupRef::Id(_))).count() as u64;
    // The first page of the list tells how many pages there are; to ask for one or two names costs no more than that.
    if names > 2
        && let Ok(Some(heads)) = finder.heads(Some(names)).await
    {
        let _ = finder.all.set(Ok(heads));
    }
    let searches: Vec<_> = wanted.iter().map(|reference| finder.search(reference)).collect();
    futures_util::stream::iter(searches).buffered(directory.at_once()).collect().await
}

/// A group with its members; `None` where the service provider says that there is no such group.
pub async fn read(directory: &Directory<'_>, id: &str) -> Result<Option<GroupBody>, ScimError> {
    let what = format!("GET /Groups/{id}");
    let url = directory.connection.url(&["Groups", id], &[]);
    let read = directory.connection.read::<Folded<GroupBody>>(&what, url, LONGEST_GROUP).await;
    match directory.noted(read) {
        Ok(Folded(body)) if body.id.as_deref() == Some(id) => Ok(Some(body)),
        Ok(Folded(_)) => Err(ScimError::Unreadable { what, place: "it is another group".to_owned() }),
        Err(ScimError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of a group alone.
pub async fn name(directory: &Directory<'_>, id: &str) -> Option<Box<str>> {
    let url = directory.connection.url(&["Groups", id], &[WITHOUT_MEMBERS]);
    let read = directory.connection.read::<Folded<GroupHead>>("GET /Groups/{id}", url, LONGEST_GROUP).await;
    directory.noted(read).ok().and_then(|Folded(head)| head.name)
}

/// Why a group that shows no member may have some all the same: some service providers leave members out of groups, and
/// show groups with the users alone. Nothing is learnt where users cannot be filtered by their groups.
pub async fn hidden_members(directory: &Directory<'_>, id: &str) -> Option<String> {
    directory.offers.filter?;
    let filter = format!("groups.value eq {}", quoted(id));
    let query = [("filter", filter.as_str())];
    let users: Vec<UserBody> = Listing::new(directory, "Users", &query).next().await.ok()??;
    let is_member = |user: &UserBody| {
        let groups = user.attribute("groups").and_then(|groups| groups.as_array());
        groups.into_iter().flatten().any(|group| group["value"] == *id)
    };
    users
        .iter()
        .any(is_member)
        .then(|| "it shows no members, and yet there are users who are in it".to_owned())
}

struct Finder<'d> {
    directory: &'d Directory<'d>,
    all: OnceCell<Result<Vec<GroupHead>, String>>,
}

impl Finder<'_> {
    async fn search(&self, reference: &GroupRef) -> Search {
        if let Some(because) = self.directory.fallen() {
            return Search::Unread { because: because.into() };
        }
        match reference {
            GroupRef::Name(name) | GroupRef::Dn(name) => self.sole("displayName", name, head_name).await,
            GroupRef::Id(id) => match self.by_id(id).await {
                Ok(true) => Search::Found { id: id.clone() },
                Ok(false) => self.sole("externalId", id, |head| head.external_id.as_deref()).await,
                Err(error) => Search::Unread { because: error.in_one_line() },
            },
        }
    }

    async fn by_id(&self, id: &str) -> Result<bool, ScimError> {
        let what = format!("GET /Groups/{id}");
        let url = self.directory.connection.url(&["Groups", id], &[WITHOUT_MEMBERS]);
        let read = self.directory.connection.read::<Folded<GroupHead>>(&what, url, LONGEST_GROUP).await;
        match self.directory.noted(read) {
            Ok(Folded(head)) => Ok(head.id.as_deref() == Some(id)),
            Err(ScimError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The one group of which this attribute is that. That there is none is believed of the whole list alone: a filter
    /// that the server does not really support brings nothing too.
    async fn sole(&self, attribute: &str, value: &str, of: fn(&GroupHead) -> Option<&str>) -> Search {
        if self.all.get().is_none() && self.directory.offers.filter.is_some() {
            let filter = format!("{attribute} eq {}", quoted(value));
            let filtered = self.filtered(&[("filter", &filter), WITHOUT_MEMBERS]).await;
            match pick(&filtered.unwrap_or_default(), value, of) {
                Search::Missing => {}
                found @ (Search::Found { .. } | Search::Ambiguous { .. } | Search::Unread { .. }) => {
                    return found;
                }
            }
        }
        let all = self.all.get_or_init(|| async {
            let heads = self.heads(None).await.map_err(|error| error.in_one_line())?;
            Ok(heads.unwrap_or_default())
        });
        match all.await {
            Ok(heads) => pick(heads, value, of),
            Err(because) => Search::Unread { because: because.clone() },
        }
    }

    /// The heads of all groups; `None` where they fill more pages than that.
    async fn heads(&self, most: Option<u64>) -> Result<Option<Vec<GroupHead>>, ScimError> {
        match self.heads_once(most).await {
            Err(error) if error.is_movement() => self.heads_once(most).await,
            first => first,
        }
    }

    async fn heads_once(&self, most: Option<u64>) -> Result<Option<Vec<GroupHead>>, ScimError> {
        let mut listing = Listing::new(self.directory, "Groups", &[WITHOUT_MEMBERS]);
        let mut heads: Vec<GroupHead> = Vec::new();
        while let Some(page) = self.directory.noted(listing.next().await)? {
            let (is_first, length) = (heads.is_empty(), page.len());
            heads.extend(page.into_iter().map(|Folded(head)| head));
            let is_costly = most.is_some_and(|most| listing.pages(length).is_none_or(|pages| pages > most));
            if is_first && is_costly && self.directory.offers.filter.is_some() {
                return Ok(None);
            }
        }
        Ok(Some(heads))
    }

    async fn filtered(&self, query: &[(&str, &str)]) -> Result<Vec<GroupHead>, ScimError> {
        let mut listing = Listing::new(self.directory, "Groups", query);
        let mut heads = Vec::new();
        while let Some(page) = self.directory.noted(listing.next().await)? {
            heads.extend(page.into_iter().map(|Folded(head)| head));
        }
        Ok(heads)
    }
}

fn head_name(head: &GroupHead) -> Option<&str> {
    head.name.as_deref()
}

/// The one whose value is spelt so; where none is, the one whose value differs in case alone.
fn pick(heads: &[GroupHead], value: &str, of: fn(&GroupHead) -> Option<&str>) -> Search {
    let lower = value.to_lowercase();
    let exact: Vec<&GroupHead> = heads.iter().filter(|head| of(head) == Some(value)).collect();
    let alike =
        || heads.iter().filter(|head| of(head).is_some_and(|found| found.to_lowercase() == lower)).collect();
    let meant: Vec<&GroupHead> = if exact.is_empty() { alike() } else { exact };
    let ids: Vec<&str> = meant.iter().filter_map(|head| head.id.as_deref()).collect();
    match ids.as_slice() {
        [] => Search::Missing,
        [id] => Search::Found { id: (*id).into() },
        many => {
            let mut candidates: Vec<String> = many.iter().map(|id| format!("id:{id}")).collect();
            candidates.sort_unstable();
            Search::Ambiguous { candidates }
        }
    }
}

/// A value in a filter is a JSON string (RFC 7644, section 3.4.2.2).
pub fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

#[cfg(test)]
mod tests {
    use crate::sources::scim::groups::{Search, head_name, pick, quoted};
    use crate::sources::scim::wire::GroupHead;

    fn head(id: &str, name: &str) -> GroupHead {
        GroupHead { id: Some(id.into()), name: Some(name.into()), external_id: None }
    }

    #[test]
    fn a_name_means_one_group_or_none() {
        let heads = [head("1", "Dev"), head("2", "dev"), head("3", "Ops"), head("4", "QA"), head("5", "QA")];
        let found = |id: &str| Search::Found { id: id.into() };
        assert_eq!(pick(&heads, "Dev", head_name), found("1"));
        assert_eq!(pick(&heads, "ops", head_name), found("3"));
        let both =
            |one: &str, other: &str| Search::Ambiguous { candidates: vec![one.to_owned(), other.to_owned()] };
        assert_eq!(pick(&heads, "DEV", head_name), both("id:1", "id:2"));
        assert_eq!(pick(&heads, "QA", head_name), both("id:4", "id:5"));
        assert_eq!(pick(&heads, "Sales", head_name), Search::Missing);
    }

    #[test]
    fn no_name_breaks_out_of_a_filter() {
        assert_eq!(quoted(r#"R"D\"#), r#""R\"D\\""#);
    }
}
