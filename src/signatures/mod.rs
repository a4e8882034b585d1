//! Signatures under plan files: the format of `ssh-keygen -Y` (PROTOCOL.sshsig of OpenSSH), made and checked.
//!
//! Here is decided only whether a key signed these bytes for seatsync and whose key it is; whether those are enough people
//! is decided in `planning::approval`.

pub mod allowed_signers;
pub mod sshsig;
