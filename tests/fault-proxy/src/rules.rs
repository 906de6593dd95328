//! The rules for the bytes of one direction.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::Effect;

/// How [`FaultProxy::truncate`](crate::FaultProxy::truncate) ends a connection.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
/// use disconnect_faults::{Cut, FaultProxy, Toward};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let proxy = FaultProxy::start(listener.local_addr()?)?;
/// let fault = proxy.truncate(Toward::Server, 3, Cut::Fin)?;
/// let mut client = TcpStream::connect(proxy.address())?;
/// client.write_all(b"truncated")?;
/// let mut got = String::new();
/// listener.accept()?.0.read_to_string(&mut got)?;
/// assert_eq!(got, "tru");
/// fault.wait()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cut {
    /// With a FIN: the peer reads an end of file.
    Fin,
    /// With an RST: the peer gets `ConnectionReset`.
    Reset,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    Silence,
    Delay(Duration),
    /// Flips the byte after this many bytes.
    Corrupt(u64),
    /// Ends the connection after this many bytes.
    Truncate(u64, Cut),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => f.write_str("silence"),
            Self::Delay(by) => write!(f, "delay by {by:?}"),
            Self::Corrupt(skip) => write!(f, "corrupt the byte after {skip}"),
            Self::Truncate(bytes, cut) => write!(f, "truncate after {bytes} bytes by {cut:?}"),
        }
    }
}

/// At most one rule of each kind. A newer rule replaces an older one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    silence: Option<Armed<()>>,
    delay: Option<Armed<Duration>>,
    corrupt: Option<Armed<u64>>,
    truncate: Option<Armed<(u64, Cut)>>,
}

#[derive(Clone, Debug)]
struct Armed<T> {
    rule: T,
    effect: Arc<Effect>,
}

/// The bytes that may be written next.
#[derive(Debug)]
pub(crate) enum Piece {
    /// This many bytes, unchanged.
    Plain(usize),
    /// One byte, with all bits flipped.
    Flipped,
}

impl Rules {
    pub(crate) fn set(&mut self, rule: Rule, effect: &Arc<Effect>) {
        let effect = Arc::clone(effect);
        match rule {
            Rule::Silence => self.silence = Some(Armed { rule: (), effect }),
            Rule::Delay(by) => self.delay = Some(Armed { rule: by, effect }),
            Rule::Corrupt(skip) => self.corrupt = Some(Armed { rule: skip, effect }),
            Rule::Truncate(bytes, cut) => self.truncate = Some(Armed { rule: (bytes, cut), effect }),
        }
    }

    /// Returns the effect of the silence, if there is one.
    pub(crate) fn silence(&mut self) -> Option<&Effect> {
        live(&mut self.silence).map(|armed| &*armed.effect)
    }

    pub(crate) fn delay(&mut self) -> Option<(Duration, Arc<Effect>)> {
        live(&mut self.delay).map(|armed| (armed.rule, Arc::clone(&armed.effect)))
    }

    /// Removes and returns the cut that is due now.
    pub(crate) fn take_due_cut(&mut self) -> Option<(Cut, Arc<Effect>)> {
        live(&mut self.truncate)?;
        self.truncate.take_if(|armed| armed.rule.0 == 0).map(|armed| (armed.rule.1, armed.effect))
    }

    /// Returns how much of `available` may be written at once. At least one byte is available, and no cut is due.
    pub(crate) fn next(&mut self, available: usize) -> Piece {
        let most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX).min(available);
        let length = live(&mut self.truncate).map_or(available, |armed| most(armed.rule.0));
        match live(&mut self.corrupt) {
            Some(Armed { rule: 0, .. }) => Piece::Flipped,
            Some(armed) => Piece::Plain(length.min(most(armed.rule))),
            None => Piece::Plain(length),
        }
    }

    /// Counts the written bytes of a piece.
    pub(crate) fn passed(&mut self, piece: &Piece, count: usize) {
        let count = count as u64;
        if let Some(armed) = &mut self.truncate {
            armed.rule.0 = armed.rule.0.saturating_sub(count);
        }
        match (piece, &mut self.corrupt) {
            (Piece::Plain(_), Some(armed)) => armed.rule = armed.rule.saturating_sub(count),
            (Piece::Flipped, Some(armed)) if count > 0 => {
                armed.effect.met();
                self.corrupt = None;
            }
            (Piece::Plain(_) | Piece::Flipped, _) => (),
        }
    }
}

fn live<T>(slot: &mut Option<Armed<T>>) -> Option<&mut Armed<T>> {
    slot.take_if(|armed| armed.effect.is_lifted());
    slot.as_mut()
}
