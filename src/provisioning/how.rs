//! What becomes of values that are there already.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    Add,
    Replace,
}
