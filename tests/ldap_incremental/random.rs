//! Random changes: todo.
