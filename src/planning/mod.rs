//! First floor: the pure verbs that turn what was observed into a plan, one file a decision.
