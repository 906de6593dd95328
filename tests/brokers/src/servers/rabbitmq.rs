//! The server RabbitMQ.

use std::fs;
use std::path::Path;

use tokio::process::Command;

use super::{Folder, Server, User, free_address, kill, run};

#[derive(Debug)]
pub(crate) struct Rabbit {
    pub(crate) server: Server,
    data: Folder,
    user: User,
    ports: [u16; 3],
}

pub(crate) async fn version() -> String {
    format!("RabbitMQ {}", run(Command::new("dpkg-query").args(["-W", "-f", "${Version}", "rabbitmq-server"])).await)
}

const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";

impl Rabbit {
    pub(crate) async fn start() -> Self {
        let (data, user) = (Folder::new("rabbitmq"), User::named("rabbitmq").await);
        user.own(data.path());
        let address = free_address().await;
        let ports = [address.port(), free_address().await.port(), free_address().await.port()];
        let plugins = data.write("plugins", "[].\n");
        user.own(&plugins);
        let mut start = command("rabbitmq-server", data.path(), user, ports);
        let server = Server::start(&mut start, address, "completed with").await;
        Self { server, data, user, ports }
    }

    fn command(&self, program: &str) -> Command {
        command(program, self.data.path(), self.user, self.ports)
    }

    pub(crate) async fn control(&self, arguments: &[&str]) {
        run(self.command("rabbitmqctl").args(arguments)).await;
    }

    /// Kills the process of the broker. The started process is only a launcher.
    pub(crate) async fn kill(&mut self) {
        let pid = fs::read_to_string(self.data.path().join("pid")).expect("a pid");
        kill(pid.trim().parse().expect("a number"), "-KILL").await;
        self.server.child.wait().await.expect("its end");
    }

    /// Stops the broker gracefully.
    pub(crate) async fn stop(&mut self) {
        self.control(&["stop"]).await;
        self.server.child.wait().await.expect("its end");
    }

    /// Stops the remaining process, Erlang's port mapper.
    pub(crate) async fn clean_up(self) {
        _ = self.command("epmd").args(["-kill"]).output().await;
    }
}

fn command(program: &str, data: &Path, user: User, [port, distribution, names]: [u16; 3]) -> Command {
    let path = Path::new(PROGRAMS).join(program);
    let mut command = Command::new(if path.exists() { path } else { program.into() });
    command.current_dir(data).env("HOME", data).env("RABBITMQ_NODENAME", "disconnect@localhost");
    command.env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1").env("RABBITMQ_NODE_PORT", port.to_string());
    command.env("RABBITMQ_DIST_PORT", distribution.to_string()).env("ERL_EPMD_PORT", names.to_string());
    command.env("ERL_EPMD_ADDRESS", "127.0.0.1").env("RABBITMQ_LOGS", "-");
    for (key, name) in [
        ("RABBITMQ_MNESIA_BASE", "mnesia"),
        ("RABBITMQ_LOG_BASE", "log"),
        ("RABBITMQ_PID_FILE", "pid"),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", "plugins"),
        ("RABBITMQ_CONFIG_FILE", "config"),
        ("RABBITMQ_CONF_ENV_FILE", "environment"),
    ] {
        command.env(key, data.join(name));
    }
    user.apply(&mut command);
    command
}
