//! One classifier for every version of each library that this crate depends on.

use disconnect_core::{Classifier, classifier};

/// The adapters of database and broker clients, and of HTTP/3.
pub static EVERY_VERSION: Classifier = classifier![
    tokio_postgres = tokio_postgres,
    sqlx = sqlx_07,
    sqlx = sqlx_08,
    sqlx = sqlx_09,
    redis = redis_025,
    redis = redis_027,
    redis = redis_032,
    redis = redis_1,
    lapin = lapin_2,
    lapin = lapin_3,
    lapin = lapin_4,
    rumqttc = rumqttc_024,
    rumqttc = rumqttc_025,
    h3 = h3,
    quinn = quinn,
    quinn = noq,
    quinn = iroh_quinn,
    s2n_quic = s2n_quic,
    reqwest = reqwest_011,
    reqwest = reqwest_012,
    reqwest = reqwest_013,
    #[cfg(feature = "openssl")]
    native_tls = native_tls,
    #[cfg(feature = "openssl")]
    openssl = openssl,
];

/// The exports of `s2n-quic` that come from its core, where its errors are defined. The complete crate needs a TLS
/// library in C.
pub mod s2n_quic {
    pub mod connection {
        pub use s2n_quic_core::connection::Error;
    }
    pub mod stream {
        pub use s2n_quic_core::stream::StreamError as Error;
    }
}
