//! The entry of libFuzzer to the target of this name.

#![cfg_attr(fuzzing, no_main)]

disconnect_fuzz::target!(guard);
