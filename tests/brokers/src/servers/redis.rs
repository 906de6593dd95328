//! The server Redis.

use tokio::process::Command;

use super::{Folder, Server, free_address, run};

#[derive(Debug)]
pub(crate) struct Redis {
    pub(crate) server: Server,
    _data: Folder,
}

pub(crate) async fn version() -> String {
    run(Command::new("redis-server").arg("--version")).await.split(" sha").next().unwrap_or_default().to_owned()
}

impl Redis {
    pub(crate) async fn start(options: &[&str]) -> Self {
        let (data, address) = (Folder::new("redis"), free_address().await);
        let mut start = Command::new("redis-server");
        start.args([
            "--bind",
            "127.0.0.1",
            "--port",
            &address.port().to_string(),
            "--save",
            "",
            "--requirepass",
            "right",
        ]);
        start.args(options).current_dir(data.path());
        let server = Server::start(&mut start, address, "Ready to accept connections").await;
        Self { server, _data: data }
    }

    /// Runs a command in the operator's client and returns the answer.
    pub(crate) async fn admin(&self, command: &[&str]) -> String {
        let port = self.server.address.port().to_string();
        run(Command::new("redis-cli").args(["--no-auth-warning", "-a", "right", "-p", &port]).args(command)).await
    }
}
