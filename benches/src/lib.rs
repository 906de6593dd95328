//! What the commands of this crate share: the table that each of them prints, and `RESULTS.md`.

pub mod results;
pub mod table;
