//! Global ids, as GraphQL writes them.

use std::num::NonZeroU64;

use serde::{Deserialize, Deserializer};

use crate::model::account::AccountId;

/// `gid://gitlab/User/7`.
pub fn user(account: AccountId) -> String {
    format!("{USER}{account}")
}

const USER: &str = "gid://gitlab/User/";

pub fn parse_user(gid: &str) -> Option<AccountId> {
    let number = gid.strip_prefix(USER)?.parse::<NonZeroU64>().ok()?;
    Some(AccountId(number.get()))
}

/// The number at the end of a global id, as REST wants it.
pub fn rest_id(gid: &str) -> Option<u64> {
    gid.rsplit_once('/')?.1.parse().ok()
}

/// For `#[serde(deserialize_with)]`.
pub fn account<'de, D: Deserializer<'de>>(from: D) -> Result<AccountId, D::Error> {
    let gid = String::deserialize(from)?;
    parse_user(&gid).ok_or_else(|| serde::de::Error::custom("not the global id of a user"))
}

#[cfg(test)]
mod tests {
    use crate::gitlab::wire::gid::{parse_user, rest_id};
    use crate::model::account::AccountId;

    #[test]
    fn only_the_global_id_of_a_user_is_an_account() {
        assert_eq!(parse_user("gid://gitlab/User/7"), Some(AccountId(7)));
        for other in ["gid://gitlab/Group/7", "gid://gitlab/User/", "gid://gitlab/User/-1", "7"] {
            assert_eq!(parse_user(other), None, "{other}");
        }
        assert_eq!(rest_id("gid://gitlab/Group/42"), Some(42));
    }
}
