//! Many rows at once, through the storage: a file that comes in (`import`), a company that is made up (`generate`).

pub mod generate;
pub mod import;

/// Who is told how far it is.
pub trait Progress: Send {
    /// Something begins that has so many parts.
    fn begin(&mut self, what: &'static str, total: u64);
    /// So many parts more are done.
    fn advance(&mut self, parts: u64);
}

/// Nobody is.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &'static str, _: u64) {}
    fn advance(&mut self, _: u64) {}
}
