//! The token that agents and clients show to the server, and pages to the agent. It is never logged.

use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use data_encoding::HEXLOWER;
use subtle::ConstantTimeEq;
use tokio_tungstenite::tungstenite::handshake::server::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{AUTHORIZATION, InvalidHeaderValue, SEC_WEBSOCKET_PROTOCOL};

/// The variable with the token if there is no file. Processes in a workspace do not get it.
pub(crate) const VARIABLE: &str = "WORKSPACE_TOKEN";

/// The location of the token.
#[derive(Args, Clone, Debug)]
pub(crate) struct TokenOptions {
    /// The file with the token; left out, it is in the variable `WORKSPACE_TOKEN`.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// The secret that allows the use of this server. `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl TokenOptions {
    /// The token of a client or an agent.
    ///
    /// # Errors
    ///
    /// There is no token.
    pub(crate) fn read(&self) -> Result<Token, Box<dyn Error>> {
        let text = match &self.token_file {
            Some(path) => fs::read_to_string(path)
                .map_err(|error| format!("cannot read the token {}: {error}", path.display()))?,
            None => std::env::var(VARIABLE)
                .map_err(|_| format!("there is no token: give --token-file FILE, or set {VARIABLE}"))?,
        };
        let token = text.trim();
        let is_sound = (16..=256).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_sound { Ok(Token(token.to_owned())) } else { Err("a token has 16 to 256 letters and digits".into()) }
    }

    /// The token of a server. The first start makes it if the file does not exist.
    ///
    /// # Errors
    ///
    /// The file cannot be written or read.
    pub(crate) fn read_or_make(&self) -> Result<Token, Box<dyn Error>> {
        if let Some(path) = &self.token_file {
            match make(path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(format!("cannot write the token {}: {error}", path.display()).into());
                }
                Ok(()) | Err(_) => {}
            }
        }
        self.read()
    }
}

/// Writes a new token to a new file that only its owner can read.
fn make(path: &Path) -> io::Result<()> {
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    writeln!(file, "{}", HEXLOWER.encode(&bytes))
}

/// The subprotocol of a page, which cannot set headers. The page offers this one, and its token as another one.
pub(crate) const SUBPROTOCOL: &str = "workspace";

impl Token {
    /// The value of a client's `Authorization` header.
    ///
    /// # Errors
    ///
    /// Never, because a token consists of letters and digits.
    pub(crate) fn header(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.0))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether a request contains this token: as `Authorization`, or as a subprotocol.
    pub(crate) fn is_shown_by(&self, request: &Request) -> bool {
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bearer = text(AUTHORIZATION).strip_prefix("Bearer ");
        let mut offered = text(SEC_WEBSOCKET_PROTOCOL).split(',').filter_map(|name| name.trim().strip_prefix("token."));
        bearer.into_iter().any(|token| self.is(token)) || offered.any(|token| self.is(token))
    }

    /// Compares in constant time, so that the time does not reveal a correct prefix.
    fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn token_is_shown_by_header_or_subprotocol_and_never_printed() {
        let token = Token("0123456789abcdef".to_owned());
        let shows =
            |name: &str, value: &str| token.is_shown_by(&Request::builder().header(name, value).body(()).unwrap());
        assert!(shows("authorization", "Bearer 0123456789abcdef"));
        assert!(shows("sec-websocket-protocol", "workspace, token.0123456789abcdef"));
        assert!(!shows("authorization", "Bearer 0123456789abcdee"));
        assert!(!shows("authorization", "Bearer 0123456789abcdef0"));
        assert!(!shows("sec-websocket-protocol", "workspace"));
        assert_eq!(format!("{token:?} {:?}", token.header().unwrap()), "Token(..) Sensitive");
    }
}
