//! Parses the path of a request, and checks whether its connection may come up.

use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::header::ORIGIN;
use tokio_tungstenite::tungstenite::http::{StatusCode, Uri};

use crate::token::Token;
use crate::wire::{Io, Socket, is_word, limits, refusal};

use super::manage::Transition;

/// A path of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Agent { workspace: String },
    Client(Client),
    Manage { workspace: String, transition: Transition, reason: String },
    Relay(Client),
    RelayLeg { id: u64 },
}

/// One client of one workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) workspace: String,
    pub(super) client_session_id: String,
}

impl Route {
    fn of(uri: &Uri) -> Option<Self> {
        let query = |key| {
            let pairs = uri.query().unwrap_or_default().split('&');
            pairs.filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key).map(|(_, value)| value)
        };
        let client = |workspace: &str| {
            let client_session_id = word(query("client_session_id")?)?;
            Some(Client { workspace: word(workspace)?, client_session_id })
        };
        let steps: Vec<&str> = uri.path().strip_prefix('/')?.split('/').collect();
        Some(match steps.as_slice() {
            ["agent", workspace] => Self::Agent { workspace: word(workspace)? },
            ["client", workspace] => Self::Client(client(workspace)?),
            ["manage", workspace, transition] => Self::Manage {
                workspace: word(workspace)?,
                transition: Transition::parse(transition)?,
                reason: query("reason").map_or(Some("initiator".to_owned()), word)?,
            },
            ["relay", workspace] => Self::Relay(client(workspace)?),
            ["relay-leg", id] => Self::RelayLeg { id: id.parse().ok()? },
            _ => return None,
        })
    }
}

fn word(text: &str) -> Option<String> {
    is_word(text).then(|| text.to_owned())
}

/// Checks the token and the origin. A browser sends the origin of its page, and the server has no pages.
fn authorise(request: &Request, token: &Token) -> Result<(), StatusCode> {
    if request.headers().contains_key(ORIGIN) {
        Err(StatusCode::FORBIDDEN)
    } else if token.is_shown_by(request) {
        Ok(())
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

/// Answers the WebSocket handshake. If the connection may not come up, the status gives the reason.
#[allow(clippy::result_large_err, reason = "tungstenite's own signature")]
pub(super) async fn accept(
    stream: Box<dyn Io>,
    token: &Token,
    admits: impl Fn(&Route) -> Result<(), StatusCode> + Unpin,
) -> Result<(Route, Socket), Error> {
    let mut wanted = None;
    let answer = |request: &Request, response: Response| {
        let route = authorise(request, token).and_then(|()| Route::of(request.uri()).ok_or(StatusCode::NOT_FOUND));
        match route.and_then(|route| admits(&route).map(|()| route)) {
            Ok(route) => {
                wanted = Some(route);
                Ok(response)
            }
            Err(status) => Err(refusal(status)),
        }
    };
    let socket = accept_hdr_async_with_config(stream, answer, Some(limits())).await?;
    wanted.map(|route| (route, socket)).ok_or(Error::ConnectionClosed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn route(path: &str) -> Option<Route> {
        Route::of(&path.parse().unwrap())
    }

    #[test]
    fn paths_name_connections() {
        assert_eq!(route("/agent/dev"), Some(Route::Agent { workspace: "dev".to_owned() }));
        let client = Client { workspace: "dev".to_owned(), client_session_id: "7f3a".to_owned() };
        assert_eq!(route("/relay/dev?client_session_id=7f3a"), Some(Route::Relay(client)));
        let (workspace, reason) = ("dev".to_owned(), "dormancy".to_owned());
        let stop = Route::Manage { workspace, transition: Transition::Stop, reason };
        assert_eq!(route("/manage/dev/stop?reason=dormancy"), Some(stop));
    }

    #[test]
    fn names_are_short_words() {
        for hostile in ["/agent/", "/agent/a%0ab", "/client/dev", "/client/dev?client_session_id=", "/manage/dev/burn"]
        {
            assert_eq!(route(hostile), None, "{hostile}");
        }
        assert_eq!(route(&format!("/agent/{}", "a".repeat(65))), None);
    }
}
