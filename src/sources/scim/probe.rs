//! What a service provider says of itself, for `seatsync check`: whether it lets us in, what it offers, and whether it pages.

use serde::de::IgnoredAny;

use crate::ports::{EdgeError, Probe};
use crate::scim_user::folded::Folded;
use crate::sources::scim::config::ScimConfig;
use crate::sources::scim::connection::{Connection, LONGEST_PAGE};
use crate::sources::scim::directory::Directory;
use crate::sources::scim::error::ScimError;
use crate::sources::scim::offers::Offers;
use crate::sources::scim::paging::By;
use crate::sources::scim::wire::Page;

/// Asks for as little as can be; an error says that nothing can be read at all.
pub async fn probe(connection: &Connection, config: &ScimConfig) -> Result<Probe, ScimError> {
    let offers = Directory::open(connection, config).await?.offers;
    let mut trouble = Vec::new();
    let mut page = async |kind: &str, place: (&str, &str)| {
        let url = connection.url(&[kind], &[place, ("count", "1"), ("excludedAttributes", "members")]);
        let what = format!("GET /{kind}");
        match connection.read::<Folded<Page<IgnoredAny>>>(&what, url, LONGEST_PAGE).await {
            Ok(Folded(page)) if page.total == Some(0) => {
                let kind = kind.to_lowercase();
                trouble.push(format!("it shows no {kind}: does the token reach those that are meant?"));
            }
            Ok(Folded(page)) => return Some(page),
            Err(error) => trouble.push(EdgeError::from(error).in_one_line()),
        }
        None
    };
    // The second entry tells a server that pages from one that only seems to.
    let (first, second) = match offers.paging {
        By::Index => (("startIndex", "1"), ("startIndex", "2")),
        By::Cursor => (("cursor", ""), ("cursor", "")),
    };
    let users = page("Users", second).await;
    page("Groups", first).await;
    if let Some(page) = users.filter(|page| page.total > Some(1))
        && let Some(answered) = page.start_index.filter(|at| *at != 2 && offers.paging == By::Index)
    {
        trouble.push(format!(
            "it does not page: asked for users from the second one on (startIndex 2), it answered from startIndex {answered}; \
             lists of more than one page are refused"
        ));
    }
    Ok(Probe { place: connection.place().to_owned(), product: Some(product(offers)), trouble })
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
