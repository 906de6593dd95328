//! The client rumqttc, for MQTT 3.1.1 and 5.

use super::{Client, client};

pub(crate) const CLIENTS: &[Client] = &[
    client!("rumqttc (MQTT 3.1.1)", "0.24", rumqttc_024_v4::drive),
    client!("rumqttc (MQTT 3.1.1)", "0.25", rumqttc_025_v4::drive),
    client!("rumqttc (MQTT 5)", "0.24", rumqttc_024_v5::drive),
    client!("rumqttc (MQTT 5)", "0.25", rumqttc_025_v5::drive),
];

macro_rules! rumqttc {
    ($($module:ident: $($rumqttc:ident)::+, $packet:path;)*) => {$(
        mod $module {
            use std::time::Duration;

            use $($rumqttc)::+::{AsyncClient, Event, MqttOptions};
            use $packet as Packet;

            use crate::clients::{Seen, Task};

            pub(super) async fn drive(task: Task) -> Seen {
                let mut options = MqttOptions::new("under-test", "127.0.0.1", task.address.port());
                options.set_credentials("admin", task.password).set_keep_alive(Duration::from_secs(5));
                let (_client, mut events) = AsyncClient::new(options, 8);
                loop {
                    match events.poll().await {
                        Ok(Event::Incoming(Packet::ConnAck(_))) => task.ready.notify_one(),
                        Ok(_) => {}
                        Err(error) => return vec![error.into()],
                    }
                }
            }
        }
    )*};
}

rumqttc! {
    rumqttc_024_v4: rumqttc_024, rumqttc_024::Packet;
    rumqttc_025_v4: rumqttc_025, rumqttc_025::Packet;
    rumqttc_024_v5: rumqttc_024::v5, rumqttc_024::v5::mqttbytes::v5::Packet;
    rumqttc_025_v5: rumqttc_025::v5, rumqttc_025::v5::mqttbytes::v5::Packet;
}
