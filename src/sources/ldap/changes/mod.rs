//! Reading by changes: who was read before is remembered, and asked for again only where the directory told of a change.
//!
//! Groups are read from the server every time, as long as anything at all has changed: what a server does to them in
//! consequence of something else (`memberOf`, referential integrity, links of Active Directory) is in no list of
//! changes. What is remembered are the people in them, who are nearly all there is to read. Nobody is taken from memory
//! but under the very name by which a group of this day calls them.

pub mod basis;
pub mod blind;
pub mod codec;
pub mod containers;
pub mod dirsync;
pub mod feed;
pub mod key;
pub mod memory;
pub mod news;
pub mod reader;
pub mod remembering;
pub mod server;
pub mod syncrepl;
