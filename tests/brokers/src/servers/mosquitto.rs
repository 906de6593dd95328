//! The server Mosquitto.

use tokio::process::Command;

use super::{Folder, Server, free_address, run};

#[derive(Debug)]
pub(crate) struct Mosquitto {
    pub(crate) server: Server,
    _data: Folder,
}

pub(crate) async fn version() -> String {
    let output = Command::new("mosquitto").arg("-h").output().await.expect("mosquitto");
    String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned()
}

impl Mosquitto {
    pub(crate) async fn start() -> Self {
        let (data, address) = (Folder::new("mosquitto"), free_address().await);
        let passwords = data.write("passwords", "admin:right\n");
        run(Command::new("mosquitto_passwd").arg("-U").arg(&passwords)).await;
        let config = format!(
            "listener {} 127.0.0.1\nallow_anonymous false\npassword_file {}\nuser root\nlog_dest stderr\n",
            address.port(),
            passwords.display(),
        );
        let config = data.write("config", &config);
        let server = Server::start(Command::new("mosquitto").arg("-c").arg(config), address, " running").await;
        Self { server, _data: data }
    }
}
