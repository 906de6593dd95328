//! Logs with the crate `log` in a program without `tracing`: real connections end, and `env_logger` prints their lines.

mod connections;

use std::error::Error;

use disconnect_core::Disconnect;
use env_logger::Env;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    env_logger::Builder::from_env(Env::default().default_filter_or("info")).target(env_logger::Target::Stdout).init();
    connections::end_some(|end: &Disconnect| {
        end.log_with(module_path!(), &[("peer_id", 7)], format_args!("connection closed"));
    })
    .await?;
    Ok(())
}
