//! The clients tokio-postgres and sqlx.

use std::future::poll_fn;

use tokio_postgres::error::DbError;
use tokio_postgres::{AsyncMessage, NoTls};

use super::{Client, Seen, Task, Use, client};

pub(crate) const CLIENTS: &[Client] = &[
    client!("tokio-postgres", "0.7", tokio_postgres_07),
    client!("sqlx", "0.7", sqlx_07::drive),
    client!("sqlx", "0.8", sqlx_08::drive),
    client!("sqlx", "0.9", sqlx_09::drive),
];

/// The connection's own future has the error. Notices have it if the server has no request to answer.
async fn tokio_postgres_07(task: Task) -> Seen {
    let mut config = tokio_postgres::Config::new();
    config.host("127.0.0.1").port(task.address.port()).user("admin").password(task.password);
    config.dbname(task.name).application_name("under test");
    let (client, mut connection) = match config.connect(NoTls).await {
        Ok(connected) => connected,
        Err(error) => return vec![error.into()],
    };
    let connection = tokio::spawn(async move {
        let mut notices: Vec<DbError> = Vec::new();
        loop {
            match poll_fn(|cx| connection.poll_message(cx)).await {
                Some(Ok(AsyncMessage::Notice(notice))) => notices.push(notice),
                Some(Ok(_)) => {}
                Some(Err(error)) => return (notices, Some(error)),
                None => return (notices, None),
            }
        }
    });
    let asked = match task.uses {
        Use::Busy => {
            client.simple_query("select 1").await.expect("an answer");
            task.ready.notify_one();
            client.simple_query("select pg_sleep(600)").await.err()
        }
        Use::Idle | Use::InTransaction => {
            let begin = if task.uses == Use::Idle { "select 1" } else { "begin" };
            client.simple_query(begin).await.expect("an answer");
            task.ready.notify_one();
            task.ended.notified().await;
            client.simple_query("select 1").await.err()
        }
    };
    let (notices, error) = connection.await.expect("the connection's task");
    let mut seen: Seen = notices.into_iter().map(Into::into).collect();
    seen.extend(error.map(Into::into));
    seen.extend(asked.map(Into::into));
    seen
}

macro_rules! sqlx {
    ($($module:ident: $sqlx:ident;)*) => {$(
        mod $module {
            use $sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
            use $sqlx::{ConnectOptions, Executor};

            use super::{Seen, Task, Use};

            pub(super) async fn drive(task: Task) -> Seen {
                let options = PgConnectOptions::new_without_pgpass()
                    .host("127.0.0.1")
                    .port(task.address.port())
                    .username("admin")
                    .password(task.password)
                    .database(task.name)
                    .ssl_mode(PgSslMode::Disable)
                    .application_name("under test");
                let mut connection: PgConnection = match options.connect().await {
                    Ok(connection) => connection,
                    Err(error) => return vec![error.into()],
                };
                let begin = if task.uses == Use::InTransaction { "begin" } else { "select 1" };
                connection.execute(begin).await.expect("an answer");
                task.ready.notify_one();
                let asked = match task.uses {
                    Use::Busy => connection.execute("select pg_sleep(600)").await,
                    Use::Idle | Use::InTransaction => {
                        task.ended.notified().await;
                        connection.execute("select 1").await
                    }
                };
                asked.err().into_iter().map(Into::into).collect()
            }
        }
    )*};
}

sqlx! {
    sqlx_07: sqlx_07;
    sqlx_08: sqlx_08;
    sqlx_09: sqlx_09;
}
