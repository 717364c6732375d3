//! x
#[cfg(feature = "sea-orm")]
pub mod storage;
