//! The server PostgreSQL.

use std::path::PathBuf;

use tokio::process::Command;
use tokio_postgres::{Client, NoTls};

use super::{Folder, Server, User, free_address, run};

#[derive(Debug)]
pub(crate) struct Postgres {
    pub(crate) server: Server,
    _data: Folder,
}

/// The folder of the programs of each version, on Debian.
fn programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("apt-get install postgresql");
    let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max().expect("a version");
    newest.join("bin")
}

pub(crate) async fn version() -> String {
    run(Command::new(programs().join("postgres")).arg("--version")).await.trim().to_owned()
}

impl Postgres {
    pub(crate) async fn start(options: &[&str]) -> Self {
        let (data, address, user) = (Folder::new("postgres"), free_address().await, User::named("postgres").await);
        user.own(data.path());
        let password = data.write("password", "right");
        let mut init = Command::new(programs().join("initdb"));
        init.args(["--auth=scram-sha-256", "--username=admin", "--no-sync", "--pwfile"]).arg(&password);
        init.arg("--pgdata").arg(data.path().join("data")).current_dir(data.path());
        user.apply(&mut init);
        run(&mut init).await;
        let mut start = Command::new(programs().join("postgres"));
        start.arg("-D").arg(data.path().join("data")).args(["-p", &address.port().to_string(), "-h", "127.0.0.1"]);
        start.arg("-k").arg(data.path()).args(["-c", "fsync=off"]).current_dir(data.path());
        // In its folder, because a killed server removes nothing from `/dev/shm`.
        start.args(["-c", "dynamic_shared_memory_type=mmap"]);
        for option in options {
            start.args(["-c", option]);
        }
        user.apply(&mut start);
        let server = Server::start(&mut start, address, "ready to accept connections").await;
        Self { server, _data: data }
    }

    /// A connection of the operator.
    pub(crate) async fn admin(&self) -> Client {
        let how =
            format!("host=127.0.0.1 port={} user=admin password=right dbname=postgres", self.server.address.port());
        let (client, connection) = tokio_postgres::connect(&how, NoTls).await.expect("a connection");
        tokio::spawn(connection);
        client
    }

    /// The process id of the backend that serves the newest connection of the client under test.
    pub(crate) async fn backend(&self) -> u32 {
        let query = "select pid from pg_stat_activity where application_name = 'under test' order by backend_start desc \
                     limit 1";
        let row = self.admin().await.query_one(query, &[]).await.expect("one backend");
        row.get::<_, i32>(0).unsigned_abs()
    }
}
