//! What a service provider says of itself, for `seatsync check`: whether it lets us in, what it offers, and whether it pages.

use crate::ports::Probe;
use crate::sources::scim::config::ScimConfig;
use crate::sources::scim::connection::{Connection, LONGEST_PAGE};
use crate::sources::scim::directory::Directory;
use crate::sources::scim::error::ScimError;
use crate::sources::scim::folded::Folded;
use crate::sources::scim::offers::Offers;
use crate::sources::scim::paging::By;
use crate::sources::scim::wire::{GroupHead, Page, UserBody};

/// Asks for as little as can be; an error says that nothing can be read at all.
pub async fn probe(connection: &Connection, config: &ScimConfig) -> Result<Probe, ScimError> {
    let directory = Directory::open(connection, config).await?;
    // The second entry tells a server that pages from one that only seems to.
    let second = [("startIndex", "2"), ("count", "1")];
    let url = connection.url(&["Users"], &second);
    let Folded(users): Folded<Page<UserBody>> = connection.read("GET /Users", url, LONGEST_PAGE).await?;
    let mut trouble = Vec::new();
    if directory.offers.paging == By::Index
        && users.total.is_some_and(|total| total > 1)
        && let Some(answered) = users.start_index.filter(|answered| *answered != 2)
    {
        trouble.push(format!(
            "it does not page: asked for users from the second one on (startIndex 2), it answered from startIndex {answered}; \
             lists of more than one page are refused"
        ));
    }
    let url = connection.url(&["Groups"], &[("count", "1"), ("excludedAttributes", "members")]);
    let groups = connection.read::<Folded<Page<Folded<GroupHead>>>>("GET /Groups", url, LONGEST_PAGE).await;
    if let Err(error) = &groups {
        trouble.push(error.in_one_line());
    }
    let lists = [("users", users.total), ("groups", groups.ok().and_then(|Folded(groups)| groups.total))];
    for (things, _) in lists.iter().filter(|(_, total)| *total == Some(0)) {
        trouble.push(format!("it shows no {things}: does the token reach those that are meant?"));
    }
    Ok(Probe { place: connection.place().to_owned(), product: product(directory.offers), trouble })
}

/// SCIM has no name for the product behind it.
fn product(offers: Offers) -> String {
    let filters = if offers.filter.is_some() { "filters" } else { "no filters" };
    let paging = match offers.paging {
        By::Index => "pages by index",
        By::Cursor => "pages by cursor",
    };
    format!("SCIM 2.0 ({filters}, {paging})")
}
