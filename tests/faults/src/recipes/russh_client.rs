//! russh's client: the code of a DISCONNECT, which only the handler receives, and how a command ended.

use std::pin::Pin;
use std::sync::Arc;

use disconnect_core::evidence::Side;
use disconnect_core::{BoxedGuard, Code, Disconnect, DisconnectHandle, DisconnectReason as Why, Endpoint};
use russh::client::{Config, DisconnectReason, Handle, Handler, Msg, connect_stream};
use russh::keys::PublicKeyOrCertificate;
use russh::{Channel, ChannelMsg, Sig};
use tokio::io::{AsyncRead, AsyncWrite};

/// The handler of a connection.
pub struct Client {
    trusts: Pin<Box<dyn Future<Output = bool> + Send>>,
    end: Endpoint,
    ended: DisconnectHandle,
}

impl Handler for Client {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok((&mut self.trusts).await)
    }

    async fn disconnected(&mut self, reason: DisconnectReason<russh::Error>) -> Result<(), russh::Error> {
        match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                self.ended.set(self.end.received(Code::ssh(info.reason_code as u32)));
                Ok(())
            }
            DisconnectReason::Error(error) => {
                self.ended.failed(&error);
                Err(error)
            }
        }
    }
}

/// A connection after its key exchange.
pub struct Connection {
    pub session: Handle<Client>,
    pub guard: BoxedGuard,
}

/// Connects. If this fails with `Disconnect`, the handler has recorded the end. If it has not, the stream ended before
/// the peer sent its version.
pub async fn connect(
    config: Config,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    end: Endpoint,
    trusts: impl Future<Output = bool> + Send + 'static,
) -> Result<Connection, Disconnect> {
    let guard = BoxedGuard::boxed(end, |_| ()).connecting();
    let client = Client { trusts: Box::pin(trusts), end, ended: guard.handle() };
    match connect_stream(Arc::new(config), stream, client).await {
        Ok(session) => {
            guard.established();
            Ok(Connection { session, guard })
        }
        Err(russh::Error::Disconnect) => Err(guard.get().unwrap_or_else(|| end.eof())),
        Err(error) => Err(end.failed(&error)),
    }
}

impl Connection {
    /// Waits until the connection has ended. By then the handler has recorded the end, and the error adds nothing.
    /// Dropping the handle earlier would be a close by this side.
    pub async fn ended(mut self) -> Disconnect {
        drop((&mut self.session).await);
        self.guard.finish()
    }
}

/// How the command or shell of a channel ended. `interrupted` means that this side requested a SIGINT. `None` if the
/// channel was lost with its connection.
pub async fn exit_of(
    channel: &mut Channel<Msg>,
    end: Endpoint,
    is_shell: bool,
    interrupted: bool,
) -> Option<Disconnect> {
    while let Some(message) = channel.wait().await {
        match message {
            ChannelMsg::ExitStatus { exit_status } => {
                let code = Code::exit(exit_status.cast_signed());
                return Some(if is_shell { end.remote_shell_exited(code) } else { end.received(code) });
            }
            ChannelMsg::ExitSignal { signal_name: Sig::INT, .. } if interrupted => return Some(end.closed_locally()),
            ChannelMsg::ExitSignal { signal_name, .. } => {
                let name = format!("{signal_name:?}");
                let signal = Code::signal_named(&name).map(|code| end.received(code));
                return Some(signal.unwrap_or_else(|| end.ended(Why::Unknown, Side::Remote)).with_detail(name));
            }
            // Without a status it is not a success: the agent sent none, or closed the channel too early.
            ChannelMsg::Close => return Some(end.ended(Why::Unknown, Side::Remote)),
            _ => {}
        }
    }
    None
}
