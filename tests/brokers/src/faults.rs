//! The faults for each client, and the expected attribution.

use std::cell::RefCell;

use crate::clients::Use;
use crate::matrix::{As, BY_SERVER, Bench, Fault, LOST, SHUTDOWN, VIOLATION, fault};
use crate::relay::{Does, Relay};
use crate::servers::mosquitto::Mosquitto;
use crate::servers::postgres::Postgres;
use crate::servers::rabbitmq::Rabbit;
use crate::servers::redis::Redis;
use crate::servers::{free_address, kill};

const BUSY: As = As { password: "right", name: "postgres", uses: Use::Busy };

/// Faults of every protocol on TCP, for a connection that the client uses like this.
async fn on_the_wire(bench: &mut Bench<'_>, server: std::net::SocketAddr, how: As) {
    for (name, truth, does) in [
        ("FIN by the network", LOST, Does::Fin),
        ("RST by the network", LOST, Does::Reset),
        ("bytes that make no sense", VIOLATION, Does::Garbage),
    ] {
        let relay = Relay::to(server).await;
        bench.tries(fault(name, truth), relay.address, how, async || relay.order(does)).await;
    }
    bench.tries(fault("nobody listens", LOST), free_address().await, how, async || ()).await;
}

pub(crate) async fn postgres(bench: &mut Bench<'_>) {
    let postgres = Postgres::start(&["max_connections=12"]).await;
    let address = postgres.server.address;
    on_the_wire(bench, address, BUSY).await;
    let wrong = As { password: "wrong", ..BUSY };
    bench.tries(fault("wrong password", BY_SERVER), address, wrong, async || ()).await;
    let unknown = As { name: "nowhere", ..BUSY };
    bench.tries(fault("unknown database", BY_SERVER), address, unknown, async || ()).await;
    postgres_ends_sessions(bench, &postgres).await;
    let mut others = Vec::new();
    let full = format!("host=127.0.0.1 port={} user=admin password=right dbname=postgres", address.port());
    while let Ok((client, connection)) = tokio_postgres::connect(&full, tokio_postgres::NoTls).await {
        tokio::spawn(connection);
        others.push(client);
    }
    bench.tries(fault("too many connections", BY_SERVER), address, BUSY, async || ()).await;
    drop((others, postgres));
    let postgres = Postgres::start(&[]).await;
    bench
        .tries(fault("kill -9 of its own backend", LOST), postgres.server.address, BUSY, async || {
            kill(postgres.backend().await, "-KILL").await;
        })
        .await;
    drop(postgres);
    postgres_stops(bench, Postgres::start(&[]).await).await;
}

/// Ends by an operator, and by timeouts of the server.
async fn postgres_ends_sessions(bench: &mut Bench<'_>, postgres: &Postgres) {
    let address = postgres.server.address;
    let admin = postgres.admin().await;
    for (name, uses) in [("pg_terminate_backend, busy", Use::Busy), ("pg_terminate_backend, idle", Use::Idle)] {
        let mut relay = Relay::to(address).await;
        let how = As { uses, ..BUSY };
        bench
            .tries(fault(name, BY_SERVER), relay.address, how, async || {
                let backend = i32::try_from(postgres.backend().await).expect("a pid");
                admin.query_one("select pg_terminate_backend($1)", &[&backend]).await.expect("it is told");
                relay.over().await;
            })
            .await;
    }
    for (name, uses) in
        [("idle_session_timeout", Use::Idle), ("idle_in_transaction_session_timeout", Use::InTransaction)]
    {
        admin.batch_execute(&format!("create database {name}")).await.expect("a database");
        admin.batch_execute(&format!("alter database {name} set {name} = '1s'")).await.expect("a setting");
        let mut relay = Relay::to(address).await;
        let how = As { name, uses, ..BUSY };
        bench.tries(fault(name, BY_SERVER), relay.address, how, async || relay.over().await).await;
    }
}

async fn postgres_stops(bench: &mut Bench<'_>, postgres: Postgres) {
    let is_notice_seen = bench.client.library == "tokio-postgres";
    let seen = |fault: Fault| if is_notice_seen { fault } else { fault.undecidable() };
    bench
        .tries(seen(fault("kill -9 of another backend", BY_SERVER)), postgres.server.address, BUSY, async || {
            let other = postgres.admin().await;
            let pid: i32 = other.query_one("select pg_backend_pid()", &[]).await.expect("a pid").get(0);
            kill(pid.unsigned_abs(), "-KILL").await;
        })
        .await;
    drop(postgres);
    for (name, signal, truth, is_decidable) in [
        ("kill -9 of the server", "-KILL", LOST, true),
        // The same code and text as for `pg_terminate_backend`.
        ("fast shutdown (SIGINT)", "-INT", SHUTDOWN, false),
        ("immediate shutdown (SIGQUIT)", "-QUIT", BY_SERVER, is_notice_seen),
    ] {
        let postgres = RefCell::new(Postgres::start(&[]).await);
        let address = postgres.borrow().server.address;
        let fault = if is_decidable { fault(name, truth) } else { fault(name, truth).undecidable() };
        bench.tries(fault, address, BUSY, async || stop(&postgres, signal).await).await;
    }
}

