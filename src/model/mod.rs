//! Ground floor: the nouns of the program, pure data that every other room may use.

pub mod account;
pub mod account_query;
pub mod add_on;
pub mod approval;
pub mod audit;
pub mod decision;
pub mod distinguished_name;
pub mod entitlement;
pub mod explanation;
pub mod finding;
pub mod group;
pub mod holding;
pub mod notice;
pub mod outcome;
pub mod person;
pub mod plan;
pub mod policy;
pub mod purchase;
pub mod remedy;
pub mod roster;
pub mod rule;
pub mod seat_pool;
pub mod snapshot;
pub mod stranger;
pub mod testimony;
pub mod texts;
