// `Error` by hand, where `thiserror` would refuse the attributes too.

impl std::fmt::Display for SessionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the session failed")
    }
}

impl std::error::Error for SessionError {}
