//! The agent's control plane.

use std::process::ExitCode;
use std::sync::Arc;

use crate::cli::AgentOptions;
use crate::wire::Dialer;
use crate::wire::message::Node;

use super::run::Runs;
use super::ssh::Service;

/// The main loop.
pub(crate) struct Control {}

impl Control {
    pub(crate) fn new(_: AgentOptions, _: Dialer, _: Node, _: Arc<Runs>, _: Arc<Service>) -> Self {
        Self {}
    }

    pub(crate) async fn run(self, stop: impl Future<Output = ()>) -> ExitCode {
        stop.await;
        ExitCode::SUCCESS
    }
}
