//! What the conductor is told, by signals and by the port.

#[derive(Debug)]
pub enum Message {
    /// Read the configuration again.
    Reload,
    /// Run this schedule now, or the first one.
    Run { schedule: Option<String> },
}
