//! What was bought of an add-on, and who holds its seats in GitLab today.

use std::fmt;
use std::sync::Arc;

use crate::model::account::{Account, AccountId};
use crate::model::add_on::AddOn;

/// GitLab's global id of a purchase: `gid://gitlab/GitlabSubscriptions::AddOnPurchase/3`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurchaseId(pub Box<str>);

impl fmt::Display for PurchaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An active purchase. GitLab tells neither its end nor whether it is a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub id: PurchaseId,
    pub add_on: AddOn,
    pub purchased: u32,
    /// GitLab's own count of assigned seats.
    pub assigned: u32,
}

/// A purchase and all accounts that hold one of its seats, whatever their state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PurchaseReading {
    pub purchase: Purchase,
    /// Sorted, each once.
    pub holders: Vec<AccountId>,
}

/// Whose seats are managed: a whole instance, or one top-level group of GitLab.com.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Instance,
    TopLevelGroup { path: Box<str> },
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Instance => f.write_str("instance"),
            Scope::TopLevelGroup { path } => f.write_str(path),
        }
    }
}

/// The GitLab that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub url: String,
    pub version: String,
    pub scope: Scope,
}

impl Instance {
    /// The name that this GitLab, and this group of it, keeps when it changes its port or begins to encrypt.
    pub fn home(&self) -> String {
        match &self.scope {
            Scope::Instance => home(&self.url),
            Scope::TopLevelGroup { path } => home(&format!("{}/{path}", self.url.trim_end_matches('/'))),
        }
    }
}

/// Host and path of an address, in small letters: `gitlab.example.com`, `gitlab.com/acme`.
pub fn home(address: &str) -> String {
    let address = address.trim().to_lowercase();
    let bare = address.split_once("://").map_or(&*address, |(_, bare)| bare);
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let host = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(host, _)| host);
    match path.trim_matches('/') {
        "" => host.to_owned(),
        path => format!("{host}/{path}"),
    }
}

/// What GitLab sold and who holds it: one reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatReading {
    pub instance: Instance,
    /// At most one for each add-on; one that is absent was not bought, has ended or has not begun.
    pub purchases: Vec<PurchaseReading>,
    /// The accounts of all holders; the listing tells neither addresses nor identities.
    pub holders: Vec<Arc<Account>>,
    /// How many accounts GitLab would give a seat, where it told.
    pub eligible_accounts: Option<u64>,
}

#[cfg(test)]
mod tests {
    use crate::model::purchase::{Instance, Scope, home};

    #[test]
    fn a_gitlab_is_known_by_host_and_path_and_its_group() {
        for address in ["https://GitLab.example.com", "http://gitlab.example.com:8080/", "gitlab.example.com"]
        {
            assert_eq!(home(address), "gitlab.example.com");
        }
        assert_eq!(home("https://example.com:443/gitlab/"), "example.com/gitlab");
        assert_eq!(home("http://[::1]:80"), "[::1]");
        let scope = Scope::TopLevelGroup { path: "acme".into() };
        let instance = Instance { url: "https://gitlab.com".to_owned(), version: String::new(), scope };
        assert_eq!(instance.home(), "gitlab.com/acme");
    }
}
