//! The state: runs, changes, whose seats are ours, grace clocks.
