//! A plan, or what came of it, for its readers.
