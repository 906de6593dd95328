//! The client lapin.

use super::{Client, client};

pub(crate) const CLIENTS: &[Client] = &[
    client!("lapin", "2", lapin_2::drive),
    client!("lapin", "3", lapin_3::drive),
    client!("lapin", "4", lapin_4::drive),
];

macro_rules! lapin {
    ($($module:ident: $lapin:ident;)*) => {$(
        mod $module {
            use $lapin::options::{BasicConsumeOptions, QueueDeclareOptions};
            use $lapin::types::FieldTable;
            use $lapin::{Connection, ConnectionProperties, Error};
            use futures_util::StreamExt;

            use crate::clients::{Seen, Task};

            pub(super) async fn drive(task: Task) -> Seen {
                consume_until_the_end(task).await.err().into_iter().map(Into::into).collect()
            }

            async fn consume_until_the_end(task: Task) -> Result<(), Error> {
                let url = format!("amqp://guest:{}@{}/{}?heartbeat=2", task.password, task.address, task.name);
                let connection = Connection::connect(&url, ConnectionProperties::default()).await?;
                let channel = connection.create_channel().await?;
                let queue = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
                channel.queue_declare("under-test".into(), queue, FieldTable::default()).await?;
                let options = BasicConsumeOptions::default();
                let consumer = channel.basic_consume("under-test".into(), "".into(), options, FieldTable::default());
                let mut consumer = consumer.await?;
                task.ready.notify_one();
                while let Some(delivery) = consumer.next().await {
                    delivery?;
                }
                // The consumer ended without an error. The next use of the channel returns it.
                channel.basic_get("under-test".into(), Default::default()).await.map(drop)
            }
        }
    )*};
}

lapin! {
    lapin_2: lapin_2;
    lapin_3: lapin_3;
    lapin_4: lapin_4;
}
