//! Top floor: the program.
