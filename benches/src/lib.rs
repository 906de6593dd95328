//! What both commands of this crate print: one table.

pub mod table;
