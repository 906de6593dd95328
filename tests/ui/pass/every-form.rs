//! Every form of a line: options, slots as values and options, all forms of a field, a trailing comma.

use disconnect_core::{
    Code, ConnectionDirection, ConnectionMethod, Detail, Disconnect, DisconnectCause, DisconnectInitiator,
    DisconnectReason, disconnected, slot,
};

include!("../preamble/close_phase.rs");

const KEY: &str = "tenant";

fn generic<R: slot::Reason, I: slot::Initiator>(why: R, who: Option<I>) {
    disconnected!(reason = why, initiator = who, "session closed");
    disconnected!(level: DEBUG, reason = why, "session closed");
}

fn slots(why: DisconnectReason) {
    let (id, name) = (7, String::from("n"));
    disconnected!(
        target: "ends", parent: tracing::Span::current(), level: tracing::Level::DEBUG,
        detail = format_args!("exited with {id}"), cause = DisconnectCause::Reset, method = ConnectionMethod::Derp,
        direction = ConnectionDirection::AgentToClient, code = Code::exit(1), reason = why,
        initiator = DisconnectInitiator::Client, field(ClosePhase = ClosePhase::Done), "session {id} closed",
    );
    disconnected!(
        reason = why, initiator = Some(DisconnectInitiator::Client), code = None, cause = None::<DisconnectCause>,
        detail = Some(name.as_str()), field(ClosePhase = None), field(ClosePhase = Some(ClosePhase::Draining)),
        id, %name, ?why, a.b = 1, "quoted key" = %name, { KEY } = "t", name = ?id, "session closed"
    );
    let size = Some(name.clone());
    disconnected!(
        level: DEBUG | tracing::Level::WARN, group(size => length = len(), { KEY } = %to_uppercase(),), reason = why,
        group(None::<&(u8, DisconnectReason)> => "quoted key" = 0, why = ?1), "session closed"
    );
    disconnected!(reason = why, detail = name, "an owned detail");
    disconnected!(reason = why, detail = Detail::from("a detail"), "session closed");
    disconnected!(reason = why, detail = %std::fmt::Error, "session closed");
    disconnected!(reason = why, detail = ?Some(1), r"a raw \ message");
}

fn main() {
    slots(DisconnectReason::NetworkError);
    generic(DisconnectReason::Graceful, Some(DisconnectInitiator::Agent));

    let end = Disconnect::new(DisconnectReason::Graceful);
    disconnected!(end, "session closed");
    disconnected!(&end, id = 1, field(ClosePhase = ClosePhase::Done), "session closed",);
    disconnected!(level: DEBUG, end.clone().with_detail("x"), "session closed");
    disconnected!(Disconnect::new(DisconnectReason::Graceful), "session closed");
    disconnected!(if end.expected() { &end } else { &end }, "session closed");
}