/// The backends of a killed server continue, and end when they notice it.
#[allow(clippy::await_holding_refcell_ref, reason = "nobody else holds it")]
async fn stop(postgres: &RefCell<Postgres>, signal: &str) {
    let mut postgres = postgres.borrow_mut();
    let backend = if signal == "-KILL" { Some(postgres.backend().await) } else { None };
    postgres.server.stop(signal).await;
    if let Some(backend) = backend {
        kill(backend, signal).await;
    }
}

pub(crate) async fn redis(bench: &mut Bench<'_>) {
    let redis = Redis::start(&[]).await;
    let address = redis.server.address;
    on_the_wire(bench, address, BUSY).await;
    let wrong = As { password: "wrong", ..BUSY };
    bench.tries(fault("wrong password", BY_SERVER), address, wrong, async || ()).await;
    let killed = fault("CLIENT KILL", BY_SERVER).undecidable();
    bench
        .tries(killed, address, BUSY, async || {
            redis.admin(&["client", "kill", "type", "normal", "skipme", "yes"]).await;
        })
        .await;
    redis.admin(&["config", "set", "timeout", "1"]).await;
    let mut relay = Relay::to(address).await;
    let idle = As { uses: Use::Idle, ..BUSY };
    let timeout = fault("timeout of an idle client", BY_SERVER).undecidable();
    bench.tries(timeout, relay.address, idle, async || relay.over().await).await;
    redis.admin(&["config", "set", "timeout", "0"]).await;
    // The operator's own client uses the only connection.
    redis.admin(&["config", "set", "maxclients", "1"]).await;
    let _taken = tokio::net::TcpStream::connect(address).await.expect("a connection");
    // The server's answer is lost: it answers once, and the client has sent more requests.
    let full = fault("too many connections", BY_SERVER);
    let full = if bench.client.version == "0.25" { full } else { full.undecidable() };
    bench.tries(full, address, BUSY, async || ()).await;
    drop(redis);
    for (signal, fault) in [
        ("-KILL", fault("kill -9 of the server", LOST)),
        ("-TERM", fault("shutdown (SIGTERM)", SHUTDOWN).undecidable()),
    ] {
        let mut redis = Redis::start(&[]).await;
        let address = redis.server.address;
        bench.tries(fault, address, BUSY, async || redis.server.stop(signal).await).await;
    }
}

pub(crate) async fn rabbitmq(bench: &mut Bench<'_>) {
    let guest = As { password: "guest", name: "%2f", uses: Use::Busy };
    let rabbit = Rabbit::start().await;
    let address = rabbit.server.address;
    on_the_wire(bench, address, guest).await;
    let wrong = As { password: "wrong", ..guest };
    bench.tries(fault("wrong password", BY_SERVER), address, wrong, async || ()).await;
    let unknown = As { name: "nowhere", ..guest };
    bench.tries(fault("unknown virtual host", BY_SERVER), address, unknown, async || ()).await;
    let relay = Relay::to(address).await;
    bench
        .tries(fault("silence until the heartbeat is missed", LOST), relay.address, guest, async || {
            relay.order(Does::Swallows);
        })
        .await;
    bench
        .tries(fault("close_all_connections by an operator", BY_SERVER), address, guest, async || {
            rabbit.control(&["close_all_connections", "maintenance"]).await;
        })
        .await;
    let mut rabbit = rabbit;
    bench.tries(fault("kill -9 of the server", LOST), address, guest, async || rabbit.kill().await).await;
    rabbit.clean_up().await;
    let mut rabbit = Rabbit::start().await;
    bench.tries(fault("shutdown", SHUTDOWN), rabbit.server.address, guest, async || rabbit.stop().await).await;
    rabbit.clean_up().await;
}

/// Mosquitto 2.0.11 closes without a packet, with MQTT 5 and with 3.1.1.
pub(crate) async fn mosquitto(bench: &mut Bench<'_>) {
    let mosquitto = Mosquitto::start().await;
    let address = mosquitto.server.address;
    on_the_wire(bench, address, BUSY).await;
    let wrong = As { password: "wrong", ..BUSY };
    bench.tries(fault("wrong password", BY_SERVER), address, wrong, async || ()).await;
    let relay = Relay::to(address).await;
    bench
        .tries(fault("silence until a ping is missed", LOST), relay.address, BUSY, async || relay.order(Does::Swallows))
        .await;
    let drive = bench.client.drive;
    let taken = fault("session taken over by the same client id", BY_SERVER).undecidable();
    let mut thief = None;
    bench
        .tries(taken, address, BUSY, async || {
            let ready = std::sync::Arc::new(tokio::sync::Notify::new());
            let task = crate::clients::Task {
                address,
                password: "right",
                name: "",
                uses: Use::Busy,
                ready: ready.clone(),
                ended: std::sync::Arc::default(),
            };
            thief = Some(tokio::spawn(drive(task)));
            ready.notified().await;
        })
        .await;
    thief.inspect(tokio::task::JoinHandle::abort);
    drop(mosquitto);
    for (signal, fault) in [
        ("-KILL", fault("kill -9 of the server", LOST)),
        ("-TERM", fault("shutdown (SIGTERM)", SHUTDOWN).undecidable()),
    ] {
        let mut mosquitto = Mosquitto::start().await;
        let address = mosquitto.server.address;
        bench.tries(fault, address, BUSY, async || mosquitto.server.stop(signal).await).await;
    }
}
