//! What loggers and metrics libraries get of an end: see the tests.
