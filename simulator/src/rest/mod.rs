//! GitLab's REST API, as far as seats need it.

mod entities;
mod groups;
mod instance;
mod paging;
mod refusal;
pub(crate) mod router;
pub(crate) mod signed;
mod users;
