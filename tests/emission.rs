use disconnect_core::*;
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
enum ClosePhase {
    #[expected]
    Draining,
    Done,
}
#[test]
fn t() {
    tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).init();
    let end = Disconnect::new(DisconnectReason::ServerShutdown)
        .initiator(DisconnectInitiator::Agent)
        .code(Code::websocket(1001))
        .detail("x");
    let id = 3;
    let name = "n";
    let code = 7;
    disconnected!(end, peer_id = %id, "disconnected from coordination RPC");
    disconnected!(&end, peer_id = %id, "disconnected from coordination RPC {name}");
    disconnected!(level: DEBUG, end.clone(), a.b = 1, "q q" = ?name, name, %id, ?code, "m");
    disconnected!(level: DEBUG, target: "foo", reason = DisconnectReason::NetworkError, initiator = Some(DisconnectInitiator::Network),
       method = None::<ConnectionMethod>, code = Code::exit(3), detail = format_args!("exited {code}"), field(ClosePhase = ClosePhase::Draining), field(ClosePhase = None), session_id = id, "ssh closed");
    disconnected!(reason = DisconnectReason::NetworkError, detail = %id, cause = DisconnectCause::Reset, node = 3, codec = 4, "ssh closed");
    let span = tracing::info_span!("s");
    disconnected!(parent: &span, reason = DisconnectReason::Graceful, x = std::collections::BTreeMap::<u8, u16>::new().len(), y = 1 < 2, z = 3u8 as u16, "ssh closed");
    fn g<R: slot::Reason, I: slot::Initiator>(r: R, i: I) {
        disconnected!(reason = r, initiator = i, direction = ConnectionDirection::AgentToClient, "generic");
    }
    g(DisconnectReason::Graceful, DisconnectInitiator::Client);
    assert!(std::mem::size_of::<Disconnect>() <= 96, "{}", std::mem::size_of::<Disconnect>());
    panic!("{}", std::mem::size_of::<Disconnect>());
}
