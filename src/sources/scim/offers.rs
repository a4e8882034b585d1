//! What a service provider offers, as its `ServiceProviderConfig` tells (RFC 7643, section 5; RFC 9865, section 4); pure.

use serde::Deserialize;

use crate::scim_user::folded::Folded;
use crate::sources::scim::paging::By;

/// What may be used; without a word of it, only what every service provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offers {
    /// Whether lists can be filtered, and how many answers a filter may bring.
    pub filter: Option<u64>,
    pub paging: By,
    pub longest_page: Option<u64>,
}

impl Default for Offers {
    fn default() -> Offers {
        Offers { filter: None, paging: By::Index, longest_page: None }
    }
}

impl Offers {
    /// Reads a `ServiceProviderConfig`; `None` where it is none.
    pub fn read(body: &[u8]) -> Option<Offers> {
        let Folded(told) = serde_json::from_slice::<Folded<Told>>(body).ok()?;
        if told.filter.is_none() && told.patch.is_none() && told.pagination.is_none() {
            return None;
        }
        let filter = told.filter.map(|Folded(filter)| filter).filter(|filter| filter.supported == Some(true));
        let pagination = told.pagination.map(|Folded(pagination)| pagination).unwrap_or_default();
        Some(Offers {
            filter: filter.map(|filter| filter.most.filter(|most| *most > 0).unwrap_or(u64::MAX)),
            paging: if pagination.cursor == Some(true) { By::Cursor } else { By::Index },
            longest_page: pagination.most.filter(|most| *most > 0),
        })
    }

    /// How many entries to ask for at a time.
    pub fn page_size(self, wanted: u32) -> u64 {
        u64::from(wanted)
            .min(self.longest_page.unwrap_or(u64::MAX))
            .min(self.filter.unwrap_or(u64::MAX))
            .max(1)
    }
}

#[derive(Deserialize)]
struct Told {
    filter: Option<Folded<Filter>>,
    patch: Option<serde_json::Value>,
    pagination: Option<Folded<Pagination>>,
}

#[derive(Deserialize)]
struct Filter {
    supported: Option<bool>,
    #[serde(rename = "maxresults")]
    most: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Pagination {
    cursor: Option<bool>,
    #[serde(rename = "maxpagesize")]
    most: Option<u64>,
}

#[cfg(test)]
mod tests {
    use crate::sources::scim::offers::Offers;
    use crate::sources::scim::paging::By;

    #[test]
    fn only_what_is_offered_is_used() {
        let offers = Offers::read(
            br#"{"filter":{"supported":true,"maxResults":200},"pagination":{"cursor":true,"index":true,"maxPageSize":50}}"#,
        );
        let all = Offers { filter: Some(200), paging: By::Cursor, longest_page: Some(50) };
        assert_eq!(offers, Some(all));
        assert_eq!((all.page_size(100), all.page_size(20)), (50, 20));
        let none = br#"{"filter":{"supported":false,"maxResults":200},"patch":{"supported":true}}"#;
        assert_eq!(Offers::read(none), Some(Offers::default()));
        assert_eq!(Offers::read(br#"{"hello":"world"}"#), None);
        assert_eq!(Offers::read(b"<html>"), None);
    }
}
