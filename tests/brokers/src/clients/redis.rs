//! The client redis.

use super::{Client, client};

pub(crate) const CLIENTS: &[Client] = &[
    client!("redis", "0.25", redis_025::drive),
    client!("redis", "0.27", redis_027::drive),
    client!("redis", "0.32", redis_032::drive),
    client!("redis", "1", redis_1::drive),
];

/// Since version 1, an answer has to arrive within half a second by default.
macro_rules! connect {
    (redis_1) => {
        async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
            let config = redis_1::AsyncConnectionConfig::new().set_response_timeout(None);
            client.get_multiplexed_async_connection_with_config(&config).await
        }
    };
    ($redis:ident) => {
        async fn connect(client: &Client) -> RedisResult<MultiplexedConnection> {
            client.get_multiplexed_async_connection().await
        }
    };
}

macro_rules! redis {
    ($($module:ident: $redis:ident;)*) => {$(
        mod $module {
            use $redis::aio::MultiplexedConnection;
            use $redis::{Client, RedisError, RedisResult, Value, cmd};

            use crate::clients::{Seen, Task, Use};

            pub(super) async fn drive(task: Task) -> Seen {
                use_until_the_end(task).await.err().into_iter().map(Into::into).collect()
            }

            async fn use_until_the_end(task: Task) -> Result<(), RedisError> {
                let url = format!("redis://:{}@{}", task.password, task.address);
                let mut connection: MultiplexedConnection = connect(&Client::open(url)?).await?;
                let _: Value = cmd("PING").query_async(&mut connection).await?;
                task.ready.notify_one();
                let answer: RedisResult<Value> = match task.uses {
                    Use::Busy => cmd("BLPOP").arg("never").arg(0).query_async(&mut connection).await,
                    Use::Idle | Use::InTransaction => {
                        task.ended.notified().await;
                        cmd("PING").query_async(&mut connection).await
                    }
                };
                answer.map(drop)
            }

            connect! { $redis }
        }
    )*};
}

redis! {
    redis_025: redis_025;
    redis_027: redis_027;
    redis_032: redis_032;
    redis_1: redis_1;
}
