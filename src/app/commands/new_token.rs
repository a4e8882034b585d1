//! `seatsync new-token`: a token for an identity provider that pushes, and its digest for the configuration.

use secrecy::ExposeSecret as _;

use crate::app::exit::Exit;
use crate::app::failure::Failure;
use crate::app::output::print;
use crate::app::token::{TokenDigest, new_token};

pub fn run() -> Result<Exit, Failure> {
    let token = new_token();
    let digest = TokenDigest::of(&token).hexadecimal();
    print(&format!(
        "for the identity provider (it is shown this once):\n{}\n\nfor `[scim_push.NAME]`, beside those that are still in use:\n\
         tokens = [{{ sha256 = \"{digest}\" }}]\n",
        token.expose_secret()
    ))?;
    Ok(Exit::Done)
}
