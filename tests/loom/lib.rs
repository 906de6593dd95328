//! The model check of the guard is in `guard.rs`, and runs under `--cfg loom` alone: see `tests/README.md`.
