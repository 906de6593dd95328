//! The examples of this folder are its targets; this library is empty.
