//! Members of groups by their ids: listed, filtered or asked for one by one, whichever is fewer calls; and every absence
//! asked after by itself.

use std::collections::HashMap;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::scim_user::body::UserBody;
use crate::sources::scim::connection::LONGEST_PAGE;
use crate::sources::scim::directory::Directory;
use crate::sources::scim::error::ScimError;
use crate::sources::scim::groups::{quoted, read};
use crate::sources::scim::listing::Listing;
use crate::sources::scim::wire::GroupBody;

/// How many ids one filter names: an address of some 4,000 bytes, which every server takes.
const IDS_PER_FILTER: usize = 50;

/// What became of one id.
#[derive(Debug)]
pub enum Fate {
    User(UserBody),
    /// It is a group, whatever was said of it.
    Group(GroupBody),
    /// The service provider says that there is no such user, and no such group.
    Gone,
    /// Nobody can tell.
    Hidden {
        because: Box<str>,
    },
}

/// Finds the fate of each id: one for each place, in any order.
pub async fn settle(
    directory: &Directory<'_>,
    ids: &[Box<str>],
    settle: &mut (dyn FnMut(usize, Fate) + Send),
) {
    let mut open: HashMap<&str, usize> = ids.iter().enumerate().map(|(place, id)| (&**id, place)).collect();
    let calls = other_calls(open.len(), ids_per_filter(directory));
    if calls > 2
        && let Err(because) = listed(directory, &mut open, calls, settle).await
    {
        // A server that answers with other pages than those it was asked for is not believed again.
        return open.into_values().for_each(|place| settle(place, Fate::Hidden { because: because.clone() }));
    }
    if let Some(per_filter) = ids_per_filter(directory).filter(|_| open.len() > 1) {
        filtered(directory, &mut open, per_filter, settle).await;
    }
    let mut left: Vec<(&str, usize)> = open.into_iter().collect();
    left.sort_unstable_by_key(|(_, place)| *place);
    let asked: Vec<_> =
        left.into_iter().map(|(id, place)| async move { (place, one(directory, id).await) }).collect();
    let mut answers = stream::iter(asked).buffer_unordered(directory.at_once());
    while let Some((place, fate)) = answers.next().await {
        settle(place, fate);
    }
}

/// `None` where lists cannot be filtered.
fn ids_per_filter(directory: &Directory<'_>) -> Option<usize> {
    let most = directory.offers.filter?.min(directory.offers.page_size(directory.config.page_size));
    Some(usize::try_from(most).unwrap_or(usize::MAX).min(IDS_PER_FILTER))
}

/// How many calls it takes without listing everybody.
fn other_calls(ids: usize, per_filter: Option<usize>) -> u64 {
    ids.div_ceil(per_filter.unwrap_or(1)) as u64
}

/// Goes through the list of all users, unless it has more pages than the other way has calls. Whom it does not bring stays
/// open; an error says that the server's lists are not to be believed.
async fn listed(
    directory: &Directory<'_>,
    open: &mut HashMap<&str, usize>,
    most: u64,
    settle: &mut (dyn FnMut(usize, Fate) + Send),
) -> Result<(), Box<str>> {
    for _ in 0..2 {
        match listed_once(directory, open, most, settle).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_movement() => {}
            Err(error @ ScimError::List { .. }) => return Err(error.in_one_line().into()),
            // It cannot be listed; that is no more than a way the less.
            Err(_) => return Ok(()),
        }
    }
    // People come and go faster than the list is read. Whoever was seen was seen.
    Ok(())
}

async fn listed_once(
    directory: &Directory<'_>,
    open: &mut HashMap<&str, usize>,
    most: u64,
    settle: &mut (dyn FnMut(usize, Fate) + Send),
) -> Result<(), ScimError> {
    let mut listing: Listing<'_, UserBody> = Listing::new(directory, "Users", &[]);
    let mut read = 0;
    while let Some(page) = directory.noted(listing.next().await)? {
        let length = page.len();
        for user in page {
            if let Some(place) = user.id().and_then(|id| open.remove(&*id)) {
                settle(place, Fate::User(user));
            }
        }
        read += 1;
        let is_costly = match listing.pages(length) {
            Some(pages) => read == 1 && pages > most,
            None => read == most,
        };
        if is_costly || open.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Asks for many at a time. As soon as a filter does not do what it says, none is asked any more.
async fn filtered(
    directory: &Directory<'_>,
    open: &mut HashMap<&str, usize>,
    per_filter: usize,
    settle: &mut (dyn FnMut(usize, Fate) + Send),
) {
    let mut ids: Vec<(&str, usize)> = open.iter().map(|(id, place)| (*id, *place)).collect();
    ids.sort_unstable_by_key(|(_, place)| *place);
    let filters: Vec<_> = ids
        .chunks(per_filter)
        .map(|chunk| {
            let parts: Vec<String> = chunk.iter().map(|(id, _)| format!("id eq {}", quoted(id))).collect();
            let filter = parts.join(" or ");
            async move { matching(directory, &filter).await }
        })
        .collect();
    let mut answers = stream::iter(filters).buffer_unordered(directory.at_once());
    while let Some(answer) = answers.next().await {
        let Ok(users) = answer else { return };
        let came = users.len();
        let mut wanted = 0;
        for user in users {
            if let Some(place) = user.id().and_then(|id| open.remove(&*id)) {
                wanted += 1;
                settle(place, Fate::User(user));
            }
        }
        if wanted == 0 || wanted < came {
            return;
        }
    }
}

async fn matching(directory: &Directory<'_>, filter: &str) -> Result<Vec<UserBody>, ScimError> {
    let query = [("filter", filter)];
    let mut listing = Listing::new(directory, "Users", &query);
    let mut users = Vec::new();
    while let Some(page) = directory.noted(listing.next().await)? {
        users.extend(page);
    }
    Ok(users)
}

/// Asks for one. Whom no user's address knows may be a group: some call every member a user, and some do not say.
async fn one(directory: &Directory<'_>, id: &str) -> Fate {
    if let Some(because) = directory.fallen() {
        return Fate::Hidden { because };
    }
    let what = format!("GET /Users/{id}");
    let url = directory.connection.url(&["Users", id], &[]);
    let asked = directory.noted(directory.connection.read::<UserBody>(&what, url, LONGEST_PAGE).await);
    match asked {
        Ok(user) if user.id().as_deref() == Some(id) => Fate::User(user),
        Ok(_) => Fate::Hidden { because: format!("`{what}` was answered with somebody else").into() },
        Err(ScimError::NotFound { .. }) => match read(directory, id).await {
            Ok(Some(group)) => Fate::Group(group),
            Ok(None) => Fate::Gone,
            Err(error) => Fate::Hidden { because: error.in_one_line().into() },
        },
        Err(error) => Fate::Hidden { because: error.in_one_line().into() },
    }
}
