//! demo
use crate::app::cli::Common;
use crate::app::exit::Exit;
use crate::app::failure::Failure;
pub async fn run(_common: &Common) -> Result<Exit, Failure> {
    Ok(Exit::Done)
}
