//! A message of an identity provider: from its bytes to what may be believed of it.

pub mod answer;
pub mod decrypt;
pub mod envelope;
pub mod judge;
pub mod names;
pub mod receive;
pub mod refusal;
pub mod signature;
pub mod xml;
