//! The add-ons whose seats GitLab lets be assigned, one by one, to accounts.

use std::fmt;

/// An add-on that is sold by the seat. GitLab sells more (`DUO_CORE`, `DUO_AMAZON_Q`, …), but their seats cannot
/// be assigned, so they have no variant and are never touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddOn {
    /// GitLab Duo Enterprise, `DUO_ENTERPRISE` in GitLab's API.
    DuoEnterprise,
    /// GitLab Duo Pro, `CODE_SUGGESTIONS` in GitLab's API.
    DuoPro,
}

impl AddOn {
    /// Every add-on, in the order in which reports list them.
    pub const ALL: [AddOn; 2] = [AddOn::DuoEnterprise, AddOn::DuoPro];

    /// The word of the configuration and of JSON: `duo_enterprise`.
    pub fn key(self) -> &'static str {
        match self {
            AddOn::DuoEnterprise => "duo_enterprise",
            AddOn::DuoPro => "duo_pro",
        }
    }

    /// The name a person reads: `Duo Enterprise`.
    pub fn title(self) -> &'static str {
        match self {
            AddOn::DuoEnterprise => "Duo Enterprise",
            AddOn::DuoPro => "Duo Pro",
        }
    }

    /// The add-on of a configuration word.
    pub fn from_key(key: &str) -> Option<AddOn> {
        AddOn::ALL.into_iter().find(|add_on| add_on.key() == key)
    }
}

impl fmt::Display for AddOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}
